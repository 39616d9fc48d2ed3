//! What losses compare with: values beside the predictions, class labels, weights of classes.

use chainrule_tape::{DType, Operand, Tensor, Var};

/// The targets, if they fit the predictions; else a recorded mistake.
#[track_caller]
pub(super) fn beside<'t>(loss: &'static str, x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    let meta = x.meta();
    let targets = targets.on(x.tape(), &meta);
    let found = targets.meta();
    let wrong = if !meta.dtype.is_float() {
        "predictions are floating point"
    } else if found.dtype != meta.dtype {
        "predictions and targets differ in dtype: cast one of them"
    } else if found.shape != meta.shape {
        "predictions and targets differ in shape, and a loss broadcasts nothing: reshape one of them"
    } else {
        return targets;
    };
    x.tape().fail(loss, wrong, &[x, targets])
}

/// Targets that are one for each row of predictions, so of their shape without the last axis.
#[track_caller]
pub(super) fn beside_rows<'t>(loss: &'static str, x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    let mut rows = x.meta();
    let Some((_, shape)) = rows.shape.split_last() else {
        return x.tape().fail(loss, "predictions have a last axis", &[x]);
    };
    rows.shape = shape.into();
    let targets = targets.on(x.tape(), &rows);
    let wrong = if !rows.dtype.is_float() {
        "predictions are floating point"
    } else if targets.dtype() != rows.dtype {
        "predictions and targets differ in dtype: cast one of them"
    } else if targets.shape() != rows.shape {
        "targets have the shape of the predictions without the last axis"
    } else {
        return targets;
    };
    x.tape().fail(loss, wrong, &[x, targets])
}

/// The number of classes along the last axis, if the class labels are one for each row; else a recorded mistake.
#[track_caller]
pub(super) fn classes_of<'t>(
    loss: &'static str,
    what: &str,
    x: Var<'t>,
    labels: Var<'t>,
) -> Result<usize, Var<'t>> {
    let (meta, found) = (x.meta(), labels.meta());
    let wrong = match meta.shape.split_last() {
        None => format!("{what} have a last axis of classes"),
        Some(_) if !meta.dtype.is_float() => format!("{what} are floating point"),
        Some(_) if found.dtype != DType::I64 => {
            "labels are class numbers, of dtype i64 (soft_cross_entropy takes distributions)".to_owned()
        }
        Some((_, rows)) if found.shape.dims() != rows => {
            format!("labels have the shape of the {what} without the last axis")
        }
        Some((&classes, _)) => return Ok(classes),
    };
    Err(x.tape().fail(loss, wrong, &[x, labels]))
}

/// Weights of the classes along the last axis, `[classes]`, if there are any; else a recorded mistake.
#[track_caller]
pub(super) fn class_weights<'t>(loss: &'static str, x: Var<'t>, weights: &Option<Tensor>) -> Option<Var<'t>> {
    let weights = weights.as_ref()?;
    let classes = x.shape().last().copied().unwrap_or(0);
    if weights.shape().dims() != [classes] {
        let what = format!("there are {classes} classes, and weights of shape {}", weights.shape());
        return Some(x.tape().fail(loss, what, &[x]));
    }
    Some(x.tape().var(weights.cast(x.dtype())))
}

/// Constants that broadcast to the predictions' shape; else a recorded mistake.
#[track_caller]
pub(super) fn constants<'t>(loss: &'static str, x: Var<'t>, what: &str, values: &Tensor) -> Var<'t> {
    let shape = x.shape();
    if values.shape().broadcast(&shape).as_ref() != Some(&shape) {
        let what = format!("{what} of shape {} don't broadcast to the predictions'", values.shape());
        return x.tape().fail(loss, what, &[x]);
    }
    x.tape().var(values.cast(x.dtype()))
}
