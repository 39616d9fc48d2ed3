//! A function of two variables as numbers: what contours and surfaces are drawn from.

use crate::PlotError;
use crate::scale::HUGE;

/// Values `z` at the points of a rectangular grid over `x` and `y`.
///
/// A value that is NaN or infinite is a hole: a picture leaves a gap around it.
///
/// ```
/// use chainrule_plot::Grid;
///
/// let saddle = Grid::of((-1.0, 1.0), (-2.0, 2.0), (3, 5), |x, y| x * x - y * y);
/// assert_eq!(saddle.xs(), [-1.0, 0.0, 1.0]);
/// assert_eq!(saddle.at(0, 4), 1.0 - 4.0);
/// assert_eq!(saddle.range(), Some((-4.0, 1.0)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    xs: Vec<f64>,
    ys: Vec<f64>,
    /// Row by row: one row for each `y`, from the first to the last.
    values: Vec<f64>,
}

impl Grid {
    /// `f(x, y)` at `count.0` by `count.1` evenly spaced points, at least 2 in each direction, ends included.
    ///
    /// The ends of a range may come in either order. A range that is empty or not finite makes a grid without
    /// points, and pictures of it say that there is nothing to draw.
    ///
    /// ```
    /// # use chainrule_plot::Grid;
    /// let bowl = Grid::of((-2.0, 2.0), (-2.0, 2.0), (41, 41), |x, y| x * x + 10.0 * y * y);
    /// assert_eq!(bowl.range(), Some((0.0, 44.0)));
    /// assert_eq!(Grid::of((1.0, 1.0), (0.0, 1.0), (9, 9), |_, _| 0.0).range(), None);
    /// ```
    #[must_use]
    pub fn of(
        x_range: (f64, f64),
        y_range: (f64, f64),
        count: (usize, usize),
        mut f: impl FnMut(f64, f64) -> f64,
    ) -> Self {
        let grid = Self::try_of(x_range, y_range, count, |x, y| Ok::<_, std::convert::Infallible>(f(x, y)));
        grid.unwrap_or_else(|never| match never {})
    }

    /// [`of`](Self::of) for a function that can fail, row by row.
    ///
    /// ```
    /// # use chainrule_plot::Grid;
    /// let root = |x: f64, _| if x < 0.0 { Err("negative") } else { Ok(x.sqrt()) };
    /// assert!(Grid::try_of((0.0, 4.0), (0.0, 1.0), (5, 2), root).is_ok());
    /// assert_eq!(Grid::try_of((-1.0, 1.0), (0.0, 1.0), (5, 2), root), Err("negative"));
    /// ```
    ///
    /// # Errors
    ///
    /// The first error of `f`.
    pub fn try_of<E>(
        x_range: (f64, f64),
        y_range: (f64, f64),
        count: (usize, usize),
        mut f: impl FnMut(f64, f64) -> Result<f64, E>,
    ) -> Result<Self, E> {
        let (xs, ys) = (spaced(x_range, count.0), spaced(y_range, count.1));
        let mut values = Vec::with_capacity(xs.len() * ys.len());
        for &y in &ys {
            for &x in &xs {
                values.push(f(x, y)?);
            }
        }
        Ok(Self { xs, ys, values })
    }

    /// A grid of known values: `values` row by row, one row for each of `ys`, one value for each of `xs`.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, PlotError};
    /// let grid = Grid::new(vec![0.0, 1.0, 10.0], vec![0.0, 1.0], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
    /// assert_eq!(grid.at(2, 0), 3.0);
    /// let error = Grid::new(vec![0.0, 1.0], vec![0.0, 0.0], vec![1.0; 4]).unwrap_err();
    /// assert_eq!(error.to_string(), "y[1] of the grid is 0, which is not a finite number above y[0]");
    /// # Ok::<(), PlotError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PlotError::GridSize`] if an axis has fewer than two values, [`PlotError::GridAxis`] if they are not finite
    /// and strictly increasing, [`PlotError::GridValues`] if the number of values is not that of the points.
    pub fn new(xs: Vec<f64>, ys: Vec<f64>, values: Vec<f64>) -> Result<Self, PlotError> {
        check_axis('x', &xs)?;
        check_axis('y', &ys)?;
        if values.len() != xs.len() * ys.len() {
            return Err(PlotError::GridValues { columns: xs.len(), rows: ys.len(), values: values.len() });
        }
        Ok(Self { xs, ys, values })
    }

