//! Random values: moments and frequencies, bounds, and what they depend on.

use chainrule_tape::{DType, Tape, Tensor, Var};

type Make = for<'t> fn(&'t Tape) -> Var<'t>;

const N: usize = 40_000;

/// Every distribution, of `N` numbers, with its mean and variance.
const ALL: [(&str, Make, f64, f64); 13] = [
    ("uniform f32", |t| t.uniform(N, DType::F32), 0.5, 1.0 / 12.0),
    ("uniform f64", |t| t.uniform(N, DType::F64), 0.5, 1.0 / 12.0),
    ("normal f32", |t| t.normal(N, DType::F32), 0.0, 1.0),
    ("normal f64", |t| t.normal(N, DType::F64), 0.0, 1.0),
    ("bernoulli f32", |t| t.bernoulli(N, 0.2, DType::F32), 0.2, 0.16),
    ("bernoulli i64", |t| t.bernoulli(N, 0.9, DType::I64), 0.9, 0.09),
    ("bernoulli of a value", |t| t.full(N, 0.3, DType::F64).bernoulli(), 0.3, 0.21),
    ("rademacher", |t| t.rademacher(N, DType::F32), 0.0, 1.0),
    ("dropout_mask", |t| t.dropout_mask(N, 0.2, DType::F64), 1.0, 0.25),
    ("exponential", |t| t.exponential(N, DType::F32), 1.0, 1.0),
    // Euler's constant, and π²/6.
    ("gumbel", |t| t.gumbel(N, DType::F64), 0.577_215_664_9, 1.644_934_066_8),
    ("randint", |t| t.randint(N, -2, 3), 0.0, 2.0),
    ("categorical", |t| t.var([0.0f32, 2f32.ln(), 0.0]).expand([N, 3]).categorical(), 1.0, 0.5),
];

fn values(make: Make, seed: u64) -> Vec<f64> {
    let tape = Tape::new();
    tape.seed(seed);
    make(&tape).value().unwrap().to_f64()
}

#[test]
fn means_and_variances() {
    for (name, make, mean, variance) in ALL {
        let x = values(make, 3);
        assert_eq!(x.len(), N, "{name}");
        let average = x.iter().sum::<f64>() / N as f64;
        let spread = x.iter().map(|x| (x - average).powi(2)).sum::<f64>() / N as f64;
        // Six deviations of a mean; a variance's own deviation is within a few times that.
        let wide = 6.0 * (variance / N as f64).sqrt();
        assert!((average - mean).abs() < wide, "{name}: a mean of {average}, not {mean}");
        assert!((spread / variance - 1.0).abs() < 0.06, "{name}: a variance of {spread}, not {variance}");
    }
}

#[test]
fn numbers_depend_on_seed_stream_and_counter() {
    for (name, make, ..) in ALL {
        assert_eq!(values(make, 5), values(make, 5), "{name}");
        assert_ne!(values(make, 5), values(make, 6), "{name}");
        let mut tape = Tape::new();
        tape.seed(5);
        let (first, second) = (make(&tape).value().unwrap(), make(&tape).value().unwrap());
        assert_eq!(first.to_f64(), values(make, 5), "{name}");
        assert_ne!(first.to_f64(), second.to_f64(), "{name}: another stream");
        tape.clear();
        assert_ne!(make(&tape).value().unwrap().to_f64(), first.to_f64(), "{name}: after clearing");

        let counted = |counter: i64| {
            let tape = Tape::new();
            tape.seed(5);
            tape.count_random_by(tape.var(counter));
            make(&tape).value().unwrap().to_f64()
        };
        assert_eq!(counted(0), values(make, 5), "{name}");
        assert_ne!(counted(1), counted(0), "{name}: another step");
    }
}

