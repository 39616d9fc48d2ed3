//! A function of two variables as a surface in space.

mod axes;
mod facets;
mod view;

use crate::key::Key;
use crate::layer::Sample;
use crate::palette::{self, Color, Ink};
use crate::scale::HUGE;
use crate::sheet::Sheet;
use crate::text::{self, Type};
use crate::{Grid, Picture, PlotError, Theme};

use axes::Axes;
use view::View;

const MARGIN: f64 = 16.0;
const TITLE: Type = Type::new(15.0, Color::Title).bold();
const NOTE: Type = Type::new(12.0, Color::Quiet);

/// A function of two variables as a surface in space, its heights coloured, with paths and points on it.
///
/// Values that are NaN or infinite are holes. A grid of more than 64 × 64 cells is drawn with every second (third, …)
/// row and column. Where a path is hidden by the surface, it is faint.
///
/// ```
/// use chainrule_plot::{Grid, Picture, Surface};
///
/// let saddle = Grid::of((-1.0, 1.0), (-1.0, 1.0), (41, 41), |x, y| x * x - y * y);
/// let xs = [0.9, 0.45, 0.2, 0.1];
/// let ys = [0.01, 0.05, 0.25, 0.9];
/// let zs: Vec<f64> = xs.iter().zip(&ys).map(|(x, y)| x * x - y * y).collect();
/// let svg = Surface::new("A saddle")
///     .x_label("x")
///     .y_label("y")
///     .z_label("x² − y²")
///     .grid(&saddle)
///     .path("gradient descent", &xs, &ys, &zs)
///     .to_svg();
/// assert!(svg.contains(">A saddle</text>") && svg.contains(">gradient descent</text>"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a picture is drawn by `save` or `to_svg`"]
pub struct Surface {
    title: String,
    labels: [String; 3],
    grid: Option<Grid>,
    tracks: Vec<Track>,
    heights: Option<(f64, f64)>,
    view: (f64, f64),
    size: (f64, f64),
    /// The first track that was given unequal numbers of coordinates.
    mistake: Option<(String, [usize; 3])>,
}

/// Points in space, joined or not.
#[derive(Clone, Debug)]
struct Track {
    name: String,
    points: Vec<[f64; 3]>,
    joined: bool,
}

