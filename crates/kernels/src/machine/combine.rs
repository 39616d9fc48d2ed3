//! Steps of a tile program that are done as one: see [`fused`](crate::pointwise::MUL_ADD).

use super::tile::{Operand, Step, StepKind, TileBuilder};
use crate::pointwise::{self as kernel, Kernel};
use smallvec::{SmallVec, smallvec};

/// Joins a step whose value has one use with the step that uses it, where there is a kernel that does both. The values that
/// are left are the same to the last bit.
pub(super) fn combine(mut builder: TileBuilder) -> TileBuilder {
    let mut uses = vec![0u32; builder.steps.len()];
    let kept =
        builder.stores.iter().map(|store| store.0).chain(builder.accumulate.iter().map(|sum| sum.source));
    let operands = builder.steps.iter().flat_map(|step| step.kind.operands());
    for operand in operands.copied().chain(kept) {
        match uses.get_mut(operand.0 as usize) {
            Some(uses) => *uses += 1,
            // No such step: that is found when the program is checked.
            None => return builder,
        }
    }
    let mut gone = vec![false; builder.steps.len()];
    for i in 0..builder.steps.len() {
        let Some((kernel, operands, taken)) = (Match { steps: &builder.steps, uses: &uses, at: i }).find()
        else {
            continue;
        };
        builder.steps[i].kind = StepKind::Apply(kernel, operands);
        taken.into_iter().for_each(|step| gone[step as usize] = true);
    }
    if !gone.contains(&true) {
        return builder;
    }
    let mut number = 0;
    let numbers: Vec<u32> = gone
        .iter()
        .map(|gone| {
            number += !gone as u32;
            number.wrapping_sub(1)
        })
        .collect();
    let renumber = |operand: &mut Operand| operand.0 = numbers[operand.0 as usize];
    let mut steps = std::mem::take(&mut builder.steps).into_iter().zip(&gone);
    builder.steps = steps.by_ref().filter(|step| !step.1).map(|step| step.0).collect();
    for step in &mut builder.steps {
        step.kind.operands_mut().iter_mut().for_each(renumber);
    }
    builder.stores.iter_mut().for_each(|store| renumber(&mut store.0));
    builder.accumulate.iter_mut().for_each(|sum| renumber(&mut sum.source));
    builder
}

/// A kernel for several steps, its operands, and the steps that it does besides the last.
type Found = (&'static Kernel, SmallVec<[Operand; 3]>, SmallVec<[u32; 2]>);

/// The step that may be joined with those before it.
struct Match<'a> {
    steps: &'a [Step],
    uses: &'a [u32],
    at: usize,
}

fn is(kernel: &'static Kernel, other: &'static Kernel) -> bool {
    std::ptr::eq(kernel, other)
}

