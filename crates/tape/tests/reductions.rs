//! Reductions: values, conventions, and what a user sees after a mistake.

use approx::assert_relative_eq;
use chainrule_tape::{DType, Tape, Tensor, Var, vmap};

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
    assert!(message.contains(&format!("tests/reductions.rs:{line}:")), "{message}");
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

#[test]
fn products_with_zeros() {
    assert_eq!(of([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], |x| x.prod(0)), [4.0, 10.0, 18.0]);
    assert_eq!(of([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], |x| x.prod_keep([-1, 0])), [720.0]);
    assert_eq!(of([1.5f32, 2.0, -2.0], |x| x.prod(..)), [-6.0]);
    assert_eq!(of([2i64, 3, 7, 1, -1], |x| x.prod(0)), [-42.0]);
    assert_eq!(of(3.0, |x| x.prod(..)), [3.0]);
    assert_eq!(of(3.0, |x| x.prod(-1)), [3.0]);
    assert_eq!(of(empty(&[2, 0]), |x| x.prod(1)), [1.0, 1.0]);
    assert_eq!(of(empty(&[0, 2]), |x| x.prod(..)), [1.0]);
    assert_eq!(of(empty(&[0, 2]), |x| x.prod_keep(1)), [0.0; 0]);
    for n in 1..12 {
        let x: Vec<f64> = (0..n).map(|i| 0.5 + 0.25 * i as f64).collect();
        assert_relative_eq!(of(x.clone(), |x| x.prod(0))[0], x.iter().product::<f64>(), max_relative = 1e-14);
    }
    let one = |x| slope(x, |x| x.prod(0));
    assert_eq!(one([2.0, 0.0, 5.0]), [0.0, 10.0, 0.0]);
    assert_eq!(one([0.0, 0.0, 5.0]), [0.0; 3]);
    assert_eq!(curvature([0.0, 0.0, 5.0], |x| x.prod(0)), [5.0, 5.0, 0.0]);
    assert!(mistake(line!(), "prod", [true], |x| x.prod(0)).contains("cast"));
    assert!(mistake(line!(), "prod", [1.0], |x| x.prod(1)).contains("axis 1"));
    assert!(mistake(line!(), "prod", [1.0], |x| x.prod([0, -1])).contains("twice"));
}

