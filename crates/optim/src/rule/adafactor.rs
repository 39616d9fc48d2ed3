//! Adafactor.

use crate::{Optimizer, Target, Transform, limits};
use chainrule_tape::{DType, Var};

/// Adafactor: steps relative to the parameter's size, scaled by squares of which a matrix keeps the rows' and the columns'
/// means alone.
///
/// ```text
/// r ← (1 - w)·r + w·mean(g², columns)      w = t^beta2_decay
/// c ← (1 - w)·c + w·mean(g², rows)
/// v = r·c / max(mean(r), ε₁)
/// u = g / √max(v, ε₁²)
/// p ← p - max(ε₂, rms(p))·min(lr, 1/√t)·u / max(1, rms(u) / d)
/// ```
///
/// with `rms(x) = ‖x‖ / √n`. Rows and columns are the last two axes; a vector or a scalar keeps `v ← (1 - w)·v + w·g²`
/// itself. Its state is `r` and `c`, of the parameter's shape with the last axis of length 1, and the one before it
/// (`optim.adafactor.row.NAME`, `optim.adafactor.column.NAME`: `[.., n, 1]` and `[.., 1, m]`), or `v` (`optim.adafactor.v.NAME`).
///
/// This is PyTorch's: no momentum, the rate as a bound of the paper's `1/√t`, and `ε₁` as a floor where the paper (and
/// optax) adds it to `g²`. [Weight decay](Optimizer::weight_decay) is decoupled, and 0 unless set. Unless set,
/// `beta2_decay = -0.8`, `ε₁` is the distance of 1 to the next number of the parameter's dtype, `ε₂ = 10⁻³` and `d = 1`.
///
/// Source: Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost", ICML 2018, algorithms 4
/// and 5.
///
/// ```
/// # use chainrule_optim::adafactor;
/// let optimizer = adafactor(0.01).weight_decay(0.01);
/// ```
pub fn adafactor(lr: f64) -> Optimizer<Adafactor> {
    let rule = Adafactor { beta2_decay: -0.8, eps: (None, 1e-3), clip: 1.0 };
    Optimizer::new(lr, rule).decoupled()
}

/// The rule of [`adafactor`].
#[derive(Clone, Debug)]
pub struct Adafactor {
    beta2_decay: f64,
    eps: (Option<f64>, f64),
    clip: f64,
}

impl Optimizer<Adafactor> {
    /// The power of the step's number that is a new square's share.
    pub fn beta2_decay(mut self, power: f64) -> Self {
        self.rule.beta2_decay = power;
        self
    }

    /// `ε₁`, the floor of the squares' roots, and `ε₂`, the least size that a parameter counts as.
    pub fn eps(mut self, eps1: f64, eps2: f64) -> Self {
        self.rule.eps = (Some(eps1), eps2);
        self
    }

    /// `d`, the largest root mean square that `u` may have (PyTorch's `d`).
    pub fn clip_threshold(mut self, d: f64) -> Self {
        self.rule.clip = d;
        self
    }
}

impl Transform for Adafactor {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let (power, value) = (self.beta2_decay, p.value());
        let share = p.per_step("share", move |now| (now.step as f64).powf(power));
        let rest = p.per_step("rest", move |now| 1.0 - (now.step as f64).powf(power));
        let average = |key: &str, square: Var<'t>| {
            let old = p.state_shaped(key, square.shape(), 0.0);
            p.keep(key, old * rest + square * share)
        };
        let epsilon = if value.dtype() == DType::F32 { f32::EPSILON.into() } else { f64::EPSILON };
        let (eps1, eps2) = (self.eps.0.unwrap_or(epsilon), self.eps.1);
        let square = g.square();
        let v = if g.rank() > 1 {
            let row = average("adafactor.row", square.mean_keep(-1));
            let column = average("adafactor.column", square.mean_keep(-2));
            row / row.mean_keep(-2).maximum(eps1) * column
        } else {
            average("adafactor.v", square)
        };
        let u = g * v.maximum(eps1 * eps1).rsqrt();
        let root = (g.numel().max(1) as f64).sqrt();
        let rate = p.per_step("rate", |now| now.lr.min(1.0 / (now.step as f64).sqrt()));
        let size = (value.norm(..) / root).maximum(eps2);
        let excess = (u.norm(..) / (root * self.clip)).maximum(1.0);
        u * (size * rate / excess)
    }

    fn check(&self) -> Result<(), String> {
        if !(self.beta2_decay <= 0.0 && self.beta2_decay.is_finite()) {
            return Err(format!("beta2_decay is {}; it must be at most 0 and finite", self.beta2_decay));
        }
        limits::not_negative("eps1", self.eps.0.unwrap_or(0.0))?;
        limits::not_negative("eps2", self.eps.1)?;
        if self.clip >= 1.0 {
            return Ok(());
        }
        Err(format!("clip_threshold is {}; it must be at least 1", self.clip))
    }
}
