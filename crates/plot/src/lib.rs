//! Pictures: charts of lines, points, paths, bars, histograms, contours and decision regions; surfaces in space; recorded graphs;
//! confusion matrices. Several of them stand in one picture, and pictures move. They are SVG on a light or a dark sheet; with the
//! feature `raster` PNG too, and GIF.
//!
//! ```
//! use chainrule_plot::{Chart, ConfusionMatrix, Grid, Panels, Picture, Surface, Theme};
//!
//! # let dir = std::env::temp_dir();
//! // Curves of a training run, side by side.
//! let loss = Chart::new("Loss").x_label("epoch").y_label("cross-entropy").log_y()
//!     .line("train", &[2.30, 0.61, 0.22, 0.09])
//!     .line("test", &[2.31, 0.70, 0.35, 0.28]);
//! let accuracy = Chart::new("Accuracy").x_label("epoch")
//!     .line("train", &[0.11, 0.82, 0.93, 0.98])
//!     .line("test", &[0.10, 0.79, 0.89, 0.91]);
//! Panels::row([loss, accuracy]).save(dir.join("chainrule-doc-run.svg"))?;
//!
//! // A loss of two weights, the way down it, and the same in space.
//! let bowl = Grid::of((-2.0, 2.0), (-2.0, 2.0), (61, 61), |w, b| w * w + 4.0 * b * b);
//! let (w, b) = ([-1.8, -1.1, -0.6, -0.3, -0.1], [1.5, -0.9, 0.5, -0.3, 0.1]);
//! let descent = Chart::new("Gradient descent").x_label("w").y_label("b").equal_axes()
//!     .filled_contours(&bowl, 8)
//!     .path("descent", &w, &b)
//!     .mark(0.0, 0.0, "minimum");
//! let surface = Surface::new("The loss").x_label("w").y_label("b").z_label("loss").grid(&bowl);
//! Panels::row([descent]).and(surface).save_in(Theme::Dark, dir.join("chainrule-doc-descent.svg"))?;
//!
//! let confusion = ConfusionMatrix::from_labels(&[0, 0, 1, 1, 2], &[0, 1, 1, 1, 2], 3)?;
//! assert_eq!(confusion.accuracy(), 0.8);
//! confusion.named(["setosa", "versicolor", "virginica"])?.save(dir.join("chainrule-doc-confusion.svg"))?;
//! # Ok::<(), chainrule_plot::PlotError>(())
//! ```
//!
//! [`decision_region`] asks a model for its classes, [`landscape`] a loss for its values around trained parameters, and [`graph`]
//! a tape for what it recorded.
//!
//! # Why the SVG is written here
//!
//! The pictures were first drawn with `plotters` 0.3.7 (its SVG backend and line series alone: 5 crates, 3.4 s of
//! release build on two cores, maintained, last released in September 2024). That is light enough, but the
//! picture was not good enough: its logarithmic axis prints `0.7000000000000001` and runs its numbers into each
//! other, coordinates are rounded to whole pixels, so that a smooth curve has visible corners, a NaN is drawn as
//! a spike to the floor of the plot, and there are no labels at the ends of lines. Each would have to be written
//! around it; what it would still do is put `<path>` and `<text>` into a string, which takes `svg.rs` some 300
//! lines. It has no contours, no labels on them, no regions and no colours for a dark sheet. Ticks, placement of names and
//! colours are what makes the picture, and they are the rest of this crate.
//!
//! # Why pixels are made by `tiny-skia`
//!
//! With the feature `raster` pictures are saved as PNG too, and an [`Animation`] as GIF. A picture is drawn once, as a list of
//! outlines and texts on a [`Sheet`], which is written as SVG text or made into pixels: both show the same. `tiny-skia` (0.12, BSD-3,
//! of the Linebender project, without C) fills and strokes the outlines, as browsers' Skia does. `resvg`, which draws SVG text by it,
//! made the same pixels to 0.1 of 255 in the mean, but its 45 crates took 67 s of processor time to build, where all of the feature
//! now takes 13 s: parsers of XML and CSS, filters, and shaping of all the world's scripts are not what a chart needs.
//!
//! Texts are set in DejaVu Sans, plain and bold, which come with the crate `dejavu` (2.37, Bitstream Vera's licence) and add 1.5 MB to a
//! program: a picture's pixels don't depend on the machine's fonts. They have the Greek letters, operators and raised
//! and lowered digits that formulas need; Ubuntu Light, of `epaint_default_fonts`, lacks ∇, ⁻, ₊ and → and has no bold. The outlines are
//! read here, in some 200 lines (`raster/font.rs`): `ttf-parser`, and with it `ab_glyph`, is no longer maintained (RUSTSEC-2026-0192), and
//! `skrifa` takes 27 s to build, more than all the rest. Letters are kerned and marks stand above them; letters that join (Arabic)
//! or run from right to left look right in SVG alone. `png` and `gif` write the files.
//!
//! A chart of 900 x 360 is drawn in some 2 ms; an animation of 60 of them, in which all lines and names move, takes a third of a second
//! on two cores and 0.54 MB.

#![forbid(unsafe_code)]

mod animation;
mod axes;
mod chart;
mod color_bar;
mod confusion;
mod contour;
mod error;
mod file;
mod graph;
mod grid;
mod heatmap;
mod inline;
mod key;
mod labels;
mod landscape;
mod layer;
mod levels;
mod number;
mod palette;
mod panel;
mod panels;
mod picture;
#[cfg(feature = "raster")]
mod raster;
mod region;
mod scale;
mod sheet;
mod surface;
mod svg;
mod text;
mod trace;

pub use animation::Animation;
pub use chart::{Arrow, Chart};
pub use confusion::ConfusionMatrix;
pub use error::PlotError;
pub use graph::{Graph, GraphPicture, graph};
pub use grid::Grid;
pub use landscape::{landscape, random_direction};
pub use levels::Levels;
pub use palette::Theme;
pub use panels::{Panels, Part};
pub use picture::Picture;
pub use region::{Region, decision_region};
pub use sheet::Sheet;
pub use surface::Surface;
