//! Views, parts, repeats, paddings, diagonals and grids: what PyTorch answers, and loops.

use chainrule_tape::{DType, PadMode, Tape, Tensor, Var};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn values(y: Var<'_>) -> Vec<f64> {
    y.value().unwrap().to_f64()
}

/// `0, 1, …` in this shape.
fn count<'t>(tape: &'t Tape, shape: &[usize]) -> Var<'t> {
    tape.arange(0.0, shape.iter().product::<usize>() as f64, 1.0, DType::F32).reshape(shape)
}

#[track_caller]
fn is(y: Var<'_>, shape: &[usize], expected: &[f64]) {
    assert_eq!((y.shape().dims(), values(y)), (shape, expected.to_vec()));
}

#[test]
fn parts_of_an_axis() {
    let tape = Tape::new();
    let x = count(&tape, &[2, 3]);
    is(x.narrow(1, 1, 2), &[2, 2], &[1.0, 2.0, 4.0, 5.0]);
    is(x.narrow(-2, 2, 0), &[0, 3], &[]);
    is(x.at(0, -1), &[3], &[3.0, 4.0, 5.0]);
    is(x.at(-1, 0).at(0, 1), &[], &[3.0]);
    let parts = x.split(-1, &[0, 2, 1]);
    is(parts[0], &[2, 0], &[]);
    is(parts[1], &[2, 2], &[0.0, 1.0, 3.0, 4.0]);
    is(parts[2], &[2, 1], &[2.0, 5.0]);
    let lengths = |n: usize, pieces: usize| {
        let pieces = tape.iota(n, DType::F64).chunk(0, pieces);
        pieces.iter().map(|piece| piece.numel()).collect::<Vec<_>>()
    };
    assert_eq!(lengths(6, 3), [2, 2, 2]);
    assert_eq!(lengths(5, 4), [2, 2, 1]);
    assert_eq!(lengths(2, 5), [1, 1]);
    assert_eq!(lengths(0, 3), [0, 0, 0]);
}

#[test]
fn axes_merged_split_and_dropped() {
    let tape = Tape::new();
    let x = count(&tape, &[2, 3, 4, 1]);
    assert_eq!(x.flatten_axes(0, 1).shape().dims(), [6, 4, 1]);
    assert_eq!(x.flatten_axes(-3, -1).shape().dims(), [2, 12]);
    assert_eq!(x.flatten_axes(1, 1).shape().dims(), [2, 3, 4, 1]);
    assert_eq!(x.unflatten(2, &[2, 1, 2]).shape().dims(), [2, 3, 2, 1, 2, 1]);
    assert_eq!(x.unflatten(-1, &[]).shape().dims(), [2, 3, 4]);
    assert_eq!(x.squeeze_all().shape().dims(), [2, 3, 4]);
    assert_eq!(x.slice(0, ..1).slice(1, ..1).slice(2, ..1).squeeze_all().rank(), 0);
}

/// As in PyTorch, a scalar may be said to have one axis.
#[test]
fn the_axis_of_a_scalar() {
    let tape = Tape::new();
    let x = tape.var(3.0);
    is(x.flatten_axes(0, -1), &[1], &[3.0]);
    is(x.unfold(0, 1, 1), &[1], &[3.0]);
    for y in [x.squeeze(-1), x.transpose(0, -1), x.move_axis(-1, 0)] {
        is(y, &[], &[3.0]);
    }
    is(tape.grad(x.unfold(-1, 1, 2).square().sum(..), x), &[], &[6.0]);
    assert!(x.unfold(0, 2, 1).is_poisoned());
    assert!(x.squeeze(1).is_poisoned());
}

