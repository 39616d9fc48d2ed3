//! The compiled training step.

mod accumulate;
mod curvature;
mod plans;
mod record;

use crate::optimizer::guard;
use crate::transform::update::{count, steps_done};
use crate::{Optimizer, Transform};
use chainrule_tape::{Error, NonFinite, Params, Program, Result, Tape, Tensor, Var};
use plans::Plans;
use record::{Loss, Training, plan, plan_gathering};
use smallvec::SmallVec;
use std::fmt;

pub use curvature::Curvature;

/// A training step: loss, gradients, clipping and update in one program, which updates [`Params`] in place.
///
/// The loss is written as a function of the batch's tensors, in training mode. It is recorded and planned in the first
/// run, and again for inputs of other shapes or dtypes and for other params; after that a run replays the program and
/// makes no heap allocation.
///
/// ```
/// use chainrule_optim::{TrainStep, sgd};
/// use chainrule_tape::{Params, Tensor};
/// let mut params = Params::seeded(1);
/// let w = params.root().param("w", Tensor::from([0.0f32]));
/// let mut step = TrainStep::new(sgd(0.1), |[x, y]| (x * x.tape().param(w) - y).square().mean(..));
/// let (x, y) = (Tensor::from([1.0f32, 2.0]), Tensor::from([3.0f32, 6.0]));
/// for _ in 0..50 {
///     step.run(&mut params, [&x, &y])?;
/// }
/// assert!((params.tensor(w).to_f64()[0] - 3.0).abs() < 1e-5);
/// assert_eq!(step.plans(), 1);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// Everything that the optimizer keeps, the number of steps included, is in the params, under `optim.`: a training that
/// is saved and resumed gives the same bits as one that goes on. Random numbers in the model (dropout) are others in
/// each step, by the params' seed and the number of the step.
pub struct TrainStep<'f, const N: usize> {
    optimizer: Optimizer<Box<dyn Transform>>,
    loss: Box<Loss<'f, N>>,
    check_finite: bool,
    threads: Option<usize>,
    /// The batches of a step.
    batches: u64,
    training: Plans<Training, N>,
    gathering: Plans<Program, N>,
    evaluation: Plans<Program, N>,
}

