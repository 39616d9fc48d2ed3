//! NumPy's format of several named arrays, `.npz`: a zip archive of [`npy`](crate::npy) files.

use crate::DataError;
use crate::error::read_file;
use crate::npy::{parse_named, to_bytes, write_file};
use chainrule_tape::Tensor;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Reads the arrays of a file, packed or not, with their names, in the order in which they are there.
///
/// # Errors
/// [`DataError::Io`], or [`DataError::Npy`] if the file is no archive, or an array in it can't be read.
///
/// ```
/// use chainrule_data::npz;
/// use chainrule_tape::Tensor;
///
/// let path = std::env::temp_dir().join("chainrule-example.npz");
/// npz::write(&path, [("x", &Tensor::from([1.0, 2.0])), ("labels", &Tensor::from([0i64, 1]))])?;
/// let arrays = npz::read(&path)?;
/// assert_eq!(arrays[1], ("labels".to_owned(), Tensor::from([0i64, 1])));
/// # std::fs::remove_file(path).ok();
/// # Ok::<(), chainrule_data::DataError>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Vec<(String, Tensor)>, DataError> {
    let path = path.as_ref();
    let failed = |what: String| DataError::Npy { path: path.to_owned(), what };
    let bytes = read_file(path)?;
    let mut archive =
        ZipArchive::new(Cursor::new(&bytes)).map_err(|e| failed(format!("is no zip archive: {e}")))?;
    let mut arrays = Vec::new();
    for number in 0..archive.len() {
        let mut file = archive.by_index(number).map_err(|e| failed(format!("array {number}: {e}")))?;
        let name = file.name().map_err(|e| failed(format!("the name of array {number}: {e}")))?.into_owned();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| failed(format!("`{name}`: {e}")))?;
        let tensor = parse_named(&path.join(&name), &bytes)?;
        arrays.push((name.strip_suffix(".npy").unwrap_or(&name).to_owned(), tensor));
    }
    Ok(arrays)
}

/// Writes arrays with their names, not packed, as `numpy.savez` does. The file appears whole or not at all.
///
/// # Errors
/// [`DataError::Io`], or [`DataError::Npy`] for two arrays of one name.
pub fn write<'a>(
    path: impl AsRef<Path>,
    arrays: impl IntoIterator<Item = (impl AsRef<str>, &'a Tensor)>,
) -> Result<(), DataError> {
    let path = path.as_ref();
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    for (name, tensor) in arrays {
        let name = name.as_ref();
        let failed =
            |what: String| DataError::Npy { path: path.to_owned(), what: format!("`{name}`: {what}") };
        archive.start_file(format!("{name}.npy"), options).map_err(|e| failed(e.to_string()))?;
        archive.write_all(&to_bytes(tensor)).map_err(|e| failed(e.to_string()))?;
    }
    let written =
        archive.finish().map_err(|e| DataError::Npy { path: path.to_owned(), what: e.to_string() })?;
    write_file(path, written.get_ref())
}
