//! How a product is cut: which operand runs along vectors, the block of registers, packing and tasks.
//!
//! Everything here depends on sizes, strides and the SIMD level alone, never on the number of threads.

use super::micro::Kernels;
use crate::ALIGN;
use std::ops::Range;

/// The largest panel packed on the stack, in bytes: a product with no larger one needs no workspace.
pub(super) const STACK_BYTES: usize = 4096;
/// Bytes of a panel of the vector operand, which stays in the second-level cache while rows pass by. (In parts that fit in
/// the first, more is lost by coming back to the result than is gained.)
const PANEL_BYTES: usize = 128 << 10;
/// Estimated cycles that a task should be worth: 1 to 2 us.
const TASK_CYCLES: f64 = 4_000.0;
/// From this many tasks on tasks grow instead, to [`LARGE_TASK_CYCLES`].
const MANY_TASKS: f64 = 16.0;
const LARGE_TASK_CYCLES: f64 = 500_000.0;
const MAX_TASKS: f64 = 64.0;
/// Tasks of a product whose operands are far, as each reads one of them again..
const FEW_TASKS: f64 = 4.0;
/// .. unless they would be worth more than this.
const FAR_TASK_CYCLES: f64 = 2_500_000.0;
/// Bytes from step to step of an operand from which on it is worth packing: each step then takes lines of its own.
const APART: usize = 1024;
/// Times that a task uses what it packs, at least.
const LEAST_USES: usize = 3;
/// Bytes of packed scalars of a task, for one part of `k`: with the panel they fit in the second-level cache.
const SCALAR_BYTES: usize = 192 << 10;
/// Least terms of a part of `k` because of them.
const LEAST_PART: usize = 256;
/// Bytes of a page of memory: lines as far apart need an entry each in the first-level TLB.
const PAGE: usize = 4096;
/// Bytes of a vector operand above which it isn't in the second-level cache.
const FAR_BYTES: usize = 1 << 20;

/// How the inner loops go.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Kind {
    /// Nothing to sum: only `beta` acts.
    Scale,
    /// Blocks of registers.
    Blocks,
    /// Dot products along `k`, for few rows and a vector operand that is contiguous along `k`.
    Dots,
}

/// Which panels of the vector operand are packed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Pack {
    None,
    /// Only one that ends in a partial vector.
    Partial,
    /// Each, when its turn comes.
    All,
    /// All of a task's at once.
    Task,
}

/// A product with its roles assigned: `s` (rows, scalar operand) times `v` (lanes, vector operand).
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Roles {
    pub(super) rows: usize,
    pub(super) k: usize,
    pub(super) lanes: usize,
    /// Row and `k` strides.
    pub(super) s: [isize; 2],
    /// `k` and lane strides.
    pub(super) v: [isize; 2],
    /// Row and lane strides.
    pub(super) c: [isize; 2],
}

/// The plan of a product.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Plan {
    pub(super) kind: Kind,
    /// Whether the roles are swapped: vectors run along the rows of C.
    pub(super) swap: bool,
    pub(super) roles: Roles,
    /// A block has `1 << width` vectors..
    pub(super) width: u32,
    /// .. and at most this many rows.
    pub(super) block_rows: usize,
    /// Parts that `k` is cut into, evenly.
    pub(super) k_parts: usize,
    pub(super) pack: Pack,
    /// Whether a task's part of the scalar operand is packed.
    pub(super) pack_scalars: bool,
    /// Tasks along rows and along lanes.
    pub(super) grid: [usize; 2],
    /// Bytes of the largest packed panel, or of all panels that are packed at once.
    pub(super) panel_bytes: usize,
    /// Bytes of a task's packed scalars.
    pub(super) scalar_bytes: usize,
    /// Whether to fetch the next panel's lines while this one's blocks are computed.
    pub(super) prefetch: bool,
}

/// Part `i` of `0..n` cut into `parts` as evenly as can be.
pub(super) fn part(n: usize, parts: usize, i: usize) -> Range<usize> {
    if parts == 1 { 0..n } else { n * i / parts..n * (i + 1) / parts }
}

