//! Every elementwise kernel, dtype and level against a naive twin, on blocks of many lengths.

use chainrule_kernels::math::{digamma, lgamma};
use chainrule_kernels::pointwise::*;
use chainrule_kernels::{DType, Level};
use std::f64::consts::TAU;

/// Numbers without a pattern, the same every time (SplitMix64).
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// An element of any dtype.
#[derive(Clone, Copy, Debug)]
enum Scalar {
    F32(f32),
    F64(f64),
    I64(i64),
    Bool(bool),
}
use Scalar::{Bool, F32, F64, I64};

impl Scalar {
    fn random(dtype: DType, random: &mut Random) -> Scalar {
        const FLOATS: [f64; 13] = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            -2.5,
            1e300,
            1e-310,
            -1e-40,
            3.0,
        ];
        const INTEGERS: [i64; 6] = [i64::MIN, i64::MAX, 0, 1, -1, 1 << 53];
        let (bits, special) = (random.bits(), random.bits().is_multiple_of(4));
        let float = match special {
            true => FLOATS[bits as usize % FLOATS.len()],
            false => (bits as i64 >> 32) as f64 / (1u64 << 28) as f64,
        };
        match dtype {
            DType::F32 => F32(float as f32),
            DType::F64 => F64(float),
            DType::I64 if special => I64(INTEGERS[bits as usize % INTEGERS.len()]),
            DType::I64 => I64(bits as i64 % 10),
            DType::Bool => Bool(bits & 1 == 1),
        }
    }

    fn dtype(self) -> DType {
        match self {
            F32(_) => DType::F32,
            F64(_) => DType::F64,
            I64(_) => DType::I64,
            Bool(_) => DType::Bool,
        }
    }

    /// Whether the two are the same to within some ulp; NaNs are all the same.
    fn near(self, other: Scalar, ulp: u64) -> bool {
        match (self, other) {
            (F32(a), F32(b)) => {
                a.is_nan() && b.is_nan() || (a.to_bits() as i32).abs_diff(b.to_bits() as i32) as u64 <= ulp
            }
            (F64(a), F64(b)) => {
                a.is_nan() && b.is_nan() || (a.to_bits() as i64).abs_diff(b.to_bits() as i64) <= ulp
            }
            (I64(a), I64(b)) => a == b,
            (Bool(a), Bool(b)) => a == b,
            _ => false,
        }
    }
}

/// Elements of one dtype, aligned for it, with a guard behind them.
struct Block {
    words: Vec<u64>,
    dtype: DType,
}

impl Block {
    const GUARD: usize = 64;

    fn new(dtype: DType, n: usize) -> Block {
        Block { words: vec![0x0101_0101_0101_0101; (n * dtype.size() + Block::GUARD).div_ceil(8)], dtype }
    }

    fn of(dtype: DType, elements: &[Scalar]) -> Block {
        let mut block = Block::new(dtype, elements.len());
        for (i, &x) in elements.iter().enumerate() {
            assert_eq!(x.dtype(), dtype);
            let p = block.words.as_mut_ptr();
            // SAFETY: the block has room for these elements, and words are aligned for all dtypes.
            unsafe {
                match x {
                    F32(x) => p.cast::<f32>().add(i).write(x),
                    F64(x) => p.cast::<f64>().add(i).write(x),
                    I64(x) => p.cast::<i64>().add(i).write(x),
                    Bool(x) => p.cast::<bool>().add(i).write(x),
                }
            }
        }
        block
    }

    fn get(&self, i: usize) -> Scalar {
        let p = self.words.as_ptr();
        // SAFETY: as above; bytes of a bool block are 0 or 1.
        unsafe {
            match self.dtype {
                DType::F32 => F32(p.cast::<f32>().add(i).read()),
                DType::F64 => F64(p.cast::<f64>().add(i).read()),
                DType::I64 => I64(p.cast::<i64>().add(i).read()),
                DType::Bool => Bool(p.cast::<u8>().add(i).read() != 0),
            }
        }
    }

    fn check_guard(&self, n: usize) {
        let bytes = self.words.iter().flat_map(|w| w.to_ne_bytes());
        assert!(bytes.skip(n * self.dtype.size()).all(|b| b == 1), "wrote past the end");
    }
}

