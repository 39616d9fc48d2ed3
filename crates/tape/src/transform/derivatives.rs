//! Derivatives of functions, at a point.

use super::Vars;
use crate::Var;
use crate::ops::alias;

/// The arguments as variables of their own.
#[track_caller]
fn fresh<'t, X: Vars<'t>>(x: &X) -> X {
    // (No closure: it would be its own caller.)
    let mut own = x.leaves();
    for x in &mut own {
        *x = alias(*x);
    }
    x.with(&mut own.into_iter())
}

/// The gradient `∂f/∂x` of a scalar function, of the structure and shapes of `x`.
///
/// `f` may use other values beside its argument, which count as constants, and may itself be made of derivatives.
///
/// ```
/// use chainrule_tape::{Tape, grad};
/// let tape = Tape::new();
/// let x = tape.var(3.0);
/// let second = grad(|x| grad(|x| x * x * x, x), x);
/// assert_eq!(second.item()?, 18.0);
/// // Each by its own argument: d/dx (x · d/dy (x + y)) = 1.
/// assert_eq!(grad(|x| x * grad(|y| x + y, x), x).item()?, 1.0);
/// // Several arguments.
/// let [a, b] = grad(|[a, b]| a * a * b, [x, tape.var(2.0)]);
/// assert_eq!((a.item()?, b.item()?), (12.0, 9.0));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// A mistake if the result is not one floating-point number, or if an argument is not floating-point.
#[track_caller]
pub fn grad<'t, X: Vars<'t>>(f: impl FnOnce(X) -> Var<'t>, x: X) -> X {
    value_and_grad(f, x).1
}

/// The value of a scalar function and its [gradient](grad).
///
/// ```
/// use chainrule_tape::{Tape, value_and_grad};
/// let tape = Tape::new();
/// let (y, dy) = value_and_grad(|x| x.square().sum(..), tape.var([1.0, 2.0]));
/// assert_eq!((y.item()?, dy.value()?.to_f64()), (5.0, vec![2.0, 4.0]));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[track_caller]
pub fn value_and_grad<'t, X: Vars<'t>>(f: impl FnOnce(X) -> Var<'t>, x: X) -> (Var<'t>, X) {
    let x = fresh(&x);
    let leaves = x.leaves();
    let y = f(x.with(&mut leaves.iter().copied()));
    let gradients = y.tape().grads(y, &leaves);
    (y, x.with(&mut gradients.into_iter()))
}

/// The value of a function, and what maps a gradient `g` of the value to that of `x`: `g ↦ gᵀ·∂f/∂x`.
///
/// ```
/// use chainrule_tape::{Tape, vjp};
/// let tape = Tape::new();
/// let (y, pullback) = vjp(|x| x.square(), tape.var([1.0, 2.0]));
/// assert_eq!(y.value()?.to_f64(), [1.0, 4.0]);
/// assert_eq!(pullback(tape.var([1.0, 10.0])).value()?.to_f64(), [2.0, 40.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[track_caller]
pub fn vjp<'t, X: Vars<'t>>(f: impl FnOnce(X) -> Var<'t>, x: X) -> (Var<'t>, impl Fn(Var<'t>) -> X) {
    let x = fresh(&x);
    let leaves = x.leaves();
    let y = f(x.with(&mut leaves.iter().copied()));
    let at = y.tape().at();
    let pullback = move |g: Var<'t>| {
        let gradients = y.tape().on_behalf_of(at, || y.tape().vjp(y, g, &leaves));
        x.with(&mut gradients.into_iter())
    };
    (y, pullback)
}

/// The value of a function, and its change along the direction `dx`: `∂f/∂x·dx`.
///
/// ```
/// use chainrule_tape::{Tape, jvp};
/// let tape = Tape::new();
/// let (y, dy) = jvp(|x| x.square(), tape.var([1.0, 2.0]), tape.var([1.0, 10.0]));
/// assert_eq!(dy.value()?.to_f64(), [2.0, 40.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// A mistake if a direction has not the shape and dtype of its argument.
#[track_caller]
pub fn jvp<'t, X: Vars<'t>, Y: Vars<'t>>(f: impl FnOnce(X) -> Y, x: X, dx: X) -> (Y, Y) {
    let x = fresh(&x);
    let (from, along) = (x.leaves(), dx.leaves());
    let y = f(x);
    let mut tangents = Vec::new();
    for y in y.leaves() {
        tangents.push(y.tape().jvp(y, &from, &along));
    }
    let dy = y.with(&mut tangents.into_iter());
    (y, dy)
}

/// The value of a function, and its linear part there: what maps a direction `dx` to `∂f/∂x·dx`. What depends on `x` alone is
/// computed once, for all directions.
///
/// ```
/// use chainrule_tape::{Tape, linearize};
/// let tape = Tape::new();
/// let (_, push) = linearize(|x| x.exp(), tape.var([0.0, 0.0]));
/// assert_eq!(push(tape.var([1.0, 2.0])).value()?.to_f64(), [1.0, 2.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[track_caller]
pub fn linearize<'t, X: Vars<'t>, Y: Vars<'t>>(f: impl FnOnce(X) -> Y, x: X) -> (Y, impl Fn(X) -> Y) {
    let x = fresh(&x);
    let leaves = x.leaves();
    let y = f(x);
    let value = y.map(|y| y);
    // A closure would be its own caller.
    #[allow(clippy::manual_map)]
    let at = match y.leaves().first() {
        Some(y) => Some(y.tape().at()),
        None => None,
    };
    let push = move |dx: X| {
        let tangent = |y: Var<'t>| y.tape().jvp(y, &leaves, &dx.leaves());
        y.map(|y| at.map_or_else(|| tangent(y), |at| y.tape().on_behalf_of(at, || tangent(y))))
    };
    (value, push)
}

/// The derivative of a function along a direction, which need not have length 1: the tangent of [`jvp`] alone.
///
/// ```
/// use chainrule_tape::{Tape, directional_derivative};
/// let tape = Tape::new();
/// let slope = directional_derivative(|x| x.square().sum(..), tape.var([1.0, 2.0]), tape.var([0.0, 1.0]));
/// assert_eq!(slope.item()?, 4.0);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[track_caller]
pub fn directional_derivative<'t, X: Vars<'t>, Y: Vars<'t>>(f: impl FnOnce(X) -> Y, x: X, direction: X) -> Y {
    jvp(f, x, direction).1
}

/// The product of the Hessian of a scalar function with a direction, `∂²f/∂x²·v`: forward mode over reverse mode, at the cost of
/// a few gradients, without the Hessian.
///
/// ```
/// use chainrule_tape::{Tape, hvp};
/// let tape = Tape::new();
/// let product = hvp(|x| (x * x * x).sum(..), tape.var([1.0, 2.0]), tape.var([1.0, 10.0]));
/// assert_eq!(product.value()?.to_f64(), [6.0, 120.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// Source: Pearlmutter, "Fast exact multiplication by the Hessian", 1994.
#[track_caller]
pub fn hvp<'t, X: Vars<'t>>(f: impl FnOnce(X) -> Var<'t>, x: X, v: X) -> X {
    // (No closure around `grad`, and no `jvp` of one: mistakes are told with the caller's line.)
    let x = fresh(&x);
    let gradient = {
        let own = x.leaves();
        let y = f(x.with(&mut own.iter().copied()));
        y.tape().grads(y, &own)
    };
    let (from, along) = (x.leaves(), v.leaves());
    let mut products = Vec::with_capacity(gradient.len());
    for g in gradient {
        products.push(g.tape().jvp(g, &from, &along));
    }
    x.with(&mut products.into_iter())
}
