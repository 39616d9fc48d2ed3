//! Params to files, in the safetensors format.

use super::{Kind, Params};
use crate::{DType, Element, Error, Result, Tensor};
use safetensors::tensor::{Dtype, TensorView};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// What the names of tensors of a kind are kept under, one a line.
pub(super) const KINDS: [(&str, Kind); 3] = [
    ("chainrule.frozen", Kind::Frozen),
    ("chainrule.state", Kind::State),
    ("chainrule.optimizer", Kind::Optimizer),
];

impl Params {
    /// Writes all tensors to a `.safetensors` file, which PyTorch and others read too; the kinds are in its metadata.
    /// (What belongs to an optimizer is written as well: [`without_optimizer`](Params::without_optimizer) is the model alone.)
    /// The file appears whole or not at all: it is written beside its place and then renamed. The same params give the same bytes.
    ///
    /// A PyTorch model with the same names loads it by `safetensors.torch.load_model(model, path)`, or by
    /// `model.load_state_dict(safetensors.torch.load_file(path))` if it has no tied weights. Those are written once, with
    /// [the other name](Params::alias) in the metadata, as PyTorch's `safetensors.torch.save_model` does.
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
        let data = safetensors::serialize(views, None).map_err(|e| failed(path, e))?;
        let data = with_metadata(&data, &self.metadata());
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

    /// What a file says beside the tensors, in order.
    fn metadata(&self) -> Vec<(&str, String)> {
        // What Hugging Face's readers want to know: names and layouts are PyTorch's.
        let mut metadata = vec![("format", "pt".to_owned())];
        for (key, kind) in KINDS {
            let names: Vec<&str> =
                self.iter().filter(|(_, k, _)| *k == kind).map(|(name, _, _)| name).collect();
            if !names.is_empty() {
                metadata.push((key, names.join("\n")));
            }
        }
        metadata.extend(self.aliases().map(|(other, name)| (other, name.to_owned())));
        metadata
    }
}

pub(super) fn failed(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::File { path: path.to_owned(), what: what.to_string() }
}

/// A file that has none yet, with metadata at the beginning of its header. (The crate takes a map of random order.)
fn with_metadata(file: &[u8], metadata: &[(&str, String)]) -> Vec<u8> {
    // The length of the header, and its first brace.
    const HEAD: usize = size_of::<u64>() + 1;
    let length = file.first_chunk().map_or(0, |&bytes| u64::from_le_bytes(bytes) as usize);
    let (tensors, data) = file[HEAD..].split_at(length - 1);
    let pairs: Vec<String> =
        metadata.iter().map(|(key, value)| format!("{}:{}", json(key), json(value))).collect();
    let tensors = tensors.trim_ascii_end();
    let comma = if tensors == b"}" { "" } else { "," };
    let mut header = format!("{{\"__metadata__\":{{{}}}{comma}", pairs.join(",")).into_bytes();
    header.extend_from_slice(tensors);
    // The tensors begin at a multiple of 8.
    header.resize(header.len().next_multiple_of(size_of::<u64>()), b' ');
    [&(header.len() as u64).to_le_bytes(), header.as_slice(), data].concat()
}

/// A string as JSON has it.
fn json(text: &str) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if c < ' ' => json.push_str(&format!("\\u{:04x}", c as u32)),
            c => json.push(c),
        }
    }
    json.push('"');
    json
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
