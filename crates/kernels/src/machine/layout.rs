//! How a tile program walks its domain: merged axes, the size of a tile, tasks. Depends on the builder alone.

use super::check::check;
use super::cost;
use super::tile::{Level, Role, Step, StepKind, TileBuilder};
use crate::DType;
use smallvec::SmallVec;

/// Bytes of a tile's live values: a quarter of a first-level cache, which loads and stores stream through as well. Measured:
/// with more, long programs miss; with less, calls cost more.
const TILE_BYTES: usize = 12 << 10;
/// Elements of a tile, at least and at most.
const TILE: [usize; 2] = [256, 1024];
/// Bytes that pass through a tile of a program that walks memory from end to end, and its elements. Measured: the processor
/// fetches what comes next in each stretch of memory while it works on what it has, but not beyond the page, so parts of pages
/// keep memory busier than whole ones; with less, calls cost more.
const STREAM_BYTES: usize = 7 << 10;
const STREAM: [usize; 2] = [128, 384];
/// Rows and columns of a tile where something is transposed: whole cache lines along both.
const BLOCK: [usize; 2] = [16, 64];
/// Elements of a domain, at most: so that no size computed from it overflows.
const MOST: usize = 1 << 48;
/// Elements of the domain for each partial result that splitting in tasks makes.
const WORTH: usize = 4;

/// Lengths or strides of merged axes.
pub(super) type Axes<T> = SmallVec<[T; 4]>;

/// A domain of `rows` by `cols` elements.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Lengths of the merged axes that rows run over.
    pub(super) outer: Axes<usize>,
    /// Lengths of the merged axes within a row: only one where no step works on rows.
    pub(super) inner: Axes<usize>,
    pub(super) rows: usize,
    pub(super) cols: usize,
    /// A tile is this many whole rows, or this many elements of one row, or (where it copies all operands) a block.
    pub(super) tile_rows: usize,
    pub(super) tile_cols: usize,
    pub(super) tasks: usize,
    /// Nanoseconds on one core.
    pub(super) cost: f64,
    /// The accesses, in the builder's order, with their strides over outer and inner axes.
    pub(super) views: Vec<View>,
    /// The accumulations' results.
    pub(super) totals: Vec<Total>,
    /// Bytes for partial results.
    pub(super) scratch: usize,
}

/// An access in terms of the merged axes.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) role: Role,
    pub(super) dtype: DType,
    pub(super) outer: Axes<isize>,
    pub(super) inner: Axes<isize>,
}

/// The result of an accumulation, dense in row-major order of the axes that are not reduced.
#[derive(Clone, Debug)]
pub(super) struct Total {
    /// Elements.
    pub(super) len: usize,
    /// Strides over the merged axes: 0 where reduced.
    pub(super) outer: Axes<isize>,
    pub(super) inner: Axes<isize>,
    /// The axes that are not reduced, and the target's strides over them.
    pub(super) axes: Axes<usize>,
    pub(super) target: Axes<isize>,
    /// Whether the target itself is dense in this order.
    pub(super) direct: bool,
    /// Where in the scratch memory the partial results lie: one a task, and one more for a total that can't be
    /// made in the target. `None` if the target serves.
    pub(super) scratch: Option<usize>,
}