    /// The columns' `x`, increasing.
    ///
    /// ```
    /// # use chainrule_plot::Grid;
    /// assert_eq!(Grid::of((4.0, 0.0), (0.0, 1.0), (3, 2), |x, _| x).xs(), [0.0, 2.0, 4.0]);
    /// ```
    #[must_use]
    pub fn xs(&self) -> &[f64] {
        &self.xs
    }

    /// The rows' `y`, increasing.
    ///
    /// ```
    /// # use chainrule_plot::Grid;
    /// assert_eq!(Grid::of((0.0, 1.0), (0.0, 4.0), (2, 3), |_, y| y).ys(), [0.0, 2.0, 4.0]);
    /// ```
    #[must_use]
    pub fn ys(&self) -> &[f64] {
        &self.ys
    }

    /// The value at `xs()[i]` and `ys()[j]`; NaN outside the grid.
    ///
    /// ```
    /// # use chainrule_plot::Grid;
    /// let grid = Grid::of((0.0, 2.0), (0.0, 1.0), (3, 2), |x, y| 10.0 * y + x);
    /// assert_eq!(grid.at(2, 1), 12.0);
    /// assert!(grid.at(3, 0).is_nan() && grid.at(0, 2).is_nan());
    /// ```
    #[must_use]
    pub fn at(&self, i: usize, j: usize) -> f64 {
        let inside = i < self.xs.len() && j < self.ys.len();
        if inside { self.values[j * self.xs.len() + i] } else { f64::NAN }
    }

    /// The least and the greatest finite value; `None` if there is no finite one.
    ///
    /// ```
    /// # use chainrule_plot::Grid;
    /// let logs = Grid::of((0.0, 2.0), (0.0, 1.0), (3, 2), |x, _| x.log2());
    /// assert_eq!(logs.range(), Some((0.0, 1.0)));
    /// assert_eq!(logs.map(|_| f64::NAN).range(), None);
    /// ```
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        let finite = self.finite().map(|z| (z, z));
        finite.reduce(|range, z| (range.0.min(z.0), range.1.max(z.1)))
    }

    /// The grid with `f(z)` for each value `z`: the logarithm of a loss, say.
    ///
    /// ```
    /// # use chainrule_plot::Grid;
    /// let loss = Grid::of((1.0, 3.0), (0.0, 1.0), (3, 2), |x, _| x);
    /// assert_eq!(loss.map(|z| z * z).range(), Some((1.0, 9.0)));
    /// ```
    #[must_use]
    pub fn map(&self, f: impl FnMut(f64) -> f64) -> Self {
        let values = self.values.iter().copied().map(f).collect();
        Self { xs: self.xs.clone(), ys: self.ys.clone(), values }
    }

    /// Each value with that of another grid at the same place; a hole where the other grid has no such place.
    ///
    /// ```
    /// # use chainrule_plot::Grid;
    /// let x = Grid::of((0.0, 2.0), (0.0, 1.0), (3, 2), |x, _| x);
    /// assert_eq!(x.zip(&x.map(|x| -x), f64::max), x);
    /// ```
    #[must_use]
    pub fn zip(&self, other: &Self, mut f: impl FnMut(f64, f64) -> f64) -> Self {
        let others = other.values.iter().copied().chain(std::iter::repeat(f64::NAN));
        let values = self.values.iter().zip(others).map(|(&a, b)| f(a, b)).collect();
        Self { xs: self.xs.clone(), ys: self.ys.clone(), values }
    }

    /// The columns and rows whose `x` and `y` are asked for.
    pub(crate) fn part(&self, x: impl Fn(f64) -> bool, y: impl Fn(f64) -> bool) -> Self {
        let kept =
            |axis: &[f64], is: &dyn Fn(f64) -> bool| (0..axis.len()).filter(|&i| is(axis[i])).collect();
        let (columns, rows): (Vec<usize>, Vec<usize>) = (kept(&self.xs, &x), kept(&self.ys, &y));
        Self {
            xs: columns.iter().map(|&i| self.xs[i]).collect(),
            ys: rows.iter().map(|&j| self.ys[j]).collect(),
            values: rows.iter().flat_map(|&j| columns.iter().map(move |&i| self.at(i, j))).collect(),
        }
    }

    /// The values that are not holes, row by row.
    pub(crate) fn finite(&self) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().copied().filter(|z| z.abs() <= HUGE)
    }

    /// The values at the corners of a cell, counter-clockwise from the lowest `x` and `y`; `None` if one is a
    /// hole, or the cell is not in the grid.
    pub(crate) fn cell(&self, i: usize, j: usize) -> Option<[f64; 4]> {
        let corners = [self.at(i, j), self.at(i + 1, j), self.at(i + 1, j + 1), self.at(i, j + 1)];
        corners.iter().all(|z| z.abs() <= HUGE).then_some(corners)
    }
}

