//! Graphs as graphs: depth, reuse of plans, memory, and parameters written in place.

use approx::assert_relative_eq;
use chainrule_tape::{DType, Kind, Params, Tape, Tensor};

#[test]
fn a_long_chain_works() {
    let tape = Tape::new();
    let x = tape.var(0.5);
    let mut y = x;
    for _ in 0..20_000 {
        y = (y * 0.5).sin() + 0.25;
    }
    assert!(tape.len() > 80_000);
    let value = y.item().unwrap();
    let mut expected = 0.5f64;
    for _ in 0..20_000 {
        expected = (expected * 0.5).sin() + 0.25;
    }
    assert_relative_eq!(value, expected, max_relative = 1e-12);
    // Neither recording, differentiating, planning nor running recurses over the graph's depth.
    let g = tape.grad(y, x);
    assert!(g.item().unwrap().abs() < 1e-100);
}

#[test]
fn re_recording_uses_the_plan_with_new_values() {
    let mut tape = Tape::new();
    for step in 0..5 {
        let scale = 1.5 + step as f64;
        {
            let x = tape.var([1.0, step as f64]);
            let y = (x * scale + 3.0).square().sum(..);
            let g = tape.grad(y, x);
            let expected = [2.0 * scale * (scale + 3.0), 2.0 * scale * (scale * step as f64 + 3.0)];
            assert_eq!(g.value().unwrap().to_f64(), expected);
        }
        assert_eq!(tape.plans(), 1, "scalars and data are operands, not part of a plan");
        tape.clear();
    }
}

#[test]
fn values_are_kept() {
    let tape = Tape::new();
    let x = tape.uniform(4, DType::F64);
    let first = x.value().unwrap();
    assert_eq!(first, x.value().unwrap());
    let y = x * 2.0;
    assert_eq!(y.value().unwrap().to_f64(), first.to_f64().iter().map(|x| x * 2.0).collect::<Vec<_>>());
}

#[test]
fn random_numbers_depend_on_seed_stream_and_counter_alone() {
    let draw = |seed: u64, counter: i64| {
        let tape = Tape::new();
        tape.seed(seed);
        tape.count_random_by(tape.var(counter));
        let (a, b) = (tape.uniform(1000, DType::F64), tape.normal(1000, DType::F32));
        (a.value().unwrap(), b.value().unwrap())
    };
    let (a, b) = draw(1, 0);
    assert_eq!((&a, &b), (&draw(1, 0).0, &draw(1, 0).1));
    assert_ne!(a, draw(2, 0).0);
    assert_ne!(a, draw(1, 1).0);
    let mean = a.to_f64().iter().sum::<f64>() / 1000.0;
    assert!((mean - 0.5).abs() < 0.05 && a.to_f64().iter().all(|u| (0.0..1.0).contains(u)), "{mean}");
    let variance = b.to_f64().iter().map(|x| x * x).sum::<f64>() / 1000.0;
    assert!((variance - 1.0).abs() < 0.2, "{variance}");
}

#[test]
fn assigned_parameters_are_written_after_all_reads() {
    let mut params = Params::seeded(0);
    let a = params.add("a", Kind::Trainable, [1.0, 2.0]);
    let b = params.add("b", Kind::Trainable, [10.0, 20.0]);
    let c = params.add("c", Kind::State, [0.0, 0.0]);
    let tape = Tape::with(&params);
    let (old_a, old_b) = (tape.param(a), tape.param(b));
    // a and b are exchanged, c reads both old values, and the outputs are old values too.
    tape.assign(a, old_b);
    tape.assign(b, old_a);
    tape.assign(c, old_a * 2.0 + old_b);
    let mut program = tape.compile(&[old_a, old_a + old_b]).unwrap();
    drop(tape);
    let outputs = program.run(&mut params, &[]).unwrap();
    assert_eq!(outputs.tensor(0).to_f64(), [1.0, 2.0]);
    assert_eq!(outputs.tensor(1).to_f64(), [11.0, 22.0]);
    assert_eq!(params.tensor(a).to_f64(), [10.0, 20.0]);
    assert_eq!(params.tensor(b).to_f64(), [1.0, 2.0]);
    assert_eq!(params.tensor(c).to_f64(), [12.0, 24.0]);
}