impl<'f, const N: usize> TrainStep<'f, N> {
    /// A step of this optimizer, for a loss of `N` tensors: one floating-point number.
    pub fn new<R: Transform + 'static>(
        optimizer: Optimizer<R>,
        loss: impl for<'t> Fn([Var<'t>; N]) -> Var<'t> + 'f,
    ) -> Self {
        TrainStep {
            optimizer: optimizer.boxed(),
            loss: Box::new(loss),
            check_finite: false,
            threads: None,
            batches: 1,
            training: Plans::default(),
            gathering: Plans::default(),
            evaluation: Plans::default(),
        }
    }

    /// Makes [`run`](TrainStep::run) return an error when the loss is NaN or infinite. The step that met it has been
    /// taken: go on from a saved state, not from these params.
    pub fn check_finite(self) -> Self {
        TrainStep { check_finite: true, ..self }
    }

    /// Runs on this many threads at most. The results are the same, to the last bit.
    pub fn threads(self, most: usize) -> Self {
        TrainStep { threads: Some(most), ..self }
    }

    /// Makes a step of so many [`run`](TrainStep::run)s: all but the last add their gradients to a sum, and the last
    /// takes the step by the mean of all. For a loss that is a mean, that is the step by one batch of all of them
    /// together, if they are of one size, in the memory of a part.
    ///
    /// The sums are `optim.gathered.NAME` in the params, and saved with them. Schedules and averages count steps.
    ///
    /// ```
    /// # use chainrule_optim::{TrainStep, sgd};
    /// # use chainrule_tape::{Params, Tensor};
    /// # let mut params = Params::seeded(1);
    /// # let w = params.root().param("w", Tensor::from([0.0]));
    /// let mut step = TrainStep::new(sgd(1.0), |[x]| (x.tape().param(w) * x).mean(..)).accumulate(2);
    /// step.run(&mut params, [&Tensor::from([1.0, 3.0])])?;
    /// assert_eq!((params.tensor(w).to_f64(), step.steps(&params)), (vec![0.0], 0));
    /// step.run(&mut params, [&Tensor::from([5.0, 7.0])])?;
    /// assert_eq!((params.tensor(w).to_f64(), step.steps(&params)), (vec![-4.0], 1));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn accumulate(self, batches: u64) -> Self {
        TrainStep { batches: batches.max(1), ..self }
    }

    /// Takes a step: updates the params, and returns the loss before.
    ///
    /// # Errors
    /// In the first run: mistakes in the model, with their source line; trainable parameters that no gradient reaches;
    /// settings of the optimizer that are out of range. In any run: mistakes in the data, such as a label out of range;
    /// a learning rate that is negative or not finite.
    #[track_caller]
    pub fn run(&mut self, params: &mut Params, inputs: [&Tensor; N]) -> Result<f64> {
        let loss = if self.batches > 1 && accumulate::gathered(params) + 1 < self.batches {
            self.run_gathering(params, inputs)?
        } else {
            self.run_training(params, inputs)?
        };
        if self.check_finite && !loss.is_finite() {
            return Err(Error::Params(format!(
                "the loss of step {} is {loss}; TrainStep::find_nan names the op that made it",
                steps_done(params) + u64::from(accumulate::gathered(params) > 0)
            )));
        }
        Ok(loss)
    }

    /// A run that takes a step.
    #[track_caller]
    fn run_training(&mut self, params: &mut Params, inputs: [&Tensor; N]) -> Result<f64> {
        let training = match self.training.find(params, inputs) {
            Some(training) => training,
            None => {
                let mut training = plan(&self.optimizer, &self.loss, self.batches, params, inputs)?;
                self.threads.into_iter().for_each(|most| training.program.set_threads(most));
                self.training.add(params, inputs, training)
            }
        };
        let done = count(params.tensor(training.counter));
        let rates = self.optimizer.rates(&training.classes, done)?;
        for number in &mut training.numbers {
            number.set(params, done, &rates)?;
        }
        // More inputs than fit here would cost one allocation a step, and nothing else.
        let mut all = SmallVec::<[&Tensor; 24]>::from_slice(&inputs);
        all.extend(training.numbers.iter().map(|number| &number.tensor));
        training.program.run(params, &all)?.item(0)
    }

    /// A run that adds its gradients to the sums.
    #[track_caller]
    fn run_gathering(&mut self, params: &mut Params, inputs: [&Tensor; N]) -> Result<f64> {
        let program = match self.gathering.find(params, inputs) {
            Some(program) => program,
            None => {
                let mut program = plan_gathering(&self.optimizer, &self.loss, self.batches, params, inputs)?;
                self.threads.into_iter().for_each(|most| program.set_threads(most));
                self.gathering.add(params, inputs, program)
            }
        };
        program.run(params, &inputs)?.item(0)
    }

    /// The loss in inference mode, without an update: what a validation set shows. Planned once for each combination of
    /// shapes, like [`run`](TrainStep::run).
    ///
    /// # Errors
    /// Mistakes in the model or in the data.
    #[track_caller]
    pub fn loss(&mut self, params: &Params, inputs: [&Tensor; N]) -> Result<f64> {
        let program = match self.evaluation.find(params, inputs) {
            Some(program) => program,
            None => {
                let tape = Tape::with(params).inference();
                let loss = (self.loss)(inputs.map(|x| tape.input(x.shape(), x.dtype())));
                let mut program = tape.compile(&[loss])?;
                self.threads.into_iter().for_each(|most| program.set_threads(most));
                self.evaluation.add(params, inputs, program)
            }
        };
        program.eval(params, &inputs)?.item(0)
    }

    /// The gradients of the trainable parameters that the next [`run`](TrainStep::run) would have, before the optimizer
    /// sees them, with their names. For inspection: they are planned anew in each call.
    ///
    /// ```
    /// # use chainrule_optim::{TrainStep, sgd};
    /// # use chainrule_tape::{Params, Tensor};
    /// # let mut params = Params::seeded(1);
    /// # let w = params.root().param("w", Tensor::from([1.0, 2.0]));
    /// let step = TrainStep::new(sgd(0.1), |[x]| (x * x.tape().param(w)).square().sum(..));
    /// for (name, gradient) in step.gradients(&params, [&Tensor::from([1.0, 0.5])])? {
    ///     println!("{name} {gradient}"); // w [2, 1]
    ///     # assert_eq!((name.as_str(), gradient), ("w", Tensor::from([2.0, 1.0])));
    /// }
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](TrainStep::run).
    #[track_caller]
    pub fn gradients(&self, params: &Params, inputs: [&Tensor; N]) -> Result<Vec<(String, Tensor)>> {
        let tape = self.tape(params);
        let loss = (self.loss)(given(&tape, inputs));
        let grads = tape.param_grads(loss)?;
        let vars: Vec<Var<'_>> = grads.iter().map(|&(_, g)| g).collect();
        let values = tape.values(&vars)?;
        Ok(grads.iter().zip(values).map(|((id, _), value)| (params.name(*id).to_owned(), value)).collect())
    }

    /// The first op that makes a NaN or an infinity out of finite numbers, in the loss or its gradients, with its source
    /// line: for when a loss has become NaN. Computes op by op, with everything in memory.
    ///
    /// ```
    /// # use chainrule_optim::{TrainStep, sgd};
    /// # use chainrule_tape::{Params, Tensor};
    /// # let mut params = Params::seeded(1);
    /// # let w = params.root().param("w", Tensor::from([1.0, 2.0]));
    /// let step = TrainStep::new(sgd(0.1), |[x]| (x * x.tape().param(w)).ln().sum(..));
    /// let found = step.find_nan(&params, [&Tensor::from([1.0, -0.5])])?.expect("ln(-1) is NaN");
    /// assert_eq!((found.op, found.element), ("ln", 1));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](TrainStep::run).
    #[track_caller]
    pub fn find_nan(&self, params: &Params, inputs: [&Tensor; N]) -> Result<Option<NonFinite>> {
        let tape = self.tape(params);
        tape.param_grads((self.loss)(given(&tape, inputs)))?;
        tape.find_nan()
    }

    /// A tape on which the loss can be recorded with values.
    fn tape(&self, params: &Params) -> Tape {
        let tape = Tape::with(params);
        tape.count_random_by(tape.var(self.steps(params) as i64));
        tape
    }

    /// The params with which the model is to be evaluated: [`Optimizer::evaluation`].
    ///
    /// # Errors
    /// As that.
    pub fn evaluation(&self, params: &Params) -> Result<Params> {
        self.optimizer.evaluation(params)
    }

    /// The learning rate that the next run has.
    pub fn lr(&self, params: &Params) -> f64 {
        self.optimizer.lr_at(self.steps(params))
    }

    /// Sets the learning rate, which the schedule multiplies. Nothing is planned again.
    pub fn set_lr(&mut self, lr: f64) {
        self.optimizer.set_lr(lr);
    }

    /// The number of steps that these params have behind them.
    pub fn steps(&self, params: &Params) -> u64 {
        steps_done(params)
    }

    /// How many steps were [not taken](Optimizer::skip_nonfinite) with these params.
    pub fn skipped(&self, params: &Params) -> u64 {
        params.get(guard::SKIPPED).map_or(0, count)
    }

    /// How many times a training step was planned.
    pub fn plans(&self) -> usize {
        self.training.made + self.gathering.made
    }

    /// The program of the last [`run`](TrainStep::run).
    pub fn program(&self) -> Option<&Program> {
        self.training.last().map(|training| &training.program)
    }
}

/// The inputs as values on a tape, recorded by the caller's line (a closure would be its own caller).
#[track_caller]
fn given<'t, const N: usize>(tape: &'t Tape, inputs: [&Tensor; N]) -> [Var<'t>; N] {
    let mut vars = SmallVec::<[Var<'t>; 8]>::new();
    for x in inputs {
        vars.push(tape.var(x));
    }
    std::array::from_fn(|i| vars[i])
}

impl<const N: usize> fmt::Debug for TrainStep<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrainStep of {N} tensors by {:?}", self.optimizer)
    }
}
