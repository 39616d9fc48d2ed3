//! Axes: the range they show, and the places on them that get a number.

use crate::number;

/// Beyond this a value counts as infinite, so that no difference of two values overflows.
pub(crate) const HUGE: f64 = 1e300;

/// A tick, its place on the axis from 0 to 1.
#[derive(Clone, Debug)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) label: String,
}

/// A map from values to places on an axis, 0 to 1.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    lo: f64,
    hi: f64,
    log: bool,
    pub(crate) ticks: Vec<Tick>,
    /// Places of the unnumbered lines that show a logarithmic axis for what it is.
    pub(crate) minor: Vec<f64>,
}

/// What a linear axis does with its ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ends {
    /// Ends on the outermost ticks around the data, or just above the last tick if the data do.
    Round,
    /// Ends with the data.
    Exact,
    /// Ends with the data, and ticks only whole numbers (epochs, steps).
    Whole,
}

impl Scale {
    /// A linear axis over `lo..=hi` with about `count` ticks.
    pub(crate) fn linear(lo: f64, hi: f64, count: usize, ends: Ends) -> Self {
        let (lo, hi) = widened(lo, hi);
        let mut step = step(hi - lo, count);
        if ends == Ends::Whole {
            step = step.max(1.0);
        }
        let (lo, hi) = match ends {
            Ends::Round => ((lo / step + 1e-9).floor() * step, top(hi / step) * step),
            Ends::Exact | Ends::Whole => (lo, hi),
        };
        let values = multiples(lo, hi, step);
        let mut scale = Self { lo, hi, log: false, ticks: Vec::new(), minor: Vec::new() };
        scale.ticks = scale.numbered(&values, step);
        scale
    }

    /// An axis with a name at 0, 1, 2, …, from the far end to the near one.
    pub(crate) fn rows(names: &[String]) -> Self {
        let mut scale =
            Self { lo: names.len() as f64 - 0.5, hi: -0.5, log: false, ticks: Vec::new(), minor: Vec::new() };
        let tick = |(i, name): (usize, &String)| Tick { at: scale.place(i as f64), label: name.clone() };
        scale.ticks = names.iter().enumerate().map(tick).collect();
        scale
    }

    /// A logarithmic axis over `lo..=hi`, both positive, with about `count` ticks, and room for a line at its ends unless
    /// they are `exact`.
    pub(crate) fn log(lo: f64, hi: f64, count: usize, exact: bool) -> Self {
        let (mut lo, mut hi) = (lo.log10(), hi.log10());
        // Half a decade for a constant.
        let room = match hi - lo < 1e-9 {
            true => 0.25,
            false if exact => 0.0,
            false => 0.03 * (hi - lo),
        };
        (lo, hi) = (lo - room, hi + room);
        let mut scale = Self { lo, hi, log: true, ticks: Vec::new(), minor: Vec::new() };
        if hi - lo < 0.75 {
            // Too short for powers of ten: round numbers, at their logarithmic places.
            let (low, high) = (10f64.powf(lo), 10f64.powf(hi));
            let step = step(high - low, count);
            scale.ticks = scale.numbered(&multiples(low, high, step), step);
            return scale;
        }
        let stride = step(hi - lo, count).max(1.0).round();
        let powers = multiples((lo / stride).floor() * stride, hi, stride);
        let dense = stride == 1.0 && (hi - lo) * 3.0 <= count as f64 * 1.7;
        let exponents = (lo.floor() as i32, hi.floor() as i32);
        let plain = exponents.0 >= -4 && exponents.1 <= 4;
        for power in powers {
            for mantissa in 1..10 {
                let place = scale.unit_of_log(power + f64::from(mantissa).log10());
                if !(0.0..=1.0).contains(&place) {
                    continue;
                }
                if mantissa == 1 || dense && (mantissa == 2 || mantissa == 5) {
                    let label = number::power(mantissa, power as i32, plain);
                    scale.ticks.push(Tick { at: place, label });
                } else if stride == 1.0 && hi - lo < 6.0 {
                    scale.minor.push(place);
                }
            }
        }
        scale
    }

    /// The place of a value. A logarithmic axis has none for what is not positive: NaN.
    pub(crate) fn place(&self, value: f64) -> f64 {
        if !self.log {
            (value - self.lo) / (self.hi - self.lo)
        } else if value > 0.0 {
            self.unit_of_log(value.log10())
        } else {
            f64::NAN
        }
    }

    /// The value at the low end.
    pub(crate) fn low(&self) -> f64 {
        if self.log { 10f64.powf(self.lo) } else { self.lo }
    }

    /// How much larger the value at the high end is.
    pub(crate) fn span(&self) -> f64 {
        if self.log { 10f64.powf(self.hi) - self.low() } else { self.hi - self.lo }
    }

    /// From end to end, in units or, on a logarithmic axis, in decades.
    pub(crate) fn length(&self) -> f64 {
        self.hi - self.lo
    }

    fn unit_of_log(&self, log: f64) -> f64 {
        (log - self.lo) / (self.hi - self.lo)
    }

    fn numbered(&self, values: &[f64], step: f64) -> Vec<Tick> {
        let labels = number::ticks(values, step);
        values.iter().zip(labels).map(|(&value, label)| Tick { at: self.place(value), label }).collect()
    }
}

/// `lo..=hi`, or some room around a range that is a point, as far as floats can tell.
fn widened(lo: f64, hi: f64) -> (f64, f64) {
    let size = lo.abs().max(hi.abs());
    if hi - lo > size * 1e-12 && hi - lo > 1e-290 {
        (lo, hi)
    } else if size < 1e-280 {
        (lo - 1.0, hi + 1.0)
    } else {
        (lo - 0.1 * size, hi + 0.1 * size)
    }
}

