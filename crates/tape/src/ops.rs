//! The ops: one block each, by family. A block holds the op's doc, shape rule, kernel, derivative and samples.

use crate::{Tensor, Var};

pub use convolution::Conv;
pub use pool::Pool;
pub use reduce::Axes;
pub use transposed::ConvTranspose;

/// Declares the families, each a file with `SAMPLES` of its ops.
macro_rules! families {
    ($($family:ident)*) => {
        $(pub(crate) mod $family;)*

        /// The samples of each family.
        pub(crate) const SAMPLES: &[&[$crate::ops::Sample]] = &[$($family::SAMPLES),*];
    };
}
pub(crate) use families;

families! {
    arithmetic assemble compare convert convolution cumulative depthwise exponential gated generate index matmul movement
    normalize polygamma pool recurrence reduce search sort special step transposed trigonometric unary unfold
}

mod largest;
mod symmetric;
mod windows;

/// An expression with inputs at which its derivatives are checked: every op has one or more.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The op, or its name with what is special after it.
    pub name: &'static str,
    /// Inputs, in `f64`; none for an op without derivative.
    pub inputs: fn() -> Vec<Tensor>,
    /// The expression.
    pub apply: for<'t> fn(&[Var<'t>]) -> Var<'t>,
}

pub(crate) use convert::{alias, anew, placeholder};
pub(crate) use convolution::numbers;
/// The movement to a shape with the same elements, for the planner.
pub(crate) use matmul::product;
pub(crate) use movement::same_view;
pub(crate) use movement::{expand, permute, reshape};
pub(crate) use reduce::{is_lone, reduce_kept};

/// `values` as a tensor of this shape; a helper of the samples.
pub(crate) fn sample<const N: usize>(values: [f64; N], shape: &[usize]) -> Tensor {
    Tensor::from_slice(&values, shape).expect("a sample's values fill its shape")
}

/// The rules of an op without a derivative, such as one that makes indices.
macro_rules! no_derivative {
    () => {
        fn vjp<'t>(&self, at: &$crate::Rule<'_, 't>, _: $crate::Var<'t>) -> $crate::Gradients<'t> {
            at.gradients(|_| None)
        }

        fn jvp<'t>(
            &self,
            _: &$crate::Rule<'_, 't>,
            _: &[Option<$crate::Var<'t>>],
        ) -> Option<$crate::Var<'t>> {
            None
        }
    };
}
use no_derivative;

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
