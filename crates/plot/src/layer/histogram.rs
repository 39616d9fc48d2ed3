//! How often values lie where.

use super::{Demands, Layer, Point, Sample};
use crate::axes::Axes;
use crate::palette::Ink;
use crate::scale::HUGE;
use crate::sheet::Sheet;

/// Counts of values in bins of equal width: an outline over a shade, so that several can share a chart.
#[derive(Debug)]
pub(crate) struct Histogram {
    pub(crate) name: String,
    lo: f64,
    hi: f64,
    counts: Vec<usize>,
}

impl Histogram {
    /// The most bins there can be: far more than a picture has pixels.
    pub(crate) const MOST: usize = 10_000;

    /// Finite values from `lo` to `hi` in `bins` bins; all of them, if no range is given.
    pub(crate) fn new(name: String, values: &[f64], bins: usize, range: Option<(f64, f64)>) -> Self {
        let finite = values.iter().copied().filter(|value| value.abs() <= HUGE);
        let found =
            || finite.clone().fold((f64::INFINITY, f64::NEG_INFINITY), |r, v| (r.0.min(v), r.1.max(v)));
        let (mut lo, mut hi) = range.unwrap_or_else(found);
        if lo == hi {
            // All the same: a bin around it.
            let half = if lo == 0.0 { 0.5 } else { 0.05 * lo.abs() };
            (lo, hi) = (lo - half, hi + half);
        }
        let mut counts = vec![0; bins.max(1)];
        for value in finite.filter(|value| (lo..=hi).contains(value)) {
            let bin = ((value - lo) / (hi - lo) * counts.len() as f64) as usize;
            let last = counts.len() - 1;
            counts[bin.min(last)] += 1;
        }
        Self { name, lo, hi, counts }
    }

    fn edge(&self, i: usize) -> f64 {
        self.lo + (self.hi - self.lo) * i as f64 / self.counts.len() as f64
    }
}

impl Layer for Histogram {
    fn name(&self) -> &str {
        &self.name
    }

    fn extent(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        let tops = self.counts.iter().enumerate().flat_map(|(i, &count)| {
            let count = count as f64;
            [(self.edge(i), count), (self.edge(i + 1), count)]
        });
        Box::new(tops.filter(|_| self.lo < self.hi))
    }

    fn is_joined(&self) -> bool {
        true
    }

    fn demands(&self) -> Demands {
        Demands { from_zero: true, ..Demands::default() }
    }

    fn sample(&self) -> Sample {
        Sample::Patch
    }

    fn draw(&self, sheet: &mut Sheet, axes: &Axes, ink: Ink) {
        let floor = if axes.y.place(0.0).is_finite() { 0.0 } else { axes.y.low() };
        let mut outline = vec![(self.edge(0), floor)];
        for (i, &count) in self.counts.iter().enumerate() {
            let top = (count as f64).max(floor);
            outline.extend([(self.edge(i), top), (self.edge(i + 1), top)]);
        }
        outline.push((self.edge(self.counts.len()), floor));
        let outline = axes.places(&outline);
        sheet.shade(&outline, ink.stroke, 0.30);
        sheet.polyline(&outline, ink.stroke, 1.5, "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_value_of_the_range_is_counted_once() {
        let values = [0.0, 0.1, 0.49, 0.5, 1.0, f64::NAN, f64::INFINITY];
        assert_eq!(Histogram::new(String::new(), &values, 2, None).counts, [3, 2]);
        assert_eq!(Histogram::new(String::new(), &values, 4, Some((0.0, 0.5))).counts, [2, 0, 0, 2]);
        assert_eq!(Histogram::new(String::new(), &[3.0; 5], 3, None).counts, [0, 5, 0]);
        assert_eq!(Histogram::new(String::new(), &[], 3, None).extent().count(), 0);
    }
}
