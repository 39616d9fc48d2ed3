//! The accuracy of the elementary functions, in units in the last place (ulp), at every level.
//!
//! `f32` against `f64` of the standard library, over all exponents; `f64` against true values that mpmath made
//! (`golden/math.py`), and more densely against the standard library, which is itself within 1 ulp.

use chainrule_kernels::math::{digamma, lgamma, polygamma, sinc};
use chainrule_kernels::pointwise::*;
use chainrule_kernels::{DType, Element, Level};

/// What every function promises.
const PROMISE: f64 = 4.0;

/// Runs a kernel whose operands and result are of one type.
fn run<T: Element>(kernel: &Kernel, level: Level, operands: &[&[T]]) -> Vec<T> {
    let dtypes = vec![T::DTYPE; kernel.arity];
    let (block, made) = kernel.pick(&dtypes, level).expect("a kernel of this type");
    assert_eq!(made, T::DTYPE);
    let mut dst = vec![T::default(); operands[0].len()];
    let mut src = [operands[0].as_ptr().cast(); 3];
    for (s, operand) in src.iter_mut().zip(operands) {
        assert_eq!(operand.len(), dst.len());
        *s = operand.as_ptr().cast();
    }
    // SAFETY: the operands and the result have the same length and the dtypes that were asked for.
    unsafe { block(dst.as_mut_ptr().cast(), &src, dst.len()) };
    dst
}

/// A number's place among all numbers of its type: neighbours differ by 1, infinity is next to the greatest.
fn place64(x: f64) -> i64 {
    let b = x.to_bits() as i64;
    if b < 0 { -(b & i64::MAX) } else { b }
}

fn place32(x: f32) -> i64 {
    let b = x.to_bits() as i32;
    i64::from(if b < 0 { -(b & i32::MAX) } else { b })
}

