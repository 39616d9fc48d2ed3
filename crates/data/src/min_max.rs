//! Columns brought to the range 0 to 1.

use crate::DataError;
use crate::columns::Columns;
use chainrule_tape::Tensor;

/// Shifts and scales each column to the range 0 to 1 of a training set.
///
/// `(x - min) / (max - min)`. A column that is the same everywhere becomes 0. Values outside the training
/// set's range come out below 0 or above 1.
///
/// ```
/// use chainrule_data::MinMax;
/// use chainrule_tape::Tensor;
///
/// let train = Tensor::from([[1.0f32, 5.0], [3.0, 5.0], [2.0, 5.0]]);
/// let scaler = MinMax::fit(&train)?;
/// assert_eq!(scaler.apply(&train)?, Tensor::from([[0.0f32, 0.0], [1.0, 0.0], [0.5, 0.0]]));
/// # Ok::<(), chainrule_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MinMax(Columns);

impl MinMax {
    /// Measures the columns of a training set.
    ///
    /// # Errors
    /// As [`Standardize::fit`](crate::Standardize::fit).
    ///
    /// ```
    /// use chainrule_data::{MinMax, iris};
    /// let scaler = MinMax::fit(iris().inputs())?;
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn fit(inputs: &Tensor) -> Result<MinMax, DataError> {
        let mut columns = Columns::new(inputs)?;
        let (values, width) = (inputs.to_f64(), columns.shift.len());
        columns.shift.fill(f64::INFINITY);
        let mut max = vec![f64::NEG_INFINITY; width];
        for (row, x) in values.chunks_exact(width.max(1)).enumerate() {
            for column in 0..width {
                columns.shift[column] = columns.shift[column].min(x[column]);
                max[column] = max[column].max(x[column]);
                if !(max[column] - columns.shift[column]).is_finite() || x[column].is_nan() {
                    return Err(DataError::NotFinite { row, column, value: x[column] });
                }
            }
        }
        for (column, max) in max.into_iter().enumerate() {
            let range = max - columns.shift[column];
            columns.scale[column] = if range > 0.0 { range } else { 1.0 };
        }
        Ok(MinMax(columns))
    }

    /// The inputs with each column shifted and scaled, in their shape and dtype.
    ///
    /// # Errors
    /// As [`Standardize::apply`](crate::Standardize::apply).
    ///
    /// ```
    /// use chainrule_data::{MinMax, iris};
    /// let data = iris();
    /// let scaler = MinMax::fit(data.inputs())?;
    /// let scaled = scaler.apply(data.inputs())?;
    /// assert!(scaled.to_f64().iter().all(|x| (0.0..=1.0).contains(x)));
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn apply(&self, inputs: &Tensor) -> Result<Tensor, DataError> {
        self.0.map(inputs, |x, shift, scale| (x - shift) / scale)
    }

    /// The inverse of [`apply`](MinMax::apply).
    ///
    /// ```
    /// use chainrule_data::MinMax;
    /// use chainrule_tape::Tensor;
    /// let scaler = MinMax::fit(&Tensor::from([[10.0], [30.0]]))?;
    /// assert_eq!(scaler.invert(&Tensor::from([[0.5]]))?, Tensor::from([[20.0]]));
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Standardize::apply`](crate::Standardize::apply).
    pub fn invert(&self, outputs: &Tensor) -> Result<Tensor, DataError> {
        self.0.map(outputs, |x, shift, scale| x * scale + shift)
    }
}
