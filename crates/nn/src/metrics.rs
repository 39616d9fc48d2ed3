//! How good a model's results are, computed outside of any tape.

use chainrule_tape::{DType, Error, Result, Shape, Tensor};

/// The class with the largest logit (or probability) of each row of the last axis: `[…, classes] → […]`, as `i64`. The
/// first among equals; a NaN counts as the largest.
///
/// ```
/// use chainrule_nn::predictions;
/// use chainrule_tape::Tensor;
/// let classes = predictions(&Tensor::from([[0.1f32, 0.7, 0.2], [0.5, 0.3, 0.2]]))?;
/// assert_eq!(classes, Tensor::from([1i64, 0]));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// # Errors
/// If the logits are a scalar, or there are no classes.
pub fn predictions(logits: &Tensor) -> Result<Tensor> {
    let Some((&classes, rows)) = logits.shape().split_last().filter(|(classes, _)| **classes > 0) else {
        return Err(Error::Tensor(format!("logits of shape {} have no classes", logits.shape())));
    };
    let largest = |row: &[f64]| {
        let mut best = 0;
        for (class, x) in row.iter().enumerate() {
            if x > &row[best] || (x.is_nan() && !row[best].is_nan()) {
                best = class;
            }
        }
        best as i64
    };
    let values: Vec<i64> = logits.to_f64().chunks_exact(classes).map(largest).collect();
    Tensor::from_vec(values, Shape::from(rows))
}

/// The share of rows whose [prediction](predictions) is the label. Logits are `[…, classes]` and labels `[…]`, of dtype
/// `i64`; instead of logits, predicted classes (`[…]`, `i64`) will do.
///
/// ```
/// use chainrule_nn::accuracy;
/// use chainrule_tape::Tensor;
/// let logits = Tensor::from([[0.1f32, 0.7], [0.5, 0.3], [0.9, 0.1], [0.2, 0.8]]);
/// assert_eq!(accuracy(&logits, &Tensor::from([1i64, 0, 1, 1]))?, 0.75);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// # Errors
/// If the shapes don't fit, the labels are not `i64`, or there are none.
pub fn accuracy(logits: &Tensor, labels: &Tensor) -> Result<f64> {
    let classes = if logits.dtype() == DType::I64 { logits.clone() } else { predictions(logits)? };
    if classes.shape() != labels.shape() {
        let (found, wanted) = (labels.shape(), classes.shape());
        return Err(Error::Tensor(format!("labels of shape {found} for predictions of shape {wanted}")));
    }
    share(classes.as_slice::<i64>()?.iter().zip(labels.as_slice::<i64>()?).map(|(a, b)| a == b))
}

/// The share of elements for which "above the threshold" is the label (1 or `true`). The threshold is 0.5 for
/// probabilities and 0 for logits. Both have the same shape; a NaN is on no side and counts as wrong.
///
/// ```
/// use chainrule_nn::binary_accuracy;
/// use chainrule_tape::Tensor;
/// let probabilities = Tensor::from([0.9f32, 0.4, 0.6]);
/// assert!((binary_accuracy(&probabilities, &Tensor::from([1.0f32, 0.0, 0.0]), 0.5)? - 2.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// # Errors
/// If the shapes differ or are empty, or a label is neither 0 nor 1.
pub fn binary_accuracy(predictions: &Tensor, labels: &Tensor, threshold: f64) -> Result<f64> {
    if predictions.shape() != labels.shape() {
        let (found, wanted) = (labels.shape(), predictions.shape());
        return Err(Error::Tensor(format!("labels of shape {found} for predictions of shape {wanted}")));
    }
    let (values, labels) = (predictions.to_f64(), labels.to_f64());
    if let Some(bad) = labels.iter().find(|&&label| label != 0.0 && label != 1.0) {
        return Err(Error::Tensor(format!("a binary label is 0 or 1, not {bad}")));
    }
    share(values.iter().zip(&labels).map(|(&x, &label)| !x.is_nan() && (x > threshold) == (label == 1.0)))
}

/// The share of `true`.
fn share(right: impl ExactSizeIterator<Item = bool>) -> Result<f64> {
    let count = right.len();
    if count == 0 {
        return Err(Error::Tensor("there are no predictions to judge".into()));
    }
    Ok(right.filter(|right| *right).count() as f64 / count as f64)
}
