//! Params from files, in the safetensors format.

use super::file::{KINDS, failed};
use super::header::fault;
use super::{Kind, Params};
use crate::half::{bf16_to_f32, f16_to_f32};
use crate::{Element, Result, Shape, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::path::Path;

impl Params {
    /// The tensors of a file, sorted by name. Numbers of 16 bits (`f16` and `bf16`) become `f32`, integers `i64`. The names of
    /// tied weights that the file notes, as those of PyTorch's `safetensors.torch.save_model` do, become
    /// [aliases](Params::alias). Use [`load`](Params::load) for the params of a model.
    ///
    /// # Errors
    /// If the file can't be read, isn't of the safetensors format, or has a tensor of another dtype. What is wrong with one
    /// tensor names it.
    pub fn read(path: impl AsRef<Path>) -> Result<Params> {
        let path = path.as_ref();
        let data = std::fs::read(path).map_err(|e| failed(path, e))?;
        if let Some(what) = fault(&data) {
            return Err(failed(path, what));
        }
        let file = SafeTensors::deserialize(&data).map_err(|e| failed(path, e))?;
        let (_, header) = SafeTensors::read_metadata(&data).map_err(|e| failed(path, e))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let listed = |key: &str, name: &str| {
            metadata.get(key).is_some_and(|names| names.split('\n').any(|n| n == name))
        };
        let mut tensors = file.tensors();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        let mut params = Params::seeded(0);
        for (name, view) in tensors {
            let kind = KINDS.into_iter().find(|(key, _)| listed(key, &name));
            let tensor = from_view(&view).map_err(|what| failed(path, format!("`{name}`: {what}")))?;
            params.add(&name, kind.map_or(Kind::Trainable, |(_, kind)| kind), tensor);
        }
        // What else is in the metadata may be anything.
        let mut others: Vec<(&String, &String)> = metadata.iter().collect();
        others.retain(|(other, _)| KINDS.iter().all(|(key, _)| key != other));
        others.sort();
        for (other, name) in others {
            if let (None, Some(id)) = (params.id(other), params.id(name)) {
                params.alias(other, id);
            }
        }
        Ok(params)
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
        Dtype::U64 => {
            let mut numbers = view.data().as_chunks().0.iter().map(|&bytes| u64::from_le_bytes(bytes));
            match numbers.find(|&number| number > i64::MAX as u64) {
                Some(number) => Err(format!("the number {number} is above all of i64")),
                None => all(view, i64::from_le_bytes),
            }
        }
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
