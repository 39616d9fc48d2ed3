//! Transposed convolutions, pools, resizing and the other ops that look through windows, against loops, hand-computed
//! values and PyTorch's.

use chainrule_tape::{Conv, ConvTranspose, DType, Interpolation, Pool, Tape, Tensor, Var, vmap};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn random(rng: &mut StdRng, count: usize) -> Vec<f64> {
    (0..count).map(|_| rng.random::<f64>() - 0.5).collect()
}

fn tensor(values: impl Into<Vec<f64>>, shape: &[usize]) -> Tensor {
    Tensor::from_vec(values.into(), shape).unwrap()
}

#[track_caller]
fn assert_close(got: Var<'_>, want: &[f64], shape: &[usize], what: &str) {
    assert_eq!(got.shape().dims(), shape, "{what}");
    let got = got.value().unwrap_or_else(|error| panic!("{what}: {error}")).to_f64();
    assert_eq!(got.len(), want.len(), "{what}");
    for (got, want) in got.iter().zip(want) {
        assert!(got == want || (got - want).abs() < 1e-12, "{what}: {got}, not {want}");
    }
}

/// The message of a mistake, checked to name the line.
#[track_caller]
fn mistake(line: u32, record: impl for<'t> FnOnce(&'t Tape) -> Var<'t>) -> String {
    let tape = Tape::new();
    let message = (record(&tape) * 2.0).value().unwrap_err().to_string();
    let place = format!("tests/windows.rs:{line}:");
    assert!(message.contains(&place), "{message} should name {place}");
    message
}

#[test]
fn transposed_convolutions_are_those_of_loops() {
    let mut rng = StdRng::seed_from_u64(11);
    for _ in 0..300 {
        let mut pair = |from: usize, to: usize| [rng.random_range(from..to), rng.random_range(from..to)];
        let ([h, w], window, stride, dilation) = (pair(1, 5), pair(1, 5), pair(1, 5), pair(1, 5));
        let full = [0, 1].map(|a| ([h, w][a] - 1) * stride[a] + (window[a] - 1) * dilation[a] + 1);
        let output_padding = [0, 1].map(|a| rng.random_range(0..stride[a].max(dilation[a])));
        let padding = [0, 1].map(|a| rng.random_range(0..(full[a] + output_padding[a]).div_ceil(2).min(4)));
        let conv = [0, 1].map(|a| full[a] + output_padding[a] - 2 * padding[a]);
        let [rows, columns] = conv;
        let groups = rng.random_range(1..4);
        let (inputs, outputs) =
            if rng.random() { (1, 1) } else { (rng.random_range(1..3), rng.random_range(1..3)) };
        let conv = ConvTranspose { stride, padding, output_padding, dilation, groups };

        let x_shape = [2, groups * inputs, h, w];
        let w_shape = [groups * inputs, outputs, window[0], window[1]];
        let y_shape = [2, groups * outputs, rows, columns];
        let (x, weights) =
            (random(&mut rng, x_shape.iter().product()), random(&mut rng, w_shape.iter().product()));
        let g = random(&mut rng, y_shape.iter().product());
        let (mut y, mut dx, mut dw) = (vec![0.0; g.len()], vec![0.0; x.len()], vec![0.0; weights.len()]);
        for at in 0..x.len() {
            let (i, j, c, n) = (at / w % h, at % w, at / w / h % x_shape[1], at / w / h / x_shape[1]);
            for (o, a, b) in (0..outputs * window[0] * window[1])
                .map(|at| (at / window[1] / window[0], at / window[1] % window[0], at % window[1]))
            {
                let row = (i * stride[0] + a * dilation[0]).checked_sub(padding[0]).filter(|&row| row < rows);
                let column =
                    (j * stride[1] + b * dilation[1]).checked_sub(padding[1]).filter(|&at| at < columns);
                let (Some(row), Some(column)) = (row, column) else { continue };
                let to = ((n * y_shape[1] + c / inputs * outputs + o) * rows + row) * columns + column;
                let weight = ((c * outputs + o) * window[0] + a) * window[1] + b;
                y[to] += x[at] * weights[weight];
                dx[at] += g[to] * weights[weight];
                dw[weight] += g[to] * x[at];
            }
        }

        let tape = Tape::new();
        let (x, weights, g) = (
            tape.var(tensor(x, &x_shape)),
            tape.var(tensor(weights, &w_shape)),
            tape.var(tensor(g, &y_shape)),
        );
        let result = x.conv_transpose2d(weights, conv);
        let what = format!("{conv:?} of {x_shape:?} by {w_shape:?}");
        assert_close(result, &y, &y_shape, &what);
        let gradients = tape.grads((result * g).sum(..), &[x, weights]);
        assert_close(gradients[0], &dx, &x_shape, &what);
        assert_close(gradients[1], &dw, &w_shape, &what);
    }
}

