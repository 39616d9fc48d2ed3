//! The first hundred steps of further optimizers against PyTorch's, optax's and the papers' formulas.

mod common;

use chainrule_optim::*;
use chainrule_tape::{DType, Params, Shape};
use common::{Golden, WEIGHTS, deviation, loss, network};
use std::collections::HashSet;

type Boxed = Optimizer<Box<dyn Transform>>;

fn matrix(_: &str, shape: &Shape) -> bool {
    shape.rank() == 2
}

/// The optimizers of the golden file's configurations.
fn configurations() -> Vec<(&'static str, Boxed)> {
    let fall = || cosine(100, 0.0);
    vec![
        ("sgd_maximize", sgd(1e-3).momentum(0.9).weight_decay(0.1).maximize().boxed()),
        ("adam_maximize", adam(1e-3).maximize().boxed()),
        ("adam_decoupled", adam(0.01).weight_decay(0.05).decoupled().boxed()),
        ("adamw_amsgrad", adamw(0.01).betas(0.9, 0.9).amsgrad().boxed()),
        ("adamax_decay", adamax(5e-3).betas(0.8, 0.9).eps(1e-4).weight_decay(0.03).boxed()),
        ("adadelta_mixed", adadelta(0.5).rho(0.8).eps(1e-5).weight_decay(0.03).boxed()),
        (
            "nadam_mixed",
            nadam(0.01).betas(0.8, 0.95).eps(1e-5).momentum_decay(0.01).weight_decay(0.03).boxed(),
        ),
        ("nadam_decoupled", nadam(0.01).weight_decay(0.05).decoupled().boxed()),
        ("radam", radam(0.01).boxed()),
        ("radam_mixed", radam(0.01).betas(0.8, 0.95).eps(1e-4).weight_decay(0.03).boxed()),
        ("radam_decoupled", radam(0.01).weight_decay(0.05).decoupled().boxed()),
        ("adafactor", adafactor(0.01).boxed()),
        (
            "adafactor_mixed",
            adafactor(0.02).beta2_decay(-0.6).eps(1e-3, 1e-2).clip_threshold(1.5).weight_decay(0.03).boxed(),
        ),
        ("asgd", asgd(0.1).boxed()),
        ("asgd_mixed", asgd(0.1).lambd(1e-2).alpha(0.6).average_from(20.0).weight_decay(0.02).boxed()),
        ("rprop", rprop(0.01).boxed()),
        ("rprop_mixed", rprop(0.01).etas(0.3, 1.5).step_sizes(1e-3, 0.02).maximize().boxed()),
        ("muon", muon(2e-3).boxed()),
        (
            "muon_mixed",
            muon(0.01)
                .others(0.5)
                .others_betas(0.8, 0.95)
                .weight_decay(0.02)
                .momentum(0.8)
                .nesterov(false)
                .coefficients(3.0, -4.0, 2.0)
                .ns_steps(3)
                .scale(MuonScale::MatchRmsAdamw)
                .boxed(),
        ),
        ("muon_spectral", muon(2e-3).eps(0.5).scale(MuonScale::SpectralUnclamped).schedule(fall()).boxed()),
        ("lion", lion(1e-3).boxed()),
        ("lion_mixed", lion(2e-3).betas(0.8, 0.9).weight_decay(0.1).schedule(fall()).boxed()),
        ("lamb", lamb(0.01).boxed()),
        ("lamb_mixed", lamb(0.01).betas(0.8, 0.95).eps(1e-3).weight_decay(0.1).decay_only(matrix).boxed()),
        ("lars", lars(5.0).boxed()),
        (
            "lars_mixed",
            lars(1.0)
                .weight_decay(0.1)
                .decay_only(matrix)
                .trust_coefficient(0.01)
                .eps(0.1)
                .momentum(0.8)
                .nesterov()
                .trust_only(matrix)
                .schedule(fall())
                .boxed(),
        ),
        ("yogi", yogi(0.01).boxed()),
        ("yogi_mixed", yogi(0.01).betas(0.8, 0.9).eps(1e-2).boxed()),
        ("adabelief", adabelief(0.01).boxed()),
        ("adabelief_mixed", adabelief(0.01).betas(0.8, 0.9).eps(1e-3).eps_root(1e-6).boxed()),
        ("adan", adan(0.01).boxed()),
        ("adan_mixed", adan(0.01).betas(0.9, 0.8, 0.95).eps(1e-3).weight_decay(0.1).boxed()),
        ("prodigy", prodigy(1.0).schedule(fall()).boxed()),
        (
            "prodigy_mixed",
            prodigy(1.0)
                .betas(0.8, 0.95)
                .eps(1e-4)
                .d0(1e-4)
                .d_coef(0.5)
                .weight_decay(0.1)
                .safeguard_warmup()
                .schedule(fall())
                .boxed(),
        ),
        ("prodigy_corrected", prodigy(1.0).beta3(0.9).weight_decay(0.1).bias_correction().boxed()),
        ("schedule_free_sgd", schedule_free_sgd(0.2).boxed()),
        (
            "schedule_free_sgd_mixed",
            schedule_free_sgd(0.2).beta(0.7).weight_decay(0.1).weight_lr_power(0.5).boxed(),
        ),
        ("schedule_free_adamw", schedule_free_adamw(0.01).boxed()),
        (
            "schedule_free_adamw_mixed",
            schedule_free_adamw(0.01).betas(0.95, 0.9).eps(1e-3).weight_decay(0.1).boxed(),
        ),
        ("heavy_ball", heavy_ball(0.1, 0.9).schedule(fall()).boxed()),
        ("nag", nag(0.1, 0.9).schedule(fall()).boxed()),
        ("sophia", sophia(5e-3).boxed()),
        (
            "sophia_mixed",
            sophia(0.01).beta1(0.9).gamma(0.5).eps(1e-3).clip_threshold(0.8).weight_decay(0.1).boxed(),
        ),
    ]
}

