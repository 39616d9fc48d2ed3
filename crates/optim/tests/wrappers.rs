//! What goes around an update rule: a hundred steps against PyTorch, optax and formulas.

mod common;

use chainrule_optim::*;
use chainrule_tape::{DType, Kind, Params, Tape, Tensor, Var};
use common::{Golden, WEIGHTS, deviation, loss, network, weight};
use std::collections::HashSet;

type Boxed = Optimizer<Box<dyn Transform>>;

/// An optimizer, the average of its parameters, and the batches of a step.
struct Case {
    name: &'static str,
    optimizer: Boxed,
    ema: Option<Ema>,
    batches: u64,
}

fn case(name: &'static str, optimizer: Optimizer<impl Transform + 'static>) -> Case {
    Case { name, optimizer: optimizer.boxed(), ema: None, batches: 1 }
}

fn averaged(name: &'static str, optimizer: Optimizer<impl Transform + 'static>, ema: Ema) -> Case {
    Case { ema: Some(ema), ..case(name, optimizer.ema(ema)) }
}

fn groups() -> Optimizer<Adam> {
    adamw(0.01)
        .group("b*", |g| g.weight_decay(0.0))
        .group("*2", |g| g.with_lr(0.05).betas(0.8, 0.99))
        .weight_decay(0.1)
}

fn cases() -> Vec<Case> {
    let momentum = || sgd(0.1).momentum(0.9);
    vec![
        case("clip_each", sgd(0.1).clip_norm_each(0.05)),
        case("clip_value", momentum().clip_value(0.02)),
        case("agc", sgd(0.1).clip_adaptive(0.02)),
        case("agc_eps", adam(0.01).before(ClipAdaptive::new(0.1).eps(0.5))),
        case("centralize", adam(0.01).centralize()),
        case("lookahead", adam(0.01).lookahead(6, 0.5)),
        case("lookahead_sgd", momentum().lookahead(5, 0.8)),
        case("sam", momentum().sam(0.05)),
        case("asam", adam(0.01).adaptive_sam(0.5)),
        // PyTorch's begins with the parameters after the first step.
        averaged("ema", adam(0.01), Ema::new(0.9).start(1)),
        averaged("ema_debias", adam(0.01), Ema::new(0.95).debias()),
        averaged("ema_warm", adam(0.01), Ema::new(0.9).warmup()),
        averaged("swa", sgd(0.1), Ema::mean().start(5).every(5)),
        Case { batches: 4, ..case("accumulate", adam(0.01)) },
        Case { batches: 3, ..case("accumulate_3", momentum()) },
        case("skip", adam(0.01).skip_nonfinite()),
        case("groups", groups()),
        case("groups_scheduled", groups().boxed().schedule(exponential(0.98))),
    ]
}

/// The batch of a step, counted from 0.
fn batch(golden: &Golden, name: &str, step: usize) -> [Tensor; 2] {
    let [mut x, y] = ["x", "y"].map(|key| golden.get(key).clone());
    if name.starts_with("accumulate") {
        let rows = 2 * step % 8..2 * step % 8 + 2;
        return [x.rows(rows.clone()).unwrap(), y.rows(rows).unwrap()];
    }
    if name == "skip" && [3, 4, 50].contains(&step) {
        x.as_mut_slice::<f64>().unwrap()[0] = f64::INFINITY;
    }
    [x, y]
}

