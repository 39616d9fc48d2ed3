//! NumPy's format of one array, `.npy`.
//!
//! A file is the bytes `93 4E 55 4D 50 59`, a version, the length of a header, the header, which is the text of a Python
//! dictionary such as `{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }`, and the elements:
//!
//! | `descr` | elements | read as |
//! |---------|----------|---------|
//! | `f2` `f4` | numbers of 2 and 4 bytes | `f32` |
//! | `f8` | numbers of 8 bytes | `f64` |
//! | `i1` to `i8`, `u1` to `u8` | integers | `i64` (an error where one is too large) |
//! | `b1` | truth values | `bool` |
//!
//! with `<` before them (little-endian), `>` (big-endian) or `|` (of one byte). An array in Fortran's order is brought into C's.
//! Source: "A simple file format for NumPy arrays", NEP 1, and its versions 2 and 3.

use crate::DataError;
use crate::error::{in_memory, quoted, read_file};
use chainrule_tape::{DType, Element, Shape, Tensor, f16_to_f32};
use std::path::Path;

/// Reads a file.
///
/// # Errors
/// [`DataError::Io`], or [`DataError::Npy`] if the file is none of the format, or holds other elements than these.
///
/// ```
/// use chainrule_data::npy;
/// use chainrule_tape::Tensor;
///
/// let path = std::env::temp_dir().join("chainrule-example.npy");
/// let tensor = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
/// npy::write(&path, &tensor)?;
/// assert_eq!(npy::read(&path)?, tensor);
/// # std::fs::remove_file(path).ok();
/// # Ok::<(), chainrule_data::DataError>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Tensor, DataError> {
    let path = path.as_ref();
    parse_named(path, &read_file(path)?)
}

/// Reads the bytes of a file; in errors its name is `(bytes)`.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8]) -> Result<Tensor, DataError> {
    parse_named(in_memory(), bytes)
}

/// Writes a file that `numpy.load` reads: version 1.0, little-endian, C's order. It appears whole or not at all.
///
/// # Errors
/// [`DataError::Io`].
pub fn write(path: impl AsRef<Path>, tensor: &Tensor) -> Result<(), DataError> {
    write_file(path.as_ref(), &to_bytes(tensor))
}

/// Writes beside the file's place first.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|source| DataError::Io { path: path.to_owned(), source })
}

/// What every file begins with.
const MAGIC: &[u8] = b"\x93NUMPY";
/// The elements begin at a multiple of this.
const ALIGNMENT: usize = 64;

/// The bytes of a file.
pub(crate) fn to_bytes(tensor: &Tensor) -> Vec<u8> {
    fn elements<T: Element, const N: usize>(tensor: &Tensor, bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
        tensor.to_vec::<T>().unwrap_or_default().into_iter().flat_map(bytes).collect()
    }
    let (descr, body) = match tensor.dtype() {
        DType::F32 => ("<f4", elements(tensor, f32::to_le_bytes)),
        DType::F64 => ("<f8", elements(tensor, f64::to_le_bytes)),
        DType::I64 => ("<i8", elements(tensor, i64::to_le_bytes)),
        DType::Bool => ("|b1", elements(tensor, |x: bool| [x as u8])),
    };
    let lengths: String = tensor.shape().iter().map(|length| format!("{length}, ")).collect();
    let shape = if tensor.shape().rank() == 1 { lengths.trim_end() } else { lengths.trim_end_matches(", ") };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    let before = MAGIC.len() + 4;
    let padding = (before + header.len() + 1).next_multiple_of(ALIGNMENT) - (before + header.len() + 1);
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), &body].concat()
}

pub(crate) fn parse_named(path: &Path, bytes: &[u8]) -> Result<Tensor, DataError> {
    parts(bytes).map_err(|what| DataError::Npy { path: path.to_owned(), what })
}

fn parts(bytes: &[u8]) -> Result<Tensor, String> {
    let Some((&[major, _], rest)) = bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_first_chunk::<2>())
    else {
        return Err(format!(
            "a NumPy file begins with 93 'NUMPY' and a version, not {}",
            quoted(&bytes[..bytes.len().min(8)])
        ));
    };
    let sized = match major {
        1 => rest.split_first_chunk::<2>().map(|(n, rest)| (u16::from_le_bytes(*n) as usize, rest)),
        2 | 3 => rest.split_first_chunk::<4>().map(|(n, rest)| (u32::from_le_bytes(*n) as usize, rest)),
        _ => return Err(format!("version {major} is none of 1, 2 and 3")),
    };
    let (header, body) = sized
        .and_then(|(length, rest)| rest.split_at_checked(length))
        .ok_or("the file ends within its header")?;
    let header = std::str::from_utf8(header).map_err(|_| "the header is no text")?;
    let Header { descr, fortran, shape } = Header::parse(header)?;
    let tensor = elements(descr, body, &shape, fortran)?;
    if !fortran {
        return Ok(tensor);
    }
    in_c_order(&tensor, &shape)
}

/// What a header says.
struct Header<'a> {
    descr: &'a str,
    fortran: bool,
    shape: Vec<usize>,
}