/// How often Sophia's estimate is renewed, and its factor.
fn estimate(name: &str) -> Option<(u64, f64)> {
    match name {
        "sophia" => Some((10, 0.99)),
        "sophia_mixed" => Some((7, 0.9)),
        _ => None,
    }
}

/// A hundred steps: `seen` after each, with the loss before it.
fn train(
    golden: &Golden,
    (name, optimizer): (&str, Boxed),
    dtype: DType,
    mut seen: impl FnMut(u64, f64, &Params),
) -> (TrainStep<'static, 2>, Params) {
    let mut params = network(golden, dtype);
    let (x, y) = (golden.get("x").cast(dtype), golden.get("y").cast(dtype));
    let mut step = TrainStep::new(optimizer, loss);
    let every = estimate(name);
    let mut curvature =
        Curvature::new(|[x, y]| loss([x, y * -0.5])).beta(every.map_or(0.0, |(_, beta)| beta));
    for t in 1..=100 {
        if every.is_some_and(|(every, _)| (t - 1) % every == 0) {
            curvature.run(&mut params, 8, [&x, &y]).unwrap();
        }
        let loss = step.run(&mut params, [&x, &y]).unwrap();
        seen(t, loss, &params);
    }
    (step, params)
}

#[test]
fn every_configuration_is_tested() {
    let golden = Golden::read("optim_more.txt");
    let tested: HashSet<&str> = configurations().iter().map(|(name, _)| *name).collect();
    assert_eq!(tested, golden.names().collect());
}

#[test]
fn a_hundred_steps_equal_the_references_in_f64() {
    let (golden, start) = (Golden::read("optim_more.txt"), Golden::read("optim.txt"));
    for (name, optimizer) in configurations() {
        let mut worst = 0.0f64;
        let mut note = |deviation: f64, what: &str| {
            assert!(deviation <= 1e-10, "{what}: {deviation:e}");
            worst = worst.max(deviation);
        };
        let mut losses = Vec::new();
        let (step, params) = train(&start, (name, optimizer), DType::F64, |t, loss, params| {
            if t % 10 == 0 {
                losses.push(loss);
            }
            for weight in WEIGHTS {
                let key = format!("{name}.step{t}.{weight}");
                if golden.has(&key) {
                    note(deviation(params.get(weight).unwrap(), golden.get(&key)), &key);
                }
            }
        });
        let key = format!("{name}.loss");
        note(deviation(&losses.into(), golden.get(&key)), &key);
        let found = step.evaluation(&params).unwrap();
        for weight in WEIGHTS {
            let key = format!("{name}.found.{weight}");
            if golden.has(&key) {
                note(deviation(found.get(weight).unwrap(), golden.get(&key)), &key);
            } else {
                assert_eq!(found.get(weight), params.get(weight), "{name}");
            }
        }
        println!("{worst:8.1e} {name}");
    }
}

#[test]
fn a_hundred_steps_in_f32_go_the_same_way() {
    let (golden, start) = (Golden::read("optim_more.txt"), Golden::read("optim.txt"));
    for (name, optimizer) in configurations() {
        let mut last = 0.0;
        train(&start, (name, optimizer), DType::F32, |t, loss, _| {
            assert!(loss.is_finite(), "{name}");
            if t == 100 {
                last = loss;
            }
        });
        if name.starts_with("prodigy") {
            // Its rate begins at a millionth, with p₀ - p of few digits in f32, and grows by what they say.
            continue;
        }
        let expected = golden.get(&format!("{name}.loss")).to_f64()[9];
        assert!((last / expected - 1.0).abs() < 2e-2, "{name}: {last} and {expected}");
    }
}
