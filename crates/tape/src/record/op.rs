//! What an op is.

use super::{Key, Tape, Var};
use crate::plan::Constant;
use crate::{DType, Shape};
use chainrule_kernels::machine::{BlockCall, Call};
use chainrule_kernels::pointwise::{Generator, Kernel};
use smallvec::SmallVec;
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

/// Shape and dtype of a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Meta {
    /// Lengths of the axes.
    pub shape: Shape,
    /// Element type.
    pub dtype: DType,
}

impl Meta {
    /// A shape with a dtype.
    pub fn new(shape: impl Into<Shape>, dtype: DType) -> Meta {
        Meta { shape: shape.into(), dtype }
    }
}

/// An op: its shape rule, its derivative, and how it is computed. The ops of this crate and those of its users
/// implement the same trait.
///
/// In the rules, `x` are the inputs, `y` is the output and `g` the gradient that arrives at the output. Rules are made
/// of recorded ops, so that derivatives of any order exist.
///
/// An op of one's own, computed element by element and fused with its neighbours:
///
/// ```
/// use chainrule_tape::*;
/// use std::sync::Arc;
///
/// /// `y = x / (1 + |x|)`. Derivative: `1 / (1 + |x|)²`.
/// #[derive(Debug)]
/// struct Softsign;
///
/// impl BlockCall for Softsign {
///     fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) {
///         match (inputs, output) {
///             ([Slice::F32(x)], SliceMut::F32(y)) => y.iter_mut().zip(*x).for_each(|(y, x)| *y = x / (1.0 + x.abs())),
///             ([Slice::F64(x)], SliceMut::F64(y)) => y.iter_mut().zip(*x).for_each(|(y, x)| *y = x / (1.0 + x.abs())),
///             _ => {} // refused by `infer`
///         }
///     }
/// }
///
/// impl Op for Softsign {
///     fn name(&self) -> &'static str {
///         "softsign"
///     }
///
///     fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
///         if x[0].dtype.is_float() { Ok(x[0].clone()) } else { Err(format!("not defined for {}", x[0].dtype)) }
///     }
///
///     fn lower(&self) -> Lower {
///         Lower::Custom(Arc::new(Softsign))
///     }
///
///     fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
///         at.gradients(|_| Some(g / (at.x[0].abs() + 1.0).square()))
///     }
///
///     fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
///         dx[0].map(|dx| dx / (at.x[0].abs() + 1.0).square())
///     }
/// }
///
/// fn softsign(x: Var<'_>) -> Var<'_> {
///     x.tape().op(Softsign, &[x])
/// }
///
/// check::gradients(|x| softsign(x[0]), &[Tensor::from([-1.5, 0.3, 2.0])])?;
/// let tape = Tape::new();
/// assert_eq!(softsign(tape.var([1f32, -3.0])).value()?.to_f64(), [0.5, -0.75]);
/// # Ok::<(), Error>(())
/// ```
pub trait Op: Debug + Send + Sync + Any {
    /// The name in errors and pictures.
    fn name(&self) -> &'static str;

    /// The output's shape and dtype from the inputs', or what is wrong with them.
    fn infer(&self, x: &[&Meta]) -> Result<Meta, String>;

    /// Writes everything in which this op may differ from others of its type: axes, shapes, flags. Ops with the same
    /// attributes and inputs are taken for the same computation. Unless written more cheaply, that is the op's `Debug`
    /// text, so a field that `Debug` leaves out must be written here.
    fn attributes(&self, key: &mut Key) {
        key.write_str(&format!("{self:?}"));
    }

    /// How the op is computed.
    fn lower(&self) -> Lower;

    /// The gradient of each input from the output's: `gᵢ = (∂y/∂xᵢ)ᵀ·g`. `None` where there is no derivative.
    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t>;

    /// The output's tangent from the inputs': `dy = Σ (∂y/∂xᵢ)·dxᵢ`, where `None` is zero.
    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>>;

    /// The op on each of a batch of inputs at once, for [`vmap`](crate::vmap): some of the inputs have a new first axis, along
    /// which the elements of the batch lie, and so does the output. Left out, elementwise ops take the whole batch, and others
    /// are recorded for one element after the other.
    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        match self.lower() {
            Lower::Pointwise(_) | Lower::Custom(_) => at.together(),
            _ => at.one_by_one(),
        }
    }

    /// The input whose value the output always has, given which inputs are known constants: `x·1` is `x`. Only what
    /// is exact for every value, NaN and -0 included.
    fn identity(&self, x: &[Option<Constant>]) -> Option<usize> {
        let _ = x;
        None
    }

    /// Whether an input's derivative is meant to be absent, as [`detach`](Var::detach)'s is. Such an op does not count
    /// as cutting a parameter's path to the loss.
    fn detaches(&self) -> bool {
        false
    }
}

