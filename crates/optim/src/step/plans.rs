//! Programs that are kept for inputs of the same shapes.

use chainrule_tape::{Meta, Params, Tensor};

/// More plans than this are not kept: the one that was used least recently goes.
const MOST: usize = 64;

/// Plans by what they were made for, the last used first.
pub(super) struct Plans<P, const N: usize> {
    entries: Vec<Plan<P, N>>,
    /// How many were made.
    pub(super) made: usize,
}

struct Plan<P, const N: usize> {
    layout: u64,
    inputs: [Meta; N],
    value: P,
}

impl<P, const N: usize> Default for Plans<P, N> {
    fn default() -> Self {
        Plans { entries: Vec::new(), made: 0 }
    }
}

impl<P, const N: usize> Plans<P, N> {
    /// The one that was used last.
    pub(super) fn last(&self) -> Option<&P> {
        self.entries.first().map(|plan| &plan.value)
    }

    /// The one for these params and inputs.
    pub(super) fn find(&mut self, params: &Params, inputs: [&Tensor; N]) -> Option<&mut P> {
        let fits = |plan: &Plan<P, N>| {
            let same = |(meta, x): (&Meta, &Tensor)| meta.dtype == x.dtype() && meta.shape == *x.shape();
            plan.layout == params.layout() && plan.inputs.iter().zip(inputs).all(same)
        };
        let found = self.entries.iter().position(fits)?;
        self.entries[..=found].rotate_right(1);
        self.entries.first_mut().map(|plan| &mut plan.value)
    }

    /// Keeps one for these params and inputs.
    pub(super) fn add(&mut self, params: &Params, inputs: [&Tensor; N], value: P) -> &mut P {
        self.made += 1;
        self.entries.truncate(MOST - 1);
        let inputs = inputs.map(|x| Meta::new(x.shape(), x.dtype()));
        self.entries.insert(0, Plan { layout: params.layout(), inputs, value });
        &mut self.entries[0].value
    }
}
