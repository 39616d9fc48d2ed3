//! Operands that need not be on the tape yet.

use super::{Tape, Var};
use crate::{DType, Meta};

/// What an expression takes where a second operand stands: a [`Var`], or a number, which becomes a constant of the
/// other operand's dtype. Numbers are `f64`, whatever the dtype is: `tokens.ne(0.0)` also of integers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't stand beside a `Var`",
    note = "a number beside a `Var` is an `f64`, whatever the `Var`'s dtype is: write `2.0`, or `f64::from(n)` or `n as f64`",
    note = "a tensor is put on the tape first: `tape.var(tensor)`"
)]
pub trait Operand<'t> {
    /// The operand as a `Var`, for use beside one of shape and dtype `beside`.
    #[track_caller]
    fn on(self, tape: &'t Tape, beside: &Meta) -> Var<'t>;

    /// The operand for use beside `x`: [`on`](Operand::on) with its shape and dtype.
    #[track_caller]
    fn beside(self, x: Var<'t>) -> Var<'t>
    where
        Self: Sized,
    {
        self.on(x.tape(), &x.meta())
    }

    /// The dtype, if it doesn't depend on the other operand.
    fn own_dtype(&self) -> Option<DType>;
}

impl<'t> Operand<'t> for Var<'t> {
    fn on(self, _: &'t Tape, _: &Meta) -> Var<'t> {
        self
    }

    fn beside(self, _: Var<'t>) -> Var<'t> {
        self
    }

    fn own_dtype(&self) -> Option<DType> {
        Some(self.dtype())
    }
}

impl<'t> Operand<'t> for f64 {
    #[track_caller]
    fn on(self, tape: &'t Tape, beside: &Meta) -> Var<'t> {
        tape.full(&beside.shape, self, beside.dtype)
    }

    #[track_caller]
    fn beside(self, x: Var<'t>) -> Var<'t> {
        x.tape().full_like(x, self)
    }

    fn own_dtype(&self) -> Option<DType> {
        None
    }
}
