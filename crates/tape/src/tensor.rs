//! Dense arrays.

use crate::{DType, Element, Error, Result, Shape};
use chainrule_kernels::Buffer;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A dense row-major array: a shape, an element type, and storage that is shared until it is written to.
///
/// Cloning a tensor copies no elements. A tensor knows nothing of tapes.
///
/// ```
/// use chainrule_tape::{DType, Tensor};
/// let t = Tensor::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], [2, 2])?;
/// assert_eq!(t.shape().dims(), [2, 2]);
/// assert_eq!(t.dtype(), DType::F32);
/// assert_eq!(t.as_slice::<f32>()?[2], 3.0);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone)]
pub struct Tensor {
    shape: Shape,
    dtype: DType,
    data: Arc<Buffer>,
}

impl Tensor {
    /// Zeros (`false` for bool).
    pub fn zeros(shape: impl Into<Shape>, dtype: DType) -> Tensor {
        let shape = shape.into();
        let data = Arc::new(Buffer::zeroed(shape.numel() * dtype.size()));
        Tensor { shape, dtype, data }
    }

    /// The same value everywhere, with the value's dtype.
    pub fn full<T: Element>(shape: impl Into<Shape>, value: T) -> Tensor {
        let mut tensor = Tensor::zeros(shape, T::DTYPE);
        tensor.slice_mut::<T>().fill(value);
        tensor
    }

    /// Elements in row-major order.
    ///
    /// # Errors
    /// If their number is not the shape's.
    pub fn from_vec<T: Element>(values: Vec<T>, shape: impl Into<Shape>) -> Result<Tensor> {
        Tensor::from_slice(&values, shape)
    }

    /// Elements in row-major order.
    ///
    /// # Errors
    /// If their number is not the shape's.
    pub fn from_slice<T: Element>(values: &[T], shape: impl Into<Shape>) -> Result<Tensor> {
        let shape = shape.into();
        if values.len() != shape.numel() {
            let count = values.len();
            return Err(Error::Tensor(format!(
                "{count} values don't fill a tensor of shape {shape}, which has {}",
                shape.numel()
            )));
        }
        Ok(Tensor { shape, dtype: T::DTYPE, data: Arc::new(Buffer::from_slice(values)) })
    }

    /// The integers `0, 1, …, n - 1`.
    pub fn arange(n: usize) -> Tensor {
        let values: Vec<i64> = (0..n as i64).collect();
        Tensor { shape: Shape::from(n), dtype: DType::I64, data: Arc::new(Buffer::from_slice(&values)) }
    }

    /// The lengths of the axes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The number of elements.
    pub fn numel(&self) -> usize {
        self.shape.numel()
    }

