//! Pixels on which a sheet's elements are drawn.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Rect,
    StrokeDash, Transform,
};

use super::text;
use crate::Theme;
use crate::axes::Area;
use crate::palette;
use crate::sheet::{Element, Facet, Fill, Group, HALO, Outline, Shape, Step, Stroke, Text};

/// How far the control points of a quarter of a circle are from its ends, for a radius of 1.
const QUARTER: f32 = 0.552_285;

pub(super) struct Canvas {
    pub(super) pixmap: Pixmap,
    /// From the sheet to pixels.
    scale: Transform,
    theme: Theme,
    /// Where something is drawn; everywhere, if there is none.
    mask: Option<Mask>,
}

impl Canvas {
    /// Pixels of the theme's paper, `scale` for each unit of the sheet; `None` if there are too many.
    pub(super) fn new(width: u32, height: u32, scale: f64, theme: Theme) -> Option<Self> {
        let mut pixmap = Pixmap::new(width, height)?;
        pixmap.fill(color(palette::Color::Paper.rgb(theme), 1.0));
        let scale = Transform::from_scale(scale as f32, scale as f32);
        Some(Self { pixmap, scale, theme, mask: None })
    }

    pub(super) fn draw(&mut self, elements: &[Element]) {
        for element in elements {
            match element {
                Element::Shape(shape) => self.shape(shape),
                Element::Text(text) => self.text(text),
                Element::Facet(facet) => self.facet(facet),
                Element::Group(Group::Mesh, inside) => self.draw(inside),
                Element::Group(Group::Clip(area), inside) => self.clipped(*area, inside),
                Element::Group(Group::Faint(opacity), inside) => self.faint(*opacity, inside),
            }
        }
    }

    fn clipped(&mut self, area: Area, inside: &[Element]) {
        let Some(path) = rect(area, 0.0) else { return };
        let outer = self.mask.take();
        self.mask = match outer.clone() {
            Some(mut mask) => {
                mask.intersect_path(&path, FillRule::Winding, true, self.scale);
                Some(mask)
            }
            None => Mask::new(self.pixmap.width(), self.pixmap.height()).map(|mut mask| {
                mask.fill_path(&path, FillRule::Winding, true, self.scale);
                mask
            }),
        };
        self.draw(inside);
        self.mask = outer;
    }

    fn faint(&mut self, opacity: f64, inside: &[Element]) {
        let Some(layer) = Pixmap::new(self.pixmap.width(), self.pixmap.height()) else { return };
        let below = std::mem::replace(&mut self.pixmap, layer);
        self.draw(inside);
        let layer = std::mem::replace(&mut self.pixmap, below);
        let paint = PixmapPaint { opacity: opacity as f32, ..PixmapPaint::default() };
        self.pixmap.draw_pixmap(0, 0, layer.as_ref(), &paint, Transform::identity(), None);
    }

    fn shape(&mut self, Shape { outline, fill, stroke }: &Shape) {
        let path = match outline {
            Outline::Rect(area, radius) => rect(*area, *radius as f32),
            &Outline::Circle((x, y), radius) => PathBuilder::from_circle(x as f32, y as f32, radius as f32),
            Outline::Path(steps) => path(steps.iter().copied()),
        };
        let Some(path) = path else { return };
        if let Some(Fill { color, opacity, even_odd }) = fill {
            let rule = if *even_odd { FillRule::EvenOdd } else { FillRule::Winding };
            self.fill(&path, color.rgb(self.theme), *opacity, rule);
        }
        if let Some(Stroke { color, width, dash }) = stroke {
            let dash = dash.split_whitespace().filter_map(|length| length.parse().ok()).collect();
            let dash = StrokeDash::new(dash, 0.0);
            let stroke = tiny_skia::Stroke { width: *width as f32, dash, ..style(fill.is_none()) };
            self.stroke(&path, color.rgb(self.theme), &stroke);
        }
    }

    fn facet(&mut self, Facet { points, color, width }: &Facet) {
        let steps =
            points.iter().enumerate().map(|(i, &p)| if i == 0 { Step::Move(p) } else { Step::Line(p) });
        let is_polygon = points.len() > 2;
        let Some(path) = path(steps.chain(is_polygon.then_some(Step::Close))) else { return };
        if is_polygon {
            self.fill(&path, *color, 1.0, FillRule::Winding);
        }
        self.stroke(&path, *color, &tiny_skia::Stroke { width: *width as f32, ..style(true) });
    }

    fn text(&mut self, text: &Text) {
        let Some(path) = text::outline(text) else { return };
        if text.halo {
            let stroke = tiny_skia::Stroke { width: HALO as f32, line_join: LineJoin::Round, ..style(false) };
            self.stroke(&path, palette::Color::Paper.rgb(self.theme), &stroke);
        }
        self.fill(&path, text.style.fill.rgb(self.theme), 1.0, FillRule::Winding);
    }

    fn fill(&mut self, path: &Path, rgb: [u8; 3], opacity: f64, rule: FillRule) {
        self.pixmap.fill_path(path, &paint(rgb, opacity), rule, self.scale, self.mask.as_ref());
    }

    fn stroke(&mut self, path: &Path, rgb: [u8; 3], stroke: &tiny_skia::Stroke) {
        self.pixmap.stroke_path(path, &paint(rgb, 1.0), stroke, self.scale, self.mask.as_ref());
    }
}

fn color([r, g, b]: [u8; 3], opacity: f64) -> Color {
    Color::from_rgba8(r, g, b, (255.0 * opacity).round() as u8)
}

fn paint(rgb: [u8; 3], opacity: f64) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(color(rgb, opacity));
    paint
}

/// Round ends and corners, or SVG's defaults.
fn style(round: bool) -> tiny_skia::Stroke {
    let (line_cap, line_join) =
        if round { (LineCap::Round, LineJoin::Round) } else { (LineCap::Butt, LineJoin::Miter) };
    tiny_skia::Stroke { line_cap, line_join, ..tiny_skia::Stroke::default() }
}

fn path(steps: impl Iterator<Item = Step>) -> Option<Path> {
    let mut path = PathBuilder::new();
    for step in steps {
        let at = |(x, y): (f64, f64)| (x as f32, y as f32);
        match step {
            Step::Move(to) => path.move_to(at(to).0, at(to).1),
            Step::Line(to) => path.line_to(at(to).0, at(to).1),
            Step::Curve(a, b, to) => path.cubic_to(at(a).0, at(a).1, at(b).0, at(b).1, at(to).0, at(to).1),
            Step::Close => path.close(),
        }
    }
    path.finish()
}

fn rect(area: Area, radius: f32) -> Option<Path> {
    let rect = Rect::from_xywh(area.x as f32, area.y as f32, area.width as f32, area.height as f32)?;
    if radius <= 0.0 {
        return Some(PathBuilder::from_rect(rect));
    }
    let (left, top, right, bottom) = (rect.left(), rect.top(), rect.right(), rect.bottom());
    let (r, k) = (radius, radius * (1.0 - QUARTER));
    let mut path = PathBuilder::new();
    path.move_to(left + r, top);
    path.line_to(right - r, top);
    path.cubic_to(right - k, top, right, top + k, right, top + r);
    path.line_to(right, bottom - r);
    path.cubic_to(right, bottom - k, right - k, bottom, right - r, bottom);
    path.line_to(left + r, bottom);
    path.cubic_to(left + k, bottom, left, bottom - k, left, bottom - r);
    path.line_to(left, top + r);
    path.cubic_to(left, top + k, left + k, top, left + r, top);
    path.close();
    path.finish()
}
