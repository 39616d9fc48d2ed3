//! What a training step promises.

mod common;

use chainrule_optim::*;
use chainrule_tape::{DType, Error, Kind, Params, Tape, Tensor, Var};
use common::{Golden, line, loss, network, slope, weight};
use std::path::PathBuf;

type Boxed = Optimizer<Box<dyn Transform>>;

fn golden() -> Golden {
    Golden::read("optim.txt")
}

/// The bits of all tensors.
fn bits(params: &Params) -> Vec<(String, Vec<u64>)> {
    let bits = |tensor: &Tensor| tensor.to_f64().iter().map(|x| x.to_bits()).collect();
    let mut all: Vec<_> = params.iter().map(|(name, _, tensor)| (name.to_owned(), bits(tensor))).collect();
    all.sort();
    all
}

fn w(params: &Params) -> Vec<f64> {
    params.get("w").unwrap().to_f64()
}

#[test]
fn frozen_parameters_do_not_change() {
    let golden = golden();
    let mut params = network(&golden, DType::F64);
    params.freeze("w1");
    let mut step = TrainStep::new(adamw(0.1), loss);
    let batch = [golden.get("x"), golden.get("y")];
    for _ in 0..3 {
        step.run(&mut params, batch).unwrap();
    }
    assert_eq!(params.get("w1"), Some(golden.get("init.w1")));
    assert_ne!(params.get("w0"), Some(golden.get("init.w0")));
    assert!(params.get("optim.adam.m.w1").is_none());

    // Unfrozen, it moves by the rate in its first step, like any other: its bias correction starts anew.
    let before = params.get("w1").unwrap().to_f64();
    params.unfreeze("w1");
    let mut step = TrainStep::new(adam(0.1), loss);
    step.run(&mut params, batch).unwrap();
    for (before, after) in before.iter().zip(params.get("w1").unwrap().to_f64()) {
        assert!(((before - after).abs() - 0.1).abs() < 1e-6, "{before} to {after}");
    }
    assert_eq!(params.get("optim.since.w1"), Some(&Tensor::from(3i64)));
    assert!(params.get("optim.since.w0").is_none());
}

#[test]
fn a_parameter_left_out_is_named() {
    let mut params = line(&[1.0]);
    params.root().sub("unused").param("bias", 0.0);
    let error = TrainStep::new(sgd(0.1), slope).run(&mut params, [&Tensor::from([1.0])]).unwrap_err();
    assert!(matches!(&error, Error::NoGradient(cuts) if cuts.len() == 1), "{error}");
    assert!(error.to_string().contains("unused.bias"), "{error}");

    // Frozen or detached, it is meant.
    params.freeze("unused");
    TrainStep::new(sgd(0.1), slope).run(&mut params, [&Tensor::from([1.0])]).unwrap();
    params.unfreeze("unused");
    let mut step = TrainStep::new(sgd(0.1), |[x]| slope([x]) + weight(x.tape(), "unused.bias").detach());
    step.run(&mut params, [&Tensor::from([1.0])]).unwrap();
    assert_eq!(params.get("unused.bias"), Some(&Tensor::from(0.0)));
}

#[test]
fn mistakes_name_the_line() {
    let mut params = line(&[1.0, 2.0]);
    let mut step = TrainStep::new(sgd(0.1), |[x]| (x * weight(x.tape(), "w")).sum(..));
    let line_above = line!() - 1;
    let error = step.run(&mut params, [&Tensor::from([1.0, 2.0, 3.0])]).unwrap_err().to_string();
    assert!(error.contains(&format!("step.rs:{line_above}")), "{error}");
    assert!(error.contains("[3]") && error.contains("[2]"), "{error}");

    let mut step = TrainStep::new(sgd(0.1), |[x]| x * weight(x.tape(), "w"));
    let error = step.run(&mut params, [&Tensor::from([1.0, 2.0])]).unwrap_err().to_string();
    assert!(error.contains(&format!("step.rs:{}", line!() - 1)), "{error}");
    assert_eq!(w(&params), [1.0, 2.0]);
}

