//! A recorded step, replayed along an axis.

use super::recorded::Recorded;
use super::replay::Replay;
use super::{Vars, on_placeholders};
use crate::ops::{alias, placeholder};
use crate::record::Key;
use crate::{Batch, DType, Gradients, Lower, Meta, Op, Rule, Shape, Tape, Var};
use std::sync::Arc;

/// A body replayed over the first axis of some of its inputs. The inputs are what is carried from step to step, at the start;
/// what is taken apart along the first axis; and what is the same in all steps. The body's results are what is carried on; what is
/// put together along a first axis; and what is summed over all steps. The output is one vector of the carried values after each
/// step, the stacked results and the sums, one after the other.
#[derive(Clone, Debug)]
struct Scan {
    body: Arc<Recorded>,
    layout: Layout,
    replay: Arc<Replay>,
}

/// How many values of each kind a scan has, and what they are.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) length: usize,
    /// From the last element to the first.
    pub(super) reverse: bool,
    pub(super) dtype: DType,
    pub(super) carried: Vec<Shape>,
    pub(super) sliced: usize,
    pub(super) stacked: Vec<Shape>,
    pub(super) summed: Vec<Shape>,
}

impl Layout {
    /// Shapes of the parts of the output.
    fn parts(&self) -> impl Iterator<Item = Shape> + '_ {
        let long = |shape: &Shape| [&[self.length], shape.dims()].concat().into();
        self.carried.iter().chain(&self.stacked).map(long).chain(self.summed.iter().cloned())
    }

    fn total(&self) -> usize {
        self.parts().fold(0, |sum, part| sum.saturating_add(part.numel()))
    }

    /// The parts of an output.
    #[track_caller]
    fn unpack<'t>(&self, y: Var<'t>) -> Parts<'t> {
        let mut start = 0;
        let mut all = Vec::new();
        for shape in self.parts() {
            let end = start + shape.numel();
            all.push(y.slice(0, start..end).reshape(shape));
            start = end;
        }
        let summed = all.split_off(self.carried.len() + self.stacked.len());
        let stacked = all.split_off(self.carried.len());
        Parts { carried: all, stacked, summed }
    }
}

/// What a scan makes: the carried values after each step, and the others.
struct Parts<'t> {
    carried: Vec<Var<'t>>,
    stacked: Vec<Var<'t>>,
    summed: Vec<Var<'t>>,
}

impl<'t> Parts<'t> {
    /// One vector of all, as the op's output.
    fn pack(&self, tape: &'t Tape) -> Var<'t> {
        let all = self.carried.iter().chain(&self.stacked).chain(&self.summed);
        tape.concat(&all.map(|x| x.reshape(x.numel())).collect::<Vec<_>>(), 0)
    }
}

/// The results of a body: carried, stacked and summed.
type Results<'t> = (Vec<Var<'t>>, Vec<Var<'t>>, Vec<Var<'t>>);

