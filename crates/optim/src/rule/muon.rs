//! Muon.

use super::adam::Adam;
use crate::stage::filter::Only;
use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::{Shape, Var};

/// Muon: matrices go along their momentum made orthogonal, so that all its directions count alike; the other parameters
/// by [`adamw`](crate::adamw).
///
/// ```text
/// b ← μ·b + (1 - μ)·g
/// x = μ·b + (1 - μ)·g (or b without Nesterov), divided by max(‖x‖, ε)
/// five times:  A = x·xᵀ,  x ← a·x + (b·A + c·A·A)·x          (Newton and Schulz)
/// p ← p·(1 - lr·weight_decay) - lr·scale·x
/// ```
///
/// A matrix of more rows than columns is transposed for the iteration. The result has singular values of about 1 (0.7 to
/// 1.2), not exactly 1: the coefficients are chosen to raise small ones fast.
///
/// A matrix is a parameter of two axes, unless [`only`](Optimizer::only) says otherwise: embeddings and the last layer are
/// better left out. The others' rate is that of the matrices times [`others`](Optimizer::others). [Weight
/// decay](Optimizer::weight_decay) is decoupled, in any case, 0.1 unless set, and for all: see
/// [`decay_only`](Optimizer::decay_only).
///
/// State: `b` (`optim.muon.b.NAME`) for the matrices and [`adam`](crate::adam)'s for the others. Unless set, `μ = 0.95`
/// with Nesterov, `(a, b, c) = (3.4445, -4.775, 2.0315)`, five iterations, `ε = 10⁻⁷`, and
/// [`MuonScale::Original`]: PyTorch's, which iterates in `bfloat16`; here it is the parameter's dtype.
///
/// Source: Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.
///
/// ```
/// # use chainrule_optim::muon;
/// let optimizer = muon(0.02).only(|name, shape| shape.rank() == 2 && name != "head.weight").others(0.05);
/// ```
pub fn muon(lr: f64) -> Optimizer<Muon> {
    let rule = Muon {
        momentum: 0.95,
        nesterov: true,
        coefficients: [3.4445, -4.7750, 2.0315],
        steps: 5,
        eps: 1e-7,
        scale: MuonScale::Original,
        only: None,
        adam: Adam::new(),
        others: 1.0,
    };
    let mut optimizer = Optimizer::new(lr, rule).weight_decay(0.1);
    optimizer.decay.inside = true;
    optimizer
}

/// The rule of [`muon`].
#[derive(Clone, Debug)]
pub struct Muon {
    momentum: f64,
    nesterov: bool,
    coefficients: [f64; 3],
    steps: usize,
    eps: f64,
    scale: MuonScale,
    only: Option<Only>,
    adam: Adam,
    others: f64,
}

/// By what [`muon`] multiplies the rate of a matrix of `rows` and `columns` (PyTorch's `adjust_lr_fn`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MuonScale {
    /// `√max(1, rows / columns)`.
    #[default]
    Original,
    /// `0.2·√max(rows, columns)`: steps are as long as AdamW's, so that its rate and decay fit.
    MatchRmsAdamw,
    /// `√(rows / columns)`.
    SpectralUnclamped,
}

impl MuonScale {
    fn factor(self, rows: usize, columns: usize) -> f64 {
        let (rows, columns) = (rows as f64, columns as f64);
        match self {
            MuonScale::Original => (rows / columns).max(1.0).sqrt(),
            MuonScale::MatchRmsAdamw => 0.2 * rows.max(columns).sqrt(),
            MuonScale::SpectralUnclamped => (rows / columns).sqrt(),
        }
    }
}

impl Optimizer<Muon> {
    /// The factor `μ` of the average of gradients.
    pub fn momentum(mut self, factor: f64) -> Self {
        self.rule.momentum = factor;
        self
    }