#[test]
fn a_hundred_steps_equal_their_references() {
    let golden = Golden::read("wrappers.txt");
    let tested: HashSet<&str> = cases().iter().map(|case| case.name).collect();
    assert_eq!(tested, golden.names().collect());
    for Case { name, optimizer, ema, batches } in cases() {
        let mut worst = (0.0, String::new());
        let mut note = |deviation: f64, what: String| {
            assert!(deviation <= 1e-10, "{what}: {deviation:e}");
            if deviation > worst.0 {
                worst = (deviation, what);
            }
        };
        let mut params = network(&golden, DType::F64);
        let mut step = TrainStep::new(optimizer, loss).accumulate(batches);
        let mut losses = Vec::new();
        for t in 0..100 {
            let [x, y] = batch(&golden, name, t);
            let loss = step.run(&mut params, [&x, &y]).unwrap();
            losses.push(if loss.is_finite() { loss } else { 0.0 });
            let averages = ema.map(|ema| ema.params(&params).unwrap());
            for weight in WEIGHTS {
                let key = format!("{name}.step{}.{weight}", t + 1);
                if golden.has(&key) {
                    note(deviation(params.get(weight).unwrap(), golden.get(&key)), key);
                }
                let key = format!("{name}.step{}.ema.{weight}", t + 1);
                if golden.has(&key) {
                    note(deviation(averages.as_ref().unwrap().get(weight).unwrap(), golden.get(&key)), key);
                }
            }
        }
        note(deviation(&Tensor::from(losses), golden.get(&format!("{name}.loss"))), format!("{name}.loss"));
        let skipped = if name == "skip" { 3 } else { 0 };
        assert_eq!(step.skipped(&params), skipped, "{name}");
        assert_eq!(step.steps(&params), 100 / batches - skipped, "{name}");
        assert_eq!(step.plans(), if batches > 1 { 2 } else { 1 }, "{name}");
        println!("{:8.1e} {}", worst.0, worst.1);
    }
}

#[test]
fn all_of_it_is_saved_and_resumed_with_the_same_bits() {
    let golden = Golden::read("wrappers.txt");
    let folder = std::env::temp_dir().join(format!("chainrule-wrappers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("net.safetensors");
    let more = || {
        vec![
            case("noise", sgd(0.1).noise(0.1).lookahead(3, 0.5).ema(Ema::new(0.9).debias())),
            Case { batches: 3, ..case("accumulate_noise", adam(0.01).noise(0.1).sam(0.1).skip_nonfinite()) },
        ]
    };
    fn noisy<'t>([x, y]: [Var<'t>; 2]) -> Var<'t> {
        loss([x + x.tape().normal(x.shape(), x.dtype()) * 0.1, y])
    }
    for number in 0..cases().len() + 2 {
        let make = || cases().into_iter().chain(more()).nth(number).unwrap();
        let run = |step: &mut TrainStep<'_, 2>, params: &mut Params, name, from, to| {
            for t in from..to {
                let [x, y] = batch(&golden, name, t);
                step.run(params, [&x, &y]).unwrap();
            }
        };
        let Case { name, optimizer, batches, .. } = make();
        let mut whole = network(&golden, DType::F64);
        let mut step = TrainStep::new(optimizer, noisy).accumulate(batches);
        run(&mut step, &mut whole, name, 0, 8);
        whole.save(&path).unwrap();
        run(&mut step, &mut whole, name, 8, 20);

        let mut resumed = network(&golden, DType::F64);
        resumed.load(&path).unwrap();
        let mut step = TrainStep::new(make().optimizer, noisy).accumulate(batches);
        run(&mut step, &mut resumed, name, 8, 20);
        for (key, _, tensor) in whole.iter() {
            let bits = |tensor: &Tensor| tensor.to_f64().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(tensor), bits(resumed.get(key).unwrap()), "{name}: {key}");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn small_batches_are_one_large_one() {
    let golden = Golden::read("wrappers.txt");
    let [x, y] = ["x", "y"].map(|key| golden.get(key));
    let (mut large, mut small) = (network(&golden, DType::F64), network(&golden, DType::F64));
    let make = || adamw(0.01).clip_norm(0.1).ema(Ema::new(0.9)).schedule(linear(20, 0.1));
    let mut whole = TrainStep::new(make(), loss);
    let mut parts = TrainStep::new(make(), loss).accumulate(4);
    for _ in 0..20 {
        whole.run(&mut large, [x, y]).unwrap();
        for part in 0..4 {
            let rows = 2 * part..2 * part + 2;
            parts.run(&mut small, [&x.rows(rows.clone()).unwrap(), &y.rows(rows).unwrap()]).unwrap();
        }
    }
    for (name, _, tensor) in large.iter() {
        assert!(deviation(small.get(name).unwrap(), tensor) < 1e-12, "{name}");
    }
}

