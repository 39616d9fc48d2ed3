//! Columns brought to mean 0 and deviation 1.

use crate::DataError;
use crate::columns::Columns;
use chainrule_tape::Tensor;

/// Shifts and scales each column to mean 0 and standard deviation 1, with the statistics of a training set.
///
/// `(x - mean) / std`, where `std` is the root of the mean squared deviation (divided by n). A column that is
/// the same everywhere is only centred. All axes after the first are columns. Statistics are computed in
/// `f64`, whatever the dtype.
///
/// ```
/// use chainrule_data::Standardize;
/// use chainrule_tape::Tensor;
///
/// let train = Tensor::from([[1.0f32, 5.0], [3.0, 5.0]]);
/// let scaler = Standardize::fit(&train)?;
/// assert_eq!(scaler.apply(&train)?, Tensor::from([[-1.0f32, 0.0], [1.0, 0.0]]));
/// assert_eq!(scaler.apply(&Tensor::from([[5.0f32, 6.0]]))?, Tensor::from([[3.0f32, 1.0]]));
/// # Ok::<(), chainrule_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Standardize(Columns);

impl Standardize {
    /// Measures the columns of a training set.
    ///
    /// # Errors
    /// [`DataError::DType`] if the dtype is not a floating-point type, [`DataError::Mismatch`] if there are no
    /// rows, [`DataError::NotFinite`] if a value is NaN or infinite.
    ///
    /// ```
    /// use chainrule_data::{Standardize, iris};
    /// let scaler = Standardize::fit(iris().inputs())?;
    /// assert!((scaler.mean()[0] - 5.8433).abs() < 1e-4);
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn fit(inputs: &Tensor) -> Result<Standardize, DataError> {
        let mut columns = Columns::new(inputs)?;
        let values = inputs.to_f64();
        let (width, first) = (columns.shift.len(), values[..columns.shift.len()].to_vec());
        let rows = values.len() / width.max(1);
        // Deviations from the first row: small where the values are large, and exactly 0 in a constant column.
        let (mut mean, mut square) = (vec![0.0; width], vec![0.0; width]);
        for row in values.chunks_exact(width.max(1)) {
            for ((sum, x), first) in mean.iter_mut().zip(row).zip(&first) {
                *sum += x - first;
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= rows as f64);
        for row in values.chunks_exact(width.max(1)) {
            for (((sum, x), first), mean) in square.iter_mut().zip(row).zip(&first).zip(&mean) {
                *sum += (x - first - mean).powi(2);
            }
        }
        square.iter_mut().for_each(|sum| *sum /= rows as f64);
        for column in 0..width {
            if !square[column].is_finite() {
                let worst = |&a: &usize, &b: &usize| {
                    let size = |row: usize| values[row * width + column].abs();
                    size(a).total_cmp(&size(b))
                };
                let row = (0..rows).max_by(worst).unwrap_or(0);
                return Err(DataError::NotFinite { row, column, value: values[row * width + column] });
            }
            columns.shift[column] = first[column] + mean[column];
            columns.scale[column] = if square[column] > 0.0 { square[column].sqrt() } else { 1.0 };
        }
        Ok(Standardize(columns))
    }

    /// A scaler with known statistics, such as those that were stored with a model.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] if the two differ in length or a deviation is not above 0.
    ///
    /// ```
    /// use chainrule_data::{Standardize, iris};
    /// let fitted = Standardize::fit(iris().inputs())?;
    /// assert_eq!(Standardize::new(fitted.mean(), fitted.std())?, fitted);
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn new(mean: &[f64], std: &[f64]) -> Result<Standardize, DataError> {
        if mean.len() != std.len() || !std.iter().all(|std| *std > 0.0) {
            let what =
                format!("means {mean:?} and deviations {std:?} are not one of each, above 0, a column");
            return Err(DataError::Mismatch(what));
        }
        Ok(Standardize(Columns { shift: mean.to_vec(), scale: std.to_vec() }))
    }

    /// The inputs with each column shifted and scaled, in their shape and dtype.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] if the width is not that of the training set, [`DataError::DType`] if the dtype
    /// is not a floating-point type.
    ///
    /// ```
    /// use chainrule_data::{Standardize, iris};
    /// let (train, test) = iris().split(0.2, 7)?;
    /// let scaler = Standardize::fit(train.inputs())?;
    /// let test = test.map_inputs(|x| scaler.apply(x))?;
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn apply(&self, inputs: &Tensor) -> Result<Tensor, DataError> {
        self.0.map(inputs, |x, shift, scale| (x - shift) / scale)
    }

    /// The inverse of [`apply`](Standardize::apply): what a model predicts, in the units of the data.
    ///
    /// ```
    /// use chainrule_data::Standardize;
    /// use chainrule_tape::Tensor;
    /// let targets = Tensor::from([[10.0], [30.0]]);
    /// let scaler = Standardize::fit(&targets)?;
    /// assert_eq!(scaler.invert(&Tensor::from([[0.5]]))?, Tensor::from([[25.0]]));
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// As [`apply`](Standardize::apply).
    pub fn invert(&self, outputs: &Tensor) -> Result<Tensor, DataError> {
        self.0.map(outputs, |x, shift, scale| x * scale + shift)
    }

    /// The mean of each column.
    ///
    /// ```
    /// use chainrule_data::Standardize;
    /// let scaler = Standardize::fit(&chainrule_tape::Tensor::from([[1.0], [3.0]]))?;
    /// assert_eq!(scaler.mean(), [2.0]);
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn mean(&self) -> &[f64] {
        &self.0.shift
    }

    /// The standard deviation of each column; 1 where the column is the same everywhere.
    ///
    /// ```
    /// use chainrule_data::Standardize;
    /// let scaler = Standardize::fit(&chainrule_tape::Tensor::from([[1.0, 4.0], [5.0, 4.0]]))?;
    /// assert_eq!(scaler.std(), [2.0, 1.0]);
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn std(&self) -> &[f64] {
        &self.0.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MinMax, iris};
    use chainrule_tape::DType;

    #[test]
    fn statistics_are_those_of_the_columns() {
        let data = iris();
        let scaler = Standardize::fit(data.inputs()).unwrap();
        let expected = [
            (5.843333333333335, 0.8253012917851409),
            (3.057333333333334, 0.43441096773549437),
            (3.7580000000000027, 1.7594040657753032),
            (1.199333333333334, 0.7596926279021594),
        ];
        for (column, (mean, std)) in expected.into_iter().enumerate() {
            // The inputs are rounded to f32.
            assert!((scaler.mean()[column] - mean).abs() < 1e-7, "{:?}", scaler.mean());
            assert!((scaler.std()[column] - std).abs() < 1e-7, "{:?}", scaler.std());
        }
        let again = Standardize::fit(&scaler.apply(data.inputs()).unwrap()).unwrap();
        assert!(again.mean().iter().all(|mean| mean.abs() < 1e-7));
        assert!(again.std().iter().all(|std| (std - 1.0).abs() < 1e-6));
        let back = scaler.invert(&scaler.apply(data.inputs()).unwrap()).unwrap().to_f64();
        assert!(back.iter().zip(data.inputs().to_f64()).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn constant_columns_are_only_centred() {
        // 0.1 has no exact sum: a mean by summing would leave a deviation of 1e-17 to divide by.
        let constant = Tensor::full([7, 1], 0.1);
        let scaler = Standardize::fit(&constant).unwrap();
        assert_eq!((scaler.mean(), scaler.std()), (&[0.1][..], &[1.0][..]));
        assert_eq!(scaler.apply(&constant).unwrap(), Tensor::full([7, 1], 0.0));
        assert_eq!(scaler.apply(&Tensor::from([[0.6]])).unwrap(), Tensor::from([[0.5]]));
        assert_eq!(MinMax::fit(&constant).unwrap().apply(&constant).unwrap(), Tensor::full([7, 1], 0.0));
    }

    #[test]
    fn large_offsets_keep_their_deviation() {
        let x = Tensor::from([[1e9], [1e9 + 1.0], [1e9 + 2.0]]);
        let std = Standardize::fit(&x).unwrap().std()[0];
        assert!((std - (2.0f64 / 3.0).sqrt()).abs() < 1e-12, "{std}");
    }

    #[test]
    fn shapes_and_dtypes_stay() {
        for dtype in [DType::F32, DType::F64] {
            let images = Tensor::arange(24).reshape([2, 3, 4]).unwrap().cast(dtype);
            for scaled in [
                Standardize::fit(&images).unwrap().apply(&images).unwrap(),
                MinMax::fit(&images).unwrap().apply(&images).unwrap(),
            ] {
                assert_eq!((scaled.shape(), scaled.dtype()), (images.shape(), dtype));
            }
        }
        let empty = Tensor::zeros([3, 0], DType::F32);
        assert_eq!(Standardize::fit(&empty).unwrap().apply(&empty).unwrap(), empty);
    }

    #[test]
    fn mistakes_are_named() {
        let scaler = Standardize::fit(&Tensor::from([[1.0, 2.0]])).unwrap();
        for other in [Tensor::from([[1.0]]), Tensor::from([1.0, 2.0]), Tensor::from(1.0)] {
            let error = scaler.apply(&other).unwrap_err().to_string();
            assert!(error.contains(&other.shape().to_string()) && error.contains("2 columns"), "{error}");
        }
        assert!(matches!(scaler.apply(&Tensor::from([[1i64, 2]])), Err(DataError::DType { .. })));
        assert!(matches!(Standardize::fit(&Tensor::arange(3)), Err(DataError::DType { .. })));
        assert!(Standardize::fit(&Tensor::zeros([0, 2], DType::F32)).is_err());
        assert!(MinMax::fit(&Tensor::zeros((), DType::F32)).is_err());
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let x = Tensor::from([[1.0, 2.0], [3.0, bad], [5.0, 6.0]]);
            let named = |error| matches!(error, DataError::NotFinite { row: 1, column: 1, .. });
            assert!(named(Standardize::fit(&x).unwrap_err()));
            assert!(named(MinMax::fit(&x).unwrap_err()));
        }
        for std in [&[0.0][..], &[-1.0], &[f64::NAN], &[1.0, 1.0], &[]] {
            assert!(Standardize::new(&[0.0], std).is_err());
        }
    }
}
