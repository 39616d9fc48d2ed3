//! Comparisons, logic and choice.

use super::{Sample, elementwise_op, sample};
use crate::record::OpRef;
use crate::{DType, Meta, Operand, Var};
use chainrule_kernels::pointwise as kernel;

/// One block an op: doc; `method = "name", kernel`. The result is `bool`; there is no derivative.
macro_rules! comparison {
    ($($(#[$doc:meta])* $method:ident = $name:literal, $kernel:expr;)*) => {
        $(mod $method {
            use super::*;
            elementwise_op!(Comparison, $name, $kernel, |at, i, t| None);

            impl<'t> Var<'t> {
                $(#[$doc])*
                #[track_caller]
                pub fn $method(self, other: impl Operand<'t>) -> Var<'t> {
                    self.binary(&Comparison, other)
                }
            }
        })*
    };
}

comparison! {
    /// `a = b`, as `bool`. NaN equals nothing.
    eq = "eq", kernel::EQ;

    /// `a ≠ b`, as `bool`. NaN differs from everything.
    ne = "ne", kernel::NE;

    /// `a < b`, as `bool`; false for NaN.
    lt = "lt", kernel::LT;

    /// `a ≤ b`, as `bool`; false for NaN.
    le = "le", kernel::LE;

    /// `a ∧ b`, of truth values.
    and = "and", kernel::AND;

    /// `a ∨ b`, of truth values.
    or = "or", kernel::OR;

    /// Whether one of `a` and `b` is true and the other is not, of truth values.
    logical_xor = "xor", kernel::XOR;
}

elementwise_op!(Select, "select", kernel::SELECT, |at, i, t| {
    let (mask, zero) = (at.x[0], t.tape().full(t.shape(), 0.0, t.dtype()));
    match i {
        1 => Some(mask.select(t, zero)),
        2 => Some(mask.select(zero, t)),
        _ => None,
    }
});

impl<'t> Var<'t> {
    /// `a > b`, as `bool`; false for NaN.
    #[track_caller]
    pub fn gt(self, other: impl Operand<'t>) -> Var<'t> {
        let other = other.beside(self);
        let _op = self.tape.within("gt", &[self, other]);
        other.lt(self)
    }

    /// `a ≥ b`, as `bool`; false for NaN.
    #[track_caller]
    pub fn ge(self, other: impl Operand<'t>) -> Var<'t> {
        let other = other.beside(self);
        let _op = self.tape.within("ge", &[self, other]);
        other.le(self)
    }

    /// Whether an element is NaN.
    #[track_caller]
    pub fn is_nan(self) -> Var<'t> {
        let _op = self.tape.within("is_nan", &[self]);
        self.ne(self)
    }

    /// Whether an element is ∞ or -∞; integers never are.
    #[track_caller]
    pub fn is_inf(self) -> Var<'t> {
        let _op = self.tape.within("is_inf", &[self]);
        if self.dtype().is_float() { self.abs().eq(f64::INFINITY) } else { self.ne(self) }
    }

    /// Whether an element is neither NaN nor infinite; integers always are.
    #[track_caller]
    pub fn is_finite(self) -> Var<'t> {
        let _op = self.tape.within("is_finite", &[self]);
        if self.dtype().is_float() { self.abs().lt(f64::INFINITY) } else { self.eq(self) }
    }

    /// Of a `bool` mask: `yes` where it is true, `no` elsewhere (NumPy's `where`). The derivative goes to the one
    /// that was chosen. A number takes the other branch's dtype; two numbers are `f32`.
    #[doc(alias = "where")]
    #[track_caller]
    pub fn select(self, yes: impl Operand<'t>, no: impl Operand<'t>) -> Var<'t> {
        if self.dtype() != DType::Bool && !self.is_poisoned() {
            return self.tape.fail("select", format!("the condition is {}, not bool", self.dtype()), &[self]);
        }
        let dtype = yes.own_dtype().or(no.own_dtype()).unwrap_or(DType::F32);
        let beside = Meta::new(self.shape(), dtype);
        let (yes, no) = (yes.on(self.tape, &beside), no.on(self.tape, &beside));
        self.tape.elementwise(OpRef::Static(&Select), &[self, yes, no])
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "select",
        inputs: || vec![sample([0.5, -1.0, 2.0], &[3]), sample([1.5], &[1])],
        apply: |x| x[0].gt(0.7).select(x[0] * x[1], x[1] - x[0]),
    },
    Sample {
        name: "logical_xor",
        inputs: || vec![sample([0.5, -1.0, 2.0], &[3])],
        apply: |x| x[0].gt(0.7).logical_xor(x[0].lt(0.0)).select(x[0], x[0].square()),
    },
    Sample {
        name: "is_inf",
        inputs: || vec![sample([0.5, -1.0, 2.0], &[3])],
        apply: |x| x[0].is_inf().select(x[0], x[0].square()),
    },
    Sample {
        name: "is_finite",
        inputs: || vec![sample([0.5, -1.0, 2.0], &[3])],
        apply: |x| x[0].is_finite().select(x[0].square(), x[0]),
    },
];
