//! Decision regions: which class a model chooses for each point of a plane.

use chainrule_tape::{DType, Error, Function, Kind, Params, Result, Tensor, Var};

use crate::Grid;

/// The points in each direction at which a model is asked.
const POINTS: usize = 81;

/// Which class is chosen where: for each class its margin, by how much it is ahead of the best other one.
///
/// ```
/// use chainrule_plot::{Chart, Grid, Region};
///
/// // Two classes, told apart by a circle.
/// let score = Grid::of((-2.0, 2.0), (-2.0, 2.0), (41, 41), |x, y| x * x + y * y - 1.0);
/// let region = Region::binary(&score);
/// assert_eq!((region.classes(), region.class_near(0.0, 0.0), region.class_near(1.5, 1.5)), (2, Some(0), Some(1)));
/// let chart = Chart::new("A circle").equal_axes().regions(&region);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    margins: Vec<Grid>,
}

impl Region {
    /// Two classes: the second is chosen where the score is positive.
    #[must_use]
    pub fn binary(score: &Grid) -> Self {
        Self { margins: vec![score.map(|z| -z), score.clone()] }
    }

    /// The class with the highest of several scores is chosen. All grids have the points of the first.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Region};
    /// let score = |cx: f64| Grid::of((0.0, 1.0), (0.0, 1.0), (5, 5), move |x, _| -(x - cx).abs());
    /// let region = Region::of_scores(&[score(0.0), score(0.5), score(1.0)]);
    /// assert_eq!([0.1, 0.5, 0.9].map(|x| region.class_near(x, 0.5)), [Some(0), Some(1), Some(2)]);
    /// ```
    #[must_use]
    pub fn of_scores(scores: &[Grid]) -> Self {
        let margin = |class: usize| {
            let mut others =
                scores.iter().enumerate().filter(|&(other, _)| other != class).map(|(_, grid)| grid);
            let Some(first) = others.next() else { return scores[class].map(|_| 0.0) };
            let best = others.fold(first.clone(), |best, grid| best.zip(grid, f64::max));
            scores[class].zip(&best, |own, best| own - best)
        };
        Self { margins: (0..scores.len()).map(margin).collect() }
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.margins.len()
    }

    /// By how much each class is ahead of the best other one; negative where it is behind.
    #[must_use]
    pub fn margins(&self) -> &[Grid] {
        &self.margins
    }

    /// The class that is chosen at the grid's point next to (`x`, `y`); none without a class, or where a margin is not finite.
    ///
    /// ```
    /// # use chainrule_plot::{Grid, Region};
    /// let region = Region::binary(&Grid::of((-1.0, 1.0), (0.0, 1.0), (21, 5), |x, _| x.sqrt() - 0.5));
    /// assert_eq!([-0.5, 0.1, 0.9].map(|x| region.class_near(x, 0.5)), [None, Some(0), Some(1)]);
    /// ```
    #[must_use]
    pub fn class_near(&self, x: f64, y: f64) -> Option<usize> {
        let grid = self.margins.first()?;
        let nearest = |values: &[f64], at: f64| {
            (0..values.len()).min_by(|&a, &b| (values[a] - at).abs().total_cmp(&(values[b] - at).abs()))
        };
        let (i, j) = (nearest(grid.xs(), x)?, nearest(grid.ys(), y)?);
        let margins: Vec<f64> = self.margins.iter().map(|margin| margin.at(i, j)).collect();
        let is_known = x.is_finite() && y.is_finite() && margins.iter().all(|margin| margin.is_finite());
        (0..margins.len()).filter(|_| is_known).max_by(|&a, &b| margins[a].total_cmp(&margins[b]))
    }
}

/// The classes that a model chooses in a rectangle of its two-dimensional input, asked at 81 × 81 points.
///
/// `forward` maps inputs `[n, 2]` to scores: `[n, classes]`, of which the highest wins, or `[n]` or `[n, 1]`, where a positive
/// score means the second of two classes, as a logit does. Of a probability, subtract 0.5. Inputs have the dtype of the
/// first trainable parameter, or f32.
///
/// ```
/// use chainrule_plot::{Chart, decision_region};
/// use chainrule_tape::{Kind, Params};
///
/// let mut params = Params::seeded(7);
/// let w = params.add("w", Kind::Trainable, [[2.0f32], [1.0]]);
/// let region = decision_region(&params, |x| x.matmul(x.tape().param(w)) - 0.5, (-1.0, 1.0), (-1.0, 1.0))?;
/// assert_eq!(region.class_near(1.0, 1.0), Some(1));
/// let chart = Chart::new("A line").regions(&region).points("class 0", &[-0.5], &[0.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// # Errors
///
/// A range that has no ends or no width, the model's mistakes, and outputs of another shape or of integers.
pub fn decision_region(
    params: &Params,
    forward: impl for<'t> Fn(Var<'t>) -> Var<'t>,
    x_range: (f64, f64),
    y_range: (f64, f64),
) -> Result<Region> {
    let frame = Grid::of(x_range, y_range, (POINTS, POINTS), |_, _| 0.0);
    if frame.range().is_none() {
        let ((x0, x1), (y0, y1)) = (x_range, y_range);
        return Err(Error::Input(format!(
            "decision_region: x from {x0} to {x1}, y from {y0} to {y1}; the ends are two finite numbers, well apart"
        )));
    }
    let points = frame.ys().iter().flat_map(|&y| frame.xs().iter().flat_map(move |&x| [x, y]));
    let points: Vec<f64> = points.collect();
    let n = points.len() / 2;
    let floats =
        params.iter().find(|(_, kind, tensor)| *kind == Kind::Trainable && tensor.dtype().is_float());
    let dtype = floats.map_or(DType::F32, |(_, _, tensor)| tensor.dtype());
    let inputs = Tensor::from_vec(points, [n, 2])?.cast(dtype);
    let scores = Function::new(|[x]| forward(x)).run(params, [&inputs])?;
    if !scores.dtype().is_float() {
        return Err(Error::Input(format!(
            "decision_region: the model makes {}, but scores are floating-point numbers (without an argmax)",
            scores.dtype()
        )));
    }
    let classes = match scores.shape()[..] {
        [rows] if rows == n => 1,
        [rows, classes] if rows == n && classes > 0 => classes,
        _ => {
            return Err(Error::Input(format!(
                "decision_region: the model makes {} of inputs [{n}, 2]; scores are [{n}], [{n}, 1] or [{n}, classes]",
                scores.shape()
            )));
        }
    };
    let scores = scores.to_f64();
    let grid = |class: usize| {
        let mut values = scores.iter().skip(class).step_by(classes);
        frame.map(|_| values.next().copied().unwrap_or(f64::NAN))
    };
    Ok(match classes {
        1 => Region::binary(&grid(0)),
        _ => Region::of_scores(&(0..classes).map(grid).collect::<Vec<_>>()),
    })
}