/// Compares a kernel with its twin at all levels and lengths, and each element with itself alone.
fn check(kernel: &Kernel, inputs: &[DType], ulp: u64, twin: impl Fn(&[Scalar]) -> Scalar) {
    assert_eq!(kernel.arity, inputs.len(), "{}", kernel.name);
    let mut random = Random(7);
    for n in (0..70).chain([1024]) {
        let operands: Vec<Vec<Scalar>> =
            inputs.iter().map(|&d| (0..n).map(|_| Scalar::random(d, &mut random)).collect()).collect();
        let blocks: Vec<Block> = operands.iter().zip(inputs).map(|(o, &d)| Block::of(d, o)).collect();
        for &level in Level::available() {
            let (f, made) = kernel.pick(inputs, level).expect("a kernel of these dtypes");
            assert_eq!(kernel.output(inputs), Some(made));
            let mut dst = Block::new(made, n);
            let mut one = Block::new(made, 1);
            let src: [*const u8; 3] =
                std::array::from_fn(|k| blocks[k.min(blocks.len() - 1)].words.as_ptr().cast());
            // SAFETY: the blocks have `n` elements of the dtypes that were asked for.
            unsafe { f(dst.words.as_mut_ptr().cast(), &src, n) };
            dst.check_guard(n);
            if let Some(f) = kernel.pick_in_place(inputs, level) {
                let mut first = Block::of(made, &operands[0]);
                // SAFETY: as above; the first operand is of the dtype that is made.
                unsafe { f(first.words.as_mut_ptr().cast(), &src, n) };
                first.check_guard(n);
                assert!((0..n).all(|i| first.get(i).near(dst.get(i), 0)), "{} {level:?}", kernel.name);
            }
            for i in 0..n {
                let x: Vec<Scalar> = operands.iter().map(|o| o[i]).collect();
                let (y, expected) = (dst.get(i), twin(&x));
                assert!(y.near(expected, ulp), "{} {level:?}: {x:?} to {y:?}, not {expected:?}", kernel.name);
                let at: [*const u8; 3] =
                    std::array::from_fn(|k| src[k].wrapping_add(i * inputs[k.min(inputs.len() - 1)].size()));
                // SAFETY: one of the elements above.
                unsafe { f(one.words.as_mut_ptr().cast(), &at, 1) };
                assert!(one.get(0).near(y, 0), "{} {level:?}: {x:?} depends on its place", kernel.name);
            }
        }
    }
}

/// Checks a unary float kernel for both float types.
fn unary(kernel: &Kernel, ulp: u64, f32: fn(f32) -> f32, f64: fn(f64) -> f64) {
    check(kernel, &[DType::F32], ulp, |x| if let [F32(x)] = *x { F32(f32(x)) } else { unreachable!() });
    check(kernel, &[DType::F64], ulp, |x| if let [F64(x)] = *x { F64(f64(x)) } else { unreachable!() });
}

/// Checks a binary float kernel for both float types.
fn binary(kernel: &Kernel, ulp: u64, f32: fn(f32, f32) -> f32, f64: fn(f64, f64) -> f64) {
    check(kernel, &[DType::F32; 2], ulp, |x| {
        if let [F32(a), F32(b)] = *x { F32(f32(a, b)) } else { unreachable!() }
    });
    check(kernel, &[DType::F64; 2], ulp, |x| {
        if let [F64(a), F64(b)] = *x { F64(f64(a, b)) } else { unreachable!() }
    });
}

/// Checks a float kernel of three operands for both float types.
fn ternary(kernel: &Kernel, f32: fn(f32, f32, f32) -> f32, f64: fn(f64, f64, f64) -> f64) {
    check(kernel, &[DType::F32; 3], 0, |x| {
        if let [F32(a), F32(b), F32(c)] = *x { F32(f32(a, b, c)) } else { unreachable!() }
    });
    check(kernel, &[DType::F64; 3], 0, |x| {
        if let [F64(a), F64(b), F64(c)] = *x { F64(f64(a, b, c)) } else { unreachable!() }
    });
}

fn integer(kernel: &Kernel, f: fn(i64, i64) -> i64) {
    check(
        kernel,
        &[DType::I64; 2],
        0,
        |x| if let [I64(a), I64(b)] = *x { I64(f(a, b)) } else { unreachable!() },
    );
}

