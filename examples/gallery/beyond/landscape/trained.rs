//! A network that has learned digits, and its loss around the weights it has come to.

use super::power::{self, Eigen};
use chainrule::plot::{Grid, landscape};
use chainrule::prelude::*;
use chainrule::{hvp, optim};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::error::Error;

pub const IMAGES: usize = 500;
pub const HIDDEN: usize = 8;
/// Steps of Adam, each on all images.
pub const STEPS: usize = 500;
pub const RATE: f64 = 0.01;
/// The step of second differences.
pub const SMALL: f64 = 1e-3;
/// The most products with the Hessian for an eigenvector.
const PRODUCTS: usize = 2000;

/// A trained network `64 → 8 → 10`.
pub struct Trained {
    pub params: Params,
    /// The weights and biases of both layers.
    ids: [ParamId; 4],
    x: Tensor,
    labels: Tensor,
}

/// The cross-entropy as a function of weights and biases.
fn loss<'t>([w1, b1, w2, b2]: [Var<'t>; 4], x: Var<'t>, labels: Var<'t>) -> Var<'t> {
    let hidden = (x.matmul(w1.t()) + b1).tanh();
    (hidden.matmul(w2.t()) + b2).cross_entropy(labels)
}

impl Trained {
    pub fn new(seed: u64) -> Result<Trained, Box<dyn Error>> {
        let data = data::digits().shuffle(seed).take(&Vec::from_iter(0..IMAGES))?.scale(1.0 / 16.0);
        let (x, labels) = (data.inputs().cast(DType::F64), data.labels().clone());
        let mut params = Params::seeded(seed).with_dtype(DType::F64);
        Linear::new(&mut params.root().sub("hidden"), 64, HIDDEN);
        Linear::new(&mut params.root().sub("out"), HIDDEN, 10);
        let ids: Vec<ParamId> = params.ids().collect();
        let ids =
            <[ParamId; 4]>::try_from(ids).map_err(|ids| format!("{} tensors instead of 4", ids.len()))?;
        let mut step = TrainStep::new(optim::adam(RATE), |[x, labels]| {
            loss(ids.map(|id| x.tape().param(id)), x, labels)
        });
        for _ in 0..STEPS {
            step.run(&mut params, [&x, &labels])?;
        }
        Ok(Trained { params: params.without_optimizer()?, ids, x, labels })
    }

    /// All weights and biases, or a direction among them, as one vector.
    pub fn flat(params: &Params) -> Vec<f64> {
        params.iter().flat_map(|(_, _, tensor)| tensor.to_f64()).collect()
    }

    /// The other way round.
    pub fn shaped(&self, mut flat: &[f64]) -> chainrule::Result<Params> {
        let mut shaped = self.params.clone();
        for (name, _, tensor) in self.params.iter() {
            let (own, rest) = flat.split_at(tensor.numel());
            shaped.set(name, Tensor::from_vec(own.to_vec(), tensor.shape().clone())?)?;
            flat = rest;
        }
        Ok(shaped)
    }

    /// The product of the loss's Hessian with a vector.
    pub fn product<'f>(&'f self) -> impl FnMut(&[f64]) -> chainrule::Result<Vec<f64>> + 'f {
        let mut products = Function::several(|[x, labels, v1, v2, v3, v4]| {
            let weights = self.ids.map(|id| x.tape().param(id));
            hvp(|weights| loss(weights, x, labels), weights, [v1, v2, v3, v4]).to_vec()
        });
        move |v| {
            let v = self.shaped(v)?;
            let [v1, v2, v3, v4] = self.ids.map(|id| v.tensor(id));
            let parts = products.run_all(&self.params, [&self.x, &self.labels, v1, v2, v3, v4])?;
            Ok(parts.iter().flat_map(|part| part.to_f64()).collect())
        }
    }

    /// The two eigenvalues of the Hessian of the largest size.
    pub fn leading(&self, seed: u64) -> chainrule::Result<[Eigen; 2]> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut start = || (0..self.params.trainable_count()).map(|_| rng.random::<f64>() - 0.5).collect();
        let mut product = self.product();
        let first = [power::next(&[], start(), PRODUCTS, &mut product)?];
        let second = power::next(&first, start(), PRODUCTS, &mut product)?;
        let [first] = first;
        Ok([first, second])
    }

    /// The mean curvature over all directions: the Hessian's trace, over the number of weights.
    pub fn mean_curvature(&self) -> chainrule::Result<f64> {
        let n = self.params.trainable_count();
        let mut product = self.product();
        let diagonal = (0..n).map(|i| {
            let axis: Vec<f64> = (0..n).map(|j| f64::from(u8::from(i == j))).collect();
            Ok(product(&axis)?[i])
        });
        Ok(diagonal.sum::<chainrule::Result<f64>>()? / n as f64)
    }
}

/// The loss on the plane of two directions of length 1.
pub struct Plane<'a> {
    pub trained: &'a Trained,
    pub directions: [Params; 2],
}

impl Plane<'_> {
    pub fn grid(&self, reach: f64, points: usize) -> chainrule::Result<Grid> {
        let Trained { params, ids, x, labels } = self.trained;
        let mut losses = Function::new(|[x, labels]| loss(ids.map(|id| x.tape().param(id)), x, labels));
        let [first, second] = &self.directions;
        landscape(params, [first, second], reach, points, |params| losses.run(params, [x, labels])?.item())
    }

    /// The second differences at the trained weights: along the first direction, along the second, and of both.
    pub fn curvatures(&self) -> chainrule::Result<[f64; 3]> {
        let grid = self.grid(SMALL, 3)?;
        let l = |i, j| grid.at(i, j);
        let both = (l(2, 2) - l(2, 0) - l(0, 2) + l(0, 0)) / 4.0;
        Ok([l(2, 1) - 2.0 * l(1, 1) + l(0, 1), l(1, 2) - 2.0 * l(1, 1) + l(1, 0), both]
            .map(|difference| difference / (SMALL * SMALL)))
    }
}