impl Match<'_> {
    fn find(&self) -> Option<Found> {
        let StepKind::Apply(last, operands) = &self.steps[self.at].kind else { return None };
        let [x, y] = match operands[..] {
            [x] => return self.flush(x),
            [x, y] => [x, y],
            [mask, yes, no] if is(last, &kernel::SELECT) => {
                return self.above(mask, yes, no).or_else(|| self.shrink(mask, yes, no));
            }
            _ => return None,
        };
        let (mul, add, sub) = (&kernel::MUL, &kernel::ADD, &kernel::SUB);
        let found = |kernel, a, b, c, taken: Operand| Some((kernel, smallvec![a, b, c], smallvec![taken.0]));
        if is(last, add) {
            for (x, y) in [(x, y), (y, x)] {
                let Some([a, b]) = self.alone(x, mul) else { continue };
                return match self.alone(y, mul) {
                    Some([c, d]) if c == d => {
                        Some((&kernel::MUL_ADD_SQUARE, smallvec![a, b, c], smallvec![x.0, y.0]))
                    }
                    _ => found(&kernel::MUL_ADD, a, b, y, x),
                };
            }
            let [a, b] = self.alone(x, add)?;
            found(&kernel::ADD_ADD, a, b, y, x)
        } else if is(last, sub) {
            if let Some([a, b]) = self.alone(y, mul) {
                return found(&kernel::SUB_MUL, x, a, b, y);
            }
            let [a, b] = self.alone(x, mul)?;
            found(&kernel::MUL_SUB, a, b, y, x)
        } else if is(last, mul) {
            let pairs: [(&'static Kernel, &'static Kernel); 3] =
                [(add, &kernel::ADD_MUL), (sub, &kernel::DIFFERENCE_MUL), (mul, &kernel::MUL_MUL)];
            for (first, both) in pairs {
                for (x, y) in [(x, y), (y, x)] {
                    if let Some([a, b]) = self.alone(x, first) {
                        return found(both, a, b, y, x);
                    }
                }
            }
            None
        } else if is(last, &kernel::DIV) {
            let [a, b] = self.alone(y, add)?;
            let (root, c) = if self.is_root(a) { (a, b) } else { (b, a) };
            let StepKind::Apply(_, inside) = &self.steps[root.0 as usize].kind else { return None };
            let taken = smallvec![y.0, root.0];
            self.is_root(root).then(|| (&kernel::DIV_ROOT, smallvec![x, inside[0], c], taken))
        } else {
            None
        }
    }

    /// Subnormals made zero in what was joined before.
    fn flush(&self, x: Operand) -> Option<Found> {
        let (own, last) = (&self.steps[x.0 as usize], &self.steps[self.at]);
        let (StepKind::Apply(first, operands), StepKind::Apply(flush, _)) = (&own.kind, &last.kind) else {
            return None;
        };
        let pairs: [(&'static Kernel, &'static Kernel); 2] = [
            (&kernel::MUL_ADD, &kernel::MUL_ADD_FLUSH),
            (&kernel::MUL_ADD_SQUARE, &kernel::MUL_ADD_SQUARE_FLUSH),
        ];
        let both = pairs.iter().find(|pair| is(first, pair.0))?.1;
        let fits = is(flush, &kernel::FLUSH) && self.uses[x.0 as usize] == 1 && own.level == last.level;
        fits.then(|| (both, operands.clone(), smallvec![x.0]))
    }

    /// `if a <= b { b } else { c }`.
    fn above(&self, mask: Operand, yes: Operand, no: Operand) -> Option<Found> {
        let [a, b] = self.alone(mask, &kernel::LE)?;
        let same = self.steps[a.0 as usize].dtype == self.steps[self.at].dtype;
        (same && b == yes).then(|| (&kernel::ABOVE, smallvec![a, b, no], smallvec![mask.0]))
    }

    /// `if |a| < b { c } else { a }`.
    fn shrink(&self, mask: Operand, yes: Operand, no: Operand) -> Option<Found> {
        let [size, least] = self.alone(mask, &kernel::LT)?;
        let [a, _] = self.alone(size, &kernel::ABS)?;
        let found = || (&kernel::SHRINK, smallvec![a, least, yes], smallvec![mask.0, size.0]);
        (a == no).then(found)
    }

    fn is_root(&self, x: Operand) -> bool {
        self.alone(x, &kernel::SQRT).is_some()
    }

    /// The (first two) operands of a step of this kernel, at the same level, whose value has no other use. (One operand
    /// counts as two.) Not of integers.
    fn alone(&self, x: Operand, wanted: &'static Kernel) -> Option<[Operand; 2]> {
        let step = &self.steps[x.0 as usize];
        let StepKind::Apply(own, operands) = &step.kind else { return None };
        let last = &self.steps[self.at];
        let compares = is(wanted, &kernel::LE) || is(wanted, &kernel::LT);
        let float = last.dtype.is_float() && (step.dtype == last.dtype || compares);
        let fits = is(own, wanted) && self.uses[x.0 as usize] == 1 && step.level == last.level && float;
        fits.then(|| [operands[0], operands[operands.len() - 1]])
    }
}