#[test]
fn a_resumed_training_has_the_same_bits() {
    let golden = golden();
    let folder: PathBuf = std::env::temp_dir().join(format!("chainrule-optim-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("net.safetensors");
    // Noise in the model, so that the random numbers' counter is seen to resume, too.
    fn noisy_loss<'t>([x, y]: [Var<'t>; 2]) -> Var<'t> {
        loss([x + x.tape().normal(x.shape(), x.dtype()) * 0.1, y])
    }
    let make: [fn() -> Boxed; 4] = [
        || sgd(0.1).momentum(0.9).dampening(0.1).boxed(),
        || adam(0.01).amsgrad().clip_norm(0.1).schedule(cosine(20, 0.1).warmup(3)).boxed(),
        || nadam(0.01).boxed(),
        || adagrad(0.1).initial_accumulator(0.5).boxed(),
    ];
    for make in make {
        let batch = [golden.get("x"), golden.get("y")];
        let mut whole = network(&golden, DType::F64);
        let mut step = TrainStep::new(make(), noisy_loss);
        let mut losses = Vec::new();
        for t in 0..12 {
            if t == 5 {
                whole.save(&path).unwrap();
            }
            losses.push(step.run(&mut whole, batch).unwrap());
        }
        assert!(losses[0] != losses[1], "each step has its own noise");

        let mut resumed = network(&golden, DType::F64);
        resumed.load(&path).unwrap();
        let mut step = TrainStep::new(make(), noisy_loss);
        assert_eq!(step.steps(&resumed), 5);
        for &expected in &losses[5..] {
            assert_eq!(step.run(&mut resumed, batch).unwrap(), expected);
        }
        assert_eq!(bits(&resumed), bits(&whole));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn each_shape_is_planned_once() {
    let golden = golden();
    let mut params = network(&golden, DType::F64);
    let (x, y) = (golden.get("x"), golden.get("y"));
    let (x5, y5) = (x.rows(0..5).unwrap(), y.rows(0..5).unwrap());
    let mut step = TrainStep::new(adam(0.01), loss);
    let mut losses = Vec::new();
    for _ in 0..3 {
        losses.push(step.run(&mut params, [x, y]).unwrap());
        losses.push(step.run(&mut params, [&x5, &y5]).unwrap());
    }
    assert_eq!((step.plans(), step.steps(&params)), (2, 6));

    // The same with a step for each shape: the plans share all memory that matters.
    let mut apart = network(&golden, DType::F64);
    let (mut large, mut small) = (TrainStep::new(adam(0.01), loss), TrainStep::new(adam(0.01), loss));
    for pair in losses.chunks(2) {
        assert_eq!(large.run(&mut apart, [x, y]).unwrap(), pair[0]);
        assert_eq!(small.run(&mut apart, [&x5, &y5]).unwrap(), pair[1]);
    }
    assert_eq!(bits(&apart), bits(&params));

    // A copy of the params has the same layout; other params have another.
    let mut copy = params.clone();
    step.run(&mut copy, [x, y]).unwrap();
    assert_eq!(step.plans(), 2);
    step.run(&mut network(&golden, DType::F64), [x, y]).unwrap();
    assert_eq!(step.plans(), 3);
}

#[test]
fn a_change_of_rate_plans_nothing() {
    let mut params = line(&[0.0]);
    let mut step = TrainStep::new(sgd(1.0).schedule(step_decay(2, 0.5)), slope);
    let x = Tensor::from([1.0]);
    let mut places = Vec::new();
    for t in 0..4 {
        if t == 3 {
            step.set_lr(8.0);
            assert_eq!(step.lr(&params), 4.0);
        }
        step.run(&mut params, [&x]).unwrap();
        places.push(w(&params)[0]);
    }
    assert_eq!(places, [-1.0, -2.0, -2.5, -6.5]);
    assert_eq!(step.plans(), 1);
}

#[test]
fn evaluation_updates_nothing() {
    let mut params = line(&[2.0]);
    let mut step = TrainStep::new(sgd(1.0), |[x]| {
        let doubled = if x.tape().is_training() { x * 2.0 } else { x };
        slope([doubled])
    });
    let x = Tensor::from([3.0]);
    assert_eq!(step.loss(&params, [&x]).unwrap(), 6.0);
    assert_eq!(step.gradients(&params, [&x]).unwrap(), [("w".to_owned(), Tensor::from([6.0]))]);
    assert_eq!((w(&params), params.len(), step.plans()), (vec![2.0], 1, 0));
    assert_eq!(step.run(&mut params, [&x]).unwrap(), 12.0);
    assert_eq!(step.loss(&params, [&x]).unwrap(), -12.0);
}

#[test]
fn gradients_have_the_noise_of_the_step() {
    let mut params = line(&[1.0, 1.0, 1.0]);
    let mut step = TrainStep::new(sgd(1.0), |[x]| slope([x * x.tape().normal(3, x.dtype())]));
    let x = Tensor::from([1.0, 1.0, 1.0]);
    for _ in 0..3 {
        let (before, grads) = (w(&params), step.gradients(&params, [&x]).unwrap());
        step.run(&mut params, [&x]).unwrap();
        let expected: Vec<f64> = before.iter().zip(grads[0].1.to_f64()).map(|(w, g)| w - g).collect();
        assert_eq!(w(&params), expected);
    }
}

#[test]
fn a_loss_that_is_not_finite_can_be_an_error() {
    let x = Tensor::from([f64::INFINITY]);
    let mut params = line(&[1.0]);
    assert_eq!(TrainStep::new(sgd(0.1), slope).run(&mut params, [&x]).unwrap(), f64::INFINITY);
    let mut step = TrainStep::new(sgd(0.1), slope).check_finite();
    let error = step.run(&mut line(&[1.0]), [&x]).unwrap_err().to_string();
    assert!(error.contains("step 1 is inf"), "{error}");
}

#[test]
fn mixed_dtypes_train_together() {
    let mut params = Params::seeded(0);
    params.root().param("a", [1.0f32]);
    params.root().param("b", [1.0f64]);
    fn sum<'t>([x]: [Var<'t>; 1]) -> Var<'t> {
        let a = weight(x.tape(), "a").cast(DType::F64);
        ((a + weight(x.tape(), "b")) * x).sum(..)
    }
    let mut step = TrainStep::new(adamw(0.1).clip_norm(1.0), sum);
    for _ in 0..2 {
        step.run(&mut params, [&Tensor::from([2.0])]).unwrap();
    }
    let (a, b) = (params.get("a").unwrap().to_f64()[0], params.get("b").unwrap().to_f64()[0]);
    assert!((a - b).abs() < 1e-6 && (b - 0.8).abs() < 1e-2, "{a} {b}");
}

