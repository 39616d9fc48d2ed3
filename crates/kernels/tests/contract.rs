//! Contractions against naive loops in `f64`: every level, both types, random axes, overlapping windows.

mod common;

use chainrule_kernels::gemm::{Axes, Axis, Contraction};
use chainrule_kernels::machine::{Contract, Instr, Machine, Place, SlotSpec};
use chainrule_kernels::pool::Pool;
use chainrule_kernels::{Buffer, DType, Level};
use common::{Random, Real};

fn reals(random: &mut Random, n: usize) -> Vec<f64> {
    (0..n).map(|_| random.real()).collect()
}

/// Axes with their sizes in memory.
#[derive(Debug)]
struct Case {
    rows: Axes,
    sums: Axes,
    lanes: usize,
    sizes: [usize; 3],
}

/// A valid convolution of `[n, h, w, c]` with `[kh, kw, c, o]`, or the gradient of its weights, as contractions.
fn convolution([n, h, w, c]: [usize; 4], [kh, kw, o]: [usize; 3], stride: usize, weights: bool) -> Case {
    let (oh, ow) = ((h - kh) / stride + 1, (w - kw) / stride + 1);
    let (hwc, wc) = ((h * w * c) as isize, (w * c) as isize);
    let (s, ci, oi) = (stride as isize, c as isize, o as isize);
    let outputs = [(n, hwc, (oh * ow) as isize * oi), (oh, s * wc, ow as isize * oi), (ow, s * ci, oi)];
    let windows = [(kh, wc, kw as isize * ci * oi), (kw, ci, ci * oi), (c, 1, oi)];
    let axes = |axes: [(usize, isize, isize); 3]| -> Axes {
        axes.into_iter().map(|(length, a, other)| Axis { length, a, other }).collect()
    };
    let (rows, sums) = if weights { (windows, outputs) } else { (outputs, windows) };
    let [b, c] =
        if weights { [n * oh * ow * o, kh * kw * c * o] } else { [kh * kw * c * o, n * oh * ow * o] };
    Case { rows: axes(rows), sums: axes(sums), lanes: o, sizes: [n * h * w * ci as usize, b, c] }
}

fn offsets(axes: &Axes) -> Vec<(isize, isize)> {
    axes.iter().fold(vec![(0, 0)], |offsets, axis| {
        let step = |&(a, other): &(isize, isize)| {
            (0..axis.length as isize).map(move |i| (a + i * axis.a, other + i * axis.other))
        };
        offsets.iter().flat_map(step).collect()
    })
}

fn check<T: Real>(case: &Case, beta: f64, random: &mut Random) {
    let [a, b, c] =
        case.sizes.map(|size| reals(random, size.max(1)).into_iter().map(T::from).collect::<Vec<T>>());
    let mut expected = vec![(0.0, 0.0); c.len()];
    let sums = offsets(&case.sums);
    let mut touched = vec![false; c.len()];
    for (at, to) in offsets(&case.rows) {
        for l in 0..case.lanes {
            let term = |&(i, j): &(isize, isize)| a[(at + i) as usize].to() * b[j as usize + l].to();
            let to = to as usize + l;
            let old = if beta == 0.0 { 0.0 } else { beta * c[to].to() };
            let size: f64 = sums.iter().map(|x| term(x).abs()).sum();
            expected[to] = (sums.iter().map(term).sum::<f64>() + old, size + old.abs());
            touched[to] = true;
        }
    }
    for &level in Level::available() {
        let contraction = Contraction::new(T::DTYPE, level, case.rows.clone(), case.sums.clone(), case.lanes);
        let scratch = contraction.scratch_bytes();
        let place = |slot, offset| Place { slot, offset };
        let mut instr = Instr::Contract(Box::new(Contract::new(
            contraction,
            place(1, 0),
            place(2, 0),
            place(3, 0),
            beta,
        )));
        instr.set_scratch(place(0, 0));
        let bytes = |values: &[T]| SlotSpec { bytes: size_of_val(values), writable: false };
        let slots = vec![bytes(&a), bytes(&b), SlotSpec { writable: true, ..bytes(&c) }];
        let mut machine = Machine::new(vec![instr], slots, scratch, level).expect("valid");
        let (a, b) = (Buffer::from_slice(&a), Buffer::from_slice(&b));
        let mut first: Option<Vec<T>> = None;
        for threads in [1, 2, 3] {
            let mut result = Buffer::from_slice(&c);
            let mut session = machine.session();
            session.read(1, &a);
            session.read(2, &b);
            session.write(3, &mut result);
            session.run_with(&Pool::new(threads)).expect("no fault");
            let result = result.as_slice::<T>(T::DTYPE).to_vec();
            for (i, (&(value, size), &got)) in expected.iter().zip(&result).enumerate() {
                if touched[i] {
                    let error = (got.to() - value).abs();
                    let most = T::EPSILON * size * (sums.len() as f64).sqrt().max(4.0);
                    assert!(error <= most, "{case:?}, {level:?}: element {i} is {}, not {value}", got.to());
                } else {
                    assert!(got.to() == c[i].to(), "{case:?}, {level:?}: element {i} was written");
                }
            }
            let first = first.get_or_insert_with(|| result.clone());
            assert!(first.iter().zip(&result).all(|(x, y)| x.to() == y.to()), "{case:?}: {threads} threads");
        }
    }
}

