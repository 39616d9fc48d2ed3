//! A part of a recording as a function, which can be recorded again.

use crate::differentiate::{dependents, needed};
use crate::record::{Key, Leaf, Meta, OpRef, Source, scalar_class, type_word};
use crate::{At, Result, Tape, Tensor, Var};
use smallvec::SmallVec;
use std::collections::HashMap;

/// How results are made from arguments.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) arguments: Vec<Meta>,
    steps: Vec<Step>,
    results: Vec<From>,
    /// Tells it from others.
    key: Key,
}

#[derive(Debug)]
enum Step {
    Op { op: OpRef, inputs: SmallVec<[From; 3]>, at: At },
    Number(f64, Meta),
}

/// The number of an argument or of a step.
#[derive(Clone, Copy, Debug)]
enum From {
    Argument(u32),
    Step(u32),
}

impl Recorded {
    /// What was recorded between `arguments` and `results`. What else the results need, and does not depend on
    /// the arguments, is an argument too: these follow, and are returned. All is of this tape.
    pub(super) fn new<'t>(
        tape: &'t Tape,
        arguments: &[Var<'t>],
        results: &[Var<'t>],
    ) -> (Recorded, Vec<Var<'t>>) {
        let recording = tape.recording();
        let low = arguments.iter().map(|x| x.index as usize).min().unwrap_or(0);
        let high = results.iter().map(|y| y.index as usize).max().unwrap_or(low).max(low);
        let depends = dependents(&recording, low, high, arguments.iter().map(|x| x.index as usize));
        let needed = needed(&recording, low, high, results.iter().map(|y| y.index as usize));
        let mut this = Recorded {
            arguments: arguments.iter().map(|x| recording.nodes[x.index as usize].meta.clone()).collect(),
            steps: Vec::new(),
            results: Vec::new(),
            key: Key::default(),
        };
        let mut place: HashMap<u32, From> =
            arguments.iter().zip(0..).map(|(x, number)| (x.index, From::Argument(number))).collect();
        let mut captured = Vec::new();
        let mut find = |this: &mut Recorded, place: &mut HashMap<u32, From>, index: u32| {
            *place.entry(index).or_insert_with(|| {
                let node = &recording.nodes[index as usize];
                // (A number from before may be what a derivative is by.)
                if let Source::Leaf(Leaf::Scalar(number)) = node.source
                    && index as usize >= low
                {
                    let value = recording.scalars[number as usize];
                    this.key.write_f64(value);
                    this.key.write(scalar_class(value) as u64);
                    this.write_meta(&node.meta);
                    this.steps.push(Step::Number(value, node.meta.clone()));
                    return From::Step(this.steps.len() as u32 - 1);
                }
                captured.push(Var { tape, index });
                this.arguments.push(node.meta.clone());
                From::Argument(this.arguments.len() as u32 - 1)
            })
        };
        for index in (low..=high).filter(|index| depends[index - low] && needed[index - low]) {
            let node = &recording.nodes[index];
            let Source::Op(op) = &node.source else { continue };
            if place.contains_key(&(index as u32)) {
                continue;
            }
            let inputs: SmallVec<[From; 3]> =
                node.inputs.iter().map(|&input| find(&mut this, &mut place, input)).collect();
            this.key.write(type_word(&**op));
            op.attributes(&mut this.key);
            inputs.iter().for_each(|&input| this.write_from(input));
            this.write_meta(&node.meta);
            this.steps.push(Step::Op { op: op.clone(), inputs, at: node.at });
            place.insert(index as u32, From::Step(this.steps.len() as u32 - 1));
        }
        for y in results {
            let from = find(&mut this, &mut place, y.index);
            this.write_from(from);
            this.results.push(from);
        }
        for meta in this.arguments.clone() {
            this.write_meta(&meta);
        }
        (this, captured)
    }

    fn write_from(&mut self, from: From) {
        match from {
            From::Argument(number) => self.key.write((number as u64) << 1),
            From::Step(number) => self.key.write((number as u64) << 1 | 1),
        }
    }

    fn write_meta(&mut self, meta: &Meta) {
        self.key.write(meta.dtype as u64);
        self.key.write_slice(&meta.shape);
    }

    /// Writes what tells it from others.
    pub(super) fn attributes(&self, key: &mut Key) {
        key.write_key(self.key);
    }

    /// Records it again, for other arguments of the same shapes and dtypes.
    pub(super) fn record<'t>(&self, tape: &'t Tape, arguments: &[Var<'t>]) -> Vec<Var<'t>> {
        let mut made: Vec<Var<'t>> = Vec::with_capacity(self.steps.len());
        let of = |made: &[Var<'t>], from: From| match from {
            From::Argument(number) => arguments[number as usize],
            From::Step(number) => made[number as usize],
        };
        for step in &self.steps {
            let y = match step {
                Step::Op { op, inputs, at } => {
                    let x: SmallVec<[Var<'t>; 3]> = inputs.iter().map(|&input| of(&made, input)).collect();
                    tape.on_behalf_of(*at, || tape.push(op.clone(), &x))
                }
                Step::Number(value, meta) => tape.full(&meta.shape, *value, meta.dtype),
            };
            made.push(y);
        }
        self.results.iter().map(|&result| of(&made, result)).collect()
    }

    /// A program that computes the results, and tensors for the arguments: what [`Tape::var`] takes.
    pub(super) fn compile(&self) -> Result<(crate::Program, Vec<Tensor>)> {
        let tape = Tape::new();
        let zeros: Vec<Tensor> =
            self.arguments.iter().map(|meta| Tensor::zeros(&meta.shape, meta.dtype)).collect();
        let arguments: Vec<Var<'_>> = zeros.iter().map(|x| tape.var(x.clone())).collect();
        let results = self.record(&tape, &arguments);
        // The program's own copy of the data is not used: it is run on the tensors returned.
        Ok((tape.compile(&results)?, zeros))
    }
}
