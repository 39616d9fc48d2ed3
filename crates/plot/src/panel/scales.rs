//! The axes of a chart: where they end, and the numbers on them.

use super::{LABEL, Panel};
use crate::axes::{Area, Axes};
use crate::chart::Chart;
use crate::scale::{Ends, HUGE, Scale, Tick};
use crate::{Picture, text};

impl Panel<'_> {
    /// How far the last number below a horizontal axis of this width reaches beyond its end.
    pub(super) fn overhang(&self, width: f64) -> f64 {
        let last = self.x_scale(width.max(1.0)).and_then(|mut scale| scale.ticks.pop());
        last.map_or(0.0, |tick| text::width(&tick.label, LABEL.size) / 2.0 - (1.0 - tick.at) * width)
    }

    /// The axes in a part of the sheet: all of it, unless units are to be equally long.
    pub(super) fn axes(&self, whole: Area) -> Option<Axes> {
        let chart = self.chart;
        let mut area = whole;
        let (mut x, mut y) = (self.x_scale(area.width)?, self.y_scale(area.height)?);
        if chart.equal && chart.log_x == chart.log_y && chart.categories.is_none() {
            // Where axes end depends on how many numbers have room, and that on where they end.
            for _ in 0..3 {
                area = equal(whole, x.length(), y.length());
                (x, y) = (self.x_scale(area.width)?, self.y_scale(area.height)?);
            }
            area = equal(whole, x.length(), y.length());
        }
        Some(Axes { area, x, y, bar_layers: chart.bar_layers().len() })
    }

    pub(super) fn y_scale(&self, height: f64) -> Option<Scale> {
        let [_, (lo, hi)] = self.range?;
        if let Some(names) = &self.chart.categories {
            let short = |name: &String| text::shorten(name, LABEL.size, 0.45 * self.size.0);
            return Some(Scale::rows(&names.iter().map(short).collect::<Vec<_>>()));
        }
        let demands = self.chart.demands();
        let most = (height / 38.0).clamp(2.0, 20.0) as usize;
        let exact = demands.exact || self.chart.y_range.is_some();
        let scale = |count: usize| match self.chart.log_y {
            true => Scale::log(lo, hi, count, exact),
            false if exact => Scale::linear(lo, hi, count, Ends::Exact),
            false if demands.from_zero => Scale::linear(lo.min(0.0), hi, count, Ends::Round),
            false => Scale::linear(lo, hi, count, Ends::Round),
        };
        let room = LABEL.size + 1.0;
        let fits = |ticks: &[Tick]| ticks.windows(2).all(|pair| (pair[1].at - pair[0].at) * height >= room);
        Some(numbered(most, scale, fits))
    }

    /// The horizontal axis, with as many numbers as do not touch each other.
    fn x_scale(&self, width: f64) -> Option<Scale> {
        let [(mut lo, mut hi), _] = self.range?;
        let is_given = self.chart.x_range.is_some();
        let exact = self.chart.demands().exact || is_given;
        let whole = self.chart.visible().all(|(x, _)| x.fract() == 0.0);
        if self.chart.categories.is_some() && !is_given && !self.chart.log_x {
            // Bars begin at zero, and have their numbers behind them.
            (lo, hi) = (lo.min(0.0), hi.max(0.0));
            hi += if lo == hi { 1.0 } else { (58.0 / width).min(0.4) * (hi - lo) };
        } else if self.chart.categories.is_some() && !is_given {
            hi = (hi * (hi / lo).powf((58.0 / width).min(0.4)).max(1.2)).min(HUGE);
            lo /= 1.5;
        } else if !exact {
            let room = 0.015 * (hi - lo);
            (lo, hi) = if self.chart.log_x { (lo, hi) } else { (lo - room, hi + room) };
        }
        let ends = if whole && !exact { Ends::Whole } else { Ends::Exact };
        let most = (width / 45.0).clamp(1.0, 20.0) as usize;
        let scale = |count: usize| match self.chart.log_x {
            true => Scale::log(lo, hi, count, exact),
            false => Scale::linear(lo, hi, count, ends),
        };
        Some(numbered(most, scale, |ticks| fits(ticks, width)))
    }
}