#[test]
fn bounds_and_limits() {
    let extremes = |make: Make| {
        let x = values(make, 9);
        (x.iter().copied().fold(f64::INFINITY, f64::min), x.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    };
    let (low, high) = extremes(|t| t.uniform(1 << 22, DType::F32));
    assert!(low >= 0.0 && high < 1.0 && high > 0.999_999, "{low} {high}");
    let (low, high) = extremes(|t| t.gumbel(1 << 20, DType::F32));
    assert!((-3.7..-2.0).contains(&low) && (10.0..37.5).contains(&high), "{low} {high}");
    let (low, high) = extremes(|t| t.exponential(1 << 20, DType::F32));
    assert!((0.0..1e-4).contains(&low) && (10.0..37.0).contains(&high), "{low} {high}");
    assert_eq!(extremes(|t| t.randint(10_000, -2, 3)), (-2.0, 2.0));
    assert_eq!(extremes(|t| t.randint(10, 7, 8)), (7.0, 7.0));
    let (low, high) = extremes(|t| t.randint(1000, -(1 << 52), 1 << 52));
    assert!(low < -1e15 && high > 1e15 && high < (1u64 << 52) as f64, "{low} {high}");

    // Never and always.
    for dtype in [DType::F32, DType::F64, DType::I64, DType::Bool] {
        let tape = Tape::new();
        let sum = |x: Var<'_>| x.cast(DType::F64).sum(..).item().unwrap();
        assert_eq!(sum(tape.bernoulli(1000, 0.0, dtype)), 0.0);
        assert_eq!(sum(tape.bernoulli(1000, 1.0, dtype)), 1000.0);
        if dtype.is_float() {
            assert_eq!(sum(tape.dropout_mask(1000, 0.0, dtype)), 1000.0);
            assert_eq!(sum(tape.dropout_mask(1000, 1.0, dtype)), 0.0);
            assert_eq!(sum(tape.full(1000, 0.0, dtype).bernoulli()), 0.0);
            assert_eq!(sum(tape.full(1000, 1.0, dtype).bernoulli()), 1000.0);
        }
    }
    let tape = Tape::new();
    let odd = tape.var([-1.0, 2.0, f64::NAN]).bernoulli();
    assert_eq!(odd.value().unwrap().to_f64(), [0.0, 1.0, 0.0]);
}

#[test]
fn classes_come_as_often_as_their_probabilities() {
    let tape = Tape::new();
    let p = [0.5, 0.25, 0.125, 0.0, 0.124_999, 1e-6];
    let logits = tape.var(p.map(|p: f64| p.ln() + 3.0));
    let chosen = logits.expand([2, N, 6]).categorical();
    assert_eq!((chosen.shape().dims(), chosen.dtype()), (&[2, N][..], DType::I64));
    let chosen = chosen.value().unwrap().to_vec::<i64>().unwrap();
    for (class, p) in p.iter().enumerate() {
        let often = chosen.iter().filter(|&&c| c == class as i64).count() as f64;
        let (mean, deviation) = (p * 2.0 * N as f64, (p * 2.0 * N as f64).sqrt());
        assert!(
            (often - mean).abs() <= 6.0 * deviation.max(1.0) * (p.signum()),
            "{class}: {often}, not {mean}"
        );
    }
    let impossible = tape.full([2, 3], f64::NEG_INFINITY, DType::F32).categorical();
    assert_eq!(impossible.value().unwrap().to_f64(), [0.0, 0.0]);
    // The reparametrized choice has a derivative.
    let logits = tape.var([0.3, -0.2]);
    let soft = ((logits + tape.gumbel(2, DType::F64)) / 0.5).softmax(-1);
    assert!(tape.grad(soft.slice(0, ..1).sum(..), logits).value().unwrap().to_f64()[0] > 0.0);
}

#[test]
fn permutations_are_even() {
    let tape = Tape::new();
    let mut first = [0; 4];
    for _ in 0..2000 {
        let order = tape.permutation(4).value().unwrap().to_vec::<i64>().unwrap();
        first[order[0] as usize] += 1;
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3]);
    }
    assert!(first.iter().all(|count| (400..600).contains(count)), "{first:?}");
    assert_eq!(tape.permutation(1).value().unwrap().to_f64(), [0.0]);
    assert_eq!(tape.permutation(0).value().unwrap().numel(), 0);
    let rows = tape.var([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    assert_eq!(rows.index_select(0, tape.permutation(3)).sum(..).item().unwrap(), 21.0);
}

#[test]
fn empty_shapes_and_scalars() {
    let tape = Tape::new();
    let empty = [2, 0, 3];
    let all: [Var<'_>; 8] = [
        tape.uniform(empty, DType::F32),
        tape.normal(empty, DType::F32),
        tape.bernoulli(empty, 0.5, DType::F32),
        tape.rademacher(empty, DType::I64),
        tape.dropout_mask(empty, 0.5, DType::F32),
        tape.exponential(empty, DType::F32),
        tape.gumbel(empty, DType::F32),
        tape.randint(empty, 0, 2),
    ];
    for x in all {
        assert_eq!(x.value().unwrap().shape().dims(), empty);
    }
    assert_eq!(
        tape.var(Tensor::zeros([0, 3], DType::F32)).categorical().value().unwrap().shape().dims(),
        [0]
    );
    assert!(tape.gumbel((), DType::F32).item().unwrap().is_finite());
    assert_eq!(tape.var([1.0f32]).categorical().item().unwrap(), 0.0);
}

#[test]
fn mistakes_name_the_op_and_the_line() {
    let message = |line: u32, make: Make| {
        let tape = Tape::new();
        let message = make(&tape).value().unwrap_err().to_string();
        assert!(message.contains(&format!("tests/random.rs:{line}:")), "{message} should name line {line}");
        message
    };
    let bad = message(line!(), |t| t.bernoulli(3, 1.5, DType::F32));
    assert!(bad.starts_with("bernoulli: 1.5 is no probability"), "{bad}");
    let bad = message(line!(), |t| t.dropout_mask(3, f64::NAN, DType::F32));
    assert!(bad.starts_with("dropout_mask: NaN is no probability"), "{bad}");
    let bad = message(line!(), |t| t.randint(3, 2, 2));
    assert!(bad.starts_with("randint: there is no integer in 2..2"), "{bad}");
    let bad = message(line!(), |t| t.randint(3, i64::MIN, i64::MAX));
    assert!(bad.contains("more than 2^53"), "{bad}");
    let bad = message(line!(), |t| t.var(1.0).categorical());
    assert!(bad.starts_with("categorical: there are no classes"), "{bad}");
    let bad = message(line!(), |t| t.gumbel(3, DType::I64));
    assert!(bad.starts_with("gumbel: not defined for i64"), "{bad}");
    let bad = message(line!(), |t| t.uniform(3, DType::I64));
    assert!(bad.starts_with("uniform: not defined for i64"), "{bad}");
}
