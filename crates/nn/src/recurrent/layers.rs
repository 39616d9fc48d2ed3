//! Layers above each other, in one or both directions.

use super::cell::{Cell, Weights, Widths, expect_state};
use super::steps::{Form, Sequences};
use super::{Lengths, RecurrentConfig};
use crate::Dropout;
use crate::label::Label;
use chainrule_tape::{Scope, Var, Vars};

/// A recurrent layer over sequences, whatever its cell is.
#[derive(Clone, Debug)]
pub(super) struct Layers<C> {
    pub(super) label: Label,
    pub(super) cell: C,
    pub(super) config: RecurrentConfig,
    pub(super) widths: Widths,
    /// Of each layer, and within a layer of each direction.
    pub(super) weights: Vec<Weights>,
    pub(super) dropout: f64,
    pub(super) time_axis: usize,
    pub(super) form: Form,
    pub(super) last_output: bool,
}

impl<C: Cell> Layers<C> {
    #[track_caller]
    pub(super) fn new(
        at: &mut Scope<'_>,
        cell: C,
        inputs: usize,
        hidden: usize,
        config: RecurrentConfig,
    ) -> Layers<C> {
        let widths = Widths { inputs, hidden, projection: config.projection };
        widths.check(at, C::LAYER);
        if config.layers == 0 {
            at.mistake(format!("a {} of 0 layers has no weights", C::LAYER));
        }
        match config.projection {
            Some(_) if !C::PROJECTS => {
                at.mistake(format!("a {} has no projection, only an Lstm has", C::LAYER))
            }
            Some(size) if size == 0 || size >= hidden => {
                at.mistake(format!("a projection from {hidden} elements is to fewer, and some, not {size}"));
            }
            _ => {}
        }
        let label = Label::new(at);
        let mut weights = Vec::with_capacity(config.layers * config.directions());
        for layer in 0..config.layers {
            let inputs = if layer == 0 { inputs } else { config.directions() * widths.output() };
            for direction in &["", "_reverse"][..config.directions()] {
                let suffix = format!("_l{layer}{direction}");
                weights.push(Weights::new::<C>(at, &suffix, Widths { inputs, ..widths }, config.bias));
            }
        }
        Layers {
            label,
            cell,
            config,
            widths,
            weights,
            dropout: 0.0,
            time_axis: 1,
            form: Form::Auto,
            last_output: false,
        }
    }

    /// The outputs alone.
    #[track_caller]
    pub(super) fn outputs<'t>(&self, x: Var<'t>) -> Var<'t> {
        match self.run(x, None, None) {
            Ok((y, _)) => self.label.note(y, C::LAYER),
            Err(mistake) => mistake,
        }
    }

    /// The outputs, and the last state of each direction of each layer, one above the other.
    #[track_caller]
    pub(super) fn forward<'t>(
        &self,
        x: Var<'t>,
        lengths: Option<Lengths<'t>>,
        start: Option<C::State<'t>>,
    ) -> (Var<'t>, C::State<'t>) {
        let (y, ends) = match self.run(x, lengths, start) {
            Ok(found) => found,
            Err(mistake) => return (mistake, C::state(|_| mistake)),
        };
        let y = self.label.note(y, C::LAYER);
        let stacked = |i: usize| {
            let parts: Vec<Var<'t>> = ends.iter().filter_map(|end| end.leaves().get(i).copied()).collect();
            y.tape().stack(&parts, 0)
        };
        (y, C::state(stacked))
    }

    /// The outputs and the last states, or the mistake.
    #[track_caller]
    fn run<'t>(
        &self,
        x: Var<'t>,
        lengths: Option<Lengths<'t>>,
        start: Option<C::State<'t>>,
    ) -> Result<(Var<'t>, Vec<C::State<'t>>), Var<'t>> {
        let tape = x.tape();
        let mut sequences = self.expect(x, start)?;
        let mut x = x;
        if let Some(lengths) = lengths {
            let mask = lengths.mask(&self.label, C::LAYER, x, self.time_axis)?;
            sequences.mask = Some(mask);
            // What is in the padding does not matter, even where it is not finite.
            x = mask.select(x, 0.0);
        }
        let mut ends: Vec<C::State<'t>> = Vec::with_capacity(self.weights.len());
        for (number, layer) in self.weights.chunks(self.config.directions()).enumerate() {
            if number > 0 {
                x = Dropout::new(self.dropout).apply(x);
            }
            let mut outputs = Vec::with_capacity(layer.len());
            for (weights, reverse) in layer.iter().zip([false, true]) {
                let start = start.map(|start| nth(start, ends.len()));
                let (y, end) = sequences.run(self.cell, weights, x, start, (reverse, self.form));
                outputs.push(y);
                ends.push(end);
            }
            x = match outputs[..] {
                [y] => y,
                _ => tape.concat(&outputs, -1),
            };
        }
        if self.last_output {
            let last = &ends[ends.len().saturating_sub(self.config.directions())..];
            let parts: Vec<Var<'t>> = last.iter().filter_map(|end| end.leaves().first().copied()).collect();
            x = match parts[..] {
                [h] => h,
                _ => tape.concat(&parts, -1),
            };
        }
        Ok((x, ends))
    }

    /// How the sequences `x` lie, if that is what they are and the state fits; else a recorded mistake.
    #[track_caller]
    fn expect<'t>(&self, x: Var<'t>, start: Option<C::State<'t>>) -> Result<Sequences<'t>, Var<'t>> {
        let Widths { inputs, .. } = self.widths;
        let x = self.label.expect(C::LAYER, x, inputs);
        if x.is_poisoned() {
            return Err(x);
        }
        let shape = x.shape();
        if shape.rank() != 3 || shape[self.time_axis] == 0 {
            let axes = if self.time_axis == 1 { "batch, time" } else { "time, batch" };
            let what = format_args!("takes sequences [{axes}, {inputs}], not {shape}");
            return Err(self.label.fail(C::LAYER, x, what));
        }
        if !(0.0..=1.0).contains(&self.dropout) {
            let what = format_args!("has a dropout of {}, which is no probability", self.dropout);
            return Err(self.label.fail(C::LAYER, x, what));
        }
        let (steps, batch) = (shape[self.time_axis], shape[1 - self.time_axis]);
        if let Some(start) = start {
            let shape = |i: usize| vec![self.weights.len(), batch, self.widths.part(i)];
            expect_state(&self.label, C::LAYER, start, shape)?;
        }
        Ok(Sequences { time_axis: self.time_axis, steps, batch, mask: None })
    }
}

