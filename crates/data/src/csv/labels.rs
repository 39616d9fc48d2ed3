//! The label column.

use super::Target;
use super::table::Table;
use crate::DataError;
use crate::error::quoted;
use chainrule_tape::{DType, Tensor};
use std::collections::BTreeMap;

/// The label column as far as it is read.
pub(super) enum Labels {
    Absent,
    Numbers(Vec<f64>, DType),
    Integers(Vec<i64>),
    /// Names in the order in which they were found.
    Found(Vec<i64>, BTreeMap<String, i64>),
    /// Names in a given order.
    Given(Vec<i64>, BTreeMap<String, i64>),
}

impl Labels {
    /// Chosen by the options and the first row.
    pub(super) fn new(table: &Table<'_>) -> Result<Labels, DataError> {
        let options = table.options;
        let Some(column) = table.label.filter(|_| table.is_even()) else {
            return Ok(Labels::Absent);
        };
        Ok(match options.target {
            Target::Numbers => Labels::Numbers(Vec::new(), options.dtype),
            Target::Classes if !options.classes.is_empty() => {
                Labels::Given(Vec::new(), options.classes.iter().cloned().zip(0..).collect())
            }
            Target::Classes if table.field(column)?.parse::<i64>().is_ok() => Labels::Integers(Vec::new()),
            Target::Classes => Labels::Found(Vec::new(), BTreeMap::new()),
        })
    }

    pub(super) fn push(&mut self, table: &Table<'_>, column: usize) -> Result<(), DataError> {
        let text = table.field(column)?;
        let wrong = |what| table.error(Some(column), format!("{} {what}", quoted(text.as_bytes())));
        match self {
            Labels::Absent => {}
            Labels::Numbers(numbers, DType::F64) => numbers.push(table.number(column)?),
            Labels::Numbers(numbers, _) => numbers.push(table.number::<f32>(column)?.into()),
            Labels::Integers(labels) => {
                let wrong = |_| wrong("is not a whole number, as the first label is");
                labels.push(text.parse().map_err(wrong)?);
            }
            Labels::Given(labels, names) => {
                labels.push(*names.get(text).ok_or_else(|| wrong("is not one of the given classes"))?);
            }
            Labels::Found(labels, names) => {
                let next = names.len() as i64;
                let label = match names.get(text) {
                    Some(&label) => label,
                    None => *names.entry(text.into()).or_insert(next),
                };
                labels.push(label);
            }
        }
        Ok(())
    }

    /// The labels and the classes' names.
    pub(super) fn finish(self, rows: usize) -> (Tensor, Vec<String>) {
        match self {
            Labels::Absent => (Tensor::zeros([rows, 0], DType::F32), Vec::new()),
            Labels::Numbers(numbers, dtype) => (Tensor::from(numbers).cast(dtype), Vec::new()),
            Labels::Integers(labels) => (Tensor::from(labels), Vec::new()),
            Labels::Given(labels, names) => {
                let mut names: Vec<(String, i64)> = names.into_iter().collect();
                names.sort_by_key(|(_, label)| *label);
                (Tensor::from(labels), names.into_iter().map(|(name, _)| name).collect())
            }
            Labels::Found(labels, names) => {
                let mut sorted = vec![0; names.len()];
                for (rank, &found) in names.values().enumerate() {
                    sorted[found as usize] = rank as i64;
                }
                let labels: Vec<i64> = labels.into_iter().map(|found| sorted[found as usize]).collect();
                (Tensor::from(labels), names.into_keys().collect())
            }
        }
    }
}
