//! The Hessian's diagonal, for Sophia.

use super::plans::Plans;
use super::record::Loss;
use crate::rule::sophia::H;
use crate::transform::update::{Numbers, STEP};
use crate::{Optimizer, Target, Transform, Update, limits};
use chainrule_tape::{DType, Error, Params, Program, Result, Tape, Tensor, Var};
use smallvec::SmallVec;
use std::fmt;

/// The estimate of the Hessian's diagonal by which [`sophia`](crate::sophia) divides, of Gauss, Newton and Bartlett:
///
/// `h ← β·h + (1 - β)·B·ĝ²`,
///
/// with the gradient `ĝ` of a mean of `B` samples' losses whose labels are drawn from the model's own output. For such
/// labels the expectation of `B·ĝ²` is the diagonal of the Gauss-Newton matrix. For a classifier they are
/// [`logits.categorical()`](Var::categorical); for a regression by squares the output plus noise. Nothing cuts the
/// gradient at the drawn labels but that they have none; noise on an output is to be added to its
/// [`detach`](Var::detach)ed value.
///
/// It is a program of its own, recorded in training mode and planned in its first run for each combination of shapes, and
/// updates nothing but `optim.sophia.h.NAME` (and running statistics of the model). [`sophia`](crate::sophia) has an
/// example. `β = 0.99` unless set.
///
/// Source: Liu et al., "Sophia", ICLR 2024, algorithms 2 and 3.
pub struct Curvature<'f, const N: usize> {
    estimate: Estimate,
    loss: Box<Loss<'f, N>>,
    plans: Plans<Program, N>,
}

impl<'f, const N: usize> Curvature<'f, N> {
    /// An estimate by a loss of `N` tensors with labels of the model's own: one floating-point number, the mean over the
    /// samples.
    pub fn new(loss: impl for<'t> Fn([Var<'t>; N]) -> Var<'t> + 'f) -> Self {
        Curvature { estimate: Estimate { beta: 0.99 }, loss: Box::new(loss), plans: Plans::default() }
    }

    /// The factor of the average.
    pub fn beta(mut self, beta: f64) -> Self {
        self.estimate.beta = beta;
        self
    }

    /// Estimates anew: updates `optim.sophia.h.NAME` of every trainable parameter, and returns the loss, which is the
    /// mean over so many samples.
    ///
    /// # Errors
    /// Mistakes in the model or the data, and a setting out of range.
    #[track_caller]
    pub fn run(&mut self, params: &mut Params, samples: usize, inputs: [&Tensor; N]) -> Result<f64> {
        let program = match self.plans.find(params, inputs) {
            Some(program) => program,
            None => {
                let program = plan(&self.estimate, &self.loss, params, inputs)?;
                self.plans.add(params, inputs, program)
            }
        };
        let samples = Tensor::from(samples as f64);
        let mut all = SmallVec::<[&Tensor; 8]>::from_slice(&inputs);
        all.push(&samples);
        program.run(params, &all)?.item(0)
    }
}

#[track_caller]
fn plan<const N: usize>(
    estimate: &Estimate,
    loss: &Loss<'_, N>,
    params: &mut Params,
    inputs: [&Tensor; N],
) -> Result<Program> {
    Optimizer::new(0.0, estimate.clone()).prepare(params)?;
    let counter = params.id(STEP).ok_or_else(|| Error::Params(format!("the params lack `{STEP}`")))?;
    let tape = Tape::with(params);
    tape.count_random_by(tape.param(counter));
    let loss = loss(inputs.map(|x| tape.input(x.shape(), x.dtype())));
    let grads = tape.param_grads(loss)?;
    let samples = tape.input((), DType::F64);
    let update = Update::new(&tape, grads.iter().map(|&(id, _)| id), Numbers::Inputs)?;
    for (p, (_, g)) in update.targets().zip(grads) {
        estimate.update(p, g.square() * samples.cast(g.dtype()));
    }
    tape.compile(&[loss])
}

/// The average, as a rule: it takes `B·ĝ²`.
#[derive(Clone, Debug)]
struct Estimate {
    beta: f64,
}

impl Transform for Estimate {
    fn update<'t>(&self, p: Target<'_, 't>, square: Var<'t>) -> Var<'t> {
        p.keep(H, p.state(H) * self.beta + square * (1.0 - self.beta))
    }

    fn check(&self) -> Result<(), String> {
        limits::below_one("the curvature's beta", self.beta)
    }
}

impl<const N: usize> fmt::Debug for Curvature<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Curvature of {N} tensors by {:?}", self.estimate)
    }
}
