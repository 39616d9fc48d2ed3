//! Einstein's summation convention: products of any number of tensors, summed over named axes.

use crate::ops::{Sample, sample};
use crate::{Shape, Tape, Var};
use smallvec::SmallVec;

/// The names of a tensor's axes: letters, and for those that an ellipsis stands for, characters from [`ELLIPSIS`] on, counted
/// from the last one.
pub(super) type Labels = SmallVec<[char; 8]>;

const ELLIPSIS: u32 = 0xE000;

/// Up to so many operands, the cheapest order of products is found by trying all.
const EXHAUSTIVE: usize = 6;

/// A tensor and the names of its axes.
pub(super) type Term<'t> = (Var<'t>, Labels);

/// What is named on one side of an ellipsis, or all of it, and on the other side if there is one.
struct Subscripts {
    before: Labels,
    after: Option<Labels>,
}

impl Subscripts {
    /// The axes' names as written, where `of` tells them in an error.
    fn parse(text: &str, of: &str) -> Result<Subscripts, String> {
        let mut subscripts = Subscripts { before: Labels::new(), after: None };
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let after = &rest[letter.len_utf8()..];
            match letter {
                'a'..='z' | 'A'..='Z' => {
                    subscripts.after.as_mut().unwrap_or(&mut subscripts.before).push(letter);
                }
                '.' if after.starts_with("..") && subscripts.after.is_none() => {
                    subscripts.after = Some(Labels::new());
                    rest = &after[2..];
                    continue;
                }
                '.' if after.starts_with("..") => return Err(format!("two ellipses in {of}")),
                _ if letter.is_whitespace() => {}
                _ => return Err(format!("'{letter}' in {of} names no axis; letters and an ellipsis do")),
            }
            rest = after;
        }
        Ok(subscripts)
    }

    fn letters(&self) -> impl Iterator<Item = char> + '_ {
        self.before.iter().chain(self.after.iter().flatten()).copied()
    }

    /// How many axes of so many the ellipsis stands for.
    fn hidden(&self, rank: usize, of: &str) -> Result<usize, String> {
        let named = self.letters().count();
        match rank.checked_sub(named) {
            Some(0) => Ok(0),
            Some(hidden) if self.after.is_some() => Ok(hidden),
            _ => Err(format!("{of} has {rank} axes, {named} are named")),
        }
    }

    /// The names with the ellipsis written out.
    fn labels(&self, hidden: usize) -> Labels {
        let mut labels = self.before.clone();
        if let Some(after) = &self.after {
            labels.extend((0..hidden).rev().map(hidden_label));
            labels.extend_from_slice(after);
        }
        labels
    }
}

