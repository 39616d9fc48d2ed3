//! An optimizer goes down a loss of two weights, and every place on its way is kept.

use chainrule::optim::{Optimizer, Transform};
use chainrule::plot::Grid;
use chainrule::prelude::*;
use chainrule::vmap;
use std::error::Error;

/// Weights beyond this size have left for good.
const FAR: f64 = 1e6;

/// The places that an optimizer went through, one for each step, the start first, and the loss at each.
#[derive(Clone, Debug, Default)]
pub struct Path {
    pub places: Vec<[f64; 2]>,
    pub losses: Vec<f64>,
}

/// Minimizes `loss`, a function of two weights (a `Var` of shape `[2]`), in so many steps. A path that leaves for infinity
/// ends there.
///
/// The places are those at which gradients are taken: for Nesterov's method, the ones ahead.
///
/// # Errors
/// Mistakes in the loss; settings of the optimizer that are out of range.
pub fn descend<R: Transform + 'static>(
    loss: impl for<'t> Fn(Var<'t>) -> Var<'t>,
    optimizer: Optimizer<R>,
    start: [f64; 2],
    steps: usize,
) -> chainrule::Result<Path> {
    descend_watching(loss, optimizer, start, steps, |_| Ok(()))
}

/// [`descend`], and shows the params to `watch` after each step: what an optimizer remembers is there, by its name.
///
/// # Errors
/// As [`descend`], and those of `watch`.
pub fn descend_watching<R: Transform + 'static>(
    loss: impl for<'t> Fn(Var<'t>) -> Var<'t>,
    optimizer: Optimizer<R>,
    start: [f64; 2],
    steps: usize,
    mut watch: impl FnMut(&Params) -> chainrule::Result<()>,
) -> chainrule::Result<Path> {
    let mut params = Params::seeded(0);
    let w = params.root().param("w", Tensor::from(start));
    // The loss has no data; its one input only carries the tape.
    let nothing = Tensor::from(0.0);
    let mut step = TrainStep::new(optimizer, |[x]| loss(x.tape().param(w)));
    let mut path = Path::default();
    for _ in 0..steps {
        let place = place(&params, w)?;
        if place.iter().any(|w| !(..FAR).contains(&w.abs())) {
            return Ok(path);
        }
        path.places.push(place);
        path.losses.push(step.run(&mut params, [&nothing])?);
        watch(&params)?;
    }
    path.places.push(place(&params, w)?);
    path.losses.push(step.loss(&params, [&nothing])?);
    Ok(path)
}

/// The two weights as numbers.
pub fn place(params: &Params, w: ParamId) -> chainrule::Result<[f64; 2]> {
    let w = params.tensor(w).as_slice::<f64>()?;
    Ok([w[0], w[1]])
}

/// The values of `loss` at many places, in one run: recorded for one place, batched by `vmap`.
///
/// # Errors
/// Mistakes in the loss.
pub fn losses_at(
    loss: impl for<'t> Fn(Var<'t>) -> Var<'t>,
    places: &[[f64; 2]],
) -> chainrule::Result<Vec<f64>> {
    let tape = Tape::new();
    let places = Tensor::from_vec(places.concat(), [places.len(), 2])?;
    Ok(vmap(loss, tape.var(places)).value()?.to_f64())
}

/// The values of `loss` over a rectangle, at 81 × 81 places: what its contours are drawn from.
///
/// # Errors
/// Mistakes in the loss; a rectangle without area.
pub fn grid(
    loss: impl for<'t> Fn(Var<'t>) -> Var<'t>,
    x_range: (f64, f64),
    y_range: (f64, f64),
) -> Result<Grid, Box<dyn Error>> {
    let places = Grid::of(x_range, y_range, (81, 81), |_, _| 0.0);
    let (xs, ys) = (places.xs().to_vec(), places.ys().to_vec());
    let places: Vec<[f64; 2]> = ys.iter().flat_map(|&y| xs.iter().map(move |&x| [x, y])).collect();
    Ok(Grid::new(xs, ys, losses_at(loss, &places)?)?)
}

