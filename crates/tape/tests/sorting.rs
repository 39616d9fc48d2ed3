//! Cumulative ops, sorting and searching: values, conventions, and what a user sees after a mistake.

use approx::assert_relative_eq;
use chainrule_tape::{DType, Error, Tape, Tensor, Var, vmap};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// The values of an expression of one input.
fn of(x: impl Into<Tensor>, f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> Vec<f64> {
    let tape = Tape::new();
    f(tape.var(x)).value().unwrap().to_f64()
}

/// The gradient of the sum of an expression of one input.
fn slope(x: impl Into<Tensor>, f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> Vec<f64> {
    let tape = Tape::new();
    let x = tape.var(x);
    tape.grad(f(x).sum(..), x).value().unwrap().to_f64()
}

/// The gradient of the gradient's sum.
fn curvature(x: impl Into<Tensor>, f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> Vec<f64> {
    let tape = Tape::new();
    let x = tape.var(x);
    let g = tape.grad(f(x).sum(..), x);
    tape.grad(g.sum(..), x).value().unwrap().to_f64()
}

/// The message of a mistake, which names this file and its line.
fn mistake(line: u32, op: &str, x: impl Into<Tensor>, f: impl for<'t> FnOnce(Var<'t>) -> Var<'t>) -> String {
    let tape = Tape::new();
    let y = f(tape.var(x));
    assert!(y.is_poisoned());
    let message = y.sum(..).value().unwrap_err().to_string();
    assert!(message.starts_with(&format!("{op}: ")), "{message} should name {op}");
    assert!(message.contains(&format!("tests/sorting.rs:{line}:")), "{message}");
    message
}

/// Equal, where NaN equals NaN.
#[track_caller]
fn same(found: &[f64], expected: &[f64]) {
    let equal = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(equal),
        "{found:?} should be {expected:?}"
    );
}

fn empty(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F64)
}

/// Numbers that repeat, of a shape.
fn numbers(shape: &[usize], seed: u64) -> Tensor {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) % 9) as f64 * 0.5 - 2.0
    };
    let n: usize = shape.iter().product();
    Tensor::from_vec(std::iter::repeat_with(next).take(n).collect::<Vec<f64>>(), shape).unwrap()
}

/// A function of each line along an axis, by loops.
fn by_lines(x: &Tensor, axis: usize, f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let (shape, values) = (x.shape(), x.to_f64());
    let (n, step) = (shape[axis], shape[axis + 1..].iter().product::<usize>());
    let mut y = vec![0.0; values.len()];
    for start in (0..values.len()).filter(|i| (i / step) % n == 0) {
        let line: Vec<f64> = (0..n).map(|i| values[start + i * step]).collect();
        for (i, value) in f(&line).into_iter().enumerate() {
            y[start + i * step] = value;
        }
    }
    y
}