impl Layout {
    pub(super) fn new(builder: &TileBuilder) -> Result<Layout, String> {
        check(builder)?;
        let split = builder.dims.len() - builder.row_axes.unwrap_or(0);
        let elements = builder.dims.iter().try_fold(1usize, |n, &length| n.checked_mul(length.max(1)));
        if elements.is_none_or(|n| n > MOST) {
            return Err(format!("a domain has more than {MOST} elements"));
        }

        // Merge neighbouring axes that every access walks as one, but not across the boundary of the rows.
        let mut lengths: [Axes<usize>; 2] = Default::default();
        let mut views: Vec<View> = builder
            .accesses()
            .map(|(role, dtype, _)| View { role, dtype, outer: Axes::new(), inner: Axes::new() })
            .collect();
        for (axis, &length) in builder.dims.iter().enumerate().filter(|axis| *axis.1 != 1) {
            let part = (axis >= split) as usize;
            let strides = || builder.accesses().map(|(_, _, access)| access.strides[axis]);
            let merges = !lengths[part].is_empty()
                && views.iter_mut().zip(strides()).all(|(view, stride)| {
                    stride.checked_mul(length as isize) == view.part(part).last().copied()
                });
            match lengths[part].last_mut() {
                Some(last) if merges => *last *= length,
                _ => lengths[part].push(length),
            }
            for (view, stride) in views.iter_mut().zip(strides()) {
                let part = view.part(part);
                match part.last_mut() {
                    Some(last) if merges => *last = stride,
                    _ => part.push(stride),
                }
            }
        }
        let [mut outer, mut inner] = lengths;
        if builder.row_axes.is_none()
            && let Some(last) = outer.pop()
        {
            inner.push(last);
            views.iter_mut().for_each(|view| view.inner.extend(view.outer.pop()));
        }
        let (rows, cols) = (outer.iter().product(), inner.iter().product());

        let most = if rows == 1 {
            (STREAM_BYTES / passing_bytes(&views)).clamp(STREAM[0], STREAM[1])
        } else {
            (TILE_BYTES / live_bytes(builder, cols)).clamp(TILE[0], TILE[1])
        } & !63;
        let (tile_rows, tile_cols) = if cols > BLOCK[1] && is_transposed(builder, &views) {
            (BLOCK[0].min(rows).max(1), BLOCK[1])
        } else if cols <= most {
            ((most / cols.max(1)).min(rows).max(1), cols)
        } else if builder.row_axes.is_some() {
            (1, cols)
        } else {
            // Equal parts of whole cache lines.
            (1, cols.div_ceil(cols.div_ceil(most)).next_multiple_of(64))
        };
        let totals = views.iter().filter(|view| matches!(view.role, Role::Accumulate(_)));
        let totals = totals.map(|view| Total::new(view, &outer, &inner)).collect();
        outer.shrink_to_fit();
        inner.shrink_to_fit();
        let mut layout = Layout {
            outer,
            inner,
            rows,
            cols,
            tile_rows,
            tile_cols,
            tasks: 1,
            cost: 0.0,
            views,
            totals,
            scratch: 0,
        };
        layout.cost = layout.estimate(builder);
        layout.split();
        Ok(layout)
    }

    /// Parts of a row.
    pub(super) fn across(&self) -> usize {
        self.cols.div_ceil(self.tile_cols.max(1))
    }

    /// Whether a tile is a part of several rows.
    pub(super) fn is_blocked(&self) -> bool {
        self.tile_rows > 1 && self.tile_cols < self.cols
    }

    /// The number of tiles; 0 if the domain is empty.
    pub(super) fn tiles(&self) -> usize {
        self.rows.div_ceil(self.tile_rows) * self.across()
    }

    /// Chooses the number of tasks, and the places of partial results.
    fn split(&mut self) {
        let partials: usize = self.totals.iter().map(|total| total.len).sum();
        let most = match partials {
            0 => cost::MOST_TASKS,
            _ => (self.rows * self.cols / partials.saturating_mul(WORTH)).min(cost::MOST_TASKS),
        };
        self.tasks = ((self.cost / cost::TASK) as usize).min(most).min(self.tiles()).max(1);
        let types: Vec<DType> = self.views.iter().map(|view| view.dtype).collect();
        let first = self.views.len() - self.totals.len();
        for (total, dtype) in self.totals.iter_mut().zip(&types[first..]) {
            let parts = match (self.tasks, total.direct) {
                _ if total.len == 0 => continue,
                (1, true) => continue,
                (1, false) => 1,
                (tasks, direct) => tasks + !direct as usize,
            };
            total.scratch = Some(self.scratch);
            self.scratch += (parts * total.len * dtype.size()).next_multiple_of(crate::ALIGN);
        }
    }

