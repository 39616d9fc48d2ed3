//! The accuracy of the elementary functions, in units in the last place (ulp), at every level.
//!
//! `f32` against `f64` of the standard library, over all exponents; `f64` against true values that mpmath made
//! (`golden/math.py`), and more densely against the standard library, which is itself within 1 ulp.

use chainrule_kernels::pointwise::{
    COS, ERF, EXP, EXPM1, Kernel, LN, LOG1P, POW, RECIP, RSQRT, SIGMOID, SIN, SQRT, TANH,
};
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

/// The error function in `f64`, which the golden values check.
fn erf(x: f64) -> f64 {
    run(&ERF, Level::Portable, &[&[x]])[0]
}

type Unary = fn(f64) -> f64;

#[test]
fn f32_functions_over_all_exponents() {
    let table: [(&Kernel, Unary, f64); 12] = [
        (&EXP, f64::exp, PROMISE),
        (&EXPM1, f64::exp_m1, PROMISE),
        (&LN, f64::ln, PROMISE),
        (&LOG1P, f64::ln_1p, PROMISE),
        (&TANH, f64::tanh, PROMISE),
        (&SIGMOID, sigmoid, PROMISE),
        (&SIN, f64::sin, PROMISE),
        (&COS, f64::cos, PROMISE),
        (&ERF, erf, PROMISE),
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

#[test]
fn f64_functions_against_true_values() {
    let kernels: [&Kernel; 10] = [&EXP, &EXPM1, &LN, &LOG1P, &TANH, &SIGMOID, &SIN, &COS, &ERF, &POW];
    let golden = golden();
    assert_eq!(golden.len(), kernels.len());
    for (name, operands, values) in golden {
        let kernel = kernels.iter().find(|k| k.name == name).expect("a kernel of this name");
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
fn f64_functions_against_the_standard_library() {
    let table: [(&Kernel, Unary); 10] = [
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
