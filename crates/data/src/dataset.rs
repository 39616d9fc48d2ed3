//! A set of inputs with their labels.

use crate::{Batches, DataError, permutation};
use chainrule_tape::{DType, Tensor};

/// Inputs and labels with a common first axis, and the names of classes and features where they are known.
///
/// Labels are `i64` class numbers of shape `[rows]`, or targets of any shape that begins with `rows`.
/// Cloning copies no elements.
///
/// ```
/// use chainrule_data::Dataset;
/// use chainrule_tape::Tensor;
///
/// let inputs = Tensor::from([[0.0f32, 1.0], [2.0, 3.0], [4.0, 5.0]]);
/// let labels = Tensor::from([0i64, 1, 0]);
/// let data = Dataset::new(inputs, labels)?.with_classes(["cat", "dog"])?;
/// assert_eq!(data.len(), 3);
/// assert_eq!(data.class_count(), 2);
/// # Ok::<(), chainrule_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    inputs: Tensor,
    labels: Tensor,
    classes: Vec<String>,
    features: Vec<String>,
}

impl Dataset {
    /// A set without names.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] if inputs and labels differ in their number of rows, or one is a scalar.
    ///
    /// ```
    /// use chainrule_data::Dataset;
    /// use chainrule_tape::Tensor;
    /// assert!(Dataset::new(Tensor::from([[1.0f32], [2.0]]), Tensor::from([0i64, 1, 1])).is_err());
    /// ```
    pub fn new(inputs: Tensor, labels: Tensor) -> Result<Dataset, DataError> {
        match (inputs.shape().first(), labels.shape().first()) {
            (Some(a), Some(b)) if a == b => {
                Ok(Dataset { inputs, labels, classes: Vec::new(), features: Vec::new() })
            }
            _ => Err(DataError::Mismatch(format!(
                "inputs of shape {} and labels of shape {} don't have the same number of rows",
                inputs.shape(),
                labels.shape()
            ))),
        }
    }