#[test]
fn every_axis_agrees_with_loops() {
    let scan = |f: fn(f64, f64) -> f64| {
        move |x: &[f64]| -> Vec<f64> {
            let mut y = x.to_vec();
            (1..y.len()).for_each(|i| y[i] = f(y[i - 1], y[i]));
            y
        }
    };
    let order = |descending: bool| {
        move |x: &[f64]| -> Vec<f64> {
            let mut order: Vec<usize> = (0..x.len()).collect();
            order.sort_by(|&a, &b| if descending { x[b].total_cmp(&x[a]) } else { x[a].total_cmp(&x[b]) });
            order.into_iter().map(|i| i as f64).collect()
        }
    };
    let sorted = |x: &[f64]| -> Vec<f64> { order(false)(x).iter().map(|&i| x[i as usize]).collect() };
    for shape in [&[1][..], &[7], &[3, 4], &[2, 1, 5], &[2, 5, 70], &[3, 130, 2]] {
        for axis in 0..shape.len() {
            let x = numbers(shape, 7 + axis as u64);
            for (axis_as_given, at) in [(axis as isize, axis), (axis as isize - shape.len() as isize, axis)] {
                let all = |f: &dyn Fn(Var<'_>) -> Vec<f64>| f(Tape::new().var(x.clone()));
                let values = |y: Var<'_>| y.value().unwrap().to_f64();
                let a = axis_as_given;
                assert_eq!(all(&|x| values(x.cumsum(a))), by_lines(&x, at, scan(|a, b| a + b)), "{shape:?}");
                assert_eq!(all(&|x| values(x.cumprod(a))), by_lines(&x, at, scan(|a, b| a * b)), "{shape:?}");
                assert_eq!(all(&|x| values(x.cummax(a))), by_lines(&x, at, scan(f64::max)), "{shape:?}");
                assert_eq!(all(&|x| values(x.cummin(a))), by_lines(&x, at, scan(f64::min)), "{shape:?}");
                assert_eq!(all(&|x| values(x.argsort(a))), by_lines(&x, at, order(false)), "{shape:?}");
                assert_eq!(
                    all(&|x| values(x.argsort_descending(a))),
                    by_lines(&x, at, order(true)),
                    "{shape:?}"
                );
                assert_eq!(all(&|x| values(x.sort(a))), by_lines(&x, at, sorted), "{shape:?}");
                let found = all(&|x| values(x.logcumsumexp(a)));
                let expected = by_lines(&x, at, scan(|a, b| (a.exp() + b.exp()).ln()));
                assert_relative_eq!(
                    found.as_slice(),
                    expected.as_slice(),
                    max_relative = 1e-9,
                    epsilon = 1e-13
                );
            }
        }
    }
}

#[test]
fn running_sums_and_products() {
    assert_eq!(of([1.5f32, 2.0, -1.0], |x| x.cumsum(0)), [1.5, 3.5, 2.5]);
    assert_eq!(of([1i64, 2, 3, 4], |x| x.cumsum(0) + x.cumprod(0)), [2.0, 5.0, 12.0, 34.0]);
    assert_eq!(of([1.5f32, 2.0, -1.0], |x| x.cumprod(-1)), [1.5, 3.0, -3.0]);
    // The running value is kept in f64.
    assert_eq!(of([1e30f32, 1e30, 1e-30], |x| x.cumprod(0))[1..], [INF, f64::from(1e30f32)]);
    assert_eq!(of([16777216f32, 1.0, 1.0], |x| x.cumsum(0))[2], 16777218.0);
    // Nothing overflows that does not in order.
    assert_eq!(of([0.0, 1e200, 1e200], |x| x.cumprod(0)), [0.0; 3]);
    let all: [for<'t> fn(Var<'t>, isize) -> Var<'t>; 6] = [
        |x, axis| x.cumsum(axis),
        |x, axis| x.cumprod(axis),
        |x, axis| x.cummax(axis),
        |x, axis| x.cummin(axis),
        |x, axis| x.logcumsumexp(axis),
        |x, axis| x.sort(axis),
    ];
    for f in all {
        assert_eq!(of(3.0, |x| f(x, 0) + f(x, -1)), [6.0]);
        assert_eq!(of([3.0], |x| f(x, 0)), [3.0]);
        assert_eq!(slope(3.0, |x| f(x, 0)), [1.0]);
        for shape in [&[0][..], &[2, 0], &[0, 2]] {
            for axis in 0..shape.len() {
                assert_eq!(of(empty(shape), |x| f(x, axis as isize)), [0.0; 0]);
                assert_eq!(slope(empty(shape), |x| f(x, axis as isize)), [0.0; 0]);
                assert_eq!(curvature(empty(shape), |x| f(x, axis as isize).square()), [0.0; 0]);
            }
        }
    }
    assert_eq!(slope([1.0, 2.0, 3.0], |x| x.cumsum(0)), [3.0, 2.0, 1.0]);
    assert_eq!(slope([2.0, 0.0, 5.0, 0.0], |x| x.cumprod(0)), [1.0, 12.0, 0.0, 0.0]);
    assert_eq!(curvature([0.0, 0.0, 5.0], |x| x.cumprod(0)), [6.0, 6.0, 0.0]);
    assert!(mistake(line!(), "cumsum", [true], |x| x.cumsum(0)).contains("cast"));
    assert!(mistake(line!(), "cumsum", [1.0], |x| x.cumsum(1)).contains("axis 1"));
    assert!(mistake(line!(), "cumprod", [true], |x| x.cumprod(0)).contains("cast"));
    assert!(mistake(line!(), "cumprod", 1.0, |x| x.cumprod(1)).contains("axis 1"));
}

