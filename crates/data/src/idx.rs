//! The IDX format: the arrays of MNIST and of the sets made like it.
//!
//! A file is two zero bytes, a byte for the element type, a byte for the number of axes, the length of each
//! axis as a big-endian `u32`, and the elements in row-major order, big-endian too:
//!
//! | byte | elements | read as |
//! |------|----------|---------|
//! | `08` | `u8`     | `i64`   |
//! | `09` | `i8`     | `i64`   |
//! | `0B` | `i16`    | `i64`   |
//! | `0C` | `i32`    | `i64`   |
//! | `0D` | `f32`    | `f32`   |
//! | `0E` | `f64`    | `f64`   |
//!
//! A file may be packed with gzip; its first bytes tell, not its name. Memory is allocated for the elements
//! that a file holds, not for those that its header promises. Source: <http://yann.lecun.com/exdb/mnist/>.

use crate::DataError;
use crate::error::{in_memory, quoted, read_file};
use chainrule_tape::{DType, Element, Shape, Tensor};
use flate2::bufread::MultiGzDecoder;
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

/// Reads a file, plain or gzip: integers as `i64`, floating-point numbers in their own type.
///
/// # Errors
/// [`DataError::Io`], [`DataError::Gzip`] or [`DataError::Idx`].
///
/// ```
/// use chainrule_data::idx;
///
/// let path = std::env::temp_dir().join("chainrule-idx-example");
/// std::fs::write(&path, [0, 0, 0x08, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 20, 255])?;
/// let tensor = idx::read(&path)?;
/// assert_eq!(tensor.shape().dims(), [1, 3]);
/// assert_eq!(tensor.as_slice::<i64>()?, [10, 20, 255]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Tensor, DataError> {
    let path = path.as_ref();
    Ok(Array::parse(path, &read_file(path)?)?.tensor())
}

/// Reads a file as [`read`] does, with its elements converted as by Rust's `as` (to bool, `x != 0`).
///
/// ```
/// use chainrule_data::idx;
/// use chainrule_tape::DType;
///
/// let path = std::env::temp_dir().join("chainrule-idx-read-as-example");
/// std::fs::write(&path, [0, 0, 0x08, 1, 0, 0, 0, 2, 10, 20])?;
/// assert_eq!(idx::read_as(&path, DType::F32)?.as_slice::<f32>()?, [10.0, 20.0]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`read`].
pub fn read_as(path: impl AsRef<Path>, dtype: DType) -> Result<Tensor, DataError> {
    let path = path.as_ref();
    Ok(Array::parse(path, &read_file(path)?)?.tensor_as(dtype))
}

/// Reads the bytes of a file, plain or gzip, as [`read`] does; in errors the file's name is `(bytes)`.
///
/// ```
/// use chainrule_data::idx;
///
/// let tensor = idx::parse(&[0, 0, 0x0B, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0x01, 0x00])?;
/// assert_eq!(tensor.to_f64(), [-1.0, 256.0]);
///
/// let error = idx::parse(&[0, 0, 0x08, 1, 0, 0, 0, 9, 1, 2]).unwrap_err().to_string();
/// assert_eq!(error, "(bytes): byte 10: the file ends; its header promises [9] elements of u8, 9 bytes from byte 8");
/// # Ok::<(), chainrule_data::DataError>(())
/// ```
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8]) -> Result<Tensor, DataError> {
    Ok(Array::parse(in_memory(), bytes)?.tensor())
}

/// An element type of the format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    U8,
    I8,
    I16,
    I32,
    F32,
    F64,
}

/// The table of element types: code, kind, bytes of one element, name.
const KINDS: [(u8, Kind, usize, &str); 6] = [
    (0x08, Kind::U8, 1, "u8"),
    (0x09, Kind::I8, 1, "i8"),
    (0x0B, Kind::I16, 2, "i16"),
    (0x0C, Kind::I32, 4, "i32"),
    (0x0D, Kind::F32, 4, "f32"),
    (0x0E, Kind::F64, 8, "f64"),
];

/// A parsed file: as many bytes of elements as its shape has.
#[derive(Debug)]
pub(crate) struct Array<'a> {
    pub(crate) shape: Shape,
    pub(crate) kind: Kind,
    pub(crate) body: Cow<'a, [u8]>,
    /// Where the body starts in the file.
    pub(crate) start: u64,
}

impl<'a> Array<'a> {
    pub(crate) fn parse(path: &Path, bytes: &'a [u8]) -> Result<Array<'a>, DataError> {
        if bytes.starts_with(&[0x1F, 0x8B]) {
            return Array::unpack(path, bytes);
        }
        let mut rest = bytes;
        let header = Header::read(path, &mut rest)?;
        header.check(path, rest.len() as u64)?;
        Ok(header.with_body(Cow::Borrowed(rest)))
    }

    fn unpack(path: &Path, bytes: &[u8]) -> Result<Array<'a>, DataError> {
        let mut decoder = MultiGzDecoder::new(bytes);
        let header = Header::read(path, &mut decoder)?;
        let mut body = Vec::new();
        // One byte more than promised: reading to the end makes the decoder compare its checksum.
        let read = decoder.take(header.size.saturating_add(1)).read_to_end(&mut body);
        read.map_err(|source| DataError::Gzip { path: path.to_owned(), source })?;
        header.check(path, body.len() as u64)?;
        Ok(header.with_body(Cow::Owned(body)))
    }

