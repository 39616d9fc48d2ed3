//! Elementwise functions: values, conventions at special points, derivatives of higher order, mistakes.

use chainrule_tape::{DType, Result, Tape, Tensor, Var, vmap};
use std::f64::consts::{LN_2, PI};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// The values of a function of one operand.
fn at(x: &[f64], f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> Vec<f64> {
    let tape = Tape::new();
    f(tape.var(x)).value().unwrap().to_f64()
}

/// The values of a function of two operands.
fn at2(a: &[f64], b: &[f64], f: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>) -> Vec<f64> {
    let tape = Tape::new();
    f(tape.var(a), tape.var(b)).value().unwrap().to_f64()
}

/// The gradients of a sum by two operands.
fn gradients(a: &[f64], b: &[f64], f: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>) -> [Vec<f64>; 2] {
    let tape = Tape::new();
    let (a, b) = (tape.var(a), tape.var(b));
    let y = f(a, b).sum(..);
    [a, b].map(|x| tape.grad(y, x).value().unwrap().to_f64())
}

/// The first `N` derivatives at each element.
fn derivatives<const N: usize>(x: &[f64], f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> [Vec<f64>; N] {
    let tape = Tape::new();
    let x = tape.var(x);
    let mut y = f(x);
    std::array::from_fn(|_| {
        y = tape.grad(y.sum(..), x);
        y.value().unwrap().to_f64()
    })
}

/// Equal, NaN to NaN, and zeros of the same sign.
#[track_caller]
fn same(found: &[f64], expected: &[f64]) {
    let bits = |x: &[f64]| -> Vec<u64> {
        x.iter().map(|x| if x.is_nan() { u64::MAX } else { x.to_bits() }).collect()
    };
    assert!(bits(found) == bits(expected), "{found:?}, not {expected:?}");
}

#[track_caller]
fn near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (&found, &expected) in found.iter().zip(expected) {
        let close = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
        assert!(
            close || found == expected || found.is_nan() && expected.is_nan(),
            "{found:?}, not {expected:?}"
        );
    }
}

#[test]
fn functions_are_the_standard_librarys_in_both_types() {
    type Pair = (&'static str, for<'t> fn(Var<'t>) -> Var<'t>, fn(f64) -> f64, [f64; 3]);
    let table: [Pair; 17] = [
        ("exp2", |x| x.exp2(), f64::exp2, [-1.5, 0.25, 3.0]),
        ("log2", |x| x.log2(), f64::log2, [0.25, 1.5, 8.0]),
        ("log10", |x| x.log10(), f64::log10, [0.25, 1.5, 1000.0]),
        ("cbrt", |x| x.cbrt(), f64::cbrt, [-2.0, 0.25, 27.0]),
        ("tan", |x| x.tan(), f64::tan, [-1.5, 0.25, 3.0]),
        ("asin", |x| x.asin(), f64::asin, [-1.0, 0.25, 0.75]),
        ("acos", |x| x.acos(), f64::acos, [-1.0, 0.25, 0.75]),
        ("atan", |x| x.atan(), f64::atan, [-1.5, 0.25, INF]),
        ("sinh", |x| x.sinh(), f64::sinh, [-1.5, 0.25, 3.0]),
        ("cosh", |x| x.cosh(), f64::cosh, [-1.5, 0.25, 3.0]),
        ("asinh", |x| x.asinh(), f64::asinh, [-1.5, 0.25, 3.0]),
        ("acosh", |x| x.acosh(), f64::acosh, [1.0, 1.25, 3.0]),
        ("atanh", |x| x.atanh(), f64::atanh, [-0.5, 0.25, 1.0]),
        ("ceil", |x| x.ceil(), f64::ceil, [-1.5, 0.25, 3.0]),
        ("trunc", |x| x.trunc(), f64::trunc, [-1.5, 0.25, 3.0]),
        ("round", |x| x.round(), f64::round_ties_even, [-2.5, 0.5, 1.5]),
        ("fract", |x| x.fract(), f64::fract, [-1.5, 0.25, 3.0]),
    ];
    for (name, ours, twin, points) in table {
        println!("{name}");
        let truth = points.map(twin);
        near(&at(&points, ours), &truth, 1e-15);
        let tape = Tape::new();
        // A tensor of several axes, a scalar, and an empty one.
        let single = tape.var(points.map(|x| x as f32)).reshape([1, 3, 1]);
        let y = ours(single).value().unwrap();
        assert_eq!((y.dtype(), y.shape().dims()), (DType::F32, &[1, 3, 1][..]));
        near(&y.to_f64(), &truth, 1e-6);
        near(&[ours(tape.var(points[1])).item().unwrap()], &truth[1..2], 1e-15);
        let empty = ours(tape.full([2, 0], 0.5, DType::F64)).value().unwrap();
        assert_eq!(empty.shape().dims(), [2, 0]);
    }
}

#[test]
fn ends_of_the_domains() {
    same(&at(&[0.0, -0.0, -1.0, INF, NAN], |x| x.log2()), &[-INF, -INF, NAN, INF, NAN]);
    same(&at(&[0.0, -0.0, -1.0, INF, NAN], |x| x.log10()), &[-INF, -INF, NAN, INF, NAN]);
    same(&at(&[-INF, 1024.0, -2000.0, NAN], |x| x.exp2()), &[0.0, INF, 0.0, NAN]);
    same(&at(&[1.0, -1.0, 1.5, -0.0], |x| x.atanh()), &[INF, -INF, NAN, -0.0]);
    same(&at(&[0.5, 1.0, INF, -INF], |x| x.acosh()), &[NAN, 0.0, INF, NAN]);
    same(&at(&[1.5, -INF, -0.0], |x| x.asin()), &[NAN, NAN, -0.0]);
    same(&at(&[-INF, -0.0], |x| x.sinh()), &[-INF, -0.0]);
    near(&at(&[710.0], |x| x.sinh() * 1e-308), &[710f64.sinh() * 1e-308], 1e-15);
    same(&at(&[-INF, 0.0], |x| x.cosh()), &[INF, 1.0]);
    same(&at(&[INF, -0.0], |x| x.tan()), &[NAN, -0.0]);
    same(&at(&[0.0, 1.0, -0.5, 2.5, 0.5], |x| x.logit()), &[-INF, INF, NAN, NAN, 0.0]);
    same(&at(&[-1.0, 1.0, 1.5, 0.0], |x| x.erfinv()), &[-INF, INF, NAN, 0.0]);
    same(&at(&[-INF, 0.0, INF, NAN], |x| x.erfc()), &[2.0, 1.0, 0.0, NAN]);
    // Where 1 - erf(x) would be 0, and the inverse near its end.
    near(&at(&[10.0], |x| x.erfc() * 1e45), &[2.088487583762545], 1e-14);
    near(&at(&[0.5, 1.0 - 2f64.powi(-53)], |x| x.erfinv()), &[0.4769362762044699, 5.863584748755168], 1e-15);
    // The derivatives of asinh and acosh of great numbers don't overflow on the way.
    let [slope] = derivatives(&[1e200, -1e300, 1e8], |x| x.asinh());
    near(&slope.iter().zip([1e200, 1e300, 1e8]).map(|(a, b)| a * b).collect::<Vec<_>>(), &[1.0; 3], 1e-15);
    let [slope] = derivatives(&[1e200, 0.5], |x| x.acosh());
    near(&[slope[0] * 1e200, slope[1]], &[1.0, NAN], 1e-15);
}

#[test]
fn rounding_is_to_even_and_keeps_the_sign_of_zero() {
    let x = [-2.5, -1.5, -0.5, -0.0, 0.5, 1.5, 2.5, 1e300, -INF, NAN];
    same(&at(&x, |x| x.round()), &[-2.0, -2.0, -0.0, -0.0, 0.0, 2.0, 2.0, 1e300, -INF, NAN]);
    same(&at(&x, |x| x.trunc()), &[-2.0, -1.0, -0.0, -0.0, 0.0, 1.0, 2.0, 1e300, -INF, NAN]);
    same(&at(&x, |x| x.ceil()), &[-2.0, -1.0, -0.0, -0.0, 1.0, 2.0, 3.0, 1e300, -INF, NAN]);
    same(&at(&[-1.5, -1.0, INF], |x| x.fract()), &[-0.5, 0.0, NAN]);
    assert_eq!(derivatives::<2>(&[-1.5, 2.25], |x| x.fract()), [[1.0; 2], [0.0; 2]]);
    let tape = Tape::new();
    let x = tape.var([-3i64, 0, 5]);
    for y in [x.floor(), x.ceil(), x.round(), x.trunc()] {
        assert_eq!((y.dtype(), y.value().unwrap().to_f64()), (DType::I64, vec![-3.0, 0.0, 5.0]));
    }
}

#[test]
fn remainders_have_the_sign_of_the_divisor_or_of_the_dividend() {
    let a = [5.0, -5.0, 5.0, -5.0, 1.0, -1.0, INF, 1.0, -0.0, -4.0, 5.5];
    let b = [3.0, 3.0, -3.0, -3.0, INF, INF, 2.0, 0.0, 3.0, 2.0, 1.25];
    same(&at2(&a, &b, |a, b| a.remainder(b)), &[2.0, 1.0, -1.0, -2.0, 1.0, INF, NAN, NAN, -0.0, -0.0, 0.5]);
    same(&at2(&a, &b, |a, b| a.fmod(b)), &[2.0, -2.0, 2.0, -2.0, 1.0, -1.0, NAN, NAN, -0.0, -0.0, 0.5]);
    assert_eq!(gradients(&[-5.5], &[2.0], |a, b| a.remainder(b)), [[1.0], [3.0]]);
    assert_eq!(gradients(&[-5.5], &[2.0], |a, b| a.fmod(b)), [[1.0], [2.0]]);
    // The quotient as a number rounds up to 3; the remainder's derivative counts 2.
    let third = 0.1 + 0.2;
    assert_eq!((third / 0.1, third % 0.1 > 0.0), (3.0000000000000004, true));
    let [_, by_b] = gradients(&[0.3], &[0.1], |a, b| a.fmod(b));
    assert_eq!((0.3f64 / 0.1, by_b), (2.9999999999999996, vec![-2.0]));

    let tape = Tape::new();
    let (a, b) = (tape.var([7i64, -7, 7, -7, 7, i64::MIN]), tape.var([3i64, 3, -3, -3, 0, -1]));
    assert_eq!(a.remainder(b).value().unwrap().to_f64(), [1.0, 2.0, -2.0, -1.0, 0.0, 0.0]);
    assert_eq!(a.fmod(b).value().unwrap().to_f64(), [1.0, -1.0, 1.0, -1.0, 0.0, 0.0]);
    assert_eq!(a.remainder(4.0).value().unwrap().to_f64(), [3.0, 1.0, 3.0, 1.0, 3.0, 0.0]);
    let y = tape.var([[5.5f32], [-5.5]]).remainder(tape.var([2.0f32, -2.0]));
    assert_eq!(y.value().unwrap().to_f64(), [1.5, -0.5, 0.5, -1.5]);
}

#[test]
fn angles_and_radii_at_the_origin() {
    let (y, x) = ([0.0, -0.0, 0.0, -0.0, 1.0, -INF, INF], [0.0, 0.0, -0.0, -1.0, -0.0, INF, -INF]);
    let angles = at2(&y, &x, |y, x| y.atan2(x));
    near(&angles, &[0.0, -0.0, PI, -PI, PI / 2.0, -PI / 4.0, 0.75 * PI], 1e-15);
    assert!(angles[1].is_sign_negative());
    assert_eq!(gradients(&[0.0, 0.0], &[0.0, -1.0], |y, x| y.atan2(x)), [[0.0, -1.0], [0.0, 0.0]]);
    let [by_y, by_x] = gradients(&[3e200], &[4e200], |y, x| y.atan2(x) * 1e200);
    near(&[by_y[0], by_x[0]], &[0.16, -0.12], 1e-15);
    same(&at2(&[3e300, 0.0, INF, NAN], &[4e300, 0.0, NAN, 1.0], |a, b| a.hypot(b)), &[5e300, 0.0, INF, NAN]);
    assert_eq!(
        gradients(&[0.0, 3.0, 0.0], &[0.0, 4.0, 2.0], |a, b| a.hypot(b)),
        [[0.0, 0.6, 0.0], [0.0, 0.8, 1.0]]
    );
}

#[test]
fn sums_of_exponentials() {
    let y = at2(&[1000.0, -1000.0, INF, -INF, 1.0, NAN], &[1000.0, -1001.0, INF, -INF, -INF, 1.0], |a, b| {
        a.logaddexp(b)
    });
    near(&y, &[1000.0 + LN_2, -1000.0 + (-1f64).exp().ln_1p(), INF, -INF, 1.0, NAN], 1e-15);
    let [a, b] = gradients(&[2.0, INF, 5.0, -INF], &[2.0, -INF, 1e4, 3.0], |a, b| a.logaddexp(b));
    same(&a, &[0.5, 1.0, 0.0, 0.0]);
    same(&b, &[0.5, 0.0, 1.0, 1.0]);
    // At a tie: 1/2, 1/4, 0, -1/8, the derivatives of the sigmoid at 0.
    let [first, second, third, fourth] = derivatives(&[2.0], |x| x.logaddexp(2.0));
    assert_eq!([first[0], second[0], third[0], fourth[0]], [0.5, 0.25, 0.0, -0.125]);
    let [first, second, third, fourth] =
        derivatives(&[2.0], |x| x.tape().full([1], 2.0, DType::F64).logaddexp(x));
    assert_eq!([first[0], second[0], third[0], fourth[0]], [0.5, 0.25, 0.0, -0.125]);
}

#[test]
fn products_with_logarithms_at_zero() {
    let (x, b) = ([0.0, 0.0, 0.0, 0.0, NAN, 1.0, 2.0], [0.0, 2.0, INF, NAN, 0.0, -1.0, 3.0]);
    near(&at2(&x, &b, |x, b| x.xlogy(b)), &[0.0, 0.0, 0.0, NAN, NAN, NAN, 2.0 * 3f64.ln()], 1e-15);
    let [by_x, by_b] = gradients(&[0.0, 0.0, 2.0], &[0.0, 2.0, 4.0], |x, b| x.xlogy(b));
    near(&by_x, &[0.0, LN_2, 4f64.ln()], 1e-15);
    same(&by_b, &[0.0, 0.0, 0.5]);
    let b = [-1.0, 2.0, INF, NAN, 0.0, -2.0, 3.0];
    near(&at2(&x, &b, |x, b| x.xlog1py(b)), &[0.0, 0.0, 0.0, NAN, NAN, NAN, 2.0 * 3f64.ln_1p()], 1e-15);
    let [by_x, by_b] = gradients(&[0.0, 0.0, 2.0], &[-1.0, 1.0, 3.0], |x, b| x.xlog1py(b));
    near(&by_x, &[0.0, LN_2, 4f64.ln()], 1e-15);
    same(&by_b, &[0.0, 0.0, 0.5]);
    // Accurate where 1 + b is rounded.
    same(&at2(&[2.0], &[1e-20], |x, b| x.xlog1py(b)), &[2e-20]);
}

#[test]
fn sinc_has_all_derivatives_at_zero_and_near_it() {
    same(&at(&[0.0, 0.5, 1.0, -3.0, NAN], |x| x.sinc().abs()), &[1.0, 2.0 / PI, 0.0, 0.0, NAN]);
    // Of order 2k: (-1)ᵏ π²ᵏ / (2k + 1); odd ones vanish.
    let expected = [0.0, -PI.powi(2) / 3.0, 0.0, PI.powi(4) / 5.0, 0.0, -PI.powi(6) / 7.0];
    let found: [Vec<f64>; 6] = derivatives(&[0.0, 1e-9, -1e-300], |x| x.sinc());
    for (found, expected) in found.iter().zip(expected) {
        near(found, &[expected; 3], 1e-6);
        near(&[found[0]], &[expected], 1e-14);
    }
    // Far from 0, the quotient's own derivatives.
    let x = [1.25, -2.5, 7.75];
    let quotient: [Vec<f64>; 4] = derivatives(&x, |x| (x * PI).sin() / (x * PI));
    let found: [Vec<f64>; 4] = derivatives(&x, |x| x.sinc());
    for (found, expected) in found.iter().zip(&quotient) {
        near(found, expected, 1e-12);
    }
    let tape = Tape::new();
    let x = tape.var([0.0f32, 1e-5]);
    let second = tape.grad(tape.grad(x.sinc().sum(..), x).sum(..), x).value().unwrap();
    assert_eq!(
        (second.dtype(), second.to_f64()),
        (DType::F32, vec![f64::from((-PI.powi(2) / 3.0) as f32); 2])
    );
}

#[test]
fn the_gamma_function_and_its_relatives() {
    const EULER: f64 = 0.577_215_664_901_532_9;
    near(
        &at(&[1.0, 2.0, 5.0, 0.5, -0.5], |x| x.lgamma()),
        &[0.0, 0.0, 24f64.ln(), PI.sqrt().ln(), (2.0 * PI.sqrt()).ln()],
        1e-15,
    );
    same(&at(&[0.0, -1.0, -INF, INF, NAN], |x| x.lgamma()), &[INF, INF, INF, INF, NAN]);
    near(&at(&[1.0, 2.0, 0.5], |x| x.digamma()), &[-EULER, 1.0 - EULER, -EULER - 2.0 * LN_2], 1e-15);
    same(&at(&[0.0, -0.0, -1.0, INF, -INF], |x| x.digamma()), &[-INF, INF, NAN, INF, NAN]);
    near(
        &at(&[1.0, 0.5, -0.5], |x| x.polygamma(1)),
        &[PI.powi(2) / 6.0, PI.powi(2) / 2.0, 8.934802200544679],
        1e-15,
    );
    near(
        &at(&[-0.5, -1.5, -100.5, 1e-3], |x| x.polygamma(2)),
        &[-0.82879664423432, -0.2362040516417274, -9.802720262719757e-5, -2000000002.3976321],
        1e-14,
    );
    near(&at(&[-2.5], |x| x.polygamma(3)), &[194.74787621918762], 1e-15);
    same(&at(&[0.0, -1.0], |x| x.polygamma(1)), &[INF, INF]);
    same(&at(&[0.0, -1.0], |x| x.polygamma(2)), &[-INF, -INF]);
    assert_eq!(at(&[0.3, 4.5], |x| x.polygamma(0)), at(&[0.3, 4.5], |x| x.digamma()));
    // Each is the derivative of the one before.
    let [first, second, third] = derivatives(&[0.3, 4.5, -1.4], |x| x.lgamma());
    assert_eq!(first, at(&[0.3, 4.5, -1.4], |x| x.digamma()));
    assert_eq!(second, at(&[0.3, 4.5, -1.4], |x| x.polygamma(1)));
    assert_eq!(third, at(&[0.3, 4.5, -1.4], |x| x.polygamma(2)));
    let tape = Tape::new();
    let single = tape.var([0.5f32, 10.0]).polygamma(1).value().unwrap();
    assert_eq!(single.dtype(), DType::F32);
    near(&single.to_f64(), &[PI.powi(2) / 2.0, 0.10516633568168575], 1e-7);
}

#[test]
fn powers_of_zero_and_of_negative_numbers() {
    // Derivatives by the base of constant powers, up to the third, in f64 and f32.
    let x = [0.0, -0.0, -2.0, 3.0, 1e-200];
    let [first, second, third, fourth] = derivatives(&x, |x| x.pow(2.0));
    near(&first, &[0.0, 0.0, -4.0, 6.0, 2e-200], 1e-15);
    near(&second, &[2.0; 5], 1e-15);
    near(&third, &[0.0; 5], 1e-15);
    near(&fourth[..4], &[0.0; 4], 1e-15);
    let [first, second, third] = derivatives(&x[..4], |x| x.pow(3.0));
    near(&first, &[0.0, 0.0, 12.0, 27.0], 1e-15);
    near(&second, &[0.0, 0.0, -12.0, 18.0], 1e-15);
    near(&third, &[6.0; 4], 1e-15);
    let [first, second] = derivatives(&[0.0, -2.0, 3.0], |x| x.pow(1.0));
    assert_eq!((first, second), (vec![1.0; 3], vec![0.0; 3]));
    let [first, second] = derivatives(&[0.0, -2.0, 3.0], |x| x.pow(0.0));
    assert_eq!((first, second), (vec![0.0; 3], vec![0.0; 3]));
    let [first, second] = derivatives(&[0.0], |x| x.pow(0.5));
    assert_eq!([first[0], second[0]], [INF, -INF]);

    // Both operands vary: values and gradients as PyTorch's.
    let (a, b) =
        ([0.0, 0.0, 0.0, 0.0, -2.0, -2.0, 0.0, 0.0, -2.0], [0.0, 1.0, 2.0, 3.0, 3.0, 2.0, -1.0, 0.5, 0.5]);
    same(&at2(&a, &b, |a, b| a.pow(b)), &[1.0, 0.0, 0.0, 0.0, -8.0, 4.0, INF, 0.0, NAN]);
    let [by_a, by_b] = gradients(&a, &b, |a, b| a.pow(b));
    near(&by_a, &[0.0, 1.0, 0.0, 0.0, 12.0, -4.0, -INF, INF, NAN], 1e-15);
    near(&by_b, &[0.0, 0.0, 0.0, 0.0, NAN, NAN, -INF, 0.0, NAN], 1e-15);
    let tape = Tape::new();
    let (x, y) = (tape.var(&a[..]), tape.var(&b[..]));
    let by_x = tape.grad(x.pow(y).sum(..), x);
    let twice = tape.grad(by_x.sum(..), x).value().unwrap().to_f64();
    near(&twice, &[0.0, 0.0, 2.0, 0.0, -12.0, 2.0, INF, -INF, NAN], 1e-15);
    let mixed = tape.grad(by_x.sum(..), y).value().unwrap().to_f64();
    near(&mixed[1..4], &[1.0, 0.0, 0.0], 1e-15);
}

#[test]
fn choices_and_limits() {
    near(&at2(&[0.0, 1.0, 3.0], &[10.0, 2.0, 3.0], |a, b| a.lerp(b, 0.7)), &[7.0, 1.7, 3.0], 1e-15);
    // Both ends exactly.
    let (a, b) = ([0.1, 1e16], [0.7, 1.0]);
    assert_eq!(at2(&a, &b, |a, b| a.lerp(b, 1.0)), b);
    assert_eq!(at2(&a, &b, |a, b| a.lerp(b, 0.0)), a);
    let tape = Tape::new();
    let w = tape.var([0.25, 0.5, 2.0]);
    let y = tape.var(2.0).lerp(6.0, w);
    assert_eq!(y.value().unwrap().to_f64(), [3.0, 4.0, 10.0]);
    assert_eq!(tape.grad(y.sum(..), w).value().unwrap().to_f64(), [4.0; 3]);

    same(&at(&[-1.0, -0.0, 0.0, 2.0, NAN], |x| x.heaviside(0.5)), &[0.0, 0.5, 0.5, 1.0, 0.0]);
    let [by_x, by_value] = gradients(&[-1.0, 0.0, 2.0], &[5.0, 6.0, 7.0], |x, v| x.heaviside(v) + x * 0.0);
    assert_eq!((by_x, by_value), (vec![0.0; 3], vec![0.0, 1.0, 0.0]));
    assert_eq!(tape.var([-2i64, 0, 3]).heaviside(7.0).value().unwrap().to_f64(), [0.0, 7.0, 1.0]);

    same(&at(&[NAN, INF, -INF, 1.5], |x| x.nan_to_num(0.0, 9.0, -9.0)), &[0.0, 9.0, -9.0, 1.5]);
    let [slope] = derivatives(&[NAN, INF, -INF, 1.5], |x| x.nan_to_num(0.0, 9.0, -9.0));
    assert_eq!(slope, [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(tape.var([3i64]).nan_to_num(0.5, 0.0, 0.0).value().unwrap().to_f64(), [3.0]);

    assert_eq!(at(&[1.0, 2.0, 3.0], |x| x.clamp_min(2.0)), [2.0, 2.0, 3.0]);
    assert_eq!(at(&[1.0, 2.0, 3.0], |x| x.clamp_max(2.0)), [1.0, 2.0, 2.0]);
    assert_eq!(derivatives::<1>(&[1.0, 2.0, 3.0], |x| x.clamp_min(2.0))[0], [0.0, 0.0, 1.0]);
    assert_eq!(derivatives::<1>(&[1.0, 2.0, 3.0], |x| x.clamp_max(2.0))[0], [1.0, 0.0, 0.0]);
    assert!(at(&[NAN], |x| x.clamp_min(2.0))[0].is_nan() && at(&[NAN], |x| x.clamp_max(2.0))[0].is_nan());
    assert_eq!(tape.var([1i64, 5]).clamp_min(3.0).clamp_max(4.0).value().unwrap().to_f64(), [3.0, 4.0]);
}

#[test]
fn masks() {
    let x = [1.0, INF, -INF, NAN, -0.0];
    assert_eq!(at(&x, |x| x.is_inf().cast(DType::F64)), [0.0, 1.0, 1.0, 0.0, 0.0]);
    assert_eq!(at(&x, |x| x.is_finite().cast(DType::F64)), [1.0, 0.0, 0.0, 0.0, 1.0]);
    let tape = Tape::new();
    let x = tape.var([1i64, i64::MIN]);
    assert_eq!(x.is_inf().value().unwrap().to_f64(), [0.0, 0.0]);
    assert_eq!(x.is_finite().value().unwrap().to_f64(), [1.0, 1.0]);
    let (a, b) = (tape.var([false, false, true, true]), tape.var([false, true, false, true]));
    assert_eq!(a.logical_xor(b).value().unwrap().to_f64(), [0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn derivatives_of_every_order_are_those_of_the_order_before() {
    type Function = (&'static str, for<'t> fn(Var<'t>) -> Var<'t>, f64);
    let table: [Function; 27] = [
        ("exp2", |x| x.exp2(), 0.3),
        ("log2", |x| x.log2(), 1.3),
        ("log10", |x| x.log10(), 1.3),
        ("cbrt", |x| x.cbrt(), -1.3),
        ("tan", |x| x.tan(), 0.3),
        ("asin", |x| x.asin(), 0.3),
        ("acos", |x| x.acos(), 0.3),
        ("atan", |x| x.atan(), 0.0),
        ("atan2", |x| x.atan2(1.5 - x), 0.3),
        ("hypot", |x| x.hypot(x.square() + 1.0), 0.3),
        ("sinh", |x| x.sinh(), 0.3),
        ("cosh", |x| x.cosh(), 0.3),
        ("asinh", |x| x.asinh(), 0.3),
        ("acosh", |x| x.acosh(), 1.8),
        ("atanh", |x| x.atanh(), 0.3),
        ("erfc", |x| x.erfc(), 0.3),
        ("erfinv", |x| x.erfinv(), 0.3),
        ("logit", |x| x.logit(), 0.4),
        ("lgamma", |x| x.lgamma(), 1.4),
        ("polygamma", |x| x.polygamma(2), 1.4),
        ("sinc", |x| x.sinc(), 0.0),
        ("sinc", |x| x.sinc(), 0.7),
        ("logaddexp", |x| x.logaddexp(x.square()), 1.0),
        ("xlogy", |x| (x - 0.5).xlogy(x), 0.5),
        ("xlog1py", |x| x.xlog1py(x), 0.0),
        ("lerp", |x| x.sin().lerp(x.cos(), x), 0.5),
        ("pow", |x| (x + 1.0).pow(x.square()), 0.0),
    ];
    let step = 2f64.powi(-9);
    for (name, f, point) in table {
        let all: [Vec<f64>; 4] = derivatives(&[-2.0, -1.0, 0.0, 1.0, 2.0].map(|k| point + k * step), f);
        for (order, pair) in all.windows(2).enumerate() {
            let y = &pair[0];
            let difference = (8.0 * (y[3] - y[1]) - (y[4] - y[0])) / (12.0 * step);
            println!("{name}: derivative {} at {point}", order + 2);
            near(&[pair[1][2]], &[difference], 1e-7);
        }
    }
}

/// The message of a mistake.
fn mistake(f: impl for<'t> Fn(&'t Tape) -> Var<'t>) -> String {
    f(&Tape::new()).value().unwrap_err().to_string()
}

/// What PyTorch answers.
#[test]
fn activations() {
    let x = [-800.0, -3.0, -1.0, 0.0, 2.0, 800.0, NAN];
    let two = 0.126_928_011_042_972_5; // ln(1 + e⁻²)
    near(&at(&x[4..], |x| x.log_sigmoid()), &[-two, 0.0, NAN], 1e-15);
    near(&at(&x[..1], |x| x.log_sigmoid()), &[-800.0], 0.0);
    near(
        &at(&x, |x| x.softsign()),
        &[-800.0 / 801.0, -0.75, -0.5, 0.0, 2.0 / 3.0, 800.0 / 801.0, NAN],
        1e-15,
    );
    near(&at(&x, |x| x.hardsigmoid()), &[0.0, 0.0, 1.0 / 3.0, 0.5, 5.0 / 6.0, 1.0, NAN], 1e-15);
    near(&at(&x, |x| x.hardswish()), &[0.0, 0.0, -1.0 / 3.0, 0.0, 5.0 / 3.0, 800.0, NAN], 1e-15);
    let least = -1.758_099_340_847_376_6; // -λ·α
    near(&at(&x, |x| x.selu())[3..], &[0.0, 2.101_401_974_710_961, 840.560_789_884_384_4, NAN], 1e-15);
    near(&at(&x[..1], |x| x.selu()), &[least], 1e-15);
    near(&at(&x, |x| x.mish()), &[0.0, MISH[0], MISH[1], 0.0, MISH[2], 800.0, NAN], 1e-15);
    // Slopes at the ends and at kinks.
    let ends = [-800.0, 0.0, 800.0];
    near(&derivatives::<1>(&ends, |x| x.log_sigmoid())[0], &[1.0, 0.5, 0.0], 0.0);
    near(&derivatives::<1>(&ends, |x| x.mish())[0], &[0.0, 0.6, 1.0], 1e-15);
    near(&derivatives::<1>(&ends[1..], |x| x.selu())[0], &[-least, 1.050_700_987_355_480_5], 1e-15);
    near(&derivatives::<2>(&[0.0, 1.0], |x| x.softsign())[0], &[1.0, 0.25], 0.0);
    near(&derivatives::<1>(&[-3.0, 0.0, 3.0], |x| x.hardsigmoid())[0], &[0.0, 1.0 / 6.0, 0.0], 1e-15);
    near(&derivatives::<1>(&[-3.0, 0.0, 3.0], |x| x.hardswish())[0], &[0.0, 0.5, 1.0], 1e-15);
    // Halves of an axis; of no elements there are two of none.
    let tape = Tape::new();
    let pairs = tape.var([[1f32, 2.0, 0.0, 800.0], [4.0, 6.0, -800.0, 0.0]]);
    assert_eq!(pairs.glu(-1).value().unwrap().to_f64(), [0.5, 2.0, 0.0, 3.0]);
    assert_eq!(pairs.slice(0, ..0).glu(0).shape().dims(), [0, 4]);
}

/// `mish` at -3, -1 and 2.
const MISH: [f64; 3] = [-0.145_647_461_275_624_6, -0.303_401_461_374_108_95, 1.943_958_959_533_994_6];

#[test]
fn mistakes_name_the_op_and_the_line() {
    let messages = [
        ("exp2: not defined for i64", mistake(|t| t.var([1i64]).exp2())),
        ("sinc: not defined for i64", mistake(|t| t.var([1i64]).sinc())),
        ("polygamma: not defined for bool", mistake(|t| t.var([true]).polygamma(2))),
        ("hypot: not defined for f32 and f64", mistake(|t| t.var([1f32]).hypot(t.var([1.0])))),
        ("atan2: these shapes don't broadcast", mistake(|t| t.var([1.0, 2.0]).atan2(t.var([1.0, 2.0, 3.0])))),
        ("logaddexp: not defined for i64\n", mistake(|t| t.var([1i64]).logaddexp(2.0))),
        (
            "logaddexp: these shapes don't broadcast",
            mistake(|t| t.var([1.0, 2.0]).logaddexp(t.var([1.0, 2.0, 3.0]))),
        ),
        ("xlogy: not defined for f32 and f64", mistake(|t| t.var([1f32]).xlogy(t.var([1.0])))),
        ("xlog1py: not defined for f32 and f64", mistake(|t| t.var([1f32]).xlog1py(t.var([1.0])))),
        (
            "lerp: these shapes don't broadcast",
            mistake(|t| t.var([1.0, 2.0]).lerp(3.0, t.var([0.0, 0.5, 1.0]))),
        ),
        ("glu: 3 elements have no halves", mistake(|t| t.var([1.0, 2.0, 3.0]).glu(0))),
        ("glu: there is no axis 1", mistake(|t| t.var([1.0, 2.0]).glu(1))),
        ("xor: not defined for f64\n", mistake(|t| t.var([1.0]).logical_xor(t.var([1.0])))),
    ];
    for (start, message) in messages {
        assert!(message.starts_with(start) && message.contains("elementwise.rs"), "{message}");
    }
}

#[test]
fn values_of_a_batch_are_those_of_its_elements() -> Result<()> {
    let tape = Tape::new();
    let x = tape.var([[0.5, 1.5], [2.5, 0.25]]);
    let mapped = vmap(|x| x[0].sinc() + x[0].polygamma(1).logaddexp(x[0]), [x]);
    let whole = x.sinc() + x.polygamma(1).logaddexp(x);
    assert_eq!(mapped.value()?.to_f64(), whole.value()?.to_f64());
    let empty = Tensor::zeros([0], DType::F64);
    assert_eq!(tape.var(empty).sinc().value()?.numel(), 0);
    Ok(())
}

/// The operator is Rust's: of the sign of the dividend.
#[test]
fn the_remainder_operator_is_that_of_numbers() {
    let tape = Tape::new();
    let (a, b) = (tape.var([-5.5, 5.5, -7.0]), tape.var([2.0, -2.0, 4.0]));
    assert_eq!((a % b).value().unwrap().to_f64(), [-5.5 % 2.0, 5.5 % -2.0, -7.0 % 4.0]);
    assert_eq!((a % 2.0).value().unwrap().to_f64(), [-1.5, 1.5, -1.0]);
    assert_eq!((7.5 % b).value().unwrap().to_f64(), [1.5, 1.5, 3.5]);
}