#[test]
fn a_transposed_convolution_is_the_convolutions_transpose() {
    let mut rng = StdRng::seed_from_u64(12);
    let tape = Tape::new();
    let x = tape.var(tensor(random(&mut rng, 2 * 4 * 7 * 6 * 5), &[2, 4, 7, 6, 5]));
    let w = tape.var(tensor(random(&mut rng, 6 * 2 * 3 * 2 * 2), &[6, 2, 3, 2, 2]));
    let (stride, padding, dilation) = ([2, 1, 3], [1, 0, 1], [1, 2, 1]);
    let y = x.conv3d(w, Conv { stride, padding, dilation, groups: 2 });
    let g = tape.var(tensor(random(&mut rng, y.numel()), y.shape().dims()));
    let back = g.conv_transpose3d(
        w,
        ConvTranspose { stride, padding, dilation, groups: 2, output_padding: [0, 0, 2] },
    );
    let want = tape.grad((y * g).sum(..), x).value().unwrap().to_f64();
    assert_close(back, &want, x.shape().dims(), "transpose");
}

#[test]
fn convolutions_of_odd_shapes() {
    let tape = Tape::new();
    let mut rng = StdRng::seed_from_u64(13);
    // One input without a batch is a batch of one.
    let x = tape.var(tensor(random(&mut rng, 2 * 5 * 4), &[2, 5, 4]));
    let w = tape.var(tensor(random(&mut rng, 4 * 3 * 2), &[4, 1, 3, 2]));
    let conv = Conv { stride: [2, 1], groups: 2, ..Conv::default() };
    let want = x.unsqueeze(0).conv2d(w, conv).value().unwrap().to_f64();
    assert_close(x.conv2d(w, conv), &want, &[4, 2, 3], "without a batch");
    let w = tape.var(tensor(random(&mut rng, 2 * 3 * 3 * 2), &[2, 3, 3, 2]));
    let transposed = ConvTranspose { stride: [2, 1], ..ConvTranspose::default() };
    let want = x.unsqueeze(0).conv_transpose2d(w, transposed).value().unwrap().to_f64();
    assert_close(x.conv_transpose2d(w, transposed), &want, &[3, 11, 5], "without a batch");

    // In f32.
    let x = tape.var([[1.0f32, 2.0]]);
    let w = tape.var(Tensor::from_vec(vec![1.0f32, 10.0, 100.0], [1, 1, 3]).unwrap());
    let y = x.conv_transpose1d(w, ConvTranspose { stride: [2], padding: [1], ..ConvTranspose::default() });
    assert_eq!((y.dtype(), y.value().unwrap().to_f64()), (DType::F32, vec![10.0, 102.0, 20.0]));

    // A batch of none, and its gradients.
    for groups in [1, 2, 4] {
        let empty = tape.full([0, 4, 5], 0.0, DType::F32);
        let w = tape.var(Tensor::full([8, 4 / groups, 3], 1.0f32));
        let y = empty.conv1d(w, Conv { padding: [1], groups, ..Conv::default() });
        assert_eq!(y.value().unwrap().shape().dims(), [0, 8, 5]);
        let gradients = tape.grads(y.sum(..), &[empty, w]);
        assert_eq!(gradients[0].value().unwrap().shape().dims(), [0, 4, 5]);
        assert_eq!(gradients[1].value().unwrap().to_f64(), vec![0.0; w.numel()]);
        let w = tape.var(Tensor::full([4, 2, 3], 1.0f32));
        let y = empty.conv_transpose1d(w, ConvTranspose { stride: [2], groups, ..ConvTranspose::default() });
        assert_eq!(y.value().unwrap().shape().dims(), [0, 2 * groups, 11]);
        assert_eq!(tape.grad(y.sum(..), w).value().unwrap().to_f64(), vec![0.0; w.numel()]);
    }

    // No outputs, and their gradient.
    let x = tape.full([1, 2, 5], 1.0, DType::F32);
    for (w, groups) in
        [(tape.full([0, 2, 3], 1.0, DType::F32), 1), (tape.full([0, 1, 3], 1.0, DType::F32), 2)]
    {
        let y = x.conv1d(w, Conv { groups, ..Conv::default() });
        assert_eq!(y.value().unwrap().shape().dims(), [1, 0, 3]);
        assert_eq!(tape.grad(y.sum(..), x).value().unwrap().to_f64(), [0.0; 10]);
    }
    let y = x.conv_transpose1d(tape.full([2, 0, 3], 1.0, DType::F32), ConvTranspose::default());
    assert_eq!(y.value().unwrap().shape().dims(), [1, 0, 7]);
    assert_eq!(tape.grad(y.sum(..), x).value().unwrap().to_f64(), [0.0; 10]);

    // Padding beyond what windows reach: their outputs are 0, and a stride longer than the axis.
    let x = tape.var(tensor([1.0, 2.0], &[1, 1, 2]));
    let w = tape.var(tensor([1.0, 10.0], &[1, 1, 2]));
    let conv = Conv { padding: [3], ..Conv::default() };
    assert_close(x.conv1d(w, conv), &[0.0, 0.0, 10.0, 21.0, 2.0, 0.0, 0.0], &[1, 1, 7], "padding");
    let conv = Conv { stride: [1 << 40], ..Conv::default() };
    assert_close(x.conv1d(w, conv), &[21.0], &[1, 1, 1], "stride");
    assert_close(tape.grad(x.conv1d(w, conv).sum(..), x), &[1.0, 10.0], &[1, 1, 2], "stride");

    // As long as the input, for odd windows.
    let conv = Conv { dilation: [3], ..Conv::default() }.same([5]);
    assert_eq!(conv.padding, [6]);
    let (x, w) = (tape.full([1, 1, 9], 1.0, DType::F64), tape.full([1, 1, 5], 1.0, DType::F64));
    assert_eq!(x.conv1d(w, conv).value().unwrap().shape().dims(), [1, 1, 9]);
}