#[test]
fn a_snapshot_is_not_written_to() {
    let mut params = Params::seeded(0);
    let a = params.add("a", Kind::Trainable, [1.0, 2.0]);
    let snapshot = params.clone();
    let tape = Tape::with(&params);
    tape.assign(a, tape.param(a) + 1.0);
    let mut program = tape.compile(&[]).unwrap();
    drop(tape);
    program.run(&mut params, &[]).unwrap();
    assert_eq!((params.tensor(a).to_f64(), snapshot.tensor(a).to_f64()), (vec![2.0, 3.0], vec![1.0, 2.0]));
}

#[test]
fn commit_writes_what_was_assigned() {
    let mut params = Params::seeded(0);
    let a = params.add("a", Kind::Trainable, [1.0, 2.0]);
    let tape = Tape::with(&params);
    tape.assign(a, tape.param(a) * 3.0);
    tape.commit(&mut params).unwrap();
    assert_eq!(params.tensor(a).to_f64(), [3.0, 6.0]);
}

#[test]
fn gradients_of_a_shared_weight_accumulate_in_products() {
    // The same weight three times: its gradient is a sum of three products, and no sums of tensors.
    let tape = Tape::new();
    let data = |n: usize, m: usize| {
        Tensor::from_vec((0..n * m).map(|i| (i as f64 * 0.7).sin()).collect::<Vec<f64>>(), [n, m]).unwrap()
    };
    let w = tape.var(data(40, 40));
    let mut h = tape.var(data(3, 40));
    for _ in 0..3 {
        h = h.matmul(w).tanh();
    }
    let loss = h.square().sum(..);
    let g = tape.grad(loss, w);
    let program = tape.compile(&[g]).unwrap();
    // 3 products forward, 3 + 2 backward, and a tile program after each but the last ones.
    assert!(program.instructions() <= 14, "{}", program.instructions());
    let fused = g.value().unwrap();
    let slow = tape.one_by_one(&[g]).unwrap().remove(0);
    assert_relative_eq!(fused.to_f64().as_slice(), slow.to_f64().as_slice(), max_relative = 1e-12);
}

#[test]
fn standard_layers_are_few_programs() {
    let count = |f: &dyn for<'t> Fn(chainrule_tape::Var<'t>) -> chainrule_tape::Var<'t>| {
        let tape = Tape::new();
        let x = tape.input([64, 100], DType::F32);
        tape.compile(&[f(x)]).unwrap().instructions()
    };
    assert_eq!(count(&|x| x.softmax(-1)), 1);
    assert_eq!(count(&|x| x.log_softmax(-1).exp() * 2.0), 1);
    assert_eq!(count(&|x| (x - x.mean_keep(-1)) / (x.var_keep(-1) + 1e-5).sqrt()), 1);
    assert_eq!(count(&|x| x.gelu().mean(..)), 2);
    // Two sums over the batch, what is made of each, and the result: column sums end a pass.
    assert_eq!(count(&|x| (x - x.mean_keep(0)) / (x.var_keep(0) + 1e-5).sqrt()), 5);
}