/// Number `i` of the states that are one above the other.
#[track_caller]
fn nth<'t, S: Vars<'t>>(states: S, i: usize) -> S {
    let mut parts = states.leaves();
    for part in &mut parts {
        *part = part.slice(0, i..i + 1).squeeze(0);
    }
    states.with(&mut parts.into_iter())
}

/// The methods of a layer over sequences, called `$name`: `$cell` is what it is made of.
macro_rules! layers {
    ($name:ident, $cell:expr, $state:ty) => {
        impl $name {
            /// One layer from so many inputs to so many hidden elements. All parameters begin as `U(-a, a)` with
            /// `a = 1/√hidden`, as PyTorch's do.
            #[track_caller]
            pub fn new(at: &mut Scope<'_>, inputs: usize, hidden: usize) -> $name {
                $name::with(at, inputs, hidden, RecurrentConfig::new())
            }

            /// With several layers, both directions, or without biases, as `config` says.
            #[track_caller]
            pub fn with(at: &mut Scope<'_>, inputs: usize, hidden: usize, config: RecurrentConfig) -> $name {
                $name(Layers::new(at, $cell, inputs, hidden, config))
            }

            /// In training, each element that goes from one layer to the next is [dropped](crate::Dropout) with this
            /// probability; 0 by default, as in PyTorch. (What comes out of the last layer is not.) Outside `0..=1` is a mistake.
            #[must_use]
            pub fn dropout(self, p: f64) -> $name {
                $name(Layers { dropout: p, ..self.0 })
            }

            /// Sequences are `[time, batch, …]`, coming in and going out: PyTorch's default, `batch_first=False`. (The states
            /// have the same axes as without.)
            #[must_use]
            pub fn time_first(self) -> $name {
                $name(Layers { time_axis: 0, ..self.0 })
            }

            /// The output is that of each sequence's last step alone, `[batch, directions·hidden]`: Keras's
            /// `return_sequences=False`, which is its default. For the reverse direction, which ends at a sequence's beginning,
            /// it is the one there.
            #[must_use]
            pub fn last_output(self) -> $name {
                $name(Layers { last_output: true, ..self.0 })
            }

            /// The loop over time is recorded as one step, replayed ([`scan`](chainrule_tape::scan)), however many steps there
            /// are: recording and planning take the same time for all lengths. By default, that is so for more than 256 steps.
            #[must_use]
            pub fn scanned(self) -> $name {
                $name(Layers { form: Form::Scan, ..self.0 })
            }

            /// Each time step is recorded for itself, however many there are: they are planned together, and a weight's
            /// gradients by all steps are one product. By default, that is so for up to 256 steps.
            #[must_use]
            pub fn step_by_step(self) -> $name {
                $name(Layers { form: Form::Steps, ..self.0 })
            }

            /// The width that goes in.
            pub fn inputs(&self) -> usize {
                self.0.widths.inputs
            }

            /// The width of a state, which is that of one direction's output unless it is projected.
            pub fn hidden(&self) -> usize {
                self.0.widths.hidden
            }

            /// The outputs and the last state, from a first state (zeros if `None`). A state has the shape
            /// `[layers·directions, batch, hidden]`: a layer's directions one after the other, as in PyTorch. So a long sequence
            /// can be cut in parts.
            #[track_caller]
            pub fn forward_with<'t>(
                &self,
                x: Var<'t>,
                state: impl Into<Option<$state>>,
            ) -> (Var<'t>, $state) {
                self.0.forward(x, None, state.into())
            }

            /// [`forward_with`](Self::forward_with) where each sequence ends after its own number of steps, in any order: what
            /// PyTorch does with a sequence packed by `pack_padded_sequence(…, enforce_sorted=False)` and padded again. What lies
            /// beyond a sequence's end does not matter, and has the derivative 0; outputs there are 0. The last state is that of each
            /// sequence's last step, and the reverse direction begins at each sequence's end. A sequence of length 0, which PyTorch
            /// refuses, ends with its first state.
            ///
            /// Another number of lengths than sequences, or lengths that are not `i64`, are a mistake, and so is a length above the
            /// number of steps; in a [`Var`] it is an error of the run.
            #[track_caller]
            pub fn forward_packed<'t>(
                &self,
                x: Var<'t>,
                lengths: impl Into<Lengths<'t>>,
                state: impl Into<Option<$state>>,
            ) -> (Var<'t>, $state) {
                self.0.forward(x, Some(lengths.into()), state.into())
            }
        }

        impl Layer for $name {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                self.0.outputs(x)
            }
        }
    };
}
pub(super) use layers;