/// `count` values from the lower to the higher end, both exact; none if floats cannot tell them apart.
fn spaced((from, to): (f64, f64), count: usize) -> Vec<f64> {
    let (lo, hi) = (from.min(to), from.max(to));
    let steps = count.max(2) - 1;
    let share = |i: usize| i as f64 / steps as f64;
    let values: Vec<f64> = (0..=steps).map(|i| lo * (1.0 - share(i)) + hi * share(i)).collect();
    if from.is_finite() && to.is_finite() && check_axis('x', &values).is_ok() { values } else { Vec::new() }
}

fn check_axis(axis: char, values: &[f64]) -> Result<(), PlotError> {
    if values.len() < 2 {
        return Err(PlotError::GridSize { axis, values: values.len() });
    }
    let bad = (0..values.len()).find(|&i| !values[i].is_finite() || i > 0 && values[i] <= values[i - 1]);
    bad.map_or(Ok(()), |index| Err(PlotError::GridAxis { axis, index, value: values[index] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_exact_and_values_are_row_by_row() {
        let grid = Grid::of((0.1, 0.7), (-1e3, 1e-3), (7, 4), |x, y| x + 100.0 * y);
        assert_eq!((grid.xs()[0], grid.xs()[6], grid.ys()[0], grid.ys()[3]), (0.1, 0.7, -1e3, 1e-3));
        for (j, &y) in grid.ys().iter().enumerate() {
            for (i, &x) in grid.xs().iter().enumerate() {
                assert_eq!(grid.at(i, j), x + 100.0 * y);
            }
        }
        let same = Grid::new(grid.xs().to_vec(), grid.ys().to_vec(), grid.finite().collect());
        assert_eq!(same.ok(), Some(grid));
    }

    #[test]
    fn a_range_without_points_makes_an_empty_grid() {
        for range in [(1.0, 1.0), (0.0, f64::NAN), (f64::NAN, 0.0), (f64::NEG_INFINITY, 0.0)] {
            let grid = Grid::of(range, (0.0, 1.0), (3, 3), |_, _| 1.0);
            assert_eq!((grid.xs().len(), grid.range()), (0, None), "{range:?}");
        }
        assert_eq!(Grid::of((0.0, 1.0), (0.0, 1.0), (0, 1), |_, _| 1.0).finite().count(), 4);
        assert_eq!(Grid::of((-1e308, 1e308), (0.0, 1.0), (3, 2), |x, _| x).xs(), [-1e308, 0.0, 1e308]);
    }

    #[test]
    fn holes_are_not_values() {
        let values = vec![1.0, f64::NAN, f64::INFINITY, -2.0, 3.0, 4.0];
        let grid = Grid::new(vec![0.0, 1.0, 2.0], vec![0.0, 1.0], values);
        let grid = grid.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(grid.range(), Some((-2.0, 4.0)));
        assert_eq!((grid.cell(0, 0), grid.cell(2, 0)), (None, None));
    }

    #[test]
    fn a_part_keeps_what_is_asked_for() {
        let grid = Grid::of((-1.0, 1.0), (0.0, 3.0), (3, 4), |x, y| 10.0 * x + y);
        let part = grid.part(|x| x > -0.5, |y| y > 1.5);
        assert_eq!((part.xs(), part.ys()), (&[0.0, 1.0][..], &[2.0, 3.0][..]));
        assert_eq!(part.values, [2.0, 12.0, 3.0, 13.0]);
        assert_eq!((grid.part(|_| true, |_| true), grid.part(|_| false, |_| true).range()), (grid, None));
    }

    #[test]
    fn mistakes_are_named() {
        let message = |xs: &[f64], ys: &[f64], n| match Grid::new(xs.to_vec(), ys.to_vec(), vec![0.0; n]) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        let cases = [
            (message(&[0.0], &[0.0, 1.0], 2), "the grid has 1 values of x, but needs at least 2"),
            (
                message(&[f64::NAN, 1.0], &[0.0, 1.0], 4),
                "x[0] of the grid is NaN, which is not a finite number",
            ),
            (
                message(&[0.0, 1.0], &[0.0, 2.0, 1.0], 6),
                "y[2] of the grid is 1, which is not a finite number above y[1]",
            ),
            (
                message(&[0.0, 1.0], &[0.0, 1.0, 2.0], 5),
                "a grid of 2 x 3 points needs one value for each, but got 5",
            ),
        ];
        for (got, expected) in cases {
            assert_eq!(got, expected);
        }
    }
}
