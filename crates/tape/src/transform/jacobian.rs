//! Whole Jacobians and Hessians: one derivative of a direction, over the batch of all directions.

use super::derivatives::grad;
use crate::ops::{alias, placeholder};
use crate::{DType, Shape, Tape, Var};

impl Tape {
    /// The Jacobian `∂y/∂x`, of the axes of `y` and then those of `x`: `J[i.., j..] = ∂y[i..]/∂x[j..]`, of
    /// the dtype of `y`. One derivative is recorded, and made for all directions at once: backward if `y` has fewer elements than
    /// `x`, else forward.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0]);
    /// let y = tape.var([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).matmul(x.square());
    /// assert_eq!(tape.jacobian(y, x).value()?.to_f64(), [2.0, 8.0, 6.0, 16.0, 10.0, 24.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// A mistake if one of them is not floating-point.
    #[track_caller]
    pub fn jacobian<'t>(&'t self, y: Var<'t>, x: Var<'t>) -> Var<'t> {
        if self.rejects("jacobian", &[y, x]) {
            return self.poison();
        }
        if !y.dtype().is_float() || !x.dtype().is_float() {
            return self.fail("jacobian", "only floating-point values have derivatives", &[y, x]);
        }
        let (rows, columns) = (y.shape(), x.shape());
        let shape: Shape = rows.iter().chain(columns.dims()).copied().collect();
        let (m, n) = (rows.numel(), columns.numel());
        if m < n {
            let g = placeholder(self, &rows, y.dtype());
            let row = self.vjp(y, g, &[x]);
            self.batch(&row, &[g], &[self.directions(&rows, y.dtype())], m)[0].reshape(shape).cast(y.dtype())
        } else {
            let dx = placeholder(self, &columns, x.dtype());
            let column = self.jvp(y, &[x], &[dx]);
            let all = self.batch(&[column], &[dx], &[self.directions(&columns, x.dtype())], n)[0];
            all.reshape([n, m]).t().reshape(shape)
        }
    }

    /// The Hessian `∂²y/∂x²` of a scalar, of the axes of `x` twice.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([2.0, 3.0]);
    /// let y = x.slice(0, ..1).square().sum(..) * x.slice(0, 1..).square().sum(..);
    /// assert_eq!(tape.hessian(y, x).value()?.to_f64(), [18.0, 24.0, 24.0, 8.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn hessian<'t>(&'t self, y: Var<'t>, x: Var<'t>) -> Var<'t> {
        self.jacobian(self.grad(y, x), x)
    }

    /// The product of the Hessian of a scalar with a direction `v`, of the shape of `x`: see [`hvp`](crate::hvp).
    #[track_caller]
    pub fn hvp<'t>(&'t self, y: Var<'t>, x: Var<'t>, v: Var<'t>) -> Var<'t> {
        self.jvp(self.grad(y, x), &[x], &[v])
    }

    /// All directions along one element of a tensor of this shape, along a new first axis.
    #[track_caller]
    fn directions(&self, shape: &Shape, dtype: DType) -> Var<'_> {
        let n = shape.numel();
        let (row, column) = (self.iota(n, DType::I64), self.iota(n, DType::I64).reshape([n, 1]));
        let shape: Shape = [n].iter().chain(shape.dims()).copied().collect();
        row.eq(column).cast(dtype).reshape(shape)
    }
}

/// The Jacobian `∂f/∂x` of a function of one value (several can be one by [`Tape::stack`], and taken apart by [`Var::at`]): see
/// [`Tape::jacobian`].
///
/// ```
/// use chainrule_tape::{Tape, jacobian};
/// let tape = Tape::new();
/// let j = jacobian(|x| x.square() * x.sum(..), tape.var([1.0, 2.0]));
/// assert_eq!(j.value()?.to_f64(), [7.0, 1.0, 4.0, 16.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[track_caller]
pub fn jacobian<'t>(f: impl FnOnce(Var<'t>) -> Var<'t>, x: Var<'t>) -> Var<'t> {
    let x = alias(x);
    x.tape().jacobian(f(x), x)
}

/// The Hessian `∂²f/∂x²` of a scalar function: see [`Tape::hessian`].
///
/// ```
/// use chainrule_tape::{Tape, hessian};
/// let tape = Tape::new();
/// let h = hessian(|x| x.square().sum(..) * x.sum(..), tape.var([1.0, 2.0]));
/// assert_eq!(h.value()?.to_f64(), [10.0, 6.0, 6.0, 14.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[track_caller]
pub fn hessian<'t>(f: impl FnOnce(Var<'t>) -> Var<'t>, x: Var<'t>) -> Var<'t> {
    let x = alias(x);
    let gradient = grad(f, x);
    x.tape().jacobian(gradient, x)
}
