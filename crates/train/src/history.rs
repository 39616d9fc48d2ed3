//! What a training measured.

use crate::progress::short;
use chainrule_plot::{Chart, Panels, Picture, PlotError};
use indexmap::IndexMap;
use std::fmt;
use std::path::Path;

/// The values of each epoch: `loss` and `lr`, and with a validation set `val_loss` and `val_` with each metric's name.
///
/// ```
/// # use chainrule_train::History;
/// # let mut history = History::default();
/// # for (loss, val_loss) in [(0.9, 1.0), (0.5, 0.7), (0.3, 0.8)] {
/// #     history.push([("loss", loss), ("val_loss", val_loss)]);
/// # }
/// assert_eq!(history.get("loss"), Some(&[0.9, 0.5, 0.3][..]));
/// assert_eq!(history.last("val_loss"), Some(0.8));
/// println!("{history}"); // all of it, as a table of four digits
/// # let table = "epoch        loss    val_loss\n    1      0.9000      1.0000\n    2      0.5000      0.7000\n    3      0.3000      0.8000";
/// # assert_eq!(history.to_string(), table);
/// # use chainrule_plot::Picture;
/// let svg = history.plot().to_svg();
/// # assert!(svg.contains("validation"));
/// ```
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    values: IndexMap<String, Vec<f64>>,
    epochs: usize,
    /// Whether the training was interrupted, by Ctrl-C, before it was done.
    pub interrupted: bool,
}

impl History {
    /// The number of epochs.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// The names of the values.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The values of that name, one an epoch; NaN where there was none.
    pub fn get(&self, name: &str) -> Option<&[f64]> {
        self.values.get(name).map(Vec::as_slice)
    }

    /// The value of that name in the last epoch.
    pub fn last(&self, name: &str) -> Option<f64> {
        self.get(name)?.last().copied()
    }

    /// Adds an epoch.
    pub fn push<'n>(&mut self, values: impl IntoIterator<Item = (&'n str, f64)>) {
        for (name, value) in values {
            let column = self.values.entry(name.to_owned()).or_default();
            column.resize(self.epochs, f64::NAN);
            column.push(value);
        }
        self.epochs += 1;
        self.values.values_mut().for_each(|column| column.resize(self.epochs, f64::NAN));
    }

    /// Sets what an epoch's values are, for a training that is resumed.
    pub(crate) fn set(&mut self, name: &str, column: Vec<f64>) {
        self.epochs = self.epochs.max(column.len());
        self.values.insert(name.to_owned(), column);
    }

    /// A table with a line for each epoch, its number first: comma-separated values.
    ///
    /// ```
    /// # use chainrule_train::History;
    /// # let mut history = History::default();
    /// # history.push([("loss", 0.5), ("val_loss", 0.75)]);
    /// assert_eq!(history.to_csv(), "epoch,loss,val_loss\n1,0.5,0.75\n");
    /// ```
    pub fn to_csv(&self) -> String {
        let mut text = String::from("epoch");
        self.names().for_each(|name| text += &format!(",{name}"));
        text.push('\n');
        for epoch in 0..self.epochs {
            text += &(epoch + 1).to_string();
            self.values.values().for_each(|column| text += &format!(",{}", column[epoch]));
            text.push('\n');
        }
        text
    }

    /// The curves: the losses in one panel, each metric in its own beside it.
    pub fn plot(&self) -> Panels {
        let epochs: Vec<f64> = (1..=self.epochs).map(|epoch| epoch as f64).collect();
        let mut panels: IndexMap<&str, Chart> = IndexMap::new();
        for (name, column) in self.values.iter().filter(|(name, _)| *name != "lr") {
            let measure = name.strip_prefix("val_").unwrap_or(name);
            let panel = panels.entry(measure).or_insert_with(|| Chart::new(measure).x_label("epoch"));
            let label = if name == measure { "training" } else { "validation" };
            *panel = std::mem::replace(panel, Chart::new("")).line_at(label, &epochs, column);
        }
        Panels::row(panels.into_values())
    }

    /// Writes [`plot`](History::plot) as an SVG file.
    ///
    /// # Errors
    /// If the file can't be written, or there is nothing to draw.
    pub fn save_svg(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        self.plot().save(path)
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |name: &str| name.len().max("-1.000e-10".len());
        write!(f, "epoch")?;
        self.names().try_for_each(|name| write!(f, "  {name:>0$}", width(name)))?;
        for epoch in 0..self.epochs {
            write!(f, "\n{:5}", epoch + 1)?;
            self.values
                .iter()
                .try_for_each(|(name, column)| write!(f, "  {:>1$}", short(column[epoch]), width(name)))?;
        }
        Ok(())
    }
}