#[test]
fn the_largest_and_the_smallest() {
    let x = [[1.0, -3.0, 1.0], [0.5, 2.0, 2.0]];
    assert_eq!(of(x, |x| x.min(1)), [-3.0, 0.5]);
    assert_eq!(of(x, |x| x.min_keep(0)), [0.5, -3.0, 1.0]);
    assert_eq!(of([i64::MIN, 0], |x| x.min(0)), [i64::MIN as f64]);
    assert_eq!(of([3i64, -5], |x| x.min(0) + x.max(0)), [-2.0]);
    same(&of([1.0, NAN], |x| x.min(0)), &[NAN]);
    assert_eq!(slope(x, |x| x.max(1)), [0.5, 0.0, 0.5, 0.0, 0.5, 0.5]);
    assert_eq!(slope(x, |x| x.min(..)), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    assert!(mistake(line!(), "min", empty(&[2, 0]), |x| x.min(1)).contains("empty"));
    assert!(mistake(line!(), "min", [1.0], |x| x.min(3)).contains("axis 3"));
}

#[test]
fn indices_of_the_largest_and_the_smallest() {
    let x = [[1.0, 3.0, 3.0], [2.0, -1.0, -1.0]];
    assert_eq!(of(x, |x| x.argmax(1)), [1.0, 0.0]);
    assert_eq!(of(x, |x| x.argmin(-1)), [0.0, 1.0]);
    assert_eq!(of(x, |x| x.argmin(0)), [0.0, 1.0, 1.0]);
    assert_eq!(of([1.0, NAN, 0.0, NAN], |x| x.argmax(0)), [1.0]);
    assert_eq!(of([1.0, NAN, 0.0, NAN], |x| x.argmin(0)), [1.0]);
    assert_eq!(of([-INF, -INF], |x| x.argmax(0)), [0.0]);
    assert_eq!(of([2i64, i64::MIN, 7], |x| x.argmin(0)), [1.0]);
    assert_eq!(of([2.0f32, 5.0], |x| x.argmax(0)), [1.0]);
    assert_eq!(of(2.0, |x| x.argmax(-1)), [0.0]);
    assert_eq!(of(empty(&[0, 3]), |x| x.argmax(1)), [0.0; 0]);
    assert!(mistake(line!(), "argmax", empty(&[2, 0]), |x| x.argmax(1)).contains("empty"));
    assert!(mistake(line!(), "argmin", [1.0], |x| x.argmin(2)).contains("axis 2"));
    assert!(mistake(line!(), "argmin", [true], |x| x.argmin(0)).contains("cast"));
}

#[test]
fn truth_over_axes_and_counts() {
    let x = [[true, false], [false, false]];
    assert_eq!(of(x, |x| x.any(1)), [1.0, 0.0]);
    assert_eq!(of(x, |x| x.any_keep(..)), [1.0]);
    assert_eq!(of(x, |x| x.all(0)), [0.0, 0.0]);
    assert_eq!(of(x, |x| (!x).all_keep(1)), [0.0, 1.0]);
    assert_eq!(of(Tensor::zeros([0, 2], DType::Bool), |x| x.any(0)), [0.0, 0.0]);
    assert_eq!(of(Tensor::zeros([0, 2], DType::Bool), |x| x.all(0)), [1.0, 1.0]);
    assert_eq!(of([0.0, NAN], |x| x.any(0)), [1.0]);
    assert_eq!(of([2i64, 0], |x| x.all(0)), [0.0]);
    assert_eq!(of(true, |x| x.all(..)), [1.0]);
    assert_eq!(of([[0.0, 1.0, -0.0], [NAN, 2.0, -INF]], |x| x.count_nonzero(1)), [1.0, 3.0]);
    assert_eq!(of(x, |x| x.count_nonzero_keep(0)), [1.0, 0.0]);
    let tape = Tape::new();
    assert_eq!(tape.var([1.0]).any(0).dtype(), DType::Bool);
    assert_eq!(tape.var([1.0]).count_nonzero(0).dtype(), DType::I64);
    assert!(mistake(line!(), "all", [true], |x| x.all(1)).contains("axis 1"));
}

#[test]
fn means_and_variances() {
    let x = [[1.0, 2.0, 6.0], [4.0, 4.0, 4.0]];
    assert_relative_eq!(of(x, |x| x.var(1)).as_slice(), [14.0 / 3.0, 0.0].as_slice(), max_relative = 1e-15);
    assert_eq!(of(x, |x| x.var_with(1, 1.0)), [7.0, 0.0]);
    assert_eq!(of(x, |x| x.std_with_keep(1, 1.0)), [7f64.sqrt(), 0.0]);
    assert_eq!(of(x, |x| x.std_keep(1)), of(x, |x| x.std(1)));
    assert_eq!(of(x, |x| x.var_with_keep(.., 0.0)), of(x, |x| x.var(..)));
    same(&of(empty(&[0]), |x| x.mean(0)), &[NAN]);
    same(&of(empty(&[0, 2]), |x| x.var(0)), &[NAN, NAN]);
    same(&of([1.0], |x| x.var_with(0, 1.0)), &[NAN]);
    assert_eq!(of([1.0, 2.0], |x| x.var_with(0, 3.0)), [INF]);
    assert_eq!(of([1.0f32, 3.0], |x| x.std(0)), [1.0]);
    assert_eq!(slope([4.0, 4.0], |x| x.std_with(0, 1.0)), [0.0, 0.0]);
    assert_eq!(curvature([4.0, 4.0], |x| x.std_with(0, 1.0)), [0.0, 0.0]);
    assert_eq!(of(3.0, |x| x.mean(0) + x.var(..)), [3.0]);
    assert_eq!(of(x, |x| x.cov(1.0)), [7.0, 0.0, 0.0, 0.0]);
    let two =
        Tensor::from_slice(&[1.0, 2.0, 6.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 2.0, 0.0], [2, 2, 3]).unwrap();
    assert_eq!(of(two, |x| x.cov(1.0)), [7.0, 0.0, 0.0, 0.0, 1.0, -2.0, -2.0, 4.0]);
    assert_eq!(of([1f32, 3.0], |x| x.cov(0.0)), [1.0]);
    same(&of([[1.0], [2.0]], |x| x.cov(1.0)), &[NAN; 4]);
    assert_eq!(of(empty(&[0, 3]), |x| x.cov(1.0)), [0.0; 0]);
    assert_eq!(of(3f32, |x| x.rms_norm(0, 0.0)), [1.0]);
    assert_eq!(of([[1.0, 7.0], [0.0, 0.0]], |x| x.rms_norm(1, 0.0))[..2], [0.2, 7.0 * 0.2]);
    assert_eq!(of([0.0, 0.0], |x| x.rms_norm(.., 1e-6)), [0.0, 0.0]);
    assert_eq!(of(empty(&[2, 0]), |x| x.rms_norm(1, 1e-6)), [0.0; 0]);
    assert!(mistake(line!(), "cov", 1.0, |x| x.cov(1.0)).contains("rows"));
    assert!(mistake(line!(), "rms_norm", [1.0], |x| x.rms_norm(1, 0.0)).contains("axis 1"));
    assert!(mistake(line!(), "rms_norm", [1i64], |x| x.rms_norm(0, 0.0)).contains("floating"));
    assert!(mistake(line!(), "mean", [1.0], |x| x.mean(1)).contains("axis 1"));
    assert!(mistake(line!(), "var_with", [1.0], |x| x.var_with(1, 1.0)).contains("axis 1"));
}

#[test]
fn sums_without_nan() {
    let x = [[1.0, NAN, 4.0], [NAN, NAN, NAN]];
    assert_eq!(of(x, |x| x.nansum(1)), [5.0, 0.0]);
    assert_eq!(of(x, |x| x.nansum_keep(0)), [1.0, 0.0, 4.0]);
    same(&of(x, |x| x.nanmean(1)), &[2.5, NAN]);
    same(&of(x, |x| x.nanmean_keep(..)), &[2.5]);
    assert_eq!(slope([1.0, NAN, 4.0], |x| x.nanmean(0)), [0.5, 0.0, 0.5]);
}

#[test]
fn norms_of_all_orders() {
    let x = [3.0, 0.0, -4.0];
    let norm = |p: f64| of(x, |x| x.norm_p(0, p))[0];
    assert_eq!([norm(0.0), norm(1.0), norm(2.0), norm(INF), norm(-INF)], [2.0, 7.0, 5.0, 4.0, 0.0]);
    assert_relative_eq!(norm(0.5), 13.928203230275509, max_relative = 1e-14);
    assert_relative_eq!(norm(3.0), 4.497941445275415, max_relative = 1e-14);
    assert_eq!([norm(-1.0), norm(-2.0)], [0.0, 0.0]);
    assert_relative_eq!(of([3.0, -4.0], |x| x.norm_p(0, -1.0))[0], 12.0 / 7.0, max_relative = 1e-14);
    assert_eq!(of([[3.0, 4.0], [0.0, 0.0]], |x| x.norm_keep(1)), [5.0, 0.0]);
    assert_eq!(of([[3.0, 4.0], [0.0, 1.0]], |x| x.norm_p_keep(0, 1.0)), [3.0, 5.0]);
    for p in [0.0, 1.0, 2.0, 3.0] {
        assert_eq!(of(empty(&[2, 0]), |x| x.norm_p(1, p)), [0.0, 0.0]);
    }
    let found = slope(x, |x| x.norm_p(0, 3.0));
    assert_relative_eq!(found.as_slice(), [9.0, 0.0, -16.0].map(|x| x / norm(3.0).powi(2)).as_slice());
    assert_eq!(slope(x, |x| x.norm_p(0, 1.0)), [1.0, 0.0, -1.0]);
    assert_eq!(slope([1.0, -1.0, 0.5], |x| x.norm_p(0, INF)), [0.5, -0.5, 0.0]);
    assert_eq!(slope(x, |x| x.norm_p(0, -INF)), [0.0; 3]);
    for p in [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, -1.0, INF, -INF] {
        let (first, second) = (slope([0.0; 2], |x| x.norm_p(0, p)), curvature([0.0; 2], |x| x.norm_p(0, p)));
        assert_eq!((of([0.0; 2], |x| x.norm_p(0, p)), first), (vec![0.0], vec![0.0; 2]), "{p}");
        assert_eq!(second, [0.0; 2], "{p}");
        let one_zero = slope(x, |x| x.norm_p(0, p)).into_iter().chain(curvature(x, |x| x.norm_p(0, p)));
        assert!(one_zero.into_iter().all(f64::is_finite), "{p}");
        assert!(of([1.0, NAN], |x| x.norm_p(0, p))[0].is_nan() || p == 0.0, "{p}");
    }
    assert!(mistake(line!(), "norm_p", empty(&[0]), |x| x.norm_p(0, INF)).contains("empty"));
    assert!(mistake(line!(), "norm_p", empty(&[0]), |x| x.norm_p(0, -1.0)).contains("empty"));
    assert!(mistake(line!(), "norm_p", [1.0], |x| x.norm_p(0, NAN)).contains("NaN"));
    assert!(mistake(line!(), "norm", [1i64], |x| x.norm(0)).contains("floating"));
}

#[test]
fn norms_neither_overflow_nor_vanish() {
    for size in [1e-320, 1e-300, 1e-160, 1.0, 1e160, 1e300] {
        let x = [3.0 * size, 4.0 * size];
        assert_relative_eq!(of(x, |x| x.norm(0))[0], 5.0 * size, max_relative = 1e-3);
        let tolerance = if size < 1e-310 { 1e-3 } else { 1e-14 };
        assert_relative_eq!(
            slope(x, |x| x.norm(0)).as_slice(),
            [0.6, 0.8].as_slice(),
            max_relative = tolerance
        );
    }
    for size in [1e-40f32, 1e-30, 1.0, 1e30, 5e37] {
        let x = [3.0 * size, 4.0 * size];
        assert_relative_eq!(of(x, |x| x.norm(0))[0], 5.0 * size as f64, max_relative = 1e-4);
        let y = slope(x, |x| x.norm(0));
        assert_relative_eq!(y.as_slice(), [0.6, 0.8].as_slice(), max_relative = 1e-4);
    }
    assert_eq!(of([1e200, 1.0, -1e200], |x| x.norm_p(0, 4.0))[0], 2f64.powf(0.25) * 1e200);
    assert_eq!(of([INF, 1.0], |x| x.norm(0)), [INF]);
    same(&of([NAN, 1.0], |x| x.norm(0)), &[NAN]);
}

#[test]
fn sums_of_exponentials_with_infinities() {
    let tape = Tape::new();
    let x = tape.var([[1000.0, 1000.0], [-INF, 3.0], [-INF, -INF], [INF, 1.0]]);
    let y = x.logsumexp(1);
    assert_eq!(y.value().unwrap().to_f64(), [1000.0 + 2f64.ln(), 3.0, -INF, INF]);
    let g = tape.grad(y.sum(..), x);
    assert_eq!(g.value().unwrap().to_f64(), [0.5, 0.5, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    let second = tape.grad((g * tape.var([1.0, 3.0])).sum(..), x).value().unwrap().to_f64();
    assert_eq!(second, [-0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    same(&of([NAN, 1.0], |x| x.logsumexp(0)), &[NAN]);
    same(&of([NAN, INF], |x| x.logsumexp(0)), &[NAN]);
    assert_eq!(of([[0.0f32, 0.0], [0.0, 0.0]], |x| x.logsumexp_keep(..)), [f64::from(4f32.ln())]);
    assert_eq!(of(2.0, |x| x.logsumexp(0)), [2.0]);
    assert_eq!(of(empty(&[2, 0]), |x| x.logsumexp(1)), [-INF, -INF]);
    assert!(mistake(line!(), "logsumexp", [1.0], |x| x.logsumexp(1)).contains("axis 1"));
    assert!(mistake(line!(), "logsumexp", [1i64], |x| x.logsumexp(0)).contains("floating"));
}

#[test]
fn a_scalar_is_taken_for_a_vector_of_one() {
    assert_eq!(of(2.0, |x| x.softmax(0)), [1.0]);
    assert_eq!(of(2.0, |x| x.log_softmax(-1)), [0.0]);
    assert_eq!(of(2.0, |x| x.sum(0) + x.max(-1) + x.min_keep(0)), [6.0]);
    // A batch of scalars is no scalar.
    let tape = Tape::new();
    let x = tape.var([2.0, 3.0]);
    for axis in [0, -1] {
        let y =
            vmap(|x| x[0].softmax(axis) + x[0].logsumexp(axis) * tape.grad(x[0].softmax(axis), x[0]), [x]);
        assert_eq!(y.value().unwrap().to_f64(), [1.0, 1.0]);
    }
    assert!(mistake(line!(), "sum", 1.0, |x| x.sum(1)).contains("axis 1"));
}

#[test]
fn reductions_of_a_batch() {
    let tape = Tape::new();
    let x = tape.var([1.0, 2.0, 3.0, 0.0, 5.0, 6.0, 2.0, 2.0, 2.0, 3.0, -3.0, 1.0]).reshape([2, 2, 3]);
    let f = |x: Var<'_>| -> [Vec<f64>; 2] {
        let each = vmap(|x| row(x[0], 0), [x]);
        [each.value().unwrap().to_f64(), row(x, 1).value().unwrap().to_f64()]
    };
    fn row(x: Var<'_>, axis: isize) -> Var<'_> {
        let index = x.argmin(axis).cast(DType::F64) + x.count_nonzero(axis).cast(DType::F64);
        x.prod(axis) + x.norm(axis) + x.norm_p(axis, 3.0) + x.logsumexp(axis) + x.std_with(axis, 1.0) + index
    }
    let [each, whole] = f(x);
    assert_relative_eq!(each.as_slice(), whole.as_slice(), max_relative = 1e-14);
}

#[test]
fn nothing_panics_after_a_mistake_or_at_odd_shapes() {
    fn all(x: Var<'_>, axis: isize) -> [Var<'_>; 22] {
        [
            x.prod(axis),
            x.prod_keep([axis, -1]),
            x.min(axis),
            x.min_keep(..),
            x.any(axis),
            x.all(..),
            x.count_nonzero(axis),
            x.argmax(axis),
            x.argmin(axis),
            x.mean(..),
            x.var_with(axis, 1.0),
            x.std_with([0, axis], f64::NAN),
            x.nansum(axis),
            x.nanmean(..),
            x.norm(axis),
            x.norm_p(.., 3.0),
            x.norm_p(axis, -INF),
            x.logsumexp(axis),
            x.softmax(axis),
            x.log_softmax(axis),
            x.rms_norm(axis, 1e-6),
            x.cov(1.0),
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
            all(tape.full(shape, 0.0, DType::Bool), axis);
        }
    }
}
