//! Steps that are differentiated.

use crate::transform::update::{Numbers, steps_done};
use crate::{Optimizer, Transform};
use chainrule_tape::{ParamId, Result, Tape, Var};

/// Several steps of an optimizer on one tape, made by [`Optimizer::unroll`].
#[derive(Debug)]
pub struct Unrolled<'o, 't, R> {
    optimizer: &'o Optimizer<R>,
    tape: &'t Tape,
    done: u64,
}

impl<R: Transform> Optimizer<R> {
    /// Begins a recording of several steps on a tape whose params are [prepared](Optimizer::prepare): after each
    /// [`step`](Unrolled::step), the tape gives the parameters' new values to the model, which depend on all that went
    /// before. What is recorded last can be differentiated by the learning rate, or whatever else the steps were made of.
    ///
    /// ```
    /// # use chainrule_optim::sgd;
    /// # use chainrule_tape::{Params, Tape, Tensor};
    /// let mut params = Params::seeded(1);
    /// let w = params.root().param("w", Tensor::from([1.0]));
    /// let optimizer = sgd(0.0);
    /// optimizer.prepare(&mut params)?;
    /// let tape = Tape::with(&params);
    /// let (rate, loss) = (tape.var(0.25), || tape.param(w).square().sum(..));
    /// let mut steps = optimizer.unroll(&tape);
    /// for _ in 0..3 {
    ///     steps.step(tape.param_grads(loss())?, rate)?;
    /// }
    /// // w = (1 - 2·rate)³, and the loss is its square.
    /// assert_eq!(loss().item()?, 0.5f64.powi(6));
    /// assert_eq!(tape.grad(loss(), rate).item()?, -12.0 * 0.5f64.powi(5));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn unroll<'o, 't>(&'o self, tape: &'t Tape) -> Unrolled<'o, 't, R> {
        let done = tape.params().map_or(0, |params| steps_done(&params));
        Unrolled { optimizer: self, tape, done }
    }
}

impl<'t, R: Transform> Unrolled<'_, 't, R> {
    /// Records a step by these gradients and this learning rate, which the schedule multiplies. Gives the parameters' new
    /// values, which [`Tape::param`] gives too from here on. [`Tape::commit`] writes those of the last step.
    ///
    /// # Errors
    /// As [`Optimizer::record_with`].
    pub fn step(&mut self, grads: Vec<(ParamId, Var<'t>)>, lr: Var<'t>) -> Result<Vec<(ParamId, Var<'t>)>> {
        let numbers = Numbers::Recorded { lr, done: self.done };
        let values = self.optimizer.record_numbers(self.tape, grads, numbers)?;
        for id in self.tape.assigned_params() {
            self.tape.substitute(id, self.tape.assigned(id)).keep();
        }
        self.done += 1;
        Ok(values)
    }
}