    /// Whether to look ahead, Nesterov's way: yes, unless set.
    pub fn nesterov(mut self, nesterov: bool) -> Self {
        self.rule.nesterov = nesterov;
        self
    }

    /// The coefficients of the iteration.
    pub fn coefficients(mut self, a: f64, b: f64, c: f64) -> Self {
        self.rule.coefficients = [a, b, c];
        self
    }

    /// The number of iterations, below 100.
    pub fn ns_steps(mut self, steps: usize) -> Self {
        self.rule.steps = steps;
        self
    }

    /// The least norm that is divided by.
    pub fn eps(mut self, eps: f64) -> Self {
        self.rule.eps = eps;
        self
    }

    /// By what a matrix's rate is multiplied.
    pub fn scale(mut self, scale: MuonScale) -> Self {
        self.rule.scale = scale;
        self
    }

    /// Which parameters are matrices, by name and shape. One of more than two axes, such as a convolution's weight, is
    /// taken as a matrix of its first axis by all others; one of fewer is a mistake.
    pub fn only(mut self, only: impl Fn(&str, &Shape) -> bool + Send + Sync + 'static) -> Self {
        self.rule.only = Some(Only::new(only));
        self
    }

    /// AdamW's rate for the other parameters, as a multiple of the matrices': 1 unless set.
    pub fn others(mut self, factor: f64) -> Self {
        self.rule.others = factor;
        self
    }

    /// AdamW's factors for the other parameters: `(0.9, 0.999)` unless set.
    pub fn others_betas(mut self, beta1: f64, beta2: f64) -> Self {
        self.rule.adam = self.rule.adam.with_betas(beta1, beta2);
        self
    }
}

impl Transform for Muon {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let shape = g.shape();
        if !self.only.as_ref().map_or(shape.rank() == 2, |only| only.has(p)) {
            let step = decayed(p, self.adam.update(p, g));
            return if self.others == 1.0 { step } else { step * self.others };
        }
        if shape.rank() < 2 {
            let what = format!("`{}` of shape {shape} is no matrix; leave it out of muon's `only`", p.name());
            return g.tape().fail("muon", what, &[g]);
        }
        let (kept, new) = (self.momentum, 1.0 - self.momentum);
        let average = p.keep("muon.b", p.state("muon.b") * kept + g * new);
        let ahead = if self.nesterov { g * new + average * kept } else { average };
        let matrix = ahead.flatten(1);
        let (rows, columns) = (matrix.shape()[0], matrix.shape()[1]);
        let rate = p.lr() * self.scale.factor(rows, columns);
        decayed(p, self.orthogonal(matrix, rows > columns).reshape(shape) * rate)
    }

    fn check(&self) -> Result<(), String> {
        limits::below_one("momentum", self.momentum)?;
        limits::not_negative("eps", self.eps)?;
        limits::not_negative("others", self.others)?;
        if let Some(value) = self.coefficients.iter().find(|value| !value.is_finite()) {
            return Err(format!("one of the coefficients is {value}; they must be finite"));
        }
        if self.steps >= 100 {
            return Err(format!("ns_steps is {}; it must be below 100", self.steps));
        }
        self.adam.check()
    }
}

/// The step with the rate's share of weight decay.
fn decayed<'t>(p: Target<'_, 't>, step: Var<'t>) -> Var<'t> {
    p.decay().map_or(step, |decay| step + decay * p.lr())
}

impl Muon {
    /// A matrix with the singular vectors of `x`, and singular values near 1.
    fn orthogonal<'t>(&self, x: Var<'t>, tall: bool) -> Var<'t> {
        let [a, b, c] = self.coefficients;
        let x = if tall { x.t() } else { x };
        let mut x = x / x.norm(..).maximum(self.eps);
        for _ in 0..self.steps {
            let gram = x.matmul(x.t());
            x = x * a + (gram * b + gram.matmul(gram) * c).matmul(x);
        }
        if tall { x.t() } else { x }
    }
}