impl<'a> Header<'a> {
    fn parse(text: &'a str) -> Result<Header<'a>, String> {
        let after = |key: &str| {
            let found = text.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
            found.ok_or_else(|| format!("the header has no '{key}': {}", quoted(text.as_bytes())))
        };
        let wrong = |what: &str| format!("{what}: {}", quoted(text.trim_end().as_bytes()));
        let descr = after("descr")?.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
        let (descr, _) = descr.ok_or_else(|| wrong("arrays of records can't be read"))?;
        let fortran = match after("fortran_order")? {
            rest if rest.starts_with("True") => true,
            rest if rest.starts_with("False") => false,
            _ => return Err(wrong("fortran_order is neither True nor False")),
        };
        let inside = after("shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let (inside, _) = inside.ok_or_else(|| wrong("the shape is no tuple"))?;
        let lengths = inside.split(',').map(str::trim).filter(|length| !length.is_empty());
        let shape: Result<Vec<usize>, _> = lengths.map(str::parse).collect();
        let shape = shape.map_err(|_| wrong("the shape has something else than lengths"))?;
        Ok(Header { descr, fortran, shape })
    }
}

/// The elements, in the order in which they are.
fn elements(descr: &str, body: &[u8], shape: &[usize], fortran: bool) -> Result<Tensor, String> {
    let (order, kind) = descr.split_at_checked(1).ok_or_else(|| format!("dtype '{descr}' can't be read"))?;
    let big = match order {
        "<" | "|" | "=" => false,
        ">" => true,
        _ => return Err(format!("dtype '{descr}' can't be read")),
    };
    let size = match kind {
        "f2" | "i2" | "u2" => 2,
        "f4" | "i4" | "u4" => 4,
        "f8" | "i8" | "u8" => 8,
        "i1" | "u1" | "b1" => 1,
        _ => return Err(format!("dtype '{descr}' is none of f2, f4, f8, i1 to i8, u1 to u8 and b1")),
    };
    // Zeros are counted as ones, so that the product of some of the lengths (a stride) does not overflow either.
    let count = shape.iter().try_fold(8usize, |count, &length| count.checked_mul(length.max(1)));
    if count.is_none_or(|count| count > isize::MAX as usize) {
        return Err(format!("a shape of {shape:?} has more elements than can be addressed"));
    }
    let wanted = shape.iter().product::<usize>() * size;
    if body.len() != wanted {
        let found = body.len();
        return Err(format!(
            "{wanted} bytes of elements are promised by shape {shape:?} and dtype '{descr}', but there are {found}"
        ));
    }
    // The axes are reversed until the elements are brought into order.
    let shape: Shape = if fortran { shape.iter().rev().copied().collect() } else { shape.into() };
    fn all<T: Element, const N: usize>(
        body: &[u8],
        shape: Shape,
        big: bool,
        value: impl Fn([u8; N]) -> Result<T, String>,
    ) -> Result<Tensor, String> {
        let element = |bytes: &[u8; N]| {
            let mut bytes = *bytes;
            if big {
                bytes.reverse();
            }
            value(bytes)
        };
        let values: Vec<T> = body.as_chunks::<N>().0.iter().map(element).collect::<Result<_, _>>()?;
        Tensor::from_vec(values, shape).map_err(|e| e.to_string())
    }
    let large = |x: u64| i64::try_from(x).map_err(|_| format!("{x} is too large for an i64"));
    match kind {
        "f2" => all(body, shape, big, |x| Ok(f16_to_f32(u16::from_le_bytes(x)))),
        "f4" => all(body, shape, big, |x| Ok(f32::from_le_bytes(x))),
        "f8" => all(body, shape, big, |x| Ok(f64::from_le_bytes(x))),
        "i1" => all(body, shape, big, |x| Ok(i8::from_le_bytes(x) as i64)),
        "i2" => all(body, shape, big, |x| Ok(i16::from_le_bytes(x) as i64)),
        "i4" => all(body, shape, big, |x| Ok(i32::from_le_bytes(x) as i64)),
        "i8" => all(body, shape, big, |x| Ok(i64::from_le_bytes(x))),
        "u1" => all(body, shape, big, |[x]| Ok(x as i64)),
        "u2" => all(body, shape, big, |x| Ok(u16::from_le_bytes(x) as i64)),
        "u4" => all(body, shape, big, |x| Ok(u32::from_le_bytes(x) as i64)),
        "u8" => all(body, shape, big, |x| large(u64::from_le_bytes(x))),
        _ => all(body, shape, big, |[x]: [u8; 1]| Ok(x != 0)),
    }
}

/// A tensor whose axes are reversed, the right way round.
fn in_c_order(reversed: &Tensor, shape: &[usize]) -> Result<Tensor, String> {
    fn turn<T: Element>(reversed: &Tensor, shape: &[usize]) -> chainrule_tape::Result<Tensor> {
        let values = reversed.as_slice::<T>()?;
        let mut index = vec![0; shape.len()];
        let mut turned = Vec::with_capacity(values.len());
        for _ in 0..values.len() {
            // The first axis is the one whose elements lie next to each other.
            let at = index.iter().zip(shape).rev().fold(0, |at, (&i, &length)| at * length + i);
            turned.push(values[at]);
            for axis in (0..shape.len()).rev() {
                index[axis] += 1;
                if index[axis] < shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        Tensor::from_vec(turned, shape)
    }
    let turned = match reversed.dtype() {
        DType::F32 => turn::<f32>(reversed, shape),
        DType::F64 => turn::<f64>(reversed, shape),
        DType::I64 => turn::<i64>(reversed, shape),
        DType::Bool => turn::<bool>(reversed, shape),
    };
    turned.map_err(|e| e.to_string())
}