#[test]
fn running_extremes() {
    let x = [3.0, 3.0, 1.0, 4.0, NAN, 5.0, NAN];
    same(&of(x, |x| x.cummax(0)), &[3.0, 3.0, 3.0, 4.0, NAN, NAN, NAN]);
    assert_eq!(of(x, |x| x.argcummax(0)), [0.0, 1.0, 1.0, 3.0, 4.0, 4.0, 6.0]);
    same(&of(x, |x| x.cummin(0)), &[3.0, 3.0, 1.0, 1.0, NAN, NAN, NAN]);
    assert_eq!(of(x, |x| x.argcummin(0)), [0.0, 1.0, 2.0, 2.0, 4.0, 4.0, 6.0]);
    assert_eq!(of([2f32, -1.0, 7.0], |x| x.cummin(0)), [2.0, -1.0, -1.0]);
    assert_eq!(of([2i64, -1, 7], |x| x.cummax(0)), [2.0, 2.0, 7.0]);
    assert_eq!(of(2.0, |x| x.argcummin(0)), [0.0]);
    assert_eq!(slope([3.0, 3.0, 1.0, 4.0], |x| x.cummax(0)), [1.0, 2.0, 0.0, 1.0]);
    assert!(mistake(line!(), "argcummax", [true], |x| x.argcummax(0)).contains("cast"));
    assert!(mistake(line!(), "cummin", [1.0], |x| x.cummin(-2)).contains("axis -2"));
}

#[test]
fn running_sums_of_exponentials() {
    let large = of([1000.0, 0.0, 1000.0, -INF], |x| x.logcumsumexp(0));
    assert_eq!(large, [1000.0, 1000.0, 1000.0 + 2f64.ln(), 1000.0 + 2f64.ln()]);
    let x = [-INF, 1.0, 2.0, INF, 3.0];
    let y = of(x, |x| x.logcumsumexp(0));
    assert_eq!([y[0], y[1], y[3], y[4]], [-INF, 1.0, INF, INF]);
    assert_relative_eq!(y[2], (1f64.exp() + 2f64.exp()).ln(), max_relative = 1e-15);
    let share = 1.0 / (1.0 + 1f64.exp());
    let g = slope(x, |x| x.logcumsumexp(0));
    assert_relative_eq!(
        g.as_slice(),
        [0.0, 1.0 + share, 1.0 - share, 0.0, 0.0].as_slice(),
        max_relative = 1e-14
    );
    assert!(curvature(x, |x| x.logcumsumexp(0).square()).iter().all(|x| x.is_finite()));
    assert!(slope([-INF, -INF], |x| x.logcumsumexp(0)).iter().all(|&x| x == 0.0));
    same(&of([0.0, NAN, 1.0], |x| x.logcumsumexp(0)), &[0.0, NAN, NAN]);
    // Far apart, up and down.
    let y = of([-1e308, 0.0, 1e308, 0.0], |x| x.logcumsumexp(0));
    assert_eq!(y, [-1e308, 0.0, 1e308, 1e308]);
    let g = slope([-1e308, 0.0, 1e308, 0.0], |x| x.logcumsumexp(0));
    assert_eq!(g, [1.0, 1.0, 2.0, 0.0]);
    assert_eq!(of([0f32, 0.0], |x| x.logcumsumexp(0)), [0.0, f64::from(2f32.ln())]);
    assert!(mistake(line!(), "logcumsumexp", [1i64], |x| x.logcumsumexp(0)).contains("floating"));
}

