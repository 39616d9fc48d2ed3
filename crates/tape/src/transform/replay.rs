//! How a scan is computed: the body's program, run for one element after the other.

use super::recorded::Recorded;
use super::scan::Layout;
use crate::execute::Bound;
use crate::{Call, Element, Error, Program, Slice, SliceMut, Tensor};
use std::ops::{AddAssign, Range};
use std::sync::{Arc, Mutex, PoisonError};

/// A scan's body with its program, which is planned when it is first run.
#[derive(Debug)]
pub(super) struct Replay {
    body: Arc<Recorded>,
    layout: Layout,
    /// The program, and its arguments.
    program: Mutex<Option<(Program, Vec<Tensor>)>>,
}

impl Replay {
    pub(super) fn new(body: Arc<Recorded>, layout: Layout) -> Replay {
        Replay { body, layout, program: Mutex::new(None) }
    }

    fn run<T: Element + AddAssign>(&self, inputs: &[Slice<'_>], output: &mut [T]) -> Result<(), Error> {
        let mut guard = self.program.lock().unwrap_or_else(PoisonError::into_inner);
        let (program, arguments) = match &mut *guard {
            Some(program) => program,
            none => none.insert(self.body.compile()?),
        };
        let layout = &self.layout;
        let sliced = layout.carried.len()..layout.carried.len() + layout.sliced;
        for (i, (argument, input)) in arguments.iter_mut().zip(inputs).enumerate() {
            if !sliced.contains(&i) {
                fill(argument, input, 0)?;
            }
        }
        // Where the parts of the output begin, and how many elements a step has of each.
        let shapes = layout.carried.iter().chain(&layout.stacked).map(|shape| (shape.numel(), layout.length));
        let shapes = shapes.chain(layout.summed.iter().map(|shape| (shape.numel(), 1)));
        let long = layout.carried.len() + layout.stacked.len();
        output[shapes.clone().take(long).map(|(n, steps)| n * steps).sum::<usize>()..].fill(T::default());
        for step in 0..layout.length {
            let at = if layout.reverse { layout.length - 1 - step } else { step };
            for i in sliced.clone() {
                fill(&mut arguments[i], &inputs[i], at)?;
            }
            program.execute(Bound::None, &[], arguments, |_| None)?;
            let (mut start, outputs) = (0, program.outputs());
            for (number, (n, steps)) in shapes.clone().enumerate() {
                let made = outputs.as_slice::<T>(number)?;
                if number < long {
                    output[start + at * n..][..n].copy_from_slice(made);
                } else {
                    output[start..start + n].iter_mut().zip(made).for_each(|(sum, &x)| *sum += x);
                }
                if number < layout.carried.len() {
                    arguments[number].as_mut_slice::<T>()?.copy_from_slice(made);
                }
                start += n * steps;
            }
        }
        Ok(())
    }
}

impl Call for Replay {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        let result = match output {
            SliceMut::F32(output) => self.run(inputs, output),
            SliceMut::F64(output) => self.run(inputs, output),
            _ => return Err(format!("not defined for {}", self.layout.dtype)),
        };
        result.map_err(|error| format!("in a step: {error}"))
    }
}

/// Copies the elements of a step to an argument.
fn fill(argument: &mut Tensor, input: &Slice<'_>, step: usize) -> Result<(), Error> {
    let n = argument.numel();
    let range = step * n..(step + 1) * n;
    match *input {
        Slice::F32(x) => copy(argument, x, range),
        Slice::F64(x) => copy(argument, x, range),
        Slice::I64(x) => copy(argument, x, range),
        Slice::Bool(x) => {
            let to = argument.as_mut_slice::<bool>()?;
            to.iter_mut().zip(&x[range]).for_each(|(to, &x)| *to = x != 0);
            Ok(())
        }
    }
}

fn copy<T: Element>(argument: &mut Tensor, from: &[T], range: Range<usize>) -> Result<(), Error> {
    argument.as_mut_slice::<T>()?.copy_from_slice(&from[range]);
    Ok(())
}
