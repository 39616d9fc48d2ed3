//! A model's function, a loss and an optimizer.

use crate::feed::Feed;
use crate::{Fit, Metric};
use chainrule_data::Dataset;
use chainrule_optim::Transform;
use chainrule_optim::{Optimizer, TrainStep};
use chainrule_tape::{Error, Function, NonFinite, Params, Result, Tensor, Var};
use indexmap::IndexMap;
use std::fmt;
use std::rc::Rc;

/// What training needs: a model as a function of its input, a loss of its output and the targets, and an optimizer.
///
/// The functions are recorded once for each shape of a batch; see [`TrainStep`].
pub struct Trainer<'f> {
    pub(crate) step: TrainStep<'f, 2>,
    /// The learning rate that the schedule multiplies.
    pub(crate) lr: f64,
    /// Output and loss in use.
    judge: Function<'f, 2>,
    predict: Function<'f, 1>,
    pub(crate) metrics: Vec<Box<dyn Metric + 'f>>,
}

/// What [`Trainer::evaluate`] and each epoch measured, by name.
pub type Logs = IndexMap<String, f64>;

impl<'f> Trainer<'f> {
    /// A trainer of a model `forward`, whose outputs lose `loss(outputs, targets)`, one number for a batch: the mean over its
    /// rows.
    pub fn new<R: Transform + 'static>(
        optimizer: Optimizer<R>,
        forward: impl for<'t> Fn(Var<'t>) -> Var<'t> + 'f,
        loss: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t> + 'f,
    ) -> Trainer<'f> {
        let (forward, loss) = (Rc::new(forward), Rc::new(loss));
        let both = (forward.clone(), loss.clone());
        let lr = optimizer.lr();
        Trainer {
            step: TrainStep::new(optimizer, {
                let (forward, loss) = both.clone();
                move |[x, y]| loss(forward(x), y)
            })
            .check_finite(),
            lr,
            judge: Function::several(move |[x, y]| {
                let (forward, loss) = &both;
                let output = forward(x);
                vec![loss(output, y), output]
            }),
            predict: Function::new(move |[x]| forward(x)),
            metrics: Vec::new(),
        }
    }

    /// Measures this too, in [`evaluate`](Trainer::evaluate) and after each epoch. Two of the same name are an error then.
    pub fn metric(mut self, metric: impl Metric + 'f) -> Self {
        self.metrics.push(Box::new(metric));
        self
    }

    /// Runs on this many threads at most.
    pub fn threads(mut self, most: usize) -> Self {
        self.step = self.step.threads(most);
        self
    }

    /// Takes a step of so many batches: see [`TrainStep::accumulate`].
    pub fn accumulate(mut self, batches: u64) -> Self {
        self.step = self.step.accumulate(batches);
        self
    }

    /// Training on a set, to be set up by the methods of [`Fit`] and started by [`run`](Fit::run).
    pub fn fit<'a>(&'a mut self, params: &'a mut Params, data: &'a Dataset) -> Fit<'a, 'f> {
        Fit::new(self, params, Feed::Set(data))
    }

    /// Training on batches that are made when they are needed: `batch(epoch, i)` for `i` in `0..batches`, counted from 0. The same
    /// arguments must give the same batch, or a resumed training can't be the same.
    ///
    /// It is how data are varied while they are used: here each number of a flower is a little off, another time otherwise.
    ///
    /// ```
    /// use chainrule_data::{iris, permutation};
    /// # use chainrule_nn::{Layer, Linear, Losses};
    /// use chainrule_tape::{Params, Tape};
    /// # use chainrule_train::Trainer;
    ///
    /// let flowers = iris();
    /// # let mut params = Params::seeded(7);
    /// # let net = Linear::new(&mut params.root(), 4, 3);
    /// # let mut trainer =
    /// #     Trainer::new(chainrule_optim::adam(0.03), |x| net.forward(x), |y, labels| y.cross_entropy(labels));
    /// let history = trainer
    ///     .fit_on(&mut params, 5, |epoch, i| {
    ///         let order = permutation(flowers.len(), 7, epoch);
    ///         let (x, labels) = flowers.take(&order[30 * i..30 * (i + 1)])?.into_parts();
    ///         let tape = Tape::new();
    ///         tape.seed(5 * epoch + i as u64);
    ///         let varied = tape.var(&x) + tape.normal(x.shape(), x.dtype()) * 0.1;
    ///         Ok((varied.value()?, labels))
    ///     })
    ///     .epochs(50)
    ///     .silent()
    ///     .run()?;
    /// assert!(history.last("loss").unwrap() < 0.5);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn fit_on<'a>(
        &'a mut self,
        params: &'a mut Params,
        batches: usize,
        batch: impl Fn(u64, usize) -> Result<(Tensor, Tensor)> + 'a,
    ) -> Fit<'a, 'f> {
        Fit::new(self, params, Feed::Made { batches, batch: Box::new(batch) })
    }

    /// The loss and all metrics on a set, in inference mode: `loss`, and the metrics by their names. Of an optimizer that finds
    /// another place than it trains at, such as the schedule-free ones, it is that place which is judged, and used in
    /// [`predict`](Trainer::predict): [`TrainStep::evaluation`].
    ///
    /// # Errors
    /// Mistakes in the model or in the data.
    pub fn evaluate(&mut self, params: &Params, data: &Dataset) -> Result<Logs> {
        self.check()?;
        self.judge(params, &Feed::Set(data), EVALUATION_ROWS)
    }

    /// The model's outputs for these inputs, in inference mode.
    ///
    /// # Errors
    /// Mistakes in the model or in the data.
    pub fn predict(&mut self, params: &Params, inputs: &Tensor) -> Result<Tensor> {
        self.predict.run(&self.step.evaluation(params)?, [inputs])
    }

    /// The first op that makes a NaN or an infinity out of finite numbers in the loss of this batch or its gradients, with its
    /// source line: see [`TrainStep::find_nan`]. The params are those before the step that went wrong, such as a checkpoint's.
    ///
    /// ```
    /// # use chainrule_nn::{Layer, Linear, Losses};
    /// # use chainrule_tape::{Params, Tensor};
    /// # use chainrule_train::Trainer;
    /// # let mut params = Params::seeded(7);
    /// # let line = Linear::new(&mut params.root(), 1, 1);
    /// let trainer = Trainer::new(chainrule_optim::sgd(0.5), |x| (-line.forward(x).square()).ln(), |y, t| y.mse(t));
    /// let batch = [Tensor::from([[0.5f32]]), Tensor::from([[0.0f32]])];
    /// assert_eq!(trainer.find_nan(&params, &batch[0], &batch[1])?.expect("ln(-y²) is NaN").op, "ln");
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// Mistakes in the model or in the data.
    #[track_caller]
    pub fn find_nan(&self, params: &Params, inputs: &Tensor, targets: &Tensor) -> Result<Option<NonFinite>> {
        self.step.find_nan(params, [inputs, targets])
    }

    /// What is wrong with the metrics, if something is.
    pub(crate) fn check(&self) -> Result<()> {
        for (i, metric) in self.metrics.iter().enumerate() {
            let name = metric.name();
            if name == "loss" || self.metrics[..i].iter().any(|earlier| earlier.name() == name) {
                return Err(Error::Input(format!(
                    "two values are called `{name}`: the second one is a metric, whose name may be used once"
                )));
            }
        }
        Ok(())
    }

    pub(crate) fn judge(&mut self, params: &Params, data: &Feed<'_>, rows: usize) -> Result<Logs> {
        let params = &self.step.evaluation(params)?;
        let (mut sum, mut count) = (0.0, 0usize);
        self.metrics.iter_mut().for_each(|metric| metric.reset());
        for batch in data.in_order(rows) {
            let (x, y) = batch?;
            let results = self.judge.run_all(params, [&x, &y])?;
            let rows = x.shape().first().copied().unwrap_or(1);
            sum += results[0].item()? * rows as f64;
            count += rows;
            for metric in &mut self.metrics {
                metric.update(&results[1], &y)?;
            }
        }
        let mut logs = Logs::from_iter([("loss".to_owned(), sum / count as f64)]);
        logs.extend(self.metrics.iter().map(|metric| (metric.name().to_owned(), metric.value())));
        Ok(logs)
    }
}

/// Rows in a batch of an evaluation: large enough for speed.
const EVALUATION_ROWS: usize = 256;

impl fmt::Debug for Trainer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metrics: Vec<&str> = self.metrics.iter().map(|metric| metric.name()).collect();
        write!(f, "Trainer by {:?}, measuring {metrics:?}", self.step)
    }
}
