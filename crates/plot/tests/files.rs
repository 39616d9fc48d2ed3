//! Which files are written, and when.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use chainrule_plot::{Animation, Chart, Picture, PlotError};

/// An empty folder of its own for a test.
fn folder(name: &str) -> std::io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn names(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<std::io::Result<_>>()?;
    names.sort();
    Ok(names)
}

fn chart() -> Chart {
    Chart::new("Loss").size(200.0, 150.0).line("train", &[2.0, 1.0])
}

fn animation() -> Animation {
    Animation::new(10.0).frame(chart()).frame(chart().line("test", &[2.0, 1.5]))
}

#[test]
fn the_ending_chooses_the_format() -> Result<(), Box<dyn Error>> {
    let folder = folder("endings")?;
    chart().save(folder.join("chart.svg"))?;
    chart().save(folder.join("chart.v2.SVG"))?;
    assert_eq!(fs::read_to_string(folder.join("chart.svg"))?, chart().to_svg());
    assert_eq!(fs::read(folder.join("chart.svg"))?, fs::read(folder.join("chart.v2.SVG"))?);
    assert_eq!(names(&folder)?, ["chart.svg", "chart.v2.SVG"]);
    Ok(())
}

#[cfg(feature = "raster")]
#[test]
fn the_ending_chooses_the_pixel_format() -> Result<(), Box<dyn Error>> {
    use chainrule_plot::Theme;
    let folder = folder("pixel-endings")?;
    chart().save(folder.join("a.png"))?;
    chart().save_in(Theme::Dark, folder.join("b.PNG"))?;
    animation().save(folder.join("c.gif"))?;
    animation().save_in(Theme::Dark, folder.join("d.Gif"))?;
    assert_eq!(fs::read(folder.join("a.png"))?, chart().to_png_in(Theme::Light, 2.0)?);
    assert_eq!(fs::read(folder.join("b.PNG"))?, chart().to_png_in(Theme::Dark, 2.0)?);
    assert_eq!(fs::read(folder.join("c.gif"))?, animation().to_gif_in(Theme::Light, 1.0)?);
    assert_eq!(fs::read(folder.join("d.Gif"))?, animation().to_gif_in(Theme::Dark, 1.0)?);
    assert_eq!(names(&folder)?, ["a.png", "b.PNG", "c.gif", "d.Gif"]);
    Ok(())
}

#[cfg(not(feature = "raster"))]
#[test]
fn without_the_feature_pixels_are_an_error_that_says_so() -> Result<(), Box<dyn Error>> {
    let folder = folder("no-feature")?;
    for error in [chart().save(folder.join("a.png")), animation().save(folder.join("a.gif"))] {
        let error = error.unwrap_err();
        assert!(matches!(&error, PlotError::Ending { path, .. } if path.starts_with(&folder)));
        let text = error.to_string();
        assert!(text.contains("/a.") && text.contains("cargo feature `raster`"), "{text}");
    }
    assert!(names(&folder)?.is_empty());
    Ok(())
}

#[test]
fn other_endings_are_errors_that_name_the_file() -> Result<(), Box<dyn Error>> {
    let folder = folder("other")?;
    for name in ["chart", "chart.", ".svg", "chart.jpg", "chart.gif", "chart.svgz"] {
        let error = chart().save(folder.join(name)).unwrap_err();
        assert!(matches!(error, PlotError::Ending { .. }), "{name}: {error}");
        let text = error.to_string();
        assert!(text.contains(&format!("{name}: ")) && text.ends_with("ends in .svg or .png"), "{text}");
    }
    for name in ["moves", "moves.svg", "moves.png", "moves.mp4"] {
        let text = animation().save(folder.join(name)).unwrap_err().to_string();
        assert!(text.contains(name) && text.ends_with("an animation's file ends in .gif"), "{text}");
    }
    assert!(names(&folder)?.is_empty());
    Ok(())
}

#[test]
fn a_file_that_cannot_be_written_is_named_and_leaves_nothing() -> Result<(), Box<dyn Error>> {
    let folder = folder("unwritable")?;
    let missing = folder.join("missing").join("chart.svg");
    let error = chart().save(&missing).unwrap_err();
    assert!(matches!(&error, PlotError::Write { path, .. } if *path == missing), "{error}");
    // A folder is in the file's place.
    let taken = folder.join("taken.svg");
    fs::create_dir(&taken)?;
    fs::write(taken.join("inside"), "")?;
    assert!(matches!(chart().save(&taken), Err(PlotError::Write { .. })));
    assert_eq!(names(&folder)?, ["taken.svg"]);
    Ok(())
}

#[test]
fn what_has_nothing_to_draw_writes_no_file() -> Result<(), Box<dyn Error>> {
    let folder = folder("nothing")?;
    assert!(matches!(Chart::new("Loss").save(folder.join("a.svg")), Err(PlotError::NoData { .. })));
    assert!(Animation::new(10.0).save(folder.join("a.gif")).is_err());
    assert!(names(&folder)?.is_empty());
    Ok(())
}

#[test]
fn impossible_times_are_errors() {
    for rate in [f64::NAN, 0.0, -1.0, 1e-9, 51.0, 1e300, f64::INFINITY] {
        let error = Animation::new(rate).frame(chart()).check().unwrap_err();
        assert!(matches!(error, PlotError::Timing { name: "frames_per_second", .. }), "{rate}: {error}");
    }
    for seconds in [f64::NAN, -0.1, 601.0, f64::INFINITY] {
        let error = Animation::new(10.0).hold(seconds).frame(chart()).check().unwrap_err();
        assert!(matches!(error, PlotError::Timing { name: "hold", .. }), "{seconds}: {error}");
    }
}