#[test]
fn several_steps_share_params() {
    let mut params = Params::seeded(0);
    params.root().param("a", [1.0]);
    params.root().param("b", [1.0]);
    fn one(name: &'static str) -> impl for<'s> Fn([Var<'s>; 1]) -> Var<'s> {
        move |[x]| (weight(x.tape(), name) * x).sum(..)
    }
    let (mut a, mut b) = (TrainStep::new(sgd(1.0), one("a")), TrainStep::new(sgd(1.0), one("b")));
    let x = Tensor::from([1.0]);
    for _ in 0..2 {
        params.freeze("b");
        a.run(&mut params, [&x]).unwrap();
        params.unfreeze("b");
        params.freeze("a");
        b.run(&mut params, [&x]).unwrap();
        params.unfreeze("a");
    }
    assert_eq!(
        (params.get("a").unwrap().to_f64(), params.get("b").unwrap().to_f64()),
        (vec![-1.0], vec![-1.0])
    );
}

#[test]
fn updates_can_be_differentiated() {
    // One step of descent on w²·x/2 from w leads to w·(1 - lr·x), whose derivative by x is -lr·w.
    let mut params = line(&[3.0]);
    let optimizer = sgd(0.25);
    optimizer.prepare(&mut params).unwrap();
    let tape = Tape::with(&params);
    let x = tape.var(2.0);
    let loss = (weight(&tape, "w").square() * x * 0.5).sum(..);
    let new = optimizer.record(&tape, tape.param_grads(loss).unwrap()).unwrap();
    assert_eq!(new[0].1.value().unwrap(), Tensor::from([1.5]));
    assert_eq!(tape.grad(new[0].1.sum(..), x).item().unwrap(), -0.75);

    let error = adam(0.1).record(&tape, tape.param_grads(loss).unwrap()).unwrap_err().to_string();
    assert!(error.contains("optim.adam.m.w") && error.contains("prepare"), "{error}");
}

#[test]
fn the_memory_is_of_the_optimizers_kind() {
    let mut params = line(&[1.0]);
    TrainStep::new(adam(0.1), slope).run(&mut params, [&Tensor::from([1.0])]).unwrap();
    let kinds: Vec<_> = params.iter().map(|(name, kind, _)| (name, kind)).collect();
    assert_eq!(kinds[0], ("w", Kind::Trainable));
    assert_eq!(
        kinds[1..],
        ["optim.step", "optim.adam.m.w", "optim.adam.v.w"].map(|name| (name, Kind::Optimizer))
    );
    assert_eq!(params.without_optimizer().unwrap().len(), 1);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (rows, width) = (64, 300);
    let values = |n: usize, step: usize| -> Vec<f64> {
        (0..n).map(|i| ((i * step) % 1009) as f64 / 504.5 - 1.0).collect()
    };
    let x = Tensor::from_vec(values(rows * width, 31), [rows, width]).unwrap();
    let after = |threads: usize, optimizer: Boxed| {
        let mut params = Params::seeded(0);
        params.root().param("w", Tensor::from_vec(values(width * width, 7), [width, width]).unwrap());
        params.root().param("b", Tensor::zeros(width, DType::F64));
        let mut step = TrainStep::new(optimizer, |[x]| {
            (x.matmul(weight(x.tape(), "w")) + weight(x.tape(), "b")).tanh().square().mean(..)
        })
        .threads(threads);
        for _ in 0..3 {
            step.run(&mut params, [&x]).unwrap();
        }
        bits(&params)
    };
    let make: [fn() -> Boxed; 2] =
        [|| adamw(0.01).clip_norm(0.01).boxed(), || nadam(0.01).clip_norm(0.01).boxed()];
    for make in make {
        let one = after(1, make());
        assert_eq!(after(2, make()), one);
        assert_eq!(after(4, make()), one);
    }
}

#[test]
fn a_nan_in_the_data_is_found_where_it_was_given() {
    let mut params = Params::seeded(1);
    let w = params.root().param("w", Tensor::from([1.0, 2.0]));
    let step = TrainStep::new(sgd(0.1), |[x]| (x * x.tape().param(w)).sum(..));
    let line = line!() + 1;
    let found = step.find_nan(&params, [&Tensor::from([1.0, f64::NAN])]).unwrap().unwrap();
    assert_eq!((found.op, found.element), ("var", 1));
    assert!(found.to_string().contains(&format!("step.rs:{line}:")), "{found}");
    assert_eq!(step.find_nan(&params, [&Tensor::from([1.0, 2.0])]).unwrap(), None);
}
