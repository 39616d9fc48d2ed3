//! Losses of distributions: divergence, and negative log-likelihoods of counts and of normal numbers.

use super::Reduction;
use super::reduction::{reduce, reduction_setting};
use super::targets::beside;
use chainrule_tape::{Operand, Var};
use std::f64::consts::TAU;

macro_rules! methods {
    () => {
        /// Kullback and Leibler's divergence of log-probabilities `x` from probabilities `t`: the mean over **all elements**
        /// of `t·(ln t - x)`, 0 where `t` is 0. Derivative: `-t / n`; by the targets `(ln t + 1 - x) / n`, and
        /// `-x / n` where `t` is 0.
        ///
        /// As in PyTorch, predictions are logarithms ([`log_softmax`](Var::log_softmax)), targets are not (unless
        /// [`log_target`](KlDiv::log_target) says so), and the mean counts every element. The divergence as mathematics has it
        /// is the mean over the samples: `x.kl_div_with(t, KlDiv::new().reduction(Reduction::BatchMean))`.
        ///
        /// Source: Kullback and Leibler, "On information and sufficiency", 1951.
        ///
        /// ```
        /// # use chainrule_nn::{KlDiv, Losses, Reduction};
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let (x, t) = (tape.var([[0.5, 0.5]]).ln(), tape.var([[1.0, 0.0]]));
        /// let divergence = x.kl_div_with(t, KlDiv::new().reduction(Reduction::BatchMean));
        /// assert_eq!(divergence.item()?, 2f64.ln());
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn kl_div(self, targets: impl Operand<'t>) -> Var<'t> {
            self.kl_div_with(targets, KlDiv::new())
        }

        /// `t·(ln t - x)`.
        #[track_caller]
        fn kl_div_each(self, targets: impl Operand<'t>) -> Var<'t> {
            self.kl_div_with(targets, KlDiv::new().reduction(Reduction::None))
        }

        /// [`kl_div`](Losses::kl_div) with settings.
        #[track_caller]
        fn kl_div_with(self, targets: impl Operand<'t>, settings: impl Borrow<KlDiv>) -> Var<'t> {
            $crate::loss::density::kl_div(self.into(), targets, settings.borrow())
        }

        /// The negative log-likelihood of counts `t` under Poisson distributions whose means have the logarithms `x`: the mean
        /// of `eˣ - t·x`, which leaves out the constant `ln t!`. Derivative: `(eˣ - t) / n`.
        ///
        /// ```
        /// # use chainrule_nn::{Losses, PoissonNll};
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let counts = tape.var([3.0, 0.0]);
        /// let by_logarithm = tape.var([3.0, 1.0]).ln().poisson_nll(counts);
        /// let by_mean = tape.var([3.0, 1.0]).poisson_nll_with(counts, PoissonNll::new().log_input(false));
        /// assert!((by_logarithm.item()? - by_mean.item()?).abs() < 1e-8);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn poisson_nll(self, targets: impl Operand<'t>) -> Var<'t> {
            self.poisson_nll_with(targets, PoissonNll::new())
        }

        /// `eˣ - t·x`.
        #[track_caller]
        fn poisson_nll_each(self, targets: impl Operand<'t>) -> Var<'t> {
            self.poisson_nll_with(targets, PoissonNll::new().reduction(Reduction::None))
        }

        /// [`poisson_nll`](Losses::poisson_nll) with settings.
        #[track_caller]
        fn poisson_nll_with(self, targets: impl Operand<'t>, settings: impl Borrow<PoissonNll>) -> Var<'t> {
            $crate::loss::density::poisson_nll(self.into(), targets, settings.borrow())
        }

        /// The negative log-likelihood of numbers `t` under normal distributions of means `x` and these variances: the mean of
        /// `(ln v + (x - t)² / v) / 2`, which leaves out the constant. Derivatives: `(x - t) / v / n`, and by the variance
        /// `(1 - (x - t)² / v) / 2v / n`.
        ///
        /// The variances have the predictions' shape, or length 1 along its last axis, or no last axis: then one variance is
        /// for all of a row. A number is the variance of all. One below ε = 1e-6 counts as ε, for its derivative too, so that
        /// the model can leave there (PyTorch's rule; a negative one, which is an error in PyTorch, counts as ε as well).
        ///
        /// Source: Nix and Weigend, "Estimating the mean and variance of the target probability distribution", 1994.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let loss = tape.var([1.0, 4.0]).gaussian_nll(tape.var([1.0, 2.0]), 4.0);
        /// assert!((loss.item()? - (4f64.ln() + 0.5) / 2.0).abs() < 1e-15);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn gaussian_nll(self, targets: impl Operand<'t>, variances: impl Operand<'t>) -> Var<'t> {
            self.gaussian_nll_with(targets, variances, GaussianNll::new())
        }

        /// `(ln v + (x - t)² / v) / 2`.
        #[track_caller]
        fn gaussian_nll_each(self, targets: impl Operand<'t>, variances: impl Operand<'t>) -> Var<'t> {
            self.gaussian_nll_with(targets, variances, GaussianNll::new().reduction(Reduction::None))
        }

        /// [`gaussian_nll`](Losses::gaussian_nll) with settings.
        #[track_caller]
        fn gaussian_nll_with(
            self,
            targets: impl Operand<'t>,
            variances: impl Operand<'t>,
            settings: impl Borrow<GaussianNll>,
        ) -> Var<'t> {
            $crate::loss::density::gaussian_nll(self.into(), targets, variances, settings.borrow())
        }
    };
}
pub(super) use methods;

/// Settings of [`kl_div`](crate::Losses::kl_div). Defaults are PyTorch's.
#[derive(Clone, Debug, Default)]
pub struct KlDiv {
    log_target: bool,
    reduction: Reduction,
}

impl KlDiv {
    /// Targets are probabilities.
    pub fn new() -> KlDiv {
        KlDiv::default()
    }

    /// Targets are logarithms of probabilities, as the predictions: `eᵗ·(t - x)`, 0 where `t` is -∞.
    #[must_use]
    pub fn log_target(self) -> KlDiv {
        KlDiv { log_target: true, ..self }
    }

    reduction_setting!();
}

/// Settings of [`poisson_nll`](crate::Losses::poisson_nll). Defaults are PyTorch's.
#[derive(Clone, Debug)]
pub struct PoissonNll {
    log_input: bool,
    full: bool,
    eps: f64,
    reduction: Reduction,
}

impl Default for PoissonNll {
    fn default() -> PoissonNll {
        PoissonNll { log_input: true, full: false, eps: 1e-8, reduction: Reduction::Mean }
    }
}

impl PoissonNll {
    /// Predictions are logarithms of means; constants are left out.
    pub fn new() -> PoissonNll {
        PoissonNll::default()
    }

    /// Whether predictions are logarithms of means (the default) or means: `x - t·ln(x + ε)`.
    #[must_use]
    pub fn log_input(self, log_input: bool) -> PoissonNll {
        PoissonNll { log_input, ..self }
    }

    /// Stirling's approximation of `ln t!` is added: `t·ln t - t + ln(2πt) / 2` where `t > 1`, else 0.
    #[must_use]
    pub fn full(self) -> PoissonNll {
        PoissonNll { full: true, ..self }
    }

    /// What is added to a mean before its logarithm: 1e-8 by default.
    #[must_use]
    pub fn eps(self, eps: f64) -> PoissonNll {
        PoissonNll { eps, ..self }
    }

    reduction_setting!();
}

/// Settings of [`gaussian_nll`](crate::Losses::gaussian_nll). Defaults are PyTorch's.
#[derive(Clone, Debug)]
pub struct GaussianNll {
    full: bool,
    eps: f64,
    reduction: Reduction,
}

impl Default for GaussianNll {
    fn default() -> GaussianNll {
        GaussianNll { full: false, eps: 1e-6, reduction: Reduction::Mean }
    }
}

impl GaussianNll {
    /// Without the constant; variances of at least 1e-6.
    pub fn new() -> GaussianNll {
        GaussianNll::default()
    }

    /// The constant `ln(2π) / 2` is added.
    #[must_use]
    pub fn full(self) -> GaussianNll {
        GaussianNll { full: true, ..self }
    }

    /// The least variance: 1e-6 by default. One that is not above 0 is a mistake.
    #[must_use]
    pub fn eps(self, eps: f64) -> GaussianNll {
        GaussianNll { eps, ..self }
    }

    reduction_setting!();
}

#[track_caller]
pub(super) fn kl_div<'t>(x: Var<'t>, targets: impl Operand<'t>, settings: &KlDiv) -> Var<'t> {
    let targets = beside("kl_div", x, targets);
    // What can't happen has no logarithm; if the prediction says so too, they agree.
    let nothing = if settings.log_target { f64::NEG_INFINITY } else { 0.0 };
    let never = targets.eq(nothing);
    let x = never.and(x.eq(f64::NEG_INFINITY)).select(0.0, x);
    let (share, log) = if settings.log_target {
        (targets.exp(), never.select(0.0, targets))
    } else {
        (targets, never.select(1.0, targets).ln())
    };
    let each = share * (log - x);
    reduce(each, settings.reduction)
}

#[track_caller]
pub(super) fn poisson_nll<'t>(x: Var<'t>, targets: impl Operand<'t>, settings: &PoissonNll) -> Var<'t> {
    let targets = beside("poisson_nll", x, targets);
    let mut each =
        if settings.log_input { x.exp() - targets * x } else { x - targets * (x + settings.eps).ln() };
    if settings.full {
        let small = targets.le(1.0);
        let t = small.select(1.0, targets);
        each = each + small.select(0.0, t * t.ln() - t + (t * TAU).ln() * 0.5);
    }
    reduce(each, settings.reduction)
}

#[track_caller]
pub(super) fn gaussian_nll<'t>(
    x: Var<'t>,
    targets: impl Operand<'t>,
    variances: impl Operand<'t>,
    settings: &GaussianNll,
) -> Var<'t> {
    let eps = settings.eps;
    if eps.is_nan() || eps <= 0.0 {
        return x.tape().fail("gaussian_nll", format!("the least variance is above 0, not {eps}"), &[x]);
    }
    let targets = beside("gaussian_nll", x, targets);
    let variances = of_rows(x, variances.on(x.tape(), &x.meta()));
    // The derivative is that at the least variance, as if it had not been limited: what is added is 0 with a slope.
    let limited = variances.le(eps).select(variances - variances.detach() + eps, variances);
    let mut each = (limited.ln() + (x - targets).square() / limited) * 0.5;
    if settings.full {
        each = each + TAU.ln() * 0.5;
    }
    reduce(each, settings.reduction)
}

/// Variances in the shape of the predictions; else a recorded mistake.
#[track_caller]
fn of_rows<'t>(x: Var<'t>, variances: Var<'t>) -> Var<'t> {
    let (meta, found) = (x.meta(), variances.meta());
    let last = meta.shape.rank().saturating_sub(1);
    let wrong = if found.dtype != meta.dtype {
        "predictions and variances differ in dtype: cast one of them"
    } else if found.shape == meta.shape {
        return variances;
    } else if found.shape.dims() == &meta.shape[..last] {
        return variances.unsqueeze(-1).expand(meta.shape);
    } else if found.shape.split_last() == Some((&1, &meta.shape[..last])) {
        return variances.expand(meta.shape);
    } else {
        "variances have the predictions' shape, or that with a last axis of length 1 or without it"
    };
    x.tape().fail("gaussian_nll", wrong, &[x, variances])
}
