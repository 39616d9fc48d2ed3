//! Products of tensors with named axes, summed over those that nobody wants: what [`einsum`](crate::Tape::einsum) and
//! [`tensordot`](crate::Var::tensordot) are made of.

use crate::{Shape, Var};
use smallvec::SmallVec;

/// The names of a tensor's axes.
pub(super) type Labels = SmallVec<[char; 8]>;

/// A tensor and the names of its axes.
pub(super) type Term<'t> = (Var<'t>, Labels);

/// Up to so many operands, the cheapest order of products is found by trying all.
const EXHAUSTIVE: usize = 6;

/// The product of some terms, at least one, summed over all axes but these.
#[track_caller]
pub(super) fn contract<'t>(mut terms: Vec<Term<'t>>, output: &[char]) -> Var<'t> {
    for term in &mut terms {
        diagonals(term);
    }
    let mut lengths: Vec<(char, usize)> = Vec::new();
    for (x, labels) in &terms {
        for (&label, &length) in labels.iter().zip(x.shape().iter()) {
            match lengths.iter_mut().find(|known| known.0 == label) {
                Some(known) if known.1 == 1 => known.1 = length,
                Some(_) => {}
                None => lengths.push((label, length)),
            }
        }
    }
    for term in &mut terms {
        drop_broadcast(term, &lengths);
    }
    for i in 0..terms.len() {
        let wanted = |label: char| {
            let others = terms.iter().enumerate().filter(|&(j, _)| j != i);
            output.contains(&label) || others.into_iter().any(|(_, (_, labels))| labels.contains(&label))
        };
        let alone: Vec<char> = terms[i].1.iter().copied().filter(|&label| !wanted(label)).collect();
        if !alone.is_empty() {
            let (x, labels) = &terms[i];
            let axes: Vec<isize> =
                (0..).zip(labels).filter(|(_, l)| alone.contains(l)).map(|(i, _)| i).collect();
            let rest = labels.iter().copied().filter(|label| !alone.contains(label)).collect();
            terms[i] = (x.sum(axes.as_slice()), rest);
        }
    }
    while terms.len() > 1 {
        let (i, j) = next_pair(&terms, output, &lengths);
        let right = terms.remove(j);
        let left = std::mem::replace(&mut terms[i], right.clone());
        let others = terms.iter().enumerate().filter(|&(k, _)| k != i).map(|(_, (_, labels))| labels);
        let kept: Labels = others.flatten().chain(output).copied().collect();
        terms[i] = product(left, right, &kept);
    }
    let (x, labels) = &terms[0];
    arranged(*x, labels, output)
}

/// The diagonal where a name is twice in one term.
#[track_caller]
fn diagonals(term: &mut Term<'_>) {
    let twice = |labels: &Labels| {
        let pairs = (0..labels.len()).flat_map(|j| (0..j).map(move |i| (i, j)));
        pairs.into_iter().find(|&(i, j)| labels[i] == labels[j])
    };
    while let Some((i, j)) = twice(&term.1) {
        term.0 = term.0.diagonal(0, i as isize, j as isize);
        let label = term.1.remove(j);
        term.1.remove(i);
        term.1.push(label);
    }
}

/// Without the axes of length 1 that broadcast to longer ones of other terms: a product repeats them anyway.
#[track_caller]
fn drop_broadcast(term: &mut Term<'_>, lengths: &[(char, usize)]) {
    let shape = term.0.shape();
    let longer = |label: char| lengths.iter().any(|&(other, length)| other == label && length != 1);
    let kept = |&axis: &usize| shape[axis] != 1 || !longer(term.1[axis]);
    let axes: SmallVec<[usize; 8]> = (0..term.1.len()).filter(kept).collect();
    if axes.len() < term.1.len() {
        term.0 = term.0.reshape(axes.iter().map(|&axis| shape[axis]).collect::<Shape>());
        term.1 = axes.iter().map(|&axis| term.1[axis]).collect();
    }
}

/// The axes of `x` in another order.
#[track_caller]
fn arranged<'t>(x: Var<'t>, labels: &[char], order: &[char]) -> Var<'t> {
    let of = |label: &char| labels.iter().position(|other| other == label);
    let axes: Vec<usize> = order.iter().filter_map(of).collect();
    if axes.iter().copied().eq(0..axes.len()) { x } else { x.permute(&axes) }
}