fn hidden_label(from_end: usize) -> char {
    char::from_u32(ELLIPSIS + from_end as u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// An axis's name in an error.
fn name(label: char) -> String {
    match (label as u32).checked_sub(ELLIPSIS) {
        Some(from_end) => format!("axis -{} of the ellipsis", from_end + 1),
        None => format!("'{label}'"),
    }
}

/// The names of the operands' and the result's axes, or what is wrong.
fn resolve(equation: &str, shapes: &[Shape]) -> Result<(Vec<Labels>, Labels), String> {
    let (inputs, output) = match equation.split_once("->") {
        Some((inputs, output)) => (inputs, Some(Subscripts::parse(output, "the result")?)),
        None => (equation, None),
    };
    let texts: Vec<&str> = inputs.split(',').collect();
    if texts.len() != shapes.len() {
        return Err(format!("{equation:?} names {} operands, {} are given", texts.len(), shapes.len()));
    }
    let (mut all, mut hidden) = (Vec::new(), 0);
    for (number, (text, shape)) in texts.iter().zip(shapes).enumerate() {
        let of = format!("operand {number}");
        let subscripts = Subscripts::parse(text, &of)?;
        let own = subscripts.hidden(shape.rank(), &of)?;
        hidden = hidden.max(own);
        all.push(subscripts.labels(own));
    }
    let count = |label: char| all.iter().flatten().filter(|&&other| other == label).count();
    let output = match output {
        Some(output) => {
            let labels = output.labels(hidden);
            for (at, &label) in labels.iter().enumerate() {
                if labels[..at].contains(&label) {
                    return Err(format!("{} is twice in the result", name(label)));
                }
                if count(label) == 0 {
                    return Err(format!("{} of the result is in no operand", name(label)));
                }
            }
            labels
        }
        // The ellipsis, then what is named once, in alphabetical order.
        None => {
            let mut once: Labels = all.iter().flatten().copied().filter(|&label| count(label) == 1).collect();
            once.retain(|label| (*label as u32) < ELLIPSIS);
            once.sort_unstable();
            (0..hidden).rev().map(hidden_label).chain(once).collect()
        }
    };
    check_lengths(&all, shapes)?;
    Ok((all, output))
}

/// Axes of one name have one length, or 1 in some operands.
fn check_lengths(all: &[Labels], shapes: &[Shape]) -> Result<(), String> {
    let mut known: Vec<(char, usize)> = Vec::new();
    for (number, (labels, shape)) in all.iter().zip(shapes).enumerate() {
        for (axis, (&label, &length)) in labels.iter().zip(shape.iter()).enumerate() {
            let differs = |&before: &usize| labels[before] == label && shape[before] != length;
            if let Some(before) = (0..axis).find(differs) {
                let lengths = format!("{} and {length}", shape[before]);
                return Err(format!("{} is twice in operand {number}, of lengths {lengths}", name(label)));
            }
            match known.iter_mut().find(|known| known.0 == label) {
                None => known.push((label, length)),
                Some((_, other)) if *other == 1 => *other = length,
                Some((_, other)) if length != 1 && length != *other => {
                    let what = format!("{} has length {length} in operand {number}", name(label));
                    return Err(format!("{what}, {other} before"));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

impl Tape {
    /// Products of tensors, summed over axes that are named by letters: `"ij,jk->ik"` is the matrix product
    /// `y[i, k] = Σⱼ a[i, j]·b[j, k]`. What is not named in the result is summed over. A letter twice in one operand is its
    /// diagonal. `...` stands for any number of axes, which broadcast. Without `->`, the result has the axes of the ellipses and
    /// then those that are named once, in alphabetical order. Spaces don't count. Axes of length 1 broadcast to others of the same
    /// name. (PyTorch's and NumPy's `einsum`.)
    ///
    /// Three operands or more are multiplied two at a time, in the order that takes the fewest multiplications: the best one for
    /// up to six operands, a good one for more. Each product that sums is one (batched) matrix product.
    ///
    /// Derivatives are those of the products and sums. A mistake names the operand and the axis.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let (a, b) = (tape.var([[1.0, 2.0], [3.0, 4.0]]), tape.var([5.0, 6.0]));
    /// assert_eq!(tape.einsum("ij,j->i", &[a, b]).value()?.to_f64(), [17.0, 39.0]);
    /// assert_eq!(tape.einsum("ii", &[a]).item()?, 5.0);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn einsum<'t>(&'t self, equation: &str, operands: &[Var<'t>]) -> Var<'t> {
        if self.rejects("einsum", operands) {
            return self.poison();
        }
        if operands.is_empty() {
            return self.fail("einsum", "there are no operands", &[]);
        }
        let dtype = operands[0].dtype();
        if dtype == crate::DType::Bool || operands.iter().any(|x| x.dtype() != dtype) {
            let what = "the operands are of one dtype, which is not bool; cast them";
            return self.fail("einsum", what, operands);
        }
        let shapes: Vec<Shape> = operands.iter().map(|x| x.shape()).collect();
        match resolve(equation, &shapes) {
            Ok((labels, output)) => contract(operands.iter().copied().zip(labels).collect(), &output),
            Err(what) => self.fail("einsum", what, operands),
        }
    }
}

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

/// The product of two terms, summed over the axes that both have and nobody else wants. (What only one of them has is wanted.)
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
    if n > EXHAUSTIVE {
        let mut best = ((0, 1), f64::INFINITY);
        for j in 1..n {
            for i in 0..j {
                let (a, b, result) = (left(1 << i), left(1 << j), left(1 << i | 1 << j));
                // Cheap products first that make less of what there is.
                let gain = size(&result) - size(&a) - size(&b);
                if gain < best.1 {
                    best = ((i, j), gain);
                }
            }
        }
        return best.0;
    }
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

pub(crate) const SAMPLES: &[Sample] = &[
    Sample { name: "einsum", inputs: three, apply: |x| x[0].tape().einsum("ij,jk->ki", &x[..2]).square() },
    Sample { name: "einsum_chain", inputs: three, apply: |x| x[0].tape().einsum("ij,jk,kl->il", x).square() },
    Sample {
        name: "einsum_batched",
        inputs: three,
        apply: |x| x[0].tape().einsum("bi,...bj,b...->b", &[x[0], x[2].unsqueeze(0), x[2]]),
    },
    Sample {
        name: "einsum_diagonal",
        inputs: three,
        apply: |x| x[0].tape().einsum("ii,ij->ij", &[x[2].slice(0, ..2).slice(1, ..2), x[0]]),
    },
    Sample { name: "einsum_outer", inputs: three, apply: |x| x[0].tape().einsum("ij,kl", &x[..2]).square() },
];

fn three() -> Vec<crate::Tensor> {
    vec![
        sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[2, 3]),
        sample([1.1, -0.4, 0.9, 0.6, -1.2, 0.8], &[3, 2]),
        sample([0.2, 1.3, -0.6, -0.9, 0.4, 1.7], &[2, 3]),
    ]
}
