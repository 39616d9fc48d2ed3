//! The first hundred steps of every optimizer against PyTorch's.

mod common;

use chainrule_optim::*;
use chainrule_tape::{DType, Tensor};
use common::{Golden, WEIGHTS, deviation, loss, network};
use std::collections::HashSet;

type Boxed = Optimizer<Box<dyn Transform>>;

/// The optimizers of the golden file's configurations.
fn configurations() -> Vec<(&'static str, Boxed)> {
    vec![
        ("sgd", sgd(0.1).boxed()),
        ("sgd_momentum", sgd(0.1).momentum(0.9).boxed()),
        ("sgd_dampening", sgd(0.1).momentum(0.9).dampening(0.5).boxed()),
        ("sgd_nesterov", sgd(0.1).momentum(0.9).nesterov().boxed()),
        ("sgd_decay", sgd(0.1).weight_decay(0.01).boxed()),
        ("sgd_dampening_decay", sgd(0.05).momentum(0.8).dampening(0.3).weight_decay(0.02).boxed()),
        ("sgd_nesterov_decay", sgd(0.05).momentum(0.8).nesterov().weight_decay(0.02).boxed()),
        ("adam", adam(0.01).boxed()),
        ("adam_l2", adam(0.01).betas(0.8, 0.95).eps(1e-5).weight_decay(0.03).boxed()),
        ("adam_amsgrad", adam(0.01).betas(0.9, 0.9).amsgrad().boxed()),
        ("adamw", adamw(0.01).weight_decay(0.05).boxed()),
        ("adam_cosine", adam(0.01).schedule(cosine(100, 0.0)).boxed()),
        ("adam_cosine_floor", adam(0.01).schedule(cosine(100, 0.1)).boxed()),
        ("clip_sgd", sgd(0.1).clip_norm(0.1).boxed()),
        ("clip_adamw", adamw(0.01).weight_decay(0.05).clip_norm(0.1).boxed()),
        ("adagrad", adagrad(0.02).boxed()),
        ("adagrad_decay", adagrad(0.1).lr_decay(0.1).weight_decay(0.01).initial_accumulator(0.1).boxed()),
        ("rmsprop", rmsprop(0.001).boxed()),
        ("rmsprop_centered", rmsprop(0.001).centered().boxed()),
        ("rmsprop_momentum", rmsprop(5e-4).alpha(0.9).momentum(0.5).boxed()),
        ("rmsprop_mixed", rmsprop(0.001).alpha(0.9).momentum(0.5).centered().weight_decay(0.01).boxed()),
        ("adadelta", adadelta(1.0).boxed()),
        ("adamax", adamax(0.02).boxed()),
        ("nadam", nadam(2e-3).boxed()),
    ]
}

#[test]
fn every_configuration_is_tested() {
    let golden = Golden::read("optim.txt");
    let tested: HashSet<&str> = configurations().iter().map(|(name, _)| *name).collect();
    assert_eq!(tested, golden.names().collect());
}

#[test]
fn a_hundred_steps_equal_pytorch_in_f64() {
    let golden = Golden::read("optim.txt");
    let mut worst = (0.0, String::new());
    for (name, optimizer) in configurations() {
        let mut worst_here = (0.0, String::new());
        let mut note = |deviation: f64, what: String| {
            assert!(deviation <= 1e-12, "{what}: {deviation:e}");
            if deviation > worst_here.0 {
                worst_here = (deviation, what);
            }
        };
        let rates: Vec<f64> = (0..100).map(|t| optimizer.lr_at(t)).collect();
        if golden.has(&format!("{name}.lr")) {
            let rates = Tensor::from(rates);
            note(deviation(&rates, golden.get(&format!("{name}.lr"))), format!("{name}.lr"));
        }
        let mut params = network(&golden, DType::F64);
        let mut step = TrainStep::new(optimizer, loss);
        let mut losses = Vec::new();
        let mut norms = Vec::new();
        for t in 1..=100 {
            let batch = [golden.get("x"), golden.get("y")];
            if golden.has(&format!("{name}.norm")) {
                let grads = step.gradients(&params, batch).unwrap();
                let squares = grads.iter().flat_map(|(_, g)| g.to_f64()).map(|g| g * g);
                norms.push(squares.sum::<f64>().sqrt());
            }
            losses.push(step.run(&mut params, batch).unwrap());
            for weight in WEIGHTS {
                let key = format!("{name}.step{t}.{weight}");
                if golden.has(&key) {
                    note(deviation(params.get(weight).unwrap(), golden.get(&key)), key);
                }
            }
        }
        note(deviation(&Tensor::from(losses), golden.get(&format!("{name}.loss"))), format!("{name}.loss"));
        if !norms.is_empty() {
            note(
                deviation(&Tensor::from(norms), golden.get(&format!("{name}.norm"))),
                format!("{name}.norm"),
            );
        }
        assert_eq!((step.plans(), step.steps(&params)), (1, 100), "{name}");
        println!("{:8.1e} {}", worst_here.0, worst_here.1);
        if worst_here.0 > worst.0 {
            worst = worst_here;
        }
    }
    println!("the largest deviation: {:e} of {}", worst.0, worst.1);
}

#[test]
fn a_hundred_steps_follow_pytorch_in_f32() {
    let golden = Golden::read("optim.txt");
    for (name, optimizer) in configurations() {
        let mut params = network(&golden, DType::F32);
        let mut step = TrainStep::new(optimizer, loss);
        let (x, y) = (golden.get("x").cast(DType::F32), golden.get("y").cast(DType::F32));
        let losses: Vec<f64> = (0..100).map(|_| step.run(&mut params, [&x, &y]).unwrap()).collect();
        let deviation = deviation(&Tensor::from(losses), golden.get(&format!("{name}.loss")));
        assert!(deviation <= 2e-5, "{name}: {deviation:e}");
    }
}