/// The product of two terms, summed over the axes that both have and nobody else wants. (What only one of them has is
/// wanted.)
#[track_caller]
fn product<'t>(a: Term<'t>, b: Term<'t>, kept: &[char]) -> Term<'t> {
    let in_both = |label: &char| b.1.contains(label);
    let (shared, left): (Labels, Labels) = a.1.iter().copied().partition(in_both);
    let (batch, summed): (Labels, Labels) = shared.into_iter().partition(|label| kept.contains(label));
    let right: Labels = b.1.iter().copied().filter(|label| !a.1.contains(label)).collect();
    let lengths = |labels: &[char]| -> Shape {
        let of = |label: &char| {
            let find =
                |(x, own): &Term<'t>| own.iter().position(|other| other == label).map(|i| x.shape()[i]);
            find(&a).or_else(|| find(&b)).unwrap_or(1)
        };
        labels.iter().map(of).collect()
    };
    let [batches, lefts, rights, sums] = [&batch, &left, &right, &summed].map(|labels| lengths(labels));
    let joined = |parts: [&[usize]; 3]| parts.concat();
    let labels: Labels = batch.iter().chain(&left).chain(&right).copied().collect();
    let x = arranged(a.0, &a.1, &[&batch[..], &left, &summed].concat());
    if summed.is_empty() || left.is_empty() && right.is_empty() || !x.dtype().is_float() {
        // Elementwise, with axes of length 1 where the other one has its own.
        let y = arranged(b.0, &b.1, &[&batch[..], &right, &summed].concat());
        let x = x.reshape([joined([&batches, &lefts, &vec![1; right.len()]]), sums.to_vec()].concat());
        let y = y.reshape([joined([&batches, &vec![1; left.len()], &rights]), sums.to_vec()].concat());
        let last: Vec<isize> = (labels.len() as isize..).take(summed.len()).collect();
        let y = x * y;
        return (if last.is_empty() { y } else { y.sum(last.as_slice()) }, labels);
    }
    let y = arranged(b.0, &b.1, &[&batch[..], &summed, &right].concat());
    let x = x.reshape(joined([&batches, &[lefts.numel()], &[sums.numel()]]));
    let y = y.reshape(joined([&batches, &[sums.numel()], &[rights.numel()]]));
    (x.matmul(y).reshape(joined([&batches, &lefts, &rights])), labels)
}

/// The two terms to multiply next, in ascending order.
fn next_pair(terms: &[Term<'_>], output: &[char], lengths: &[(char, usize)]) -> (usize, usize) {
    let size = |labels: &[char]| -> f64 {
        let of =
            |label: &char| lengths.iter().find(|known| known.0 == *label).map_or(1.0, |known| known.1 as f64);
        labels.iter().map(of).product()
    };
    let n = terms.len();
    if n == 2 {
        return (0, 1);
    }
    if n > EXHAUSTIVE {
        return greedy_pair(terms, output, &size);
    }
    // What is left of a set of terms: the axes that others, or the result, want.
    let left = |set: usize| -> Labels {
        let (mut own, mut others) = (Labels::new(), Labels::from_slice(output));
        for (i, (_, labels)) in terms.iter().enumerate() {
            if set >> i & 1 == 1 { &mut own } else { &mut others }.extend_from_slice(labels);
        }
        own.sort_unstable();
        own.dedup();
        own.retain(|label| others.contains(label));
        own
    };
    // Multiplications, and elements to write, of the product of two sets.
    let cost = |a: &[char], b: &[char], result: &[char]| {
        let new: Labels = b.iter().copied().filter(|label| !a.contains(label)).collect();
        size(a) * size(&new) + size(result)
    };
    // The cheapest way to make each set, of two smaller ones.
    let results: Vec<Labels> = (0..1 << n).map(left).collect();
    let mut best = vec![(0.0, 0); 1 << n];
    for set in (1usize..1 << n).filter(|set| set.count_ones() > 1) {
        best[set] = (f64::INFINITY, 0);
        let mut part = (set - 1) & set;
        while part > 0 {
            let rest = set ^ part;
            let total = best[part].0 + best[rest].0 + cost(&results[part], &results[rest], &results[set]);
            if part > rest && (total < best[set].0 || best[set].1 == 0) {
                best[set] = (total, part);
            }
            part = (part - 1) & set;
        }
    }
    let mut set = (1 << n) - 1;
    loop {
        let (part, rest) = (best[set].1, set ^ best[set].1);
        set = match (part.count_ones() > 1, rest.count_ones() > 1) {
            (true, _) => part,
            (_, true) => rest,
            _ => {
                let (i, j) = (part.trailing_zeros() as usize, rest.trailing_zeros() as usize);
                return (i.min(j), i.max(j));
            }
        };
    }
}

/// The two terms whose product makes least of what there is, in ascending order: the smallest result against its operands.
fn greedy_pair(terms: &[Term<'_>], output: &[char], size: &dyn Fn(&[char]) -> f64) -> (usize, usize) {
    let mut best = ((0, 1), f64::INFINITY);
    let sizes: Vec<f64> = terms.iter().map(|(_, labels)| size(labels)).collect();
    let mut uses: Vec<(char, usize)> = output.iter().map(|&label| (label, usize::MAX / 2)).collect();
    for &label in terms.iter().flat_map(|(_, labels)| labels) {
        match uses.iter_mut().find(|known| known.0 == label) {
            Some(known) => known.1 += 1,
            None => uses.push((label, 1)),
        }
    }
    let uses = |label: char| uses.iter().find(|known| known.0 == label).map_or(0, |known| known.1);
    for j in 1..terms.len() {
        for i in 0..j {
            let (a, b) = (&terms[i].1, &terms[j].1);
            let left = a.iter().filter(|&&label| uses(label) > 1 + usize::from(b.contains(&label)));
            let right = b.iter().filter(|&&label| !a.contains(&label) && uses(label) > 1);
            let result: Labels = left.chain(right).copied().collect();
            let gain = size(&result) - sizes[i] - sizes[j];
            if gain < best.1 {
                best = ((i, j), gain);
            }
        }
    }
    best.0
}