#[test]
fn kinks_have_the_documented_derivatives() {
    let tape = Tape::new();
    let x = tape.var([-2.0, -1.0, 0.0, 1.0, 2.0]);
    let slope = |y: chainrule_tape::Var<'_>| tape.grad(y.sum(..), x).value().unwrap().to_f64();
    assert_eq!(slope(x.clamp(-1.0, 1.0)), [0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(slope(x.relu()), [0.0, 0.0, 0.0, 1.0, 1.0]);
    assert_eq!(slope(x.leaky_relu(0.1)), [0.1, 0.1, 0.1, 1.0, 1.0]);
    assert_eq!(slope(x.abs()), [-1.0, -1.0, 0.0, 1.0, 1.0]);
    assert_eq!(slope(x.maximum(0.0)), [0.0, 0.0, 0.5, 1.0, 1.0]);
    assert_eq!(slope((x * 0.0).norm(..)), [0.0; 5]);
    assert_eq!(slope(x.abs().max(..)), [-0.5, 0.0, 0.0, 0.0, 0.5]);
    assert_eq!(x.clamp(-1.0, 1.0).value().unwrap().to_f64(), [-1.0, -1.0, 0.0, 1.0, 1.0]);
    assert!(tape.var(f64::NAN).relu().item().unwrap().is_nan());
    assert!(tape.var(f64::NAN).clamp(-1.0, 1.0).item().unwrap().is_nan());
    assert!(tape.var([1.0, f64::NAN]).max(..).item().unwrap().is_nan());
}

#[test]
fn the_slope_of_gelu_ends_where_its_value_does() {
    let tape = Tape::new();
    // The density at -13.5 is a subnormal number in f32.
    let x = tape.var([-40.0f32, -13.5, -6.0, 0.0, 6.0]);
    let y = x.gelu();
    let slope = tape.grad(y.sum(..), x);
    assert_eq!(y.value().unwrap().to_f64(), [0.0, 0.0, 0.0, 0.0, 6.0]);
    assert_eq!(slope.value().unwrap().to_f64(), [0.0, 0.0, 0.0, 0.5, 1.0]);
    assert_eq!(tape.grad(slope.sum(..), x).value().unwrap().to_f64()[..3], [0.0; 3]);
    let ones = tape.full([5], 1.0, DType::F32);
    assert_eq!(tape.jvp(y, &[x], &[ones]).value().unwrap(), slope.value().unwrap());
}

#[test]
fn second_order_at_the_kinks_is_finite() {
    let tape = Tape::new();
    let (a, b) = (tape.var([0.0, 0.0, 2.0, 1.5]), tape.var([2.0, 3.0, 0.0, 1.0]));
    for x in [a, b] {
        let g = tape.grad(a.pow(b).sum(..), x);
        for other in [a, b] {
            let second = tape.grad(g.sum(..), other).value().unwrap();
            assert!(second.to_f64().iter().all(|x| x.is_finite()), "{second}");
        }
    }
    let same = tape.var([3.0, 3.0]);
    assert_eq!(tape.grad(same.std(..), same).value().unwrap().to_f64(), [0.0, 0.0]);
}

#[test]
fn a_direction_given_twice_counts_twice() {
    let tape = Tape::new();
    let x = tape.var(3.0);
    let dy = tape.jvp(x * x, &[x, x], &[tape.var(1.0), tape.var(0.5)]);
    assert_eq!(dy.item().unwrap(), 9.0);
}

#[test]
fn a_product_added_to_a_constant_one() {
    let tape = Tape::new();
    let ones = || tape.full([2, 2], 1.0, DType::F64);
    let a = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!((ones().matmul(ones()) + a.matmul(a)).value().unwrap().to_f64(), [9.0, 12.0, 17.0, 24.0]);
}

#[test]
fn counters_of_random_numbers_are_operands_like_others() {
    let mut params = Params::seeded(0);
    let id = params.add("count", Kind::State, 5i64);
    let tape = Tape::with(&params);
    let count = tape.param(id);
    tape.count_random_by(count);
    tape.assign(id, count + (tape.uniform((), DType::F64) * 10.0 + 1.0).cast(DType::I64));
    let mut program = tape.compile(&[]).unwrap();
    drop(tape);
    program.run(&mut params, &[]).unwrap();
    assert!((6.0..=15.0).contains(&params.tensor(id).item().unwrap()));

    let tape = Tape::new();
    let count = tape.var(3i64) * tape.var(2i64);
    tape.count_random_by(count);
    let u = (tape.uniform((), DType::F64) + count.cast(DType::F64)).item().unwrap();
    assert!((6.0..7.0).contains(&u));
}

#[test]
fn a_cleared_tape_draws_other_numbers_by_the_same_plan() {
    let mut tape = Tape::new();
    let mut drawn = Vec::new();
    for _ in 0..3 {
        drawn.push(tape.uniform(8, DType::F32).value().unwrap());
        tape.clear();
    }
    assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2]);
    assert_eq!(tape.plans(), 1);
}

