//! A short training as a function of its learning rates.

use chainrule::optim::{Optimizer, Transform};
use chainrule::prelude::*;
use std::error::Error;

/// Images of digits that are learned, and others that tell how well.
pub const IMAGES: usize = 100;
pub const OTHERS: usize = 200;
pub const HIDDEN: usize = 8;
/// Steps of a training, all on one tape.
pub const STEPS: usize = 20;

/// The farthest step of a logarithm of a rate; the step that is asked for is this many times the derivative.
const FARTHEST: f64 = 0.2;
const GAIN: f64 = 2.0;

/// A training of [`STEPS`] steps from the same start again and again.
///
/// It takes the logarithms of its rates: one for all steps, or as many as are shared out among the steps in their order.
pub struct Training<R> {
    learned: (Tensor, Tensor),
    others: (Tensor, Tensor),
    params: Params,
    hidden: Linear,
    out: Linear,
    optimizer: Optimizer<R>,
    tape: Tape,
}

impl<R: Transform> Training<R> {
    pub fn new(optimizer: Optimizer<R>, seed: u64) -> Result<Self, Box<dyn Error>> {
        let data = data::digits().shuffle(seed).scale(1.0 / 16.0);
        let part = |range: std::ops::Range<usize>| -> Result<(Tensor, Tensor), Box<dyn Error>> {
            let part = data.take(&Vec::from_iter(range))?;
            Ok((part.inputs().cast(DType::F64), part.labels().clone()))
        };
        let (learned, others) = (part(0..IMAGES)?, part(IMAGES..IMAGES + OTHERS)?);
        let mut params = Params::seeded(seed).with_dtype(DType::F64);
        let hidden = Linear::new(&mut params.root().sub("hidden"), 64, HIDDEN);
        let out = Linear::new(&mut params.root().sub("out"), HIDDEN, 10);
        optimizer.prepare(&mut params)?;
        let tape = Tape::with(&params);
        Ok(Training { learned, others, params, hidden, out, optimizer, tape })
    }

    /// Records all steps, and the loss on the other images at their end.
    fn record<'t>(&self, tape: &'t Tape, logs: &[Var<'t>]) -> chainrule::Result<Var<'t>> {
        let loss = |(x, labels): &(Tensor, Tensor)| {
            self.out.forward(self.hidden.forward(tape.var(x)).tanh()).cross_entropy(tape.var(labels))
        };
        let mut steps = self.optimizer.unroll(tape);
        for step in 0..STEPS {
            let rate = logs[step * logs.len() / STEPS].exp();
            steps.step(tape.param_grads(loss(&self.learned))?, rate)?;
        }
        Ok(loss(&self.others))
    }

    /// The loss on the other images at the end.
    pub fn end(&mut self, logs: &[f64]) -> chainrule::Result<f64> {
        self.tape.clear_with(&self.params); // The same start again.
        let logs: Vec<Var> = logs.iter().map(|&log| self.tape.var(log)).collect();
        self.record(&self.tape, &logs)?.item()
    }

    /// The loss at the end, and its derivatives by the logarithms of the rates.
    pub fn end_and_slopes(&mut self, logs: &[f64]) -> chainrule::Result<(f64, Vec<f64>)> {
        self.tape.clear_with(&self.params);
        let logs: Vec<Var> = logs.iter().map(|&log| self.tape.var(log)).collect();
        let end = self.record(&self.tape, &logs)?;
        let mut found = self.tape.grads(end, &logs);
        found.push(end);
        let mut found = self.tape.stack(&found, 0).value()?.to_f64();
        let end = found.pop().unwrap_or(f64::NAN);
        Ok((end, found))
    }

    /// Gradient descent on the logarithms of the rates: where it came by, with the loss at the end. A step that does not lower the
    /// loss is not taken, and the next one is half as far at most.
    pub fn learn(&mut self, start: &[f64], rounds: usize) -> chainrule::Result<Vec<(Vec<f64>, f64)>> {
        let (mut end, mut slopes) = self.end_and_slopes(start)?;
        let mut path = vec![(start.to_vec(), end)];
        let mut farthest = FARTHEST;
        for _ in 0..rounds {
            let steepest = slopes.iter().fold(0.0f64, |most, slope| most.max(slope.abs()));
            let gain = GAIN.min(farthest / steepest.max(f64::MIN_POSITIVE));
            let logs: Vec<f64> =
                path[path.len() - 1].0.iter().zip(&slopes).map(|(log, slope)| log - gain * slope).collect();
            let (next, next_slopes) = self.end_and_slopes(&logs)?;
            if next < end {
                (end, slopes) = (next, next_slopes);
                path.push((logs, end));
                farthest = FARTHEST.min(1.5 * farthest);
            } else {
                farthest = 0.5 * farthest.min(gain * steepest);
            }
        }
        Ok(path)
    }
}
