//! Norms.

use crate::ops::{Axes, Sample};
use crate::{DType, Tensor, Var};

impl<'t> Var<'t> {
    /// `√Σ xᵢ²` over axes, which are dropped. Large and small numbers are scaled first, so that their squares neither overflow
    /// nor vanish. Derivative: `x / y`, and 0 where `y` is 0.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let large = 2f64.powi(1000);
    /// assert_eq!(tape.var([3.0 * large, 4.0 * large]).norm(0).item()?, 5.0 * large);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn norm(self, axes: impl Axes) -> Var<'t> {
        self.norm_over("norm", axes, 2.0, false)
    }

    /// The [norm](Var::norm) over axes, which are kept with length 1.
    #[track_caller]
    pub fn norm_keep(self, axes: impl Axes) -> Var<'t> {
        self.norm_over("norm", axes, 2.0, true)
    }

    /// `(Σ |xᵢ|ᵖ)^(1/p)` over axes, which are dropped; for `p` = 0, how many are not 0; for ∞ and -∞, the largest and smallest
    /// `|xᵢ|` (PyTorch's `vector_norm`).
    ///
    /// Derivative: `sign(xᵢ)·(|xᵢ| / y)^(p-1)`, and 0 where `xᵢ` or `y` is 0. For ∞ and -∞ it goes to the largest or smallest,
    /// split evenly among equals; for 0 there is none. A mistake for `p` below 0, or ∞, over an empty axis.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([3.0, 0.0, -4.0]);
    /// assert_eq!(x.norm_p(0, 1.0).item()?, 7.0);
    /// assert_eq!(x.norm_p(0, f64::INFINITY).item()?, 4.0);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn norm_p(self, axes: impl Axes, p: f64) -> Var<'t> {
        self.norm_over("norm_p", axes, p, false)
    }

    /// [`norm_p`](Var::norm_p) over axes, which are kept with length 1.
    #[track_caller]
    pub fn norm_p_keep(self, axes: impl Axes, p: f64) -> Var<'t> {
        self.norm_over("norm_p", axes, p, true)
    }

    #[track_caller]
    fn norm_over(self, name: &'static str, axes: impl Axes, p: f64, keep: bool) -> Var<'t> {
        let _op = self.tape().within(name, &[self]);
        let Some(axes) = self.axes(name, axes) else { return self.tape().poison() };
        if !self.dtype().is_float() {
            return self.tape().fail(name, "takes floating-point numbers; cast it first", &[self]);
        }
        if p.is_nan() {
            return self.tape().fail(name, "p is NaN", &[self]);
        }
        let shape = self.shape();
        let empty = axes.iter().any(|&axis| shape[axis] == 0);
        if empty && (p < 0.0 || p == f64::INFINITY) {
            return self.tape().fail(
                name,
                format!("over an empty axis, there is no norm for p = {p}"),
                &[self],
            );
        }
        if p == 0.0 {
            return self.detach().ne(0.0).cast(self.dtype()).sum_over(&axes, keep);
        }
        let size = self.abs();
        if p == 1.0 || empty {
            return size.sum_over(&axes, keep);
        }
        // (With the largest as the first, one rule serves both ends.)
        let extreme = if p < 0.0 { -(-size).max_over(&axes) } else { size.max_over(&axes) };
        if p.is_infinite() {
            return extreme.keep_or_drop(&axes, keep);
        }
        // The scale cancels out, so it needs no derivative.
        let y = if p == 2.0 {
            let scale = scale_of(extreme.detach());
            (self * scale).square().sum_over(&axes, true).root() / scale
        } else {
            let extreme = extreme.detach();
            let usual = extreme.gt(0.0).and(extreme.lt(f64::INFINITY));
            let scale = usual.select(extreme, 1.0);
            let zero = self.eq(0.0);
            // No power sees a 0, where its derivative may be infinite.
            let powers = zero.select(1.0, size / scale).pow(p);
            let sum = zero.select(if p < 0.0 { f64::INFINITY } else { 0.0 }, powers).sum_over(&axes, true);
            let none = if p < 0.0 { sum.eq(f64::INFINITY) } else { sum.eq(0.0) };
            none.select(0.0, none.select(1.0, sum).pow(1.0 / p) * scale)
        };
        y.keep_or_drop(&axes, keep)
    }
}

/// A power of two that brings numbers up to this size where their squares are neither too large nor too small. Nearly always
/// 1: the result is then what it is without.
#[track_caller]
fn scale_of(largest: Var<'_>) -> Var<'_> {
    let [limit, shrink, grow] = if largest.dtype() == DType::F32 { [40, -80, 85] } else { [400, -600, 600] };
    let two = |exponent: i32| 2f64.powi(exponent);
    let small = largest.lt(two(-limit)).select(two(grow), largest.tape().full_like(largest, 1.0));
    largest.gt(two(limit)).and(largest.lt(f64::INFINITY)).select(two(shrink), small)
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "norm", inputs: matrix, apply: |x| x[0].norm(1) },
    Sample { name: "norm_keep", inputs: matrix, apply: |x| x[0] * x[0].norm_keep(0) },
    Sample { name: "norm_large", inputs: matrix, apply: |x| (x[0] * 1e150).norm(..) * 1e-150 },
    Sample { name: "norm_p_none", inputs: matrix, apply: |x| x[0] * x[0].norm_p(.., 0.0) },
    Sample { name: "norm_p_sum", inputs: matrix, apply: |x| x[0].norm_p(0, 1.0).square() },
    Sample { name: "norm_p_two", inputs: matrix, apply: |x| x[0].norm_p(0, 2.0) },
    Sample { name: "norm_p_three", inputs: matrix, apply: |x| x[0].norm_p(-1, 3.0) },
    Sample { name: "norm_p_half", inputs: matrix, apply: |x| x[0].norm_p(.., 0.5) },
    Sample { name: "norm_p_negative", inputs: matrix, apply: |x| x[0].norm_p(1, -1.5) },
    Sample { name: "norm_p_largest", inputs: matrix, apply: |x| x[0].norm_p(1, f64::INFINITY).square() },
    Sample { name: "norm_p_smallest", inputs: matrix, apply: |x| x[0].norm_p(1, f64::NEG_INFINITY).square() },
    Sample { name: "norm_p_keep", inputs: matrix, apply: |x| x[0] * x[0].norm_p_keep(1, 4.0) },
];

fn matrix() -> Vec<Tensor> {
    vec![Tensor::from([[0.5, -1.0, 2.0], [0.3, 1.5, -0.7]])]
}
