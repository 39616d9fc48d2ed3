//! Training, the pleasant way: a loop with metrics, callbacks and checkpoints.
//!
//! A [`Trainer`] is a model's function, a loss and an optimizer. [`fit`](Trainer::fit) trains, [`evaluate`](Trainer::evaluate)
//! judges, [`predict`](Trainer::predict) uses:
//!
//! ```
//! use chainrule_nn::{Activation, Layer, Losses, Sequential};
//! use chainrule_tape::Params;
//! use chainrule_train::{EarlyStopping, Trainer, metrics};
//!
//! let (train, test) = chainrule_data::iris().split_stratified(0.2, 7)?;
//! let mut params = Params::seeded(7);
//! let net = Sequential::new(&mut params.root(), |net| net.linear(4, 16).tanh().linear(16, 3));
//!
//! let optimizer = chainrule_optim::adam(0.01);
//! let mut trainer = Trainer::new(optimizer, |x| net.forward(x), |logits, labels| logits.cross_entropy(labels))
//!     .metric(metrics::accuracy());
//! let history = trainer
//!     .fit(&mut params, &train)
//!     .epochs(30)
//!     .batch_size(16)
//!     .validation(&test)
//!     .callback(EarlyStopping::new("val_loss").patience(5).restore_best())
//!     .silent()
//!     .run()?;
//! assert!(history.last("val_accuracy").unwrap() > 0.9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to | there is |
//! |---|---|
//! | judge | [`metrics`], in [`evaluate`](Trainer::evaluate) and with a [validation set](Fit::validation) after each epoch |
//! | stop, or lower the rate, when nothing gets better | [`EarlyStopping`], [`LowerRate`] |
//! | keep the best model | [`BestWeights`], [`EarlyStopping::restore_best`] |
//! | look at it | a progress bar, [`History`], which draws itself, [`CsvLog`], [`TensorBoard`] |
//! | go on another time | [`Fit::checkpoint`], [`Fit::resume`], [`Fit::stop_on_ctrl_c`] |
//! | do anything else between steps | a [`Callback`] of your own |
//!
//! Nothing here is needed to train: `TrainStep` in a loop of one's own is all that [`fit`](Trainer::fit) is made of.

#![forbid(unsafe_code)]

mod callback;
mod callbacks;
mod checkpoint;
mod feed;
mod fit;
mod history;
mod interrupt;
pub mod metrics;
mod progress;
mod trainer;

pub use callback::{Callback, Event};
pub use callbacks::{BestWeights, CsvLog, EarlyStopping, Goal, LowerRate, TensorBoard};
pub use fit::Fit;
pub use history::History;
pub use metrics::Metric;
pub use trainer::{Logs, Trainer};