/// The distance of `y` from the true value, which is `rest` ulp above `near`; zeros must have the same sign.
fn error64(y: f64, near: f64, rest: f64) -> f64 {
    if y.is_nan() || near.is_nan() {
        return if y.is_nan() && near.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if y == 0.0 && near == 0.0 && y.is_sign_negative() != near.is_sign_negative() {
        return f64::INFINITY;
    }
    (place64(y).wrapping_sub(place64(near)) as f64 - rest).abs()
}

/// The distance of `y` from a true value given in `f64`.
fn error32(y: f32, truth: f64) -> f64 {
    let near = truth as f32;
    if y.is_nan() || near.is_nan() {
        return if y.is_nan() && near.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if y == 0.0 && near == 0.0 && y.is_sign_negative() != near.is_sign_negative() {
        return f64::INFINITY;
    }
    let rest = if near.is_finite() {
        let ulp = f64::from(f32::from_bits((near.abs().to_bits()) | 1))
            - f64::from(f32::from_bits(near.abs().to_bits() & !1));
        (truth - f64::from(near)) / ulp
    } else {
        0.0
    };
    ((place32(y) - place32(near)) as f64 - rest).abs()
}

/// The worst of a function's errors, as found so far.
struct Worst {
    error: f64,
    case: String,
}

impl Worst {
    fn new() -> Worst {
        Worst { error: 0.0, case: String::from("none") }
    }

    fn see(&mut self, error: f64, case: impl FnOnce() -> String) {
        if error > self.error {
            *self = Worst { error, case: case() };
        }
    }

    fn check(self, name: &str, level: Level, promise: f64) {
        println!("{name} {level:?}: at most {:.2} ulp, {}", self.error, self.case);
        assert!(self.error <= promise, "{name} {level:?}: {:.2} ulp, {}", self.error, self.case);
    }
}

/// Numbers without a pattern, the same every time (SplitMix64).
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Every special value: zeros, infinities, NaN, the ends of the normal and subnormal numbers, small integers.
fn specials() -> Vec<f64> {
    let mut all = vec![f64::NAN];
    for x in [
        0.0,
        5e-324,
        1e-310,
        f64::MIN_POSITIVE,
        1e-45,
        1e-40,
        f32::MIN_POSITIVE as f64,
        1e-20,
        0.25,
        0.5,
        0.75,
        1.0 - f64::EPSILON / 2.0,
        1.0,
        1.0 + f64::EPSILON,
        1.5,
        2.0,
        2.5,
        3.0,
        4.0,
        88.0,
        103.0,
        104.0,
        709.0,
        710.0,
        745.0,
        746.0,
        1048575.0,
        1048576.0,
        16777215.0,
        16777216.0,
        1e10,
        9007199254740991.0,
        9007199254740992.0,
        9007199254740994.0,
        f32::MAX as f64,
        1e300,
        f64::MAX,
        f64::INFINITY,
    ] {
        all.extend([x, -x]);
    }
    all
}

/// Bit patterns of all exponents and both signs, and a few special mantissas for each.
fn sweep32(per_exponent: u32) -> Vec<f32> {
    let mut random = Random(1);
    let mut all: Vec<f32> = specials().iter().map(|&x| x as f32).collect();
    for high in 0..512u32 {
        for k in 0..per_exponent {
            let mantissa = match k {
                0 => 0,
                1 => 1,
                2 => (1 << 23) - 1,
                _ => (random.bits() >> 41) as u32,
            };
            all.push(f32::from_bits(high << 23 | mantissa));
        }
    }
    // Where the functions bend, more densely.
    for (low, high) in [(-2.0, 2.0), (-20.0, 20.0), (-110.0, 110.0), (-2e6, 2e6)] {
        all.extend((0..20_000).map(|_| random.uniform(low, high) as f32));
    }
    // The neighbours of multiples of π/2, where the sine and cosine nearly vanish.
    for n in 0..20_000 {
        let x = (f64::from(n) * std::f64::consts::FRAC_PI_2) as f32;
        all.extend([x, f32::from_bits(x.to_bits() + 1)]);
    }
    all
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The functions in `f64` that the golden values check, and of which the standard library has none or a coarse one.
fn ours(kernel: &Kernel, x: f64) -> f64 {
    run(kernel, Level::Portable, &[&[x]])[0]
}

type Unary = fn(f64) -> f64;

#[test]
fn f32_functions_over_all_exponents() {
    let table: [(&Kernel, Unary, f64); 30] = [
        (&EXP, f64::exp, PROMISE),
        (&EXPM1, f64::exp_m1, PROMISE),
        (&LN, f64::ln, PROMISE),
        (&LOG1P, f64::ln_1p, PROMISE),
        (&TANH, f64::tanh, PROMISE),
        (&SIGMOID, sigmoid, PROMISE),
        (&SIN, f64::sin, PROMISE),
        (&COS, f64::cos, PROMISE),
        (&ERF, |x| ours(&ERF, x), PROMISE),
        (&EXP2, f64::exp2, PROMISE),
        (&LOG2, f64::log2, PROMISE),
        (&LOG10, f64::log10, PROMISE),
        (&CBRT, f64::cbrt, PROMISE),
        (&TAN, f64::tan, PROMISE),
        (&ASIN, f64::asin, PROMISE),
        (&ACOS, f64::acos, PROMISE),
        (&ATAN, f64::atan, PROMISE),
        (&SINH, f64::sinh, PROMISE),
        (&COSH, f64::cosh, PROMISE),
        (&ASINH, |x| ours(&ASINH, x), PROMISE),
        (&ACOSH, |x| ours(&ACOSH, x), PROMISE),
        (&ATANH, |x| ours(&ATANH, x), PROMISE),
        (&ERFC, |x| ours(&ERFC, x), PROMISE),
        (&ERFINV, |x| ours(&ERFINV, x), PROMISE),
        (&LGAMMA, lgamma, 0.5),
        (&DIGAMMA, digamma, 0.5),
        (&TRUNC, f64::trunc, 0.0),
        (&SQRT, f64::sqrt, 0.5),
        (&RSQRT, |x| 1.0 / x.sqrt(), 2.0),
        (&RECIP, |x| 1.0 / x, 0.5),
    ];
    let x = sweep32(1024);
    for (kernel, truth, promise) in table {
        let truths: Vec<f64> = x.iter().map(|&x| truth(f64::from(x))).collect();
        for &level in Level::available() {
            let y = run(kernel, level, &[&x]);
            let mut worst = Worst::new();
            for i in 0..x.len() {
                worst.see(error32(y[i], truths[i]), || format!("{}({:e}) = {:e}", kernel.name, x[i], y[i]));
            }
            worst.check(&format!("{} f32", kernel.name), level, promise + 1e-3);
        }
    }
}

#[test]
fn f32_pow() {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for &a in &specials() {
        for &b in &specials() {
            x.push(a as f32);
            y.push(b as f32);
        }
    }
    let mut random = Random(2);
    for base in sweep32(256) {
        // Powers of all sizes, and integer powers.
        let log = f64::from(base.abs()).ln();
        x.extend([base; 3]);
        y.extend([
            (random.uniform(-104.0, 89.0) / log) as f32,
            random.uniform(-8.0, 8.0).round() as f32,
            random.uniform(-3.0, 3.0) as f32,
        ]);
    }
    let truths: Vec<f64> = x.iter().zip(&y).map(|(&x, &y)| f64::from(x).powf(f64::from(y))).collect();
    for &level in Level::available() {
        let z = run(&POW, level, &[&x, &y]);
        let mut worst = Worst::new();
        for i in 0..x.len() {
            worst.see(error32(z[i], truths[i]), || format!("{:e} ^ {:e} = {:e}", x[i], y[i], z[i]));
        }
        worst.check("pow f32", level, PROMISE);
    }
}

/// The golden values of a function: its name, its operands, and for each value the nearest number and the rest.
type Golden = (&'static str, Vec<Vec<f64>>, Vec<(f64, f64)>);

fn golden() -> Vec<Golden> {
    let mut all: Vec<Golden> = Vec::new();
    for line in include_str!("golden/math.txt").lines() {
        if let Some(name) = line.strip_prefix("# ") {
            all.push((name, Vec::new(), Vec::new()));
            continue;
        }
        let (_, operands, values) = all.last_mut().expect("a name comes first");
        let fields: Vec<&str> = line.split(' ').collect();
        let (numbers, rest) = fields.split_at(fields.len() - 1);
        let mut numbers: Vec<f64> = numbers
            .iter()
            .map(|s| f64::from_bits(u64::from_str_radix(s, 16).expect("a hexadecimal number")))
            .collect();
        let near = numbers.pop().expect("the value");
        let rest: f64 = rest[0].parse().expect("hundredths");
        operands.resize(numbers.len(), Vec::new());
        for (operand, x) in operands.iter_mut().zip(numbers) {
            operand.push(x);
        }
        values.push((near, rest / 100.0));
    }
    all
}

/// A function whose errors near its zeros are of the size of what cancels there.
struct Scalar {
    name: &'static str,
    f: fn(&[f64]) -> f64,
    /// How large the terms are that cancel, in `f64`.
    terms: fn(&[f64]) -> f64,
}

const SCALARS: [Scalar; 5] = [
    Scalar {
        name: "lgamma",
        f: |x| lgamma(x[0]),
        terms: |x| if x[0] < 0.0 { lgamma(1.0 - x[0]) + 2.0 - (x[0] - x[0].round()).abs().ln() } else { 0.0 },
    },
    Scalar {
        name: "digamma",
        f: |x| digamma(x[0]),
        terms: |x| if x[0] < 0.0 { 4.0 + (1.0 - x[0]).ln() } else { 2.0 },
    },
    Scalar { name: "polygamma", f: |x| polygamma(x[0] as u32, x[1]), terms: |_| 0.0 },
    Scalar {
        name: "polygamma below 0",
        f: |x| polygamma(x[0] as u32, x[1]),
        // The terms on both sides, which are largest for the two neighbours, and what the rounding of their distances does.
        terms: |x| {
            let distance = (x[1] - x[1].round()).abs();
            2.0 * (1..=x[0] as i32).map(f64::from).product::<f64>() / distance.powi(x[0] as i32 + 1)
        },
    },
    Scalar {
        name: "sinc",
        f: |x| sinc(x[0] as u32, x[1]),
        terms: |x| {
            if x[0] == 0.0 { 0.0 } else { 2.0 * std::f64::consts::PI.powf(x[0]) / x[1].abs().max(1.0) }
        },
    },
];

#[test]
fn f64_functions_against_true_values() {
    let kernels = [
        &EXP, &EXPM1, &LN, &LOG1P, &TANH, &SIGMOID, &SIN, &COS, &ERF, &POW, &EXP2, &LOG2, &LOG10, &CBRT,
        &TAN, &ASIN, &ACOS, &ATANH, &ATAN, &ASINH, &ACOSH, &SINH, &COSH, &ATAN2, &HYPOT, &ERFC, &ERFINV,
    ];
    let golden = golden();
    assert_eq!(golden.len(), kernels.len() + SCALARS.len());
    for (name, operands, values) in golden {
        let Some(kernel) = kernels.iter().find(|k| k.name == name) else { continue };
        let operands: Vec<&[f64]> = operands.iter().map(Vec::as_slice).collect();
        for &level in Level::available() {
            let y = run(kernel, level, &operands);
            let mut worst = Worst::new();
            for (i, &(near, rest)) in values.iter().enumerate() {
                worst.see(error64(y[i], near, rest), || {
                    let x: Vec<f64> = operands.iter().map(|o| o[i]).collect();
                    format!("{name}{x:?} = {:e}, true {near:e}", y[i])
                });
            }
            worst.check(&format!("{name} f64"), level, PROMISE);
        }
    }
}

#[test]
fn scalar_functions_against_true_values() {
    for (name, operands, values) in golden() {
        let Some(scalar) = SCALARS.iter().find(|scalar| scalar.name == name) else { continue };
        let mut worst = Worst::new();
        for (i, &(near, rest)) in values.iter().enumerate() {
            let x: Vec<f64> = operands.iter().map(|o| o[i]).collect();
            let y = (scalar.f)(&x);
            // In ulp of the value, or of the terms where they are larger.
            let error = error64(y, near, rest);
            let absolute = (y - near).abs() / (f64::EPSILON * (scalar.terms)(&x));
            worst.see(error.min(absolute), || format!("{name}{x:?} = {y:e}, true {near:e}"));
        }
        worst.check(name, Level::Portable, PROMISE);
    }
}

#[test]
fn f64_functions_against_the_standard_library() {
    let table: [(&Kernel, Unary); 20] = [
        (&EXP, f64::exp),
        (&EXPM1, f64::exp_m1),
        (&LN, f64::ln),
        (&LOG1P, f64::ln_1p),
        (&TANH, f64::tanh),
        (&SIN, f64::sin),
        (&COS, f64::cos),
        (&SQRT, f64::sqrt),
        (&RSQRT, |x| 1.0 / x.sqrt()),
        (&RECIP, |x| 1.0 / x),
        (&EXP2, f64::exp2),
        (&LOG2, f64::log2),
        (&LOG10, f64::log10),
        (&CBRT, f64::cbrt),
        (&TAN, f64::tan),
        (&ASIN, f64::asin),
        (&ACOS, f64::acos),
        (&ATAN, f64::atan),
        (&SINH, f64::sinh),
        (&COSH, f64::cosh),
    ];
    let mut random = Random(3);
    let mut x = specials();
    for high in 0..4096u64 {
        x.extend((0..40).map(|_| f64::from_bits(high << 52 | random.bits() >> 12)));
    }
    for (low, high) in [(-2.0, 2.0), (-20.0, 20.0), (-750.0, 720.0), (-2e6, 2e6)] {
        x.extend((0..20_000).map(|_| random.uniform(low, high)));
    }
    for (kernel, truth) in table {
        let truths: Vec<f64> = x.iter().map(|&x| truth(x)).collect();
        for &level in Level::available() {
            let y = run(kernel, level, &[&x]);
            let mut worst = Worst::new();
            for i in 0..x.len() {
                worst.see(error64(y[i], truths[i], 0.0), || {
                    format!("{}({:e}) = {:e}, std {:e}", kernel.name, x[i], y[i], truths[i])
                });
            }
            worst.check(&format!("{} f64 (std)", kernel.name), level, PROMISE);
        }
    }
}

#[test]
fn f64_pow_against_the_standard_library() {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for &a in &specials() {
        for &b in &specials() {
            x.push(a);
            y.push(b);
        }
    }
    let mut random = Random(4);
    for high in 0..4096u64 {
        for _ in 0..12 {
            let base = f64::from_bits(high << 52 | random.bits() >> 12);
            x.extend([base; 3]);
            y.extend([
                random.uniform(-746.0, 711.0) / base.abs().ln(),
                random.uniform(-8.0, 8.0).round(),
                random.uniform(-3.0, 3.0),
            ]);
        }
    }
    for _ in 0..20_000 {
        let base = 1.0 + random.uniform(-1.0, 1.0) * 2f64.powi(-(random.bits() as i32 & 31));
        x.push(base);
        y.push(random.uniform(-746.0, 711.0) / base.ln());
    }
    for &level in Level::available() {
        let z = run(&POW, level, &[&x, &y]);
        let mut worst = Worst::new();
        for i in 0..x.len() {
            let truth = x[i].powf(y[i]);
            worst.see(error64(z[i], truth, 0.0), || {
                format!("{:e} ^ {:e} = {:e}, std {truth:e}", x[i], y[i], z[i])
            });
        }
        worst.check("pow f64 (std)", level, PROMISE);
    }
}

/// Pairs of all special values, and of numbers of all sizes.
fn pairs() -> (Vec<f64>, Vec<f64>) {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for &a in &specials() {
        for &b in &specials() {
            x.push(a);
            y.push(b);
        }
    }
    let mut random = Random(5);
    for high in 0..4096u64 {
        for _ in 0..6 {
            let a = f64::from_bits(high << 52 | random.bits() >> 12);
            x.extend([a; 3]);
            y.extend([
                f64::from_bits(random.bits()),
                a * random.uniform(-4.0, 4.0),
                random.uniform(-2.0, 2.0),
            ]);
        }
    }
    // Multiples and their neighbours, by factors of all sizes: where a quotient is rounded to the next integer.
    for _ in 0..20_000 {
        let b = random.uniform(-2.0, 2.0) * 2f64.powi((random.bits() % 60) as i32 - 30);
        let multiple = b * (random.bits() >> (random.bits() % 53 + 11)) as f64;
        for near in
            [multiple, f64::from_bits(multiple.to_bits() + 1), f64::from_bits(multiple.to_bits().max(1) - 1)]
        {
            x.extend([near, f64::from(near as f32)]);
            y.extend([b, f64::from(b as f32)]);
        }
    }
    (x, y)
}

type Binary = fn(f64, f64) -> f64;

#[test]
fn functions_of_two_operands_against_the_standard_library() {
    // The remainder of f32 operands, which f64 has exactly.
    fn remainder(a: f64, b: f64) -> f64 {
        let rest = a % b;
        if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest }
    }
    let table: [(&Kernel, Binary, f64); 4] = [
        (&ATAN2, f64::atan2, PROMISE),
        (&HYPOT, f64::hypot, PROMISE),
        (&FMOD, |a, b| a % b, 0.0),
        (&REMAINDER, remainder, 0.5),
    ];
    let (x, y) = pairs();
    let single = |x: &[f64]| -> Vec<f32> { x.iter().map(|&x| x as f32).collect() };
    let (x32, y32) = (single(&x), single(&y));
    for (kernel, truth, promise) in table {
        for &level in Level::available() {
            let z = run(kernel, level, &[&x, &y]);
            let z32 = run(kernel, level, &[&x32, &y32]);
            let (mut worst, mut worst32) = (Worst::new(), Worst::new());
            for i in 0..x.len() {
                worst.see(error64(z[i], truth(x[i], y[i]), 0.0), || {
                    format!("{}({:e}, {:e}) = {:e}", kernel.name, x[i], y[i], z[i])
                });
                worst32.see(error32(z32[i], truth(x32[i].into(), y32[i].into())), || {
                    format!("{}({:e}, {:e}) = {:e}", kernel.name, x32[i], y32[i], z32[i])
                });
            }
            worst.check(&format!("{} f64 (std)", kernel.name), level, promise);
            worst32.check(&format!("{} f32", kernel.name), level, promise + 1e-3);
        }
    }
}

#[test]
fn exact_values() {
    for &level in Level::available() {
        let n: Vec<f64> = (-1074..1024).map(f64::from).collect();
        let powers = run(&EXP2, level, &[&n]);
        assert!(
            n.iter()
                .zip(&powers)
                .all(|(n, y)| *y == 2f64.powi(*n as i32 / 2) * 2f64.powi(*n as i32 - *n as i32 / 2))
        );
        assert_eq!(run(&LOG2, level, &[&powers]), n);
        assert_eq!(run(&LOG10, level, &[&[1.0, 10.0, 100.0, 1000.0, 1e15]]), [0.0, 1.0, 2.0, 3.0, 15.0]);
        assert_eq!(run(&CBRT, level, &[&[27.0, -8.0, 1e-300, 0.125f64]]), [3.0, -2.0, 1e-100, 0.5]);
        assert_eq!(run(&HYPOT, level, &[&[3e300, 5e-324, 0.0], &[4e300, 0.0, -7.0]]), [5e300, 5e-324, 7.0]);
        assert_eq!(
            run(&ERFC, level, &[&[0.0, f64::INFINITY, f64::NEG_INFINITY, 30.0, -7.0]]),
            [1.0, 0.0, 2.0, 0.0, 2.0]
        );
        let y = run(&ERFINV, level, &[&[-0.0, 1.0, -1.0, 1.5, f64::NAN]]);
        assert!(y[0] == 0.0 && y[0].is_sign_negative() && y[1] == f64::INFINITY && y[2] == f64::NEG_INFINITY);
        assert!(y[3].is_nan() && y[4].is_nan());
    }
    let infinite = f64::INFINITY;
    for (x, log, derivative) in [
        (0.0, infinite, -infinite),
        (-0.0, infinite, infinite),
        (-3.0, infinite, f64::NAN),
        (infinite, infinite, infinite),
        (-infinite, infinite, f64::NAN),
        (f64::NAN, f64::NAN, f64::NAN),
        (f64::MAX, infinite, 709.782712893384),
    ] {
        assert_eq!(error64(lgamma(x), log, 0.0), 0.0, "{x}");
        assert_eq!(error64(digamma(x), derivative, 0.0), 0.0, "{x}");
    }
    assert_eq!([lgamma(1.0), lgamma(2.0)], [0.0, 0.0]);
    assert_eq!([polygamma(1, 0.0), polygamma(2, -1.0), polygamma(3, infinite)], [infinite, -infinite, 0.0]);
    assert_eq!(
        [sinc(0, 0.0), sinc(0, 1.0), sinc(0, -7.0), sinc(1, 0.0), sinc(3, -0.0)],
        [1.0, 0.0, -0.0, 0.0, 0.0]
    );
    assert!(sinc(0, infinite).is_nan() && sinc(2, f64::NAN).is_nan() && polygamma(4, f64::NAN).is_nan());
}

#[test]
fn sigmoid_and_erf_at_special_values() {
    for &level in Level::available() {
        let x = [f64::NEG_INFINITY, -0.0, 0.0, f64::INFINITY, 1e300, -1e300];
        assert_eq!(run(&SIGMOID, level, &[&x]), [0.0, 0.5, 0.5, 1.0, 1.0, 0.0]);
        let y = run(&ERF, level, &[&x]);
        assert_eq!(y, [-1.0, 0.0, 0.0, 1.0, 1.0, -1.0]);
        assert!(y[1].is_sign_negative() && y[2].is_sign_positive());
        let y = run(&ERF, level, &[&x.map(|x| x as f32)]);
        assert_eq!(y, [-1.0, 0.0, 0.0, 1.0, 1.0, -1.0]);
        assert!(y[1].is_sign_negative() && y[2].is_sign_positive());
        for kernel in [&SIGMOID, &ERF] {
            assert!(run(kernel, level, &[&[f64::NAN]])[0].is_nan());
            assert!(run(kernel, level, &[&[f32::NAN]])[0].is_nan());
        }
    }
    assert_eq!(ERF.output(&[DType::I64]), None);
}