    /// This set with the names of its classes, in the order of their numbers.
    ///
    /// # Errors
    /// [`DataError::DType`] if the labels are not `i64`, [`DataError::Label`] if one has no name.
    ///
    /// ```
    /// use chainrule_data::Dataset;
    /// use chainrule_tape::Tensor;
    /// let data = Dataset::new(Tensor::from([[1.0f32], [2.0]]), Tensor::from([0i64, 1]))?;
    /// assert_eq!(data.clone().with_classes(["no", "yes"])?.classes(), ["no", "yes"]);
    /// assert!(data.with_classes(["no"]).is_err());
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn with_classes<S: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Dataset, DataError> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let classes = names.len();
        let inside = |label: i64| usize::try_from(label).is_ok_and(|label| label < classes);
        if let Some((row, &label)) =
            class_labels(&self.labels)?.iter().enumerate().find(|(_, x)| !inside(**x))
        {
            return Err(DataError::Label { row, label, classes });
        }
        self.classes = names;
        Ok(self)
    }

    /// This set with the names of its features: the inputs' columns.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] if their number is not that of the elements of one row.
    ///
    /// ```
    /// use chainrule_data::Dataset;
    /// use chainrule_tape::Tensor;
    /// let data = Dataset::new(Tensor::from([[1.0f32, 2.0]]), Tensor::from([0i64]))?;
    /// assert_eq!(data.with_features(["width", "height"])?.features(), ["width", "height"]);
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn with_features<S: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Dataset, DataError> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let width: usize = self.inputs.shape()[1..].iter().product();
        if names.len() != width {
            return Err(DataError::Mismatch(format!(
                "{} names don't fit inputs of shape {}, whose rows have {width} elements",
                names.len(),
                self.inputs.shape()
            )));
        }
        self.features = names;
        Ok(self)
    }

    /// The inputs: one row an example.
    ///
    /// ```
    /// assert_eq!(chainrule_data::iris().inputs().shape().dims(), [150, 4]);
    /// ```
    pub fn inputs(&self) -> &Tensor {
        &self.inputs
    }

    /// The labels: one row an example.
    ///
    /// ```
    /// assert_eq!(chainrule_data::iris().labels().shape().dims(), [150]);
    /// ```
    pub fn labels(&self) -> &Tensor {
        &self.labels
    }

    /// The names of the classes in the order of their numbers; empty if they have none.
    ///
    /// ```
    /// assert_eq!(chainrule_data::iris().classes()[0], "setosa");
    /// ```
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The names of the features; empty if they have none.
    ///
    /// ```
    /// assert_eq!(chainrule_data::iris().features()[0], "sepal length (cm)");
    /// ```
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The inputs and the labels, given away.
    ///
    /// ```
    /// let (inputs, labels) = chainrule_data::iris().into_parts();
    /// assert_eq!(inputs.shape()[0], labels.shape()[0]);
    /// ```
    pub fn into_parts(self) -> (Tensor, Tensor) {
        (self.inputs, self.labels)
    }

    /// The number of rows.
    ///
    /// ```
    /// assert_eq!(chainrule_data::digits().len(), 1797);
    /// ```
    pub fn len(&self) -> usize {
        self.inputs.shape()[0]
    }

    /// Whether there are no rows.
    ///
    /// ```
    /// assert!(!chainrule_data::iris().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of classes: of their names, or one more than the largest label where they have none;
    /// 0 if the labels are not class numbers.
    ///
    /// ```
    /// assert_eq!(chainrule_data::digits().class_count(), 10);
    /// ```
    pub fn class_count(&self) -> usize {
        if !self.classes.is_empty() {
            return self.classes.len();
        }
        let largest = class_labels(&self.labels).ok().and_then(|labels| labels.iter().max());
        largest.and_then(|&label| usize::try_from(label).ok()).map_or(0, |label| label.saturating_add(1))
    }

    /// The rows at `indices`, in that order, copied.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] if an index is past the end.
    ///
    /// ```
    /// let first_and_last = chainrule_data::iris().take(&[0, 149])?;
    /// assert_eq!(first_and_last.labels().to_f64(), [0.0, 2.0]);
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn take(&self, indices: &[usize]) -> Result<Dataset, DataError> {
        match (self.inputs.take_rows(indices), self.labels.take_rows(indices)) {
            (Ok(inputs), Ok(labels)) => {
                Ok(Dataset { inputs, labels, classes: self.classes.clone(), features: self.features.clone() })
            }
            (Err(error), _) | (_, Err(error)) => Err(DataError::Mismatch(error.to_string())),
        }
    }

    /// This set with other inputs, such as standardized ones. Names of features are kept if they still fit.
    ///
    /// # Errors
    /// The function's, and [`DataError::Mismatch`] if it changes the number of rows.
    ///
    /// ```
    /// use chainrule_data::{Standardize, iris};
    /// let data = iris();
    /// let scaler = Standardize::fit(data.inputs())?;
    /// let data = data.map_inputs(|x| scaler.apply(x))?;
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn map_inputs<E: From<DataError>>(
        self,
        f: impl FnOnce(&Tensor) -> Result<Tensor, E>,
    ) -> Result<Dataset, E> {
        let mut data = Dataset::new(f(&self.inputs)?, self.labels)?;
        data.classes = self.classes;
        if data.inputs.shape()[1..].iter().product::<usize>() == self.features.len() {
            data.features = self.features;
        }
        Ok(data)
    }

    /// This set with all inputs multiplied by one number. Integer inputs become `f32`.
    ///
    /// ```
    /// let data = chainrule_data::digits().scale(1.0 / 16.0);
    /// assert!(data.inputs().to_f64().iter().all(|x| (0.0..=1.0).contains(x)));
    /// ```
    pub fn scale(mut self, by: f64) -> Dataset {
        if self.inputs.dtype() == DType::F64 {
            let values = self.inputs.as_mut_slice::<f64>().expect("the dtype is f64");
            values.iter_mut().for_each(|x| *x *= by);
        } else {
            self.inputs = self.inputs.cast(DType::F32);
            let values = self.inputs.as_mut_slice::<f32>().expect("the dtype is f32");
            values.iter_mut().for_each(|x| *x = (f64::from(*x) * by) as f32);
        }
        self
    }

    /// The rows in the order of [`permutation`]`(len, seed, 0)`.
    ///
    /// ```
    /// use chainrule_data::{iris, permutation};
    /// let data = iris();
    /// assert_eq!(data.shuffle(7), data.take(&permutation(150, 7, 0))?);
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn shuffle(&self, seed: u64) -> Dataset {
        self.select(&permutation(self.len(), seed, 0))
    }

    /// The set in batches of `size` rows; the last one is short where `size` does not divide the set. The
    /// rows come in their order, or [`shuffled`](Batches::shuffled) anew for each epoch.
    ///
    /// # Panics
    /// If `size` is 0.
    ///
    /// ```
    /// let data = chainrule_data::digits();
    /// for epoch in 0..2 {
    ///     for (inputs, labels) in data.batches(256).shuffled(7, epoch).drop_last() {
    ///         assert_eq!(inputs.shape().dims(), [256, 64]);
    ///         assert_eq!(labels.shape().dims(), [256]);
    ///     }
    /// }
    /// ```
    #[track_caller]
    pub fn batches(&self, size: usize) -> Batches<'_> {
        assert!(size > 0, "a batch has at least one row");
        Batches::new(self, size)
    }

    pub(crate) fn select(&self, indices: &[usize]) -> Dataset {
        self.take(indices).expect("the indices are rows of the set")
    }
}