/// Vectors cut in panels of at most `1 << most`, the rest in smaller ones: the first vector of each, and its width.
pub(super) fn panels(vectors: Range<usize>, most: u32) -> impl Iterator<Item = (usize, u32)> + Clone {
    let mut left = vectors;
    std::iter::from_fn(move || {
        let width = most.min(left.len().checked_ilog2()?);
        let at = left.start;
        left.start += 1 << width;
        Some((at, width))
    })
}

impl Roles {
    /// Strides along an axis of one element don't matter: take the convenient one.
    fn normal(mut self) -> Roles {
        if self.lanes == 1 {
            self.v[1] = 1;
            self.c[1] = 1;
        }
        if self.k == 1 {
            self.v[0] = if self.v[1] == 1 { self.lanes as isize } else { 1 };
            self.s[1] = 1;
        }
        self
    }

    /// Whether neither operand stays in the second-level cache, and the scalar one's steps lie far apart as well, as both do in
    /// the gradient of a layer's weights for a large batch.
    fn is_far(&self, size: usize) -> bool {
        self.s[0] == 1 && self.s[1] != 1 && self.rows.min(self.lanes) * self.k * size >= FAR_BYTES
    }

    /// The width and rows of a block.
    fn block<T>(&self, kernels: &Kernels<T>) -> (u32, usize) {
        // Wide and low where there are few rows, so that enough sums are in flight to hide latency.
        let width = (0..4).rev().find(|&w| kernels.of_width(w).len() >= self.rows).unwrap_or(1).max(1);
        let vectors = self.lanes.div_ceil(kernels.lanes);
        let width = width.min(vectors.next_power_of_two().ilog2());
        let most = kernels.of_width(width).len();
        // Rows are cut evenly: 13 are 7 and 6 rather than 12 and 1.
        (width, self.rows.div_ceil(self.rows.div_ceil(most)))
    }

    /// Estimated cycles of the product in blocks.
    fn block_cycles<T>(&self, kernels: &Kernels<T>) -> f64 {
        let (width, rows) = self.block(kernels);
        let (width, vectors) = (1usize << width, self.lanes.div_ceil(kernels.lanes));
        let (panels, tiles) = (vectors.div_ceil(width) as f64, self.rows.div_ceil(rows) as f64);
        let (width, rows, k) = (width as f64, rows as f64, self.k as f64);
        // Two multiply-adds or two loads a cycle; four cycles from sum to sum.
        let step = (width * rows / 2.0).max((width + rows) / 2.0).max(4.0);
        let mut cycles = vectors as f64 / width * tiles * (k * step + rows * width) + panels * tiles * 10.0;
        if self.v[1] != 1 {
            cycles += 0.4 * k * self.lanes as f64;
        }
        if self.c[1] != 1 {
            cycles += 3.0 * (1.0 + k / 300.0).floor() * self.rows as f64 * self.lanes as f64;
        }
        cycles
    }

    /// Estimated cycles of the product by dot products.
    fn dot_cycles<T>(&self, kernels: &Kernels<T>) -> f64 {
        if self.v[0] != 1 {
            return f64::INFINITY;
        }
        let sums = (self.rows * self.lanes.next_multiple_of(4)) as f64;
        sums * (self.k.div_ceil(kernels.lanes) as f64 + 5.0) + 20.0 * self.rows as f64
    }
}

