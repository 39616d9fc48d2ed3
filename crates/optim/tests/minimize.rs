//! Minimizers: L-BFGS against PyTorch's, and where both come to.

mod common;

use chainrule_optim::*;
use chainrule_tape::{DType, Params, Tape, Tensor, Var};
use common::{Golden, WEIGHTS, deviation, loss, network};

/// Rosenbrock's function, summed over neighbours.
fn rosenbrock(tape: &Tape) -> Var<'_> {
    let x = tape.named_param("x");
    let n = x.shape()[0];
    let (a, b) = (x.slice(0, 0..n - 1), x.slice(0, 1..n));
    ((b - a.square()).square() * 100.0 + (1.0 - a).square()).sum(..)
}

fn valley(n: usize) -> Params {
    let mut params = Params::seeded(0);
    let start: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 }).collect();
    params.root().param("x", Tensor::from(start));
    params
}

#[test]
fn iterations_of_lbfgs_equal_pytorchs() {
    let golden = Golden::read("minimize.txt");
    let exact = Lbfgs::new().tolerance_grad(0.0).tolerance_change(0.0).max_eval(10_000);
    for (name, n, settings) in [
        ("rosenbrock", 2, exact),
        ("rosenbrock_default", 2, Lbfgs::new().max_eval(10_000)),
        ("rosenbrock_short", 2, exact.history_size(3)),
        ("rosenbrock_10", 10, exact),
        ("rosenbrock_10_lr", 10, exact.lr(0.3).history_size(5)),
    ] {
        let losses = golden.get(&format!("{name}.losses")).to_f64();
        let gradients = golden.get(&format!("{name}.gradient")).to_f64();
        let places = golden.get(&format!("{name}.places"));
        for iterations in 0..losses.len() {
            let mut params = valley(n);
            let found = settings.max_iter(iterations).minimize(&mut params, rosenbrock).unwrap();
            assert_eq!(found.iterations(), iterations, "{name}");
            let expected = places.rows(iterations..iterations + 1).unwrap().reshape(n).unwrap();
            let off = deviation(params.get("x").unwrap(), &expected);
            assert!(off <= 1e-10, "{name}, iteration {iterations}: {off:e}");
            assert!((found.loss - losses[iterations]).abs() <= 1e-10 * (1.0 + losses[iterations]), "{name}");
            assert!(
                (found.gradient - gradients[iterations]).abs() <= 1e-8 * (1.0 + gradients[iterations]),
                "{name}"
            );
        }
        if name.ends_with("default") {
            let mut params = valley(n);
            let found = settings.minimize(&mut params, rosenbrock).unwrap();
            assert_eq!((found.iterations(), found.stop), (losses.len() - 1, Stop::Change), "{found}");
        }
    }
}

fn on_data<'t>(tape: &'t Tape, golden: &Golden) -> Var<'t> {
    loss([tape.var(golden.get("x")), tape.var(golden.get("y"))])
}

#[test]
fn lbfgs_of_a_network_equals_pytorchs() {
    let golden = Golden::read("minimize.txt");
    let settings = Lbfgs::new().tolerance_grad(0.0).tolerance_change(0.0).max_eval(10_000);
    for iterations in [1, 10, 30] {
        let mut params = network(&golden, DType::F64);
        let found =
            settings.max_iter(iterations).minimize(&mut params, |tape| on_data(tape, &golden)).unwrap();
        let losses = Tensor::from(golden.get("network.losses").to_f64()[..=iterations].to_vec());
        assert!(deviation(&Tensor::from(found.losses), &losses) <= 1e-10);
        for weight in WEIGHTS {
            let off = deviation(
                params.get(weight).unwrap(),
                golden.get(&format!("network.step{iterations}.{weight}")),
            );
            assert!(off <= 1e-10, "iteration {iterations}, {weight}: {off:e}");
        }
    }
}

#[test]
fn newton_finds_the_ends_of_valleys() {
    for n in [2, 10, 50] {
        let mut params = valley(n);
        let found =
            NewtonCg::new().tolerance_grad(1e-10).max_iter(1000).minimize(&mut params, rosenbrock).unwrap();
        assert_eq!(found.stop, Stop::Gradient, "{n}: {found}");
        assert!(found.losses.windows(2).all(|pair| pair[1] < pair[0]), "{found:?}");
        // (The sum over neighbours has another minimum, near (-1, 1, 1, …), from four variables on.)
        let x = params.get("x").unwrap().to_f64();
        assert!(x[1..].iter().all(|x| (x - 1.0).abs() < 1e-4 || x.abs() < 1.0), "{x:?}");
    }
    let mut params = valley(2);
    NewtonCg::new().tolerance_grad(1e-10).minimize(&mut params, rosenbrock).unwrap();
    assert!(params.get("x").unwrap().to_f64().iter().all(|x| (x - 1.0).abs() < 1e-10));
}

#[test]
fn newton_takes_one_step_for_a_parabola() {
    let a = Tensor::from([[4.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 2.0]]);
    let mut params = Params::seeded(0);
    params.root().param("x", [5.0, -3.0, 100.0]);
    let found = NewtonCg::new()
        .tolerance_cg(1e-14)
        .tolerance_grad(1e-9)
        .minimize(&mut params, |tape| {
            let x = tape.named_param("x");
            (x * tape.var(&a).matmul(x)).sum(..) * 0.5 - x.sum(..)
        })
        .unwrap();
    assert_eq!((found.iterations(), found.stop), (1, Stop::Gradient), "{found}");
}