    fn estimate(&self, builder: &TileBuilder) -> f64 {
        let (elements, rows) = ((self.rows * self.cols) as f64, self.rows as f64);
        let mut nanoseconds = cost::LAUNCH;
        for step in &builder.steps {
            let each = match &step.kind {
                StepKind::Load(_) => continue,
                StepKind::Apply(kernel, _) => cost::kernel(kernel.name, step.dtype),
                StepKind::Custom(..) => cost::CUSTOM,
                StepKind::Generate(generator, ..) => cost::generator(generator.name, step.dtype),
                StepKind::Reduce(..) | StepKind::Expand(_) => cost::row(step.dtype),
            };
            let whole = !matches!((&step.kind, step.level), (StepKind::Apply(..), Level::Row));
            nanoseconds += each * if whole { elements } else { rows } + cost::CALL * self.tiles() as f64;
        }
        for view in &self.views {
            let size = view.dtype.size() as f64;
            let (outer, inner) = (view.outer.last().copied().unwrap_or(0), view.inner.last().copied());
            nanoseconds += match (view.role, inner.unwrap_or(0)) {
                (Role::Key(_), _) => 0.0,
                (Role::Accumulate(_), _) => elements * cost::row(view.dtype),
                (_, 0) if outer == 0 => 0.0,
                (_, 0) => rows * size * cost::BYTE,
                (_, 1) => elements * size * cost::BYTE,
                _ => elements * cost::STRIDED,
            };
        }
        nanoseconds
    }
}

impl View {
    fn part(&mut self, part: usize) -> &mut Axes<isize> {
        if part == 0 { &mut self.outer } else { &mut self.inner }
    }
}

impl Total {
    fn new(view: &View, outer: &[usize], inner: &[usize]) -> Total {
        let (mut axes, mut target) = (Axes::new(), Axes::new());
        let all = outer.iter().chain(inner).zip(view.outer.iter().chain(&view.inner));
        for (&length, &stride) in all.filter(|axis| *axis.1 != 0) {
            axes.push(length);
            target.push(stride);
        }
        let len = axes.iter().product::<usize>();
        let mut step = len as isize;
        let mut dense = |lengths: &[usize], strides: &[isize]| -> Axes<isize> {
            let strides = lengths.iter().zip(strides).map(|(&length, &stride)| {
                if stride == 0 {
                    return 0;
                }
                step /= (length as isize).max(1);
                step
            });
            strides.collect()
        };
        let (outer, inner) = (dense(outer, &view.outer), dense(inner, &view.inner));
        let direct = outer == view.outer && inner == view.inner;
        Total { len, outer, inner, axes, target, direct, scratch: None }
    }
}

/// Whether a view runs across the rows, in a program that can be walked in blocks.
fn is_transposed(builder: &TileBuilder, views: &[View]) -> bool {
    let across = |view: &View| {
        let (down, along) =
            (view.outer.last().copied().unwrap_or(0), view.inner.last().copied().unwrap_or(0));
        down != 0 && down.unsigned_abs() < along.unsigned_abs()
    };
    builder.row_axes.is_none()
        && builder.accumulate.is_empty()
        && !builder.steps.iter().any(|step| matches!(step.kind, StepKind::Generate(..)))
        && views.iter().any(across)
}

/// Bytes for each element that are read from memory and written to it.
fn passing_bytes(views: &[View]) -> usize {
    let passes = |view: &&View| {
        matches!(view.role, Role::Load(_) | Role::Store(_))
            && view.inner.last().is_some_and(|&along| along != 0)
    };
    views.iter().filter(passes).map(|view| view.dtype.size()).sum::<usize>().max(1)
}

/// Bytes for each element of a tile that are live at once, at most. (Loads and stores count: they pass through the
/// same cache.)
fn live_bytes(builder: &TileBuilder, cols: usize) -> usize {
    let steps = &builder.steps;
    let mut last: Vec<usize> = (0..steps.len()).collect();
    for (i, step) in steps.iter().enumerate() {
        step.kind.operands().iter().for_each(|operand| last[operand.0 as usize] = i);
    }
    let bytes = |step: &Step| match step.level {
        Level::Full => step.dtype.size(),
        Level::Row => step.dtype.size().div_ceil(cols.max(1)),
    };
    let live = |at: usize| (0..=at).filter(|&i| last[i] >= at).map(|i| bytes(&steps[i])).sum::<usize>();
    // Long programs: a program's peak is near the number of values that are ever live, so a sample is enough.
    let stride = steps.len().div_ceil(64).max(1);
    (0..steps.len()).step_by(stride).map(live).max().unwrap_or(1).max(1)
}