#[test]
fn convolutions_and_their_weights_gradients() {
    let mut random = Random(7);
    let mut cases = vec![
        convolution([4, 28, 28, 1], [3, 3, 32], 1, false),
        convolution([16, 28, 28, 1], [3, 3, 32], 1, true),
        convolution([2, 26, 26, 32], [3, 3, 64], 1, false),
        convolution([3, 26, 26, 32], [3, 3, 64], 1, true),
        convolution([1, 9, 9, 300], [3, 3, 17], 2, false),
        convolution([1, 3, 700, 5], [1, 1, 3], 1, true),
    ];
    for _ in 0..60 {
        let mut size = |most| 1 + random.below(most);
        let [n, kh, kw, c, o, stride] = [size(4), size(4), size(4), size(40), size(70), size(3)];
        let [h, w] = [kh + size(9), kw + size(30)];
        let weights = size(2) == 1;
        cases.push(convolution([n, h, w, c], [kh, kw, o], stride, weights));
    }
    for (i, case) in cases.iter().enumerate() {
        let beta = [0.0, 1.0, -0.5][i % 3];
        check::<f32>(case, beta, &mut random);
        if case.sizes[0] < 40_000 {
            check::<f64>(case, beta, &mut random);
        }
    }
}

#[test]
fn axes_of_any_order_and_stride() {
    let mut random = Random(11);
    for _ in 0..500 {
        let mut size = |most| 1 + random.below(most);
        let lanes = size(80);
        let lengths: [usize; 5] = std::array::from_fn(|_| size(5));
        // C is dense, with its axes in another order than A's; A's axes may overlap or repeat, or go backwards.
        let strides: [isize; 5] = std::array::from_fn(|_| size(7) as isize - 4);
        let lowest: isize = strides.iter().zip(lengths).map(|(s, n)| (s * (n as isize - 1)).min(0)).sum();
        let highest: isize = strides.iter().zip(lengths).map(|(s, n)| (s * (n as isize - 1)).max(0)).sum();
        if lowest < 0 {
            continue;
        }
        let [x, y, z, u, v] = lengths;
        let l = lanes as isize;
        let axis = |length, a, other| Axis { length, a, other };
        let rows = Axes::from_iter([
            axis(x, strides[0], l),
            axis(y, strides[1], (x * z) as isize * l),
            axis(z, strides[2], x as isize * l),
        ]);
        let sums = Axes::from_iter([axis(u, strides[3], l), axis(v, strides[4], u as isize * l)]);
        let sizes = [highest as usize + 1, u * v * lanes, x * y * z * lanes];
        let case = Case { rows, sums, lanes, sizes };
        check::<f32>(&case, 0.0, &mut random);
        check::<f64>(&case, 1.0, &mut random);
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let axis = |length, a, other| Axis { length, a, other };
    let refused = |rows: Axes, sums: Axes, lanes: usize| {
        let contraction = Contraction::new(DType::F32, Level::Portable, rows, sums, lanes);
        let place = |slot| Place { slot, offset: 0 };
        let instr = Instr::Contract(Box::new(Contract::new(contraction, place(1), place(2), place(3), 0.0)));
        let slot = SlotSpec { bytes: 256, writable: true };
        Machine::new(vec![instr], vec![slot; 3], 0, Level::Portable).expect_err("invalid").to_string()
    };
    let one = |x| Axes::from_iter([x]);
    let twice = refused(one(axis(4, 1, 2)), one(axis(2, 1, 4)), 4);
    assert!(twice.contains("writes an element twice"), "{twice}");
    let nothing = refused(one(axis(4, 1, 4)), one(axis(0, 1, 4)), 4);
    assert!(nothing.contains("sums nothing"), "{nothing}");
    let beyond = refused(one(axis(40, 9, 1)), one(axis(2, 1, 1)), 1);
    assert!(beyond.contains("slot 1, which has 256"), "{beyond}");
    let before = refused(one(axis(4, -1, 4)), one(axis(2, 1, 4)), 4);
    assert!(before.contains("starts before its slot"), "{before}");
}
