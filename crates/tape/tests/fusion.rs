//! The fused program against its slow twin: random expressions, once compiled as a whole, and once computed op by op.

use chainrule_tape::{Conv, DType, PadMode, Params, Tape, Tensor, Var};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A recorded expression grows by random ops on random earlier values.
fn grow<'t>(tape: &'t Tape, values: &mut Vec<Var<'t>>, rng: &mut StdRng) {
    let pick = |rng: &mut StdRng, values: &[Var<'t>]| values[rng.random_range(0..values.len())];
    let x = pick(rng, values);
    let shape = x.shape();
    let rank = shape.rank();
    let y = match rng.random_range(0..37) {
        0 => x.tanh(),
        1 => x.sigmoid() * 2.0 - x,
        2 => (x * 0.3).exp(),
        3 => x.relu(),
        4..=7 => {
            let mates: Vec<Var<'t>> = values
                .iter()
                .copied()
                .filter(|other| shape.broadcast(&other.shape()).is_some_and(|s| s.numel() < 400))
                .collect();
            let other = pick(rng, &mates);
            match rng.random_range(0..4) {
                0 => x + other,
                1 => x * other,
                2 => x.maximum(other),
                _ => x - other,
            }
        }
        8 if rank > 0 => x.sum(rng.random_range(0..rank) as isize),
        9 if rank > 0 => x.sum_keep(-1) * 0.25,
        10 if rank > 0 => x.max_keep(rng.random_range(0..rank) as isize),
        11 => x.mean(..),
        12 if rank > 0 => x.softmax(-1),
        13 if rank > 0 => x - x.mean_keep(rng.random_range(0..rank) as isize),
        14 if rank > 1 => x.t(),
        15 => x.reshape(shape.numel()),
        16 if rank > 0 && shape[0] > 1 => x.slice(0, 1..),
        17 if rank > 0 && shape.numel() < 200 => x.pad(-1, 1, 2),
        18 if rank > 0 && shape.numel() < 200 => tape.concat(&[x, x * 0.5], 0),
        19 if rank > 1 => x.t().matmul(x) * 0.1,
        20 if rank > 1 => x.unsqueeze(0).expand([&[2], shape.dims()].concat()),
        21 if rank > 0 => x.permute(&(0..rank).rev().collect::<Vec<_>>()),
        22 if rank > 0 => x.slice_step(rng.random_range(0..rank) as isize, .., 2),
        23 if rank > 0 => x.flip(rng.random_range(0..rank) as isize),
        24 if rank > 0 && shape.numel() < 200 => x.pad_step(rng.random_range(0..rank) as isize, 1, 0, 2),
        // Slices put together again, each in another way: their gradients and they themselves are pieces.
        25 if rank > 0 && shape[rank - 1] > 2 => {
            let axis = rank as isize - 1;
            let (a, b, c) = (x.slice(axis, ..1), x.slice(axis, 1..2).tanh(), x.slice(axis, 2..) * 0.5);
            tape.concat(&[b.exp() * 0.2, c, a], axis)
        }
        26 if rank > 1 && shape.numel() < 200 => tape.stack(&[x, x.tanh(), x.t().tanh().t() * 0.5], 1),
        // One weight many times, as in a recurrent layer.
        27 if rank == 2 => {
            let n = shape[1];
            let w = x.slice(0, ..1).t().matmul(x.slice(0, ..1)) * 0.1;
            let mut h = x;
            let mut all = Vec::new();
            for _ in 0..4 {
                h = (h.matmul(w) + x.slice(1, ..n)).tanh();
                all.push(h);
            }
            tape.stack(&all, rng.random_range(0..3u32) as isize)
        }
        28 if rank == 3 && shape[2] > 1 => {
            let w = x.slice(2, ..2).slice(0, ..1).expand([3, shape[1], 2]);
            let conv = Conv { stride: [rng.random_range(1..3)], padding: [1], dilation: [1], groups: 1 };
            x.conv1d(w, conv).tanh()
        }
        29 if rank > 0 && shape.numel() < 200 => {
            let axis = rng.random_range(0..rank);
            let size = rng.random_range(1..=shape[axis]);
            let step = rng.random_range(1..4);
            let windows = x.unfold(axis as isize, size, step);
            let weights = tape.linspace(0.2, 0.7, size, DType::F64);
            (windows * weights).fold(axis as isize, shape[axis], step)
        }
        30 if rank > 0 && shape.numel() < 200 => {
            let axis = rng.random_range(0..rank);
            x.unfold(axis as isize, shape[axis].min(2), 1)
        }
        31 if rank > 0 && shape.iter().all(|&n| n > 1) && shape.numel() < 200 => {
            let mode = [PadMode::Reflect, PadMode::Circular, PadMode::Replicate][rng.random_range(0..3)];
            x.pad_with(&[(rng.random_range(0..rank) as isize, [1, 1])], mode)
        }
        32 if rank > 1 => x.roll(1, 0).roll(-1, -1),
        33 if rank > 0 && shape.numel() < 200 => tape.concat(&[x, x.slice(-1, ..1), x.flip(0)], -1),
        34 if rank > 1 => x.tril(0) + x.diagonal(0, -2, -1).sum(..) * 0.1,
        35 if rank > 0 && shape[rank - 1] > 1 => {
            let last = x.slice(-1, ..1).gt(0.0).select(tape.full((), 1.0, DType::I64), 0.0);
            x.scatter(-1, last, x.gather(-1, last) * 0.5)
        }
        36 if rank > 0 && shape.numel() < 200 => x.tile(&[2]).repeat_interleave(0, 2) * 0.5,
        _ => x * x * 0.1,
    };
    if y.numel() <= 600 && y.rank() <= 4 {
        values.push(y);
    }
}