    pub(crate) fn tensor(&self) -> Tensor {
        self.tensor_as(match self.kind {
            Kind::F32 => DType::F32,
            Kind::F64 => DType::F64,
            _ => DType::I64,
        })
    }

    pub(crate) fn tensor_as(&self, dtype: DType) -> Tensor {
        match dtype {
            DType::F32 => self.convert(|x| x as f32, |x| x as f32),
            DType::F64 => self.convert(|x| x as f64, |x| x),
            DType::I64 => self.convert(|x| x, |x| x as i64),
            DType::Bool => self.convert(|x| x != 0, |x| x != 0.0),
        }
    }

    pub(crate) fn convert<T: Element>(&self, int: impl Fn(i64) -> T, float: impl Fn(f64) -> T) -> Tensor {
        fn fill<T, const N: usize>(to: &mut [T], body: &[u8], convert: impl Fn([u8; N]) -> T) {
            for (to, &bytes) in to.iter_mut().zip(body.as_chunks::<N>().0) {
                *to = convert(bytes);
            }
        }
        let mut tensor = Tensor::zeros(&self.shape, T::DTYPE);
        let to = tensor.as_mut_slice::<T>().expect("the tensor was made with T's dtype");
        match self.kind {
            Kind::U8 => fill(to, &self.body, |[x]| int(x.into())),
            Kind::I8 => fill(to, &self.body, |x| int(i8::from_be_bytes(x).into())),
            Kind::I16 => fill(to, &self.body, |x| int(i16::from_be_bytes(x).into())),
            Kind::I32 => fill(to, &self.body, |x| int(i32::from_be_bytes(x).into())),
            Kind::F32 => fill(to, &self.body, |x| float(f32::from_be_bytes(x).into())),
            Kind::F64 => fill(to, &self.body, |x| float(f64::from_be_bytes(x))),
        }
        tensor
    }
}

/// What stands before the elements.
struct Header {
    shape: Shape,
    kind: Kind,
    name: &'static str,
    start: u64,
    /// Bytes of the elements.
    size: u64,
}

impl Header {
    fn read(path: &Path, from: &mut impl Read) -> Result<Header, DataError> {
        let magic = take(path, from, 0, 4, "its first four bytes")?;
        if magic[..2] != [0, 0] {
            let what =
                format!("found {magic:02X?}; an IDX file starts with two zero bytes, a gzip file with 1F 8B");
            return Err(wrong(path, 0, what));
        }
        let Some(&(_, kind, element, name)) = KINDS.iter().find(|(code, ..)| *code == magic[2]) else {
            let what = format!("element type {:02X} is none of 08, 09, 0B, 0C, 0D and 0E", magic[2]);
            return Err(wrong(path, 2, what));
        };
        let rank = usize::from(magic[3]);
        let lengths = take(path, from, 4, 4 * rank, "the lengths of its axes")?;
        let shape: Shape =
            lengths.as_chunks::<4>().0.iter().map(|&length| u32::from_be_bytes(length) as usize).collect();
        // An element takes up to 8 bytes in a tensor. Zeros are counted as ones, so that the product of some
        // of the lengths (a stride) does not overflow either.
        let product = shape.iter().try_fold(8usize, |size, &length| size.checked_mul(length.max(1)));
        if product.is_none_or(|size| size > isize::MAX as usize) {
            let what = format!("axes of lengths {shape} have more elements than can be addressed");
            return Err(wrong(path, 4, what));
        }
        let size = (shape.numel() * element) as u64;
        Ok(Header { start: 4 + 4 * rank as u64, shape, kind, name, size })
    }

    /// Compares the bytes that follow with those that should.
    fn check(&self, path: &Path, found: u64) -> Result<(), DataError> {
        let Header { shape, name, start, size, .. } = self;
        if found < *size {
            let what = format!(
                "the file ends; its header promises {shape} elements of {name}, {size} bytes from byte {start}"
            );
            return Err(wrong(path, start + found, what));
        }
        if found > *size {
            let what = format!(
                "the file goes on after the last of {shape} elements of {name}, which its header promises"
            );
            return Err(wrong(path, start + size, what));
        }
        Ok(())
    }

    fn with_body(self, body: Cow<'_, [u8]>) -> Array<'_> {
        Array { shape: self.shape, kind: self.kind, body, start: self.start }
    }
}

fn wrong(path: &Path, byte: u64, what: String) -> DataError {
    DataError::Idx { path: path.to_owned(), byte, what }
}

/// Reads `count` bytes that stand at byte `at`.
fn take(path: &Path, from: &mut impl Read, at: u64, count: usize, what: &str) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    let read = from.take(count as u64).read_to_end(&mut bytes);
    // Reading a slice can't fail, so that a failure is the decoder's.
    read.map_err(|source| DataError::Gzip { path: path.to_owned(), source })?;
    if bytes.len() == count {
        return Ok(bytes);
    }
    let (end, found) = (at + bytes.len() as u64, quoted(&bytes));
    Err(wrong(path, end, format!("the file ends within {what}, after {found}")))
}
