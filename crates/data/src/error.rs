//! What can be wrong with data, and where.

use chainrule_tape::{DType, Error};
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// What is wrong with a file or a set, and the place.
///
/// ```
/// use chainrule_data::{CsvOptions, DataError, parse_csv};
///
/// let error = parse_csv("a,b,class\n1,2,x\n3,two,y\n", &CsvOptions::default()).unwrap_err();
/// assert!(matches!(error, DataError::Csv { line: 3, column: Some(2), .. }));
/// assert_eq!(error.to_string(), "(bytes): line 3, column 2: \"two\" is not a number (of b)");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The system could not read a file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A folder has none of the files that it should have one of.
    #[error("{}: has none of {}", folder.display(), names.join(", "))]
    NoFile {
        /// The folder.
        folder: PathBuf,
        /// The names under which the file was looked for.
        names: Vec<String>,
    },
    /// A file starts as gzip does, and can't be unpacked.
    #[error("{}: bad gzip data: {source}", path.display())]
    Gzip {
        /// The file.
        path: PathBuf,
        /// The decoder's reason.
        source: io::Error,
    },
    /// The bytes of an IDX file are not what the format says.
    #[error("{}: byte {byte}: {what}", path.display())]
    Idx {
        /// The file.
        path: PathBuf,
        /// The offset, in the unpacked file where the file is gzip.
        byte: u64,
        /// What was found, and what was expected.
        what: String,
    },
    /// The bytes of a NumPy file are not what the format says, or hold what no tensor does.
    #[error("{}: {what}", path.display())]
    Npy {
        /// The file; with an array's name in it, if it is an archive of arrays.
        path: PathBuf,
        /// What was found, and what was expected.
        what: String,
    },
    /// The text of a CSV file can't be read as a table of numbers and labels.
    #[error("{}: line {line}{}: {what}", path.display(), column_text(*column))]
    Csv {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column, from 1; `None` where the whole line is meant.
        column: Option<usize>,
        /// What was found, and what was expected.
        what: String,
    },
    /// A text is not UTF-8, or has a character that it should not have.
    #[error("{}: byte {byte}: {what}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// The offset.
        byte: usize,
        /// What was found.
        what: String,
    },
    /// Things that belong together differ in size: inputs and labels, names and columns.
    #[error("{0}")]
    Mismatch(String),
    /// A tensor has an element type that can't be used here.
    #[error("{what} must be {expected}, not {found}")]
    DType {
        /// The tensor.
        what: &'static str,
        /// The element types that can be used.
        expected: &'static str,
        /// The tensor's element type.
        found: DType,
    },
    /// A label is outside the classes.
    #[error("the label of row {row} is {label}; the {classes} classes are numbered from 0")]
    Label {
        /// The row, from 0.
        row: usize,
        /// Its label.
        label: i64,
        /// The number of classes.
        classes: usize,
    },
    /// The part of a set that is asked for is not between 0 and 1.
    #[error("a fraction of a set is between 0 and 1, not {0}")]
    Fraction(f64),
    /// A value is NaN or infinite (or so large that its square is), and no statistics exist.
    #[error("row {row}, column {column}: {value} has no mean and deviation")]
    NotFinite {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value.
        value: f64,
    },
}

/// So that `?` works in a function that returns the engine's error, such as one that makes batches for a training.
///
/// ```
/// use chainrule_data::iris;
/// use chainrule_tape::{Result, Tensor};
///
/// fn batch(rows: &[usize]) -> Result<(Tensor, Tensor)> {
///     Ok(iris().take(rows)?.into_parts())
/// }
/// assert!(batch(&[0, 50, 100]).is_ok());
/// assert!(batch(&[150]).unwrap_err().to_string().contains("150"));
/// ```
impl From<DataError> for Error {
    fn from(error: DataError) -> Error {
        Error::Input(error.to_string())
    }
}

fn column_text(column: Option<usize>) -> String {
    column.map_or(String::new(), |column| format!(", column {column}"))
}

/// The name that errors give to data that comes from no file.
pub(crate) fn in_memory() -> &'static Path {
    Path::new("(bytes)")
}

pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, DataError> {
    std::fs::read(path).map_err(|source| DataError::Io { path: path.to_owned(), source })
}

/// Text from a file as an error shows it: quoted, escaped, and not too much of it.
pub(crate) fn quoted(found: &[u8]) -> String {
    const SHOWN: usize = 40;
    let text = String::from_utf8_lossy(&found[..found.len().min(SHOWN)]);
    let mut quoted = format!("{text:?}");
    if found.len() > SHOWN {
        let _ = write!(quoted, "… ({} bytes)", found.len());
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_can_cross_threads_and_be_boxed() {
        fn check<T: std::error::Error + Send + Sync + 'static>() {}
        check::<DataError>();
    }

    #[test]
    fn quotes_are_short_and_printable() {
        assert_eq!(quoted(b"a\"\n"), r#""a\"\n""#);
        assert_eq!(quoted(&[0xff]), "\"\u{fffd}\"");
        let long = quoted(&[b'x'; 1000]);
        assert!(long.len() < 70 && long.ends_with("(1000 bytes)"), "{long}");
    }
}
