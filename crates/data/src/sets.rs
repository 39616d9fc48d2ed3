//! The sets that are part of the crate. `sets/README.md` names their origin.

use crate::{Column, CsvOptions, DataError, Dataset, parse_csv};
use flate2::bufread::GzDecoder;
use std::io::Read;

/// 1,797 handwritten digits: images of 8×8 as `f32` of shape `[1797, 64]`, labels from 0 to 9.
///
/// A pixel is a whole number from 0 to 16, as in the source: [`scale`](Dataset::scale)`(1.0 / 16.0)` or
/// [`Standardize`](crate::Standardize) before training. The set is unpacked at each call, which takes a few
/// milliseconds.
///
/// Source: the test part of E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI
/// Machine Learning Repository, 1998; as distributed with scikit-learn.
///
/// ```
/// let data = chainrule_data::digits();
/// assert_eq!(data.inputs().shape().dims(), [1797, 64]);
/// assert_eq!(data.labels().as_slice::<i64>().unwrap()[..4], [0, 1, 2, 3]);
/// ```
pub fn digits() -> Dataset {
    let text = unpacked(include_bytes!("../sets/digits.csv.gz"));
    let options = CsvOptions { has_header: false, ..CsvOptions::default() };
    let pixels = (0..64).map(|i| format!("pixel_{}_{}", i / 8, i % 8));
    parse_csv(text, &options)
        .and_then(|data| data.with_classes((0..10).map(|digit| digit.to_string())))
        .and_then(|data| data.with_features(pixels))
        .expect("the embedded file is a valid table")
}

/// 150 irises of three species: length and width of sepal and petal in cm, as `f32` of shape `[150, 4]`;
/// labels 0 setosa, 1 versicolor, 2 virginica, 50 of each.
///
/// Source: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7,
/// 1936; as distributed with scikit-learn, which has Fisher's numbers and not the two errors of UCI's copy.
///
/// ```
/// let data = chainrule_data::iris();
/// assert_eq!(data.inputs().shape().dims(), [150, 4]);
/// assert_eq!(data.classes(), ["setosa", "versicolor", "virginica"]);
/// ```
pub fn iris() -> Dataset {
    // The file's first line is not the columns' names, but counts and the classes' names.
    parse_csv(include_bytes!("../sets/iris.csv"), &CsvOptions::default())
        .and_then(|data| data.with_classes(["setosa", "versicolor", "virginica"]))
        .and_then(|data| {
            let names = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"];
            data.with_features(names)
        })
        .expect("the embedded file is a valid table")
}

/// 442 diabetes patients: ten measurements as `f32` of shape `[442, 10]`, and how far the disease had gone a year later, as
/// `f32` of shape `[442]`, from 25 to 346.
///
/// The features are `age` in years, `sex` (1 or 2), `bmi` the body mass index, `bp` the mean blood pressure, and six values of
/// the blood: `s1` total cholesterol, `s2` low-density and `s3` high-density lipoproteins, `s4` total cholesterol over `s3`,
/// `s5` the logarithm of the triglycerides, `s6` glucose. They are in their own units: [`Standardize`](crate::Standardize)
/// before training. (scikit-learn's `load_diabetes` scales them unless it is told `scaled=False`.)
///
/// Source: B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, "Least angle regression", Annals of Statistics 32, 2004; as
/// distributed with scikit-learn.
///
/// ```
/// let data = chainrule_data::diabetes();
/// assert_eq!(data.inputs().shape().dims(), [442, 10]);
/// assert_eq!(data.labels().as_slice::<f32>().unwrap()[..3], [151.0, 75.0, 141.0]);
/// assert_eq!(data.features()[2], "bmi");
/// ```
pub fn diabetes() -> Dataset {
    let features = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"];
    let options =
        CsvOptions { has_header: false, delimiter: b' ', label: Column::Absent, ..CsvOptions::default() };
    let table =
        |file: &[u8]| -> Result<_, DataError> { Ok(parse_csv(unpacked(file), &options)?.into_parts().0) };
    let read = || -> Result<Dataset, DataError> {
        let inputs = table(include_bytes!("../sets/diabetes_data_raw.csv.gz"))?;
        let targets = table(include_bytes!("../sets/diabetes_target.csv.gz"))?;
        let targets = targets.reshape(targets.numel()).map_err(|e| DataError::Mismatch(e.to_string()))?;
        Dataset::new(inputs, targets)?.with_features(features)
    };
    read().expect("the embedded files are valid tables")
}

fn unpacked(file: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    GzDecoder::new(file).read_to_end(&mut text).expect("the embedded file is valid gzip");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class_sizes(data: &Dataset) -> Vec<usize> {
        let labels = data.labels().as_slice::<i64>().unwrap();
        (0..data.class_count() as i64).map(|class| labels.iter().filter(|&&x| x == class).count()).collect()
    }

    #[test]
    fn digits_are_the_published_ones() {
        let data = digits();
        let pixels = data.inputs().as_slice::<f32>().unwrap();
        assert!(pixels.iter().all(|x| (0.0..=16.0).contains(x) && x.fract() == 0.0));
        assert_eq!(pixels.iter().map(|&x| x as u64).sum::<u64>(), 561_718);
        assert_eq!(class_sizes(&data), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(pixels[..8], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
        assert_eq!((data.features()[10].as_str(), data.classes()[9].as_str()), ("pixel_1_2", "9"));
    }

    #[test]
    fn irises_are_fishers() {
        let data = iris();
        assert_eq!(class_sizes(&data), [50, 50, 50]);
        let values = data.inputs().as_slice::<f32>().unwrap();
        for (column, sum) in [876.5, 458.6, 563.7, 179.9].into_iter().enumerate() {
            let found: f64 = values.iter().skip(column).step_by(4).map(|&x| f64::from(x)).sum();
            assert!((found - sum).abs() < 1e-3, "column {column}: {found}");
        }
        // The rows in which UCI's copy is wrong.
        assert_eq!(values[34 * 4..][..4], [4.9, 3.1, 1.5, 0.2]);
        assert_eq!(values[37 * 4..][..4], [4.9, 3.6, 1.4, 0.1]);
    }
    #[test]
    fn diabetes_is_the_published_one() {
        let data = diabetes();
        let values = data.inputs().to_f64();
        let sums =
            [21445.0, 649.0, 11658.1, 41833.98, 83600.0, 51024.1, 22006.5, 1799.05, 2051.5036, 40337.0];
        for (column, sum) in sums.into_iter().enumerate() {
            let found: f64 = values.iter().skip(column).step_by(10).sum();
            assert!((found - sum).abs() < 1e-6 * sum, "column {column}: {found}");
        }
        let targets = data.labels().to_f64();
        assert_eq!((targets.len(), targets.iter().sum::<f64>()), (442, 67_243.0));
        assert_eq!(targets.iter().copied().fold(f64::INFINITY, f64::min), 25.0);
        assert_eq!(targets.iter().copied().fold(0.0, f64::max), 346.0);
    }
}