    /// The elements in row-major order.
    ///
    /// # Errors
    /// If the dtype is not `T`'s.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        self.expect_dtype::<T>()?;
        Ok(self.data.as_slice(self.dtype))
    }

    /// The elements in row-major order, for writing. Copies them first if another tensor shares them.
    ///
    /// # Errors
    /// If the dtype is not `T`'s.
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T]> {
        self.expect_dtype::<T>()?;
        Ok(self.slice_mut())
    }

    fn slice_mut<T: Element>(&mut self) -> &mut [T] {
        let dtype = self.dtype;
        Arc::make_mut(&mut self.data).as_mut_slice(dtype)
    }

    fn expect_dtype<T: Element>(&self) -> Result<()> {
        if T::DTYPE == self.dtype {
            return Ok(());
        }
        Err(Error::Tensor(format!("a tensor of {} can't be read as {}; cast it first", self.dtype, T::DTYPE)))
    }

    /// The elements as a `Vec`, converted to `f64`.
    pub fn to_f64(&self) -> Vec<f64> {
        match self.dtype {
            DType::F32 => self.data.as_slice::<f32>(self.dtype).iter().map(|&x| x as f64).collect(),
            DType::F64 => self.data.as_slice::<f64>(self.dtype).to_vec(),
            DType::I64 => self.data.as_slice::<i64>(self.dtype).iter().map(|&x| x as f64).collect(),
            DType::Bool => self.data.as_slice::<bool>(self.dtype).iter().map(|&x| x as u8 as f64).collect(),
        }
    }

    /// The elements as a `Vec`.
    ///
    /// # Errors
    /// If the dtype is not `T`'s.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        Ok(self.as_slice()?.to_vec())
    }

    /// The value of a tensor with one element, as `f64`.
    ///
    /// # Errors
    /// If it has more elements, or none.
    pub fn item(&self) -> Result<f64> {
        if self.numel() != 1 {
            return Err(Error::Tensor(format!(
                "item() needs one element; this tensor has shape {}",
                self.shape
            )));
        }
        Ok(match self.dtype {
            DType::F32 => self.data.as_slice::<f32>(self.dtype)[0] as f64,
            DType::F64 => self.data.as_slice::<f64>(self.dtype)[0],
            DType::I64 => self.data.as_slice::<i64>(self.dtype)[0] as f64,
            DType::Bool => self.data.as_slice::<bool>(self.dtype)[0] as u8 as f64,
        })
    }

    /// The elements converted to another dtype as by Rust's `as`; to bool, `x != 0`.
    pub fn cast(&self, dtype: DType) -> Tensor {
        fn fill<T: Element>(source: &Tensor, convert: impl Fn(f64) -> T) -> Tensor {
            let values: Vec<T> = source.to_f64().into_iter().map(convert).collect();
            Tensor {
                shape: source.shape.clone(),
                dtype: T::DTYPE,
                data: Arc::new(Buffer::from_slice(&values)),
            }
        }
        match dtype {
            _ if dtype == self.dtype => self.clone(),
            DType::F32 => fill(self, |x| x as f32),
            DType::F64 => fill(self, |x| x),
            DType::I64 => fill(self, |x| x as i64),
            DType::Bool => fill(self, |x| x != 0.0),
        }
    }

    /// The same elements in another shape.
    ///
    /// # Errors
    /// If the shape has another number of elements.
    pub fn reshape(&self, shape: impl Into<Shape>) -> Result<Tensor> {
        let shape = shape.into();
        if shape.numel() != self.numel() {
            return Err(Error::Tensor(format!(
                "a tensor of shape {} can't be reshaped to {shape}",
                self.shape
            )));
        }
        Ok(Tensor { shape, ..self.clone() })
    }

    /// The elements `range` of the outermost axis, copied.
    ///
    /// # Errors
    /// If the tensor is a scalar or the range ends outside the axis.
    pub fn rows(&self, range: Range<usize>) -> Result<Tensor> {
        let length = self.row_count()?;
        if range.start > range.end || range.end > length {
            return Err(Error::Tensor(format!("rows {range:?} of a tensor of shape {}", self.shape)));
        }
        let indices: Vec<usize> = range.collect();
        self.take_rows(&indices)
    }

    /// The elements of the outermost axis at `indices`, in that order, copied.
    ///
    /// # Errors
    /// If the tensor is a scalar or an index is outside the axis.
    pub fn take_rows(&self, indices: &[usize]) -> Result<Tensor> {
        let length = self.row_count()?;
        if let Some(bad) = indices.iter().find(|&&i| i >= length) {
            return Err(Error::Tensor(format!("row {bad} of a tensor of shape {}", self.shape)));
        }
        fn take<T: Element>(source: &Tensor, row: usize, indices: &[usize], to: &mut Tensor) {
            let values = source.data.as_slice::<T>(source.dtype);
            if row > 0 {
                for (to, &index) in to.slice_mut::<T>().chunks_exact_mut(row).zip(indices) {
                    to.copy_from_slice(&values[index * row..][..row]);
                }
            }
        }
        let mut out = Tensor::zeros(self.shape.with(0, indices.len()), self.dtype);
        let row = self.shape[1..].iter().product();
        match self.dtype {
            DType::F32 => take::<f32>(self, row, indices, &mut out),
            DType::F64 => take::<f64>(self, row, indices, &mut out),
            DType::I64 => take::<i64>(self, row, indices, &mut out),
            DType::Bool => take::<bool>(self, row, indices, &mut out),
        }
        Ok(out)
    }

    fn row_count(&self) -> Result<usize> {
        self.shape.first().copied().ok_or_else(|| Error::Tensor("a scalar has no rows".into()))
    }

    /// The storage, for binding to a program.
    pub(crate) fn buffer(&self) -> &Buffer {
        &self.data
    }

    /// The storage for writing, unshared first.
    pub(crate) fn buffer_mut(&mut self) -> &mut Buffer {
        Arc::make_mut(&mut self.data)
    }

    /// Whether no other tensor has this storage.
    pub(crate) fn is_unshared(&self) -> bool {
        Arc::strong_count(&self.data) == 1
    }

    /// A tensor over storage of the right size.
    pub(crate) fn from_buffer(shape: Shape, dtype: DType, data: Buffer) -> Tensor {
        debug_assert_eq!(data.bytes(), shape.numel() * dtype.size());
        Tensor { shape, dtype, data: Arc::new(data) }
    }
}

/// Equal shape, dtype and elements (so a NaN makes tensors unequal).
impl PartialEq for Tensor {
    fn eq(&self, other: &Tensor) -> bool {
        fn same<T: Element>(a: &Tensor, b: &Tensor) -> bool {
            a.data.as_slice::<T>(a.dtype) == b.data.as_slice::<T>(b.dtype)
        }
        self.shape == other.shape
            && self.dtype == other.dtype
            && match self.dtype {
                DType::F32 => same::<f32>(self, other),
                DType::F64 => same::<f64>(self, other),
                DType::I64 => same::<i64>(self, other),
                DType::Bool => same::<bool>(self, other),
            }
    }
}

