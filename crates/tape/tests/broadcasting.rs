//! Broadcasting by NumPy's rule, for shapes that a property test makes up: values and gradients against loops over indices.

use chainrule_tape::{DType, Shape, Tape, Tensor, Var};
use proptest::prelude::*;

/// An expression of two operands, and what it is of two numbers, with its derivatives by them.
type Binary = (for<'t> fn(Var<'t>, Var<'t>) -> Var<'t>, fn(f64, f64) -> [f64; 3]);

const BINARY: [Binary; 5] = [
    (|a, b| a + b, |a, b| [a + b, 1.0, 1.0]),
    (|a, b| a * b, |a, b| [a * b, b, a]),
    (|a, b| a / (b + 9.0), |a, b| [a / (b + 9.0), 1.0 / (b + 9.0), -a / (b + 9.0).powi(2)]),
    (
        |a, b| a.atan2(b + 9.0),
        |a, b| {
            let square = a * a + (b + 9.0).powi(2);
            [a.atan2(b + 9.0), (b + 9.0) / square, -a / square]
        },
    ),
    (|a, b| a.gt(b).select(a * 2.0, b), |a, b| if a > b { [a * 2.0, 2.0, 0.0] } else { [b, 0.0, 1.0] }),
];

/// A common shape, and two from which axes are left out or of length 1.
fn shapes() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    let axis = (0usize..4, 0u8..4, 0u8..4);
    (prop::collection::vec(axis, 0..5), 0usize..5, 0usize..5).prop_map(|(axes, skip_a, skip_b)| {
        let of = |skip: usize, one: fn(&(usize, u8, u8)) -> bool| {
            axes.iter().skip(skip.min(axes.len())).map(|axis| if one(axis) { 1 } else { axis.0 }).collect()
        };
        (of(skip_a, |axis| axis.1 == 0), of(if skip_a > 0 { 0 } else { skip_b }, |axis| axis.2 == 0))
    })
}

fn numbers(shape: &[usize], seed: f64) -> Tensor {
    let count = shape.iter().product::<usize>();
    Tensor::from_vec((0..count).map(|i| ((i as f64 + seed) * 1.7).sin()).collect::<Vec<f64>>(), shape)
        .unwrap()
}

/// The element of an operand that belongs to an element of the common shape.
fn place(mut flat: usize, common: &[usize], shape: &[usize]) -> usize {
    let (mut at, mut stride) = (0, 1);
    for (axis, &length) in common.iter().enumerate().rev() {
        let index = flat % length;
        flat /= length;
        if let Some(own) = (axis + shape.len()).checked_sub(common.len()) {
            at += if shape[own] == 1 { 0 } else { index * stride };
            stride *= shape[own];
        }
    }
    at
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn operands_are_repeated((a_shape, b_shape) in shapes()) {
        let common = Shape::from(&a_shape[..]).broadcast(&Shape::from(&b_shape[..])).expect("made to fit");
        let (a, b) = (numbers(&a_shape, 0.1), numbers(&b_shape, 0.6));
        let g = numbers(common.dims(), 0.3);
        for (apply, number) in BINARY {
            let tape = Tape::new();
            let (x, y) = (tape.var(&a), tape.var(&b));
            let z = apply(x, y);
            prop_assert_eq!(z.shape(), common.clone());
            let gradients = tape.vjp(z, tape.var(&g), &[x, y]);
            let values = tape.values(&[&[z], &gradients[..]].concat()).unwrap();
            let (mut expected, mut ga, mut gb) = (Vec::new(), vec![0.0; a.numel()], vec![0.0; b.numel()]);
            for (i, g) in g.to_f64().iter().enumerate() {
                let (at_a, at_b) = (place(i, common.dims(), &a_shape), place(i, common.dims(), &b_shape));
                let [value, da, db] = number(a.to_f64()[at_a], b.to_f64()[at_b]);
                expected.push(value);
                ga[at_a] += g * da;
                gb[at_b] += g * db;
            }
            for (found, expected) in values.iter().zip([&expected, &ga, &gb]) {
                for (found, expected) in found.to_f64().iter().zip(expected) {
                    prop_assert!((found - expected).abs() < 1e-13, "{found} and {expected}");
                }
            }
        }
    }

    /// What doesn't fit is a mistake with both shapes, and nothing else is.
    #[test]
    fn shapes_fit_or_are_named(a in prop::collection::vec(0usize..4, 0..4), b in prop::collection::vec(0usize..4, 0..4)) {
        let tape = Tape::new();
        let (x, y) = (tape.full(&a[..], 1.0, DType::F64), tape.full(&b[..], 2.0, DType::F64));
        let fits = a.iter().rev().zip(b.iter().rev()).all(|(a, b)| a == b || *a == 1 || *b == 1);
        match (x * y).value() {
            Ok(value) => prop_assert!(fits && value.to_f64().iter().all(|x| *x == 2.0)),
            Err(error) => {
                let text = error.to_string();
                let named = text.contains(&format!("{} f64, {} f64", Shape::from(a), Shape::from(b)));
                prop_assert!(!fits && named && text.contains("broadcasting.rs"), "{}", text);
            }
        }
    }
}
