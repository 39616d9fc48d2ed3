//! A sheet and what is drawn on it: elements of a few kinds, which `svg` writes as text and `raster` makes into pixels.

use crate::Theme;
use crate::axes::Area;
use crate::palette::Color;
use crate::text::Type;

type Point = (f64, f64);

/// A picture, drawn in the colours of a theme: what SVG text and pixels are made from.
///
/// The pictures of this crate make them. A picture of one's own is made of another one, and hands on its sheet:
///
/// ```
/// use chainrule_plot::{Chart, Picture, PlotError, Sheet, Theme};
///
/// /// Losses, on a logarithmic axis.
/// struct Losses(Vec<f64>);
///
/// impl Losses {
///     fn chart(&self) -> Chart {
///         Chart::new("Loss").x_label("epoch").log_y().line("train", &self.0)
///     }
/// }
///
/// impl Picture for Losses {
///     fn check(&self) -> Result<(), PlotError> {
///         self.chart().check()
///     }
///
///     fn draw_in(&self, theme: Theme) -> Sheet {
///         self.chart().draw_in(theme)
///     }
/// }
///
/// assert!(Losses(vec![2.0, 1.0]).to_svg().contains(">train</text>"));
/// ```
#[derive(Clone, Debug)]
pub struct Sheet {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// What a screen reader says of it.
    pub(crate) label: String,
    pub(crate) theme: Theme,
    /// From the lowest to the uppermost.
    pub(crate) elements: Vec<Element>,
}

#[derive(Clone, Debug)]
pub(crate) enum Element {
    Shape(Shape),
    Text(Text),
    Facet(Facet),
    Group(Group, Vec<Element>),
}

/// An outline that is filled, drawn, or both. One that is drawn and not filled has round ends and corners.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) outline: Outline,
    pub(crate) fill: Option<Fill>,
    pub(crate) stroke: Option<Stroke>,
}