/// One gradient for each input.
pub type Gradients<'t> = SmallVec<[Option<Var<'t>>; 3]>;

/// What a derivative rule works with.
#[derive(Debug)]
pub struct Rule<'a, 't> {
    /// The tape on which the rule records.
    pub tape: &'t Tape,
    /// The inputs.
    pub x: &'a [Var<'t>],
    /// The output.
    pub y: Var<'t>,
    /// Which inputs' gradients are wanted; a rule may return `None` for the others.
    pub wanted: &'a [bool],
}

impl<'t> Rule<'_, 't> {
    /// The gradients by a function of the input's number, called for those that are wanted.
    pub fn gradients(&self, mut of: impl FnMut(usize) -> Option<Var<'t>>) -> Gradients<'t> {
        let mut gradients = Gradients::new();
        for (i, &wanted) in self.wanted.iter().enumerate() {
            gradients.push(if wanted { of(i) } else { None });
        }
        gradients
    }
}

/// What a batching rule works with.
#[derive(Debug)]
pub struct Batch<'a, 't> {
    /// The tape on which the rule records.
    pub tape: &'t Tape,
    /// The inputs, each a batch along a new first axis or shared by all elements of the batch.
    pub x: &'a [Var<'t>],
    /// Which inputs are batches; one is, at least.
    pub batched: &'a [bool],
    /// The number of elements of the batch.
    pub size: usize,
    pub(crate) op: &'a OpRef,
}

impl<'t> Batch<'_, 't> {
    /// An input as a batch: one that is shared is repeated.
    pub fn whole(&self, i: usize) -> Var<'t> {
        let x = self.x[i];
        if self.batched[i] {
            x
        } else {
            x.expand(std::iter::once(&self.size).chain(x.shape().dims()).copied().collect::<Shape>())
        }
    }

    /// The op itself on all inputs as batches: for ops that work element by element, or don't look at the first axis.
    pub fn together(&self) -> Var<'t> {
        self.each_of(self.op.clone())
    }

    /// Another op on all inputs as batches, such as the same one with its axis moved by 1.
    pub fn apply(&self, op: impl Op) -> Var<'t> {
        self.each_of(OpRef::Shared(Arc::new(op)))
    }

    fn each_of(&self, op: OpRef) -> Var<'t> {
        let x: SmallVec<[Var<'t>; 3]> = (0..self.x.len()).map(|i| self.whole(i)).collect();
        self.tape.push(op, &x)
    }

    /// The op recorded for each element of the batch: right for every op, and the slowest.
    pub fn one_by_one(&self) -> Var<'t> {
        let element = |at: usize| {
            let x = self.x.iter().zip(self.batched);
            let x = x.map(|(x, &batched)| if batched { x.slice(0, at..at + 1).squeeze(0) } else { *x });
            self.tape.push(self.op.clone(), &x.collect::<SmallVec<[Var<'t>; 3]>>())
        };
        if self.size == 0 {
            let metas = self.x.iter().zip(self.batched).map(|(x, &batched)| match x.meta() {
                Meta { shape, dtype } if batched => Meta::new(&shape[1..], dtype),
                meta => meta,
            });
            let metas: SmallVec<[Meta; 3]> = metas.collect();
            return match self.op.infer(&metas.iter().collect::<SmallVec<[&Meta; 3]>>()) {
                Ok(Meta { shape, dtype }) => self.tape.full(
                    std::iter::once(&0).chain(shape.dims()).copied().collect::<Shape>(),
                    0.0,
                    dtype,
                ),
                Err(what) => self.tape.fail(self.op.name(), what, self.x),
            };
        }
        self.tape.stack(&(0..self.size).map(element).collect::<Vec<_>>(), 0)
    }
}