/// The value after this step; NaN where there is none, as after the end of a path that left.
pub fn at(values: &[f64], step: usize) -> f64 {
    values.get(step).copied().unwrap_or(f64::NAN)
}

/// How far apart two places are.
pub fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

impl Path {
    /// The first weight along the path.
    pub fn xs(&self) -> Vec<f64> {
        self.places.iter().map(|place| place[0]).collect()
    }

    /// The second weight along the path.
    pub fn ys(&self) -> Vec<f64> {
        self.places.iter().map(|place| place[1]).collect()
    }

    /// One weight, 0 or 1, after each of the first steps; NaN once the path has ended.
    pub fn weight(&self, axis: usize, steps: usize) -> Vec<f64> {
        (0..=steps).map(|step| self.places.get(step).map_or(f64::NAN, |place| place[axis])).collect()
    }

    /// The path up to this step.
    pub fn until(&self, step: usize) -> Path {
        let end = step.saturating_add(1);
        let first = |values: &[f64]| values.iter().take(end).copied().collect();
        Path { places: self.places.iter().take(end).copied().collect(), losses: first(&self.losses) }
    }

    /// About a hundred and fifty places of the path, close together where it begins: enough to draw it.
    pub fn thinned(&self) -> Path {
        let last = self.places.len().saturating_sub(1);
        let mut path = Path::default();
        let mut next = 0;
        for (step, &place) in self.places.iter().enumerate() {
            if step == next || step == last {
                path.places.push(place);
                path.losses.extend(self.losses.get(step));
                next = step + 1 + step / 20;
            }
        }
        path
    }

    /// The distance to the nearest of these places, after each step.
    pub fn distances(&self, minima: &[[f64; 2]]) -> Vec<f64> {
        let nearest = |&place: &[f64; 2]| {
            minima.iter().map(|&minimum| distance(place, minimum)).fold(f64::INFINITY, f64::min)
        };
        self.places.iter().map(nearest).collect()
    }

    /// The first step after which the path stays within `within` of one of these places, until its end; `None` if it does
    /// not arrive in time to be seen staying for `stay` steps.
    pub fn arrives(&self, minima: &[[f64; 2]], within: f64, stay: usize) -> Option<usize> {
        let distances = self.distances(minima);
        let outside = distances.iter().rposition(|&distance| !(..=within).contains(&distance));
        let first = outside.map_or(0, |last| last + 1);
        (first + stay < distances.len()).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bowl(w: Var<'_>) -> Var<'_> {
        (w - 1.0).square().sum(..)
    }

    #[test]
    fn a_path_begins_at_the_start_and_halves_the_distance() -> chainrule::Result<()> {
        let path = descend(bowl, optim::sgd(0.25), [3.0, 1.0], 4)?;
        assert_eq!(path.xs(), [3.0, 2.0, 1.5, 1.25, 1.125]);
        assert_eq!(path.losses, [4.0, 1.0, 0.25, 0.0625, 0.015625]);
        assert_eq!(path.arrives(&[[1.0, 1.0]], 0.5, 2), Some(2));
        assert_eq!(path.arrives(&[[1.0, 1.0]], 0.5, 3), None);
        assert_eq!(path.until(1).places, [[3.0, 1.0], [2.0, 1.0]]);
        assert_eq!(losses_at(bowl, &path.places)?, path.losses);
        Ok(())
    }

    #[test]
    fn a_path_that_leaves_ends_and_never_arrives() -> chainrule::Result<()> {
        let path = descend(bowl, optim::sgd(2.0), [3.0, 1.0], 100)?;
        assert!(path.places.len() < 100);
        assert_eq!(path.arrives(&[[1.0, 1.0]], 0.5, 0), None);
        Ok(())
    }
}
