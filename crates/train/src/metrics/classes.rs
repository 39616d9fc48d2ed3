//! What class outputs say, and what targets say.

use chainrule_tape::{DType, Error, Result, Tensor};

/// The predicted and the actual class of each row.
pub(super) struct Classes {
    pub predicted: Vec<usize>,
    pub actual: Vec<usize>,
    /// How many classes there are.
    pub count: usize,
}

impl Classes {
    /// Of outputs `[…, classes]`, whose largest counts (the first among equals; a NaN is the largest), with targets `[…]` of
    /// dtype `i64`; or of outputs of the targets' shape: class 1 above the threshold, else 0, with targets of 0 and 1.
    pub fn of(metric: &str, outputs: &Tensor, targets: &Tensor, threshold: f64) -> Result<Classes> {
        let (shape, wanted) = (outputs.shape(), targets.shape());
        if shape == wanted {
            let predicted = outputs.to_f64().iter().map(|&x| usize::from(x > threshold)).collect();
            let actual = integers(metric, targets, 2)?;
            return Ok(Classes { predicted, actual, count: 2 });
        }
        match shape.split_last() {
            Some((&count, rows)) if count > 0 && rows == wanted.dims() => {
                let predicted = chainrule_nn::predictions(outputs)?.to_vec::<i64>()?;
                let predicted = predicted.into_iter().map(|class| class as usize).collect();
                Ok(Classes { predicted, actual: integers(metric, targets, count)?, count })
            }
            _ => Err(Error::Tensor(format!(
                "{metric}: outputs of shape {shape} are neither [rows, classes] nor one number for each of the targets {wanted}"
            ))),
        }
    }
}

/// Targets as class numbers below `count`.
fn integers(metric: &str, targets: &Tensor, count: usize) -> Result<Vec<usize>> {
    if targets.dtype() != DType::I64 && count > 2 {
        return Err(Error::Tensor(format!("{metric}: class labels are i64, not {}", targets.dtype())));
    }
    let class = |(row, target): (usize, f64)| match target {
        t if t >= 0.0 && t < count as f64 && t.fract() == 0.0 => Ok(t as usize),
        t => Err(Error::Tensor(format!(
            "{metric}: target {row} is {t}; the {count} classes are numbered from 0"
        ))),
    };
    targets.to_f64().into_iter().enumerate().map(class).collect()
}

/// As many outputs as targets, as numbers.
pub(super) fn pairs(metric: &str, outputs: &Tensor, targets: &Tensor) -> Result<Vec<(f64, f64)>> {
    if outputs.shape() != targets.shape() {
        let (outputs, targets) = (outputs.shape(), targets.shape());
        return Err(Error::Tensor(format!(
            "{metric}: outputs of shape {outputs} for targets of shape {targets}"
        )));
    }
    Ok(outputs.to_f64().into_iter().zip(targets.to_f64()).collect())
}