impl Surface {
    /// A surface without values yet, of 560 × 420 pixels. An empty `title` takes no room.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Picture, Surface};
    /// let bowl = Grid::of((-1.0, 1.0), (-1.0, 1.0), (21, 21), |x, y| x * x + y * y);
    /// assert!(Surface::new("A bowl").grid(&bowl).to_svg().contains(">A bowl</text>"));
    /// ```
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            labels: Default::default(),
            grid: None,
            tracks: Vec::new(),
            heights: None,
            view: (-60.0, 30.0),
            size: (560.0, 420.0),
            mistake: None,
        }
    }

    /// What the `x` axis measures, written along it.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Picture, Surface};
    /// let bowl = Grid::of((-1.0, 1.0), (-1.0, 1.0), (21, 21), |x, y| x * x + y * y);
    /// assert!(Surface::new("").x_label("weight").grid(&bowl).to_svg().contains(">weight</text>"));
    /// ```
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.labels[0] = label.into();
        self
    }

    /// What the `y` axis measures, written along it.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Picture, Surface};
    /// let bowl = Grid::of((-1.0, 1.0), (-1.0, 1.0), (21, 21), |x, y| x * x + y * y);
    /// assert!(Surface::new("").y_label("bias").grid(&bowl).to_svg().contains(">bias</text>"));
    /// ```
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.labels[1] = label.into();
        self
    }

    /// What the heights are, written above their axis.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Picture, Surface};
    /// let bowl = Grid::of((-1.0, 1.0), (-1.0, 1.0), (21, 21), |x, y| x * x + y * y);
    /// assert!(Surface::new("").z_label("loss").grid(&bowl).to_svg().contains(">loss</text>"));
    /// ```
    pub fn z_label(mut self, label: impl Into<String>) -> Self {
        self.labels[2] = label.into();
        self
    }

    /// The heights.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Picture, Surface};
    /// let ridge = Grid::of((-3.0, 3.0), (-3.0, 3.0), (61, 61), |x, y| (x + y).tanh());
    /// assert!(Surface::new("A ridge").grid(&ridge).check().is_ok());
    /// ```
    pub fn grid(mut self, grid: &Grid) -> Self {
        self.grid = Some(grid.clone());
        self
    }

    /// Heights that the axis has at least: with the same ones, two surfaces can be compared, their colours too. The axis is
    /// longer where the grid needs it, so that nothing is cut off. Heights that are not finite are left aside.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Picture, Surface};
    /// let flat = Grid::of((-1.0, 1.0), (-1.0, 1.0), (21, 21), |x, y| 0.1 * (x * x + y * y));
    /// assert!(Surface::new("").grid(&flat).z_range(0.0, 40.0).to_svg().contains(">40</text>"));
    /// ```
    pub fn z_range(mut self, lo: f64, hi: f64) -> Self {
        self.heights = Some((lo.min(hi), lo.max(hi))).filter(|(lo, hi)| lo.abs() <= HUGE && hi.abs() <= HUGE);
        self
    }

    /// A path over the surface, from a dot to a ring. Where its points are near the surface, it follows the surface
    /// from one to the next; else it is straight. What lies outside of the box, or is not finite, is left out.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Picture, PlotError, Surface};
    /// let bowl = Grid::of((-1.0, 1.0), (-1.0, 1.0), (21, 21), |x, y| x * x + y * y);
    /// let surface = Surface::new("A bowl").grid(&bowl).path("down", &[0.9, 0.3], &[0.0, 0.0], &[0.81, 0.09]);
    /// assert!(surface.check().is_ok());
    /// let wrong = surface.path("short", &[0.9, 0.3], &[0.0, 0.0], &[0.81]);
    /// assert!(matches!(wrong.check(), Err(PlotError::PathLengths { counts: [2, 2, 1], .. })));
    /// ```
    pub fn path(self, name: impl Into<String>, xs: &[f64], ys: &[f64], zs: &[f64]) -> Self {
        self.track(name.into(), [xs, ys, zs], true)
    }

    /// Points in space, on the surface or off it.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Picture, Surface};
    /// let bowl = Grid::of((-1.0, 1.0), (-1.0, 1.0), (21, 21), |x, y| x * x + y * y);
    /// let surface = Surface::new("A bowl").grid(&bowl).points("minimum", &[0.0], &[0.0], &[0.0]);
    /// assert!(surface.to_svg().contains(">minimum</text>"));
    /// ```
    pub fn points(self, name: impl Into<String>, xs: &[f64], ys: &[f64], zs: &[f64]) -> Self {
        self.track(name.into(), [xs, ys, zs], false)
    }

    fn track(mut self, name: String, [xs, ys, zs]: [&[f64]; 3], joined: bool) -> Self {
        let counts = [xs.len(), ys.len(), zs.len()];
        if counts != [xs.len(); 3] && self.mistake.is_none() {
            self.mistake = Some((name.clone(), counts));
        }
        let points = xs.iter().zip(ys).zip(zs).map(|((&x, &y), &z)| [x, y, z]).collect();
        self.tracks.push(Track { name, points, joined });
        self
    }

    /// Where the surface is seen from, in degrees: `azimuth` from the `x` axis towards the `y` axis, `elevation` above
    /// the floor, kept between 10 and 80. The default is (−60, 30): from the front, a little from the right.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Picture, Surface};
    /// let saddle = Grid::of((-1.0, 1.0), (-1.0, 1.0), (21, 21), |x, y| x * x - y * y);
    /// let surface = Surface::new("A saddle").grid(&saddle);
    /// assert_ne!(surface.to_svg(), surface.clone().view(20.0, 45.0).to_svg());
    /// ```
    pub fn view(mut self, azimuth: f64, elevation: f64) -> Self {
        self.view = (azimuth, elevation);
        self
    }

    /// The picture's size in pixels: 560 × 420 unless told, and at least 240 × 200.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Picture, Surface};
    /// let bowl = Grid::of((-1.0, 1.0), (-1.0, 1.0), (21, 21), |x, y| x * x + y * y);
    /// assert!(Surface::new("").grid(&bowl).size(420.0, 360.0).to_svg().contains("width=\"420\""));
    /// ```
    pub fn size(mut self, width: f64, height: f64) -> Self {
        let or_least = |value: f64, least: f64| if value.is_nan() { least } else { value.clamp(least, 1e5) };
        self.size = (or_least(width, 240.0), or_least(height, 200.0));
        self
    }

    /// The names of paths and sets of points, in order; empty ones are unnamed.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tracks.iter().map(|track| track.name.as_str())
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    pub(crate) fn size_in_pixels(&self) -> (f64, f64) {
        self.size
    }

    /// Draws the surface into a part of a sheet; a name's place in `names` chooses its ink.
    pub(crate) fn draw(&self, sheet: &mut Sheet, origin: (f64, f64), size: (f64, f64), names: &[&str]) {
        let inks = self.inks(names);
        let left = origin.0 + MARGIN;
        let room = size.0 - 2.0 * MARGIN;
        let mut top = origin.1 + 14.0;
        if !self.title.is_empty() {
            sheet.text(left, top + 15.0, &text::shorten(&self.title, TITLE.size, room), TITLE);
            top += 25.0;
        }
        let sample = |track: &Track| if track.joined { Sample::Stroke } else { Sample::Dot };
        let named =
            self.tracks.iter().zip(&inks).map(|(track, &ink)| (track.name.as_str(), sample(track), ink));
        let key = Key::new(named, room);
        key.draw(sheet, left, top);
        top += key.height();
        let frame = ((left, top + 4.0), (left + room, origin.1 + size.1 - 10.0));
        let (Ok(()), Some(grid)) = (self.check(), &self.grid) else {
            let text = self.check().err().map_or_else(String::new, |error| error.to_string());
            let middle = ((frame.0.0 + frame.1.0) / 2.0, (frame.0.1 + frame.1.1) / 2.0);
            let text = text::shorten(&text, NOTE.size, room);
            sheet.text(middle.0, middle.1, &text, NOTE.anchor(text::Anchor::Middle));
            return;
        };
        let Some(mut axes) = Axes::new(grid, self.heights, &self.labels) else { return };
        let view = axes.fit(View::new(self.view.0, self.view.1), frame);
        axes.draw(sheet, &view);
        let tracks: Vec<(&Track, Ink)> = self.tracks.iter().zip(inks).collect();
        facets::draw(sheet, grid, &axes, &view, &tracks);
    }

    fn inks(&self, names: &[&str]) -> Vec<Ink> {
        let mut unnamed = names.len();
        let ink = |track: &Track| {
            let known = names.iter().position(|name| *name == track.name);
            palette::ink(known.unwrap_or_else(|| {
                unnamed += 1;
                unnamed - 1
            }))
        };
        self.tracks.iter().map(ink).collect()
    }
}