/// Records a body once, and the scan of it. All is of this tape; `sliced` have a first axis of `length`.
#[track_caller]
fn replayed<'t>(
    tape: &'t Tape,
    body: impl FnOnce(&[Var<'t>], &[Var<'t>]) -> Results<'t>,
    start: &[Var<'t>],
    sliced: &[Var<'t>],
    (length, reverse): (usize, bool),
) -> Option<(Layout, Parts<'t>)> {
    let (mut carry, mut slices) = (Vec::new(), Vec::new());
    for x in start {
        carry.push(placeholder(tape, x.shape(), x.dtype()));
    }
    for x in sliced {
        slices.push(placeholder(tape, &x.shape()[1..], x.dtype()));
    }
    let ((next, stacked, summed), assigned) = on_placeholders(tape, || body(&carry, &slices));
    let results = [&next[..], &stacked, &summed].concat();
    if tape.rejects("scan", &results) {
        return None;
    }
    if let Some((_, value)) = assigned.first() {
        tape.fail("scan", "a parameter is assigned by the step, which would be done in each", &[*value]);
        return None;
    }
    if start.len() != next.len() {
        let what = format!("{} values are carried into a step, and {} out of it", start.len(), next.len());
        tape.fail("scan", what, start);
        return None;
    }
    for (before, after) in start.iter().zip(&next) {
        if before.meta() != after.meta() {
            tape.fail(
                "scan",
                "what is carried on is not of the shape and dtype that it had before",
                &[*before, *after],
            );
            return None;
        }
    }
    let dtype = results.first().map_or(DType::F32, |y| y.dtype());
    if let Some(other) = results.iter().find(|y| y.dtype() != dtype || !dtype.is_float()) {
        tape.fail(
            "scan",
            "carried values and results are of one floating-point dtype",
            &[results[0], *other],
        );
        return None;
    }
    let (body, captured) = Recorded::new(tape, &[carry, slices].concat(), &results);
    let shapes = |of: &[Var<'t>]| of.iter().map(|x| x.shape()).collect::<Vec<_>>();
    let layout = Layout {
        length,
        reverse,
        dtype,
        carried: shapes(&next),
        sliced: sliced.len(),
        stacked: shapes(&stacked),
        summed: shapes(&summed),
    };
    let body = Arc::new(body);
    let op =
        Scan { replay: Arc::new(Replay::new(body.clone(), layout.clone())), body, layout: layout.clone() };
    let y = tape.op(op, &[start, sliced, &captured].concat());
    if y.is_poisoned() {
        return None;
    }
    let parts = layout.unpack(y);
    Some((layout, parts))
}

impl Op for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn infer(&self, _: &[&Meta]) -> Result<Meta, String> {
        Ok(Meta::new(self.layout.total(), self.layout.dtype))
    }

    fn attributes(&self, key: &mut Key) {
        self.body.attributes(key);
        key.write_slice(&[self.layout.length, self.layout.reverse as usize]);
        key.write_slice(&[self.layout.carried.len(), self.layout.sliced, self.layout.stacked.len()]);
    }

    fn lower(&self) -> Lower {
        Lower::Call(self.replay.clone())
    }

    /// A scan the other way: it carries the gradients of what was carried, takes apart what was carried before each step, and sums
    /// the gradients of what is the same in all steps.
    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let (carried, fixed) = (self.layout.carried.len(), self.layout.carried.len() + self.layout.sliced);
        let (before, g) = (self.before(at), self.layout.unpack(g));
        let wanted = |from: usize, to: usize| (from..to).filter(|&i| at.wanted[i]).collect::<Vec<_>>();
        let (taken, same) = (wanted(carried, fixed), wanted(fixed, at.x.len()));
        let zeros: Vec<Var<'t>> =
            self.layout.carried.iter().map(|shape| at.tape.full(shape, 0.0, self.layout.dtype)).collect();
        let sliced = [&before[..], &at.x[carried..fixed], &g.carried, &g.stacked].concat();
        let back = |later: &[Var<'t>], slices: &[Var<'t>]| {
            let (arguments, g_of) = slices.split_at(fixed);
            // (What is the same in all steps may be made of other such values: each has a gradient of its own here.)
            let own: Vec<Var<'t>> = at.x[fixed..].iter().map(|&x| alias(x)).collect();
            let y = self.body.record(at.tape, &[arguments, &own].concat());
            let (g_carried, g_stacked) = g_of.split_at(carried);
            let g_carried = later.iter().zip(g_carried).map(|(later, g)| *later + *g);
            let g: Vec<Var<'t>> =
                g_carried.chain(g_stacked.iter().copied()).chain(g.summed.iter().copied()).collect();
            let sources = arguments[..carried].iter().chain(taken.iter().map(|&i| &arguments[i]));
            let sources: Vec<Var<'t>> =
                sources.chain(same.iter().map(|&i| &own[i - fixed])).copied().collect();
            let mut found = at.tape.vjp_all(&y, &g, &sources);
            found.iter_mut().for_each(|g| *g = g.cast(self.layout.dtype));
            let summed = found.split_off(carried + taken.len());
            let stacked = found.split_off(carried);
            (found, stacked, summed)
        };
        let order = (self.layout.length, !self.layout.reverse);
        let Some((layout, parts)) = replayed(at.tape, back, &zeros, &sliced, order) else {
            return at.gradients(|_| None);
        };
        let first = last_of(&layout, &parts, &zeros);
        at.gradients(|i| {
            let found = if i < carried {
                first[i]
            } else if let Some(k) = taken.iter().position(|&taken| taken == i) {
                parts.stacked[k]
            } else {
                parts.summed[same.iter().position(|&same| same == i)?]
            };
            Some(found.cast(at.x[i].dtype()))
        })
    }

    /// A scan that carries the tangents beside the values.
    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let (carried, fixed) = (self.layout.carried.len(), self.layout.carried.len() + self.layout.sliced);
        let start = |i: usize| dx[i].unwrap_or_else(|| at.tape.full(at.x[i].shape(), 0.0, self.layout.dtype));
        let start: Vec<Var<'t>> = at.x[..carried].iter().copied().chain((0..carried).map(start)).collect();
        let moved: Vec<usize> = (carried..fixed).filter(|&i| dx[i].is_some()).collect();
        let sliced: Vec<Var<'t>> =
            at.x[carried..fixed].iter().copied().chain(moved.iter().filter_map(|&i| dx[i])).collect();
        let body = |carry: &[Var<'t>], slices: &[Var<'t>]| {
            let (carry, d_carry) = carry.split_at(carried);
            let (slices, d_slices) = slices.split_at(self.layout.sliced);
            let same: Vec<Var<'t>> = at.x[fixed..].iter().map(|&x| alias(x)).collect();
            let arguments = [carry, slices, &same].concat();
            let y = self.body.record(at.tape, &arguments);
            let (mut x, mut dx_of) = (carry.to_vec(), d_carry.to_vec());
            for (&i, &d) in moved.iter().zip(d_slices) {
                x.push(arguments[i]);
                dx_of.push(d);
            }
            for (&x_of, d) in same.iter().zip(&dx[fixed..]) {
                if let Some(d) = d {
                    x.push(x_of);
                    dx_of.push(*d);
                }
            }
            let mut dy = at.tape.jvp_all(&y, &x, &dx_of);
            let summed = dy.split_off(carried + self.layout.stacked.len());
            let stacked = dy.split_off(carried);
            ([&y[..carried], &dy].concat(), stacked, summed)
        };
        let order = (self.layout.length, self.layout.reverse);
        let (_, mut parts) = replayed(at.tape, body, &start, &sliced, order)?;
        parts.carried.drain(..carried);
        Some(parts.pack(at.tape))
    }

    /// A scan whose body is over a batch.
    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        let (carried, fixed) = (self.layout.carried.len(), self.layout.carried.len() + self.layout.sliced);
        let start: Vec<Var<'t>> = (0..carried).map(|i| at.whole(i)).collect();
        let along = |i: usize| if at.batched[i] { at.x[i].move_axis(0, 1) } else { at.x[i] };
        let sliced: Vec<Var<'t>> = (carried..fixed).map(along).collect();
        let mut batched = at.batched.to_vec();
        batched[..carried].fill(true);
        let body = |carry: &[Var<'t>], slices: &[Var<'t>]| {
            let arguments = [carry, slices, &at.x[fixed..]].concat();
            let mut y = super::batched_region(&self.body, at, &arguments, &batched);
            let summed = y.split_off(carried + self.layout.stacked.len());
            let stacked = y.split_off(carried);
            (y, stacked, summed)
        };
        let order = (self.layout.length, self.layout.reverse);
        let Some((_, parts)) = replayed(at.tape, body, &start, &sliced, order) else {
            return at.tape.poison();
        };
        let long = parts.carried.iter().chain(&parts.stacked).map(|x| x.move_axis(1, 0));
        let all = long.chain(parts.summed.iter().copied());
        let flat = |x: Var<'t>| x.reshape([at.size, x.numel().checked_div(at.size).unwrap_or(0)]);
        let packed = at.tape.concat(&all.map(flat).collect::<Vec<_>>(), 1);
        if at.size == 0 { at.tape.full([0, self.layout.total()], 0.0, self.layout.dtype) } else { packed }
    }
}

