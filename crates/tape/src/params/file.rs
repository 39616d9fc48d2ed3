//! Params in files, in the safetensors format.

use super::{Kind, Params};
use crate::half::{bf16_to_f32, f16_to_f32};
use crate::{DType, Element, Error, Result, Shape, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

const FROZEN: &str = "chainrule.frozen";
const STATE: &str = "chainrule.state";
const OPTIMIZER: &str = "chainrule.optimizer";

impl Params {
    /// Writes all tensors to a `.safetensors` file, which PyTorch and others read too; the kinds are in its metadata.
    /// (What belongs to an optimizer is written as well: [`without_optimizer`](Params::without_optimizer) is the model alone.)
    /// The file appears whole or not at all: it is written beside its place and then renamed.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.check()?;
        let bytes: Vec<(&str, Vec<u8>, &Tensor)> =
            self.iter().map(|(name, _, tensor)| (name, to_bytes(tensor), tensor)).collect();
        let mut views = Vec::with_capacity(bytes.len());
        for (name, bytes, tensor) in &bytes {
            let view = TensorView::new(file_dtype(tensor.dtype()), tensor.shape().to_vec(), bytes);
            views.push((name.to_string(), view.map_err(|e| failed(path, e))?));
        }
        let names = |kind| -> String {
            let names: Vec<&str> =
                self.iter().filter(|(_, k, _)| *k == kind).map(|(name, _, _)| name).collect();
            names.join("\n")
        };
        let kinds = [(FROZEN, Kind::Frozen), (STATE, Kind::State), (OPTIMIZER, Kind::Optimizer)];
        let metadata: HashMap<String, String> =
            kinds.into_iter().map(|(key, kind)| (key.to_owned(), names(kind))).collect();
        let data = safetensors::serialize(views, Some(metadata)).map_err(|e| failed(path, e))?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let written = File::create(&beside).and_then(|mut file| {
            file.write_all(&data)?;
            // On the disk before the old file goes.
            file.sync_all()
        });
        written.map_err(|e| failed(Path::new(&beside), e))?;
        std::fs::rename(&beside, path).map_err(|e| failed(path, e))
    }

    /// The tensors of a file, sorted by name. Numbers of 16 bits (`f16` and `bf16`) become `f32`, integers `i64`. Use
    /// [`load`](Params::load) for the params of a model.
    ///
    /// # Errors
    /// If the file can't be read, isn't of the safetensors format, or has a tensor of another dtype.
    pub fn read(path: impl AsRef<Path>) -> Result<Params> {
        let path = path.as_ref();
        let data = std::fs::read(path).map_err(|e| failed(path, e))?;
        let file = SafeTensors::deserialize(&data).map_err(|e| failed(path, e))?;
        let (_, header) = SafeTensors::read_metadata(&data).map_err(|e| failed(path, e))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let listed = |key: &str, name: &str| {
            metadata.get(key).is_some_and(|names| names.split('\n').any(|n| n == name))
        };
        let mut tensors: Vec<(String, Kind, Tensor)> = Vec::new();
        for (name, view) in file.tensors() {
            let kind = match () {
                () if listed(FROZEN, &name) => Kind::Frozen,
                () if listed(STATE, &name) => Kind::State,
                () if listed(OPTIMIZER, &name) => Kind::Optimizer,
                () => Kind::Trainable,
            };
            let tensor = from_view(&view).map_err(|what| failed(path, format!("`{name}`: {what}")))?;
            tensors.push((name, kind, tensor));
        }
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        let mut params = Params::seeded(0);
        for (name, kind, tensor) in tensors {
            params.add(&name, kind, tensor);
        }
        Ok(params)
    }
}

fn failed(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::File { path: path.to_owned(), what: what.to_string() }
}

fn file_dtype(dtype: DType) -> Dtype {
    match dtype {
        DType::F32 => Dtype::F32,
        DType::F64 => Dtype::F64,
        DType::I64 => Dtype::I64,
        DType::Bool => Dtype::BOOL,
    }
}

/// Little-endian bytes, as the format has them.
fn to_bytes(tensor: &Tensor) -> Vec<u8> {
    fn all<T: Element, const N: usize>(tensor: &Tensor, bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
        tensor
            .as_slice::<T>()
            .map(|values| values.iter().flat_map(|&x| bytes(x)).collect())
            .unwrap_or_default()
    }
    match tensor.dtype() {
        DType::F32 => all(tensor, f32::to_le_bytes),
        DType::F64 => all(tensor, f64::to_le_bytes),
        DType::I64 => all(tensor, i64::to_le_bytes),
        DType::Bool => all(tensor, |x: bool| [x as u8]),
    }
}

fn from_view(view: &TensorView<'_>) -> Result<Tensor, String> {
    fn all<T: Element, const N: usize>(
        view: &TensorView<'_>,
        value: impl Fn([u8; N]) -> T,
    ) -> Result<Tensor, String> {
        let values: Vec<T> = view.data().as_chunks::<N>().0.iter().map(|&bytes| value(bytes)).collect();
        Tensor::from_vec(values, Shape::from(view.shape())).map_err(|e| e.to_string())
    }
    match view.dtype() {
        Dtype::F32 => all(view, f32::from_le_bytes),
        Dtype::F64 => all(view, f64::from_le_bytes),
        Dtype::F16 => all(view, |bytes| f16_to_f32(u16::from_le_bytes(bytes))),
        Dtype::BF16 => all(view, |bytes| bf16_to_f32(u16::from_le_bytes(bytes))),
        Dtype::I64 => all(view, i64::from_le_bytes),
        Dtype::I32 => all(view, |bytes| i32::from_le_bytes(bytes) as i64),
        Dtype::U32 => all(view, |bytes| u32::from_le_bytes(bytes) as i64),
        Dtype::I16 => all(view, |bytes| i16::from_le_bytes(bytes) as i64),
        Dtype::U16 => all(view, |bytes| u16::from_le_bytes(bytes) as i64),
        Dtype::I8 => all(view, |bytes| i8::from_le_bytes(bytes) as i64),
        Dtype::U8 => all(view, |bytes| u8::from_le_bytes(bytes) as i64),
        Dtype::BOOL => all(view, |[byte]: [u8; 1]| byte != 0),
        other => Err(format!("numbers of dtype {other:?} can't be read")),
    }
}