impl Picture for Surface {
    /// [`PlotError::NoData`] without a finite value, [`PlotError::PathLengths`] for a path whose coordinates are not
    /// equally many.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Picture, PlotError, Surface};
    /// let hole = Grid::of((0.0, 1.0), (0.0, 1.0), (9, 9), |_, _| f64::NAN);
    /// let error = Surface::new("Loss").grid(&hole).check().unwrap_err();
    /// assert_eq!(error.to_string(), "nothing to draw in `Loss`: no cell of the grid has four finite corners");
    /// assert!(matches!(Surface::new("Loss").check(), Err(PlotError::NoData { .. })));
    /// ```
    fn check(&self) -> Result<(), PlotError> {
        if let Some((name, counts)) = self.mistake.clone() {
            return Err(PlotError::PathLengths { name, counts });
        }
        let nothing = |reason| PlotError::NoData { title: self.title.clone(), reason };
        let grid = self.grid.as_ref().ok_or_else(|| nothing("the surface has no grid"))?;
        let drawn = facets::cells(grid).next().is_some();
        if drawn { Ok(()) } else { Err(nothing("no cell of the grid has four finite corners")) }
    }

    fn draw_in(&self, theme: Theme) -> Sheet {
        let mut sheet = Sheet::new(self.size.0, self.size.1, &self.title, theme);
        // The first ink is too near to the colours of the surface.
        let names: Vec<&str> = std::iter::once("").chain(self.names()).collect();
        self.draw(&mut sheet, (0.0, 0.0), self.size, &names);
        sheet
    }
}

fn is_finite(point: &[f64; 3]) -> bool {
    point.iter().all(|v| v.abs() <= HUGE)
}

#[cfg(test)]
mod tests;
