//! Matrix products: `C = alpha A B + beta C` with any strides, cut into tasks for threads.
//!
//! A product is described once ([`Gemm::new`]) and run many times, on whatever pointers have that
//! description. One operand is read in vectors (the one that runs along the unit stride of C), the other is
//! broadcast element by element from where it lies; only a panel whose vectors aren't contiguous is packed,
//! into a workspace that the caller owns. Blocks, parts of `k` and tasks depend on the sizes alone, so the
//! result has the same bits for any number of threads.

mod blocking;
mod contract;
mod drive;
mod lines;
mod micro;
mod pack;

use crate::{DType, Level};
use blocking::{Kind, Plan, STACK_BYTES};
use micro::Kernel;

pub use contract::{Axes, Axis, Contraction};

/// The plain-data description of one product, made once per plan.
///
/// `C[m, n] = alpha * A[m, k] B[k, n] + beta * C` over `f32` or `f64`. Where `beta` is 0, C is written
/// without being read; where `alpha` or `k` is 0, A and B aren't read.
///
/// ```
/// use chainrule_kernels::{DType, Level, gemm::Gemm};
///
/// let (a, b, mut c) = ([1f32, 2., 3., 4., 5., 6.], [1f32, 1., 0., 1., 1., 0.], [0f32; 4]);
/// let gemm = Gemm::new(DType::F32, Level::detect(), 2, 3, 2, [3, 1], [2, 1], [2, 1]);
/// assert_eq!((gemm.tasks(), gemm.workspace_bytes()), (1, 0));
/// // SAFETY: the arrays have the sizes and strides described, and no workspace is needed.
/// unsafe {
///     let (a, b, c) = (a.as_ptr().cast(), b.as_ptr().cast(), c.as_mut_ptr().cast());
///     gemm.run(0, 1.0, a, b, 0.0, c, std::ptr::null_mut());
/// }
/// assert_eq!(c, [4., 3., 10., 9.]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gemm {
    /// Rows of A and C.
    pub m: usize,
    /// Columns of A, rows of B.
    pub k: usize,
    /// Columns of B and C.
    pub n: usize,
    /// Row and column stride of A, in elements.
    pub a: [isize; 2],
    /// Row and column stride of B, in elements.
    pub b: [isize; 2],
    /// Row and column stride of C, in elements.
    pub c: [isize; 2],
    /// `f32` or `f64`.
    pub dtype: DType,
    level: Level,
    plan: Plan,
}

impl Gemm {
    /// Describes a product: picks kernels, blocking and tasks, by size only.
    ///
    /// # Panics
    /// If `dtype` isn't a floating-point type.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        dtype: DType,
        level: Level,
        m: usize,
        k: usize,
        n: usize,
        a: [isize; 2],
        b: [isize; 2],
        c: [isize; 2],
    ) -> Gemm {
        let plan = match dtype {
            DType::F32 => Plan::new(f32::kernels(level), [m, k, n], a, b, c),
            DType::F64 => Plan::new(f64::kernels(level), [m, k, n], a, b, c),
            // As documented. It can't come from a recording: `matmul` and `conv` of other types are mistakes there.
            DType::I64 | DType::Bool => panic!("a product of {dtype}"),
        };
        Gemm { m, k, n, a, b, c, dtype, level, plan }
    }

    /// The number of independent pieces, at least 1. Each writes a part of C that is disjoint from the others'.
    pub fn tasks(&self) -> usize {
        self.plan.grid[0] * self.plan.grid[1]
    }

    /// Bytes of workspace that each thread needs; 0 for small products and those that pack nothing.
    pub fn workspace_bytes(&self) -> usize {
        let bytes = self.plan.packed_bytes();
        if bytes <= STACK_BYTES { 0 } else { bytes.next_multiple_of(64) }
    }

    /// Computes one of the [`tasks`](Gemm::tasks) of `C = alpha A B + beta C`.
    ///
    /// # Safety
    /// - `a`, `b` and `c` point to the elements `[0, 0]` of matrices of the described sizes, strides and
    ///   type, aligned to the element; A and B may be read, and C's part of the task written, for the whole
    ///   call; distinct elements of C have distinct addresses, and none lies in A or B.
    /// - `workspace` is aligned to 64 bytes, has [`workspace_bytes`](Gemm::workspace_bytes) and belongs to
    ///   this call alone. It may be null if that is 0.
    /// - The machine has the [`Level`] given to [`Gemm::new`].
    #[allow(clippy::too_many_arguments)]
    pub unsafe fn run(
        &self,
        task: usize,
        alpha: f64,
        a: *const u8,
        b: *const u8,
        beta: f64,
        c: *mut u8,
        workspace: *mut u8,
    ) {
        debug_assert!(task < self.tasks());
        // SAFETY: the caller's contract, and the type is the one of the plan.
        unsafe {
            match self.dtype {
                DType::F32 => self.typed::<f32>(task, alpha, a.cast(), b.cast(), beta, c.cast(), workspace),
                _ => self.typed::<f64>(task, alpha, a.cast(), b.cast(), beta, c.cast(), workspace),
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    unsafe fn typed<T: Kernel>(
        &self,
        task: usize,
        alpha: f64,
        a: *const T,
        b: *const T,
        beta: f64,
        c: *mut T,
        workspace: *mut u8,
    ) {
        let (s, v) = if self.plan.swap { (b, a) } else { (a, b) };
        let kernels = T::kernels(self.level);
        let (alpha, beta) = (T::from_f64(alpha), T::from_f64(beta));
        // SAFETY: the caller's contract.
        unsafe {
            if self.plan.kind == Kind::Scale || alpha == T::ZERO {
                drive::scale(&self.plan, task, beta, c);
            } else if self.plan.kind == Kind::Blocks {
                drive::blocks(&self.plan, kernels, task, alpha, s, v, beta, c, workspace);
            } else {
                drive::dots(&self.plan, kernels, task, alpha, s, v, beta, c, workspace);
            }
        }
    }
}