/// A regression of classes with a penalty: smooth, and convex.
fn logistic(tape: &Tape) -> Var<'_> {
    let rows = 60;
    let value = |i: usize, j: usize| (((i * 37 + j * 101) % 97) as f64 / 48.5 - 1.0) * (j as f64 + 1.0);
    let x: Vec<f64> = (0..rows).flat_map(|i| (0..4).map(move |j| value(i, j))).collect();
    let y: Vec<f64> =
        (0..rows).map(|i| if (value(i, 0) + 0.3 * value(i, 2)).sin() > 0.1 { 1.0 } else { 0.0 }).collect();
    let (x, y) = (Tensor::from_vec(x, [rows, 4]).unwrap(), Tensor::from(y));
    let w = tape.named_param("w");
    let logits = tape.var(&x).matmul(w) + tape.named_param("b");
    ((logits.exp() + 1.0).ln() - logits * tape.var(&y)).mean(..) + w.square().sum(..) * 0.005
}

#[test]
fn both_solve_a_logistic_regression() {
    let start = || {
        let mut params = Params::seeded(0);
        params.root().param("w", [0.0, 0.0, 0.0, 0.0]);
        params.root().param("b", 0.0);
        params
    };
    let (mut newton, mut lbfgs) = (start(), start());
    let found = NewtonCg::new().tolerance_grad(1e-10).minimize(&mut newton, logistic).unwrap();
    assert_eq!(found.stop, Stop::Gradient, "{found}");
    assert!(found.iterations() <= 10, "{found}");
    let found =
        Lbfgs::new().tolerance_grad(1e-9).tolerance_change(0.0).minimize(&mut lbfgs, logistic).unwrap();
    assert!(found.gradient < 1e-7, "{found}");
    for name in ["w", "b"] {
        assert!(deviation(lbfgs.get(name).unwrap(), newton.get(name).unwrap()) < 1e-6);
    }
}

#[test]
fn downward_curves_are_left() {
    // A saddle at 0: between two minima at ±1.
    let mut params = Params::seeded(0);
    params.root().param("x", [0.1, 3.0]);
    let found = NewtonCg::new()
        .minimize(&mut params, |tape| {
            let x = tape.named_param("x");
            ((x.at(0, 0).square() - 1.0).square() + x.at(0, 1).square()).sum(..)
        })
        .unwrap();
    assert_eq!(found.stop, Stop::Gradient, "{found}");
    let x = params.get("x").unwrap().to_f64();
    assert!((x[0].abs() - 1.0).abs() < 1e-6 && x[1].abs() < 1e-6, "{x:?}");
}

#[test]
fn single_precision_and_frozen_parameters_are_minimized_too() {
    let mut params = Params::seeded(0);
    params.root().param("x", [-1.2f32, 1.0]);
    params.root().param("fixed", [7.0f32]);
    params.freeze("fixed");
    let found = Lbfgs::new().minimize(&mut params, rosenbrock).unwrap();
    assert!(params.get("x").unwrap().to_f64().iter().all(|x| (x - 1.0).abs() < 1e-2), "{found}");
    assert_eq!(params.get("fixed"), Some(&Tensor::from([7.0f32])));
}

#[test]
fn walls_and_mistakes_end_the_search() {
    // -∞ of a logarithm is a wall, which the line search does not go through.
    let mut params = Params::seeded(0);
    params.root().param("x", [0.1]);
    fn walled(tape: &Tape) -> Var<'_> {
        let x = tape.named_param("x");
        (x * 10.0 - x.ln()).sum(..)
    }
    Lbfgs::new().lr(50.0).minimize(&mut params, walled).unwrap();
    assert!((params.get("x").unwrap().to_f64()[0] - 0.1).abs() < 1e-6);

    params.set("x", [-1.0]).unwrap();
    assert_eq!(Lbfgs::new().minimize(&mut params, walled).unwrap().stop, Stop::NotFinite);
    assert_eq!(NewtonCg::new().minimize(&mut params, walled).unwrap().stop, Stop::NotFinite);
    assert_eq!(params.get("x").unwrap().to_f64(), [-1.0]);
    // Nothing to do.
    params.set("x", [0.1]).unwrap();
    let found = Lbfgs::new().max_iter(0).minimize(&mut valley(2), rosenbrock).unwrap();
    assert_eq!((found.stop, found.evaluations, found.losses.len()), (Stop::Iterations, 1, 1));
    assert_eq!(
        Lbfgs::new().max_eval(3).minimize(&mut valley(2), rosenbrock).unwrap().stop,
        Stop::Evaluations
    );

    let error = |result: chainrule_tape::Result<Minimum>| result.unwrap_err().to_string();
    let mut params = valley(2);
    assert!(
        error(Lbfgs::new().history_size(0).minimize(&mut params, rosenbrock)).contains("history_size is 0")
    );
    assert!(error(Lbfgs::new().lr(f64::NAN).minimize(&mut params, rosenbrock)).contains("lr is NaN"));
    assert!(
        error(NewtonCg::new().tolerance_cg(2.0).minimize(&mut params, rosenbrock))
            .contains("tolerance_cg is 2")
    );
    let text =
        error(Lbfgs::new().minimize(&mut params, |tape| tape.named_param("x") * tape.var([1.0, 2.0, 3.0])));
    assert!(text.contains(&format!("minimize.rs:{}", line!() - 1)), "{text}");
}