#[test]
fn arithmetic() {
    unary(&NEG, 0, |x| -x, |x| -x);
    unary(&ABS, 0, f32::abs, f64::abs);
    unary(
        &FLUSH,
        0,
        |x| if x.is_subnormal() { 0.0 * x } else { x },
        |x| {
            if x.is_subnormal() { 0.0 * x } else { x }
        },
    );
    unary(&FLOOR, 0, f32::floor, f64::floor);
    unary(&SQRT, 0, f32::sqrt, f64::sqrt);
    unary(&RSQRT, 0, |x| 1.0 / x.sqrt(), |x| 1.0 / x.sqrt());
    unary(&RECIP, 0, |x| 1.0 / x, |x| 1.0 / x);
    fn sign(x: f64) -> f64 {
        if x.is_nan() || x == 0.0 { x.abs() } else { x.signum() }
    }
    unary(&SIGN, 0, |x| sign(x.into()) as f32, sign);
    check(&NEG, &[DType::I64], 0, |x| if let [I64(x)] = *x { I64(x.wrapping_neg()) } else { unreachable!() });
    check(&ABS, &[DType::I64], 0, |x| if let [I64(x)] = *x { I64(x.wrapping_abs()) } else { unreachable!() });
    check(&SIGN, &[DType::I64], 0, |x| if let [I64(x)] = *x { I64(x.signum()) } else { unreachable!() });
    unary(&CEIL, 0, f32::ceil, f64::ceil);
    unary(&ROUND, 0, f32::round_ties_even, f64::round_ties_even);
    unary(&TRUNC, 0, f32::trunc, f64::trunc);
    for kernel in [&FLOOR, &CEIL, &ROUND, &TRUNC] {
        check(kernel, &[DType::I64], 0, |x| x[0]);
    }
    binary(&ADD, 0, |a, b| a + b, |a, b| a + b);
    binary(&SUB, 0, |a, b| a - b, |a, b| a - b);
    binary(&MUL, 0, |a, b| a * b, |a, b| a * b);
    binary(&DIV, 0, |a, b| a / b, |a, b| a / b);
    fn maximum(a: f64, b: f64) -> f64 {
        if a.is_nan() || b.is_nan() {
            f64::NAN
        } else if a > b {
            a
        } else {
            b
        }
    }
    fn minimum(a: f64, b: f64) -> f64 {
        if a.is_nan() || b.is_nan() {
            f64::NAN
        } else if a < b {
            a
        } else {
            b
        }
    }
    binary(&MAXIMUM, 0, |a, b| maximum(a.into(), b.into()) as f32, maximum);
    binary(&MINIMUM, 0, |a, b| minimum(a.into(), b.into()) as f32, minimum);
    integer(&ADD, i64::wrapping_add);
    integer(&SUB, i64::wrapping_sub);
    integer(&MUL, i64::wrapping_mul);
    integer(&FMOD, |a, b| if b == 0 { 0 } else { a.wrapping_rem(b) });
    integer(&REMAINDER, |a, b| match b {
        0 => 0,
        b => {
            let (b, rest) = (i128::from(b), i128::from(a).rem_euclid(i128::from(b)));
            (if b < 0 && rest > 0 { rest + b } else { rest }) as i64
        }
    });
    integer(&MAXIMUM, i64::max);
    integer(&MINIMUM, i64::min);
    assert!(DIV.pick(&[DType::I64; 2], Level::Portable).is_none());
    assert!(ADD.pick(&[DType::F32, DType::F64], Level::Portable).is_none());
    assert!(ADD.output(&[DType::F32]).is_none());
}

/// Zero in place of subnormal numbers.
macro_rules! flush {
    ($x:expr) => {{
        let x = $x;
        if x.is_subnormal() { x * 0.0 } else { x }
    }};
}