/// The labels as class numbers.
pub(crate) fn class_labels(labels: &Tensor) -> Result<&[i64], DataError> {
    if labels.shape().rank() != 1 {
        let shape = labels.shape();
        return Err(DataError::Mismatch(format!("labels of shape {shape} are not one class number a row")));
    }
    let found = labels.dtype();
    labels.as_slice().map_err(|_| DataError::DType {
        what: "the labels",
        expected: "i64 class numbers",
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(labels: &[i64]) -> Dataset {
        let n = labels.len();
        Dataset::new(Tensor::arange(n).reshape([n, 1]).unwrap(), Tensor::from(labels)).unwrap()
    }

    #[test]
    fn seeds_decide_the_order() {
        let data = set(&[0; 100]);
        assert_eq!(data.shuffle(1), data.shuffle(1));
        assert_ne!(data.shuffle(1), data.shuffle(2));
    }

    #[test]
    fn mistakes_are_named() {
        let data = set(&[0, 1, 2]);
        let error = data.clone().with_classes(["a", "b"]).unwrap_err().to_string();
        assert!(error.contains("row 2 is 2") && error.contains("2 classes"), "{error}");
        let error = data.clone().with_features(["a", "b"]).unwrap_err().to_string();
        assert!(error.contains("2 names") && error.contains("[3, 1]"), "{error}");
        let error = data.take(&[3]).unwrap_err().to_string();
        assert!(error.contains("row 3") && error.contains("[3, 1]"), "{error}");
        let targets = Dataset::new(Tensor::from([[1.0f32]]), Tensor::from([0.5f32])).unwrap();
        assert_eq!(targets.class_count(), 0);
        assert!(Dataset::new(Tensor::from(1.0), Tensor::from(1.0)).is_err());
        let fewer = |x: &Tensor| x.take_rows(&[0]).map_err(|error| DataError::Mismatch(error.to_string()));
        assert!(data.map_inputs(fewer).is_err());
    }

    #[test]
    fn names_survive() {
        let data = set(&[0, 1, 1]).with_classes(["a", "b"]).unwrap().with_features(["x"]).unwrap();
        let (train, _) = data.split(0.4, 0).unwrap();
        assert_eq!((train.classes(), train.features()), (data.classes(), data.features()));
        let scaled = data.clone().scale(0.5);
        assert_eq!(scaled.inputs(), &Tensor::from([[0.0f32], [0.5], [1.0]]));
        assert_eq!(scaled.features(), ["x"]);
    }
}
