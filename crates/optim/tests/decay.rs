//! What becomes of an optimizer's memory whose gradients stay away.

use chainrule_optim::{Optimizer, TrainStep, Transform, adam, rmsprop, sgd};
use chainrule_tape::{Kind, Params, Tensor};

/// All memory after one step with a gradient of `[1, 0.5]` and many with none.
fn memory(optimizer: Optimizer<impl Transform + 'static>) -> Vec<f32> {
    let mut params = Params::seeded(1);
    let w = params.root().param("w", Tensor::from([3f32, -1.0]));
    let mut step = TrainStep::new(optimizer, |[x]| (x.tape().param(w) * x).sum(..));
    step.run(&mut params, [&Tensor::from([1f32, 0.5])]).unwrap();
    let none = Tensor::from([0f32, 0.0]);
    for _ in 0..1_500 {
        step.run(&mut params, [&none]).unwrap();
    }
    let memory = params.ids().filter(|&id| params.kind(id) == Kind::Optimizer);
    // The count of steps is an integer.
    memory.filter_map(|id| params.tensor(id).to_vec::<f32>().ok()).flatten().collect()
}

#[test]
fn averages_decay_to_zero_without_becoming_subnormal() {
    // 0.9¹⁵⁰⁰ is 10⁻⁶⁹, 0.95¹⁵⁰⁰ 10⁻³³, 0.5¹⁵⁰⁰ nothing at all.
    for (name, memory) in [
        ("adam", memory(adam(0.01).betas(0.9, 0.95))),
        ("rmsprop", memory(rmsprop(0.01).alpha(0.9).momentum(0.5))),
        ("sgd", memory(sgd(0.01).momentum(0.9))),
    ] {
        assert!(!memory.is_empty(), "{name}");
        assert!(memory.iter().all(|x| !x.is_subnormal()), "{name}: {memory:?}");
        assert!(memory.contains(&0.0), "{name}: {memory:?}");
    }
}
