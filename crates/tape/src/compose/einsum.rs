//! Einstein's summation convention: products of any number of tensors, summed over named axes.

use super::contract::{Labels, contract};
use crate::ops::{Sample, sample};
use crate::{Shape, Tape, Var};

/// The axes that an ellipsis stands for are named by characters from this one on, counted from the last one.
const ELLIPSIS: u32 = 0xE000;

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
    /// Products of tensors, summed over axes that are named by letters: `"ij,jk->ik"` is the matrix product `y[i, k]
    /// = Σⱼ a[i, j]·b[j, k]`. What is not named in the result is summed over. A letter twice in one operand is its
    /// diagonal. `...` stands for any number of axes, which broadcast. Without `->`, the result has the axes of the
    /// ellipses and then those that are named once, in alphabetical order. Spaces don't count. Axes of length 1
    /// broadcast to others of the same name. (PyTorch's and NumPy's `einsum`.)
    ///
    /// Three operands or more are multiplied two at a time, in the order that takes the fewest multiplications: the
    /// best one for up to six operands, a good one for more. Each product that sums is one (batched) matrix product.
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