#[test]
fn mistakes_in_convolutions_name_op_and_line() {
    let zeros = |t: &'static [usize]| Tensor::zeros(t, DType::F32);
    let message =
        mistake(line!(), |t| t.var(zeros(&[1, 3, 5])).conv1d(t.var(zeros(&[4, 2, 3])), Conv::default()));
    assert!(message.starts_with("conv1d: the input has 3 channels, the weights are for 2"), "{message}");
    let message =
        mistake(line!(), |t| t.var(zeros(&[1, 3])).conv2d(t.var(zeros(&[4, 2, 3])), Conv::default()));
    assert!(message.starts_with("conv2d: takes an input and weights with 4 axes"), "{message}");
    let message =
        mistake(line!(), |t| t.var(zeros(&[1, 2, 2])).conv1d(t.var(zeros(&[4, 2, 3])), Conv::default()));
    assert!(message.contains("a window of 3 (dilation 1) does not fit in 2 elements"), "{message}");
    let conv = Conv { groups: 2, ..Conv::default() };
    let message = mistake(line!(), |t| t.var(zeros(&[1, 2, 2])).conv1d(t.var(zeros(&[4, 1, 3])), conv));
    assert!(message.starts_with("conv1d: a window of 3"), "{message}");
    let conv = ConvTranspose { output_padding: [1], ..ConvTranspose::default() };
    let message =
        mistake(line!(), |t| t.var(zeros(&[1, 2, 2])).conv_transpose1d(t.var(zeros(&[2, 1, 3])), conv));
    assert!(message.starts_with("conv_transpose1d: an output padding of 1"), "{message}");
    let conv = ConvTranspose { padding: [2], ..ConvTranspose::default() };
    let message =
        mistake(line!(), |t| t.var(zeros(&[1, 2, 2])).conv_transpose1d(t.var(zeros(&[2, 1, 3])), conv));
    assert!(message.contains("leaves nothing of"), "{message}");
    let conv = ConvTranspose { groups: 2, ..ConvTranspose::default() };
    let message =
        mistake(line!(), |t| t.var(zeros(&[1, 3, 2])).conv_transpose1d(t.var(zeros(&[3, 1, 3])), conv));
    assert!(message.contains("3 channels can't be cut in 2 groups"), "{message}");
}

/// Where PyTorch's windows lie along an axis: for each, its elements' places in the input, and how many of the padding's
/// elements it has.
fn pooled<const N: usize>(pool: &Pool<N>, axis: usize, length: usize) -> Vec<(Vec<usize>, usize)> {
    let (window, stride, padding) = (pool.window[axis], pool.stride[axis], pool.padding[axis] as isize);
    let dilation = pool.dilation[axis];
    let mut all = Vec::new();
    for start in (-padding..).step_by(stride) {
        let last = start + ((window - 1) * dilation) as isize;
        let begins_inside = start < length as isize;
        if last >= length as isize + padding && !(pool.ceil_mode && begins_inside) {
            break;
        }
        let places = (0..window).map(|k| start + (k * dilation) as isize);
        let (inside, outside): (Vec<isize>, Vec<isize>) =
            places.partition(|at| (0..length as isize).contains(at));
        let counted = outside.iter().filter(|&&at| at < length as isize + padding).count();
        all.push((inside.iter().map(|&at| at as usize).collect(), counted));
        // A window that reaches the end is the last.
        if last + 1 >= length as isize + padding {
            break;
        }
    }
    all
}

