//! The colours: few, and told apart by every kind of colour vision, on a light and on a dark sheet.

/// What the picture is drawn on.
///
/// ```
/// use chainrule_plot::{Chart, Picture, Theme};
///
/// let chart = Chart::new("Loss").line("train", &[2.0, 1.0]);
/// assert!(chart.to_svg().contains("fill=\"#ffffff\""));
/// assert!(!chart.to_svg_in(Theme::Dark).contains("fill=\"#ffffff\""));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// Dark ink on white.
    #[default]
    Light,
    /// Light ink on near-black.
    Dark,
}

/// A colour by its role in a picture; a theme makes it one of the screen's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Color {
    /// The sheet.
    Paper,
    /// Titles and names.
    Title,
    /// Numbers and labels of axes.
    Quiet,
    Axis,
    Grid,
    Faint,
    /// The stroke of the `i`-th line.
    Stroke(usize),
    /// The hue of the `i`-th line, as strong as small text needs.
    Name(usize),
    /// The stroke of the `i`-th line mixed into the paper: 0 is paper.
    Tint(usize, f64),
    /// A place from 0 to 1 on the scale of values from low (dark) to high (bright).
    Value(f64),
}

/// How a line is drawn and its name is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ink {
    pub(crate) stroke: Color,
    pub(crate) text: Color,
    /// SVG's dash pattern; empty for a solid line.
    pub(crate) dash: &'static str,
}

/// Okabe and Ito's palette in the order of contrast with white, without its yellow, which has too little: the stroke, and
/// the text on white. <https://jfly.uni-koeln.de/color/>
const ON_WHITE: [(u32, u32); 7] = [
    (0x0072b2, 0x00639b),
    (0xd55e00, 0xb44f00),
    (0x009e73, 0x007a59),
    (0xcc79a7, 0xa8457c),
    (0xe69f00, 0x966800),
    (0x56b4e9, 0x1f77a8),
    (0x000000, 0x000000),
];

/// The same hues on near-black, the dark ones lightened.
const ON_BLACK: [(u32, u32); 7] = [
    (0x4aa3df, 0x6cb8ea),
    (0xf08038, 0xf59a5f),
    (0x1fbf92, 0x3fd0a8),
    (0xdb93bb, 0xe3a6c8),
    (0xe69f00, 0xf0b429),
    (0x8cd0f5, 0xa5dbf8),
    (0xe8e8e8, 0xe8e8e8),
];

/// Points of the colour map viridis by Smith and van der Walt (CC0), evenly spaced: its lightness rises evenly, so that it is
/// read without colour vision and in print. <https://bids.github.io/colormap/>
const VIRIDIS: [u32; 11] = [
    0x440154, 0x482475, 0x414487, 0x355f8d, 0x2a788e, 0x21918c, 0x22a884, 0x44bf70, 0x7ad151, 0xbddf26,
    0xfde725,
];

/// Lines beyond the seventh take the colours again, dashed.
const DASHES: [&str; 4] = ["", "6 4", "1.5 4", "9 4 1.5 4"];

impl Ink {
    /// The stroke mixed into the paper.
    pub(crate) fn tint(self, share: f64) -> Color {
        match self.stroke {
            Color::Stroke(i) => Color::Tint(i, share),
            other => other,
        }
    }

    /// The tint of a class, if this is the ink of the first.
    pub(crate) fn class(self, class: usize) -> Color {
        match self.stroke {
            Color::Stroke(i) => Color::Tint(i + class, 0.24),
            other => other,
        }
    }
}

impl Color {
    /// As `#rrggbb`.
    pub(crate) fn hex(self, theme: Theme) -> String {
        let [r, g, b] = self.rgb(theme);
        format!("#{r:02x}{g:02x}{b:02x}")
    }

    pub(crate) fn rgb(self, theme: Theme) -> [u8; 3] {
        let of = |light: u32, dark: u32| split(if theme == Theme::Light { light } else { dark });
        let inks = if theme == Theme::Light { &ON_WHITE } else { &ON_BLACK };
        match self {
            Color::Paper => of(0xffffff, 0x15181c),
            Color::Title => of(0x1a1a1a, 0xf0f0f0),
            Color::Quiet => of(0x595959, 0xb4b9bf),
            Color::Axis => of(0x8c8c8c, 0x7a828a),
            Color::Grid => of(0xe4e4e4, 0x32383e),
            Color::Faint => of(0xf2f2f2, 0x22272c),
            Color::Stroke(i) => split(inks[i % inks.len()].0),
            Color::Name(i) => split(inks[i % inks.len()].1),
            Color::Tint(i, share) => mix(Color::Paper.rgb(theme), Color::Stroke(i).rgb(theme), share),
            Color::Value(place) => value(place),
        }
    }
}

/// The ink of the `i`-th line.
pub(crate) fn ink(i: usize) -> Ink {
    Ink { stroke: Color::Stroke(i), text: Color::Name(i), dash: DASHES[(i / ON_WHITE.len()) % DASHES.len()] }
}

fn split(hex: u32) -> [u8; 3] {
    let [_, r, g, b] = hex.to_be_bytes();
    [r, g, b]
}

/// From `a` (`share` 0) to `b`.
pub(crate) fn mix(a: [u8; 3], b: [u8; 3], share: f64) -> [u8; 3] {
    let share = share.clamp(0.0, 1.0);
    std::array::from_fn(|i| (f64::from(a[i]) + (f64::from(b[i]) - f64::from(a[i])) * share).round() as u8)
}

fn value(place: f64) -> [u8; 3] {
    let at = place.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (at as usize).min(VIRIDIS.len() - 2);
    mix(split(VIRIDIS[below]), split(VIRIDIS[below + 1]), at - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG's relative luminance.
    fn luminance(rgb: [u8; 3]) -> f64 {
        let channel = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2])
    }

    /// WCAG's contrast of a colour with the sheet.
    fn contrast(color: Color, theme: Theme) -> f64 {
        let (a, b) = (luminance(color.rgb(theme)) + 0.05, luminance(Color::Paper.rgb(theme)) + 0.05);
        f64::max(a / b, b / a)
    }

    #[test]
    fn texts_are_legible_and_lines_visible_on_both_sheets() {
        for theme in [Theme::Light, Theme::Dark] {
            for i in 0..ON_WHITE.len() {
                assert!(contrast(ink(i).text, theme) >= 4.5, "name {i} in {theme:?}");
                assert!(contrast(ink(i).stroke, theme) >= 2.2, "stroke {i} in {theme:?}");
            }
            assert!(contrast(Color::Quiet, theme) >= 4.5 && contrast(Color::Title, theme) >= 7.0);
        }
    }

    #[test]
    fn the_first_28_inks_differ() {
        for theme in [Theme::Light, Theme::Dark] {
            let inks: std::collections::HashSet<_> =
                (0..28).map(|i| (ink(i).stroke.rgb(theme), ink(i).dash)).collect();
            assert_eq!(inks.len(), 28);
        }
    }

    #[test]
    fn values_and_tints_run_between_their_ends() {
        let lightness: Vec<f64> = (0..=20).map(|i| luminance(value(f64::from(i) / 20.0))).collect();
        assert!(lightness.is_sorted_by(|a, b| a < b), "{lightness:?}");
        assert_eq!(value(f64::INFINITY), value(1.0));
        assert_eq!(Color::Tint(1, 0.0).hex(Theme::Light), "#ffffff");
        assert_eq!(Color::Tint(1, 1.0).hex(Theme::Light), "#d55e00");
    }
}