/// Parameters of these names, each one number, and a loss whose gradients are all the input.
fn numbers(names: &[&str]) -> Params {
    let mut params = Params::seeded(0);
    for name in names {
        params.add(name, Kind::Trainable, 0.0f64);
    }
    params
}

fn slopes<'t>([x]: [Var<'t>; 1]) -> Var<'t> {
    let tape = x.tape();
    let params = tape.params().expect("params");
    let all = params.ids().filter(|&id| params.kind(id) == Kind::Trainable);
    all.map(|id| (tape.param(id) * x).sum(..)).reduce(|sum, one| sum + one).expect("a parameter")
}

fn value(params: &Params, name: &str) -> f64 {
    params.get(name).unwrap().to_f64()[0]
}

#[test]
fn groups_are_found_by_name_whatever_the_order_of_the_settings() {
    let x = Tensor::from([-1.0]);
    let mut params = numbers(&["body.weight", "body.bias", "head.weight", "head.bias", "header"]);
    let optimizer = sgd(0.5)
        .group("head", |g| g.with_lr(2.0).schedule(constant()))
        .group("*.bias", |g| g.scale_lr(10.0))
        .schedule(constant() * 0.5);
    let mut step = TrainStep::new(optimizer, slopes);
    step.run(&mut params, [&x]).unwrap();
    let found = ["body.weight", "body.bias", "head.weight", "head.bias", "header"];
    assert_eq!(found.map(|name| value(&params, name)), [0.25, 2.5, 2.0, 20.0, 0.25]);
    // Another rate changes those of the groups in proportion, and plans nothing.
    step.set_lr(0.25);
    step.run(&mut params, [&x]).unwrap();
    assert_eq!(found.map(|name| value(&params, name)), [0.375, 3.75, 3.0, 30.0, 0.375]);
    assert_eq!(step.plans(), 1);
}

#[test]
fn rates_of_groups_that_begin_with_0() {
    let x = Tensor::from([-1.0]);
    let mut params = numbers(&["weight", "bias"]);
    let mut step = TrainStep::new(sgd(0.0).group("bias", |g| g.scale_lr(10.0)), slopes);
    step.set_lr(0.5);
    step.run(&mut params, [&x]).unwrap();
    assert_eq!(["weight", "bias"].map(|name| value(&params, name)), [0.5, 5.0]);

    let record = |optimizer: Optimizer<Sgd>| {
        let mut params = numbers(&["weight", "bias"]);
        optimizer.prepare(&mut params).unwrap();
        let tape = Tape::with(&params);
        let (rate, loss) = (tape.var(0.5), slopes([tape.var(&x)]));
        let new = optimizer.record_with(&tape, tape.param_grads(loss).unwrap(), rate);
        new.map(|new| new.iter().map(|(_, value)| value.item().unwrap()).collect::<Vec<f64>>())
    };
    assert_eq!(record(sgd(0.0).group("bias", |g| g.scale_lr(10.0))).unwrap(), [0.5, 5.0]);
    assert_eq!(record(sgd(0.1).group("bias", |g| g.with_lr(1.0))).unwrap(), [0.5, 5.0]);
    let error = record(sgd(0.0).group("bias", |g| g.with_lr(1.0))).unwrap_err().to_string();
    assert!(error.contains("group(\"bias\"): its rate is no multiple"), "{error}");
}

