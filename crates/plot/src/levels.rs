//! Which contours to draw, and the numbers on them.

use crate::{Grid, number, scale};

/// The values at which contours are drawn.
///
/// A number is short for [`Linear`](Self::Linear), a list of values for [`At`](Self::At).
///
/// ```
/// use chainrule_plot::Levels;
///
/// assert_eq!(Levels::from(8), Levels::Linear(8));
/// assert_eq!(Levels::from([0.1, 1.0]), Levels::At(vec![0.1, 1.0]));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Levels {
    /// At most so many round values, and never more than 100, that are 1, 2 or 5 × 10ᵏ apart.
    Linear(usize),
    /// At most so many round values in equal ratios, nearly: powers of ten, or a few values within each decade. For
    /// what is steep far out and flat in the middle, such as a loss with narrow valleys. There are none for values that
    /// are not positive.
    Log(usize),
    /// These values. Of more than 100, lines have no numbers.
    At(Vec<f64>),
}

impl From<usize> for Levels {
    fn from(count: usize) -> Self {
        Self::Linear(count)
    }
}

impl From<Vec<f64>> for Levels {
    fn from(values: Vec<f64>) -> Self {
        Self::At(values)
    }
}

impl From<&[f64]> for Levels {
    fn from(values: &[f64]) -> Self {
        Self::At(values.to_vec())
    }
}

impl<const N: usize> From<[f64; N]> for Levels {
    fn from(values: [f64; N]) -> Self {
        Self::At(values.to_vec())
    }
}

/// The most levels of equal distances: more than a picture has room for.
pub(crate) const MOST: usize = 100;

/// The round values in a decade, from few to many.
const DECADES: [&[f64]; 4] = [&[1.0], &[1.0, 3.0], &[1.0, 2.0, 5.0], &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0]];

impl Levels {
    /// The levels for a grid: increasing, and strictly between its least and its greatest value.
    pub(crate) fn of(&self, grid: &Grid) -> Vec<f64> {
        let Some((lo, hi)) = grid.range() else { return Vec::new() };
        let mut levels = match self {
            Self::Linear(count) => linear(lo, hi, *count),
            Self::Log(count) => logarithmic(bottom(grid), hi, *count),
            Self::At(values) => values.clone(),
        };
        levels.retain(|&level| lo < level && level < hi);
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        levels
    }
}

fn linear(lo: f64, hi: f64, count: usize) -> Vec<f64> {
    // As many as fit between the ends.
    let count = count.min(MOST);
    let steps = (1..=count + 1).rev().map(|pieces| scale::step(hi - lo, pieces));
    let mut inside = steps.map(|step| scale::multiples(lo, hi, step));
    let inner = |levels: &Vec<f64>| levels.iter().filter(|&&level| lo < level && level < hi).count() <= count;
    inside.find(inner).unwrap_or_default()
}

fn logarithmic(lo: f64, hi: f64, count: usize) -> Vec<f64> {
    if !(lo > 0.0 && lo < hi) {
        return Vec::new();
    }
    let decades = lo.log10().floor() as i32..=hi.log10().ceil() as i32;
    let values = |stride: i32, mantissas: &[f64]| {
        let powers = decades.clone().filter(|power| power.rem_euclid(stride) == 0);
        let all = powers.flat_map(|power| mantissas.iter().map(move |m| m * 10f64.powi(power)));
        all.filter(|&level| lo < level && level < hi).collect::<Vec<f64>>()
    };
    let dense = DECADES.iter().rev().map(|mantissas| values(1, mantissas));
    let sparse = (2..).map(|stride| values(stride, DECADES[0]));
    let within_a_decade = linear(lo, hi, count);
    let mut choices = dense.chain(sparse.take(200)).filter(|levels| levels.len() <= count);
    let best = choices.next().unwrap_or_default();
    if hi / lo < 10.0 && within_a_decade.len() > best.len() { within_a_decade } else { best }
}

/// Where the logarithmic levels of a grid start: so high that a hundredth of the positive values lies below.
/// The least one may be anything down to rounding errors, where a point of the grid happens to hit a minimum of zero.
fn bottom(grid: &Grid) -> f64 {
    let mut positive: Vec<f64> = grid.finite().filter(|&z| z > 0.0).collect();
    positive.sort_by(f64::total_cmp);
    positive.get(positive.len() / 100).copied().unwrap_or(f64::NAN)
}