fn close(a: &Tensor, b: &Tensor, what: &str) {
    assert_eq!((a.shape(), a.dtype()), (b.shape(), b.dtype()), "{what}");
    for (i, (a, b)) in a.to_f64().iter().zip(b.to_f64()).enumerate() {
        let scale = a.abs().max(b.abs()).max(1.0);
        assert!(
            (a - b).abs() <= 1e-10 * scale || a.is_nan() && b.is_nan(),
            "{what}, element {i}: {a} and {b}"
        );
    }
}

#[test]
fn random_expressions() {
    for seed in 0..1500 {
        let mut rng = StdRng::seed_from_u64(seed);
        let tape = Tape::new();
        let shapes: [&[usize]; 6] = [&[4, 6], &[6], &[4, 1], &[2, 3, 4], &[3, 4], &[]];
        let mut values: Vec<Var<'_>> = Vec::new();
        for shape in shapes {
            let numel = shape.iter().product();
            let data: Vec<f64> = (0..numel).map(|_| rng.random_range(-1.5..1.5)).collect();
            values.push(tape.var(Tensor::from_vec(data, shape).unwrap()));
        }
        let leaves = values.clone();
        for _ in 0..rng.random_range(3..25) {
            grow(&tape, &mut values, &mut rng);
        }
        tape.check().unwrap();
        // The last value's gradients, and some of the values in between.
        let loss = values.last().unwrap().square().mean(..);
        let mut wanted = tape.grads(loss, &leaves);
        wanted.push(loss);
        wanted.extend(values.iter().copied().filter(|_| rng.random_bool(0.2)));
        tape.check().unwrap();

        let outputs = tape.compile(&wanted).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let mut program = outputs;
        let fused: Vec<Tensor> = {
            let outputs =
                program.run(&mut Params::seeded(0), &[]).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            (0..outputs.len()).map(|i| outputs.tensor(i)).collect()
        };
        // Asking for each value before the next is recorded after it leaves nothing to fuse.
        let slow = Tape::one_by_one(&tape, &wanted).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        for (i, (fused, slow)) in fused.iter().zip(&slow).enumerate() {
            close(fused, slow, &format!("seed {seed}, output {i}"));
        }
    }
}

#[test]
fn one_by_one_is_the_same_in_f32() {
    let tape = Tape::new();
    let x = tape.uniform([300, 7], DType::F32);
    let y = (x * 2.0 - 1.0).softmax(-1).ln().sum(0);
    let together = y.value().unwrap();
    let slow = Tape::one_by_one(&tape, &[y]).unwrap().remove(0);
    for (a, b) in together.to_f64().iter().zip(slow.to_f64()) {
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }
}