#[derive(Clone, Debug)]
pub(crate) enum Outline {
    /// A rectangle with the radius of its corners.
    Rect(Area, f64),
    /// A circle's middle and radius.
    Circle(Point, f64),
    Path(Vec<Step>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Move(Point),
    Line(Point),
    /// A cubic Bézier curve: two control points and the end.
    Curve(Point, Point, Point),
    Close,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill {
    pub(crate) color: Color,
    pub(crate) opacity: f64,
    /// Whether a ring within a ring is a hole.
    pub(crate) even_odd: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Stroke {
    pub(crate) color: Color,
    pub(crate) width: f64,
    /// SVG's dash pattern; empty for a solid line.
    pub(crate) dash: &'static str,
}

#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) at: Point,
    pub(crate) text: String,
    /// What a browser shows while the pointer rests on it.
    pub(crate) tip: String,
    pub(crate) style: Type,
    /// Whether it has a rim of paper, [`HALO`] wide.
    pub(crate) halo: bool,
}

/// A polygon, or a line of two points, in a colour of its own. There are thousands in a mesh, where they stand.
#[derive(Clone, Debug)]
pub(crate) struct Facet {
    pub(crate) points: Vec<Point>,
    pub(crate) color: [u8; 3],
    /// The width of the line; of a polygon that of its edge, which is [`SEAM`].
    pub(crate) width: f64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Group {
    /// Cut off at the edges of a rectangle.
    Clip(Area),
    /// Drawn as one, then laid on the sheet with this opacity.
    Faint(f64),
    /// With facets.
    Mesh,
}

/// The width of a text's rim and of half as much outside of it.
pub(crate) const HALO: f64 = 3.5;

/// The edge in its own colour that a facet or band gets, so that no paper shines through between neighbours.
pub(crate) const SEAM: f64 = 0.6;

impl Fill {
    fn new(color: Color) -> Self {
        Self { color, opacity: 1.0, even_odd: false }
    }
}

impl Stroke {
    fn new(color: Color, width: f64) -> Self {
        Self { color, width, dash: "" }
    }
}

impl Sheet {
    /// An empty sheet; `label` is what a screen reader says of it.
    pub(crate) fn new(width: f64, height: f64, label: &str, theme: Theme) -> Self {
        Self { width, height, label: label.to_owned(), theme, elements: Vec::new() }
    }

    pub(crate) fn theme(&self) -> Theme {
        self.theme
    }

    fn add(&mut self, outline: Outline, fill: Option<Fill>, stroke: Option<Stroke>) {
        self.elements.push(Element::Shape(Shape { outline, fill, stroke }));
    }

    fn group(&mut self, group: Group, inside: impl FnOnce(&mut Self)) {
        let below = std::mem::take(&mut self.elements);
        inside(self);
        let inside = std::mem::replace(&mut self.elements, below);
        self.elements.push(Element::Group(group, inside));
    }

    /// What `inside` draws, cut off at the edges of a rectangle.
    pub(crate) fn clipped(&mut self, area: Area, inside: impl FnOnce(&mut Self)) {
        self.group(Group::Clip(area), inside);
    }

    /// What `inside` draws, with what lies below shining through.
    pub(crate) fn faint(&mut self, opacity: f64, inside: impl FnOnce(&mut Self)) {
        self.group(Group::Faint(opacity), inside);
    }

    /// What `inside` draws, [facets](Self::facet) among it.
    pub(crate) fn mesh(&mut self, inside: impl FnOnce(&mut Self)) {
        self.group(Group::Mesh, inside);
    }

    /// A polygon, or a line of two points, in a mesh.
    pub(crate) fn facet(&mut self, points: &[Point], color: [u8; 3]) {
        self.elements.push(Element::Facet(Facet { points: points.to_vec(), color, width: SEAM }));
    }

    /// A short line in a mesh.
    pub(crate) fn stroke(&mut self, ends: &[Point; 2], color: Color, width: f64) {
        let color = color.rgb(self.theme);
        self.elements.push(Element::Facet(Facet { points: ends.to_vec(), color, width }));
    }

    pub(crate) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: Color) {
        self.add(Outline::Rect(Area { x, y, width, height }, 0.0), Some(Fill::new(fill)), None);
    }

    /// A rectangle with round corners and an edge of a colour and a width.
    pub(crate) fn plate(&mut self, area: Area, radius: f64, fill: Color, (edge, width): (Color, f64)) {
        self.add(Outline::Rect(area, radius), Some(Fill::new(fill)), Some(Stroke::new(edge, width)));
    }

    /// A dot with a rim of paper.
    pub(crate) fn circle(&mut self, x: f64, y: f64, radius: f64, fill: Color) {
        let rim = Stroke::new(Color::Paper, 1.0);
        self.add(Outline::Circle((x, y), radius), Some(Fill::new(fill)), Some(rim));
    }

    /// A dot without a rim.
    pub(crate) fn dot(&mut self, x: f64, y: f64, radius: f64, fill: Color) {
        self.add(Outline::Circle((x, y), radius), Some(Fill::new(fill)), None);
    }

    /// A ring filled with paper.
    pub(crate) fn ring(&mut self, x: f64, y: f64, radius: f64, stroke: Color) {
        let paper = Fill::new(Color::Paper);
        self.add(Outline::Circle((x, y), radius), Some(paper), Some(Stroke::new(stroke, 2.2)));
    }

    /// A diagonal cross with a rim of paper.
    pub(crate) fn cross(&mut self, x: f64, y: f64, radius: f64, stroke: Color) {
        for (stroke, width) in [(Color::Paper, 4.5), (stroke, 2.0)] {
            self.polyline(&[(x - radius, y - radius), (x + radius, y + radius)], stroke, width, "");
            self.polyline(&[(x - radius, y + radius), (x + radius, y - radius)], stroke, width, "");
        }
    }

    /// A line through `points`; `dash` is SVG's pattern, empty for a solid line.
    pub(crate) fn polyline(&mut self, points: &[Point], color: Color, width: f64, dash: &'static str) {
        if !points.is_empty() {
            self.add(Outline::Path(open(points).collect()), None, Some(Stroke { color, width, dash }));
        }
    }

    /// A line of straight pieces and curves.
    pub(crate) fn curve(&mut self, steps: Vec<Step>, color: Color, width: f64) {
        self.add(Outline::Path(steps), None, Some(Stroke::new(color, width)));
    }

    /// A filled polygon; nothing if it has fewer than three corners.
    pub(crate) fn polygon(&mut self, points: &[Point], fill: Color) {
        self.shade(points, fill, 1.0);
    }

    /// A polygon filled so that what lies below shines through.
    pub(crate) fn shade(&mut self, points: &[Point], fill: Color, opacity: f64) {
        if points.len() >= 3 {
            let fill = Fill { opacity, ..Fill::new(fill) };
            self.add(Outline::Path(closed(points).collect()), Some(fill), None);
        }
    }

    /// Several closed rings filled as one shape: rings within rings are holes. Its edge gets a seam.
    pub(crate) fn rings<'a>(&mut self, rings: impl IntoIterator<Item = &'a [Point]>, fill: Color) {
        let steps = rings.into_iter().flat_map(closed).collect();
        let seam = Stroke::new(fill, SEAM);
        self.add(Outline::Path(steps), Some(Fill { even_odd: true, ..Fill::new(fill) }), Some(seam));
    }

    /// A text whose baseline starts, is centred or ends at `(x, y)`; nothing if it is empty.
    pub(crate) fn text(&mut self, x: f64, y: f64, text: &str, style: Type) {
        self.tipped(x, y, text, "", style);
    }

    /// A text with a `tip` that a browser shows while the pointer rests on it.
    pub(crate) fn tipped(&mut self, x: f64, y: f64, text: &str, tip: &str, style: Type) {
        self.letter(Text { at: (x, y), text: text.to_owned(), tip: tip.to_owned(), style, halo: false });
    }

    /// A text with a rim of paper, legible on any colour.
    pub(crate) fn haloed(&mut self, x: f64, y: f64, text: &str, style: Type) {
        self.letter(Text { at: (x, y), text: text.to_owned(), tip: String::new(), style, halo: true });
    }

    fn letter(&mut self, text: Text) {
        if !text.text.is_empty() {
            self.elements.push(Element::Text(text));
        }
    }
}

fn open(points: &[Point]) -> impl Iterator<Item = Step> + '_ {
    points.iter().enumerate().map(|(i, &point)| if i == 0 { Step::Move(point) } else { Step::Line(point) })
}

fn closed(points: &[Point]) -> impl Iterator<Item = Step> + '_ {
    open(points).chain([Step::Close])
}
