//! The loop over time, step by step or as a scan.

use super::cell::{Cell, Same, Weights};
use chainrule_tape::{Var, Vars, scan};

/// How the loop is recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// By the number of steps: as a scan if there are more than [`LONG`].
    Auto,
    /// Each step for itself.
    Steps,
    /// One step, replayed.
    Scan,
}

/// The most steps that are recorded one by one unless told otherwise. They are planned together, so that what they share is
/// one product (a weight's gradient), in 0.7 times a scan's memory; but recording and planning grow with them. (An `Lstm`'s
/// training step over 256 steps is 19,197 nodes and 1,029 instructions; as a scan it is 187 and 23, for any number of steps.)
const LONG: usize = 256;

impl Form {
    pub(super) fn scans(self, steps: usize) -> bool {
        self == Form::Scan || (self == Form::Auto && steps > LONG)
    }
}

/// How sequences lie in a tensor of three axes, and which of their steps count.
#[derive(Clone, Copy)]
pub(super) struct Sequences<'t> {
    pub(super) time_axis: usize,
    pub(super) steps: usize,
    pub(super) batch: usize,
    /// As [`Lengths::mask`](super::Lengths::mask) makes it; all count if `None`.
    pub(super) mask: Option<Var<'t>>,
}

impl<'t> Sequences<'t> {
    /// The outputs of all steps, and the last state.
    #[track_caller]
    pub(super) fn run<C: Cell>(
        &self,
        cell: C,
        weights: &Weights,
        x: Var<'t>,
        start: Option<C::State<'t>>,
        (reverse, form): (bool, Form),
    ) -> (Var<'t>, C::State<'t>) {
        let scans = form.scans(self.steps);
        // Zeros at the start are left out of the first step, where others follow by which all parameters have a path to the
        // loss. A reverse direction's first step may be all that is used of it: the last output.
        let start = match start {
            None if scans || reverse || self.steps == 1 || self.mask.is_some() => {
                Some(weights.widths.zeros::<C>(x, self.batch))
            }
            start => start,
        };
        let (same, z) = weights.on::<C>(x);
        let (y, end) = match start {
            Some(start) if scans => self.scanned(cell, same, z, start, reverse),
            start => self.one_by_one(cell, same, z, start, reverse),
        };
        let y = match self.mask {
            Some(mask) => mask.select(y, 0.0),
            None => y,
        };
        (y, end)
    }

    #[track_caller]
    fn one_by_one<C: Cell>(
        &self,
        cell: C,
        same: Same<'t>,
        z: Var<'t>,
        start: Option<C::State<'t>>,
        reverse: bool,
    ) -> (Var<'t>, C::State<'t>) {
        let mut last = start;
        let mut outputs = Vec::with_capacity(self.steps);
        for i in 0..self.steps {
            let t = if reverse { self.steps - 1 - i } else { i };
            let goes_on = self.mask.map(|mask| self.at_time(mask, t));
            let (h, next) = advance(cell, &same, self.at_time(z, t), last, goes_on);
            outputs.push(h);
            last = Some(next);
        }
        if reverse {
            outputs.reverse();
        }
        let y = z.tape().stack(&outputs, self.time_axis as isize);
        (y, last.unwrap_or_else(|| C::state(|_| y)))
    }

    #[track_caller]
    fn scanned<C: Cell>(
        &self,
        cell: C,
        same: Same<'t>,
        z: Var<'t>,
        start: C::State<'t>,
        reverse: bool,
    ) -> (Var<'t>, C::State<'t>) {
        let time = self.time_axis as isize;
        let mut slices = vec![z];
        slices.extend(self.mask);
        for x in &mut slices {
            *x = x.move_axis(time, 0);
            if reverse {
                *x = x.flip(0);
            }
        }
        let body = |last: C::State<'t>, slices: Vec<Var<'t>>| {
            let (h, next) = advance(cell, &same, slices[0], Some(last), slices.get(1).copied());
            (next, h)
        };
        let (end, y) = scan(body, start, slices);
        let y = if reverse { y.flip(0) } else { y };
        (y.move_axis(0, time), end)
    }

    /// Time step `t` of a tensor of three axes.
    #[track_caller]
    fn at_time(&self, x: Var<'t>, t: usize) -> Var<'t> {
        let time = self.time_axis as isize;
        x.slice(time, t..t + 1).squeeze(time)
    }
}

/// The output of a step and the state that goes on: where a sequence does not go on, that is the last one.
#[track_caller]
fn advance<'t, C: Cell>(
    cell: C,
    same: &Same<'t>,
    z: Var<'t>,
    last: Option<C::State<'t>>,
    goes_on: Option<Var<'t>>,
) -> (Var<'t>, C::State<'t>) {
    let next = cell.step(same, z, last);
    let mut parts = next.leaves();
    if let (Some(last), Some(goes_on)) = (last, goes_on) {
        for (part, last) in parts.iter_mut().zip(last.leaves()) {
            *part = goes_on.select(*part, last);
        }
    }
    let h = parts[0];
    // A gradient that fades from step to step ends as 0, not as a subnormal number.
    for part in &mut parts {
        *part = part.flush_gradient();
    }
    (h, next.with(&mut parts.into_iter()))
}