#[test]
fn turned_and_rolled() {
    let tape = Tape::new();
    let x = count(&tape, &[2, 3]);
    is(x.flip([0, -1]), &[2, 3], &[5.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
    is(x.flip(0), &[2, 3], &[3.0, 4.0, 5.0, 0.0, 1.0, 2.0]);
    is(x.rot90(1, [0, 1]), &[3, 2], &[2.0, 5.0, 1.0, 4.0, 0.0, 3.0]);
    is(x.rot90(-1, [0, 1]), &[3, 2], &[3.0, 0.0, 4.0, 1.0, 5.0, 2.0]);
    is(x.rot90(1, [-1, 0]), &[3, 2], &[3.0, 0.0, 4.0, 1.0, 5.0, 2.0]);
    is(x.rot90(6, [0, 1]), &[2, 3], &[5.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
    is(x.rot90(4, [0, 1]), &[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    is(x.roll(1, 1), &[2, 3], &[2.0, 0.0, 1.0, 5.0, 3.0, 4.0]);
    is(x.roll(isize::MIN, 0), &[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    is(x.roll_axes(&[-1, 4], &[0, 1]), &[2, 3], &[5.0, 3.0, 4.0, 2.0, 0.0, 1.0]);
    is(count(&tape, &[0, 2]).roll(3, 0), &[0, 2], &[]);
}

#[test]
fn repeats() {
    let tape = Tape::new();
    let x = count(&tape, &[2, 2]);
    is(x.tile(&[2]), &[2, 4], &[0.0, 1.0, 0.0, 1.0, 2.0, 3.0, 2.0, 3.0]);
    let three = x.tile(&[2, 1, 2]);
    is(three.at(0, 1), &[2, 4], &values(x.tile(&[2])));
    assert_eq!(three.shape().dims(), [2, 2, 4]);
    is(x.tile(&[0, 1]), &[0, 2], &[]);
    is(tape.var(3.0).tile(&[2]), &[2], &[3.0, 3.0]);
    is(x.repeat_interleave(1, 2), &[2, 4], &[0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
    is(x.repeat_interleave(-2, 0), &[0, 2], &[]);
}

#[test]
fn windows_agree_with_loops_and_folding_is_the_transpose() {
    let mut rng = StdRng::seed_from_u64(5);
    for _ in 0..80 {
        let [outer, n, inner] = [rng.random_range(1..3), rng.random_range(1..9), rng.random_range(1..3)];
        let (size, step) = (rng.random_range(0..=n), rng.random_range(1..5));
        let count = (n - size) / step + 1;
        let x: Vec<f64> = (0..outer * n * inner).map(|_| rng.random_range(-1.0..1.0)).collect();
        let (mut windows, mut sums) = (Vec::new(), vec![0.0; x.len()]);
        for o in 0..outer {
            for w in 0..count {
                for i in 0..inner {
                    for k in 0..size {
                        let at = (o * n + w * step + k) * inner + i;
                        windows.push(x[at]);
                        sums[at] += x[at];
                    }
                }
            }
        }
        let tape = Tape::new();
        let x = tape.var(Tensor::from_vec(x, [outer, n, inner]).unwrap());
        let y = x.unfold(1, size, step);
        is(y, &[outer, count, inner, size], &windows);
        // Each element comes back once for each window that holds it.
        let folded = y.fold(1, n, step);
        assert_eq!(folded.shape().dims(), [outer, n, inner]);
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close(&values(folded), &sums));
        // Views of views, and what is computed and seen in windows in one program.
        let two = (x * 3.0 - 1.0).permute(&[2, 0, 1]).flip(2).unfold(2, size, step).tanh();
        let slow = (x.flip(1) * 3.0 - 1.0).tanh().unfold(1, size, step).permute(&[2, 0, 1, 3]);
        let tape2 = Tape::new();
        let again = tape2.var(slow.value().unwrap());
        assert!(close(&values(two), &values(again)));
        let g = tape.grad((y * y).sum(..), x);
        assert!(close(&values(g), &values(folded * 2.0)));
    }
}

#[test]
fn windows_of_windows_multiply() {
    let tape = Tape::new();
    let x = count(&tape, &[4, 4]);
    // A convolution as a product of windows.
    let windows = x.unfold(0, 3, 1).unfold(1, 3, 1);
    assert_eq!(windows.shape().dims(), [2, 2, 3, 3]);
    let y = windows.reshape([4, 9]).matmul(tape.full([9, 1], 1.0, DType::F32));
    assert_eq!(values(y), [45.0, 54.0, 81.0, 90.0]);
}

#[test]
fn paddings() {
    let tape = Tape::new();
    let x = count(&tape, &[4]);
    let pad = |pads: [usize; 2], mode| x.pad_with(&[(-1, pads)], mode);
    is(pad([3, 2], PadMode::Reflect), &[9], &[3.0, 2.0, 1.0, 0.0, 1.0, 2.0, 3.0, 2.0, 1.0]);
    is(pad([3, 2], PadMode::Replicate), &[9], &[0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 3.0, 3.0]);
    is(pad([4, 2], PadMode::Circular), &[10], &[0.0, 1.0, 2.0, 3.0, 0.0, 1.0, 2.0, 3.0, 0.0, 1.0]);
    is(pad([1, 0], PadMode::Constant(0.0)), &[5], &[0.0, 0.0, 1.0, 2.0, 3.0]);
    let infinity = f64::NEG_INFINITY;
    is(pad([0, 2], PadMode::Constant(infinity)), &[6], &[0.0, 1.0, 2.0, 3.0, infinity, infinity]);
    is(pad([0, 0], PadMode::Reflect), &[4], &[0.0, 1.0, 2.0, 3.0]);
    let x = count(&tape, &[2, 2]);
    let corners = x.pad_with(&[(0, [1, 0]), (1, [0, 1])], PadMode::Reflect);
    is(corners, &[3, 3], &[2.0, 3.0, 2.0, 0.0, 1.0, 0.0, 2.0, 3.0, 2.0]);
    let empty = count(&tape, &[0]);
    is(empty.pad_with(&[(0, [1, 1])], PadMode::Constant(2.0)), &[2], &[2.0, 2.0]);
}

#[test]
fn a_part_beside_the_whole() {
    // The whole is made in its place in the result, between whose rows its part goes.
    let tape = Tape::new();
    let make = || tape.var([[1.0, 2.0], [3.0, 4.0]]) * 2.0;
    let x = make();
    is(tape.concat(&[x, x.slice(1, 1..)], 1), &[2, 3], &[2.0, 4.0, 4.0, 6.0, 8.0, 8.0]);
    let x = make();
    is(tape.concat(&[x.flip(1), x], 1), &[2, 4], &[4.0, 2.0, 2.0, 4.0, 8.0, 6.0, 6.0, 8.0]);
    let x = make();
    is(tape.concat(&[x, x.t()], 1), &[2, 4], &[2.0, 4.0, 2.0, 6.0, 6.0, 8.0, 4.0, 8.0]);
    let x = make();
    let y = tape.concat(&[x.slice(0, 1..), x], 0);
    is(tape.concat(&[y, y.slice(1, ..1)], 1), &[3, 3], &[6.0, 8.0, 6.0, 2.0, 4.0, 2.0, 6.0, 8.0, 6.0]);
    is(make().roll(1, 0).roll(1, 1), &[2, 2], &[8.0, 6.0, 4.0, 2.0]);
}

#[test]
fn diagonals_and_triangles() {
    let tape = Tape::new();
    let (x, y) = (count(&tape, &[2, 3]), count(&tape, &[2, 3, 4]));
    is(y.diagonal(1, 0, 2), &[3, 2], &[1.0, 14.0, 5.0, 18.0, 9.0, 22.0]);
    is(y.diagonal(-1, 1, 2), &[2, 2], &[4.0, 9.0, 16.0, 21.0]);
    is(y.diagonal(-1, -1, 1), &[2, 3], &[1.0, 6.0, 11.0, 13.0, 18.0, 23.0]);
    is(x.diagonal(5, 0, 1), &[0], &[]);
    is(x.diagonal(-2, 0, 1), &[0], &[]);
    is(x.diagonal(isize::MIN, 0, 1), &[0], &[]);
    is(count(&tape, &[0, 3]).diagonal(0, 0, 1), &[0], &[]);
    is(count(&tape, &[3, 0]).diagonal(-1, 0, 1), &[0], &[]);
    let v = tape.var([1.0, 2.0]);
    is(v.diag_embed(1, 0, 1), &[3, 3], &[0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0]);
    is(v.diag(-1), &[3, 3], &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0]);
    is(v.diag_embed(1, 1, 0), &[3, 3], &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0]);
    let embedded = x.diag_embed(0, 0, 2);
    let expected =
        [[0.0, 0.0, 0.0, 3.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 4.0, 0.0], [0.0, 0.0, 2.0, 0.0, 0.0, 5.0]];
    is(embedded, &[3, 2, 3], expected.as_flattened());
    for offset in -3..=3 {
        assert_eq!(values(x.diag_embed(offset, 2, 0).diagonal(offset, 2, 0)), values(x));
    }
    is(count(&tape, &[0]).diag(1), &[1, 1], &[0.0]);
    is(x.diag(1), &[2], &[1.0, 5.0]);
    is(x.trace(), &[], &[4.0]);
    is(y.trace(), &[2], &[15.0, 51.0]);
    is(x.tril(0), &[2, 3], &[0.0, 0.0, 0.0, 3.0, 4.0, 0.0]);
    is(x.tril(-1), &[2, 3], &[0.0, 0.0, 0.0, 3.0, 0.0, 0.0]);
    is(x.triu(1), &[2, 3], &[0.0, 1.0, 2.0, 0.0, 0.0, 5.0]);
    is(x.triu(isize::MIN), &[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    is(x.tril(isize::MAX), &[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    is(x.triu(isize::MAX), &[2, 3], &[0.0; 6]);
    is(x.tril(isize::MIN), &[2, 3], &[0.0; 6]);
    is(y.tril(0).at(0, 1), &[3, 4], &values(y.at(0, 1).tril(0)));
    // What is cut off may be NaN.
    let g = tape.grad((x.ln() * x).tril(0).sum(..), x);
    assert_eq!(values(g)[1], 0.0);
    is(tape.eye(2, DType::F32), &[2, 2], &[1.0, 0.0, 0.0, 1.0]);
    is(tape.eye(0, DType::F32), &[0, 0], &[]);
    let blocks = tape.block_diag(&[tape.var(7.0), v, tape.var([[1.0], [2.0]])]);
    let expected = [[7.0, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 2.0]];
    is(blocks, &[4, 4], expected.as_flattened());
}

#[test]
fn ranges_and_grids() {
    let tape = Tape::new();
    is(tape.linspace(0.0, 1.0, 5, DType::F64), &[5], &[0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(values(tape.linspace(0.0, 0.7, 4, DType::F64))[3], 0.7);
    is(tape.linspace(-1.0, 3.0, 1, DType::F32), &[1], &[-1.0]);
    is(tape.linspace(0.0, 1.0, 0, DType::F32), &[0], &[]);
    is(tape.arange(1.0, 2.5, 0.5, DType::F32), &[3], &[1.0, 1.5, 2.0]);
    is(tape.arange(3.0, -1.0, -2.0, DType::I64), &[2], &[3.0, 1.0]);
    is(tape.arange(2.0, 2.0, 1.0, DType::I64), &[0], &[]);
    let (v, w) = (tape.var([1.0, 2.0]), tape.var([0i64, 1, 2]));
    let grids = tape.meshgrid(&[v, w]);
    is(grids[0], &[2, 3], &[1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
    is(grids[1], &[2, 3], &[0.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
    let grids = tape.meshgrid_xy(&[v, w]);
    is(grids[0], &[3, 2], &[1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
    is(grids[1], &[3, 2], &[0.0, 0.0, 1.0, 1.0, 2.0, 2.0]);
    assert!(tape.meshgrid(&[]).is_empty());
}

#[test]
fn mistakes_name_the_op_and_the_line() {
    let wrong = |line: u32, start: &str, record: &dyn for<'t> Fn(Var<'t>) -> Var<'t>| {
        let tape = Tape::new();
        let message = (record(count(&tape, &[2, 3])) * 2.0).sum(..).item().unwrap_err().to_string();
        let place = format!("tests/movement.rs:{line}:");
        assert!(message.starts_with(start) && message.contains(&place), "{message}");
    };
    wrong(line!(), "narrow: 2 elements from 2 on", &|x| x.narrow(1, 2, 2));
    wrong(line!(), "narrow: there is no axis 2", &|x| x.narrow(2, 0, 1));
    wrong(line!(), "at: there is no index 3 in axis 1", &|x| x.at(1, 3));
    wrong(line!(), "at: there is no index -3 in axis 0", &|x| x.at(0, -3));
    wrong(line!(), "flatten_axes: there are no axes 1 to 0", &|x| x.flatten_axes(1, 0));
    wrong(line!(), "unflatten: 3 elements", &|x| x.unflatten(1, &[2, 2]));
    wrong(line!(), "roll: there is no axis", &|x| x.roll(1, 2));
    wrong(line!(), "roll_axes: 1 shifts for 2 axes", &|x| x.roll_axes(&[1], &[0, 1]));
    wrong(line!(), "rot90: an axis is named twice", &|x| x.rot90(1, [1, -1]));
    wrong(line!(), "flip: an axis is named twice", &|x| x.flip([1, -1]));
    wrong(line!(), "split: pieces of [1, 1] are 2 elements", &|x| x.split(1, &[1, 1])[1]);
    wrong(line!(), "chunk: no pieces", &|x| x.chunk(1, 0)[0]);
    wrong(line!(), "chunk: there is no axis", &|x| x.chunk(5, 4)[3]);
    wrong(line!(), "repeat_interleave: there is no axis", &|x| x.repeat_interleave(2, 2));
    wrong(line!(), "unfold: a window of 4", &|x| x.unfold(1, 4, 1));
    wrong(line!(), "unfold: a step of 0", &|x| x.unfold(1, 2, 0));
    wrong(line!(), "fold: 2 windows of 3 with a step of 1", &|x| x.fold(0, 3, 1));
    wrong(line!(), "fold: there is no axis 1", &|x| x.fold(1, 3, 1));
    wrong(line!(), "pad_with: axis 1 is too short", &|x| x.pad_with(&[(1, [3, 0])], PadMode::Reflect));
    wrong(line!(), "pad_with: axis 0 is too short", &|x| x.pad_with(&[(0, [0, 3])], PadMode::Circular));
    let twice = [(0, [0, 1]), (-2, [1, 0])];
    wrong(line!(), "pad_with: an axis is named twice", &|x| x.pad_with(&twice, PadMode::Reflect));
    wrong(line!(), "tril: takes matrices", &|x| x.at(0, 0).tril(0));
    wrong(line!(), "diagonal: an axis is named twice", &|x| x.diagonal(0, 0, -2));
    wrong(line!(), "diag_embed: there is no axis 3", &|x| x.diag_embed(0, 0, 3));
    wrong(line!(), "diag: takes a vector or a matrix", &|x| x.unsqueeze(0).diag(0));
    wrong(line!(), "trace: takes matrices", &|x| x.at(0, 0).trace());
    wrong(line!(), "block_diag: takes matrices", &|x| x.tape().block_diag(&[x.unsqueeze(0)]));
    wrong(line!(), "block_diag: there are no blocks", &|x| x.tape().block_diag(&[]));
    wrong(line!(), "linspace: not defined for i64", &|x| x.tape().linspace(0.0, 1.0, 2, DType::I64));
    wrong(line!(), "arange: no steps of 0", &|x| x.tape().arange(0.0, 1.0, 0.0, DType::F32));
    wrong(line!(), "arange: no steps of -1", &|x| x.tape().arange(0.0, 1.0, -1.0, DType::F32));
    wrong(line!(), "arange: 0, 1 and 0.5", &|x| x.tape().arange(0.0, 1.0, 0.5, DType::I64));
    wrong(line!(), "meshgrid: takes vectors", &|x| x.tape().meshgrid(&[x])[0]);
    wrong(line!(), "stack: there is no axis 4", &|x| x.tape().stack(&[x], 4));
}

#[test]
fn absurd_sizes_do_not_panic() {
    let tape = Tape::new();
    let x = count(&tape, &[2, 3]);
    is(x.unfold(1, 1, 1 << 62), &[2, 1, 1], &[0.0, 3.0]);
    is(x.slice_step(1, .., 1 << 62), &[2, 1], &[0.0, 3.0]);
    is(x.unfold(1, 3, usize::MAX).fold(1, 3, usize::MAX), &[2, 3], &values(x));
    let large: [for<'t> fn(Var<'t>) -> Var<'t>; 9] = [
        |x| x.tile(&[usize::MAX, 2]),
        |x| x.repeat_interleave(0, usize::MAX),
        |x| x.fold(0, usize::MAX, 1),
        |x| x.pad_with(&[(0, [usize::MAX, 1])], PadMode::Replicate),
        |x| x.pad_with(&[(0, [usize::MAX, 1])], PadMode::Constant(1.0)),
        |x| x.diag_embed(isize::MIN, 0, 1),
        |x| x.tape().eye(usize::MAX, DType::F32),
        |x| x.tape().linspace(0.0, 1.0, usize::MAX, DType::F32),
        |x| x.tape().arange(0.0, 1e300, 1.0, DType::F32),
    ];
    for record in large {
        let tape = Tape::new();
        assert!(record(count(&tape, &[2, 3])).value().is_err());
    }
    // No element, of long axes.
    let x = tape.full([1 << 40, 0, 1 << 40], 0.0, DType::F32);
    for y in [
        x.flatten(0),
        x.flatten(1),
        x.flatten_axes(0, 2),
        x.tril(isize::MIN),
        x.diagonal(1, 0, 2),
        x.diagonal(1, 0, 1),
        x.unfold(0, 1, 1).fold(0, 1 << 40, 1),
        x.roll(1, 0).rot90(1, [0, 2]),
        x.diag_embed(0, 0, 1),
        x.gather(1, tape.full([1, 0, 1], 0.0, DType::I64)),
        x.index_select(2, tape.var([0i64])),
    ] {
        assert_eq!(y.numel(), 0);
    }
}

#[test]
fn what_follows_a_mistake_does_not_panic() {
    let tape = Tape::new();
    let bad = count(&tape, &[2, 3]).at(1, 3);
    bad.narrow(0, 1, 5);
    bad.at(0, 0).flatten_axes(0, 1).unflatten(0, &[2]).squeeze_all();
    bad.roll(1, 0).rot90(1, [0, 1]).flip(..).tile(&[2]).repeat_interleave(0, 2);
    assert_eq!((bad.split(0, &[1, 2, 3]).len(), bad.chunk(0, 3).len()), (3, 3));
    bad.unfold(0, 1, 1).fold(0, 4, 1).pad_with(&[(0, [1, 1])], PadMode::Reflect);
    bad.tril(0).diagonal(0, 0, 1).diag_embed(0, 0, 1).diag(0).trace();
    assert_eq!(tape.meshgrid(&[bad, bad]).len(), 2);
    assert!(tape.block_diag(&[bad]).is_poisoned());
    bad.gather(0, bad).scatter(0, bad, bad).index_add(0, bad, bad).index_fill(0, bad, 1.0);
}
