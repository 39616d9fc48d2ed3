//! MNIST, and the sets that are distributed as it is.

use crate::error::read_file;
use crate::idx::{Array, Kind};
use crate::{DataError, Dataset};
use chainrule_tape::{DType, Tensor};
use std::path::{Path, PathBuf};

/// The training set and the test set of a folder with the four files of MNIST: images as `f32` of shape
/// `[N, 784]` from 0 to 1, labels from 0 to 9.
///
/// The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, each with or without `.gz`; `train-images.idx3-ubyte` and the like are found
/// too. Images of any other size are accepted and flattened. A set of the same form, such as Fashion-MNIST,
/// can be read in this way; [`Dataset::with_classes`] gives its classes their names.
///
/// # Errors
/// [`DataError::NoFile`] if a file is missing, [`DataError::Io`], [`DataError::Gzip`] or
/// [`DataError::Idx`] if one can't be read, [`DataError::Mismatch`] if images and labels differ in number.
///
/// ```
/// # let folder = std::env::temp_dir().join("chainrule-mnist-example");
/// # std::fs::create_dir_all(&folder)?;
/// # for set in ["train", "t10k"] {
/// #     let image = [vec![0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28], vec![51; 784]].concat();
/// #     std::fs::write(folder.join(format!("{set}-images-idx3-ubyte")), image)?;
/// #     std::fs::write(folder.join(format!("{set}-labels-idx1-ubyte")), [0, 0, 8, 1, 0, 0, 0, 1, 5])?;
/// # }
/// let (train, test) = chainrule_data::mnist(&folder)?;
/// assert_eq!(train.inputs().shape()[1], 784);
/// assert_eq!(test.class_count(), 10);
/// # assert_eq!(train.inputs().to_f64()[0], f64::from(0.2f32));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mnist(folder: impl AsRef<Path>) -> Result<(Dataset, Dataset), DataError> {
    let folder = folder.as_ref();
    Ok((set(folder, "train")?, set(folder, "t10k")?))
}

fn set(folder: &Path, name: &str) -> Result<Dataset, DataError> {
    let labels_path = find(folder, &names(name, "labels", 1))?;
    let images_path = find(folder, &names(name, "images", 3))?;
    let labels = labels(&labels_path)?;
    let images = images(&images_path)?;
    let data = Dataset::new(images, labels).map_err(|_| {
        let (images, labels) = (images_path.display(), labels_path.display());
        DataError::Mismatch(format!("{images} and {labels} don't have the same number of rows"))
    })?;
    data.with_classes((0..10).map(|digit| digit.to_string()))
}

/// The spellings of a file's name.
fn names(set: &str, part: &str, rank: u8) -> Vec<String> {
    let spelling = |join| [".gz", ""].map(|end| format!("{set}-{part}{join}idx{rank}-ubyte{end}"));
    // The plain file first: it needs no unpacking.
    let mut names = [spelling("-"), spelling(".")].concat();
    names.sort_by_key(|name| name.ends_with(".gz"));
    names
}

/// The first of the names that a folder has.
fn find(folder: &Path, names: &[String]) -> Result<PathBuf, DataError> {
    let found = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| DataError::NoFile { folder: folder.to_owned(), names: names.to_vec() })
}

fn images(path: &Path) -> Result<Tensor, DataError> {
    let bytes = read_file(path)?;
    let array = expect(path, &bytes, 3)?;
    let (count, size) = (array.shape[0], array.shape[1..].iter().product());
    let images = array.convert(|x| x as f32 / 255.0, |x| x as f32);
    Ok(images.reshape([count, size]).expect("the product of the axes' lengths is the same"))
}

fn labels(path: &Path) -> Result<Tensor, DataError> {
    let bytes = read_file(path)?;
    let array = expect(path, &bytes, 1)?;
    if let Some((row, label)) = array.body.iter().enumerate().find(|(_, label)| **label > 9) {
        let what = format!("the label of image {row} is {label}, not a digit");
        return Err(DataError::Idx { path: path.to_owned(), byte: array.start + row as u64, what });
    }
    Ok(array.tensor_as(DType::I64))
}

fn expect<'a>(path: &Path, bytes: &'a [u8], rank: usize) -> Result<Array<'a>, DataError> {
    let array = Array::parse(path, bytes)?;
    if array.kind == Kind::U8 && array.shape.rank() == rank {
        return Ok(array);
    }
    let what = format!("expected {rank} axes of u8, found {} of {:?}", array.shape.rank(), array.kind);
    Err(DataError::Idx { path: path.to_owned(), byte: 2, what })
}