/// A value, a `Vec`, a slice or a (nested) array is a tensor; `2.0` is `f64`, `2.0f32` is `f32`.
macro_rules! from_elements {
    ($($t:ty)*) => { $(
        impl From<$t> for Tensor {
            fn from(value: $t) -> Tensor {
                Tensor::full(Shape::scalar(), value)
            }
        }

        impl From<&[$t]> for Tensor {
            fn from(values: &[$t]) -> Tensor {
                let data = Arc::new(Buffer::from_slice(values));
                Tensor { shape: Shape::from(values.len()), dtype: <$t>::DTYPE, data }
            }
        }

        impl From<Vec<$t>> for Tensor {
            fn from(values: Vec<$t>) -> Tensor {
                Tensor::from(values.as_slice())
            }
        }

        impl<const N: usize> From<[$t; N]> for Tensor {
            fn from(values: [$t; N]) -> Tensor {
                Tensor::from(values.as_slice())
            }
        }

        impl<const N: usize, const M: usize> From<[[$t; N]; M]> for Tensor {
            fn from(rows: [[$t; N]; M]) -> Tensor {
                Tensor::from(rows.as_slice())
            }
        }

        impl<const N: usize> From<&[[$t; N]]> for Tensor {
            fn from(rows: &[[$t; N]]) -> Tensor {
                Tensor { shape: Shape::from([rows.len(), N]), ..Tensor::from(rows.as_flattened()) }
            }
        }

        impl<const N: usize> From<Vec<[$t; N]>> for Tensor {
            fn from(rows: Vec<[$t; N]>) -> Tensor {
                Tensor::from(rows.as_slice())
            }
        }
    )* };
}

from_elements!(f32 f64 i64 bool);

impl From<&Tensor> for Tensor {
    fn from(tensor: &Tensor) -> Tensor {
        tensor.clone()
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor {} {} ", self.shape, self.dtype)?;
        fmt::Display::fmt(self, f)
    }
}

/// Nested brackets; an axis longer than eight shows its first and last three.
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn axis(
            f: &mut fmt::Formatter<'_>,
            shape: &[usize],
            start: usize,
            show: &dyn Fn(usize) -> String,
        ) -> fmt::Result {
            let Some((&length, rest)) = shape.split_first() else {
                return f.write_str(&show(start));
            };
            let step: usize = rest.iter().product();
            f.write_str("[")?;
            for i in 0..length {
                if length > 8 && i == 3 {
                    f.write_str(", …")?;
                }
                if length > 8 && (3..length - 3).contains(&i) {
                    continue;
                }
                if i > 0 {
                    f.write_str(", ")?;
                }
                axis(f, rest, start + i * step, show)?;
            }
            f.write_str("]")
        }
        let show: Box<dyn Fn(usize) -> String> = match self.dtype {
            DType::F32 => Box::new(|i| self.data.as_slice::<f32>(self.dtype)[i].to_string()),
            DType::F64 => Box::new(|i| self.data.as_slice::<f64>(self.dtype)[i].to_string()),
            DType::I64 => Box::new(|i| self.data.as_slice::<i64>(self.dtype)[i].to_string()),
            DType::Bool => {
                let values = self.data.as_slice::<bool>(self.dtype);
                Box::new(move |i| values[i].to_string())
            }
        };
        axis(f, &self.shape, 0, &*show)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_copies_shared_storage() {
        let a = Tensor::from([1.0f32, 2.0]);
        let mut b = a.clone();
        b.as_mut_slice::<f32>().unwrap()[0] = 9.0;
        assert_eq!(a.to_f64(), [1.0, 2.0]);
        assert_eq!(b.to_f64(), [9.0, 2.0]);
    }

    #[test]
    fn mistakes_are_named() {
        let error = Tensor::from_vec(vec![1.0f32; 5], [2, 3]).unwrap_err().to_string();
        assert!(error.contains("5 values") && error.contains("[2, 3]"), "{error}");
        let error = Tensor::from([1i64]).as_slice::<f32>().unwrap_err().to_string();
        assert!(error.contains("i64") && error.contains("f32"), "{error}");
        assert!(Tensor::from([1.0, 2.0]).item().is_err());
        assert!(Tensor::from(1.0).take_rows(&[0]).is_err());
        assert!(Tensor::from([1.0]).take_rows(&[1]).is_err());
    }

    #[test]
    fn rows_and_casts() {
        let t = Tensor::from([[1i64, 2], [3, 4], [5, 6]]);
        assert_eq!(t.take_rows(&[2, 0]).unwrap(), Tensor::from([[5i64, 6], [1, 2]]));
        assert_eq!(t.rows(1..2).unwrap(), Tensor::from([[3i64, 4]]));
        assert_eq!(Tensor::from([-1.5f32, 0.0]).cast(DType::Bool), Tensor::from([true, false]));
        assert_eq!(Tensor::from([-1.5f32, 2.9]).cast(DType::I64), Tensor::from([-1i64, 2]));
    }

    #[test]
    fn long_axes_are_shortened() {
        assert_eq!(Tensor::arange(9).to_string(), "[0, 1, 2, …, 6, 7, 8]");
        assert_eq!(Tensor::from([[1.5f64, 2.0]]).to_string(), "[[1.5, 2]]");
        assert_eq!(Tensor::from(vec![[1i64], [2]]).to_string(), "[[1], [2]]");
    }
}