#[test]
fn a_parameter_assigned_twice_starts_from_the_first_value() {
    let mut params = Params::seeded(0);
    let id = params.add("a", Kind::State, 1.0);
    let tape = Tape::with(&params);
    tape.assign(id, tape.assigned(id) + 1.0);
    tape.assign(id, tape.assigned(id) * 10.0);
    let mut program = tape.compile(&[]).unwrap();
    drop(tape);
    program.run(&mut params, &[]).unwrap();
    assert_eq!(params.tensor(id).item().unwrap(), 20.0);
}

#[test]
fn an_infinity_on_purpose_is_not_to_blame() {
    let tape = Tape::new();
    let x = tape.var([1.0, 0.0]);
    let mask = tape.full(2, f64::NEG_INFINITY, DType::F64);
    let y = (x.gt(0.5).select(x, mask)).logsumexp(0) + x.softmax(0).sum(..);
    tape.grad(y, x);
    assert_eq!(tape.find_nan().unwrap(), None);
    let _ = (mask - mask).sum(..);
    let found = tape.find_nan().unwrap().unwrap();
    assert_eq!((found.op, found.value.is_nan()), ("sub", true));
}

#[test]
fn the_gradient_of_a_largest_element_survives_its_value() {
    // The value is known when the gradient is computed, in another program and maybe with other last bits.
    let mut rng = 1u64;
    for shape in [[300, 70], [128, 128]] {
        let tape = Tape::new();
        let data: Vec<f64> = (0..shape[0] * shape[1])
            .map(|_| {
                rng = rng.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (rng >> 33) as f64 / 2f64.powi(31) - 0.5
            })
            .collect();
        let x = tape.var(Tensor::from_vec(data, shape).unwrap());
        for y in [x.exp().sum(..).max(..), x.exp().sum(0).ln().max(0), x.log_softmax(0).max(..)] {
            y.value().unwrap();
            let g = tape.grad(y, x).value().unwrap();
            assert!(g.to_f64().iter().all(|g| g.is_finite()));
        }
    }
}

#[test]
fn empty_tensors_have_values() {
    let tape = Tape::new();
    let x = tape.var(Tensor::zeros([0, 2], DType::F64)) * 2.0;
    assert_eq!(x.slice(1, 1..2).value().unwrap().shape().dims(), [0, 1]);
    let (a, b) = (tape.var(Tensor::zeros([0, 2], DType::F64)), tape.var(Tensor::zeros([0, 3], DType::F64)));
    let y = tape.concat(&[a, b], 1).square().sum(..);
    assert_eq!(y.item().unwrap(), 0.0);
    assert_eq!(tape.grad(y, b).value().unwrap().shape().dims(), [0, 3]);
}

#[test]
fn derivatives_at_the_far_ends() {
    let tape = Tape::new();
    let slope = |x: f64, f: fn(chainrule_tape::Var<'_>) -> chainrule_tape::Var<'_>| {
        let x = tape.var(x);
        tape.grad(f(x), x).item().unwrap()
    };
    assert_relative_eq!(slope(-40.0, |x| x.elu(1.0)), (-40f64).exp(), max_relative = 1e-14);
    assert_eq!(slope(0.0, |x| x.powi(-1)), f64::NEG_INFINITY);
    assert_eq!(slope(f64::INFINITY, |x| x.softplus()), 1.0);
    assert_eq!(slope(0.0, |x| x.softplus()), 0.5);
    assert_eq!(slope(f64::NAN, |x| x.maximum(1.0)), 1.0);
    // Mixed second derivatives of a power at exponent 0: both are 1/a.
    let (a, b) = (tape.var(2.0), tape.var(0.0));
    let y = a.pow(b);
    for (first, second) in [(a, b), (b, a)] {
        assert_relative_eq!(
            tape.grad(tape.grad(y, first), second).item().unwrap(),
            0.5,
            max_relative = 1e-14
        );
    }
}
