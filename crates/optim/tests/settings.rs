//! Settings: clipping, decay, stages, and values out of range.

use chainrule_optim::*;
use chainrule_tape::{Params, Tensor, Var};

/// Parameters whose gradients are the inputs.
fn params() -> Params {
    let mut params = Params::seeded(0);
    params.root().sub("layer").param("weight", [[1.0, 2.0], [3.0, 4.0]]);
    params.root().sub("layer").param("bias", [5.0, 6.0]);
    params
}

fn linear_loss<'t>([weight, bias]: [Var<'t>; 2]) -> Var<'t> {
    let tape = weight.tape();
    let of = |name: &str| tape.param(tape.params().and_then(|params| params.id(name)).expect("a parameter"));
    (of("layer.weight") * weight).sum(..) + (of("layer.bias") * bias).sum(..)
}

/// Weight and bias after one step with these gradients.
fn after<R: Transform + 'static>(
    optimizer: Optimizer<R>,
    weight: [[f64; 2]; 2],
    bias: [f64; 2],
) -> [Vec<f64>; 2] {
    let mut params = params();
    let mut step = TrainStep::new(optimizer, linear_loss);
    step.run(&mut params, [&Tensor::from(weight), &Tensor::from(bias)]).unwrap();
    ["layer.weight", "layer.bias"].map(|name| params.get(name).unwrap().to_f64())
}

fn error<R: Transform + 'static>(optimizer: Optimizer<R>) -> String {
    let mut params = params();
    let mut step = TrainStep::new(optimizer, linear_loss);
    let inputs = [&Tensor::from([[0.0, 0.0], [0.0, 0.0]]), &Tensor::from([0.0, 0.0])];
    step.run(&mut params, inputs).unwrap_err().to_string()
}

#[test]
fn decay_can_spare_biases() {
    let only = |_: &str, shape: &chainrule_tape::Shape| shape.rank() >= 2;
    let zero = ([[0.0, 0.0], [0.0, 0.0]], [0.0, 0.0]);
    for optimizer in [sgd(0.5).weight_decay(0.5), sgd(0.5).weight_decay(0.5).decoupled()] {
        assert_eq!(
            after(optimizer.decay_only(only), zero.0, zero.1),
            [vec![0.75, 1.5, 2.25, 3.0], vec![5.0, 6.0]]
        );
    }
    let by_name = sgd(0.5).weight_decay(0.5).decay_only(|name, _| name == "layer.bias");
    assert_eq!(after(by_name, zero.0, zero.1), [vec![1.0, 2.0, 3.0, 4.0], vec![3.75, 4.5]]);
}

#[test]
fn norms_are_clipped_together() {
    // The norm is 5.
    let [weight, bias] = after(sgd(1.0).clip_norm(1.0), [[3.0, 0.0], [0.0, 0.0]], [4.0, 0.0]);
    assert!((weight[0] - (1.0 - 3.0 / 5.000001)).abs() < 1e-15, "{weight:?}");
    assert!((bias[0] - (5.0 - 4.0 / 5.000001)).abs() < 1e-15, "{bias:?}");
    // A smaller one is left alone.
    let [weight, bias] = after(sgd(1.0).clip_norm(6.0), [[3.0, 0.0], [0.0, 0.0]], [4.0, 0.0]);
    assert_eq!((weight[0], bias[0]), (-2.0, 1.0));
    let [weight, _] = after(sgd(1.0).clip_norm(1.0), [[0.0, 0.0], [0.0, 0.0]], [0.0, 0.0]);
    assert_eq!(weight, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn values_are_clipped_one_by_one() {
    let [weight, bias] = after(sgd(1.0).clip_value(0.5), [[3.0, -3.0], [0.25, 0.0]], [-0.5, f64::NAN]);
    assert_eq!(weight, [0.5, 2.5, 2.75, 4.0]);
    assert!(bias[0] == 5.5 && bias[1].is_nan());
}

#[test]
fn stages_go_around_the_rule() {
    #[derive(Debug)]
    struct Scale(f64);

    impl Transform for Scale {
        fn update<'t>(&self, _: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
            g * self.0
        }
    }

    // Clipping comes before or after the scaling, as called.
    let gradient = ([[2.0, 0.0], [0.0, 0.0]], [0.0, 0.0]);
    let first = |optimizer| after(optimizer, gradient.0, gradient.1)[0][0];
    assert_eq!(first(sgd(1.0).before(Scale(10.0)).clip_value(1.0)), 0.0);
    assert_eq!(first(sgd(1.0).clip_value(1.0).before(Scale(10.0))), -9.0);
    assert_eq!(first(sgd(0.5).after(Scale(10.0))), -9.0);
    // Two decays of the same kind have their own rates; decay sees the parameter as it was.
    let decay = |rate| WeightDecay::new(rate).decoupled();
    assert_eq!(first(sgd(1.0).before(decay(0.5)).before(decay(0.75))), 0.125 - 2.0);
}

#[test]
fn rules_that_misuse_their_state_are_reported() {
    #[derive(Debug)]
    struct Twice;

    impl Transform for Twice {
        fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
            let m = p.state("twice");
            p.keep("twice", m + g);
            p.keep("twice", m);
            g
        }
    }

    #[derive(Debug)]
    struct Unasked;

    impl Transform for Unasked {
        fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
            p.keep("unasked", g);
            g
        }
    }

    #[derive(Debug)]
    struct Lost;

    impl Transform for Lost {
        fn update_all<'t>(&self, _: &Update<'t>, _: Vec<Var<'t>>) -> Vec<Var<'t>> {
            Vec::new()
        }
    }

    let text = error(sgd(0.1).before(Twice));
    assert!(text.contains("two transforms keep `optim.twice.layer.weight`"), "{text}");
    let text = error(sgd(0.1).momentum(0.9).before(Momentum::new(0.5)));
    assert!(text.contains("`optim.momentum.layer.weight`"), "{text}");
    let text = error(sgd(0.1).before(Unasked));
    assert!(text.contains("state(\"unasked\")"), "{text}");
    let text = error(sgd(0.1).before(Lost));
    assert!(text.contains("Lost gave 0 results for 2 gradients"), "{text}");
}

