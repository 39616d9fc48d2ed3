//! Linear recurrences along an axis: running products, and running sums of exponentials.

use super::cumulative::Lines;
use super::{Sample, is_lone, sample};
use crate::record::Key;
use crate::{Batch, Call, DType, Gradients, Lower, Meta, Op, Rule, Slice, SliceMut, Var};
use std::sync::Arc;

/// `yᵢ = aᵢ·yᵢ₋₁ + bᵢ` with `y₀ = b₀`; from the end if backward. (`a₀` is not used.)
///
/// Its derivatives are recurrences as well: the gradient `s` of `b` is one from the other end, `sᵢ = gᵢ + aᵢ₊₁·sᵢ₊₁`, and that
/// of `a` is `sᵢ·yᵢ₋₁`. Nothing divides, so zeros need no care.
#[derive(Clone, Debug)]
struct Recurrence(Lines);

impl Recurrence {
    /// Each element one place further on (in the direction of the walk, or against it), and 0 in the place left.
    #[track_caller]
    fn shifted<'t>(&self, x: Var<'t>, onward: bool) -> Var<'t> {
        let Lines { axis, length: n, backward, .. } = self.0;
        let axis = axis as isize;
        if n == 0 {
            x
        } else if onward != backward {
            x.slice(axis, 0..n - 1).pad(axis, 1, 0)
        } else {
            x.slice(axis, 1..n).pad(axis, 0, 1)
        }
    }
}

impl Call for Recurrence {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        match (inputs, output) {
            // (Kept in f64 from one to the next, as PyTorch does.)
            ([Slice::F32(a), Slice::F32(b)], SliceMut::F32(y)) => {
                let next = |y: f64, [a, b]: [f32; 2], _| y * a as f64 + b as f64;
                self.0.scan([a, b], y, |[_, b]| b as f64, next, |y| y as f32);
            }
            ([Slice::F64(a), Slice::F64(b)], SliceMut::F64(y)) => {
                self.0.scan([a, b], y, |[_, b]| b, |y: f64, [a, b], _| y * a + b, |y| y);
            }
            ([Slice::I64(a), Slice::I64(b)], SliceMut::I64(y)) => {
                let next = |y: i64, [a, b]: [i64; 2], _| y.wrapping_mul(a).wrapping_add(b);
                self.0.scan([a, b], y, |[_, b]| b, next, |y| y);
            }
            _ => return Err("takes numbers of one dtype".into()),
        }
        Ok(())
    }
}

impl Op for Recurrence {
    fn name(&self) -> &'static str {
        "recurrence"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        if x[0] != x[1] || x[0].dtype == DType::Bool {
            return Err("takes two operands of one shape, of numbers of one dtype".into());
        }
        self.0.check(&x[0].shape)?;
        Ok(x[0].clone())
    }

    fn attributes(&self, key: &mut Key) {
        self.0.write(key);
    }

    fn lower(&self) -> Lower {
        Lower::Call(Arc::new(self.clone()))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let s = at.tape.op(Recurrence(self.0.reversed()), &[self.shifted(at.x[0], false), g]);
        at.gradients(|i| Some(if i == 0 { s * self.shifted(at.y, true) } else { s }))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let by_a = dx[0].map(|da| da * self.shifted(at.y, true));
        let terms = match (by_a, dx[1]) {
            (Some(by_a), Some(db)) => by_a + db,
            (by_a, db) => by_a.or(db)?,
        };
        Some(at.tape.op(self.clone(), &[at.x[0], terms]))
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.apply(Recurrence(self.0.later()))
    }
}