/// The axis with the most numbers that leave each other room, of those with a step for up to `most` pieces. A step that leaves
/// fewer than two numbers on the axis is made finer, if then two have room.
fn numbered(most: usize, scale: impl Fn(usize) -> Scale, fits: impl Fn(&[Tick]) -> bool) -> Scale {
    let mut best = (1..=most).rev().map(&scale).find(|scale| fits(&scale.ticks)).unwrap_or_else(|| scale(1));
    if !fits(&best.ticks) {
        best.ticks.truncate(1);
    }
    if best.ticks.len() < 2 {
        for mut finer in (1..=4 * most + 4).map(&scale).filter(|scale| scale.ticks.len() > 1) {
            if !fits(&finer.ticks) {
                // The outermost two.
                finer.ticks = [finer.ticks.remove(0)].into_iter().chain(finer.ticks.pop()).collect();
            }
            if fits(&finer.ticks) {
                return finer;
            }
        }
    }
    best
}

/// What the axes must contain: all that can be drawn (of it, what lies in a range that was given for `x`), and levels.
pub(super) fn range(chart: &Chart) -> Option<[(f64, f64); 2]> {
    chart.check().ok()?;
    let wider = |r: (f64, f64), v: f64| (r.0.min(v), r.1.max(v));
    let mut found = [(f64::INFINITY, f64::NEG_INFINITY); 2];
    let mut contain = |point: (f64, f64)| {
        found = [wider(found[0], point.0), wider(found[1], point.1)];
    };
    match chart.x_range {
        None => chart.visible().for_each(contain),
        Some(ends) => chart.layers.iter().for_each(|layer| {
            let mut last = None;
            for point in layer.extent() {
                let shown = chart.shows(point).then_some(point);
                shown.filter(|point| (ends.0..=ends.1).contains(&point.0)).into_iter().for_each(&mut contain);
                if let (true, Some((from, to))) = (layer.is_joined(), last.zip(shown)) {
                    crossings(chart, from, to, ends).for_each(&mut contain);
                }
                last = shown;
            }
        }),
    }
    if found[0].0 > found[0].1 {
        found = [(0.0, 1.0); 2];
    }
    for (vertical, value) in chart.layers.iter().filter_map(|layer| layer.level()) {
        let allowed =
            value.abs() <= HUGE && (value > 0.0 || !(if vertical { chart.log_x } else { chart.log_y }));
        let axis = &mut found[usize::from(!vertical)];
        *axis = if allowed { wider(*axis, value) } else { *axis };
    }
    Some([chart.x_range.unwrap_or(found[0]), chart.y_range.unwrap_or(found[1])])
}

/// Where what is drawn between two points leaves a range of `x`, at either end.
fn crossings(
    chart: &Chart,
    from: (f64, f64),
    to: (f64, f64),
    ends: (f64, f64),
) -> impl Iterator<Item = (f64, f64)> {
    // Straight lines of the sheet.
    let (log_x, log_y) = (chart.log_x, chart.log_y);
    let x_at = move |x: f64| if log_x { x.log10() } else { x };
    let y_at = move |y: f64| if log_y { y.log10() } else { y };
    [ends.0, ends.1].into_iter().filter(move |&end| (from.0 < end) != (to.0 < end)).map(move |end| {
        let share = (x_at(end) / 2.0 - x_at(from.0) / 2.0) / (x_at(to.0) / 2.0 - x_at(from.0) / 2.0);
        let y = y_at(from.1) * (1.0 - share) + y_at(to.1) * share;
        let (low, high) = (from.1.min(to.1), from.1.max(to.1));
        (end, (if log_y { 10f64.powf(y) } else { y }).clamp(low, high))
    })
}

