//! Programs of real numbers: accuracy, generators, empty domains, the same bits for any number of threads.

use crate::random::Random;
use crate::tile::pools;
use chainrule_kernels::machine::{
    Access, Accumulate, Instr, Machine, Operand, Place, RowReduce, SlotSpec, Step, StepKind, TileBuilder,
    TileLevel,
};
use chainrule_kernels::pointwise as kernels;
use chainrule_kernels::{Buffer, DType, Level};

fn access(slot: u32, offset: usize, strides: &[isize]) -> Access {
    Access { place: Place { slot, offset }, strides: strides.into() }
}

fn full(kind: StepKind, dtype: DType) -> Step {
    Step { kind, dtype, level: TileLevel::Full }
}

fn row(kind: StepKind, dtype: DType) -> Step {
    Step { kind, dtype, level: TileLevel::Row }
}

fn apply(kernel: &'static kernels::Kernel, operands: &[u32]) -> StepKind {
    StepKind::Apply(kernel, operands.iter().map(|&o| Operand(o)).collect())
}

fn floats(n: usize, seed: u64) -> Vec<f32> {
    let mut random = Random(seed);
    (0..n).map(|_| random.below(1 << 20) as f32 / (1 << 20) as f32).collect()
}

/// Runs a program on slot 1 (read) and slot 2 (written): the written floats for 1, 2 and 4 threads, which are equal.
fn run(builder: TileBuilder, input: &Buffer, outputs: usize, level: Level) -> Vec<f32> {
    let mut results: Vec<Buffer> = Vec::new();
    for threads in [1, 2, 4] {
        let mut instr = Instr::tile(builder.clone());
        let scratch = instr.scratch_bytes();
        if scratch > 0 {
            instr.set_scratch(Place { slot: 0, offset: 0 });
        }
        let slots = vec![
            SlotSpec { bytes: input.bytes(), writable: false },
            SlotSpec { bytes: 4 * outputs, writable: true },
        ];
        let mut machine = Machine::new(vec![instr], slots, scratch, level).unwrap();
        machine.set_threads(threads);
        let mut output = Buffer::from_slice(&vec![9f32; outputs]);
        let mut session = machine.session();
        session.read(1, input);
        session.write(2, &mut output);
        session.run_with(&pools()[(threads > 2) as usize]).unwrap();
        results.push(output);
    }
    let bits = |b: &Buffer| b.as_slice::<f32>(DType::F32).iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&results[0]), bits(&results[1]), "2 threads");
    assert_eq!(bits(&results[0]), bits(&results[2]), "4 threads");
    results[0].as_slice(DType::F32).to_vec()
}

#[test]
fn long_sums_of_f32_are_accurate() {
    for [rows, cols] in [[1, 10_000_000], [10_000_000, 1], [3_000_000, 3], [40, 250_000], [100_000, 100]] {
        let values = floats(rows * cols, 3);
        let mut expected = vec![0f64; cols];
        for row in values.chunks(cols) {
            expected.iter_mut().zip(row).for_each(|(sum, &x)| *sum += x as f64);
        }
        let total: f64 = expected.iter().sum();
        // Sums of columns, and of all: the second is all that the last output holds.
        let builder = TileBuilder {
            dims: [rows, cols].into_iter().collect(),
            steps: vec![full(StepKind::Load(access(1, 0, &[cols as isize, 1])), DType::F32)],
            accumulate: vec![
                Accumulate {
                    source: Operand(0),
                    access: access(2, 0, &[0, (cols > 1) as isize]),
                    max: false,
                },
                Accumulate { source: Operand(0), access: access(2, 4 * cols, &[0, 0]), max: false },
            ],
            ..TileBuilder::default()
        };
        let sums = run(builder, &Buffer::from_slice(&values), cols + 1, Level::detect());
        for (sum, expected) in sums.iter().zip(expected.iter().chain([&total])) {
            let error = (*sum as f64 - expected).abs() / expected.max(1e-3);
            assert!(error < 1e-6, "{rows} x {cols}: {sum} for {expected}");
        }
    }
}

#[test]
fn channel_sums_of_images_are_accurate() {
    let [n, c, h, w] = [64, 3, 64, 64];
    let values = floats(n * c * h * w, 5);
    let mut expected = vec![0f64; c];
    for (i, &x) in values.iter().enumerate() {
        expected[i / (h * w) % c] += x as f64;
    }
    let strides = [c * h * w, h * w, w, 1].map(|s| s as isize);
    for row_axes in [None, Some(1), Some(2)] {
        let builder = TileBuilder {
            dims: [n, c, h, w].into_iter().collect(),
            row_axes,
            steps: vec![full(StepKind::Load(access(1, 0, &strides)), DType::F32)],
            accumulate: vec![Accumulate {
                source: Operand(0),
                access: access(2, 0, &[0, 1, 0, 0]),
                max: false,
            }],
            ..TileBuilder::default()
        };
        let sums = run(builder, &Buffer::from_slice(&values), c, Level::detect());
        for (sum, expected) in sums.iter().zip(&expected) {
            assert!((*sum as f64 - expected).abs() / expected < 1e-6, "{sum} for {expected}");
        }
    }
}

