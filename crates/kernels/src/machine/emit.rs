//! The operations of a program: what a step or a store becomes, once it is known where its operands are.

use super::finish::{Finisher, Store};
use super::layout::{Axes, View};
use super::program::{Custom, Once, Op};
use super::tile::{Level, RowReduce, Step, StepKind};
use super::{Place, access};
use crate::pointwise::BlockFn;
use crate::rows;

impl Finisher<'_> {
    pub(super) fn load(&mut self, i: usize, view: &View, place: Place, end: usize, copied: bool) {
        let (step, entry) = (&self.builder.steps[i], i as u32);
        let (dtype, level) = (step.dtype, step.level);
        let Place { slot, offset } = place;
        let zero = |strides: &Axes<isize>| strides.iter().all(|&stride| stride == 0);
        match self.direct(view, level) {
            Some(_) if copied => {
                self.register(entry, dtype, level, i, end);
                let from = self.strided(view, place, level);
                return self.ops.push(Op::Gather { dst: entry, from });
            }
            Some(direct) => return self.memory(entry, direct, view, place),
            None => {}
        }
        let (rows, cols) = (self.layout.tile_rows, self.layout.tile_cols);
        let always = self.builder.steps.len();
        if zero(&view.outer) && zero(&view.inner) {
            self.register(entry, dtype, level, 0, always);
            let run = rows::expand_rows(dtype, self.simd).expect("takes all dtypes");
            let cols = if level == Level::Full { rows * cols } else { rows };
            self.once.push(Once { run, register: entry, slot, offset, rows: 1, cols });
        } else if level == Level::Full
            && !self.layout.is_blocked()
            && zero(&view.outer)
            && access::is_dense(self.layout.inner.iter().zip(&view.inner))
        {
            self.register(entry, dtype, level, 0, always);
            let run = rows::repeat_row(dtype, self.simd).expect("takes all dtypes");
            self.once.push(Once { run, register: entry, slot, offset, rows, cols });
        } else if level == Level::Full
            && self.layout.rows > 1
            && self.layout.tile_cols == self.layout.cols
            && zero(&view.outer)
        {
            self.register(entry, dtype, level, 0, always);
            let from = self.strided(view, place, level);
            self.still.push((entry, from));
        } else if level == Level::Full && zero(&view.inner) && !view.inner.is_empty() {
            let row = self.entry();
            match self.direct(view, Level::Row) {
                Some(direct) => self.memory(row, direct, view, place),
                None => {
                    self.register(row, dtype, Level::Row, i, i);
                    let from = self.strided(view, place, Level::Row);
                    self.ops.push(Op::Gather { dst: row, from });
                }
            }
            self.register(entry, dtype, level, i, end);
            let run = rows::expand_rows(dtype, self.simd).expect("takes all dtypes");
            self.ops.push(Op::Row { run, dst: entry, src: row });
        } else {
            self.register(entry, dtype, level, i, end);
            let from = self.strided(view, place, level);
            self.ops.push(Op::Gather { dst: entry, from });
        }
    }

    /// A step; `in_place` is its function if it overwrites its first operand.
    pub(super) fn compute(&mut self, i: usize, step: &Step, in_place: Option<BlockFn>, key: Option<Place>) {
        let (dst, level, dtype) = (i as u32, step.level, step.dtype);
        let op = match &step.kind {
            StepKind::Load(_) => return,
            StepKind::Apply(kernel, operands) => {
                let picked = || kernel.pick(&self.dtypes(operands), self.simd).expect("checked").0;
                let run = in_place.unwrap_or_else(picked);
                let mut src = [0; 3];
                src.iter_mut().zip(operands).for_each(|(src, operand)| *src = operand.0);
                Op::Block { run, dst, src, level }
            }
            StepKind::Custom(call, operands) => Op::Custom(Box::new(Custom {
                call: call.clone(),
                src: operands.iter().map(|operand| operand.0).zip(self.dtypes(operands)).collect(),
                dst: (dst, dtype),
                level,
            })),
            StepKind::Generate(generator, key_words, _) => {
                let run = generator.pick(dtype, self.simd).expect("checked");
                Op::Generate { run, dst, key: *key_words, counter: key.map(|at| (at.slot, at.offset)) }
            }
            StepKind::Reduce(how, operand) => {
                let run = match how {
                    RowReduce::Sum => rows::sum_rows(dtype, self.simd),
                    RowReduce::Max => rows::max_rows(dtype, self.simd),
                };
                Op::Row { run: run.expect("checked"), dst, src: operand.0 }
            }
            StepKind::Expand(operand) => {
                let run = rows::expand_rows(dtype, self.simd).expect("takes all dtypes");
                Op::Row { run, dst, src: operand.0 }
            }
        };
        self.ops.push(op);
    }

    pub(super) fn store(&mut self, store: &Store<'_>) {
        let (src, level) = (store.source as u32, self.builder.steps[store.source].level);
        match self.direct(store.view, level) {
            Some(direct) => {
                let dst = self.entry();
                self.memory(dst, direct, store.view, store.place);
                self.ops.push(Op::Copy { dst, src, size: store.view.dtype.size(), level });
            }
            None => {
                let to = self.strided(store.view, store.place, level);
                self.ops.push(Op::Scatter { src, to });
            }
        }
    }
}
