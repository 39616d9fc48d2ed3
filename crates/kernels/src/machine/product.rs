//! Batches of matrix products.

use super::access::{extent, injective};
use super::program::part;
use super::share::Bases;
use super::strided::offset;
use super::{Place, Uses, cost};
use crate::gemm::Gemm;
use crate::{DType, Level};
use smallvec::SmallVec;

/// A batch of matrix products of one shape.
#[derive(Debug)]
pub struct BatchedGemm {
    /// One product.
    pub gemm: Gemm,
    /// Lengths of the batch axes.
    pub batch: SmallVec<[usize; 2]>,
    /// The left operand's first element, and its strides over the batch axes in elements.
    pub a: (Place, SmallVec<[isize; 2]>),
    /// The right operand.
    pub b: (Place, SmallVec<[isize; 2]>),
    /// The result; its batch strides are such that no two products overlap.
    pub c: (Place, SmallVec<[isize; 2]>),
    /// Scale of the product.
    pub alpha: f64,
    /// Scale of what `c` held; 0 ignores it, even if it is NaN.
    pub beta: f64,
}

impl BatchedGemm {
    /// The axes of an operand with their strides.
    fn axes<'a>(
        &'a self,
        lengths: [&'a usize; 2],
        strides: &'a [isize; 2],
        batch: &'a [isize],
    ) -> impl Iterator<Item = (&'a usize, &'a isize)> {
        lengths.into_iter().zip(strides).chain(self.batch.iter().zip(batch))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let Gemm { m, k, n, dtype, .. } = self.gemm;
        let rank = self.batch.len();
        if !dtype.is_float() {
            return Err(format!("a product of {dtype}"));
        }
        if [&self.a, &self.b, &self.c].iter().any(|operand| operand.1.len() != rank) {
            return Err("a product's operand has another number of batch strides than batch axes".into());
        }
        if [m, k, n].iter().any(|&length| length > u32::MAX as usize)
            || self.batch.iter().try_fold(1u32, |all, &n| all.checked_mul(u32::try_from(n).ok()?)).is_none()
        {
            return Err("a product is too large".into());
        }
        if !injective(self.axes([&m, &n], &self.gemm.c, &self.c.1)) {
            return Err("products write an element twice".into());
        }
        Ok(())
    }

    pub(super) fn uses(&self, uses: &mut Uses<'_>) {
        let gemm = &self.gemm;
        let size = gemm.dtype.size();
        let a = extent(self.a.0, size, self.axes([&gemm.m, &gemm.k], &gemm.a, &self.a.1));
        let b = extent(self.b.0, size, self.axes([&gemm.k, &gemm.n], &gemm.b, &self.b.1));
        let c = extent(self.c.0, size, self.axes([&gemm.m, &gemm.n], &gemm.c, &self.c.1));
        uses.read(self.a.0, gemm.dtype, a);
        uses.read(self.b.0, gemm.dtype, b);
        if self.beta != 0.0 {
            uses.update(self.c.0, gemm.dtype, c);
        } else {
            uses.write(self.c.0, gemm.dtype, c);
        }
    }

    pub(super) fn places_mut(&mut self, f: &mut dyn FnMut(&mut Place)) {
        [&mut self.a, &mut self.b, &mut self.c].into_iter().for_each(|operand| f(&mut operand.0));
    }

    pub(super) fn cost(&self) -> f64 {
        let Gemm { m, k, n, dtype, .. } = self.gemm;
        let width = if dtype == DType::F64 { 2.0 } else { 1.0 };
        let [m, k, n] = [m, k, n].map(|length| length as f64);
        let bytes = (m * n + k * n + m * k) * dtype.size() as f64;
        let one = cost::PRODUCT + m * k * n * cost::MULTIPLY_ADD * width + bytes * cost::BYTE;
        one * self.batch.iter().product::<usize>() as f64
    }
}

/// A batch, ready to run.
#[derive(Debug)]
pub(super) struct Product {
    gemm: Gemm,
    batch: SmallVec<[usize; 2]>,
    operands: [(Place, SmallVec<[isize; 2]>); 3],
    scales: [f64; 2],
    products: usize,
    /// Tasks, if a task is several products.
    groups: Option<usize>,
}

impl Product {
    /// A validated batch.
    pub(super) fn new(batch: &BatchedGemm, level: Level) -> Product {
        let Gemm { m, k, n, a, b, c, dtype, .. } = batch.gemm;
        // Described anew: nothing says that the fields are still those that the description was made from.
        let gemm = Gemm::new(dtype, level, m, k, n, a, b, c);
        let products = batch.batch.iter().product();
        let groups = ((batch.cost() / cost::TASK) as usize).clamp(1, cost::MOST_TASKS).min(products).max(1);
        Product {
            gemm,
            batch: batch.batch.clone(),
            operands: [batch.a.clone(), batch.b.clone(), batch.c.clone()],
            scales: [batch.alpha, batch.beta],
            products,
            groups: (gemm.tasks() == 1).then_some(groups),
        }
    }

    pub(super) fn tasks(&self) -> usize {
        self.groups.unwrap_or(self.products * self.gemm.tasks()).max(1)
    }

    pub(super) fn workspace(&self) -> usize {
        self.gemm.workspace_bytes()
    }

    /// Runs a task.
    ///
    /// # Safety
    /// The batch was validated against the slots of `bases`, and nothing else accesses what it writes, nor writes what
    /// it reads, except other tasks; the workspace is the thread's own.
    pub(super) unsafe fn run(&self, task: usize, bases: Bases<'_>, workspace: *mut u8) {
        let (products, task) = match self.groups {
            Some(groups) => (part(self.products, groups, task), 0),
            None if self.products == 0 => return,
            None if self.products == 1 => (0..1, task),
            None => {
                let (product, task) = (task / self.gemm.tasks(), task % self.gemm.tasks());
                (product..product + 1, task)
            }
        };
        let size = self.gemm.dtype.size() as isize;
        for product in products {
            let at = |(place, strides): &(Place, SmallVec<[isize; 2]>)| {
                let distance = offset(&self.batch, strides, product) * size;
                bases.at(place.slot, place.offset).wrapping_offset(distance)
            };
            let [a, b, c] = &self.operands;
            let [alpha, beta] = self.scales;
            // SAFETY: the operands lie in their slots and C overlaps neither A nor B nor another product's C; tasks
            // of one product write apart.
            unsafe { self.gemm.run(task, alpha, at(a), at(b), beta, at(c), workspace) };
        }
    }
}
