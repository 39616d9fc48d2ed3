//! Steps that are recorded again and again on one tape: what is found from an earlier recording is what would be made.

use chainrule_tape::{DType, Error, Kind, Params, Tape, Var};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A random expression with its gradient. The same generator gives the same expression.
fn random_expression<'t>(tape: &'t Tape, rng: &mut StdRng) -> Vec<Var<'t>> {
    let mut number = || [0.0, 1.0, -0.5, 2.0, 0.25][rng.random_range(0..5)];
    let (a, b) = (tape.var([[number(), 0.3], [-1.2, 0.8]]), tape.var([number(), 1.5]));
    let mut x = a * b;
    for _ in 0..rng.random_range(1..8) {
        let number = [0.0, 1.0, -0.5, 2.0, 0.25][rng.random_range(0..5)];
        x = match rng.random_range(0..10) {
            0 => x * number,
            1 => x + tape.full([2, 2], number, DType::F64),
            2 => x.tanh(),
            3 => x.matmul(a) * 0.5,
            4 => x - x.mean_keep(rng.random_range(0..2i64) as isize),
            5 => x.t() + b,
            6 => x.reshape(4).reshape([2, 2]),
            7 => tape.concat(&[x.slice(0, 1..2), x.slice(0, 0..1)], 0),
            8 => x.gt(number).select(x, b),
            _ => x / (x.square().sum(..) + 1.0),
        };
    }
    let loss = (x * b).sum(..);
    let gradients = tape.grads(loss, &[a, b]);
    vec![loss, gradients[0], gradients[1], tape.grad(gradients[0].sum(..), b)]
}

#[test]
fn what_is_found_is_what_would_be_made() {
    let mut tape = Tape::new();
    for round in 0..400 {
        // Few seeds, so that recordings recur, and begin alike and then differ in a constant, an op or a shape.
        let seed = [round % 7, round * round % 11][round as usize % 2];
        let fresh = Tape::new();
        let expected = fresh.values(&random_expression(&fresh, &mut StdRng::seed_from_u64(seed))).unwrap();
        {
            let found = random_expression(&tape, &mut StdRng::seed_from_u64(seed));
            assert_eq!(tape.len(), fresh.len());
            assert_eq!(tape.values(&found).unwrap(), expected, "round {round}, seed {seed}");
        }
        tape.clear();
    }
    assert!(tape.plans() <= 20, "{}", tape.plans());
}

#[test]
fn a_recording_that_begins_like_another_goes_its_own_way() {
    let mut tape = Tape::new();
    for step in 0..12 {
        {
            let x = tape.var([1.0, 2.0, 4.0]);
            let y = x * 2.0;
            let y = if step % 3 == 0 { y + x } else { y - x };
            let y = if step % 2 == 0 { y.reshape([3, 1]) } else { y.reshape([1, 3]) };
            let value = (y * y.t()).sum(0).value().unwrap().to_f64();
            let factor = if step % 3 == 0 { 9.0 } else { 1.0 };
            assert_eq!(value, [7.0, 14.0, 28.0].map(|x| x * factor));
        }
        tape.clear();
    }
}

#[test]
fn mistakes_are_found_again() {
    let mut tape = Tape::new();
    let lines: Vec<u32> = (0..4)
        .map(|_| {
            let (x, here) = (tape.var([[1.0, 2.0]]), line!() + 1);
            let bad = x.exp().matmul(tape.var([1.0, 2.0, 3.0]));
            let Err(Error::Record(mistake)) = bad.value() else { panic!("a mistake") };
            tape.clear();
            mistake.at.0.line() - here
        })
        .collect();
    assert_eq!(lines, [0; 4]);

    // A number that the dtype doesn't have, where there was one that it has.
    for value in [2.0, 2.5] {
        {
            let whole = tape.var([1i64, 2]) * value;
            assert_eq!(whole.value().is_ok(), value == 2.0);
        }
        tape.clear();
    }
}