/// How an op is computed.
#[derive(Clone, Debug)]
pub enum Lower {
    /// Element by element, by a kernel; all inputs have the output's shape.
    Pointwise(&'static Kernel),
    /// Element by element, by a function of the user's; all inputs have the output's shape.
    Custom(Arc<dyn BlockCall>),
    /// From nothing but each element's index, a key, and (if there is an input) a counter.
    Generate(&'static Generator, [u64; 2]),
    /// The (first) input's elements in another arrangement.
    View(Arc<dyn Movement>),
    /// The sum over axes (sorted), or the largest element. The output has the inputs' shape without those axes, or
    /// with length 1 there: the elements' order is the same.
    Reduce {
        /// The axes reduced, ascending.
        axes: SmallVec<[usize; 4]>,
        /// The largest instead of the sum.
        max: bool,
    },
    /// `[…, m, k]` by `[…, k, n]`, with equal leading axes.
    Matmul,
    /// The inputs' elements placed in a tensor that is 0 (or `false`) elsewhere; no two in the same place.
    Assemble(Vec<Piece>),
    /// `[n, spatial…, c]` by `[window…, c, o]`, over the windows that lie inside: `[n, positions…, o]`.
    Convolution {
        /// Distance from one window to the next, for each spatial axis.
        stride: SmallVec<[usize; 3]>,
        /// Distance of a window's elements.
        dilation: SmallVec<[usize; 3]>,
    },
    /// Rows `x[1]` (indices) of `x[0]`.
    Gather,
    /// Rows of `x[0]` added to zeros at the indices `x[1]`.
    ScatterAdd,
    /// `x[0]` itself, which must lie in `0..bound`.
    CheckIndex(usize),
    /// By a function of the user's over whole, dense tensors.
    Call(Arc<dyn Call>),
}

/// Where an input of [`Lower::Assemble`] goes: element `i` of an axis to `start + i·step`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The place of the first element.
    pub start: SmallVec<[usize; 4]>,
    /// From one element to the next along each axis.
    pub step: SmallVec<[usize; 4]>,
}

impl Piece {
    /// A piece of this rank that starts at `start` of one axis.
    pub fn along(rank: usize, axis: usize, start: usize) -> Piece {
        let mut piece = Piece { start: SmallVec::from_elem(0, rank), step: SmallVec::from_elem(1, rank) };
        piece.start[axis] = start;
        piece
    }
}

/// A movement op: another view of the same elements.
pub trait Movement: Debug + Send + Sync {
    /// The output's view in terms of the input's; `None` if no strides express it (the input is then copied first).
    fn view(&self, x: &View, y: &Shape) -> Option<View>;

    /// The view of the input, given the place where the output is wanted, if the output has each of the input's elements
    /// once. With it, an input can be made where it is needed instead of being copied there.
    fn invert(&self, y: &View, x: &Shape) -> Option<View> {
        let _ = (y, x);
        None
    }

    /// Whether what is made from the output is computed anew, even if the same was made from the input.
    fn is_anew(&self) -> bool {
        false
    }

    /// The order of the axes, if the op does nothing but to permute them.
    fn order(&self) -> Option<&[usize]> {
        None
    }
}

/// How a tensor's elements lie in memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct View {
    /// Lengths of the axes.
    pub shape: Shape,
    /// Distance in elements from one index to the next, for each axis.
    pub strides: SmallVec<[isize; 4]>,
    /// Distance in elements of the first element from the start.
    pub offset: isize,
}

impl View {
    /// Dense row-major elements.
    pub fn dense(shape: &Shape) -> View {
        View { shape: shape.clone(), strides: shape.strides(), offset: 0 }
    }

    /// Whether the elements lie dense in row-major order (axes of length 1 aside).
    pub fn is_dense(&self) -> bool {
        let mut step = 1;
        for (&length, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if length != 1 && stride != step {
                return self.shape.numel() == 0;
            }
            // (Where it overflows, there are no elements.)
            step = step.wrapping_mul(length as isize);
        }
        true
    }
}

/// An op in a node: one without attributes is a constant, others are shared.
#[derive(Clone, Debug)]
pub(crate) enum OpRef {
    Static(&'static dyn Op),
    Shared(Arc<dyn Op>),
}

impl std::ops::Deref for OpRef {
    type Target = dyn Op;

    fn deref(&self) -> &(dyn Op + 'static) {
        match self {
            OpRef::Static(op) => *op,
            OpRef::Shared(op) => &**op,
        }
    }
}

/// The message for operands that a kernel does not take.
pub(crate) fn reject(x: &[&Meta]) -> String {
    let mut dtypes: Vec<&str> = x.iter().map(|meta| meta.dtype.name()).collect();
    if dtypes.iter().all(|dtype| *dtype == dtypes[0]) {
        dtypes.truncate(1);
    }
    let (list, advice) = (dtypes.join(" and "), if dtypes.len() > 1 { "; cast one of them" } else { "" });
    format!("not defined for {list}{advice}")
}