#[test]
fn pools_are_those_of_loops() {
    let mut rng = StdRng::seed_from_u64(14);
    for _ in 0..300 {
        let mut pair = |from: usize, to: usize| [rng.random_range(from..to), rng.random_range(from..to)];
        let large = pair(0, 8)[0] == 0;
        let window = if large { pair(6, 9) } else { pair(1, 5) };
        let stride = if large { window } else { pair(1, 5) };
        let dilation = if large { [1, 1] } else { pair(1, 4) };
        let reach = [0, 1].map(|a| (window[a] - 1) * dilation[a] + 1);
        // (PyTorch allows no padding that a dilated window steps over.)
        let most = [0, 1].map(|a| if large { 0 } else { window[a] / 2 });
        let padding = [0, 1].map(|a| pair(0, most[a] + 1)[0]);
        let more = pair(0, 9);
        let [h, w] = [0, 1].map(|a| (reach[a] + more[a]).saturating_sub(2 * padding[a] + 2).max(1));
        let [ceil_mode, count_include_pad] = pair(0, 2).map(|x| x == 1);
        let pool = Pool { window, stride, padding, dilation, ceil_mode, count_include_pad };
        // With `ceil_mode` a window may be too long by less than the stride.
        let beyond = |a: usize| if ceil_mode { stride[a] - 1 } else { 0 };
        if [0, 1].iter().any(|&a| [h, w][a] + 2 * padding[a] + beyond(a) < reach[a]) {
            continue;
        }
        let (rows, columns) = (pooled(&pool, 0, h), pooled(&pool, 1, w));
        let x_shape = [2, 3, h, w];
        let y_shape = [2, 3, rows.len(), columns.len()];
        let x = random(&mut rng, x_shape.iter().product());
        let g = random(&mut rng, y_shape.iter().product());
        let (mut max, mut mean, mut dmax, mut dmean) =
            (vec![0.0; g.len()], vec![0.0; g.len()], vec![0.0; x.len()], vec![0.0; x.len()]);
        for to in 0..g.len() {
            let ((places_h, pad_h), (places_w, pad_w)) =
                (&rows[to / columns.len() % rows.len()], &columns[to % columns.len()]);
            let first = to / columns.len() / rows.len() * h * w;
            let places: Vec<usize> =
                places_h.iter().flat_map(|i| places_w.iter().map(move |j| first + i * w + j)).collect();
            let count = match count_include_pad {
                true => (places_h.len() + pad_h) * (places_w.len() + pad_w),
                false => places.len(),
            };
            max[to] = f64::NEG_INFINITY;
            let mut winner = None;
            for &at in &places {
                mean[to] += x[at] / count as f64;
                dmean[at] += g[to] / count as f64;
                if x[at] > max[to] {
                    (max[to], winner) = (x[at], Some(at));
                }
            }
            if let Some(at) = winner {
                dmax[at] += g[to];
            }
        }
        let tape = Tape::new();
        let (x, g) = (tape.var(tensor(x, &x_shape)), tape.var(tensor(g, &y_shape)));
        let what = format!("{pool:?} of {x_shape:?}");
        let (largest, average) = (x.max_pool2d(pool), x.avg_pool2d(pool));
        assert_close(largest, &max, &y_shape, &what);
        assert_close(average, &mean, &y_shape, &what);
        assert_close(tape.grad((largest * g).sum(..), x), &dmax, &x_shape, &what);
        assert_close(tape.grad((average * g).sum(..), x), &dmean, &x_shape, &what);
    }
}