#[test]
fn differences_and_integrals() {
    assert_eq!(of([1.0, 4.0, 2.0], |x| x.diff(0)), [3.0, -2.0]);
    assert_eq!(of([[1.0, 4.0], [2.0, 7.0]], |x| x.diff(0)), [1.0, 3.0]);
    assert_eq!(of([[1.0, 4.0], [2.0, 7.0]], |x| x.diff(-1)), [3.0, 5.0]);
    assert_eq!(of([1.0], |x| x.diff(0)), [0.0; 0]);
    assert_eq!(of(empty(&[0]), |x| x.diff(0)), [0.0; 0]);
    assert_eq!(of([[1.0, 2.0, 4.0], [0.0, 1.0, 0.0]], |x| x.trapezoid(0.5, 1)), [2.25, 0.5]);
    assert_eq!(of([1.0], |x| x.trapezoid(1.0, 0)), [0.0]);
    assert_eq!(of(empty(&[0, 2]), |x| x.trapezoid(1.0, 0)), [0.0, 0.0]);
    let parts = of([[1.0, 2.0, 4.0], [0.0, 1.0, 0.0]], |x| x.cumulative_trapezoid(0.5, -1));
    assert_eq!(parts, [0.75, 2.25, 0.25, 0.5]);
    assert_eq!(of([1f32, 2.0, 4.0], |x| x.cumulative_trapezoid(1.0, 0)), [1.5, 4.5]);
    assert_eq!(of([1.0], |x| x.cumulative_trapezoid(1.0, 0)), [0.0; 0]);
    assert_eq!(of(empty(&[0, 2]), |x| x.cumulative_trapezoid(1.0, 0)), [0.0; 0]);
    assert!(mistake(line!(), "diff", 1.0, |x| x.diff(0)).contains("axis 0"));
    assert!(mistake(line!(), "trapezoid", [1.0], |x| x.trapezoid(1.0, 1)).contains("axis 1"));
    let message = mistake(line!(), "cumulative_trapezoid", 1.0, |x| x.cumulative_trapezoid(1.0, 0));
    assert!(message.contains("axis 0"));
}

#[test]
fn sorting() {
    let x = [3.0, NAN, 1.0, 3.0, NAN, -INF];
    same(&of(x, |x| x.sort(0)), &[-INF, 1.0, 3.0, 3.0, NAN, NAN]);
    assert_eq!(of(x, |x| x.argsort(-1)), [5.0, 2.0, 0.0, 3.0, 1.0, 4.0]);
    same(&of(x, |x| x.sort_descending(0)), &[NAN, NAN, 3.0, 3.0, 1.0, -INF]);
    assert_eq!(of(x, |x| x.argsort_descending(0)), [1.0, 4.0, 0.0, 3.0, 2.0, 5.0]);
    assert_eq!(of([0.0, -0.0, -1.0], |x| x.argsort(0)), [2.0, 0.0, 1.0]);
    assert_eq!(of([2f32, 1.0], |x| x.sort(0)), [1.0, 2.0]);
    assert_eq!(of([2i64, i64::MIN, 1], |x| x.argsort(0)), [1.0, 2.0, 0.0]);
    assert_eq!(of([true, false, true], |x| x.sort(0)), [0.0, 1.0, 1.0]);
    assert_eq!(of(2.0, |x| x.argsort(0)), [0.0]);
    let weights = [1.0, 10.0, 100.0];
    assert_eq!(slope([3.0, 1.0, 2.0], |x| x.sort(0) * x.tape().var(weights)), [100.0, 1.0, 10.0]);
    assert_eq!(slope([3.0, 1.0, 2.0], |x| x.sort_descending(0) * x.tape().var(weights)), [1.0, 100.0, 10.0]);
    assert!(mistake(line!(), "sort", [1.0], |x| x.sort(1)).contains("axis 1"));
    assert!(mistake(line!(), "argsort_descending", [1.0], |x| x.argsort_descending(2)).contains("axis 2"));
    assert!(mistake(line!(), "sort", 1.0, |x| x.sort(1)).contains("axis 1"));
}

#[test]
fn the_largest_few() {
    let x = [[3.0, 1.0, 4.0], [2.0, 2.0, NAN]];
    same(&of(x, |x| x.topk(2, 1).0), &[4.0, 3.0, NAN, 2.0]);
    assert_eq!(of(x, |x| x.topk(2, -1).1), [2.0, 0.0, 2.0, 0.0]);
    assert_eq!(of(x, |x| x.topk(1, 0).1), [0.0, 1.0, 1.0]);
    assert_eq!(of(x, |x| x.topk(0, 0).0), [0.0; 0]);
    assert_eq!(of(5.0, |x| x.topk(1, 0).0), [5.0]);
    assert_eq!(slope([3.0, 1.0, 4.0], |x| x.topk(2, 0).0), [1.0, 0.0, 1.0]);
    assert_eq!(of([3f32, 1.0, 4.0], |x| x.kthvalue(2, 0).0), [3.0]);
    assert_eq!(of([3.0, 1.0, NAN], |x| x.kthvalue(2, 0).1), [0.0]);
    assert_eq!(of([[3i64, 1], [4, 0]], |x| x.kthvalue(1, 0).0), [3.0, 0.0]);
    assert_eq!(slope([3.0, 1.0, 4.0], |x| x.kthvalue(2, 0).0), [1.0, 0.0, 0.0]);
    assert!(mistake(line!(), "topk", [1.0], |x| x.topk(2, 0).0).contains("no 2 elements"));
    assert!(mistake(line!(), "topk", [1.0], |x| x.topk(1, 1).1).contains("axis 1"));
    assert!(mistake(line!(), "kthvalue", [1.0], |x| x.kthvalue(0, 0).0).contains("element 0"));
    assert!(mistake(line!(), "kthvalue", empty(&[0]), |x| x.kthvalue(1, 0).1).contains("element 1"));
}

