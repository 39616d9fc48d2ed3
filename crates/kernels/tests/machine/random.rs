//! Random tile programs.

use crate::naive::{Memory, put};
use chainrule_kernels::DType;
use chainrule_kernels::machine::{
    Access, Accumulate, BlockCall, Operand, Place, RowReduce, Slice, SliceMut, Step, StepKind, TileBuilder,
    TileLevel,
};
use chainrule_kernels::pointwise as kernels;
use smallvec::SmallVec;
use std::sync::Arc;

/// SplitMix64.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// `2·a − b`, by a user.
#[derive(Debug)]
pub struct Twice;

impl BlockCall for Twice {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) {
        match (inputs, output) {
            ([Slice::F32(a), Slice::F32(b)], SliceMut::F32(y)) => {
                y.iter_mut().zip(a.iter().zip(*b)).for_each(|(y, (a, b))| *y = 2.0 * a - b);
            }
            ([Slice::F64(a), Slice::F64(b)], SliceMut::F64(y)) => {
                y.iter_mut().zip(a.iter().zip(*b)).for_each(|(y, (a, b))| *y = 2.0 * a - b);
            }
            ([Slice::I64(a), Slice::I64(b)], SliceMut::I64(y)) => {
                y.iter_mut()
                    .zip(a.iter().zip(*b))
                    .for_each(|(y, (a, b))| *y = a.wrapping_mul(2).wrapping_sub(*b));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A program in the making: slots 0 (the arena) to 2, the first two written.
pub struct Maker<'r> {
    pub random: &'r mut Random,
    pub builder: TileBuilder,
    pub memory: Memory,
    /// The largest magnitude of each value.
    bounds: Vec<i64>,
}

const LARGEST: i64 = 1 << 22;

impl Maker<'_> {
    /// A place for so many bytes behind those given before.
    fn place(&mut self, slot: u32, bytes: usize) -> Place {
        let slack = 8 * self.random.below(3);
        let memory = &mut self.memory[slot as usize];
        let offset = (memory.len() + slack).next_multiple_of(8);
        memory.resize(offset + bytes + slack, 0);
        Place { slot, offset }
    }

    /// A view of a new place: its axes permuted, with gaps, backwards. Axes for which `repeats` have stride 0.
    fn view(&mut self, slot: u32, dtype: DType, plain: bool, repeats: &[bool]) -> Access {
        let dims = self.builder.dims.clone();
        let mut order: Vec<usize> = (0..dims.len()).collect();
        if !plain && self.random.chance(40) {
            for i in (1..order.len()).rev() {
                order.swap(i, self.random.below(i + 1));
            }
        }
        let mut strides: SmallVec<[isize; 4]> = dims.iter().map(|_| 0).collect();
        let (mut step, mut start) = (1isize, 0isize);
        for &axis in order.iter().rev() {
            if repeats[axis] {
                continue;
            }
            if !plain && self.random.chance(15) {
                step = step * 2 + 1;
            }
            strides[axis] = step;
            let reach = step * (dims[axis] as isize - 1).max(0);
            if !plain && self.random.chance(15) {
                strides[axis] = -step;
                start += reach;
            }
            step *= (dims[axis] as isize).max(1);
        }
        let mut place = self.place(slot, step as usize * dtype.size());
        let filled = place;
        place.offset += start as usize * dtype.size();
        for i in 0..step as usize {
            let value = match dtype {
                DType::Bool => self.random.below(2) as i64,
                _ => self.random.below(9) as i64 - 4,
            };
            put(&mut self.memory, slot, filled.offset + i * dtype.size(), dtype, value);
        }
        Access { place, strides }
    }

    fn within_rows(&self) -> usize {
        self.builder.dims.len() - self.builder.row_axes.unwrap_or(0)
    }

    fn push(&mut self, kind: StepKind, dtype: DType, level: TileLevel, bound: i64) {
        self.builder.steps.push(Step { kind, dtype, level });
        self.bounds.push(bound);
    }

    /// A random value of a level (and dtype).
    fn operand(&mut self, level: TileLevel, dtype: Option<DType>) -> Option<Operand> {
        let steps = self.builder.steps.iter().enumerate();
        let fits = steps.filter(|(_, s)| s.level == level && dtype.is_none_or(|dtype| s.dtype == dtype));
        let fits: Vec<u32> = fits.map(|(i, _)| i as u32).collect();
        if fits.is_empty() { None } else { Some(Operand(self.random.pick(&fits))) }
    }

    fn load(&mut self) {
        let row = self.builder.row_axes.is_some() && self.random.chance(25);
        let level = if row { TileLevel::Row } else { TileLevel::Full };
        let dtype =
            self.random.pick(&[DType::F32, DType::F32, DType::F32, DType::F64, DType::I64, DType::Bool]);
        let rank = self.builder.dims.len();
        let split = self.within_rows();
        let repeats: Vec<bool> = match self.random.below(6) {
            0..=2 => vec![false; rank],
            3 => (0..rank).map(|_| self.random.chance(50)).collect(),
            4 => {
                let from = self.random.below(rank + 1);
                let leading = self.random.chance(50);
                (0..rank).map(|axis| (axis < from) == leading).collect()
            }
            _ => vec![true; rank],
        };
        let repeats: Vec<bool> =
            repeats.iter().enumerate().map(|(axis, &repeats)| repeats || row && axis >= split).collect();
        let (slot, plain) = (self.random.pick(&[0, 1, 2]), self.random.chance(50));
        let access = self.view(slot, dtype, plain, &repeats);
        self.push(StepKind::Load(access), dtype, level, 4);
    }

    fn step(&mut self) {
        let rows = self.builder.row_axes.is_some();
        let level = if rows && self.random.chance(30) { TileLevel::Row } else { TileLevel::Full };
        let cols: usize = self.builder.dims[self.within_rows()..].iter().product();
        match self.random.below(14) {
            0 if rows => {
                let Some(operand) = self.operand(TileLevel::Full, None) else { return };
                let dtype = self.builder.steps[operand.0 as usize].dtype;
                let bound = self.bounds[operand.0 as usize] * cols as i64;
                if dtype != DType::Bool && bound < LARGEST {
                    self.push(StepKind::Reduce(RowReduce::Sum, operand), dtype, TileLevel::Row, bound);
                }
            }
            1 if rows => {
                let Some(operand) = self.operand(TileLevel::Full, None) else { return };
                let dtype = self.builder.steps[operand.0 as usize].dtype;
                if dtype != DType::Bool {
                    let bound = self.bounds[operand.0 as usize];
                    self.push(StepKind::Reduce(RowReduce::Max, operand), dtype, TileLevel::Row, bound);
                }
            }
            2 | 3 if rows => {
                let Some(operand) = self.operand(TileLevel::Row, None) else { return };
                let dtype = self.builder.steps[operand.0 as usize].dtype;
                let bound = self.bounds[operand.0 as usize];
                self.push(StepKind::Expand(operand), dtype, TileLevel::Full, bound);
            }
            4 => {
                let elements = self.builder.dims.iter().product::<usize>() as i64;
                let dtype = self.random.pick(&[DType::F32, DType::F64, DType::I64]);
                if elements < LARGEST {
                    let kind = StepKind::Generate(&kernels::IOTA, [0, 0], None);
                    self.push(kind, dtype, TileLevel::Full, elements);
                }
            }
            5 => {
                let to = self.random.pick(&DType::ALL);
                let Some(x) = self.operand(level, None) else { return };
                let kernel = kernels::cast(self.builder.steps[x.0 as usize].dtype, to);
                let bound = if to == DType::Bool { 1 } else { self.bounds[x.0 as usize] };
                self.push(StepKind::Apply(kernel, [x].into_iter().collect()), to, level, bound);
            }
            6 => {
                let dtype = self.random.pick(&[DType::F32, DType::F64, DType::I64]);
                let (Some(c), Some(a), Some(b)) = (
                    self.operand(level, Some(DType::Bool)),
                    self.operand(level, Some(dtype)),
                    self.operand(level, Some(dtype)),
                ) else {
                    return;
                };
                let bound = self.bounds[a.0 as usize].max(self.bounds[b.0 as usize]);
                let operands = [c, a, b].into_iter().collect();
                self.push(StepKind::Apply(&kernels::SELECT, operands), dtype, level, bound);
            }
            _ => {
                let Some(a) = self.operand(level, None) else { return };
                let dtype = self.builder.steps[a.0 as usize].dtype;
                let Some(b) = self.operand(level, Some(dtype)) else { return };
                if dtype == DType::Bool {
                    return;
                }
                let (x, y) = (self.bounds[a.0 as usize], self.bounds[b.0 as usize]);
                let (kernel, arity, bound) = match self.random.below(10) {
                    0 => (&kernels::ADD, 2, x + y),
                    1 => (&kernels::SUB, 2, x + y),
                    2 => (&kernels::MUL, 2, x * y),
                    3 => (&kernels::MAXIMUM, 2, x.max(y)),
                    4 => (&kernels::MINIMUM, 2, x.max(y)),
                    5 => (&kernels::NEG, 1, x),
                    6 => (&kernels::ABS, 1, x),
                    7 => (&kernels::LT, 2, 1),
                    8 if dtype.is_float() => (&kernels::FLUSH, 1, x),
                    _ => {
                        let operands = [a, b].into_iter().collect();
                        if 2 * x + y < LARGEST {
                            self.push(StepKind::Custom(Arc::new(Twice), operands), dtype, level, 2 * x + y);
                        }
                        return;
                    }
                };
                if bound < LARGEST {
                    let operands = [a, b].into_iter().take(arity).collect();
                    let dtype = if kernel.name == "lt" { DType::Bool } else { dtype };
                    self.push(StepKind::Apply(kernel, operands), dtype, level, bound);
                }
            }
        }
    }

    fn store(&mut self) {
        let source = Operand(self.random.below(self.builder.steps.len()) as u32);
        let Step { dtype, level, .. } = self.builder.steps[source.0 as usize];
        let (slot, plain) = (self.random.pick(&[0, 1]), self.random.chance(60));
        let split = self.within_rows();
        let rank = self.builder.dims.len();
        let repeats: Vec<bool> = (0..rank).map(|axis| level == TileLevel::Row && axis >= split).collect();
        // In place of a dense load, if there is one that nothing else overwrites.
        let steps = self.builder.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Load(access) if step.dtype.size() == dtype.size() && step.level == TileLevel::Full => {
                Some(access)
            }
            _ => None,
        });
        let free = steps.filter(|access| {
            let mut step = 1;
            let dense = self.builder.dims.iter().zip(&access.strides).rev().all(|(&d, &s)| {
                let fits = s == step;
                step *= d as isize;
                fits
            });
            dense
                && access.place.slot < 2
                && self.builder.stores.iter().all(|store| store.1.place != access.place)
        });
        let free: Vec<Access> = free.cloned().collect();
        let access = if level == TileLevel::Full && !free.is_empty() && self.random.chance(40) {
            free[self.random.below(free.len())].clone()
        } else {
            self.view(slot, dtype, plain, &repeats)
        };
        self.builder.stores.push((source, access));
    }

    fn accumulate(&mut self) {
        let source = Operand(self.random.below(self.builder.steps.len()) as u32);
        let Step { dtype, level, .. } = self.builder.steps[source.0 as usize];
        let (rank, split) = (self.builder.dims.len(), self.within_rows());
        let max = self.random.chance(30);
        let reduced: Vec<bool> = match self.random.below(3) {
            0 => vec![true; rank],
            1 => {
                let (from, leading) = (self.random.below(rank + 1), self.random.chance(70));
                (0..rank).map(|axis| (axis < from) == leading).collect()
            }
            _ => (0..rank).map(|_| self.random.chance(50)).collect(),
        };
        let reduced: Vec<bool> =
            (0..rank).map(|axis| reduced[axis] || level == TileLevel::Row && axis >= split).collect();
        let terms: usize =
            (0..rank).filter(|&axis| reduced[axis]).map(|axis| self.builder.dims[axis]).product();
        let bound = self.bounds[source.0 as usize] * if max { 1 } else { terms as i64 };
        if dtype == DType::Bool || bound >= LARGEST {
            return;
        }
        let plain = self.random.chance(60);
        let slot = self.random.pick(&[0, 1]);
        let access = self.view(slot, dtype, plain, &reduced);
        self.builder.accumulate.push(Accumulate { source, access, max });
    }
}

