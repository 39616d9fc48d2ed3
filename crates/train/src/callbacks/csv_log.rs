//! The values of all epochs in a file.

use crate::{Callback, Event};
use chainrule_tape::{Error, Result};
use std::path::PathBuf;

/// Writes the [history](crate::History::to_csv) as comma-separated values after each epoch: `epoch,loss,val_loss,…`. A training
/// that is resumed writes all of its epochs.
///
/// ```
/// use chainrule_train::CsvLog;
/// let log = CsvLog::new("training.csv");
/// ```
#[derive(Clone, Debug)]
pub struct CsvLog {
    path: PathBuf,
}

impl CsvLog {
    /// Writes to this file.
    pub fn new(path: impl Into<PathBuf>) -> CsvLog {
        CsvLog { path: path.into() }
    }
}

impl Callback for CsvLog {
    fn epoch_end(&mut self, event: &mut Event<'_>) -> Result<()> {
        let failed = |e: std::io::Error| Error::File { path: self.path.clone(), what: e.to_string() };
        std::fs::write(&self.path, event.history.to_csv()).map_err(failed)
    }
}