#[test]
fn pools_of_sequences_and_volumes() {
    let tape = Tape::new();
    let x = tape.var([[1.0f32, 4.0, 2.0, 0.0, f32::NAN, 3.0, 5.0]]);
    let y = x.max_pool1d(2).value().unwrap().to_f64();
    assert!(y[..2] == [4.0, 2.0] && y[2].is_nan() && y.len() == 3, "{y:?}");
    let y = x.max_pool1d(Pool { ceil_mode: true, ..Pool::from(2) }).value().unwrap().to_f64();
    assert!(y.len() == 4 && y[3] == 5.0, "{y:?}");
    // Equal ones share the gradient.
    let x = tape.var([[2.0, 2.0, -1.0, 0.0]]);
    assert_close(tape.grad(x.max_pool1d(4).sum(..), x), &[0.5, 0.5, 0.0, 0.0], &[1, 4], "ties");
    // A padding of -∞, not 0.
    let x = tape.var([[-3.0, -2.0]]);
    let pool = Pool { stride: [1], padding: [1], ..Pool::from(2) };
    assert_close(x.max_pool1d(pool), &[-3.0, -2.0, -2.0], &[1, 3], "padding");
    assert_close(x.avg_pool1d(pool), &[-1.5, -2.5, -1.0], &[1, 3], "padding");

    let x = tape.var(tensor((0..24).map(f64::from).collect::<Vec<f64>>(), &[1, 2, 3, 4]));
    assert_close(x.max_pool3d([2, 3, 2]), &[21.0, 23.0], &[1, 1, 1, 2], "volume");
    assert_close(x.avg_pool3d([2, 3, 2]), &[10.5, 12.5], &[1, 1, 1, 2], "volume");

    let empty = tape.full([0, 3, 8], 0.0, DType::F32);
    assert_eq!(empty.max_pool1d(3).value().unwrap().shape().dims(), [0, 3, 2]);
    assert_eq!(empty.avg_pool1d(3).value().unwrap().shape().dims(), [0, 3, 2]);

    let zeros = |shape: &'static [usize]| Tensor::zeros(shape, DType::F32);
    let message = mistake(line!(), |t| t.var(zeros(&[1, 1, 3])).max_pool1d(4));
    assert!(message.starts_with("max_pool1d: a window of 4 does not fit in 3 elements"), "{message}");
    let message = mistake(line!(), |t| t.var(zeros(&[3])).avg_pool2d(1));
    assert!(message.starts_with("avg_pool2d: takes an input with 4 axes"), "{message}");
    let pool = Pool { padding: [2], ..Pool::from(3) };
    let message = mistake(line!(), |t| t.var(zeros(&[1, 1, 3])).avg_pool1d(pool));
    assert!(message.contains("a padding of 2 is more than half a window of 3"), "{message}");
    let message = mistake(line!(), |t| t.var([[1i64, 2]]).max_pool1d(1));
    assert!(message.contains("not defined for i64"), "{message}");
}

#[test]
fn adaptive_pools_are_those_of_loops() {
    let mut rng = StdRng::seed_from_u64(15);
    for _ in 0..150 {
        let mut pair = |from: usize, to: usize| [rng.random_range(from..to), rng.random_range(from..to)];
        let ([h, w], size) = (pair(1, 8), pair(1, 8));
        let (x_shape, y_shape) = ([2, 2, h, w], [2, 2, size[0], size[1]]);
        let x = random(&mut rng, x_shape.iter().product());
        let g = random(&mut rng, y_shape.iter().product());
        let (mut max, mut mean, mut dmean) = (vec![0.0; g.len()], vec![0.0; g.len()], vec![0.0; x.len()]);
        let window =
            |i: usize, length: usize, size: usize| i * length / size..((i + 1) * length).div_ceil(size);
        for to in 0..g.len() {
            let (image, i, j) = (to / size[1] / size[0], to / size[1] % size[0], to % size[1]);
            let (rows, columns) = (window(i, h, size[0]), window(j, w, size[1]));
            let places: Vec<usize> =
                rows.flat_map(|i| columns.clone().map(move |j| (image * h + i) * w + j)).collect();
            max[to] = places.iter().map(|&at| x[at]).fold(f64::NEG_INFINITY, f64::max);
            for &at in &places {
                mean[to] += x[at] / places.len() as f64;
                dmean[at] += g[to] / places.len() as f64;
            }
        }
        let tape = Tape::new();
        let (x, g) = (tape.var(tensor(x, &x_shape)), tape.var(tensor(g, &y_shape)));
        let what = format!("{size:?} of {x_shape:?}");
        let average = x.adaptive_avg_pool2d(size);
        assert_close(average, &mean, &y_shape, &what);
        assert_close(x.adaptive_max_pool2d(size), &max, &y_shape, &what);
        assert_close(tape.grad((average * g).sum(..), x), &dmean, &x_shape, &what);
    }
}