#[test]
fn steps_in_one() {
    ternary(&MUL_ADD, |a, b, c| a * b + c, |a, b, c| a * b + c);
    ternary(&MUL_SUB, |a, b, c| a * b - c, |a, b, c| a * b - c);
    ternary(&SUB_MUL, |a, b, c| a - b * c, |a, b, c| a - b * c);
    ternary(&MUL_ADD_SQUARE, |a, b, c| a * b + c * c, |a, b, c| a * b + c * c);
    ternary(&MUL_ADD_FLUSH, |a, b, c| flush!(a * b + c), |a, b, c| flush!(a * b + c));
    ternary(&MUL_ADD_SQUARE_FLUSH, |a, b, c| flush!(a * b + c * c), |a, b, c| flush!(a * b + c * c));
    ternary(&MUL_MUL, |a, b, c| a * b * c, |a, b, c| a * b * c);
    ternary(&ADD_MUL, |a, b, c| (a + b) * c, |a, b, c| (a + b) * c);
    ternary(&DIFFERENCE_MUL, |a, b, c| (a - b) * c, |a, b, c| (a - b) * c);
    ternary(&ADD_ADD, |a, b, c| a + b + c, |a, b, c| a + b + c);
    ternary(&DIV_ROOT, |a, b, c| a / (b.sqrt() + c), |a, b, c| a / (b.sqrt() + c));
    ternary(&ABOVE, |a, b, c| if a <= b { b } else { c }, |a, b, c| if a <= b { b } else { c });
    ternary(&SHRINK, |a, b, c| if a.abs() < b { c } else { a }, |a, b, c| if a.abs() < b { c } else { a });
}

#[test]
fn updates_run_in_place() {
    let updates: [&Kernel; 14] = [
        &ADD,
        &SUB,
        &MUL,
        &MAXIMUM,
        &MUL_ADD,
        &MUL_SUB,
        &SUB_MUL,
        &MUL_ADD_SQUARE,
        &MUL_ADD_FLUSH,
        &MUL_ADD_SQUARE_FLUSH,
        &MUL_MUL,
        &ADD_MUL,
        &ADD_ADD,
        &DIFFERENCE_MUL,
    ];
    for kernel in updates {
        let inputs = vec![DType::F32; kernel.arity];
        assert!(kernel.pick_in_place(&inputs, Level::detect()).is_some(), "{}", kernel.name);
    }
}

#[test]
fn fused_multiply_add() {
    // Small integers: the same whether fused or not.
    let x: Vec<f64> = (0..100).map(f64::from).collect();
    let y: Vec<f32> = (0..100u8).map(f32::from).collect();
    for &level in Level::available() {
        let mut z = vec![0.0f64; 100];
        let (f, _) = FMA.pick(&[DType::F64; 3], level).expect("f64");
        // SAFETY: 100 elements of f64 each.
        unsafe { f(z.as_mut_ptr().cast(), &[x.as_ptr().cast(); 3], 100) };
        assert!(z.iter().zip(&x).all(|(z, x)| *z == x * x + x));
        let mut z = vec![0.0f32; 100];
        let (f, _) = FMA.pick(&[DType::F32; 3], level).expect("f32");
        // SAFETY: 100 elements of f32 each.
        unsafe { f(z.as_mut_ptr().cast(), &[y.as_ptr().cast(); 3], 100) };
        assert!(z.iter().zip(&y).all(|(z, y)| *z == y * y + y));
    }
}