#[test]
fn medians_and_quantiles() {
    assert_eq!(of([3.0, 1.0, 2.0, 4.0], |x| x.median(0)), [2.0]);
    assert_eq!(of([[3.0, 1.0, 2.0], [0.0, 5.0, 5.0]], |x| x.median(-1)), [2.0, 5.0]);
    same(&of([1.0, NAN, 0.0], |x| x.median(0)), &[NAN]);
    assert_eq!(of([3i64, 1, 2], |x| x.median(0)), [2.0]);
    assert_eq!(of(3.0, |x| x.median(0) + x.quantile(0.2, -1)), [6.0]);
    assert_eq!(slope([3.0, 1.0, 2.0, 4.0], |x| x.median(0)), [0.0, 0.0, 1.0, 0.0]);
    let x = [3.0, 1.0, 2.0, 5.0];
    let quantile = |q| of(x, |x| x.quantile(q, 0))[0];
    assert_eq!([quantile(0.0), quantile(0.5), quantile(1.0)], [1.0, 2.5, 5.0]);
    assert_relative_eq!(quantile(0.9), 4.4, max_relative = 1e-14);
    assert_eq!(slope(x, |x| x.quantile(0.25, 0)), [0.0, 0.25, 0.75, 0.0]);
    assert_eq!(of([[1f32, 2.0], [3.0, 5.0]], |x| x.quantile(0.5, 0)), [2.0, 3.5]);
    same(&of([1.0, NAN], |x| x.quantile(0.0, 0)), &[NAN]);
    assert_eq!(of([-INF, 1.0], |x| x.quantile(0.25, 0)), [-INF]);
    assert_eq!(of([INF, INF], |x| x.quantile(0.25, 0)), [INF]);
    assert_eq!(of([1.0, INF], |x| x.quantile(0.0, 0)), [1.0]);
    assert_eq!(of([0.1, 0.1], |x| x.quantile(0.3, 0)), [0.1]);
    assert!(mistake(line!(), "median", empty(&[0]), |x| x.median(0)).contains("empty"));
    assert!(mistake(line!(), "median", [1.0], |x| x.median(1)).contains("axis 1"));
    assert!(mistake(line!(), "quantile", [1.0], |x| x.quantile(1.5, 0)).contains("1.5"));
    assert!(mistake(line!(), "quantile", [1.0], |x| x.quantile(NAN, 0)).contains("NaN"));
    assert!(mistake(line!(), "quantile", empty(&[2, 0]), |x| x.quantile(0.5, 1)).contains("empty"));
}

