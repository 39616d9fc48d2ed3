//! Losses of numbers.

use super::targets::beside;
use chainrule_tape::{Operand, Var};

macro_rules! methods {
    () => {
        /// The mean squared error, the mean of `(x - t)²`. Derivative: `2(x - t) / n`.
        ///
        /// For numbers with normal errors; one far miss counts as much as many near ones.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let x = tape.var([1.0, 3.0]);
        /// let loss = x.mse(tape.var([1.0, 1.0]));
        /// assert_eq!(loss.item()?, 2.0);
        /// assert_eq!(tape.grad(loss, x).value()?.to_f64(), [0.0, 2.0]);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn mse(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.mse_each(targets))
        }

        /// `(x - t)²`.
        #[track_caller]
        fn mse_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::regression::mse(self.into(), targets)
        }

        /// The mean absolute error, the mean of `|x - t|`. Derivative: `sign(x - t) / n`, so 0 at `x = t`.
        ///
        /// For numbers with outliers: minimal at the median.
        #[doc(alias = "l1_loss")]
        #[track_caller]
        fn mae(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.mae_each(targets))
        }

        /// `|x - t|`.
        #[track_caller]
        fn mae_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::regression::mae(self.into(), targets)
        }

        /// The mean of `r²/2` where `|r| ≤ δ`, else `δ·(|r| - δ/2)`, of the differences `r = x - t`. Derivative: `r / n`,
        /// limited to `±δ / n`.
        ///
        /// Squares near the target, absolute values far off. A `delta` that is not above 0 is a mistake. (Keras's and
        /// PyTorch's default is 1.)
        ///
        /// Source: Huber, "Robust estimation of a location parameter", 1964, section 2.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let each = tape.var([0.5, -3.0]).huber_each(0.0, 1.0);
        /// assert_eq!(each.value()?.to_f64(), [0.125, 2.5]);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn huber(self, targets: impl Operand<'t>, delta: f64) -> Var<'t> {
            $crate::loss::reduction::mean(self.huber_each(targets, delta))
        }

        /// [`huber`](Losses::huber) without the mean.
        #[track_caller]
        fn huber_each(self, targets: impl Operand<'t>, delta: f64) -> Var<'t> {
            $crate::loss::regression::huber(self.into(), targets, delta)
        }

        /// [`huber`](Losses::huber) divided by its `δ`, here called `β`: the slope far off is 1. (PyTorch's default is 1.)
        /// `β = 0` is [`mae`](Losses::mae), the limit; a `beta` below 0 is a mistake.
        ///
        /// Source: Girshick, "Fast R-CNN", ICCV 2015, equation 3 (with `β = 1`).
        #[track_caller]
        fn smooth_l1(self, targets: impl Operand<'t>, beta: f64) -> Var<'t> {
            $crate::loss::reduction::mean(self.smooth_l1_each(targets, beta))
        }

        /// [`smooth_l1`](Losses::smooth_l1) without the mean.
        #[track_caller]
        fn smooth_l1_each(self, targets: impl Operand<'t>, beta: f64) -> Var<'t> {
            $crate::loss::regression::smooth_l1(self.into(), targets, beta)
        }

        /// The mean of `ln cosh(x - t)`: near the target half the square, far off the absolute value less `ln 2`. Derivative:
        /// `tanh(x - t) / n`, smooth everywhere. Without overflow, however far off. (Keras's.)
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let each = tape.var([0.0, 1e-4, -1000.0]).log_cosh_each(0.0).value()?.to_f64();
        /// assert!(each[0] == 0.0 && (each[1] / 0.5e-8 - 1.0).abs() < 1e-8 && each[2] == 1000.0 - 2f64.ln());
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn log_cosh(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.log_cosh_each(targets))
        }

        /// `ln cosh(x - t)`.
        #[track_caller]
        fn log_cosh_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::regression::log_cosh(self.into(), targets)
        }

        /// The quantile or pinball loss, the mean of `q·(t - x)` where the prediction is too low, else `(1 - q)·(x - t)`:
        /// minimal at the `q`-quantile of the targets. Derivative: `-q / n` where `x < t`, `(1 - q) / n` where `x > t`, and the
        /// mean of both at `x = t`.
        ///
        /// A `q` outside `0..=1` is a mistake.
        ///
        /// Source: Koenker and Bassett, "Regression quantiles", Econometrica 1978.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// // Too low costs nine times as much as too high.
        /// let each = tape.var([0.0, 2.0]).quantile_loss_each(1.0, 0.9).value()?.to_f64();
        /// assert!((each[0] - 0.9).abs() < 1e-15 && (each[1] - 0.1).abs() < 1e-15);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[doc(alias = "pinball")]
        #[track_caller]
        fn quantile_loss(self, targets: impl Operand<'t>, q: f64) -> Var<'t> {
            $crate::loss::reduction::mean(self.quantile_loss_each(targets, q))
        }

        /// [`quantile_loss`](Losses::quantile_loss) without the mean.
        #[track_caller]
        fn quantile_loss_each(self, targets: impl Operand<'t>, q: f64) -> Var<'t> {
            $crate::loss::regression::quantile(self.into(), targets, q)
        }

        /// The mean absolute percentage error, the mean of `100·|x - t| / |t|`. The divisor is at least 1e-7, as in Keras.
        /// Derivative: `100·sign(x - t) / |t| / n`, 0 at `x = t`.
        #[doc(alias = "mean_absolute_percentage_error")]
        #[track_caller]
        fn mape(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.mape_each(targets))
        }

        /// `100·|x - t| / |t|`, with a divisor of at least 1e-7.
        #[track_caller]
        fn mape_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::regression::mape(self.into(), targets)
        }

        /// The mean squared logarithmic error, the mean of `(ln(1 + x) - ln(1 + t))²`: for positive numbers of different
        /// sizes. Predictions and targets below 1e-7 count as that, as in Keras, and there the derivative is 0; else it is
        /// `2(ln(1 + x) - ln(1 + t)) / (1 + x) / n`.
        #[doc(alias = "mean_squared_logarithmic_error")]
        #[track_caller]
        fn msle(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.msle_each(targets))
        }

        /// `(ln(1 + x) - ln(1 + t))²`.
        #[track_caller]
        fn msle_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::regression::msle(self.into(), targets)
        }
    };
}
pub(super) use methods;