#[test]
fn settings_out_of_range_are_reported() {
    let nan = f64::NAN;
    let cases = [
        (error(sgd(-0.1)), "learning rate is -0.1"),
        (error(sgd(nan)), "learning rate is NaN"),
        (error(adam(f64::INFINITY)), "learning rate is inf"),
        (error(sgd(0.1).momentum(-1.0)), "momentum is -1"),
        (error(sgd(0.1).momentum(nan)), "momentum is NaN"),
        (error(sgd(0.1).momentum(0.9).dampening(nan)), "dampening is NaN"),
        (error(sgd(0.1).nesterov()), "nesterov needs a momentum"),
        (error(sgd(0.1).momentum(0.9).dampening(0.1).nesterov()), "nesterov needs"),
        (error(sgd(0.1).weight_decay(-1.0)), "weight_decay is -1"),
        (error(adam(0.1).betas(1.0, 0.999)), "beta1 is 1"),
        (error(adam(0.1).betas(0.9, 1.5)), "beta2 is 1.5"),
        (error(adamw(0.1).betas(nan, 0.9)), "beta1 is NaN"),
        (error(adam(0.1).eps(-1e-8)), "eps is -0.00000001"),
        (error(adamax(0.1).betas(0.9, 1.0)), "beta2 is 1"),
        (error(nadam(0.1).momentum_decay(-1.0)), "momentum_decay is -1"),
        (error(rmsprop(0.1).alpha(1.0)), "alpha is 1"),
        (error(adagrad(0.1).lr_decay(-1.0)), "lr_decay is -1"),
        (error(adagrad(0.1).initial_accumulator(nan)), "initial_accumulator is NaN"),
        (error(adadelta(0.1).rho(-0.5)), "rho is -0.5"),
        (error(sgd(0.1).clip_norm(0.0)), "clip_norm is 0"),
        (error(sgd(0.1).clip_value(nan)), "clip_value is NaN"),
        (error(sgd(0.1).schedule(cosine(10, nan))), "the last factor is NaN"),
        (error(sgd(0.1).schedule(step_decay(0, 0.5).warmup(3))), "one step or more"),
        (error(sgd(0.1).schedule(constant().then(5, exponential(-1.0)))), "the factor is -1"),
    ];
    for (text, expected) in cases {
        assert!(text.contains(expected), "`{expected}` is not in: {text}");
    }
}

#[test]
fn a_bad_rate_later_on_is_reported_and_changes_nothing() {
    let mut params = params();
    let falling = Schedule::new(|step| 1.0 - step as f64);
    let mut step = TrainStep::new(sgd(0.1).schedule(falling), linear_loss);
    let inputs = [&Tensor::from([[1.0, 0.0], [0.0, 0.0]]), &Tensor::from([0.0, 0.0])];
    step.run(&mut params, inputs).unwrap();
    step.run(&mut params, inputs).unwrap();
    let before = params.get("layer.weight").unwrap().clone();
    let text = step.run(&mut params, inputs).unwrap_err().to_string();
    assert!(text.contains("step 3") && text.contains("-0.1"), "{text}");
    step.set_lr(f64::NAN);
    assert!(step.run(&mut params, inputs).unwrap_err().to_string().contains("the learning rate is NaN"));
    assert_eq!(params.get("layer.weight"), Some(&before));
    assert_eq!(step.steps(&params), 2);
}

#[test]
fn schedules_have_their_values() {
    let values = |schedule: Schedule, steps: [u64; 5]| steps.map(|step| schedule.factor(step));
    assert_eq!(values(constant(), [0, 1, 10, 100, u64::MAX]), [1.0; 5]);
    let cosine_half = cosine(4, 0.5);
    let expected = [1.0, 0.75 + 0.25 * 0.5f64.sqrt(), 0.75, 0.75 - 0.25 * 0.5f64.sqrt(), 0.5];
    for (value, expected) in values(cosine_half, [0, 1, 2, 3, 4]).into_iter().zip(expected) {
        assert!((value - expected).abs() < 1e-15, "{value} {expected}");
    }
    assert_eq!(values(linear(4, 0.0), [0, 1, 2, 4, 9]), [1.0, 0.75, 0.5, 0.0, 0.0]);
    assert_eq!(values(step_decay(2, 0.1), [0, 1, 2, 3, 4]), [1.0, 1.0, 0.1, 0.1, 0.1f64.powf(2.0)]);
    assert_eq!(values(linear(4, 0.0).warmup(2), [0, 1, 2, 3, 6]), [0.5, 1.0, 1.0, 0.75, 0.0]);
    assert_eq!(values(constant().warmup(0), [0, 1, 2, 3, 4]), [1.0; 5]);
    assert_eq!(values(constant().then(2, linear(2, 0.0)), [0, 1, 2, 3, 4]), [1.0, 1.0, 1.0, 0.5, 0.0]);
    assert_eq!(values(cosine(0, 0.25), [0, 1, 2, 3, 4]), [0.25; 5]);
}
