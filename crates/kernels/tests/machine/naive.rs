//! Tile programs, the slow way: every value of every step for the whole domain, one element at a time.
//!
//! All numbers are small integers, which every element type holds exactly: so sums have one right result, whatever
//! their order.

use chainrule_kernels::DType;
use chainrule_kernels::machine::{Access, Operand, RowReduce, StepKind, TileBuilder, TileLevel};

/// The slots' bytes.
pub type Memory = Vec<Vec<u8>>;

pub fn get(memory: &Memory, slot: u32, at: usize, dtype: DType) -> i64 {
    let bytes = &memory[slot as usize][at..at + dtype.size()];
    match dtype {
        DType::F32 => f32::from_ne_bytes(bytes.try_into().unwrap()) as i64,
        DType::F64 => f64::from_ne_bytes(bytes.try_into().unwrap()) as i64,
        DType::I64 => i64::from_ne_bytes(bytes.try_into().unwrap()),
        DType::Bool => bytes[0] as i64,
    }
}

pub fn put(memory: &mut Memory, slot: u32, at: usize, dtype: DType, value: i64) {
    let bytes = &mut memory[slot as usize][at..at + dtype.size()];
    match dtype {
        DType::F32 => bytes.copy_from_slice(&(value as f32).to_ne_bytes()),
        DType::F64 => bytes.copy_from_slice(&(value as f64).to_ne_bytes()),
        DType::I64 => bytes.copy_from_slice(&value.to_ne_bytes()),
        DType::Bool => bytes[0] = value as u8,
    }
}

/// All index tuples, in row-major order.
pub fn indices(dims: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for &length in dims {
        all =
            all.iter().flat_map(|head| (0..length).map(move |i| [head.as_slice(), &[i]].concat())).collect();
    }
    all
}

fn byte(access: &Access, index: &[usize], dtype: DType) -> usize {
    let distance: isize = index.iter().zip(&access.strides).map(|(&i, &s)| i as isize * s).sum();
    (access.place.offset as isize + distance * dtype.size() as isize) as usize
}

fn apply(name: &str, x: &[i64]) -> i64 {
    match name {
        "add" => x[0] + x[1],
        "sub" => x[0] - x[1],
        "mul" => x[0] * x[1],
        "maximum" => x[0].max(x[1]),
        "minimum" => x[0].min(x[1]),
        "neg" => -x[0],
        "abs" => x[0].abs(),
        "sign" => x[0].signum(),
        "lt" => (x[0] < x[1]) as i64,
        "select" => x[if x[0] != 0 { 1 } else { 2 }],
        "flush_subnormals" | "to_f32" | "to_f64" | "to_i64" => x[0],
        "to_bool" => (x[0] != 0) as i64,
        _ => panic!("{name}"),
    }
}

/// Runs a program. A user's function is taken to be `2·a − b`.
pub fn run(builder: &TileBuilder, memory: &mut Memory) {
    let dims = &builder.dims;
    let split = dims.len() - builder.row_axes.unwrap_or(0);
    let all = indices(dims);
    let row_starts: Vec<Vec<usize>> = indices(&dims[..split])
        .into_iter()
        .map(|mut index| {
            index.resize(dims.len(), 0);
            index
        })
        .collect();
    let cols: usize = dims[split..].iter().product();
    let places = |level: TileLevel| if level == TileLevel::Full { &all } else { &row_starts };
    let mut values: Vec<Vec<i64>> = Vec::new();
    for step in &builder.steps {
        let operand = |o: &Operand| &values[o.0 as usize];
        let count = places(step.level).len();
        let value = match &step.kind {
            StepKind::Load(access) => places(step.level)
                .iter()
                .map(|index| get(memory, access.place.slot, byte(access, index, step.dtype), step.dtype))
                .collect(),
            StepKind::Apply(kernel, operands) => (0..count)
                .map(|i| {
                    let x: Vec<i64> = operands.iter().map(|o| operand(o)[i]).collect();
                    apply(kernel.name, &x)
                })
                .collect(),
            StepKind::Custom(_, operands) => {
                (0..count).map(|i| 2 * operand(&operands[0])[i] - operand(&operands[1])[i]).collect()
            }
            StepKind::Generate(generator, ..) => {
                assert_eq!(generator.name, "iota");
                (0..count as i64).collect()
            }
            StepKind::Reduce(how, o) => operand(o)
                .chunks(cols)
                .map(|row| match how {
                    RowReduce::Sum => row.iter().sum(),
                    RowReduce::Max => *row.iter().max().unwrap(),
                })
                .collect(),
            StepKind::Expand(o) => operand(o).iter().flat_map(|&x| vec![x; cols]).collect(),
        };
        values.push(value);
    }
    for (source, access) in &builder.stores {
        let step = &builder.steps[source.0 as usize];
        for (index, &value) in places(step.level).iter().zip(&values[source.0 as usize]) {
            put(memory, access.place.slot, byte(access, index, step.dtype), step.dtype, value);
        }
    }
    for sum in &builder.accumulate {
        let step = &builder.steps[sum.source.0 as usize];
        let mut seen = std::collections::HashMap::new();
        for (index, &value) in places(step.level).iter().zip(&values[sum.source.0 as usize]) {
            seen.entry(byte(&sum.access, index, step.dtype))
                .and_modify(|total: &mut i64| {
                    *total = if sum.max { value.max(*total) } else { value + *total };
                })
                .or_insert(value);
        }
        for (at, total) in seen {
            put(memory, sum.access.place.slot, at, step.dtype, total);
        }
    }
}
