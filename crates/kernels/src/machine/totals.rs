//! The accumulators of a program.

use super::Place;
use super::accumulate::{Accumulator, Levels, Way};
use super::columns::few_columns;
use super::finish::Finisher;
use super::layout::{Axes, View};
use super::tile::{Level, Role};
use crate::{DType, rows};

impl Finisher<'_> {
    /// The accumulators, with rooms where they will have offsets in the workspace.
    pub(super) fn accumulators(
        &mut self,
        views: &[(&View, Place)],
        scratch: Option<Place>,
    ) -> Vec<Accumulator> {
        let always = self.builder.steps.len();
        let targets = views.iter().filter(|view| matches!(view.0.role, Role::Accumulate(_)));
        let mut sums = Vec::new();
        for ((total, sum), (view, place)) in
            self.layout.totals.iter().zip(&self.builder.accumulate).zip(targets)
        {
            let (dtype, max) = (view.dtype, sum.max);
            let level = self.builder.steps[sum.source.0 as usize].level;
            let kept = |strides: &Axes<isize>| strides.iter().any(|&stride| stride != 0);
            let way = match level {
                Level::Row => Way::Values,
                Level::Full if self.layout.inner.is_empty() => Way::Values,
                Level::Full if kept(&total.inner) => {
                    if total.inner.iter().all(|&s| s != 0) {
                        Way::Columns
                    } else {
                        Way::Mixed
                    }
                }
                Level::Full if kept(&total.outer) => Way::Rows,
                Level::Full => Way::Whole,
            };
            let size = dtype.size();
            let column = self.room(self.layout.tile_rows * size, 0, always);
            let wanted = Levels::wanted(total.len, size, self.layout.tasks, self.layout.tiles());
            let levels = match wanted {
                0 => Levels::None,
                1 => Levels::One(self.room(total.len * size, 0, always)),
                _ => {
                    let first = self.room(total.len * size, 0, always);
                    Levels::Two(first, self.room(total.len * size, 0, always))
                }
            };
            let (rows, columns) = if max {
                (rows::max_rows(dtype, self.simd), rows::max_columns(dtype, self.simd))
            } else {
                (rows::sum_rows(dtype, self.simd), rows::add_columns(dtype, self.simd))
            };
            sums.push(Accumulator {
                way,
                size,
                empty: identity(dtype, max),
                fill: rows::fill(dtype),
                copy: rows::copy_strided(dtype),
                rows: rows.expect("checked"),
                columns: columns.expect("checked"),
                few: few_columns(dtype, max, self.simd),
                len: total.len,
                outer: total.outer.clone(),
                inner: total.inner.clone(),
                slot: place.slot,
                offset: place.offset,
                axes: total.axes.clone(),
                target: total.target.clone(),
                direct: total.direct,
                scratch: total.scratch.map(|at| {
                    let scratch = scratch.expect("validated");
                    (scratch.slot, scratch.offset + at)
                }),
                levels,
                column,
            });
        }
        sums
    }
}

/// The result of a reduction of nothing: an element's bytes, first.
fn identity(dtype: DType, max: bool) -> u64 {
    let mut bytes = [0; 8];
    match dtype {
        DType::F32 if max => bytes[..4].copy_from_slice(&f32::NEG_INFINITY.to_ne_bytes()),
        DType::F64 if max => bytes = f64::NEG_INFINITY.to_ne_bytes(),
        DType::I64 if max => bytes = i64::MIN.to_ne_bytes(),
        _ => {}
    }
    u64::from_ne_bytes(bytes)
}