#[test]
fn adaptive_pools_of_odd_inputs() {
    let tape = Tape::new();
    // What is in no window of an output does not reach it, be it infinite.
    let x = tape.var([[f32::INFINITY, 1.0, 2.0, 3.0, f32::NAN]]);
    let y = x.adaptive_avg_pool1d([3]).value().unwrap().to_f64();
    assert!(y[0] == f64::INFINITY && y[1] == 2.0 && y[2].is_nan(), "{y:?}");
    let y = x.adaptive_max_pool1d([3]).value().unwrap().to_f64();
    assert!(y[0] == f64::INFINITY && y[1] == 3.0 && y[2].is_nan(), "{y:?}");
    // A window's equal elements share, each once.
    let x = tape.var([[1.0; 5]]);
    assert_close(
        tape.grad(x.adaptive_max_pool1d([3]).slice(1, 1..2).sum(..), x),
        &[0.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.0],
        &[1, 5],
        "ties",
    );
    let empty = tape.full([0, 2, 5], 0.0, DType::F32);
    assert_eq!(empty.adaptive_max_pool1d([3]).value().unwrap().shape().dims(), [0, 2, 3]);
    let message = mistake(line!(), |t| t.var([[1.0, 2.0]]).adaptive_avg_pool1d([0]));
    assert!(message.starts_with("adaptive_avg_pool1d: an output of size [0]"), "{message}");
    let message = mistake(line!(), |t| t.full([1, 1, 0], 1.0, DType::F32).adaptive_max_pool1d([1]));
    assert!(message.contains("an empty axis has no windows"), "{message}");
}

#[test]
fn resized_images_are_pytorchs() {
    let tape = Tape::new();
    let x = tape.var(tensor([1.0, 5.0, 2.0, 4.0, -3.0, 7.0], &[1, 1, 2, 3]));
    let linear = |align_corners| Interpolation::Linear { align_corners };
    let cubic = |align_corners| Interpolation::Cubic { align_corners };
    let third = 1.0 / 3.0;
    let to_3_by_4: [(Interpolation, [f64; 12]); 6] = [
        (Interpolation::Nearest, [1.0, 1.0, 5.0, 2.0, 1.0, 1.0, 5.0, 2.0, 4.0, 4.0, -3.0, 7.0]),
        (Interpolation::NearestExact, [1.0, 5.0, 5.0, 2.0, 4.0, -3.0, -3.0, 7.0, 4.0, -3.0, -3.0, 7.0]),
        (linear(false), [1.0, 3.5, 3.875, 2.0, 2.5, 1.5625, 2.3125, 4.5, 4.0, -0.375, 0.75, 7.0]),
        (
            linear(true),
            [1.0, 11.0 * third, 4.0, 2.0, 2.5, 1.5, 6.5 * third, 4.5, 4.0, -2.0 * third, third, 7.0],
        ),
        (
            cubic(false),
            [
                0.383936564128,
                4.362520005968,
                4.751100328234,
                1.269641452365,
                2.607666015625,
                1.156005859375,
                2.096435546875,
                4.751220703125,
                4.831395467122,
                -2.050508287218,
                -0.558229234484,
                8.232799953885,
            ],
        ),
        (
            cubic(true),
            [
                1.0,
                4.074074074074,
                4.5,
                2.0,
                2.5,
                1.083333333333,
                1.935185185185,
                4.5,
                4.0,
                -1.907407407407,
                -0.62962962963,
                7.0,
            ],
        ),
    ];
    for (how, want) in to_3_by_4 {
        let y = x.interpolate([3, 4], how);
        assert_eq!(y.shape().dims(), [1, 1, 3, 4]);
        for (got, want) in y.value().unwrap().to_f64().iter().zip(want) {
            assert!((got - want).abs() < 1e-11, "{how:?}: {got}, not {want}");
        }
    }
    let by_factor: [(Interpolation, [f64; 4]); 4] = [
        (Interpolation::Nearest, [1.0, 1.0, 5.0, 2.0]),
        (Interpolation::NearestExact, [1.0, 5.0, 5.0, 2.0]),
        (linear(false), [1.642857142857, 2.464285714286, 3.25, 3.107142857143]),
        (cubic(false), [1.405123805475, 2.573820153061, 3.568080357143, 3.059911017979]),
    ];
    for (how, want) in by_factor {
        let y = x.interpolate_by([0.7, 1.5], how);
        assert_eq!(y.shape().dims(), [1, 1, 1, 4]);
        for (got, want) in y.value().unwrap().to_f64().iter().zip(want) {
            assert!((got - want).abs() < 1e-11, "{how:?}: {got}, not {want}");
        }
    }
}

