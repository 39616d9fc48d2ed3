//! Schedules against PyTorch's, and what they promise beside.

mod common;

use chainrule_optim::*;
use common::Golden;
use std::collections::HashSet;

/// The golden file's rate.
const RATE: f64 = 0.4;

fn cases() -> Vec<(&'static str, Schedule)> {
    vec![
        ("constant", constant_for(7, 0.3)),
        ("step", step_decay(30, 0.1)),
        ("step_7", step_decay(7, 0.85)),
        ("multi_step", multi_step([10, 45, 80], 0.3)),
        ("multi_step_unordered", multi_step([50, 20, 20], 0.5)),
        ("linear", linear(60, 0.1)),
        ("linear_up", linear_between(5, 1.0 / 3.0, 1.0)),
        ("polynomial", polynomial(60, 1.0)),
        ("polynomial_power", polynomial(90, 2.5)),
        ("exponential", exponential(0.97)),
        ("cosine", cosine(100, 0.0)),
        ("cosine_floor", cosine(100, 0.1)),
        ("restarts", cosine_restarts(15, 1, 0.0)),
        ("restarts_growing", cosine_restarts(7, 2, 0.02 / RATE)),
        ("one_cycle", one_cycle(100).into()),
        (
            "one_cycle_settings",
            one_cycle(100).pct_start(0.45).linear().div_factor(10.0).final_div_factor(50.0).into(),
        ),
        ("one_cycle_three", one_cycle(100).pct_start(0.37).three_phase().into()),
        ("one_cycle_three_linear", one_cycle(100).three_phase().linear().into()),
        ("cyclic", cyclic(9, 0.1 / RATE).into()),
        ("cyclic_down", cyclic(4, 0.1 / RATE).down(13).into()),
        ("cyclic_triangular2", cyclic(8, 0.02 / RATE).triangular2().into()),
        ("cyclic_exp_range", cyclic(10, 0.05 / RATE).exp_range(0.98).into()),
        ("lambda", Schedule::new(|t| 1.0 / (1.0 + 0.1 * t as f64))),
        ("noam", noam(64, 20)),
        ("inverse_sqrt", inverse_sqrt(20)),
        ("chained", constant_for(20, 0.1) * exponential(0.95)),
        ("joined", linear_between(10, 0.1, 1.0).then(10, exponential(0.9)).then(50, step_decay(10, 0.5))),
        ("warmup_cosine", linear_between(10, 0.1, 1.0).then(10, cosine(90, 0.0))),
    ]
}

fn plateaus() -> Vec<(&'static str, ReduceOnPlateau)> {
    // (PyTorch compares rates, not factors.)
    let new = || ReduceOnPlateau::new().eps(1e-8 / RATE);
    vec![
        ("default", new()),
        ("patience", new().factor(0.5).patience(2)),
        ("absolute", new().factor(0.5).patience(1).threshold_absolute(0.02)),
        ("cooldown", new().factor(0.7).patience(1).cooldown(4)),
        ("floor", new().factor(0.5).patience(0).min_factor(0.03 / RATE)),
        ("maximize", new().maximize().factor(0.5).patience(3).threshold(0.01)),
        ("maximize_absolute", new().maximize().factor(0.5).patience(3).threshold_absolute(0.05)),
    ]
}

fn assert_close(found: &[f64], expected: &[f64], name: &str) {
    assert_eq!(found.len(), expected.len());
    for (t, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= 1e-12 * RATE, "{name}, step {t}: {a} is not {b}");
    }
}

#[test]
fn rates_equal_pytorch() {
    let golden = Golden::read("schedule.txt");
    let tested: HashSet<String> = cases().iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(tested, golden.keys().filter(|key| !key.contains('.')).map(str::to_owned).collect());
    for (name, schedule) in cases() {
        let expected = golden.get(name).to_f64();
        let optimizer = sgd(RATE).schedule(schedule);
        optimizer.check().unwrap();
        let rates: Vec<f64> = (0..expected.len() as u64).map(|t| optimizer.lr_at(t)).collect();
        assert_close(&rates, &expected, name);
    }
}