/// A program over at most about `elements` elements, with its memory.
pub fn program(random: &mut Random, elements: usize) -> (TileBuilder, Memory) {
    let rank = random.below(5);
    let mut dims: SmallVec<[usize; 4]> = SmallVec::new();
    let mut left = elements;
    for _ in 0..rank {
        let length = match random.below(6) {
            0 => 1,
            1..=3 => 1 + random.below(left.min(9)),
            _ => 1 + random.below(left),
        };
        left = (left / length).max(1);
        dims.push(length);
    }
    for i in (1..rank).rev() {
        dims.swap(i, random.below(i + 1));
    }
    let row_axes = if random.chance(50) { Some(random.below(rank + 1)) } else { None };
    if row_axes.is_none() && rank > 0 && random.chance(5) {
        dims[0] = 0;
    }
    let builder = TileBuilder { dims, row_axes, ..TileBuilder::default() };
    let mut maker = Maker { random, builder, memory: vec![vec![]; 3], bounds: vec![] };
    let (loads, steps) = (1 + maker.random.below(4), maker.random.below(12));
    for _ in 0..loads {
        maker.load();
    }
    for _ in 0..steps {
        if maker.random.chance(10) { maker.load() } else { maker.step() }
    }
    let empty = maker.builder.dims.contains(&0);
    let (stores, sums) = (maker.random.below(4), maker.random.below(3));
    for _ in 0..stores {
        maker.store();
    }
    for _ in 0..if empty { 0 } else { sums } {
        maker.accumulate();
    }
    (maker.builder, maker.memory)
}
