//! A node on top of a composition, which states its derivative where the chain rule's is longer.
//!
//! The value is a composition of ops as any other. What the backward pass needs is then what the derivative names, which is
//! kept anyway, and not what the value was made from.

use super::movement::Same;
use crate::record::Key;
use crate::{Batch, Gradients, Lower, Meta, Op, Rule, Var};
use smallvec::SmallVec;
use std::sync::Arc;

/// The first input is the value, without derivative; the second is what it is a function of; others serve the derivative.
#[derive(Clone, Debug)]
pub(super) struct Symmetric {
    pub(super) name: &'static str,
    pub(super) axes: SmallVec<[isize; 4]>,
    /// The Jacobian, which is symmetric, times a gradient or a tangent.
    pub(super) product: for<'t> fn(&Rule<'_, 't>, &[isize], Var<'t>) -> Var<'t>,
}

impl Op for Symmetric {
    fn name(&self) -> &'static str {
        self.name
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(x[0].clone())
    }

    fn attributes(&self, key: &mut Key) {
        self.name.bytes().for_each(|byte| key.write(byte as u64));
        self.axes.iter().for_each(|&axis| key.write(axis as u64));
    }

    fn lower(&self) -> Lower {
        Lower::View(Arc::new(Same))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        at.gradients(|i| (i == 1).then(|| (self.product)(at, &self.axes, g)))
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        dx[1].map(|dx| (self.product)(at, &self.axes, dx))
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        // Axes that count from the end stay.
        let axes = self.axes.iter().map(|&axis| if axis < 0 { axis } else { axis + 1 }).collect();
        at.apply(Symmetric { axes, ..self.clone() })
    }
}