/// `log Σ exp` of rows and the softmax, over row lengths from one to more than a tile.
#[test]
fn softmax_is_right_for_short_and_long_rows() {
    for [rows, cols] in [[1000, 1], [700, 10], [50, 33], [20, 1024], [5, 5000]] {
        for &level in Level::available() {
            let values: Vec<f32> = floats(rows * cols, 7).iter().map(|x| 40.0 * x - 20.0).collect();
            let max = StepKind::Reduce(RowReduce::Max, Operand(0));
            let sum = StepKind::Reduce(RowReduce::Sum, Operand(4));
            let builder = TileBuilder {
                dims: [rows, cols].into_iter().collect(),
                row_axes: Some(1),
                steps: vec![
                    full(StepKind::Load(access(1, 0, &[cols as isize, 1])), DType::F32),
                    row(max, DType::F32),
                    full(StepKind::Expand(Operand(1)), DType::F32),
                    full(apply(&kernels::SUB, &[0, 2]), DType::F32),
                    full(apply(&kernels::EXP, &[3]), DType::F32),
                    row(sum, DType::F32),
                    full(StepKind::Expand(Operand(5)), DType::F32),
                    full(apply(&kernels::DIV, &[4, 6]), DType::F32),
                    row(apply(&kernels::LN, &[5]), DType::F32),
                    row(apply(&kernels::ADD, &[8, 1]), DType::F32),
                ],
                stores: vec![
                    (Operand(7), access(2, 0, &[cols as isize, 1])),
                    (Operand(9), access(2, 4 * rows * cols, &[1, 0])),
                ],
                ..TileBuilder::default()
            };
            let results = run(builder, &Buffer::from_slice(&values), rows * cols + rows, level);
            for (r, x) in values.chunks(cols).enumerate() {
                let sum: f64 = x.iter().map(|&x| (x as f64).exp()).sum();
                let log = results[rows * cols + r] as f64;
                assert!((log - sum.ln()).abs() < 1e-5, "{log} for {}", sum.ln());
                for (y, &x) in results[r * cols..].iter().zip(x) {
                    let expected = (x as f64).exp() / sum;
                    assert!((*y as f64 - expected).abs() < 1e-6 * expected.max(1e-3), "{y} for {expected}");
                }
            }
        }
    }
}

#[test]
fn generators_see_the_linear_index_and_the_counter() {
    for (dims, row_axes) in [(vec![3, 50, 7], None), (vec![40, 3000], None), (vec![90, 3000], Some(1))] {
        let n: usize = dims.iter().product();
        let counter = Buffer::from_slice(&[11i64, 5]);
        // Something that keeps the axes apart.
        let strides: Vec<isize> = (0..dims.len() as isize).map(|axis| 8 * (axis % 2)).collect();
        let builder = TileBuilder {
            dims: dims.iter().copied().collect(),
            row_axes,
            steps: vec![full(
                StepKind::Generate(&kernels::UNIFORM, [42, 7], Some(access(1, 8, &strides))),
                DType::F32,
            )],
            stores: vec![(Operand(0), access(2, 0, &dense(&dims)))],
            ..TileBuilder::default()
        };
        let made = run(builder, &counter, n, Level::detect());
        let generate = kernels::UNIFORM.pick(DType::F32, Level::Portable).unwrap();
        let mut expected = vec![0f32; n];
        // SAFETY: room for `n` elements; the portable level always exists.
        unsafe { generate(expected.as_mut_ptr().cast(), 0, n, [42, 7 + 5]) };
        assert_eq!(made, expected);
    }
}

fn dense(dims: &[usize]) -> Vec<isize> {
    (0..dims.len()).map(|axis| dims[axis + 1..].iter().product::<usize>() as isize).collect()
}

#[test]
fn reductions_of_nothing_are_zero_and_the_least_number() {
    // Five columns of no rows; then no columns, where each of five rows has a result.
    for (dims, strides) in [([0, 5], [0, 1]), ([5, 0], [1, 0])] {
        let builder = TileBuilder {
            dims: dims.into_iter().collect(),
            steps: vec![full(StepKind::Load(access(1, 0, &[1, 1])), DType::F32)],
            stores: vec![(Operand(0), access(2, 40, &dense(&dims)))],
            accumulate: vec![
                Accumulate { source: Operand(0), access: access(2, 0, &strides), max: false },
                Accumulate { source: Operand(0), access: access(2, 20, &strides), max: true },
            ],
            ..TileBuilder::default()
        };
        let results = run(builder, &Buffer::from_slice(&[1f32; 5]), 11, Level::detect());
        assert_eq!(results[..5], [0.0; 5]);
        assert_eq!(results[5..10], [f32::NEG_INFINITY; 5]);
        assert_eq!(results[10], 9.0, "a store of no elements");
    }
}

