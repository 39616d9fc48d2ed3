//! The files of a figure: `NAME.svg` and `NAME-dark.svg`, and `.gif` if it moves.

use chainrule::plot::{Animation, Picture, Theme};
use std::fs;
use std::path::Path;

/// Both themes, and what follows the name in their files.
const THEMES: [(Theme, &str); 2] = [(Theme::Light, ""), (Theme::Dark, "-dark")];

/// Draws a picture in both themes, and gives its width and height.
///
/// # Errors
///
/// What [`Picture::check`] finds; a file that can't be written, with its path.
pub fn draw(picture: &dyn Picture, folder: &Path, name: &str) -> Result<(f64, f64), String> {
    picture.check().map_err(|e| e.to_string())?;
    let mut size = None;
    for (theme, suffix) in THEMES {
        let file = folder.join(format!("{name}{suffix}.svg"));
        let svg = picture.to_svg_in(theme);
        size = size_of(&svg);
        fs::write(&file, svg).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    size.ok_or("its SVG has no width and height".into())
}

/// Pixels for each unit of an animation's pictures: screens have more than one.
const SCALE: f64 = 1.5;

/// Draws an animation in both themes, and its last frame as a picture. Gives width and height.
///
/// # Errors
///
/// As [`draw`].
pub fn animate(animation: &Animation, folder: &Path, name: &str) -> Result<(f64, f64), String> {
    animation.check().map_err(|e| e.to_string())?;
    let size = draw(animation.last().ok_or("it has no frame")?, folder, name)?;
    for (theme, suffix) in THEMES {
        let file = folder.join(format!("{name}{suffix}.gif"));
        let gif = animation.to_gif_in(theme, SCALE).map_err(|e| e.to_string())?;
        fs::write(&file, gif).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(size)
}

/// Width and height as the SVG's first element tells them.
fn size_of(svg: &str) -> Option<(f64, f64)> {
    let element = svg.split('>').next()?;
    let number = |attribute: &str| {
        let (_, rest) = element.split_once(&format!(" {attribute}=\""))?;
        rest.split('"').next()?.parse().ok()
    };
    Some((number("width")?, number("height")?))
}

#[cfg(test)]
mod tests {
    use super::size_of;

    #[test]
    fn the_first_element_tells_the_size() {
        let svg = "<svg xmlns=\"x\" width=\"560\" height=\"360.5\"><rect width=\"1\" height=\"2\"/></svg>";
        assert_eq!(size_of(svg), Some((560.0, 360.5)));
        assert_eq!(size_of("<svg viewBox=\"0 0 1 1\"><rect width=\"1\" height=\"2\"/></svg>"), None);
    }
}
