//! Changes of dtype, and the end of a gradient.

use super::{no_derivative, Sample, sample};
use crate::record::Key;
use crate::{Batch, DType, Gradients, Lower, Meta, Op, Rule, Shape, Tape, Var};
use chainrule_kernels::pointwise as kernel;

#[derive(Debug)]
struct Cast {
    from: DType,
    to: DType,
}

impl Op for Cast {
    fn name(&self) -> &'static str {
        "cast"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(Meta::new(&x[0].shape, self.to))
    }

    fn attributes(&self, key: &mut Key) {
        key.write(self.to as u64);
    }

    fn lower(&self) -> Lower {
        Lower::Pointwise(kernel::cast(self.from, self.to))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let floats = self.from.is_float() && self.to.is_float();
        at.gradients(|_| floats.then(|| g.cast(self.from)))
    }

    fn jvp<'t>(&self, _: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let floats = self.from.is_float() && self.to.is_float();
        dx[0].filter(|_| floats).map(|dx| dx.cast(self.to))
    }
}

#[derive(Debug)]
struct Detach {
    dtype: DType,
}

impl Op for Detach {
    fn name(&self) -> &'static str {
        "detach"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(x[0].clone())
    }

    fn lower(&self) -> Lower {
        Lower::View(std::sync::Arc::new(super::movement::Same))
    }

    no_derivative! {}

    fn detaches(&self) -> bool {
        true
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.together()
    }

    fn attributes(&self, key: &mut Key) {
        key.write(self.dtype as u64);
    }
}

/// `y = x`, as another node: a function is differentiated by its own argument and not by what that was made from, or is used
/// beside it.
#[derive(Debug)]
struct Alias {
    /// Whether what is computed from it is computed anew, and not taken from where it was computed before.
    anew: bool,
}

impl Op for Alias {
    fn name(&self) -> &'static str {
        "alias"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(x[0].clone())
    }

    fn attributes(&self, key: &mut Key) {
        key.write(self.anew as u64);
    }

    fn lower(&self) -> Lower {
        if self.anew {
            Lower::View(std::sync::Arc::new(super::movement::Anew))
        } else {
            Lower::View(std::sync::Arc::new(super::movement::Same))
        }
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| Some(g))
    }

    fn jvp<'t>(&self, _: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0]
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.together()
    }
}

/// The value as a variable of its own.
#[track_caller]
pub(crate) fn alias(x: Var<'_>) -> Var<'_> {
    x.apply_with(Alias { anew: false })
}

/// A value that stands for others, which it is replaced by. (It is no constant: that would be taken for its number.)
#[track_caller]
pub(crate) fn placeholder(tape: &Tape, shape: impl Into<Shape>, dtype: DType) -> Var<'_> {
    let stand_in = alias(tape.full(shape, 0.0, dtype));
    tape.recording_mut().placeholders.push(stand_in.index);
    stand_in
}

/// The value as one from which everything is computed anew.
#[track_caller]
pub(crate) fn anew(x: Var<'_>) -> Var<'_> {
    x.apply_with(Alias { anew: true })
}

#[derive(Debug)]
struct FlushGradient;

/// What of `t`, a gradient or a tangent, is large enough.
fn large(t: Var<'_>) -> Var<'_> {
    let least = if t.dtype() == DType::F32 { 2f64.powi(-100) } else { 2f64.powi(-900) };
    t.abs().lt(least).select(0.0, t)
}

impl Op for FlushGradient {
    fn name(&self) -> &'static str {
        "flush_gradient"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(x[0].clone())
    }

    fn lower(&self) -> Lower {
        Lower::View(std::sync::Arc::new(super::movement::Same))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| Some(large(g)))
    }

    fn jvp<'t>(&self, _: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(large)
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.together()
    }
}

impl<'t> Var<'t> {
    /// The elements converted to another dtype: float to `i64` truncates toward 0 and saturates (NaN is 0), to `bool` is
    /// `x ≠ 0`. Between floats, the gradient is converted back; elsewhere there is none.
    #[track_caller]
    pub fn cast(self, to: DType) -> Var<'t> {
        let from = self.dtype();
        if from == to { self } else { self.apply_with(Cast { from, to }) }
    }

    /// The same value, through which no gradient flows: it counts as a constant.
    #[track_caller]
    pub fn detach(self) -> Var<'t> {
        self.apply_with(Detach { dtype: self.dtype() })
    }

    /// The same value, through which gradients below `2⁻¹⁰⁰ ≈ 8·10⁻³¹` (`f32`) or `2⁻⁹⁰⁰` (`f64`) do not pass: they become 0.
    ///
    /// A gradient that fades on its way through many steps, as in a recurrence, would become a subnormal number before it
    /// becomes 0, and some processors take a hundred times longer for each operation on one. The layers
    /// `Lstm` and `Gru` do this from step to step.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([1.0f32, 2.0]);
    /// let y = x.flush_gradient() * tape.var([1e-30f32, 1e-31]);
    /// assert_eq!(tape.grad(y.sum(..), x).value()?.to_f64()[1], 0.0);
    /// assert!(tape.grad(y.sum(..), x).value()?.to_f64()[0] > 0.0);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn flush_gradient(self) -> Var<'t> {
        self.apply_with(FlushGradient)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "cast",
        inputs: || vec![sample([0.5, -1.0, 2.0], &[3])],
        apply: |x| x[0].gt(0.0).cast(DType::F64) * x[0] + x[0].cast(DType::F64),
    },
    Sample {
        name: "detach",
        inputs: || vec![sample([0.5, -1.0, 2.0], &[3])],
        apply: |x| x[0] * x[0].sign().detach(),
    },
    Sample {
        name: "alias",
        inputs: || vec![sample([0.5, -1.0, 2.0], &[3])],
        apply: |x| anew(x[0]).square() * alias(x[0]),
    },
    Sample {
        name: "flush_gradient",
        inputs: || vec![sample([0.5, -1.0, 2.0], &[3])],
        apply: |x| x[0].flush_gradient().square(),
    },
];