#[test]
fn a_maximum_keeps_nan() {
    for n in [100, 5000, 300_000] {
        let mut values = floats(n, 1);
        values[n / 3] = f32::NAN;
        for (dims, strides) in [([1, n], [0, 0]), ([n / 100, 100], [0, 1]), ([n / 1000, 1000], [0, 1])] {
            if dims[0] == 0 {
                continue;
            }
            let builder = TileBuilder {
                dims: dims.into_iter().collect(),
                steps: vec![full(StepKind::Load(access(1, 0, &dense(&dims))), DType::F32)],
                accumulate: vec![Accumulate {
                    source: Operand(0),
                    access: access(2, 0, &strides),
                    max: true,
                }],
                ..TileBuilder::default()
            };
            let results = run(builder, &Buffer::from_slice(&values), 1000, Level::detect());
            let nans: Vec<usize> = (0..1000).filter(|&i| results[i].is_nan()).collect();
            assert_eq!(nans, [if strides == [0, 0] { 0 } else { n / 3 % dims[1] }], "{dims:?}");
        }
    }
}

#[test]
fn one_value_goes_to_several_places() {
    // Swapped in place: both loads are overwritten by the other's value.
    let n = 3000;
    let mut a = Buffer::from_slice(&floats(n, 1));
    let mut b = Buffer::from_slice(&floats(n, 2));
    let builder = TileBuilder {
        dims: [n].into_iter().collect(),
        steps: vec![
            full(StepKind::Load(access(1, 0, &[1])), DType::F32),
            full(StepKind::Load(access(2, 0, &[1])), DType::F32),
            full(apply(&kernels::ADD, &[0, 1]), DType::F32),
        ],
        stores: vec![
            (Operand(1), access(1, 0, &[1])),
            (Operand(0), access(2, 0, &[1])),
            (Operand(2), access(0, 0, &[1])),
            (Operand(2), access(0, 4 * n, &[-1])),
        ],
        ..TileBuilder::default()
    };
    let slot = SlotSpec { bytes: 4 * n, writable: true };
    let mut wrong = builder.clone();
    wrong.stores.pop();
    wrong.stores.push((Operand(2), access(0, 4 * n - 4, &[-1])));
    assert!(Machine::new(vec![Instr::tile(wrong)], vec![slot; 2], 8 * n, Level::detect()).is_err());
    let mut right = builder;
    right.stores[3].1.place.offset = 8 * n - 4;
    let mut machine = Machine::new(vec![Instr::tile(right)], vec![slot; 2], 8 * n, Level::detect()).unwrap();
    let mut session = machine.session();
    session.write(1, &mut a);
    session.write(2, &mut b);
    session.run().unwrap();
    assert_eq!(a.as_slice::<f32>(DType::F32), floats(n, 2));
    assert_eq!(b.as_slice::<f32>(DType::F32), floats(n, 1));
    let sums: Vec<f32> = floats(n, 1).iter().zip(floats(n, 2)).map(|(a, b)| a + b).collect();
    assert_eq!(machine.read::<f32>(0, n), sums);
    assert_eq!(machine.read::<f32>(4 * n, n), sums.into_iter().rev().collect::<Vec<_>>());
}

/// Every kind of operand of a tile that is a block, and of one that is a part of a row.
#[test]
fn views_of_long_rows() {
    let (a, b, c) = (5, 6, 2500);
    let n = a * b * c;
    let values = floats(n, 9);
    let dense = [b * c, c, 1].map(|s| s as isize);
    // The outer axes swapped; transposed; one value for each row, also swapped; one for each column.
    let views =
        [[c, a * c, 1], [1, a, a * b], [1, a, 0], [0, 0, 1]].map(|view| view.map(|s: usize| s as isize));
    for only in [0..1, 0..4, 1..4, 2..4] {
        let mut builder = TileBuilder {
            dims: [a, b, c].into_iter().collect(),
            steps: vec![full(StepKind::Load(access(1, 0, &dense)), DType::F32)],
            ..TileBuilder::default()
        };
        for view in &views[only.clone()] {
            let last = builder.steps.len() as u32 - 1;
            builder.steps.push(full(StepKind::Load(access(1, 0, view)), DType::F32));
            builder.steps.push(full(apply(&kernels::MAXIMUM, &[last, last + 1]), DType::F32));
        }
        let last = Operand(builder.steps.len() as u32 - 1);
        builder.stores = vec![(last, access(2, 0, &dense)), (last, access(2, 4 * n, &views[0]))];
        let results = run(builder, &Buffer::from_slice(&values), 2 * n, Level::detect());
        for (i, j, k) in (0..a).flat_map(|i| (0..b).flat_map(move |j| (0..c).map(move |k| (i, j, k)))) {
            let at = |strides: &[isize; 3]| {
                i * strides[0] as usize + j * strides[1] as usize + k * strides[2] as usize
            };
            let expected =
                views[only.clone()].iter().map(|view| values[at(view)]).fold(values[at(&dense)], f32::max);
            assert_eq!((results[at(&dense)], results[n + at(&views[0])]), (expected, expected));
        }
    }
}