#[test]
fn plateaus_equal_pytorch() {
    let golden = Golden::read("schedule.txt");
    for (name, mut plateau) in plateaus() {
        let expected = golden.get(&format!("plateau.{name}")).to_f64();
        assert!(expected.last() != expected.first(), "{name}");
        let mut rates = Vec::new();
        for metric in golden.get(&format!("plateau.{name}.metric")).to_f64() {
            // Each step from a saved state, as if the training had been resumed there.
            let state = plateau.state();
            let mut resumed = plateaus().into_iter().find(|(other, _)| *other == name).unwrap().1;
            resumed.set_state(state);
            plateau = resumed;
            rates.push(RATE * plateau.step(metric).unwrap());
        }
        assert_close(&rates, &expected, name);
    }
}

#[test]
fn schedules_end_and_begin_where_they_say() {
    let values = |schedule: Schedule, steps: &[u64]| -> Vec<f64> {
        steps.iter().map(|&step| schedule.factor(step)).collect()
    };
    assert_eq!(
        values(one_cycle(10).div_factor(4.0).final_div_factor(2.0).into(), &[0, 9, 10, 1000]),
        [0.25, 0.125, 0.125, 0.125]
    );
    // A rise of no length, and of one step.
    assert!(values(one_cycle(10).pct_start(0.0).into(), &[0, 1, 9]).iter().all(|x| x.is_finite()));
    assert_eq!(values(one_cycle(10).pct_start(0.1).into(), &[0]), [1.0]);
    assert_eq!(values(one_cycle(1).into(), &[0, 5]), [1.0 / 25.0 / 1e4; 2]);
    assert_eq!(values(cyclic(2, 0.0).down(0).into(), &[0, 1, 2, 3]), [0.0, 0.5, 0.0, 0.5]);
    assert_eq!(values(cosine_restarts(4, 1, 0.0), &[0, 4_000_000_000_000]), [1.0, 1.0]);
    assert!(values(cosine_restarts(1, 3, 0.5), &[u64::MAX]).iter().all(|x| (0.5..=1.0).contains(x)));
    assert_eq!(values(multi_step([], 0.1), &[0, 10]), [1.0, 1.0]);
    assert_eq!(values(constant() * 0.5 * (constant() * 0.25), &[3]), [0.125]);
    assert_eq!(format!("{:?}", constant().times(linear(3, 0.5)) * 2.0), "((constant * linear(3, 0.5)) * 2)");
}

#[test]
fn settings_out_of_range_are_reported() {
    let error = |schedule: Schedule| sgd(0.1).schedule(schedule).check().unwrap_err().to_string();
    for (text, expected) in [
        (error(constant_for(1, -1.0)), "the factor is -1"),
        (error(linear_between(3, f64::NAN, 1.0)), "the first factor is NaN"),
        (error(polynomial(3, 0.0)), "the power is 0"),
        (error(multi_step([1], -0.5)), "the factor is -0.5"),
        (error(cosine_restarts(0, 1, 0.0)), "one step or more"),
        (error(cosine_restarts(5, 0, 0.0)), "the growth is 0"),
        (error(one_cycle(0).into()), "one_cycle(0): it needs one step or more"),
        (error(one_cycle(10).pct_start(1.5).into()), "pct_start is 1.5"),
        (error(one_cycle(10).pct_start(0.6).three_phase().into()), "at most 0.5"),
        (error(one_cycle(10).div_factor(0.0).into()), "div_factor is 0"),
        (error(cyclic(0, 0.0).into()), "one step or more"),
        (error(cyclic(3, -0.1).into()), "low is -0.1"),
        (error(cyclic(3, 0.1).exp_range(f64::NAN).into()), "gamma is NaN"),
        (error(inverse_sqrt(0)), "one step or more"),
        (error(noam(0, 10)), "the width is 0"),
        (error(constant() * polynomial(3, -1.0)), "the power is -1"),
    ] {
        assert!(text.contains(expected), "`{expected}` is not in: {text}");
    }
    let plateau = ReduceOnPlateau::new();
    for (mut plateau, expected) in [
        (plateau.clone().factor(1.0), "factor is 1"),
        (plateau.clone().threshold(-1.0), "threshold is -1"),
        (plateau.min_factor(f64::NAN), "min_factor is NaN"),
    ] {
        let text = plateau.step(1.0).unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_nan_is_no_improvement() {
    let mut plateau = ReduceOnPlateau::new().patience(0).factor(0.5);
    assert_eq!(plateau.step(1.0).unwrap(), 1.0);
    assert_eq!(plateau.step(f64::NAN).unwrap(), 0.5);
    assert_eq!(plateau.state().best, 1.0);
}