#[test]
fn mistakes_in_groups_are_reported() {
    let error = |optimizer: Optimizer<Sgd>| {
        let mut step = TrainStep::new(optimizer, slopes);
        step.run(&mut numbers(&["weight", "bias"]), [&Tensor::from([1.0])]).unwrap_err().to_string()
    };
    for (text, expected) in [
        (error(sgd(0.1).group("*.bias", |g| g)), "group(\"*.bias\"): no parameter has such a name"),
        (error(sgd(0.1).group("bias", |g| g.clip_norm(1.0))), "group(\"bias\"): a group has its own rate"),
        (error(sgd(0.1).group("bias", |g| g.sam(1.0))), "stages are those of all"),
        (error(sgd(0.1).group("bias", |g| g.momentum(-1.0))), "momentum is -1"),
        (error(sgd(0.1).group("bias", |g| g.with_lr(-2.0))), "learning rate is -2"),
        (error(sgd(0.1).lookahead(0, 0.5)), "lookahead needs one step"),
        (error(sgd(0.1).lookahead(5, 1.5)), "alpha is 1.5"),
        (error(sgd(0.1).noise(-1.0)), "eta is -1"),
        (error(sgd(0.1).before(Noise::new(1.0).gamma(f64::NAN))), "gamma is NaN"),
        (error(sgd(0.1).sam(f64::NAN)), "rho is NaN"),
        (error(sgd(0.1).clip_norm_each(0.0)), "clip_norm_each is 0"),
        (error(sgd(0.1).clip_adaptive(-0.1)), "clip_adaptive is -0.1"),
        (error(sgd(0.1).ema(Ema::new(1.0))), "ema's decay is 1"),
        (error(sgd(0.1).ema(Ema::mean().debias())), "no bias to correct"),
        (error(sgd(0.1).ema(Ema::new(0.9).every(0))), "every is 0"),
        (error(sgd(0.1).ema(Ema::new(0.9)).ema(Ema::new(0.99))), "two transforms keep `optim.ema.weight`"),
    ] {
        assert!(text.contains(expected), "`{expected}` is not in: {text}");
    }
    let text = Ema::new(0.9).params(&numbers(&["w"])).unwrap_err().to_string();
    assert!(text.contains("no average `optim.ema.w`"), "{text}");
}

#[test]
fn noise_has_its_variance_and_is_another_in_each_step() {
    let n = 200_000;
    let mut params = Params::seeded(5);
    params.root().param("w", Tensor::zeros(n, DType::F64));
    let mut step = TrainStep::new(sgd(1.0).noise(0.25), |[x]| (weight(x.tape(), "w") * x).sum(..));
    let mut before = vec![0.0; n];
    let mut last = Vec::new();
    for t in 1..=3 {
        step.run(&mut params, [&Tensor::from([0.0])]).unwrap();
        let now = params.get("w").unwrap().to_f64();
        let noise: Vec<f64> = now.iter().zip(&before).map(|(a, b)| a - b).collect();
        let variance = noise.iter().map(|x| x * x).sum::<f64>() / n as f64;
        let expected = 0.25 / (t as f64).powf(0.55);
        // Four standard deviations of a variance of so many numbers.
        assert!((variance / expected - 1.0).abs() < 4.0 * (2.0 / n as f64).sqrt(), "{t}: {variance}");
        assert_ne!(noise, last);
        (before, last) = (now, noise);
    }
}

#[test]
fn what_is_not_finite_leaves_no_trace() {
    let mut params = numbers(&["w"]);
    let mean = params.root().state("mean", 0.5);
    let mut step = TrainStep::new(adam(0.1).lookahead(2, 0.5).ema(Ema::new(0.5)).skip_nonfinite(), |[x]| {
        x.tape().assign(mean, x.mean(..));
        slopes([x])
    });
    step.run(&mut params, [&Tensor::from([1.0])]).unwrap();
    let before = params.clone();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(!step.run(&mut params, [&Tensor::from([bad])]).unwrap().is_finite());
    }
    for (name, _, tensor) in before.iter().filter(|(name, ..)| *name != "optim.skipped") {
        assert_eq!(params.get(name), Some(tensor), "{name}");
    }
    assert_eq!((step.skipped(&params), step.steps(&params)), (3, 1));
    step.run(&mut params, [&Tensor::from([1.0])]).unwrap();
    assert_eq!(step.steps(&params), 2);
    assert_ne!(params.get("w"), before.get("w"));
}