/// The upper end of an axis, in steps: an accuracy of 1.001 is not worth a tick at 1.2.
fn top(hi: f64) -> f64 {
    if hi - (hi + 1e-9).floor() < 0.15 { hi } else { (hi - 1e-9).ceil() }
}

/// The least of 1, 2, 5 × 10ᵏ that cuts `span` into `count` pieces or fewer.
pub(crate) fn step(span: f64, count: usize) -> f64 {
    let raw = span / count.max(1) as f64;
    let power = 10f64.powi(raw.log10().floor() as i32);
    let mantissa = [1.0, 2.0, 5.0].into_iter().find(|m| raw <= m * power * (1.0 + 1e-9));
    mantissa.unwrap_or(10.0) * power
}

/// The multiples of `step` in `lo..=hi`; never more than a few hundred.
pub(crate) fn multiples(lo: f64, hi: f64, step: f64) -> Vec<f64> {
    let first = (lo / step - 1e-9).ceil();
    let count = (hi / step + 1e-9).floor() - first;
    if !(0.0..500.0).contains(&count) {
        return Vec::new();
    }
    (0..=count as usize).map(|i| (first + i as f64) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn steps_are_1_2_5() {
        for (span, count, expected) in
            [(10.0, 10, 1.0), (10.0, 6, 2.0), (10.0, 3, 5.0), (0.7, 4, 0.2), (9e4, 10, 1e4), (11.0, 1, 20.0)]
        {
            let got = step(span, count);
            assert!((got / expected - 1.0).abs() < 1e-12, "{span} in {count}: {got}");
        }
    }

    #[test]
    fn round_ends_enclose_the_data() {
        let scale = Scale::linear(0.07, 2.31, 5, Ends::Round);
        assert_eq!(labels(&scale), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]);
        assert_eq!((scale.place(0.0), scale.place(2.5)), (0.0, 1.0));
        // Data that ends on a tick needs no further one.
        assert_eq!(labels(&Scale::linear(0.6, 1.0, 4, Ends::Round)), ["0.6", "0.7", "0.8", "0.9", "1.0"]);
        // Nor do data that end just above one.
        assert_eq!(labels(&Scale::linear(0.4, 1.01, 4, Ends::Round)), ["0.4", "0.6", "0.8", "1.0"]);
    }

    #[test]
    fn epochs_are_whole() {
        assert_eq!(labels(&Scale::linear(1.0, 3.0, 10, Ends::Whole)), ["1", "2", "3"]);
        assert_eq!(labels(&Scale::linear(1.0, 3.0, 4, Ends::Exact)), ["1.0", "1.5", "2.0", "2.5", "3.0"]);
        assert_eq!(labels(&Scale::linear(1.0, 1.0, 5, Ends::Whole)), ["1"]);
    }

    #[test]
    fn a_constant_gets_room() {
        for value in [0.0, 3.0, -3.0, 1e-310, 1e200, 1e-200, -1e300] {
            let scale = Scale::linear(value, value, 5, Ends::Round);
            assert!((0.2..=0.8).contains(&scale.place(value)), "{value}: {scale:?}");
            assert!((2..12).contains(&scale.ticks.len()), "{value}: {scale:?}");
        }
        assert!((Scale::log(5.0, 5.0, 5, true).place(5.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn any_range_has_a_few_ticks_on_the_axis() {
        let ends =
            [-1e300, -3e7, -1.0, -1e-9, 0.0, 4e-290, 1e-7, 0.3, 1.0, 1.0 + 1e-13, 17.0, 123456.0, 1e300];
        for (i, &lo) in ends.iter().enumerate() {
            for &hi in &ends[i..] {
                let scale = Scale::linear(lo, hi, 5, Ends::Round);
                assert!((2..12).contains(&scale.ticks.len()), "{lo}..{hi}: {scale:?}");
                assert!(scale.ticks.iter().all(|t| (-1e-9..=1.0 + 1e-9).contains(&t.at)), "{lo}..{hi}");
                if lo > 0.0 {
                    let log = Scale::log(lo, hi, 6, false);
                    assert!((1..16).contains(&log.ticks.len()), "{lo}..{hi}: {log:?}");
                    assert!((0.0..=1.0).contains(&log.place(lo)) && (0.0..=1.0).contains(&log.place(hi)));
                }
            }
        }
    }

    #[test]
    fn logarithmic_ticks() {
        assert_eq!(labels(&Scale::log(0.02, 70.0, 5, false)), ["0.1", "1", "10"]);
        assert_eq!(labels(&Scale::log(0.05, 2.3, 6, false)), ["0.05", "0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(
            labels(&Scale::log(1e-7, 1e-2, 6, false)),
            ["10⁻⁷", "10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²"]
        );
        assert_eq!(labels(&Scale::log(2.0, 5.0, 5, false)), ["2", "3", "4", "5"]);
        assert!(Scale::log(1.0, 10.0, 5, false).place(-1.0).is_nan());
        let exact = Scale::log(0.1, 10.0, 5, true);
        assert_eq!((exact.place(0.1), exact.place(10.0), exact.low()), (0.0, 1.0, 0.1));
    }

    #[test]
    fn rows_go_down() {
        let rows = Scale::rows(&["a".to_owned(), "b".to_owned()]);
        assert_eq!(labels(&rows), ["a", "b"]);
        assert_eq!((rows.place(0.0), rows.place(1.0)), (0.75, 0.25));
    }
}
