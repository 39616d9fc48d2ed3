//! Tensors put together from pieces.

use super::{Sample, sample};
use crate::record::Key;
use crate::{Batch, Gradients, Lower, Meta, Op, Piece, Rule, Var};
use smallvec::SmallVec;

/// Zeros before, after and (`step - 1` of them) between the elements of an axis.
#[derive(Clone, Debug)]
struct Pad {
    axis: usize,
    before: usize,
    after: usize,
    step: usize,
}

impl Pad {
    /// The length of the axis with so many elements.
    fn length(&self, elements: usize) -> usize {
        let last = elements.saturating_sub(1).saturating_mul(self.step);
        self.before.saturating_add(last.saturating_add(elements.min(1))).saturating_add(self.after)
    }
}

impl Op for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(Meta::new(x[0].shape.with(self.axis, self.length(x[0].shape[self.axis])), x[0].dtype))
    }

    fn attributes(&self, key: &mut Key) {
        key.write_slice(&[self.axis, self.before, self.after, self.step]);
    }

    fn lower(&self) -> Lower {
        let mut piece = Piece::along(self.axis + 1, self.axis, self.before);
        piece.step[self.axis] = self.step;
        Lower::Assemble(vec![piece])
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let end = self.length(at.x[0].shape()[self.axis]) - self.after;
        at.gradients(|_| Some(g.slice_step(self.axis as isize, self.before..end, self.step)))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[0].map(|dx| at.tape.op(self.clone(), &[dx]))
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.apply(Pad { axis: self.axis + 1, ..self.clone() })
    }
}

#[derive(Clone, Debug)]
struct Concat {
    axis: usize,
    /// Where each piece starts along the axis.
    starts: SmallVec<[usize; 4]>,
}

impl Op for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        let first = x[0];
        for meta in &x[1..] {
            let others = |meta: &Meta| meta.shape.with(self.axis, 0);
            if meta.dtype != first.dtype {
                return Err("pieces are of one dtype; cast some".into());
            }
            if meta.shape.rank() != first.shape.rank()
                || others(meta) != others(first)
            {
                return Err(format!("pieces may differ along axis {} only", self.axis));
            }
        }
        let lengths = x.iter().map(|meta| meta.shape[self.axis]);
        let length = lengths.fold(0, usize::saturating_add);
        if length > 1 << 48 {
            return Err(format!("an axis of {length} elements is too large"));
        }
        Ok(Meta::new(first.shape.with(self.axis, length), first.dtype))
    }

    fn attributes(&self, key: &mut Key) {
        key.write_usize(self.axis);
        key.write_slice(&self.starts);
    }

    fn lower(&self) -> Lower {
        let piece = |&start: &usize| Piece::along(self.axis + 1, self.axis, start);
        Lower::Assemble(self.starts.iter().map(piece).collect())
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|i| {
            let start = self.starts[i];
            Some(g.slice(self.axis as isize, start..start + at.x[i].shape()[self.axis]))
        })
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx.iter().any(Option::is_some).then(|| {
            let whole: Vec<Var<'t>> = dx
                .iter()
                .zip(at.x)
                .map(|(dx, x)| dx.unwrap_or_else(|| at.tape.full(x.shape(), 0.0, x.dtype())))
                .collect();
            at.tape.op(self.clone(), &whole)
        })
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.apply(Concat { axis: self.axis + 1, ..self.clone() })
    }
}

impl<'t> Var<'t> {
    /// Zeros before and after the elements of an axis, which may count from the end. The gradient of the zeros is
    /// dropped.
    #[track_caller]
    pub fn pad(self, axis: isize, before: usize, after: usize) -> Var<'t> {
        self.pad_step(axis, before, after, 1)
    }

    /// Zeros before and after the elements of an axis, and `step - 1` between each two: the transpose of
    /// [`slice_step`](Var::slice_step).
    #[track_caller]
    pub fn pad_step(self, axis: isize, before: usize, after: usize, step: usize) -> Var<'t> {
        match self.shape().axis(axis) {
            None => self.tape.fail("pad", format!("there is no axis {axis}"), &[self]),
            _ if step == 0 => self.tape.fail("pad", "a step of 0", &[self]),
            _ if before == 0 && after == 0 && step == 1 => self,
            Some(axis) => self.apply_with(Pad { axis, before, after, step }),
        }
    }
}

impl crate::Tape {
    /// Pieces one after the other along an axis, which may count from the end. Each gets its part of the gradient.
    #[track_caller]
    pub fn concat<'t>(&'t self, pieces: &[Var<'t>], axis: isize) -> Var<'t> {
        let Some(first) = pieces.first() else {
            return self.fail("concat", "there are no pieces", &[]);
        };
        let Some(axis) = first.shape().axis(axis) else {
            return self.fail("concat", format!("there is no axis {axis}"), pieces);
        };
        let mut end = 0;
        let mut starts = SmallVec::new();
        for piece in pieces {
            starts.push(end);
            end = usize::saturating_add(end, piece.shape().get(axis).copied().unwrap_or(0));
        }
        self.op(Concat { axis, starts }, pieces)
    }

    /// Pieces of one shape along a new axis, which may count from the end of the new shape.
    #[track_caller]
    pub fn stack<'t>(&'t self, pieces: &[Var<'t>], axis: isize) -> Var<'t> {
        let _op = self.within("stack", pieces);
        if pieces.windows(2).any(|pair| pair[0].shape() != pair[1].shape()) {
            return self.fail("stack", "pieces have one shape", pieces);
        }
        // (No closure: a mistake in it would not name the caller's line.)
        let mut longer = Vec::with_capacity(pieces.len());
        for piece in pieces {
            longer.push(piece.unsqueeze(axis));
        }
        self.concat(&longer, axis)
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "pad", inputs: pieces, apply: |x| x[0].pad(1, 1, 2).square() },
    Sample { name: "pad_step", inputs: pieces, apply: |x| x[0].pad_step(1, 1, 2, 3).square() },
    Sample { name: "concat", inputs: pieces, apply: |x| x[0].tape().concat(&[x[0], x[1], x[0]], 1).square() },
    Sample { name: "stack", inputs: pieces, apply: |x| x[0].tape().stack(&[x[0], x[0] * x[0]], 0) },
];

fn pieces() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3], &[2, 2]), sample([1.5, -0.7], &[2, 1])]
}
