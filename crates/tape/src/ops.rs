//! The ops: one block each, by family. A block holds the op's doc, shape rule, kernel, derivative and samples.

mod arithmetic;
mod assemble;
mod compare;
mod convert;
mod convolution;
mod cumulative;
mod depthwise;
mod exponential;
mod gated;
mod generate;
mod index;
mod largest;
mod matmul;
mod movement;
mod normalize;
mod pool;
mod recurrence;
mod reduce;
mod search;
mod sort;
mod symmetric;
mod transposed;
mod special;
mod symmetric;
mod trigonometric;
mod unary;
mod unfold;
mod windows;

use crate::{Tensor, Var, compose};

pub use convolution::Conv;
pub use pool::Pool;
pub use reduce::Axes;
pub use transposed::ConvTranspose;

/// An expression with inputs at which its derivatives are checked: every op has one or more.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The op.
    pub name: &'static str,
    /// Inputs, in `f64`.
    pub inputs: fn() -> Vec<Tensor>,
    /// The expression.
    pub apply: for<'t> fn(&[Var<'t>]) -> Var<'t>,
}

/// The samples of all ops with derivatives.
///
/// ```
/// let names: Vec<_> = chainrule_tape::ops::samples().iter().map(|s| s.name).collect();
/// assert!(names.contains(&"exp") && names.contains(&"matmul"));
/// ```
pub fn samples() -> Vec<Sample> {
    let families = [
        unary::SAMPLES,
        unary::SQUARE,
        exponential::SAMPLES,
        trigonometric::SAMPLES,
        special::SAMPLES,
        special::FAMILIES,
        crate::compose::elementwise::SAMPLES,
        arithmetic::SAMPLES,
        compare::SAMPLES,
        convert::SAMPLES,
        reduce::SAMPLES,
        matmul::SAMPLES,
        movement::SAMPLES,
        assemble::SAMPLES,
        convolution::SAMPLES,
        depthwise::SAMPLES,
        transposed::SAMPLES,
        gated::SAMPLES,
        normalize::SAMPLES,
        pool::SAMPLES,
        crate::compose::adaptive_pool::SAMPLES,
        generate::SAMPLES,
        crate::compose::random::SAMPLES,
        crate::compose::interpolate::SAMPLES,
        crate::compose::pixel_shuffle::SAMPLES,
        unfold::SAMPLES,
        index::SAMPLES,
        crate::transform::SAMPLES,
        cumulative::SAMPLES,
        recurrence::SAMPLES,
        search::SAMPLES,
        sort::SAMPLES,
        crate::compose::difference::SAMPLES,
        crate::compose::quantile::SAMPLES,
        crate::compose::norm::SAMPLES,
        crate::compose::reduce::SAMPLES,
        crate::compose::softmax::SAMPLES,
        crate::compose::statistics::SAMPLES,
        indexing::SAMPLES,
        compose::indexing::SAMPLES,
        compose::axes::SAMPLES,
        compose::einsum::SAMPLES,
        compose::grid::SAMPLES,
        compose::movement::SAMPLES,
        compose::padding::SAMPLES,
        compose::points::SAMPLES,
        compose::products::SAMPLES,
        compose::triangle::SAMPLES,
    ];
    // An op without derivative has no points to check it at.
    families.concat().into_iter().filter(|sample| !(sample.inputs)().is_empty()).collect()
}

pub(crate) use convert::{alias, anew, placeholder};
pub(crate) use convolution::numbers;
pub(crate) use movement::same_view;
/// The movement to a shape with the same elements, for the planner.
pub(crate) use movement::{expand, permute, reshape};
pub(crate) use reduce::{is_lone, reduce_kept};

/// `values` as a tensor of this shape; a helper of the samples.
pub(crate) fn sample<const N: usize>(values: [f64; N], shape: &[usize]) -> Tensor {
    Tensor::from_slice(&values, shape).expect("a sample's values fill its shape")
}

/// Implements [`Op`](crate::Op) for elementwise ops of a kernel. The derivative of input `i` is linear in `t`, the
/// gradient or tangent: an elementwise op's Jacobian is diagonal, so one rule serves reverse and forward mode.
macro_rules! elementwise_op {
    ($Op:ident, $name:literal, $kernel:expr, |$at:ident, $i:ident, $t:ident| $d:expr) => {
        elementwise_op!($Op, $name, $kernel, |$at, $i, $t| $d, []);
    };
    // The constants that, as each operand, leave the other one as it is.
    ($Op:ident, $name:literal, $kernel:expr, |$at:ident, $i:ident, $t:ident| $d:expr, [$($neutral:expr),*]) => {
        #[derive(Debug)]
        struct $Op;

        impl $crate::Op for $Op {
            fn name(&self) -> &'static str {
                $name
            }

            fn infer(&self, x: &[&$crate::Meta]) -> Result<$crate::Meta, String> {
                let dtypes: smallvec::SmallVec<[$crate::DType; 3]> =
                    x.iter().map(|meta| meta.dtype).collect();
                let dtype = $kernel.output(&dtypes).ok_or_else(|| $crate::record::reject(x))?;
                Ok($crate::Meta::new(&x[0].shape, dtype))
            }

            fn attributes(&self, _: &mut $crate::Key) {}

            fn lower(&self) -> $crate::Lower {
                $crate::Lower::Pointwise(&$kernel)
            }

            fn identity(&self, x: &[Option<$crate::Constant>]) -> Option<usize> {
                let neutral: &[Option<$crate::Constant>] = &[$($neutral),*];
                neutral.iter().zip(x).position(|(neutral, x)| neutral.is_some() && x == neutral).map(|i| 1 - i)
            }

            fn vjp<'t>(&self, at: &$crate::Rule<'_, 't>, g: $crate::Var<'t>) -> $crate::Gradients<'t> {
                at.gradients(|i| derivative(at, i, g))
            }

            fn jvp<'t>(
                &self,
                at: &$crate::Rule<'_, 't>,
                dx: &[Option<$crate::Var<'t>>],
            ) -> Option<$crate::Var<'t>> {
                let terms = dx.iter().enumerate().filter_map(|(i, dx)| derivative(at, i, (*dx)?));
                terms.reduce(|sum, term| sum + term)
            }
        }

        #[allow(unused_variables)]
        fn derivative<'t>(
            $at: &$crate::Rule<'_, 't>,
            $i: usize,
            $t: $crate::Var<'t>,
        ) -> Option<$crate::Var<'t>> {
            $d
        }
    };
}
use elementwise_op;
