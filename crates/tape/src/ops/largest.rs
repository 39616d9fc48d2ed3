//! The largest of several tensors, element by element.

use super::movement::Same;
use crate::record::Key;
use crate::{Batch, Gradients, Lower, Meta, Op, Rule, Var};
use std::sync::Arc;

/// The first input, which is the largest of the others at each place. Its derivative goes to those that equal it, split
/// evenly.
#[derive(Debug)]
struct Largest;

impl Largest {
    /// For each of the others 1 where it is the largest, and how many are.
    fn winners<'t>(at: &Rule<'_, 't>) -> (Vec<Var<'t>>, Option<Var<'t>>) {
        let winners: Vec<Var<'t>> = at.x[1..].iter().map(|x| x.eq(at.x[0]).cast(x.dtype())).collect();
        let count = winners.iter().copied().reduce(|sum, winner| sum + winner);
        (winners, count)
    }
}

impl Op for Largest {
    fn name(&self) -> &'static str {
        "largest"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(x[0].clone())
    }

    fn attributes(&self, _: &mut Key) {}

    fn lower(&self) -> Lower {
        Lower::View(Arc::new(Same))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let (winners, count) = Largest::winners(at);
        // Divided once, for all of them.
        let share = count.map(|count| g / count);
        at.gradients(|i| Some(share? * *winners.get(i.checked_sub(1)?)?))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let (winners, count) = Largest::winners(at);
        let terms = winners.into_iter().zip(&dx[1..]).filter_map(|(winner, dx)| Some(winner * (*dx)?));
        Some(terms.reduce(|sum, term| sum + term)? / count?)
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        at.together()
    }
}

/// The largest of these, which have one shape, at each place; there is one or more. Equal ones share the derivative.
#[track_caller]
pub(super) fn largest<'t>(elements: &[Var<'t>]) -> Var<'t> {
    let mut most: Vec<Var<'t>> = Vec::with_capacity(elements.len() + 1);
    for x in elements {
        most.push(x.detach());
    }
    // Two by two: a tree is as deep as it has to be.
    while most.len() > 1 {
        let mut winners = Vec::with_capacity(most.len() + 1);
        for pair in most.chunks(2) {
            winners.push(match *pair {
                [a, b] => a.maximum(b),
                _ => pair[0],
            });
        }
        most = winners;
    }
    most.extend(elements);
    elements[0].tape().op(Largest, &most)
}