#[test]
fn searching() {
    let find = |values: Tensor, right: bool| {
        of(values, |v| v.tape().var([1.0, 2.0, 2.0, 3.0]).searchsorted(v, right))
    };
    assert_eq!(find([2.0, NAN, 0.0, 5.0, 3.0].into(), false), [1.0, 4.0, 0.0, 4.0, 3.0]);
    assert_eq!(find([2.0, NAN, 0.0, 5.0, 3.0].into(), true), [3.0, 4.0, 0.0, 4.0, 4.0]);
    assert_eq!(find(2.5.into(), true), [3.0]);
    assert_eq!(find([[2.0, 0.5], [1.0, 9.0]].into(), false), [1.0, 0.0, 0.0, 4.0]);
    assert_eq!(of([3.0, NAN], |v| v.tape().var([1.0, 2.0, NAN]).searchsorted(v, false)), [3.0, 3.0]);
    let lines = |values: Tensor| {
        of(values, |v| v.tape().var([[1.0, 2.0, 3.0], [0.0, 10.0, 20.0]]).searchsorted(v, false))
    };
    assert_eq!(lines([[2.5, 0.0], [2.5, 11.0]].into()), [2.0, 0.0, 1.0, 2.0]);
    assert_eq!(lines(empty(&[2, 0])), [0.0; 0]);
    assert_eq!(of([1.0, 2.0], |v| v.tape().var(empty(&[0])).searchsorted(v, true)), [0.0, 0.0]);
    assert_eq!(of([[1.0], [2.0]], |v| v.tape().var(empty(&[2, 0])).searchsorted(v, true)), [0.0, 0.0]);
    assert_eq!(of([1f32, 2.0], |v| v.tape().var([1.5f32]).searchsorted(v, true)), [0.0, 1.0]);
    assert_eq!(of([1i64, 2, 3], |v| v.bucketize(v.tape().var([1i64, 2]), false)), [0.0, 1.0, 2.0]);
    assert_eq!(of([1i64, 2, 3], |v| v.bucketize(v.tape().var([1i64, 2]), true)), [1.0, 2.0, 2.0]);
    let one = |v: f64| move |x: Var<'_>| -> bool { x.searchsorted(x.tape().var(v), false).is_poisoned() };
    assert!(one(1.0)(Tape::new().var([[1.0]])));
    assert!(mistake(line!(), "searchsorted", 1.0, |x| x.searchsorted(x, false)).contains("scalar"));
    assert!(mistake(line!(), "searchsorted", [true], |x| x.searchsorted(x, false)).contains("cast"));
    let message =
        mistake(line!(), "searchsorted", [[1.0], [2.0]], |x| x.searchsorted(x.slice(0, 0..1), false));
    assert!(message.contains("[2, 1] f64, [1, 1] f64"), "{message}");
    assert!(mistake(line!(), "bucketize", [[1.0]], |x| x.bucketize(x, false)).contains("one axis"));
}

#[test]
fn counting() {
    assert_eq!(of([1i64, 1, 3], |x| x.bincount(5)), [0.0, 2.0, 0.0, 1.0, 0.0]);
    assert_eq!(of([[1i64, 0], [1, 1]], |x| x.bincount(2)), [1.0, 3.0]);
    assert_eq!(of(Tensor::zeros([0], DType::I64), |x| x.bincount(2)), [0.0, 0.0]);
    let weigh = |w: Var<'_>| -> Vec<f64> {
        let tape = w.tape();
        let y = tape.var([2i64, 0, 2]).bincount_weighted(w, 3);
        [y, tape.grad((y * tape.var([1.0, 2.0, 3.0])).sum(..), w)]
            .iter()
            .flat_map(|y| y.value().unwrap().to_f64())
            .collect()
    };
    assert_eq!(weigh(Tape::new().var([0.5, 1.5, 2.0])), [1.5, 0.0, 2.5, 3.0, 1.0, 3.0]);
    let tape = Tape::new();
    let error = tape.var([1i64, 5]).bincount(3).value().unwrap_err();
    assert!(
        matches!(&error, Error::Data { .. }) && error.to_string().contains("tests/sorting.rs"),
        "{error}"
    );
    assert!(tape.var([-1i64]).bincount(3).value().unwrap_err().to_string().contains("-1"));
    assert!(mistake(line!(), "bincount", [1.0], |x| x.bincount(3)).contains("i64"));
    let message =
        mistake(line!(), "bincount_weighted", [1i64, 2], |x| x.bincount_weighted(x.slice(0, 1..), 3));
    assert!(message.contains("shape"), "{message}");
}