impl<'t> Var<'t> {
    /// Running products along an axis, which may count from the end: `yᵢ = x₀·…·xᵢ`, of the same shape. Derivative: of each,
    /// the product of the others, also where some are 0.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([2.0, 0.0, 5.0]);
    /// assert_eq!(x.cumprod(0).value()?.to_f64(), [2.0, 0.0, 0.0]);
    /// assert_eq!(tape.grad(x.cumprod(0).sum(..), x).value()?.to_f64(), [1.0, 12.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn cumprod(self, axis: isize) -> Var<'t> {
        let _op = self.tape.within("cumprod", &[self]);
        if is_lone(axis, self.rank()) {
            return self.unsqueeze(0).cumprod(0).squeeze(0);
        }
        let Some(lines) = self.lines("cumprod", axis) else { return self.tape.poison() };
        if self.dtype() == DType::Bool {
            return self.tape.fail("cumprod", "bool has no product; cast it first", &[self]);
        }
        if lines.length == 0 {
            return self;
        }
        let at = lines.axis as isize;
        let first = self.slice(at, 0..1).pad(at, 0, lines.length - 1);
        self.tape.op(Recurrence(lines), &[self, first])
    }

    /// `yᵢ = ln(e^x₀ + … + e^xᵢ)` along an axis, which may count from the end, of the same shape. What is summed is taken
    /// relative to the largest so far, so that nothing overflows, and a few large elements don't hide later small sums.
    /// Derivative: of `yᵢ` by `xⱼ`, `e^(xⱼ - yᵢ)` for `j ≤ i`, and 0 where `yᵢ` is infinite.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let y = tape.var([f64::NEG_INFINITY, -1000.0, -1000.0]).logcumsumexp(0);
    /// assert_eq!(y.value()?.to_f64(), [f64::NEG_INFINITY, -1000.0, -1000.0 + 2f64.ln()]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn logcumsumexp(self, axis: isize) -> Var<'t> {
        let _op = self.tape.within("logcumsumexp", &[self]);
        if is_lone(axis, self.rank()) {
            return self.unsqueeze(0).logcumsumexp(0).squeeze(0);
        }
        let Some(lines) = self.lines("logcumsumexp", axis) else { return self.tape.poison() };
        if !self.dtype().is_float() {
            return self.tape.fail("logcumsumexp", "takes floating-point numbers; cast it first", &[self]);
        }
        let recurrence = Recurrence(lines);
        let largest = self.cummax(axis).detach();
        let infinite = largest.abs().eq(f64::INFINITY);
        let shift = infinite.select(0.0, largest);
        // With `s` relative to the largest so far: `sᵢ = sᵢ₋₁·e^(mᵢ₋₁ - mᵢ) + e^(xᵢ - mᵢ)`. The shifts cancel out, so they need no
        // derivative. (Where the largest is infinite, they don't ascend; what is made of them there is not chosen.)
        let weaker = (recurrence.shifted(shift, true) - shift).minimum(0.0).exp();
        let terms = (largest.eq(f64::INFINITY).select(0.0, self) - shift).exp();
        let sum = self.tape.op(recurrence, &[weaker, terms]);
        infinite.select(largest, infinite.select(1.0, sum).ln() + shift)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "cumprod", inputs: six, apply: |x| x[0].cumprod(1).square() },
    Sample { name: "cumprod_first", inputs: six, apply: |x| x[0].cumprod(0) * x[0] },
    Sample {
        name: "cumprod_zeros",
        inputs: || vec![sample([0.5, 0.0, 2.0, 0.0, -1.5, 0.7], &[6])],
        apply: |x| x[0].cumprod(0),
    },
    Sample { name: "logcumsumexp", inputs: six, apply: |x| x[0].logcumsumexp(1) },
    Sample { name: "logcumsumexp_first", inputs: six, apply: |x| x[0].logcumsumexp(0).square() },
    Sample {
        name: "logcumsumexp_infinity",
        inputs: six,
        apply: |x| {
            let y = x[0].gt(0.4).select(x[0], f64::NEG_INFINITY).logcumsumexp(1);
            y.eq(f64::NEG_INFINITY).select(0.0, y)
        },
    },
];

fn six() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3])]
}