/// The part of an area in which units (on logarithmic axes, decades) are equally long in both directions: in its middle, at
/// its top.
fn equal(area: Area, x_span: f64, y_span: f64) -> Area {
    let unit = (area.width / x_span).min(area.height / y_span);
    let (width, height) = (unit * x_span, unit * y_span);
    Area { x: area.x + (area.width - width) / 2.0, y: area.y, width, height }
}

/// Whether the numbers below an axis leave each other room.
fn fits(ticks: &[Tick], width: f64) -> bool {
    ticks.windows(2).all(|pair| {
        let half = |text: &str| text::width(text, LABEL.size) / 2.0;
        (pair[1].at - pair[0].at) * width >= half(&pair[0].label) + half(&pair[1].label) + 14.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::Names;
    use crate::{Grid, Region};

    const WHOLE: Area = Area { x: 0.0, y: 0.0, width: 480.0, height: 240.0 };

    /// The ends of what the axes show, and what is on them.
    fn axes(chart: &Chart, width: f64) -> Axes {
        let panel = Panel::new(chart, (560.0, 360.0), &[]);
        panel.axes(Area { width, ..WHOLE }).expect("there is something to draw")
    }

    fn ends(chart: &Chart) -> [(f64, f64); 2] {
        range(chart).expect("there is something to draw")
    }

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn what_a_range_of_x_leaves_has_room() {
        let y_of = |chart: Chart| ends(&chart.x_range(0.25, 0.75))[1];
        let line = Chart::new("").line_at("", &[0.0, 1.0], &[10.0, 20.0]);
        assert_eq!(y_of(line.clone()), (12.5, 17.5));
        assert_eq!(y_of(Chart::new("").line_at("", &[0.0, f64::NAN, 1.0], &[1.0, 2.0, 3.0])), (0.0, 1.0));
        assert_eq!(y_of(line.points("", &[0.5, 0.1], &[30.0, 99.0])), (12.5, 30.0));
        assert_eq!(y_of(Chart::new("").band("", &[0.0, 1.0], &[0.0, 0.0], &[4.0, 8.0])), (0.0, 7.0));
        assert_eq!(y_of(Chart::new("").histogram("", &[0.0, 0.5, 0.5, 1.0], 1)), (4.0, 4.0));
        let log = Chart::new("").log_y().line_at("", &[0.0, 1.0], &[1.0, 1e4]);
        let (lo, hi) = y_of(log);
        assert!((lo - 10.0).abs() < 1e-9 && (hi - 1e3).abs() < 1e-9, "{lo} {hi}");
    }

    #[test]
    fn a_range_of_x_leaves_a_field_its_height() {
        let field = Grid::of((0.0, 10.0), (-1.0, 3.0), (3, 3), |x, y| x - y);
        for chart in [
            Chart::new("").contours(&field, 5),
            Chart::new("").filled_contours(&field, 5),
            Chart::new("").regions(&Region::binary(&field)),
        ] {
            // Between the grid's points, and outside.
            assert_eq!(ends(&chart.clone().x_range(6.0, 7.0)), [(6.0, 7.0), (-1.0, 3.0)]);
            assert_eq!(ends(&chart.clone().x_range(20.0, 30.0)), [(20.0, 30.0), (0.0, 1.0)]);
            assert_eq!(ends(&chart.log_x().log_y()), [(5.0, 10.0), (1.0, 3.0)]);
        }
    }

    #[test]
    fn a_path_counts_up_to_its_end() {
        let path = Chart::new("").path("", &[1.0, 2.0, f64::NAN, 9.0], &[1.0, 2.0, 3.0, 9.0]);
        assert_eq!(ends(&path), [(1.0, 2.0), (1.0, 2.0)]);
    }

    #[test]
    fn a_narrow_axis_has_two_numbers() {
        let between = |lo: f64, hi: f64| Chart::new("").line_at("", &[lo, hi], &[1.0, 2.0]);
        assert_eq!(labels(&axes(&between(-1.02, 1.03), 100.0).x.ticks), ["−1", "0", "1"]);
        // Where three have no room, the outermost.
        assert_eq!(labels(&axes(&between(-1.02, 1.03), 45.0).x.ticks), ["−1", "1"]);
        assert_eq!(labels(&axes(&between(-1.02, 1.03), 20.0).x.ticks), ["0"]);
        for width in 60..200 {
            for chart in
                [between(0.3, 0.7), between(-7.0, 8.0), between(2.0, 30.0).log_x(), between(1.0, 3.0)]
            {
                let Axes { x, .. } = axes(&chart, f64::from(width));
                assert!(x.ticks.len() > 1 && fits(&x.ticks, f64::from(width)), "{width}: {x:?}");
            }
        }
        assert_eq!(labels(&axes(&Chart::new("").line("", &[3.0]), 100.0).x.ticks), ["1"]);
    }

    #[test]
    fn equal_units_are_equally_long_and_their_numbers_apart() {
        let square = Grid::of((-2.0, 2.0), (-2.0, 2.0), (9, 9), |x, y| x * y);
        let flat = Chart::new("").line_at("", &[0.0, 1e6], &[0.0, 1.0]);
        let decades = Chart::new("").log_x().log_y().line_at("", &[1.0, 1e4], &[1.0, 1e9]);
        let round = Chart::new("").line_at("", &[0.07, 1.3], &[0.02, 0.73]);
        for chart in [Chart::new("").filled_contours(&square, 5), flat, decades, round] {
            let Axes { area, x, y, .. } = axes(&chart.equal_axes(), WHOLE.width);
            let units = (area.width / x.length(), area.height / y.length());
            assert!((units.0 / units.1 - 1.0).abs() < 1e-9, "{area:?}");
            assert!(area.width <= WHOLE.width + 1e-9 && area.height <= WHOLE.height + 1e-9, "{area:?}");
            assert!(fits(&x.ticks, area.width), "{area:?} {x:?}");
        }
        // There is no common unit.
        let mixed = Chart::new("").log_x().line_at("", &[1.0, 1e6], &[0.0, 1.0]);
        let Axes { area, .. } = axes(&mixed.equal_axes(), WHOLE.width);
        assert_eq!((area.width, area.height), (WHOLE.width, WHOLE.height));
    }

    #[test]
    fn the_last_number_has_room() {
        let line = |hi: f64| Chart::new("").line_at("", &[0.0, hi], &[0.0, 1.0]).x_range(hi - 1e-6, hi);
        let panel = |chart| Panel::new(chart, (560.0, 360.0), &[]).insets(Names::Ends).right;
        let (chart, plain) = (line(1.0), Chart::new("").line("", &[1.0, 2.0, 3.0]));
        assert_eq!(panel(&plain), 24.0);
        assert!(panel(&chart) > text::width("1.0000000", LABEL.size) / 2.0, "{}", panel(&chart));
    }

    #[test]
    fn bars_keep_a_range_that_is_asked_for() {
        let bars = |values: &[f64]| Chart::new("").categories(["a", "b"]).bars("", values);
        let Axes { x, .. } = axes(&bars(&[0.5, 1.0]).x_range(0.25, 0.75), WHOLE.width);
        assert_eq!((x.place(0.25), x.place(0.75)), (0.0, 1.0));
        let Axes { x, .. } = axes(&bars(&[0.0, 0.0]), WHOLE.width);
        assert_eq!((x.place(0.0), x.place(1.0)), (0.0, 1.0));
        let Axes { x, .. } = axes(&bars(&[1e-300, 1e300]).log_x(), WHOLE.width);
        assert!(x.place(1e300) > x.place(1e-300) && x.place(1e300) <= 1.0);
    }
}