#[test]
fn functions() {
    unary(&EXP, 2, |x| f64::from(x).exp() as f32, f64::exp);
    unary(&EXPM1, 3, |x| f64::from(x).exp_m1() as f32, f64::exp_m1);
    unary(&LN, 2, |x| f64::from(x).ln() as f32, f64::ln);
    unary(&LOG1P, 2, |x| f64::from(x).ln_1p() as f32, f64::ln_1p);
    unary(&SIN, 2, |x| f64::from(x).sin() as f32, f64::sin);
    unary(&COS, 2, |x| f64::from(x).cos() as f32, f64::cos);
    unary(&TANH, 4, |x| f64::from(x).tanh() as f32, f64::tanh);
    unary(&SIGMOID, 4, |x| (1.0 / (1.0 + f64::from(-x).exp())) as f32, |x| 1.0 / (1.0 + (-x).exp()));
    unary(&EXP2, 2, |x| f64::from(x).exp2() as f32, f64::exp2);
    unary(&LOG2, 3, |x| f64::from(x).log2() as f32, f64::log2);
    unary(&LOG10, 3, |x| f64::from(x).log10() as f32, f64::log10);
    unary(&CBRT, 2, |x| f64::from(x).cbrt() as f32, f64::cbrt);
    unary(&TAN, 4, |x| f64::from(x).tan() as f32, f64::tan);
    unary(&ASIN, 3, |x| f64::from(x).asin() as f32, f64::asin);
    unary(&ACOS, 3, |x| f64::from(x).acos() as f32, f64::acos);
    unary(&ATAN, 3, |x| f64::from(x).atan() as f32, f64::atan);
    unary(&SINH, 3, |x| f64::from(x).sinh() as f32, f64::sinh);
    unary(&COSH, 3, |x| f64::from(x).cosh() as f32, f64::cosh);
    // (The standard library's are formulas, good to some ulp where nothing cancels.)
    unary(&ASINH, 20, |x| f64::from(x).asinh() as f32, f64::asinh);
    unary(&ACOSH, 20, |x| f64::from(x).acosh() as f32, f64::acosh);
    unary(
        &ATANH,
        20,
        |x| f64::from(x.abs()).atanh().copysign(x.into()) as f32,
        |x| x.abs().atanh().copysign(x),
    );
    unary(&LGAMMA, 0, |x| lgamma(x.into()) as f32, lgamma);
    unary(&DIGAMMA, 0, |x| digamma(x.into()) as f32, digamma);
    binary(&ATAN2, 3, |y, x| f64::from(y).atan2(x.into()) as f32, f64::atan2);
    binary(&HYPOT, 2, |x, y| f64::from(x).hypot(y.into()) as f32, f64::hypot);
    binary(&FMOD, 0, |a, b| a % b, |a, b| a % b);
    binary(&POW, 2, |x, y| f64::from(x).powf(y.into()) as f32, f64::powf);
}

/// A comparison of two numbers of a dtype with a twin.
fn comparison(kernel: &Kernel, f: fn(f64, f64) -> bool, i: fn(i64, i64) -> bool) {
    check(kernel, &[DType::F32; 2], 0, |x| {
        if let [F32(a), F32(b)] = *x { Bool(f(a.into(), b.into())) } else { unreachable!() }
    });
    check(kernel, &[DType::F64; 2], 0, |x| {
        if let [F64(a), F64(b)] = *x { Bool(f(a, b)) } else { unreachable!() }
    });
    check(kernel, &[DType::I64; 2], 0, |x| {
        if let [I64(a), I64(b)] = *x { Bool(i(a, b)) } else { unreachable!() }
    });
}

#[test]
fn comparisons_and_logic() {
    comparison(&EQ, |a, b| a == b, |a, b| a == b);
    comparison(&NE, |a, b| a != b, |a, b| a != b);
    comparison(&LT, |a, b| a < b, |a, b| a < b);
    comparison(&LE, |a, b| a <= b, |a, b| a <= b);
    type Twin = fn(bool, bool) -> bool;
    let logic: [(&Kernel, Twin); 5] = [
        (&EQ, |a, b| a == b),
        (&NE, |a, b| a != b),
        (&AND, |a, b| a && b),
        (&OR, |a, b| a || b),
        (&XOR, |a, b| a ^ b),
    ];
    for (kernel, f) in logic {
        check(kernel, &[DType::Bool; 2], 0, |x| {
            if let [Bool(a), Bool(b)] = *x { Bool(f(a, b)) } else { unreachable!() }
        });
    }
    check(&NOT, &[DType::Bool], 0, |x| if let [Bool(x)] = *x { Bool(!x) } else { unreachable!() });
    for dtype in DType::ALL {
        check(&SELECT, &[DType::Bool, dtype, dtype], 0, |x| {
            if let [Bool(c), a, b] = *x { if c { a } else { b } } else { unreachable!() }
        });
    }
}