/// Parameters get random expressions of the old values, of each other and of products: each new value must be made of
/// old values only, however the writes are scheduled.
#[test]
fn random_updates() {
    for seed in 0..400 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut params = Params::seeded(0);
        let ids: Vec<_> = (0..rng.random_range(2..6))
            .map(|i| {
                let data: Vec<f64> = (0..16).map(|_| rng.random_range(-1.0..1.0)).collect();
                params.root().param(&format!("p{i}"), Tensor::from_vec(data, [4, 4]).unwrap())
            })
            .collect();
        let tape = Tape::with(&params);
        let mut values: Vec<Var<'_>> = ids.iter().map(|&id| tape.param(id)).collect();
        // First products and sums, then, as optimizers do, elementwise ops on them.
        for round in 0..2 {
            for _ in 0..rng.random_range(2..10) {
                let mut pick = || values[rng.random_range(0..values.len())];
                let (x, y) = (pick(), pick());
                let kind = rng.random_range(0..if round == 0 { 7 } else { 4 });
                values.push(match kind {
                    0 => x + y,
                    1 => x * y * 0.5,
                    2 => x.t() - y,
                    3 => x.tanh(),
                    4 => x.matmul(y) * 0.3,
                    5 => x * y.sum_keep(0).tanh(),
                    _ => x * y.mean_keep(-1),
                });
            }
        }
        let mut expected = Vec::new();
        for &id in &ids {
            if rng.random_bool(0.8) {
                let value = values[rng.random_range(0..values.len())];
                tape.assign(id, value);
                expected.push((id, value));
            }
        }
        let output = values[rng.random_range(0..values.len())];
        let mut program = tape.compile(&[output]).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let mut wanted: Vec<Var<'_>> = expected.iter().map(|&(_, value)| value).collect();
        wanted.push(output);
        let slow = tape.one_by_one(&wanted).unwrap();
        let mut updated = params.clone();
        let found = program.run(&mut updated, &[]).unwrap_or_else(|e| panic!("seed {seed}: {e}")).tensor(0);
        close(&found, &slow[expected.len()], &format!("seed {seed}, output"));
        for (&(id, _), slow) in expected.iter().zip(&slow) {
            close(updated.tensor(id), slow, &format!("seed {seed}, {id:?}"));
        }
    }
}

/// Larger values: what is cheap is computed again instead of kept, and rows are long.
#[test]
fn random_expressions_over_many_elements() {
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        let tape = Tape::new();
        let mut leaf = |shape: &[usize]| {
            let numel = shape.iter().product();
            let data: Vec<f64> = (0..numel).map(|_| rng.random_range(-1.5..1.5)).collect();
            tape.var(Tensor::from_vec(data, shape).unwrap())
        };
        let leaves = [leaf(&[96, 130]), leaf(&[130]), leaf(&[96, 1]), leaf(&[130, 130])];
        let mut values = vec![leaves[0]];
        for _ in 0..rng.random_range(4..14) {
            let x = values[rng.random_range(0..values.len())];
            let y = values[rng.random_range(0..values.len())];
            values.push(match rng.random_range(0..9) {
                0 => x - x.mean_keep(-1),
                1 => x * (x.var_keep(-1) + 0.1).rsqrt() * leaves[1],
                2 => x * y,
                3 => (x + y) * 0.5 + leaves[2],
                4 => (x * 0.5).tanh(),
                5 => x.matmul(leaves[3]) * 0.05,
                6 => x - x.mean_keep(0),
                7 => (-x.abs() + y * 0.3) * leaves[1],
                _ => x.softmax(-1) * 5.0 - y,
            });
        }
        let loss = values.last().unwrap().square().mean(..);
        let mut wanted = tape.grads(loss, &leaves);
        wanted.push(loss);
        let mut program = tape.compile(&wanted).unwrap();
        let fused: Vec<Tensor> = {
            let outputs = program.run(&mut Params::seeded(0), &[]).unwrap();
            (0..outputs.len()).map(|i| outputs.tensor(i)).collect()
        };
        let slow = tape.one_by_one(&wanted).unwrap();
        for (i, (fused, slow)) in fused.iter().zip(&slow).enumerate() {
            close(fused, slow, &format!("seed {seed}, output {i}"));
        }
    }
}

/// Every op, with elementwise ops before and after it, fused and one by one: the same bits. (Sums of many more elements are made in
/// blocks, which depend on what they are fused with.)
#[test]
fn every_op_has_the_same_bits_fused() {
    for sample in chainrule_tape::check::samples() {
        for dtype in [DType::F64, DType::F32] {
            let tape = Tape::new();
            let inputs = (sample.inputs)().into_iter().map(|x| tape.var(x.cast(dtype)) * 1.0009765625);
            let y = (sample.apply)(&inputs.collect::<Vec<Var<'_>>>());
            if tape.check().is_err() || !y.dtype().is_float() {
                continue; // the sample has constants of f64
            }
            let wanted = [y * 1.0009765625 + 0.5, y];
            let mut program = tape.compile(&wanted).unwrap();
            let outputs = program.run(&mut Params::seeded(0), &[]).unwrap();
            let slow = tape.one_by_one(&wanted).unwrap();
            for (i, slow) in slow.iter().enumerate() {
                let bits = |x: &Tensor| x.to_f64().iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
                assert_eq!(bits(&outputs.tensor(i)), bits(slow), "{} in {dtype}", sample.name);
            }
        }
    }
}