#[test]
fn resizing_keeps_what_it_should() {
    let mut rng = StdRng::seed_from_u64(16);
    for _ in 0..60 {
        let mut pair = |from: usize, to: usize| [rng.random_range(from..to), rng.random_range(from..to)];
        let (from, to) = (pair(1, 8), pair(1, 12));
        let tape = Tape::new();
        for how in [
            Interpolation::Nearest,
            Interpolation::NearestExact,
            Interpolation::Linear { align_corners: false },
            Interpolation::Linear { align_corners: true },
            Interpolation::Cubic { align_corners: false },
            Interpolation::Cubic { align_corners: true },
        ] {
            // A constant stays, so the weights add up to 1 and the gradient's sum is the output's number of elements.
            let x = tape.full(from, 3.0, DType::F64);
            let y = x.interpolate(to, how);
            let what = format!("{how:?} from {from:?} to {to:?}");
            assert_close(y, &vec![3.0; to[0] * to[1]], &to, &what);
            let sum = tape.grad(y.sum(..), x).sum(..).item().unwrap();
            assert!((sum - (to[0] * to[1]) as f64).abs() < 1e-10, "{what}: {sum}");
            // So does a line, with the corners aligned.
            if how == (Interpolation::Linear { align_corners: true }) && to[1] > 1 {
                let line = tape.iota(from[1], DType::F64).interpolate([to[1]], how);
                let slope = (from[1] - 1) as f64 / (to[1] - 1) as f64;
                let want: Vec<f64> = (0..to[1]).map(|i| i as f64 * slope).collect();
                assert_close(line, &want, &to[1..], &what);
            }
        }
    }
    let tape = Tape::new();
    let linear = Interpolation::Linear { align_corners: false };
    let y = tape.var([1i64, 2, 3]).interpolate([5], Interpolation::Nearest);
    assert_eq!((y.value().unwrap().to_f64(), y.dtype()), (vec![1.0, 1.0, 2.0, 2.0, 3.0], DType::I64));
    assert_eq!(tape.var([1.0f32, 3.0]).interpolate([3], linear).value().unwrap().to_f64(), [1.0, 2.0, 3.0]);
    // A size of 1, and an element that only others' windows reach.
    assert_close(
        tape.var([1.0, 9.0]).interpolate([1], Interpolation::Linear { align_corners: true }),
        &[1.0],
        &[1],
        "one",
    );
    assert_close(tape.var([4.0]).interpolate([3], linear), &[4.0; 3], &[3], "of one");
    assert_eq!(
        tape.full([0, 3], 0.0, DType::F32).interpolate([6], linear).value().unwrap().shape().dims(),
        [0, 6]
    );
    let message = mistake(line!(), |t| t.var([1.0]).interpolate([2, 2], Interpolation::Nearest));
    assert!(message.starts_with("interpolate: takes 2 axes or more"), "{message}");
    let message = mistake(line!(), |t| t.var([1.0]).interpolate_by([0.5], Interpolation::Nearest));
    assert!(message.starts_with("interpolate_by: can't be resized to [0]"), "{message}");
    let message = mistake(line!(), |t| t.var([1i64, 2]).interpolate([3], linear));
    assert!(message.contains("not defined for i64"), "{message}");
    let message = mistake(line!(), |t| t.var([1.0]).interpolate_by([f64::NAN, 2.0], Interpolation::Nearest));
    assert!(message.starts_with("interpolate_by: "), "{message}");
}