#[test]
fn the_line_of_an_op_is_that_of_this_recording() {
    let mut tape = Tape::new();
    let ways: [for<'t> fn(Var<'t>) -> Var<'t>; 2] = [
        |x| x.ln(), // -
        |x| x.ln(),
    ];
    let here = line!() - 3;
    for (ln, number) in ways.iter().cycle().zip(0..6) {
        {
            let y = ln(tape.var([1.0, 0.0]));
            assert!(y.sum(..).item().unwrap().is_infinite());
            let found = tape.find_nan().unwrap().expect("ln 0");
            assert_eq!((found.op, found.at.0.line()), ("ln", here + number % 2));
        }
        tape.clear();
    }
}

/// Gradient descent on `(w - 1)²`, with a counter.
fn step(tape: &Tape, params: &mut Params) -> (f64, f64) {
    let (w, count) = (params.id("w").unwrap(), params.id("count").unwrap());
    let now = tape.param(w);
    let loss = (now - 1.0).square().sum(..);
    tape.assign(w, now - tape.grad(loss, now) * 0.25);
    tape.assign(count, tape.param(count) + 1.0);
    tape.commit(params).unwrap();
    (loss.item().unwrap(), now.value().unwrap().to_f64()[0])
}

fn model() -> Params {
    let mut params = Params::seeded(0);
    params.add("w", Kind::Trainable, [9.0, 1.0, 1.0]);
    params.add("count", Kind::State, 0i64);
    params
}

#[test]
fn values_of_params_are_new_ones_and_old_ones_stay() {
    let mut params = model();
    let mut tape = Tape::with(&params);
    let mut kept = vec![params.clone()];
    for round in 0..10 {
        let old = 1.0 + 8.0 / 2f64.powi(round);
        // Reading a parameter after the commit still gives the old value.
        assert_eq!(step(&tape, &mut params), ((old - 1.0).powi(2), old));
        assert_eq!(tape.plans(), 1, "the loss is part of the commit");
        if round % 3 == 0 {
            kept.push(params.clone());
        }
        tape.clear_with(&params);
    }
    assert_eq!(params.get("count").unwrap().item().unwrap(), 10.0);
    let first = |params: &Params| params.get("w").unwrap().to_f64()[0];
    let seen: Vec<f64> = kept.iter().map(first).collect();
    assert_eq!(seen, [9.0, 5.0, 1.5, 1.0625, 1.0078125]);
}

#[test]
fn params_can_be_set_and_replaced_between_steps() {
    let mut params = model();
    let mut tape = Tape::with(&params);
    step(&tape, &mut params);
    tape.clear_with(&params);
    step(&tape, &mut params);
    params.set("w", [5.0, 1.0, 1.0]).unwrap();
    tape.clear_with(&params);
    assert_eq!(step(&tape, &mut params), (16.0, 5.0));
    // Others with another shape under the same id: memory of the old ones is not used for them.
    let mut other = Params::seeded(0);
    other.add("w", Kind::Trainable, [[3.0, 1.0], [1.0, 1.0]]);
    other.add("count", Kind::State, 0i64);
    tape.clear_with(&other);
    assert_eq!(step(&tape, &mut other), (4.0, 3.0));
    tape.clear_with(&params);
    assert_eq!(step(&tape, &mut params), (4.0, 3.0));
}

#[test]
fn a_commit_that_fails_writes_nothing() {
    let mut params = model();
    let mut tape = Tape::with(&params);
    for index in [1i64, 7, 2] {
        {
            let w = params.id("w").unwrap();
            let picked = tape.param(w).index_select(0, tape.var([index]));
            tape.assign(w, tape.param(w) + picked.expand(3));
            let before = params.tensor(w).to_f64();
            assert_eq!(tape.commit(&mut params).is_ok(), index < 3);
            assert_eq!(params.tensor(w).to_f64() == before, index >= 3);
        }
        tape.clear_with(&params);
    }
    assert_eq!(params.get("w").unwrap().to_f64(), [12.0, 4.0, 4.0]);
}
