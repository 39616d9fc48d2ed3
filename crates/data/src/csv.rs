//! Tables of numbers with a column of labels.

mod labels;
mod table;

use crate::error::{in_memory, read_file};
use crate::{DataError, Dataset};
use chainrule_tape::DType;
use std::path::Path;
use table::Table;

/// How a table is read.
///
/// ```
/// use chainrule_data::{Column, CsvOptions, Target};
///
/// // The default: a header, commas, f32, and class labels in the last column.
/// let options = CsvOptions::default();
/// assert_eq!((options.has_header, options.delimiter, options.label), (true, b',', Column::Last));
///
/// // A regression with a semicolon between columns.
/// let options = CsvOptions { delimiter: b';', target: Target::Numbers, ..CsvOptions::default() };
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CsvOptions {
    /// Whether the first line holds the columns' names. Default: true.
    pub has_header: bool,
    /// The byte between two columns. Default: a comma.
    pub delimiter: u8,
    /// The type of the inputs, and of labels that are [`Target::Numbers`]: `F32` or `F64`. Default: `F32`.
    pub dtype: DType,
    /// Which column holds the labels; all others are inputs. Default: [`Column::Last`].
    pub label: Column,
    /// What the labels are. Default: [`Target::Classes`].
    pub target: Target,
    /// The names of the classes in the order of their numbers, such as those of the training set when a test
    /// set is read. Default: empty, and the file's own names are used.
    pub classes: Vec<String>,
}

impl Default for CsvOptions {
    fn default() -> CsvOptions {
        CsvOptions {
            has_header: true,
            delimiter: b',',
            dtype: DType::F32,
            label: Column::Last,
            target: Target::Classes,
            classes: Vec::new(),
        }
    }
}

/// A column of a table.
///
/// ```
/// use chainrule_data::{Column, CsvOptions, parse_csv};
/// let options = CsvOptions { label: Column::from("kind"), ..CsvOptions::default() };
/// let data = parse_csv("kind,size\n0,1.5\n1,2.5\n", &options)?;
/// assert_eq!(data.inputs().to_f64(), [1.5, 2.5]);
/// # Ok::<(), chainrule_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// The last.
    Last,
    /// The one at an index from 0.
    Index(usize),
    /// The one with a name in the header.
    Name(String),
    /// None of them: all columns are inputs, and the labels have shape `[rows, 0]`.
    Absent,
}

impl From<usize> for Column {
    fn from(index: usize) -> Column {
        Column::Index(index)
    }
}

impl From<&str> for Column {
    fn from(name: &str) -> Column {
        Column::Name(name.into())
    }
}

/// What the labels of a table are.
///
/// ```
/// use chainrule_data::{CsvOptions, Target, parse_csv};
/// let named = parse_csv("size,kind\n1,dog\n2,cat\n3,dog\n", &CsvOptions::default())?;
/// assert_eq!(named.classes(), ["cat", "dog"]);
/// assert_eq!(named.labels().to_f64(), [1.0, 0.0, 1.0]);
///
/// let options = CsvOptions { target: Target::Numbers, ..CsvOptions::default() };
/// let numbers = parse_csv("size,price\n1,9.5\n2,12.25\n", &options)?;
/// assert_eq!(numbers.labels().to_f64(), [9.5, 12.25]);
/// # Ok::<(), chainrule_data::DataError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// Classes, as `i64` of shape `[rows]`. Where the first row's label is a whole number, all must be, and
    /// they are kept as they are. Otherwise the labels are names, numbered in the order of their bytes. With
    /// [`CsvOptions::classes`], a label is one of those names, whatever it looks like.
    Classes,
    /// Numbers of [`CsvOptions::dtype`], of shape `[rows]`: the targets of a regression.
    Numbers,
}

/// Reads a table: each row is an example, each column but the label's an input.
///
/// Fields may be quoted; white space around them and empty lines are skipped. Each field must be a finite
/// number. The file is held in memory while it is read.
///
/// # Errors
/// [`DataError::Io`]; [`DataError::Csv`] for a field that is no number, is NaN, infinite or empty, for rows
/// of different lengths, for a file without rows, or for a label column or class that does not exist;
/// [`DataError::DType`] if [`CsvOptions::dtype`] is not a floating-point type.
///
/// ```
/// use chainrule_data::{CsvOptions, read_csv};
///
/// let path = std::env::temp_dir().join("chainrule-csv-example.csv");
/// std::fs::write(&path, "length,width,species\n5.1,3.5,setosa\n6.3,3.3,virginica\n")?;
/// let data = read_csv(&path, &CsvOptions::default())?;
/// assert_eq!(data.inputs().shape().dims(), [2, 2]);
/// assert_eq!(data.features(), ["length", "width"]);
/// assert_eq!(data.classes(), ["setosa", "virginica"]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_csv(path: impl AsRef<Path>, options: &CsvOptions) -> Result<Dataset, DataError> {
    let path = path.as_ref();
    parse(path, &read_file(path)?, options)
}

/// Reads the text of a table as [`read_csv`] does; in errors the file's name is `(bytes)`.
///
/// ```
/// use chainrule_data::{CsvOptions, parse_csv};
///
/// let options = CsvOptions { has_header: false, ..CsvOptions::default() };
/// let data = parse_csv("0.5, 1.5, 0\n2.5, 3.5, 1\n", &options)?;
/// assert_eq!(data.inputs().to_f64(), [0.5, 1.5, 2.5, 3.5]);
/// assert_eq!(data.labels().to_f64(), [0.0, 1.0]);
/// # Ok::<(), chainrule_data::DataError>(())
/// ```
///
/// # Errors
/// As [`read_csv`].
pub fn parse_csv(text: impl AsRef<[u8]>, options: &CsvOptions) -> Result<Dataset, DataError> {
    parse(in_memory(), text.as_ref(), options)
}

fn parse(path: &Path, text: &[u8], options: &CsvOptions) -> Result<Dataset, DataError> {
    match options.dtype {
        DType::F32 => Table::open(path, text, options)?.read::<f32>(),
        DType::F64 => Table::open(path, text, options)?.read::<f64>(),
        found => Err(DataError::DType { what: "the inputs", expected: "f32 or f64", found }),
    }
}
