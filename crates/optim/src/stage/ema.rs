//! Averages of the parameters.

use crate::transform::update::{count, since_name, steps_done};
use crate::{Target, Transform, limits};
use chainrule_tape::{DType, Error, Kind, Params, Result, Tensor, Var};

/// An average of the parameters over the steps, to evaluate the model with: smoother than the parameters themselves.
///
/// `a ← d·a + (1 - d)·p` after each step, from the parameters' first values, or from 0 where the bias is
/// [corrected](Ema::debias). It is computed in the step, in one pass with the update, and kept in the params as
/// `optim.ema.NAME`.
///
/// ```
/// use chainrule_optim::{Ema, TrainStep, adam};
/// # use chainrule_tape::{Function, Params, Tensor};
/// # let mut params = Params::seeded(1);
/// # let w = params.root().param("w", Tensor::from([3.0]));
/// let ema = Ema::new(0.999);
/// let mut step = TrainStep::new(adam(1e-3).ema(ema), |[x]| (x.tape().param(w) * x).square().sum(..));
/// step.run(&mut params, [&Tensor::from([1.0])])?;
/// // The same model with the averages.
/// let mut model = Function::new(|[x]| x.tape().param(w) * x);
/// let averages = ema.params(&params)?;
/// let y = model.run(&averages, [&Tensor::from([1.0])])?;
/// # assert!((y.to_f64()[0] - (3.0 - 1e-6)).abs() < 1e-9);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// Sources: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; for the
/// [mean](Ema::mean), Izmailov et al., "Averaging weights leads to wider optima and better generalization", UAI 2018.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ema {
    /// None for the mean of all.
    decay: Option<f64>,
    debias: bool,
    warmup: bool,
    start: u64,
    every: u64,
}

impl Ema {
    /// An exponential moving average with this factor `d`.
    pub fn new(decay: f64) -> Ema {
        Ema { decay: Some(decay), debias: false, warmup: false, start: 0, every: 1 }
    }

    /// The mean of the parameters after each step, all with the same weight: stochastic weight averaging, with
    /// [`start`](Ema::start) and [`every`](Ema::every).
    pub fn mean() -> Ema {
        Ema { decay: None, ..Ema::new(0.0) }
    }

    /// Begins with 0, and divides by `1 - dⁿ` after `n` values: the first parameters then have no more weight than they
    /// should. (What is kept in the params is the average before the division.)
    pub fn debias(self) -> Ema {
        Ema { debias: true, ..self }
    }

    /// Follows the parameters more closely at first: the factor is `min(d, n/(9 + n))` for the `n`-th value (as with
    /// TensorFlow's `num_updates`).
    pub fn warmup(self) -> Ema {
        Ema { warmup: true, ..self }
    }

    /// Begins after this many steps; until then the average is the parameters. 0 unless set.
    pub fn start(self, steps: u64) -> Ema {
        Ema { start: steps, ..self }
    }

    /// Takes the parameters of every `steps`-th step alone. 1 unless set.
    pub fn every(self, steps: u64) -> Ema {
        Ema { every: steps, ..self }
    }

    /// How many values the average has after this step, and whether this step is one of them.
    fn taken(&self, step: u64) -> (u64, bool) {
        let (after, every) = (step.saturating_sub(self.start), self.every.max(1));
        (after / every, after > 0 && after % every == 0)
    }

    /// The factor of the old average in this step.
    fn factor(&self, step: u64) -> f64 {
        let (n, taken) = self.taken(step);
        match self.decay {
            // (Until the first value, what is there are the parameters.)
            _ if n == 0 => {
                if self.debias {
                    1.0
                } else {
                    0.0
                }
            }
            _ if !taken => 1.0,
            None => 1.0 - 1.0 / n as f64,
            Some(decay) if self.warmup => decay.min(n as f64 / (9.0 + n as f64)),
            Some(decay) => decay,
        }
    }

    /// A copy of the params in which the averages stand in the place of the parameters.
    ///
    /// # Errors
    /// If the params have no average of a trainable parameter.
    pub fn params(&self, params: &Params) -> Result<Params> {
        let mut averages = params.clone();
        for id in params.ids().filter(|&id| params.kind(id) == Kind::Trainable) {
            let name = params.name(id);
            let Some(average) = params.memory(id, KEY) else {
                return Err(Error::Params(format!(
                    "the params have no average `optim.{KEY}.{name}`: give the optimizer this Ema, and take a step"
                )));
            };
            let since = params.get(&since_name(name)).map_or(0, count);
            let (n, _) = self.taken(steps_done(params).saturating_sub(since));
            let average = params.tensor(average);
            match self.decay {
                Some(_) if self.debias && n == 0 => {}
                Some(decay) if self.debias => {
                    averages.set(name, divided(average, 1.0 - decay.powf(n as f64))?)?;
                }
                _ => averages.set(name, average.clone())?,
            }
        }
        Ok(averages)
    }
}

const KEY: &str = "ema";

fn divided(tensor: &Tensor, by: f64) -> Result<Tensor> {
    let values = tensor.to_f64().into_iter().map(|x| x / by);
    match tensor.dtype() {
        DType::F32 => Tensor::from_vec(values.map(|x| x as f32).collect(), tensor.shape()),
        _ => Tensor::from_vec(values.collect(), tensor.shape()),
    }
}

impl Transform for Ema {
    fn finish<'t>(&self, p: Target<'_, 't>, value: Var<'t>) -> Var<'t> {
        let ema = *self;
        let old = if self.debias { p.state(KEY) } else { p.state_of_value(KEY) };
        let keep = p.per_step("keep", move |now| ema.factor(now.step));
        let take = p.per_step("take", move |now| 1.0 - ema.factor(now.step));
        p.keep(KEY, old * keep + value * take);
        value
    }

    fn check(&self) -> std::result::Result<(), String> {
        if self.debias && (self.warmup || self.decay.is_none()) {
            return Err("ema: an average that begins with the parameters has no bias to correct".into());
        }
        if self.every == 0 {
            return Err("ema: every is 0; it must be 1 or more".into());
        }
        self.decay.map_or(Ok(()), |decay| limits::below_one("ema's decay", decay))
    }
}
