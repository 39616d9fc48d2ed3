//! A loss as a function of two directions among all weights.

use chainrule_tape::{Error, Kind, Params, Result, Tensor};
use rand::{Rng, RngExt};

use crate::Grid;

/// The loss around trained parameters, on the plane that two directions span: `loss(params + a·d₀ + b·d₁)` for `a` and `b` from
/// `-reach` to `reach`, at `points` × `points` places, at least 2 × 2. What `loss` returns is drawn as it is; an `Err` ends it.
///
/// A direction has a tensor for each trainable parameter, under its name: Hessian eigenvectors, the difference of two sets
/// of parameters, or [`random_direction`]s. All other tensors stay as they are.
///
/// ```
/// use chainrule_plot::{Chart, landscape, random_direction};
/// use chainrule_tape::{Function, Kind, Params, Tensor};
///
/// let mut params = Params::seeded(7);
/// let w = params.add("w", Kind::Trainable, [3.0, -1.0]);
/// let x = Tensor::from([1.0, 2.0]);
/// let mut loss = Function::new(|[x]| (x * x.tape().param(w)).square().sum(..));
/// let directions = [random_direction(&params, 1), random_direction(&params, 2)];
/// let grid = landscape(&params, [&directions[0], &directions[1]], 1.0, 21, |params| loss.run(params, [&x])?.item())?;
/// assert_eq!(grid.at(10, 10), 9.0 + 4.0);
/// let chart = Chart::new("Loss").filled_contours(&grid, 10);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// # Errors
///
/// A `reach` that is not positive and finite, a direction without a tensor for a trainable parameter, or with one of another
/// shape, and what `loss` returns.
///
/// Source: Goodfellow, Vinyals and Saxe, "Qualitatively characterizing neural network optimization problems", 2015; Li, Xu,
/// Taylor, Studer and Goldstein, "Visualizing the loss landscape of neural nets", 2018.
pub fn landscape(
    params: &Params,
    directions: [&Params; 2],
    reach: f64,
    points: usize,
    mut loss: impl FnMut(&Params) -> Result<f64>,
) -> Result<Grid> {
    if !(reach > 0.0 && reach.is_finite()) {
        return Err(Error::Input(format!(
            "landscape: the reach is {reach}, but has to be positive and finite"
        )));
    }
    let mut moved = params.clone();
    let mut steps = Vec::new();
    for (name, kind, tensor) in params.iter() {
        if kind != Kind::Trainable {
            continue;
        }
        let step = |direction: &Params| match direction.get(name) {
            Some(step) if step.shape() == tensor.shape() => Ok(step.to_f64()),
            Some(step) => Err(Error::Params(format!(
                "landscape: the direction's `{name}` is {}, but the parameter is {}",
                step.shape(),
                tensor.shape()
            ))),
            None => Err(Error::Params(format!("landscape: the direction has no `{name}`"))),
        };
        steps.push((name, tensor, tensor.to_f64(), step(directions[0])?, step(directions[1])?));
    }
    Grid::try_of((-reach, reach), (-reach, reach), (points, points), |a, b| {
        for (name, tensor, start, first, second) in &steps {
            let values =
                start.iter().zip(first).zip(second).map(|((&w, &d), &e)| w + a * d + b * e).collect();
            moved.set(name, Tensor::from_vec(values, tensor.shape().clone())?.cast(tensor.dtype()))?;
        }
        loss(&moved)
    })
}

/// A random direction for [`landscape`]: each row of a matrix (a unit's weights, a convolution's filter) is as long as the
/// parameter's own row, so that layers of different scales are moved alike ("filter normalization"). Vectors (biases, scales)
/// stay as they are.
///
/// ```
/// use chainrule_plot::random_direction;
/// use chainrule_tape::{Kind, Params};
///
/// let mut params = Params::seeded(7);
/// params.add("weight", Kind::Trainable, [[3.0, 4.0], [0.0, 0.1]]);
/// params.add("bias", Kind::Trainable, [1.0, 1.0]);
/// let direction = random_direction(&params, 1);
/// let rows = direction.get("weight").unwrap().to_f64();
/// assert!((rows[0].hypot(rows[1]) - 5.0).abs() < 1e-12 && (rows[2].hypot(rows[3]) - 0.1).abs() < 1e-12);
/// assert_eq!(direction.get("bias").unwrap().to_f64(), [0.0, 0.0]);
/// ```
///
/// Source: Li, Xu, Taylor, Studer and Goldstein, "Visualizing the loss landscape of neural nets", 2018, section 4.
#[must_use]
pub fn random_direction(params: &Params, seed: u64) -> Params {
    let mut direction = Params::seeded(seed);
    for (name, _, tensor) in params.iter().filter(|(_, kind, _)| *kind == Kind::Trainable) {
        let own = tensor.to_f64();
        let values = match tensor.shape()[..] {
            [] | [_] => vec![0.0; own.len()],
            [rows, ..] => {
                let mut rng = direction.root().rng(name);
                let drawn: Vec<f64> = own.iter().map(|_| normal(&mut rng)).collect();
                let row = own.len() / rows.max(1);
                let length = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>().sqrt();
                let scaled = |(own, drawn): (&[f64], &[f64])| {
                    let factor = length(own) / length(drawn).max(f64::MIN_POSITIVE);
                    drawn.iter().map(|v| v * factor).collect::<Vec<f64>>()
                };
                own.chunks(row.max(1)).zip(drawn.chunks(row.max(1))).flat_map(scaled).collect()
            }
        };
        if let Ok(tensor) = Tensor::from_vec(values, tensor.shape().clone()) {
            direction.add(name, Kind::Trainable, tensor);
        }
    }
    direction
}

/// A number from the standard normal distribution (Box and Muller, 1958).
fn normal(rng: &mut impl Rng) -> f64 {
    let (radius, angle) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}
