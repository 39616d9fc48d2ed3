//! What the scalers have in common: two numbers for each column.

use crate::DataError;
use chainrule_tape::{DType, Element, Tensor};

/// A shift and a scale for each column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Columns {
    pub(crate) shift: Vec<f64>,
    pub(crate) scale: Vec<f64>,
}

impl Columns {
    /// Zeros for the columns of inputs that have rows.
    pub(crate) fn new(inputs: &Tensor) -> Result<Columns, DataError> {
        check_dtype(inputs)?;
        match inputs.shape().split_first() {
            Some((1.., row)) => {
                let width = row.iter().product();
                Ok(Columns { shift: vec![0.0; width], scale: vec![0.0; width] })
            }
            _ => Err(DataError::Mismatch(format!("inputs of shape {} have no rows", inputs.shape()))),
        }
    }

    pub(crate) fn map(&self, inputs: &Tensor, f: impl Fn(f64, f64, f64) -> f64) -> Result<Tensor, DataError> {
        check_dtype(inputs)?;
        let (shape, width) = (inputs.shape(), self.shift.len());
        if shape.rank() == 0 || shape[1..].iter().product::<usize>() != width {
            let what = format!("inputs of shape {shape} don't have the {width} columns that were measured");
            return Err(DataError::Mismatch(what));
        }
        fn each<T: Element>(tensor: &mut Tensor, width: usize, f: impl Fn(usize, T) -> T) {
            let values = tensor.as_mut_slice::<T>().expect("the dtype was checked");
            for row in values.chunks_exact_mut(width.max(1)) {
                row.iter_mut().enumerate().for_each(|(column, x)| *x = f(column, *x));
            }
        }
        let mut tensor = inputs.clone();
        let f = |column: usize, x| f(x, self.shift[column], self.scale[column]);
        match inputs.dtype() {
            DType::F32 => each::<f32>(&mut tensor, width, |column, x| f(column, x.into()) as f32),
            _ => each::<f64>(&mut tensor, width, f),
        }
        Ok(tensor)
    }
}

fn check_dtype(inputs: &Tensor) -> Result<(), DataError> {
    match inputs.dtype() {
        dtype if dtype.is_float() => Ok(()),
        found => Err(DataError::DType { what: "the inputs", expected: "f32 or f64 (cast them)", found }),
    }
}
