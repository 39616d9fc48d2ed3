//! Elements of an axis at indices that are known while recording.

use crate::{Shape, Tensor, Var};

/// Neighbours of the same distance, each so many times: `start, start, start + step, start + step, …`.
struct Steps {
    start: usize,
    step: usize,
    number: usize,
    times: usize,
}

/// The indices as at most three such steps: repeats at the ends may differ from those between.
fn steps(indices: &[usize]) -> Option<Vec<Steps>> {
    let mut all: Vec<Steps> = Vec::new();
    for run in indices.chunk_by(|a, b| a == b) {
        let (start, times) = (run[0], run.len());
        if let Some(last) = all.last_mut().filter(|last| last.times == times && last.start < start) {
            let step = if last.number == 1 { start - last.start } else { last.step };
            if start == last.start + last.number * step {
                (last.step, last.number) = (step, last.number + 1);
                continue;
            }
        }
        if all.len() == 3 {
            return None;
        }
        all.push(Steps { start, step: 1, number: 1, times });
    }
    Some(all)
}

impl<'t> Var<'t> {
    /// `y[…, i, …] = x[…, indices[i], …]` along an axis that has these indices: by slices and repeats where they are regular, as
    /// those of a resizing by a whole factor are, else by rows.
    #[track_caller]
    pub(crate) fn picked(self, axis: usize, indices: &[usize]) -> Var<'t> {
        let along = axis as isize;
        let Some(steps) = steps(indices).filter(|steps| !steps.is_empty()) else {
            let index: Vec<i64> = indices.iter().map(|&index| index as i64).collect();
            let rows = self.move_axis(along, 0).rows(self.tape().var(Tensor::from(index)));
            return rows.move_axis(0, along);
        };
        let mut pieces = Vec::with_capacity(steps.len());
        for Steps { start, step, number, times } in steps {
            let end = start + (number - 1) * step + 1;
            let mut piece = self.slice_step(along, start..end, step);
            if times > 1 {
                let (one, shape) = (piece.unsqueeze(along + 1), piece.shape());
                let with = |at: usize, length: usize| -> Shape {
                    one.shape().iter().enumerate().map(|(i, &n)| if i == at { length } else { n }).collect()
                };
                let repeated = shape.iter().enumerate().map(|(i, &n)| if i == axis { n * times } else { n });
                piece = one.expand(with(axis + 1, times)).reshape(repeated.collect::<Shape>());
            }
            pieces.push(piece);
        }
        if pieces.len() == 1 { pieces[0] } else { self.tape().concat(&pieces, along) }
    }
}

#[cfg(test)]
mod tests {
    use crate::{DType, Tape};

    #[test]
    fn regular_indices_are_slices() {
        let tape = Tape::new();
        let x = tape.iota(10, DType::F64).reshape([2, 5]);
        let regular: [&[usize]; 7] = [
            &[0, 1, 2, 3, 4],
            &[1, 3],
            &[4],
            &[0, 0, 1, 1, 2, 2],
            &[0, 1, 1, 2, 2, 3],
            &[0, 0, 0, 1, 1, 2],
            &[2, 2],
        ];
        let irregular: [&[usize]; 4] =
            [&[0, 2, 3, 3, 1, 4, 4], &[3, 2, 1, 0], &[], &[0, 0, 1, 2, 2, 3, 4, 4]];
        for (indices, slices) in regular.map(|i| (i, true)).into_iter().chain(irregular.map(|i| (i, false))) {
            assert!(slices != super::steps(indices).is_none_or(|steps| steps.is_empty()), "{indices:?}");
            let want: Vec<f64> =
                (0..2).flat_map(|row| indices.iter().map(move |&i| (row * 5 + i) as f64)).collect();
            assert_eq!(x.picked(1, indices).value().unwrap().to_f64(), want, "{indices:?}");
            let want: Vec<f64> = indices
                .iter()
                .filter(|&&i| i < 2)
                .flat_map(|&i| (0..5).map(move |c| (i * 5 + c) as f64))
                .collect();
            if indices.iter().all(|&i| i < 2) {
                assert_eq!(x.picked(0, indices).value().unwrap().to_f64(), want, "{indices:?}");
            }
        }
    }
}
