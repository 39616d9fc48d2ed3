//! Reading the cases.

use super::{Args, Golden};
use chainrule_tape::{DType, Element, Shape, Tensor};
use safetensors::SafeTensors;
use std::path::Path;

/// A case: its op, what it is given, and what PyTorch answers.
pub struct Case {
    /// The line in the file, for the directions.
    pub number: usize,
    pub op: String,
    pub checks: String,
    pub args: Args,
    pub inputs: Vec<Tensor>,
    /// The inputs that it is differentiated by.
    pub by: Vec<usize>,
    pub outputs: Vec<Tensor>,
    pub gradients: Vec<Tensor>,
    pub second: Vec<Tensor>,
    pub tangents: Vec<Tensor>,
}

impl Case {
    /// Whether the file has these derivatives: `g`, `s` or `t`.
    pub fn has(&self, check: char) -> bool {
        self.checks.contains(check)
    }
}

/// A flat array that is read from its start on.
struct Stream<T>(std::vec::IntoIter<T>);

impl<T: Element> Stream<T> {
    fn read<const N: usize>(file: &SafeTensors<'_>, name: &str, element: fn([u8; N]) -> T) -> Stream<T> {
        let bytes = file.tensor(name).expect("the file has all arrays").data();
        let elements =
            bytes.chunks_exact(N).map(|chunk| element(chunk.try_into().expect("a chunk of N bytes")));
        Stream(elements.collect::<Vec<T>>().into_iter())
    }

    fn next(&mut self, shape: &Shape) -> Tensor {
        let values: Vec<T> = self.0.by_ref().take(shape.numel()).collect();
        Tensor::from_vec(values, shape.clone()).expect("the file has as many elements as its cases")
    }
}

impl Golden {
    /// Reads a file beside the script that makes it.
    pub fn read(name: &str) -> Golden {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(name);
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let (_, head) = SafeTensors::read_metadata(&bytes).expect("a safetensors file");
        let lines = head
            .metadata()
            .as_ref()
            .and_then(|texts| texts.get("cases"))
            .expect("the file has cases")
            .clone();
        let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let mut floats = Stream::read(&file, "f64", f64::from_le_bytes);
        let mut ints = Stream::read(&file, "i64", i64::from_le_bytes);
        let mut bools = Stream::read(&file, "bool", |[byte]| byte != 0);
        let directions = Stream::read(&file, "directions", f64::from_le_bytes).0.collect();

        let mut next = |(dtype, shape): &(DType, Shape)| match dtype {
            DType::I64 => ints.next(shape),
            DType::Bool => bools.next(shape),
            _ => floats.next(shape),
        };
        let mut cases = Vec::new();
        for (number, line) in lines.lines().enumerate() {
            let mut parts = line.split('|');
            let mut words = parts.next().unwrap_or_default().split_whitespace();
            let (op, checks) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let args = words.filter_map(|word| word.split_once('='));
            let args = Args(args.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
            let list = |part: Option<&str>| -> Vec<String> {
                part.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
            };
            let (inputs, outputs) = (list(parts.next()), list(parts.next()));
            let by: Vec<usize> = (0..inputs.len()).filter(|&i| inputs[i].contains('*')).collect();
            let metas = |texts: &[String]| texts.iter().map(|text| meta(text)).collect::<Vec<_>>();
            let (inputs, outputs) = (metas(&inputs), metas(&outputs));
            let of_inputs: Vec<_> = by.iter().map(|&i| inputs[i].clone()).collect();
            let of_outputs: Vec<_> = outputs.iter().filter(|(dtype, _)| dtype.is_float()).cloned().collect();
            let mut all = |metas: &[(DType, Shape)]| metas.iter().map(&mut next).collect::<Vec<_>>();
            let (inputs, outputs) = (all(&inputs), all(&outputs));
            let mut derivative = |check, metas| if checks.contains(check) { all(metas) } else { Vec::new() };
            cases.push(Case {
                number,
                op: op.to_owned(),
                checks: checks.to_owned(),
                args,
                inputs,
                by,
                outputs,
                gradients: derivative('g', &of_inputs),
                second: derivative('s', &of_inputs),
                tangents: derivative('t', &of_outputs),
            });
        }
        Golden { cases, directions }
    }
}

/// `f64*[2,3]`: dtype, whether differentiated by, and shape.
fn meta(text: &str) -> (DType, Shape) {
    let (dtype, shape) = text.trim_end_matches(']').split_once('[').expect("a dtype and a shape");
    let dtype = match dtype.trim_end_matches('*') {
        "f64" => DType::F64,
        "i64" => DType::I64,
        "bool" => DType::Bool,
        other => panic!("{other} is no dtype of the file"),
    };
    let lengths = shape.split(',').filter(|length| !length.is_empty());
    (dtype, lengths.map(|length| length.parse::<usize>().expect("a length")).collect())
}