impl Plan {
    pub(super) fn new<T>(
        kernels: &Kernels<T>,
        [m, k, n]: [usize; 3],
        a: [isize; 2],
        b: [isize; 2],
        c: [isize; 2],
    ) -> Plan {
        let straight = Roles { rows: m, k, lanes: n, s: a, v: b, c }.normal();
        let swapped =
            Roles { rows: n, k, lanes: m, s: [b[1], b[0]], v: [a[1], a[0]], c: [c[1], c[0]] }.normal();
        let mut plan = Plan {
            kind: Kind::Scale,
            swap: false,
            roles: straight,
            width: 0,
            block_rows: 1,
            k_parts: 1,
            pack: Pack::None,
            pack_scalars: false,
            grid: [1, 1],
            panel_bytes: 0,
            scalar_bytes: 0,
            prefetch: false,
        };
        if m == 0 || k == 0 || n == 0 {
            return plan;
        }
        let mut cycles = f64::INFINITY;
        for (swap, roles) in [(false, straight), (true, swapped)] {
            let (blocks, dots) = (roles.block_cycles(kernels), roles.dot_cycles(kernels));
            for (kind, cost) in [(Kind::Blocks, blocks), (Kind::Dots, dots)] {
                if cost < cycles {
                    cycles = cost;
                    plan = Plan { kind, swap, roles, ..plan };
                }
            }
        }
        // A power of two, which two, four or eight threads share evenly.
        let tasks = if plan.roles.is_far(size_of::<T>()) {
            (cycles / FAR_TASK_CYCLES).max(FEW_TASKS)
        } else {
            (cycles / TASK_CYCLES).min(MANY_TASKS).max(cycles / LARGE_TASK_CYCLES)
        };
        let tasks = 1 << (tasks.clamp(1.0, MAX_TASKS) as usize).ilog2();
        match plan.kind {
            Kind::Blocks => plan.cut_blocks(kernels, tasks),
            _ => plan.cut_dots(size_of::<T>(), tasks),
        }
        plan
    }

    fn cut_blocks<T>(&mut self, kernels: &Kernels<T>, tasks: usize) {
        let roles = &self.roles;
        let size = size_of::<T>();
        (self.width, self.block_rows) = roles.block(kernels);
        let tiles = roles.rows.div_ceil(self.block_rows);
        let step = (kernels.lanes << self.width) * size;
        // A little more than fits is better than one part more.
        self.k_parts = (roles.k * 7 / 8).div_ceil(PANEL_BYTES / step).max(1);
        let k = roles.k.div_ceil(self.k_parts);
        // Lines of the vector operand a page apart are worth packing if there are many rows to use them, or
        // if the scalar operand's compete for the TLB.
        let spread = |stride: isize| stride.unsigned_abs() * size >= PAGE;
        let crowded = spread(roles.v[0]) && k > 64 && (tiles >= 40 || tiles >= 8 && spread(roles.s[0]));
        self.pack = if roles.v[1] != 1 || crowded {
            Pack::All
        } else if !kernels.masked && !roles.lanes.is_multiple_of(kernels.lanes) {
            Pack::Partial
        } else {
            Pack::None
        };
        if self.pack != Pack::None {
            self.panel_bytes = k * step;
        }
        self.prefetch = tiles >= 4 && roles.k * roles.lanes * size > FAR_BYTES;
        self.grid = self.cut_tasks(kernels, tiles, tasks);
        self.cut_packed(kernels, tasks);
    }

    /// Tasks along rows and along lanes.
    fn cut_tasks<T>(&self, kernels: &Kernels<T>, tiles: usize, tasks: usize) -> [usize; 2] {
        let roles = &self.roles;
        // Lanes first: a task then packs its own panels and nothing is packed twice, unless many rows use it.
        let panels = roles.lanes.div_ceil(kernels.lanes << self.width);
        let along_lanes = tasks.min(1 << panels.ilog2());
        let most = if self.pack == Pack::All { tiles.div_ceil(12) } else { tiles };
        let along_rows = if roles.rows > roles.lanes {
            // Rows first where there are more of them: what a thread makes of rows it finds in its cache again.
            tasks.min(1 << most.max(1).ilog2())
        } else if self.pack == Pack::All {
            (tasks / along_lanes).min(most)
        } else {
            // Halves of the rows, if a block of registers stays filled, for the same reason. (More of them read the other
            // operand again too often.)
            tasks.min(1 << (roles.rows / 16).clamp(1, 2).ilog2())
        };
        [along_rows, (tasks / along_rows).min(along_lanes)]
    }

