//! The colours: few, and told apart by every kind of colour vision.

/// How a line is drawn and its name is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ink {
    pub(crate) stroke: &'static str,
    /// The stroke's hue, dark enough to be read as small text on white.
    pub(crate) text: &'static str,
    /// SVG's dash pattern; empty for a solid line.
    pub(crate) dash: &'static str,
}

/// Okabe and Ito's palette in the order of contrast with white, without its yellow, which has too little.
/// <https://jfly.uni-koeln.de/color/>
const OKABE_ITO: [(&str, &str); 7] = [
    ("#0072b2", "#00639b"),
    ("#d55e00", "#b44f00"),
    ("#009e73", "#007a59"),
    ("#cc79a7", "#a8457c"),
    ("#e69f00", "#966800"),
    ("#56b4e9", "#1f77a8"),
    ("#000000", "#000000"),
];

/// Lines beyond the seventh take the colours again, dashed.
const DASHES: [&str; 4] = ["", "6 4", "1.5 4", "9 4 1.5 4"];

pub(crate) const TITLE: &str = "#1a1a1a";
pub(crate) const QUIET: &str = "#595959";
pub(crate) const AXIS: &str = "#8c8c8c";
pub(crate) const GRID: &str = "#e4e4e4";
pub(crate) const FAINT: &str = "#f2f2f2";

/// The ink of the `i`-th line.
pub(crate) fn ink(i: usize) -> Ink {
    let (stroke, text) = OKABE_ITO[i % OKABE_ITO.len()];
    Ink { stroke, text, dash: DASHES[(i / OKABE_ITO.len()) % DASHES.len()] }
}

/// From white (`share` 0) to the palette's blue, or its vermillion where `wrong`.
pub(crate) fn shade(share: f64, wrong: bool) -> String {
    let full = if wrong { [213.0, 94.0, 0.0] } else { [0.0, 98.0, 160.0] };
    let mix = |c: f64| (255.0 + (c - 255.0) * share.clamp(0.0, 1.0)).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(full[0]), mix(full[1]), mix(full[2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG's contrast of a colour with white.
    fn contrast(hex: &str) -> f64 {
        let channel = |i: usize| {
            let c = f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap()) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        1.05 / (0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5) + 0.05)
    }

    #[test]
    fn names_are_legible_on_white() {
        for i in 0..OKABE_ITO.len() {
            assert!(contrast(ink(i).text) >= 4.5, "{} has {:.2}", ink(i).text, contrast(ink(i).text));
        }
        assert!(contrast(QUIET) >= 4.5);
    }

    #[test]
    fn the_first_28_inks_differ() {
        let inks: std::collections::HashSet<_> = (0..28).map(|i| (ink(i).stroke, ink(i).dash)).collect();
        assert_eq!(inks.len(), 28);
    }

    #[test]
    fn shades_run_from_white_to_full() {
        assert_eq!(shade(0.0, false), "#ffffff");
        assert_eq!(shade(1.0, true), "#d55e00");
        assert_eq!(shade(f64::INFINITY, false), shade(1.0, false));
    }
}