impl Scan {
    /// What was carried before each step, in the order of the sliced inputs.
    fn before<'t>(&self, at: &Rule<'_, 't>) -> Vec<Var<'t>> {
        let (after, length) = (self.layout.unpack(at.y).carried, self.layout.length);
        let before = |(after, start): (Var<'t>, &Var<'t>)| {
            if length == 0 {
                after
            } else if self.layout.reverse {
                at.tape.concat(&[after.slice(0, 1..), start.unsqueeze(0)], 0)
            } else {
                at.tape.concat(&[start.unsqueeze(0), after.slice(0, ..length - 1)], 0)
            }
        };
        after.into_iter().zip(at.x).map(before).collect()
    }
}

/// What is carried out of the last step.
fn last_of<'t>(layout: &Layout, parts: &Parts<'t>, start: &[Var<'t>]) -> Vec<Var<'t>> {
    let Some(last) = layout.length.checked_sub(1) else { return start.to_vec() };
    let at = if layout.reverse { 0 } else { last };
    parts.carried.iter().map(|x| x.slice(0, at..at + 1).squeeze(0)).collect()
}

/// A loop along an axis: `body(carry, x) → (carry, y)` is recorded once, and replayed for each element of `xs` along the first axis
/// of its values. The result is what is carried out of the last step, and all `y`, along a new first axis. What else the body uses
/// is the same in all steps (also random numbers that it records).
///
/// However long the loop is, the recording is of one step's size, and so are those of its derivatives: a scan back over the steps,
/// from what each of them was given, which is kept. (For a count of the steps alone, let `xs` be `tape.iota(n, DType::I64)`.)
///
/// ```
/// use chainrule_tape::{Tape, grad, scan};
/// let tape = Tape::new();
/// // Compound interest: 100, growing by a rate that differs from year to year.
/// let rates = tape.var([0.01, 0.02, 0.03]);
/// let grow = |capital, rate| {
///     let capital = capital * (rate + 1.0);
///     (capital, capital)
/// };
/// let (last, each) = scan(grow, tape.var(100.0), rates);
/// assert!((last.item()? - 100.0 * 1.01 * 1.02 * 1.03).abs() < 1e-12);
/// assert_eq!(each.shape().dims(), [3]);
/// let slope = grad(|rates| scan(grow, tape.var(100.0), rates).0, rates);
/// assert!((slope.value()?.to_f64()[0] - 100.0 * 1.02 * 1.03).abs() < 1e-12);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// A mistake if the first axes of `xs` differ in length or there is none, if what is carried changes its shape or dtype, or if
/// carried values and results are not of one floating-point dtype.
#[track_caller]
pub fn scan<'t, C: Vars<'t>, X: Vars<'t>, Y: Vars<'t>>(
    body: impl FnOnce(C, X) -> (C, Y),
    start: C,
    xs: X,
) -> (C, Y) {
    let (first, sliced) = (start.leaves(), xs.leaves());
    let Some(tape) = sliced.iter().chain(&first).next().map(|x| x.tape()) else { return body(start, xs) };
    let length = sliced.first().and_then(|x| x.shape().first().copied());
    let poisoned = tape.rejects("scan", &[&first[..], &sliced].concat());
    let fits = !poisoned && length.is_some() && sliced.iter().all(|x| x.shape().first().copied() == length);
    if !fits {
        if !poisoned {
            let what = if sliced.iter().any(|x| x.rank() == 0) {
                "a scalar has no axis along which a loop goes (values that all steps share are captured)"
            } else {
                "the first axes, along which the loop goes, have the same length"
            };
            tape.fail("scan", what, &sliced);
        }
        let (carry, y) = body(start.map(|_| tape.poison()), xs.map(|_| tape.poison()));
        return (carry.map(|_| tape.poison()), y.map(|_| tape.poison()));
    }
    let mut last = None;
    let record = |carry: &[Var<'t>], slices: &[Var<'t>]| {
        let (carry, y) = body(start.with(&mut carry.iter().copied()), xs.with(&mut slices.iter().copied()));
        let results = (carry.leaves(), y.leaves(), Vec::new());
        last = Some((carry, y));
        results
    };
    let made = replayed(tape, record, &first, &sliced, (length.unwrap_or(0), false));
    let Some((carry, y)) = last else { unreachable!("the body was recorded") };
    match made {
        Some((layout, parts)) => {
            let end = last_of(&layout, &parts, &first);
            (carry.with(&mut end.into_iter()), y.with(&mut parts.stacked.into_iter()))
        }
        None => (carry.map(|_| tape.poison()), y.map(|_| tape.poison())),
    }
}
