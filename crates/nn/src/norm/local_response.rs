//! Local response normalization.

use crate::Layer;
use crate::label::note;
use chainrule_tape::Var;

/// Divides by a power of the mean square of channels nearby: `y = x / (k + α·m)^β`, with `x` and `y` of shape `[n, channels, …]`,
/// where `m` of a channel is the mean of `x²` over a window of `size` channels around it, at the same position. (The window has
/// its longer half before the channel, if its size is even. What it has beyond the first and last channel counts as 0.)
///
/// Strong responses suppress others beside them. It has no parameters.
///
/// Errors: an input of less than two axes, or of integers, or a window of no channels.
///
/// Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012, section
/// 3.3, where α multiplies the sum.
///
/// ```
/// use chainrule_nn::{Layer, LocalResponseNorm};
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let norm = LocalResponseNorm::new(3).alpha(3.0).beta(0.5).k(2.0);
/// let y = norm.forward(tape.var([[3.0, 5.0, 0.0]]));
/// assert_eq!(y.value()?.to_f64(), [0.5, 5.0 / 6.0, 0.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LocalResponseNorm {
    size: usize,
    alpha: f64,
    beta: f64,
    k: f64,
}

impl LocalResponseNorm {
    /// With windows of so many channels; α = 1e-4, β = 0.75 and k = 1, as in PyTorch.
    pub const fn new(size: usize) -> LocalResponseNorm {
        LocalResponseNorm { size, alpha: 1e-4, beta: 0.75, k: 1.0 }
    }

    /// The weight of the mean square.
    #[must_use]
    pub const fn alpha(self, alpha: f64) -> LocalResponseNorm {
        LocalResponseNorm { alpha, ..self }
    }

    /// The exponent.
    #[must_use]
    pub const fn beta(self, beta: f64) -> LocalResponseNorm {
        LocalResponseNorm { beta, ..self }
    }

    /// What is added to the weighted mean square.
    #[must_use]
    pub const fn k(self, k: f64) -> LocalResponseNorm {
        LocalResponseNorm { k, ..self }
    }
}

impl Layer for LocalResponseNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (tape, size) = (x.tape(), self.size);
        let _op = tape.within("LocalResponseNorm", &[x]);
        if x.is_poisoned() {
            return x;
        }
        if size == 0 {
            return tape.fail("LocalResponseNorm", "windows have 1 channel or more, not 0", &[x]);
        }
        if x.rank() < 2 || !x.dtype().is_float() {
            let what =
                format!("takes floating-point numbers [n, channels, …], not {} {}", x.shape(), x.dtype());
            return tape.fail("LocalResponseNorm", what, &[x]);
        }
        let windows = x.square().pad(1, size / 2, (size - 1) / 2).unfold(1, size, 1);
        let y = x / (windows.mean(-1) * self.alpha + self.k).pow(self.beta);
        note(y, "LocalResponseNorm")
    }
}
