//! Sets of numbers: intervals with open and closed ends, and unions of them.

use crate::words::numbers;
use std::fmt;

/// The numbers from `low` to `high`; an end belongs to it if it is closed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
    pub low_closed: bool,
    pub high_closed: bool,
}

/// Intervals that do not touch, in order.
#[derive(Clone, PartialEq, Debug)]
pub struct Union(pub Vec<Interval>);

impl Union {
    /// The union of intervals, of which those that overlap or touch (as far as a table shows) become one.
    pub fn of(mut all: Vec<Interval>) -> Union {
        const TOUCH: f64 = 1e-8;
        all.sort_by(|a, b| a.low.total_cmp(&b.low).then(b.low_closed.cmp(&a.low_closed)));
        let mut union: Vec<Interval> = Vec::new();
        for next in all {
            let Some(last) = union.last_mut() else {
                union.push(next);
                continue;
            };
            if next.low < last.high
                || (next.low <= last.high + TOUCH && (next.low_closed || last.high_closed))
            {
                if next.high > last.high {
                    (last.high, last.high_closed) = (next.high, next.high_closed);
                } else if next.high == last.high {
                    last.high_closed |= next.high_closed;
                }
            } else {
                union.push(next);
            }
        }
        Union(union)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.low == self.high {
            return write!(f, "{{{}}}", number(self.low));
        }
        let (open, close) =
            (if self.low_closed { '[' } else { '(' }, if self.high_closed { ']' } else { ')' });
        write!(f, "{open}{}, {}{close}", number(self.low), number(self.high))
    }
}

impl fmt::Display for Union {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, interval) in self.0.iter().enumerate() {
            write!(f, "{}{interval}", if i > 0 { " ∪ " } else { "" })?;
        }
        Ok(())
    }
}

/// A number with at most four decimals, for a table.
pub fn number(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    if value != 0.0 && value.abs() < 5e-5 {
        return numbers(&format!("{value:.0e}"));
    }
    let text = format!("{value:.4}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_owned() } else { short.replace('-', "−") }
}

#[cfg(test)]
mod tests {
    use super::{Interval, Union, number};

    fn interval(low: f64, high: f64, low_closed: bool, high_closed: bool) -> Interval {
        Interval { low, high, low_closed, high_closed }
    }

    #[test]
    fn intervals_that_touch_become_one() {
        let (open, point) = (interval(0.0, 1.0, false, false), interval(1.0, 1.0, true, true));
        assert_eq!(Union::of(vec![point, open]).to_string(), "(0, 1]");
        let beyond = interval(1.0, f64::INFINITY, false, false);
        assert_eq!(Union::of(vec![beyond, open]).to_string(), "(0, 1) ∪ (1, ∞)");
        assert_eq!(Union::of(vec![beyond, point, open]).to_string(), "(0, ∞)");
        let inner = interval(0.25, 0.5, true, true);
        assert_eq!(Union::of(vec![inner, open]).to_string(), "(0, 1)");
        let steps = [0.0, 1.0].map(|y| interval(y, y, true, true));
        assert_eq!(Union::of(steps.to_vec()).to_string(), "{0} ∪ {1}");
    }

    #[test]
    fn numbers_are_short() {
        let cases = [(0.25, "0.25"), (-0.278_464, "−0.2785"), (-0.0, "0"), (6.0, "6"), (-2e-16, "−2·10⁻¹⁶")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }
}