#[test]
fn sam_takes_statistics_and_leaves_parameters_where_they_are() {
    let mut params = numbers(&["w"]);
    let seen = params.root().state("seen", 0.0);
    let mut step = TrainStep::new(sgd(0.5).sam(2.0), |[x]| {
        let w = weight(x.tape(), "w");
        x.tape().assign(seen, x.tape().assigned(seen) + w + 1.0);
        ((w - x).square() * 0.5).sum(..)
    });
    // The slope at 0 is -1, so the loss is largest at -2, where it is -3.
    step.run(&mut params, [&Tensor::from([1.0])]).unwrap();
    assert!((value(&params, "w") - 1.5).abs() < 1e-11);
    assert_eq!(value(&params, "seen"), 1.0);
    let optimizer = sgd(0.5).sam(2.0);
    let tape = chainrule_tape::Tape::with(&params);
    let grads = tape.param_grads(weight(&tape, "w").square()).unwrap();
    assert!(optimizer.record(&tape, grads).unwrap_err().to_string().contains("TrainStep"));
}

#[test]
fn twenty_steps_have_a_derivative_by_their_rate() {
    let golden = Golden::read("wrappers.txt");
    let make: [fn() -> Boxed; 4] = [
        || sgd(0.1).momentum(0.9).weight_decay(0.01).boxed(),
        || adamw(0.05).group("b*", |g| g.with_lr(0.1)).schedule(cosine(20, 0.1)).boxed(),
        || adam(0.05).clip_norm(0.1).lookahead(5, 0.5).boxed(),
        || nadam(0.02).ema(Ema::new(0.9)).boxed(),
    ];
    for make in make {
        let optimizer = make();
        let mut params = network(&golden, DType::F64);
        optimizer.prepare(&mut params).unwrap();
        let at = |rate: f64| {
            let tape = chainrule_tape::Tape::with(&params);
            let (x, y, rate) = (tape.var(golden.get("x")), tape.var(golden.get("y")), tape.var(rate));
            let mut steps = optimizer.unroll(&tape);
            for _ in 0..20 {
                steps.step(tape.param_grads(loss([x, y])).unwrap(), rate).unwrap();
            }
            let after = loss([x, y]);
            (after.item().unwrap(), tape.grad(after, rate).item().unwrap())
        };
        // As many steps one by one end at the same place.
        let lr = optimizer.lr();
        let mut trained = network(&golden, DType::F64);
        let mut step = TrainStep::new(make(), loss);
        let batch = [golden.get("x"), golden.get("y")];
        for _ in 0..20 {
            step.run(&mut trained, batch).unwrap();
        }
        let (end, slope) = at(lr);
        assert!((end - step.loss(&trained, batch).unwrap()).abs() < 1e-12 * end.abs());
        let h = 1e-6 * lr;
        let difference = (at(lr + h).0 - at(lr - h).0) / (2.0 * h);
        assert!((slope - difference).abs() < 1e-6 * (1.0 + slope.abs()), "{slope} {difference}");
    }
}

#[test]
fn a_weight_without_a_gradient_does_not_spoil_the_derivative_through_steps() {
    let make: [fn() -> Boxed; 8] = [
        || adam(0.05).boxed(),
        || adamw(0.05).boxed(),
        || rmsprop(0.05).boxed(),
        || adagrad(0.05).boxed(),
        || nadam(0.05).boxed(),
        || radam(0.05).boxed(),
        || adabelief(0.05).boxed(),
        || yogi(0.05).boxed(),
    ];
    for make in make {
        let optimizer = make();
        let mut params = Params::seeded(0);
        params.root().param("w", [0.5, -1.0]);
        optimizer.prepare(&mut params).unwrap();
        let at = |rate: f64| {
            let tape = chainrule_tape::Tape::with(&params);
            // The second weight has a gradient of exactly 0.
            let loss = || (weight(&tape, "w") * tape.var([1.0, 0.0]) - 0.2).square().sum(..);
            let rate = tape.var(rate);
            let mut steps = optimizer.unroll(&tape);
            for _ in 0..5 {
                steps.step(tape.param_grads(loss()).unwrap(), rate).unwrap();
            }
            let after = loss();
            (after.item().unwrap(), tape.grad(after, rate).item().unwrap())
        };
        let (lr, h) = (optimizer.lr(), 1e-6);
        let difference = (at(lr + h).0 - at(lr - h).0) / (2.0 * h);
        let slope = at(lr).1;
        assert!(
            (slope - difference).abs() < 1e-6 * (1.0 + slope.abs()),
            "{optimizer:?}: {slope} {difference}"
        );
    }
}