/// The numbers on the lines: alike where the levels are evenly spaced, else each as short as it can be.
pub(crate) fn numbers(levels: &[f64]) -> Vec<String> {
    let gaps: Vec<f64> = levels.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let even = gaps.iter().all(|gap| (gap / gaps[0] - 1.0).abs() < 1e-6);
    match gaps.first() {
        Some(&gap) if even && gaps.len() > 1 && is_round(gap) => number::ticks(levels, gap),
        _ => levels.iter().flat_map(|&level| number::ticks(&[level], last_digit(level))).collect(),
    }
}

fn is_round(step: f64) -> bool {
    last_digit(step) * 10.0 > step.abs()
}

/// The power of ten of a value's last digit that is not zero; at most three digits count.
fn last_digit(value: f64) -> f64 {
    if value == 0.0 {
        return 1.0;
    }
    let first = value.abs().log10().floor() as i32;
    let mut units = (0..3).map(|digits| 10f64.powi(first - digits));
    let is_multiple = |unit: &f64| {
        let count = value / unit;
        (count - count.round()).abs() < 1e-6
    };
    units.clone().find(is_multiple).or_else(|| units.next_back()).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rosenbrock() -> Grid {
        let f = |x: f64, y: f64| (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
        Grid::of((-2.0, 2.0), (-1.0, 3.0), (81, 81), f)
    }

    #[test]
    fn linear_levels_are_round_and_inside() {
        let saddle = Grid::of((-1.0, 1.0), (-1.0, 1.0), (21, 21), |x, y| x * x - y * y);
        assert_eq!(Levels::Linear(3).of(&saddle), [-0.5, 0.0, 0.5]);
        assert_eq!(Levels::Linear(4).of(&saddle), [-0.5, 0.0, 0.5]);
        assert_eq!(Levels::Linear(9).of(&saddle).len(), 9);
        assert_eq!(Levels::Linear(0).of(&saddle), [0.0; 0]);
        for count in 1..40 {
            let levels = Levels::Linear(count).of(&rosenbrock());
            assert!(levels.len() <= count && 3 * levels.len() + 1 >= count, "{count}: {levels:?}");
        }
    }

    #[test]
    fn logarithmic_levels_span_the_decades() {
        assert_eq!(Levels::Log(5).of(&rosenbrock()), [1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(Levels::Log(9).of(&rosenbrock()), [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0]);
        for count in 1..30 {
            let levels = Levels::Log(count).of(&rosenbrock());
            assert!((1..=count).contains(&levels.len()), "{count}: {levels:?}");
        }
        assert_eq!(Levels::Log(5).of(&rosenbrock().map(|z| -z)), [0.0; 0]);
        // Less than a decade.
        assert_eq!(Levels::Log(5).of(&Grid::of((2.0, 6.0), (0.0, 1.0), (9, 2), |x, _| x)), [3.0, 4.0, 5.0]);
    }

    #[test]
    fn given_levels_are_sorted_and_inside() {
        let ramp = Grid::of((0.0, 1.0), (0.0, 1.0), (3, 3), |x, _| x);
        assert_eq!(Levels::from([0.5, f64::NAN, 0.0, 0.2, 0.5, 2.0]).of(&ramp), [0.2, 0.5]);
        assert_eq!(Levels::Linear(9).of(&ramp.map(|_| 3.0)), [0.0; 0]);
        assert_eq!(Levels::Linear(9).of(&ramp.map(|_| f64::NAN)), [0.0; 0]);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(numbers(&[-0.5, 0.0, 0.5]), ["−0.5", "0.0", "0.5"]);
        assert_eq!(numbers(&[0.1, 0.3, 1.0, 30.0, 2500.0]), ["0.1", "0.3", "1", "30", "2500"]);
        assert_eq!(numbers(&[0.25, 0.5]), ["0.25", "0.5"]);
        assert_eq!(numbers(&[1.0 / 3.0]), ["0.333"]);
        assert_eq!(numbers(&[1e-5, 1e5, 0.0]), ["1×10⁻⁵", "100k", "0"]);
        assert_eq!(numbers(&[]), [""; 0]);
    }
}