#[test]
fn channels_to_places_and_back() {
    let tape = Tape::new();
    let x = tape.iota(2 * 18 * 2 * 3, DType::F64).reshape([2, 18, 2, 3]);
    let y = x.pixel_shuffle(3);
    assert_eq!(y.shape().dims(), [2, 2, 6, 9]);
    let values = y.value().unwrap().to_f64();
    for (at, got) in values.iter().enumerate() {
        let (n, c, i, j) = (at / 108, at / 54 % 2, at / 9 % 6, at % 9);
        let channel = c * 9 + i % 3 * 3 + j % 3;
        assert_eq!(*got, (((n * 18 + channel) * 2 + i / 3) * 3 + j / 3) as f64, "{at}");
    }
    let same = x.value().unwrap().to_f64();
    assert_close(y.pixel_unshuffle(3), &same, &[2, 18, 2, 3], "inverse");
    assert_close(x.channel_shuffle(6).channel_shuffle(3), &same, &[2, 18, 2, 3], "inverse");
    let channels = tape.iota(6, DType::I64).reshape([1, 6]).channel_shuffle(2).value().unwrap().to_f64();
    assert_eq!(channels, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    assert_eq!(
        tape.full([0, 4, 2, 2], 0.0, DType::F32).pixel_shuffle(2).value().unwrap().shape().dims(),
        [0, 1, 4, 4]
    );
    let message = mistake(line!(), |t| t.full([3, 2, 2], 0.0, DType::F32).pixel_shuffle(2));
    assert!(message.starts_with("pixel_shuffle: 3 channels can't be cut in blocks of 2·2"), "{message}");
    let message = mistake(line!(), |t| t.full([2, 2], 0.0, DType::F32).pixel_unshuffle(2));
    assert!(message.starts_with("pixel_unshuffle: takes channels"), "{message}");
    let message = mistake(line!(), |t| t.full([3, 2, 3], 0.0, DType::F32).pixel_unshuffle(2));
    assert!(message.contains("2 by 3 can't be cut"), "{message}");
    let message = mistake(line!(), |t| t.full([1, 3], 0.0, DType::F32).channel_shuffle(2));
    assert!(message.contains("3 channels can't be cut in 2 groups"), "{message}");
}

#[test]
fn columns_of_windows() {
    let tape = Tape::new();
    let mut rng = StdRng::seed_from_u64(17);
    let x = tape.var(tensor(random(&mut rng, 2 * 3 * 6 * 5), &[2, 3, 6, 5]));
    let w = tape.var(tensor(random(&mut rng, 4 * 3 * 3 * 2), &[4, 3, 3, 2]));
    let conv = Conv { stride: [2, 1], padding: [1, 2], dilation: [1, 3], groups: 1 };
    // Weights times columns are a convolution.
    let y = x.conv2d(w, conv);
    let columns = x.unfold2d([3, 2], conv);
    let product = w.reshape([4, 18]).expand([2, 4, 18]).matmul(columns);
    assert_close(product.reshape(y.shape()), &y.value().unwrap().to_f64(), y.shape().dims(), "convolution");
    // One is the other's transpose.
    let g = tape.var(tensor(random(&mut rng, columns.numel()), columns.shape().dims()));
    let back = tape.grad((columns * g).sum(..), x).value().unwrap().to_f64();
    assert_close(g.fold2d([6, 5], [3, 2], conv), &back, &[2, 3, 6, 5], "transpose");
    // PyTorch's order.
    let x = tape.iota(24, DType::F64).reshape([2, 3, 4]) + 1.0;
    let columns = x.unfold2d([2, 3], Conv { stride: [2, 1], padding: [1, 0], ..Conv::default() });
    assert_eq!(columns.shape().dims(), [12, 4]);
    let first = columns.slice(0, 3..7).value().unwrap().to_f64();
    assert_eq!(first, [1., 2., 9., 10., 2., 3., 10., 11., 3., 4., 11., 12., 0., 0., 17., 18.]);
    let empty = tape.full([0, 2, 3, 3], 0.0, DType::F32).unfold2d([2, 2], Conv::default());
    assert_eq!(empty.value().unwrap().shape().dims(), [0, 8, 4]);
    assert_eq!(empty.fold2d([3, 3], [2, 2], Conv::default()).value().unwrap().shape().dims(), [0, 2, 3, 3]);
    let message = mistake(line!(), |t| t.full([1, 2, 2], 0.0, DType::F32).unfold2d([3, 1], Conv::default()));
    assert!(message.starts_with("unfold2d: a window of 3 (dilation 1) does not fit in 2"), "{message}");
    let message =
        mistake(line!(), |t| t.full([4, 3], 0.0, DType::F32).fold2d([2, 3], [2, 2], Conv::default()));
    assert!(message.starts_with("fold2d: takes columns of c·4 elements for 2 windows"), "{message}");
}

#[test]
fn a_batch_of_each_is_as_one_after_the_other() {
    let mut rng = StdRng::seed_from_u64(18);
    let tape = Tape::new();
    let x = tape.var(tensor(random(&mut rng, 3 * 2 * 2 * 4 * 5), &[3, 2, 2, 4, 5]));
    let w = tape.var(tensor(random(&mut rng, 3 * 2 * 3 * 2), &[3, 2, 1, 3, 2]));
    type Apply = for<'t> fn(&[Var<'t>]) -> Var<'t>;
    let all: [Apply; 7] = [
        |x| x[0].conv_transpose2d(x[1], ConvTranspose { stride: [2, 3], ..ConvTranspose::default() }),
        |x| x[0].conv_transpose2d(x[1], ConvTranspose { groups: 2, ..ConvTranspose::default() }),
        |x| x[0].max_pool2d(Pool { padding: [1, 1], ..Pool::from(3) }),
        |x| x[0].avg_pool2d(Pool { padding: [1, 1], count_include_pad: false, ..Pool::from(3) }),
        |x| x[0].adaptive_max_pool2d([3, 2]),
        |x| x[0].interpolate([7, 3], Interpolation::Cubic { align_corners: false }),
        |x| x[0].unfold2d([2, 2], Conv::default()),
    ];
    for (i, apply) in all.into_iter().enumerate() {
        let batch = vmap(|x: [Var<'_>; 2]| apply(&x), [x, w]);
        let mut each = Vec::new();
        for at in 0..3 {
            each.push(apply(&[x, w].map(|x| x.slice(0, at..at + 1).squeeze(0))));
        }
        let want = tape.stack(&each, 0);
        assert_close(batch, &want.value().unwrap().to_f64(), want.shape().dims(), &format!("number {i}"));
    }
}