    /// Packs an operand that lies far apart and is used several times, in parts of `k` that fit in the cache.
    fn cut_packed<T>(&mut self, kernels: &Kernels<T>, tasks: usize) {
        let (roles, size, width) = (&self.roles, size_of::<T>(), kernels.lanes << self.width);
        let (tiles, panels) = (roles.rows.div_ceil(self.block_rows), roles.lanes.div_ceil(width));
        let apart = |stride: isize| stride.unsigned_abs() * size >= APART;
        let scalars = roles.s[0] == 1 && apart(roles.s[1]) && roles.rows * roles.k * size >= SCALAR_BYTES;
        let vectors = roles.v[1] == 1
            && apart(roles.v[0])
            && roles.k > LEAST_PART
            && roles.k * roles.lanes * size > FAR_BYTES;
        if !scalars && !vectors {
            return;
        }
        // What is packed twice costs most; what isn't packed is read all the same.
        let cost = |grid: &[usize; 2]| {
            let [s, v] =
                [scalars, vectors || self.pack == Pack::All].map(|packed| if packed { 3 } else { 1 });
            grid[1] * roles.rows * s + grid[0] * roles.lanes * v
        };
        let [least_tiles, least_panels] =
            [vectors, scalars].map(|packed| if packed { LEAST_USES } else { 1 });
        let grids = (0..=tasks.ilog2())
            .map(|i| [1 << i, (tasks >> i).min(1 << panels.ilog2())])
            .filter(|grid| grid[0] * least_tiles <= tiles && grid[1] * least_panels <= panels);
        let Some(grid) = grids.min_by_key(cost) else { return };
        (self.grid, self.pack_scalars) = (grid, scalars);
        let step = roles.rows.div_ceil(grid[0]).div_ceil(self.block_rows) * self.scalar_step(kernels) * size;
        let k = (SCALAR_BYTES / step).max(LEAST_PART);
        self.k_parts = self.k_parts.max(roles.k.div_ceil(k));
        let k = roles.k.div_ceil(self.k_parts);
        if scalars {
            self.scalar_bytes = k * step;
        }
        if vectors {
            (self.pack, self.prefetch) = (Pack::Task, false);
        }
        let vectors = match self.pack {
            Pack::None => 0,
            Pack::Task => panels.div_ceil(grid[1]) << self.width,
            _ => 1 << self.width,
        };
        self.panel_bytes = (k * vectors * kernels.lanes * size).next_multiple_of(ALIGN);
    }

    /// The vectors of a task's lanes, each of `wide` elements: whole panels as far as there are, since narrower ones use the
    /// registers badly.
    pub(super) fn vectors(&self, wide: usize, i: usize) -> Range<usize> {
        let vectors = self.roles.lanes.div_ceil(wide);
        let panels = part(vectors.div_ceil(1 << self.width), self.grid[1], i);
        panels.start << self.width..vectors.min(panels.end << self.width)
    }

    /// Elements from step to step of packed scalars.
    pub(super) fn scalar_step<T>(&self, kernels: &Kernels<T>) -> usize {
        self.block_rows.next_multiple_of(kernels.lanes)
    }

    /// Bytes of all that is packed.
    pub(super) fn packed_bytes(&self) -> usize {
        self.panel_bytes + self.scalar_bytes
    }

    fn cut_dots(&mut self, size: usize, tasks: usize) {
        if self.roles.s[1] != 1 {
            self.panel_bytes = self.roles.k * size;
        }
        self.grid = [1, tasks.min(self.roles.lanes.div_ceil(16))];
    }
}

#[cfg(test)]
mod tests {
    use super::super::micro::Kernel;
    use super::*;
    use crate::Level;

    #[test]
    fn tasks_cover_all_vectors_in_whole_panels() {
        for level in Level::available() {
            let kernels = f32::kernels(*level);
            for lanes in (1..70).chain([96, 192, 257, 384, 768, 1025]) {
                for (m, k) in [(5, 64), (64, 192), (128, 768), (768, 128)] {
                    let strides = |columns: usize| [columns as isize, 1];
                    for a in [strides(k), [1, m as isize]] {
                        let plan = Plan::new(kernels, [m, k, lanes], a, strides(lanes), strides(lanes));
                        if plan.kind != Kind::Blocks {
                            continue;
                        }
                        let vectors = plan.roles.lanes.div_ceil(kernels.lanes);
                        let mut end = 0;
                        for task in 0..plan.grid[1] {
                            let part = plan.vectors(kernels.lanes, task);
                            assert_eq!(part.start, end, "{level:?} {lanes} {m} {k}");
                            assert!(!part.is_empty() && part.start.is_multiple_of(1 << plan.width));
                            end = part.end;
                        }
                        assert_eq!(end, vectors, "{level:?} {lanes} {m} {k}");
                    }
                }
            }
        }
    }
}