/// The least number that relative errors are relative to.
const LEAST: f64 = 1e-7;

#[track_caller]
pub(super) fn mse<'t>(x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    (x - beside("mse", x, targets)).square()
}

#[track_caller]
pub(super) fn mae<'t>(x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    (x - beside("mae", x, targets)).abs()
}

#[track_caller]
pub(super) fn huber<'t>(x: Var<'t>, targets: impl Operand<'t>, delta: f64) -> Var<'t> {
    if delta.is_nan() || delta <= 0.0 {
        return x.tape().fail("huber", format!("the threshold is above 0, not {delta}"), &[x]);
    }
    squares_and_lines(x - beside("huber", x, targets), delta)
}

#[track_caller]
pub(super) fn smooth_l1<'t>(x: Var<'t>, targets: impl Operand<'t>, beta: f64) -> Var<'t> {
    if beta.is_nan() || beta < 0.0 {
        return x.tape().fail("smooth_l1", format!("the threshold is at least 0, not {beta}"), &[x]);
    }
    let difference = x - beside("smooth_l1", x, targets);
    if beta == 0.0 { difference.abs() } else { squares_and_lines(difference, beta) * (1.0 / beta) }
}

/// `r²/2` up to `delta`, from there a line.
#[track_caller]
fn squares_and_lines(difference: Var<'_>, delta: f64) -> Var<'_> {
    // Without |r|, whose kink at 0 has no second derivative: c = r gives r²/2, c = ±δ gives δ·(|r| - δ/2).
    let limited = difference.clamp(-delta, delta);
    limited * (difference - limited * 0.5)
}

#[track_caller]
pub(super) fn log_cosh<'t>(x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    let difference = x - beside("log_cosh", x, targets);
    // b = -|r|, with a derivative at 0 that makes up for the rest, to any order. With s = eᵇ - 1, cosh r is
    // 1 + s² / (2·eᵇ), which keeps small losses, and (1 + s + s² / 2) / eᵇ, which does not overflow.
    let below = difference.le(0.0).select(difference, -difference);
    let (near, s) = (below.gt(-1.0), below.expm1());
    let half = s.square() * 0.5;
    let excess = near.select(half / near.select(s + 1.0, 1.0), s + half);
    excess.log1p() - near.select(0.0, below)
}

#[track_caller]
pub(super) fn quantile<'t>(x: Var<'t>, targets: impl Operand<'t>, q: f64) -> Var<'t> {
    if !(0.0..=1.0).contains(&q) {
        return x.tape().fail("quantile_loss", format!("a quantile is in 0..=1, not {q}"), &[x]);
    }
    let missing = beside("quantile_loss", x, targets) - x;
    (missing * q).maximum(missing * (q - 1.0))
}

#[track_caller]
pub(super) fn mape<'t>(x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    let targets = beside("mape", x, targets);
    ((x - targets) / targets.abs().clamp_min(LEAST)).abs() * 100.0
}

#[track_caller]
pub(super) fn msle<'t>(x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    let targets = beside("msle", x, targets);
    (x.clamp_min(LEAST).log1p() - targets.clamp_min(LEAST).log1p()).square()
}
