//! Normal noise in training.

use crate::Layer;
use crate::label::note;
use chainrule_tape::Var;

/// Multiplies each element by a normal number of mean 1 and standard deviation `√(rate / (1 - rate))` in training, the
/// variance that [`Dropout`](crate::Dropout) with this rate has. In [inference](chainrule_tape::Tape::inference) it passes its input
/// on. (It is Keras's layer.)
///
/// Errors: a rate outside `0..1`.
///
/// Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014, section 10.
///
/// ```
/// use chainrule_nn::{GaussianDropout, Layer};
/// use chainrule_tape::{DType, Tape};
///
/// let tape = Tape::new();
/// let y = GaussianDropout::new(0.2).forward(tape.full(100_000, 3.0, DType::F64));
/// assert!((y.mean(..).item()? - 3.0).abs() < 0.05 && (y.std(..).item()? - 1.5).abs() < 0.05);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct GaussianDropout {
    rate: f64,
}

impl GaussianDropout {
    /// With the noise of this rate of dropout.
    pub const fn new(rate: f64) -> GaussianDropout {
        GaussianDropout { rate }
    }

    /// The rate of dropout whose variance the noise has.
    pub const fn rate(&self) -> f64 {
        self.rate
    }
}

impl Layer for GaussianDropout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (tape, rate) = (x.tape(), self.rate);
        let y = if !(0.0..1.0).contains(&rate) {
            tape.fail("GaussianDropout", format!("{rate} is no rate: it is at least 0 and below 1"), &[x])
        } else if tape.is_training() && rate > 0.0 {
            x * (tape.normal(x.shape(), x.dtype()) * (rate / (1.0 - rate)).sqrt() + 1.0)
        } else {
            x
        };
        note(y, "GaussianDropout")
    }
}

/// Adds a normal number of mean 0 and this standard deviation to each element in training. In
/// [inference](chainrule_tape::Tape::inference) it passes its input on. (It is Keras's layer.)
///
/// It makes more examples of each, most useful on a model's input. Derivative: 1.
///
/// Errors: a standard deviation below 0.
///
/// ```
/// use chainrule_nn::{GaussianNoise, Layer};
/// use chainrule_tape::{DType, Tape};
///
/// let tape = Tape::new();
/// let y = GaussianNoise::new(0.1).forward(tape.full(100_000, 3.0, DType::F64));
/// assert!((y.mean(..).item()? - 3.0).abs() < 0.01 && (y.std(..).item()? - 0.1).abs() < 0.01);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct GaussianNoise {
    std: f64,
}

impl GaussianNoise {
    /// With this standard deviation.
    pub const fn new(std: f64) -> GaussianNoise {
        GaussianNoise { std }
    }

    /// The standard deviation.
    pub const fn std(&self) -> f64 {
        self.std
    }
}

impl Layer for GaussianNoise {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (tape, std) = (x.tape(), self.std);
        let y = if std.is_nan() || std < 0.0 {
            tape.fail("GaussianNoise", format!("{std} is no standard deviation"), &[x])
        } else if tape.is_training() && std > 0.0 {
            x + tape.normal(x.shape(), x.dtype()) * std
        } else {
            x
        };
        note(y, "GaussianNoise")
    }
}
