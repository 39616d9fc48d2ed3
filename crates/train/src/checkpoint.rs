//! A training in a file.

use crate::feed::Order;
use crate::{Callback, History};
use chainrule_tape::{Error, Kind, Params, Result, Tensor};
use std::path::Path;

/// Where a training is.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Position {
    /// Epochs that are done.
    pub epoch: usize,
    /// Batches of the next one that are done.
    pub batch: usize,
    /// The sum of the losses of those batches' rows, and their number.
    pub sum: f64,
    pub rows: usize,
    /// Loss and learning rate of the last step.
    pub loss: f64,
    pub lr: f64,
    pub history: History,
}

/// What the names of a training's own tensors begin with.
const OWN: &str = "train.";
/// After it, the epochs' values.
const HISTORY: &str = "history.";
/// After it, the number of a callback and its tensors.
const CALLBACK: &str = "callback.";

/// Everything that decides how a training goes on, in the file of its params.
pub(crate) fn write(
    path: &Path,
    params: &Params,
    callbacks: &[Box<dyn Callback + '_>],
    order: Order,
    at: &Position,
    base_lr: f64,
) -> Result<()> {
    let mut all = params.clone();
    let mut put = |name: &str, tensor: Tensor| {
        all.add(&format!("{OWN}{name}"), Kind::Optimizer, tensor);
    };
    let counts = [at.epoch, at.batch, at.rows, order.size].map(|n| n as i64);
    put("counts", Tensor::from(counts));
    put("numbers", Tensor::from([at.sum, at.loss, at.lr, base_lr]));
    put("seeds", Tensor::from(seeds(params, order)));
    for name in at.history.names() {
        put(&format!("{HISTORY}{name}"), Tensor::from(at.history.get(name).unwrap_or_default()));
    }
    // Their order is not that of the names.
    put("order", Tensor::from(ranks(&at.history)));
    for (number, callback) in callbacks.iter().enumerate() {
        let mut state = Params::seeded(0);
        callback.save(&mut state);
        state.check()?;
        for (name, _, tensor) in state.iter() {
            put(&format!("{CALLBACK}{number}.{name}"), tensor.clone());
        }
    }
    all.save(path)
}

/// Sets params and callbacks to what a file says, and gives the position and the learning rate before the schedule.
pub(crate) fn read(
    path: &Path,
    params: &mut Params,
    callbacks: &mut [Box<dyn Callback + '_>],
    order: Order,
) -> Result<(Position, f64)> {
    let failed = |what: String| Error::File { path: path.to_owned(), what };
    let file = Params::read(path)?;
    let find = |name: &str| {
        file.get(&format!("{OWN}{name}"))
            .ok_or_else(|| failed(format!("is no checkpoint of a training: it lacks `{OWN}{name}`")))
    };
    let (counts, numbers) = (find("counts")?.to_vec::<i64>()?, find("numbers")?.to_vec::<f64>()?);
    let (&[epoch, batch, rows, size], &[sum, loss, lr, base_lr]) = (&counts[..], &numbers[..]) else {
        return Err(failed("is a checkpoint of another version".into()));
    };
    if size as usize != order.size {
        return Err(failed(format!("was trained in batches of {size}, not {}", order.size)));
    }
    let found = find("seeds")?.to_vec::<i64>()?;
    if found != seeds(params, order) {
        return Err(failed(format!(
            "has other seeds ({found:?}) than this training ({:?})",
            seeds(params, order)
        )));
    }
    let mut history = History::default();
    let mut columns: Vec<(&str, Vec<f64>)> = Vec::new();
    for (name, _, tensor) in file.iter() {
        if let Some(name) = name.strip_prefix(&format!("{OWN}{HISTORY}")) {
            columns.push((name, tensor.to_f64()));
        }
    }
    // The file's names are sorted, and so are the ranks.
    let ranks = find("order")?.to_vec::<i64>()?;
    let mut sorted: Vec<_> = ranks.into_iter().zip(columns).collect();
    sorted.sort_by_key(|(rank, _)| *rank);
    sorted.into_iter().for_each(|(_, (name, column))| history.set(name, column));

    let mut loaded = params.clone();
    let report = loaded.load_from(&file.without(OWN.trim_end_matches('.')));
    if !report.is_complete() {
        return Err(failed(format!("doesn't fit the model: {report}")));
    }
    for (number, callback) in callbacks.iter_mut().enumerate() {
        callback.restore(&file.under(&format!("{OWN}{CALLBACK}{number}")))?;
    }
    *params = loaded;
    let (epoch, batch, rows) = (epoch as usize, batch as usize, rows as usize);
    Ok((Position { epoch, batch, sum, rows, loss, lr, history }, base_lr))
}

/// What random numbers come from: the params' seed, and that of the rows' order, if they are shuffled.
fn seeds(params: &Params, order: Order) -> Vec<i64> {
    let shuffled = order.seed.map_or(vec![], |seed| vec![seed as i64]);
    [vec![params.seed() as i64], shuffled].concat()
}

/// The place of each value's name in the history, in the order of the sorted names.
fn ranks(history: &History) -> Vec<i64> {
    let mut names: Vec<(&str, i64)> = history.names().zip(0..).collect();
    names.sort_unstable();
    names.into_iter().map(|(_, rank)| rank).collect()
}