#[test]
fn batches_take_the_axis_of_an_element() {
    let tape = Tape::new();
    let x = tape.var(numbers(&[3, 4, 5], 3));
    fn ops<'t>(x: Var<'t>, axis: isize) -> Var<'t> {
        let smooth = x.cumsum(axis) + x.cumprod(axis) + x.cummax(axis) * 2.0 + x.logcumsumexp(axis);
        let counts = x.argsort(axis) + x.argcummin(axis);
        smooth + x.sort(axis) * 3.0 + x.sort_descending(axis) * x + counts.cast(DType::F64)
    }
    for axis in 0..2 {
        let each = vmap(|x| ops(x[0], axis), [x]);
        let whole = ops(x, axis + 1);
        assert_relative_eq!(
            each.value().unwrap().to_f64().as_slice(),
            whole.value().unwrap().to_f64().as_slice(),
            max_relative = 1e-12,
            epsilon = 1e-13
        );
        let each = vmap(|x| tape.grad(ops(x[0], axis).square().sum(..), x[0]), [x]);
        let whole = tape.grad(ops(x, axis + 1).square().sum(..), x);
        assert_relative_eq!(
            each.value().unwrap().to_f64().as_slice(),
            whole.value().unwrap().to_f64().as_slice(),
            max_relative = 1e-10,
            epsilon = 1e-11
        );
        let each =
            vmap(|x| x[0].median(axis) + x[0].quantile(0.3, axis) + x[0].topk(1, axis).0.sum(axis), [x]);
        let axis = axis + 1;
        let whole = x.median(axis) + x.quantile(0.3, axis) + x.topk(1, axis).0.sum(axis);
        assert_eq!(each.value().unwrap(), whole.value().unwrap());
    }
    // Sequences of each element's own, values of its own, and both.
    let (sorted, values) =
        (tape.var([[1.0, 2.0, 3.0], [0.0, 10.0, 20.0]]), tape.var([[2.5, 0.0], [2.5, 11.0]]));
    let (one, few) = (tape.var([1.0, 2.0]), tape.var([[0.5, 1.5, 2.5]]));
    let own = vmap(|x| x[0].searchsorted(x[1], false), [sorted, values]);
    assert_eq!(own.value().unwrap().to_f64(), [2.0, 0.0, 1.0, 2.0]);
    let own = vmap(|x| one.searchsorted(x[0], false), [values]);
    assert_eq!(own.value().unwrap().to_f64(), [2.0, 0.0, 2.0, 2.0]);
    let own = vmap(|x| x[0].searchsorted(few, false), [sorted]);
    assert_eq!(own.value().unwrap().to_f64(), [0.0, 1.0, 2.0, 1.0, 1.0, 1.0]);
    let own = vmap(|x| x[0].searchsorted(tape.var(2.5), false), [sorted]);
    assert_eq!(own.value().unwrap().to_f64(), [2.0, 1.0]);
    let own = vmap(|x| x[0].bincount(2), [tape.var([[0i64, 1], [1, 1]])]);
    assert_eq!(own.value().unwrap().to_f64(), [1.0, 1.0, 0.0, 2.0]);
}

#[test]
fn nothing_panics_after_a_mistake_or_at_odd_shapes() {
    fn all(x: Var<'_>, axis: isize) -> [Var<'_>; 21] {
        [
            x.cumsum(axis),
            x.cumprod(axis),
            x.cummax(axis),
            x.cummin(axis),
            x.argcummax(axis),
            x.argcummin(axis),
            x.logcumsumexp(axis),
            x.diff(axis),
            x.trapezoid(1.0, axis),
            x.sort(axis),
            x.sort_descending(axis),
            x.argsort(axis),
            x.argsort_descending(axis),
            x.topk(1, axis).0,
            x.kthvalue(1, axis).1,
            x.median(axis),
            x.quantile(0.5, axis),
            x.searchsorted(x, false),
            x.bucketize(x, true),
            x.bincount(2),
            x.bincount_weighted(x, 2),
        ]
    }
    let tape = Tape::new();
    let bad = tape.var([1.0]).reshape([3]);
    for axis in [-9, -1, 0, 20] {
        assert!(all(bad, axis).iter().all(|y| y.is_poisoned()));
    }
    for shape in
        [&[0, 1 << 40, 1 << 40][..], &[1 << 40, 0, 1 << 40], &[1 << 40, 1 << 40, 0], &[0, usize::MAX]]
    {
        for axis in [0, 1, -1, isize::MIN, isize::MAX] {
            let tape = Tape::new();
            all(tape.full(shape, 0.0, DType::F64), axis);
            all(tape.full(shape, 0.0, DType::I64), axis);
        }
    }
    let (one, other) = (Tape::new(), Tape::new());
    let y = one.var([1.0]).searchsorted(other.var([1.0]), false);
    assert!(y.value().unwrap_err().to_string().contains("different tapes"));
}