#[test]
fn casts() {
    for from in DType::ALL {
        for to in DType::ALL {
            check(cast(from, to), &[from], 0, |x| match (x[0], to) {
                (F32(x), DType::F32) => F32(x),
                (F32(x), DType::F64) => F64(x.into()),
                (F32(x), DType::I64) => I64(x as i64),
                (F32(x), DType::Bool) => Bool(x != 0.0),
                (F64(x), DType::F32) => F32(x as f32),
                (F64(x), DType::F64) => F64(x),
                (F64(x), DType::I64) => I64(x as i64),
                (F64(x), DType::Bool) => Bool(x != 0.0),
                (I64(x), DType::F32) => F32(x as f32),
                (I64(x), DType::F64) => F64(x as f64),
                (I64(x), DType::I64) => I64(x),
                (I64(x), DType::Bool) => Bool(x != 0),
                (Bool(x), DType::F32) => F32(x.into()),
                (Bool(x), DType::F64) => F64(x.into()),
                (Bool(x), DType::I64) => I64(x.into()),
                (Bool(x), DType::Bool) => Bool(x),
            });
        }
    }
}

fn generated(
    generator: &Generator,
    dtype: DType,
    level: Level,
    index: u64,
    n: usize,
    key: [u64; 2],
) -> Block {
    let f = generator.pick(dtype, level).expect("a generator of this dtype");
    let mut block = Block::new(dtype, n);
    // SAFETY: the block has `n` elements of the dtype.
    unsafe { f(block.words.as_mut_ptr().cast(), index, n, key) };
    block.check_guard(n);
    block
}

/// The same bits at every level, and from every index on.
#[test]
fn generators_depend_on_index_and_key_alone() {
    let key = [0x0123_4567_89ab_cdef, 3];
    for generator in [&UNIFORM, &NORMAL, &IOTA] {
        for dtype in [DType::F32, DType::F64] {
            let all = generated(generator, dtype, Level::Portable, 0, 2000, key);
            for &level in Level::available() {
                for (index, n) in [(0, 2000), (1, 7), (3, 130), (5, 0), (997, 500), (1024, 513)] {
                    let some = generated(generator, dtype, level, index as u64, n, key);
                    for i in 0..n {
                        assert!(some.get(i).near(all.get(index + i), 0), "{} {level:?}", generator.name);
                    }
                }
            }
        }
    }
    let first = |key| match generated(&UNIFORM, DType::F64, Level::Portable, 0, 1, key).get(0) {
        F64(x) => x,
        _ => unreachable!(),
    };
    assert_ne!(first([1, 0]), first([2, 0]));
    assert_ne!(first([1, 0]), first([1, 1]));
    // The words of Random123's first known answer, 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
    assert_eq!(first([0, 0]), (0x6627_e8d5_e169_c58du64 >> 11) as f64 / (1u64 << 53) as f64);
    let single = generated(&UNIFORM, DType::F32, Level::Portable, 0, 4, [0, 0]);
    assert!(single.get(2).near(F32((0xbc57_ac4c_u32 >> 8) as f32 / (1u32 << 24) as f32), 0));
    assert!(
        generated(&IOTA, DType::I64, Level::Portable, 1 << 60, 3, key).get(2).near(I64((1 << 60) + 2), 0)
    );
    assert!(UNIFORM.pick(DType::Bool, Level::Portable).is_none());
}

#[test]
fn random_numbers_have_their_distribution() {
    let n = 200_000;
    for dtype in [DType::F32, DType::F64] {
        let sample = |generator| {
            let block = generated(generator, dtype, Level::detect(), 0, n, [42, 0]);
            (0..n).map(move |i| match block.get(i) {
                F32(x) => f64::from(x),
                F64(x) => x,
                _ => unreachable!(),
            })
        };
        let (mut mean, mut square) = (0.0, 0.0);
        for x in sample(&UNIFORM) {
            assert!((0.0..1.0).contains(&x));
            mean += x / n as f64;
            square += x * x / n as f64;
        }
        assert!((mean - 0.5).abs() < 0.003 && (square - 1.0 / 3.0).abs() < 0.003, "{mean} {square}");
        let mut moments = [0.0; 4];
        let mut characteristic = 0.0;
        for x in sample(&NORMAL) {
            for (k, moment) in moments.iter_mut().enumerate() {
                *moment += x.powi(k as i32 + 1) / n as f64;
            }
            characteristic += (TAU / 8.0 * x).cos() / n as f64;
        }
        let expected = [0.0, 1.0, 0.0, 3.0];
        assert!(moments.iter().zip(expected).all(|(m, e)| (m - e).abs() < 0.07), "{moments:?}");
        assert!((characteristic - (-(TAU / 8.0).powi(2) / 2.0).exp()).abs() < 0.01);
    }
}
