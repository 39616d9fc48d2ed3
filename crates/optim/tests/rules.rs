//! What every rule promises: states by name, exact resumption, settings in range, frozen parameters left alone.

mod common;

use chainrule_optim::*;
use chainrule_tape::{DType, Kind, Params, Tape, Tensor, Var};
use common::{Golden, WEIGHTS, line, loss, network, slope, weight};

type Boxed = Optimizer<Box<dyn Transform>>;

/// Every rule, with what it remembers of a matrix and of all parameters together.
#[allow(clippy::type_complexity)]
fn rules() -> Vec<(fn() -> Boxed, &'static [&'static str], &'static [&'static str])> {
    vec![
        (|| sgd(0.1).boxed(), &[], &[]),
        (|| sgd(0.1).momentum(0.9).nesterov().boxed(), &["momentum"], &[]),
        (|| heavy_ball(0.1, 0.9).boxed(), &["momentum"], &[]),
        (|| nag(0.1, 0.9).boxed(), &["momentum"], &[]),
        (|| adam(0.01).amsgrad().boxed(), &["adam.m", "adam.v", "adam.max"], &[]),
        (|| adamw(0.01).boxed(), &["adam.m", "adam.v"], &[]),
        (|| adamax(0.01).boxed(), &["adamax.m", "adamax.u"], &[]),
        (|| nadam(0.01).boxed(), &["nadam.m", "nadam.v"], &[]),
        (|| radam(0.01).betas(0.9, 0.9).boxed(), &["radam.m", "radam.v"], &[]),
        (|| rmsprop(0.01).centered().momentum(0.5).boxed(), &["rmsprop.s", "rmsprop.a", "momentum"], &[]),
        (|| adagrad(0.01).lr_decay(0.1).boxed(), &["adagrad.s"], &[]),
        (|| adadelta(1.0).boxed(), &["adadelta.s", "adadelta.d"], &[]),
        (|| adafactor(0.01).boxed(), &["adafactor.row", "adafactor.column"], &[]),
        (|| asgd(0.1).average_from(3.0).boxed(), &["asgd.a"], &[]),
        (|| rprop(0.01).boxed(), &["rprop.s", "rprop.sign"], &[]),
        (|| lion(0.001).boxed(), &["lion.m"], &[]),
        (|| lamb(0.01).boxed(), &["lamb.m", "lamb.v"], &[]),
        (|| lars(1.0).boxed(), &["momentum"], &[]),
        (|| yogi(0.01).boxed(), &["yogi.m", "yogi.v"], &[]),
        (|| adabelief(0.01).boxed(), &["adabelief.m", "adabelief.s"], &[]),
        (|| adan(0.01).boxed(), &["adan.g", "adan.m", "adan.v", "adan.n"], &[]),
        (|| muon(0.01).boxed(), &["muon.b"], &[]),
        (|| sophia(0.01).boxed(), &["sophia.m", "sophia.h"], &[]),
        (
            || prodigy(1.0).boxed(),
            &["prodigy.p0", "prodigy.s", "prodigy.m", "prodigy.v"],
            &["prodigy.d", "prodigy.r"],
        ),
        (
            || schedule_free_sgd(0.1).schedule(constant().warmup(5)).boxed(),
            &["schedule_free.z"],
            &["schedule_free.lr", "schedule_free.weight"],
        ),
        (
            || schedule_free_adamw(0.01).boxed(),
            &["schedule_free.v", "schedule_free.z"],
            &["schedule_free.lr", "schedule_free.weight"],
        ),
    ]
}

/// The bits of all tensors, by name.
fn bits(params: &Params) -> Vec<(String, Vec<u64>)> {
    let bits = |tensor: &Tensor| tensor.to_f64().iter().map(|x| x.to_bits()).collect();
    let mut all: Vec<_> = params.iter().map(|(name, _, tensor)| (name.to_owned(), bits(tensor))).collect();
    all.sort();
    all
}

fn run(params: &mut Params, optimizer: Boxed, steps: usize) {
    let (golden, dtype) = (Golden::read("optim.txt"), params.dtype());
    let (x, y) = (golden.get("x").cast(dtype), golden.get("y").cast(dtype));
    let mut step = TrainStep::new(optimizer, loss);
    for _ in 0..steps {
        step.run(params, [&x, &y]).unwrap();
    }
}

#[test]
fn states_have_names() {
    let golden = Golden::read("optim.txt");
    for (make, of_each, of_all) in rules() {
        let mut params = network(&golden, DType::F64);
        run(&mut params, make(), 1);
        let of_others = |name: &str| WEIGHTS[1..].iter().any(|other| name.ends_with(&format!(".{other}")));
        let mut found: Vec<&str> = params
            .iter()
            .filter(|(name, kind, _)| *kind == Kind::Optimizer && *name != "optim.step" && !of_others(name))
            .map(|(name, ..)| name)
            .collect();
        let mut expected: Vec<String> = of_each.iter().map(|key| format!("optim.{key}.w0")).collect();
        expected.extend(of_all.iter().map(|key| format!("optim.{key}")));
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{:?}", make());
    }
}

#[test]
fn ten_steps_saved_and_ten_more_are_twenty() {
    let golden = Golden::read("optim.txt");
    let folder = std::env::temp_dir().join(format!("chainrule-rules-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("net.safetensors");
    for dtype in [DType::F32, DType::F64] {
        for (make, ..) in rules() {
            let mut whole = network(&golden, dtype);
            run(&mut whole, make(), 20);

            let mut half = network(&golden, dtype);
            run(&mut half, make(), 10);
            half.save(&path).unwrap();
            let mut resumed = network(&golden, dtype);
            resumed.load(&path).unwrap();
            assert_eq!(bits(&resumed), bits(&half), "{:?}", make());
            run(&mut resumed, make(), 10);
            assert_eq!(bits(&resumed), bits(&whole), "{:?}", make());
            assert_eq!(
                bits(&make().evaluation(&resumed).unwrap()),
                bits(&make().evaluation(&whole).unwrap())
            );
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn frozen_parameters_have_no_states() {
    let golden = Golden::read("optim.txt");
    for (make, ..) in rules() {
        let mut params = network(&golden, DType::F64);
        params.freeze("w1");
        run(&mut params, make(), 3);
        assert_eq!(params.get("w1"), Some(golden.get("init.w1")), "{:?}", make());
        let of_w1 = params.iter().filter(|(name, ..)| name.ends_with(".w1")).count();
        assert_eq!(of_w1, 0, "{:?}", make());
        assert_ne!(params.get("w0"), Some(golden.get("init.w0")), "{:?}", make());
    }
}

#[test]
fn parameters_of_two_dtypes_train_together() {
    fn sum<'t>([x]: [Var<'t>; 1]) -> Var<'t> {
        let a = weight(x.tape(), "a").cast(DType::F64);
        (((a + weight(x.tape(), "b")) - x).square()).sum(..)
    }
    for (make, ..) in rules() {
        let mut params = Params::seeded(0);
        params.root().param("a", [[1.0f32, 2.0], [0.5, -1.0]]);
        params.root().param("b", [[1.0f64, -2.0], [0.25, 1.0]]);
        let mut step = TrainStep::new(make(), sum);
        let x = Tensor::from([[0.0, 1.0], [-1.0, 0.5]]);
        for _ in 0..3 {
            assert!(step.run(&mut params, [&x]).unwrap().is_finite(), "{:?}", make());
        }
    }
}

#[test]
fn states_of_other_shapes_are_checked() {
    let golden = Golden::read("optim.txt");
    let mut params = network(&golden, DType::F64);
    run(&mut params, adafactor(0.1).boxed(), 1);
    let shape = |name: &str| params.get(name).unwrap().shape().to_string();
    assert_eq!(
        (shape("optim.adafactor.row.w0"), shape("optim.adafactor.column.w0")),
        ("[3, 1]".into(), "[1, 5]".into())
    );
    assert_eq!(shape("optim.adafactor.v.b0"), "[5]");

    let mut params = network(&golden, DType::F64);
    params.add("optim.adafactor.row.w0", Kind::Optimizer, Tensor::zeros([3, 5], DType::F64));
    let error = adafactor(0.1).prepare(&mut params).unwrap_err().to_string();
    assert!(error.contains("`optim.adafactor.row.w0` ([3, 5] f64)"), "{error}");
    let mut params = network(&golden, DType::F64);
    params.add("optim.prodigy.d", Kind::Optimizer, 1.0f32);
    let error = prodigy(1.0).prepare(&mut params).unwrap_err().to_string();
    assert!(error.contains("`optim.prodigy.d` ([] f32)"), "{error}");
}

/// Where `w` is after each step with these gradients.
fn path(optimizer: Boxed, start: f64, gradients: &[f64]) -> Vec<f64> {
    let mut params = line(&[start]);
    let mut step = TrainStep::new(optimizer, slope);
    let place = |&g: &f64| {
        step.run(&mut params, [&Tensor::from([g])]).unwrap();
        params.get("w").unwrap().to_f64()[0]
    };
    gradients.iter().map(place).collect()
}

#[test]
fn a_change_of_rate_tells_the_forms_of_momentum_apart() {
    let rate = || step_decay(1, 0.5);
    // The running sum is 4, then 0.5·4 + 4 = 6, at rates 1 and 0.5.
    assert_eq!(path(sgd(1.0).momentum(0.5).schedule(rate()).boxed(), 0.0, &[4.0, 4.0]), [-4.0, -7.0]);
    // The velocity is 4, then 0.5·4 + 0.5·4 = 4.
    assert_eq!(path(heavy_ball(1.0, 0.5).schedule(rate()).boxed(), 0.0, &[4.0, 4.0]), [-4.0, -8.0]);
    // Nesterov's goes 0.5·v + lr·g.
    assert_eq!(path(nag(1.0, 0.5).schedule(rate()).boxed(), 0.0, &[4.0, 4.0]), [-6.0, -10.0]);
}

#[test]
fn adafactors_rate_is_bounded() {
    // The steps are max(0.001, |w|)·min(lr, 1/√t) for a constant gradient.
    let [a, b] = path(adafactor(0.9).boxed(), 1.0, &[3.0, 3.0])[..] else { panic!() };
    assert!((a - 0.1).abs() < 1e-15 && (b - 0.1 * (1.0 - 0.5f64.sqrt())).abs() < 1e-15, "{a} {b}");
}

#[test]
fn rprop_begins_with_the_rate_of_its_first_step() {
    let places = path(rprop(0.5).boxed(), 0.0, &[1.0, 2.0, -1.0, -1.0]);
    // 0.5, then 0.5·1.2; the turn halves the step and waits; then it goes on with it.
    let expected = [-0.5, -1.1, -1.1, -0.8];
    assert!(places.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{places:?}");
}

#[test]
fn the_average_is_another_place() {
    let mut params = line(&[0.0]);
    let optimizer = || asgd(1.0).lambd(0.0).average_from(1.0);
    assert_eq!(optimizer().evaluation(&params).unwrap().get("w"), params.get("w"));
    let mut step = TrainStep::new(optimizer(), slope);
    for _ in 0..4 {
        step.run(&mut params, [&Tensor::from([-1.0])]).unwrap();
    }
    // The places are 1, 2, 3, 4; the average begins with the third: 3, (3 + 4)/2.
    assert_eq!(params.get("w").unwrap().to_f64(), [4.0]);
    let found = step.evaluation(&params).unwrap();
    assert_eq!(found.get("w").unwrap().to_f64(), [3.5]);
    assert_eq!(found.layout(), params.layout());
    // Other rules find what they train.
    assert_eq!(adam(0.1).evaluation(&params).unwrap().get("w"), params.get("w"));
}

#[test]
fn muon_takes_what_it_is_told_for_matrices() {
    let golden = Golden::read("optim.txt");
    let mut params = network(&golden, DType::F64);
    run(&mut params, muon(0.01).only(|name, shape| shape.rank() == 2 && name != "w2").boxed(), 2);
    assert!(params.get("optim.muon.b.w1").is_some() && params.get("optim.adam.m.w2").is_some());
    assert!(params.get("optim.muon.b.w2").is_none());

    let text = {
        let mut params = network(&golden, DType::F64);
        let mut step = TrainStep::new(muon(0.01).only(|_, _| true), loss);
        step.run(&mut params, [golden.get("x"), golden.get("y")]).unwrap_err().to_string()
    };
    assert!(text.contains("`b0` of shape [5] is no matrix"), "{text}");

    // A convolution's weight is a matrix of its first axis by the others: the step is that of the flat one.
    let start: Vec<f64> = (0..24).map(|i| (i as f64).sin()).collect();
    let stepped = |shape: &[usize]| {
        let mut params = Params::seeded(0);
        params.root().param("w", Tensor::from_vec(start.clone(), shape).unwrap());
        let mut step = TrainStep::new(muon(0.1).only(|_, _| true), |[x]| {
            (weight(x.tape(), "w").flatten(0) * x).sin().sum(..)
        });
        step.run(&mut params, [&Tensor::from(start.clone())]).unwrap();
        params.get("w").unwrap().to_f64()
    };
    assert_eq!(stepped(&[2, 3, 2, 2]), stepped(&[2, 12]));
}

#[test]
fn curvature_changes_nothing_but_the_estimate() {
    let mut params = line(&[1.0, 2.0]);
    let mut curvature = Curvature::new(slope).beta(0.75);
    let x = Tensor::from([2.0, -3.0]);
    assert_eq!(curvature.run(&mut params, 8, [&x]).unwrap(), -4.0);
    curvature.run(&mut params, 16, [&x]).unwrap();
    // 0.75·(0.25·8·g²) + 0.25·16·g²
    assert_eq!(params.get("optim.sophia.h.w").unwrap().to_f64(), [5.5 * 4.0, 5.5 * 9.0]);
    assert_eq!(params.get("w").unwrap().to_f64(), [1.0, 2.0]);
    assert_eq!(params.get("optim.step"), Some(&Tensor::from(0i64)));
    let text = Curvature::new(slope).beta(1.0).run(&mut params, 1, [&x]).unwrap_err().to_string();
    assert!(text.contains("the curvature's beta is 1"), "{text}");
}

#[test]
fn updates_can_be_differentiated() {
    // Where the second step leads, for data of its own, and the derivative by these.
    let led = |make: fn() -> Boxed, x: f64| {
        let mut params = line(&[0.7, -1.3]);
        let optimizer = make();
        optimizer.prepare(&mut params).unwrap();
        let mut result = (0.0, 0.0);
        for x in [0.9, x] {
            let tape = Tape::with(&params);
            let (x, w) = (tape.var(x), weight(&tape, "w"));
            let loss = (w.square() * x + (w * x).sin()).sum(..);
            let new = optimizer.record(&tape, tape.param_grads(loss).unwrap()).unwrap();
            let end = new[0].1.square().sum(..);
            result = (end.item().unwrap(), tape.grad(end, x).item().unwrap());
            tape.commit(&mut params).unwrap();
        }
        result
    };
    for (make, ..) in rules() {
        let h = 1e-5;
        let slope = led(make, 0.9).1;
        let difference = (led(make, 0.9 + h).0 - led(make, 0.9 - h).0) / (2.0 * h);
        assert!(
            (slope - difference).abs() <= 1e-6 * (1.0 + slope.abs()),
            "{:?}: {slope} {difference}",
            make()
        );
    }
}

#[test]
fn settings_out_of_range_are_reported() {
    let nan = f64::NAN;
    let error = |optimizer: Boxed| optimizer.prepare(&mut line(&[1.0])).unwrap_err().to_string();
    let cases = [
        (error(heavy_ball(0.1, -1.0).boxed()), "momentum is -1"),
        (error(nag(0.1, 0.0).boxed()), "nesterov needs a momentum"),
        (error(radam(0.1).betas(0.9, 1.0).boxed()), "beta2 is 1"),
        (error(radam(0.1).eps(-1.0).boxed()), "eps is -1"),
        (error(adafactor(0.1).beta2_decay(0.5).boxed()), "beta2_decay is 0.5"),
        (error(adafactor(0.1).eps(-1.0, 0.1).boxed()), "eps1 is -1"),
        (error(adafactor(0.1).eps(0.1, nan).boxed()), "eps2 is NaN"),
        (error(adafactor(0.1).clip_threshold(0.5).boxed()), "clip_threshold is 0.5"),
        (error(asgd(0.1).lambd(-1.0).boxed()), "lambd is -1"),
        (error(asgd(0.1).alpha(nan).boxed()), "alpha is NaN"),
        (error(asgd(0.1).average_from(-1.0).boxed()), "average_from is -1"),
        (error(rprop(0.1).etas(1.5, 1.2).boxed()), "etas are 1.5 and 1.2"),
        (error(rprop(0.1).etas(0.5, nan).boxed()), "etas are 0.5 and NaN"),
        (error(rprop(0.1).step_sizes(1.0, 0.5).boxed()), "step_sizes are 1 and 0.5"),
        (error(lion(0.1).betas(1.0, 0.9).boxed()), "beta1 is 1"),
        (error(lion(0.1).weight_decay(-1.0).boxed()), "weight_decay is -1"),
        (error(lamb(0.1).eps(nan).boxed()), "eps is NaN"),
        (error(lamb(0.1).betas(-0.1, 0.9).boxed()), "beta1 is -0.1"),
        (error(lars(0.1).momentum(-1.0).boxed()), "momentum is -1"),
        (error(lars(0.1).trust_coefficient(0.0).boxed()), "trust_coefficient is 0"),
        (error(lars(0.1).eps(-1.0).boxed()), "eps is -1"),
        (error(yogi(0.1).initial_accumulator(-1.0).boxed()), "initial_accumulator is -1"),
        (error(yogi(0.1).betas(0.9, nan).boxed()), "beta2 is NaN"),
        (error(adabelief(0.1).eps_root(-1.0).boxed()), "eps_root is -1"),
        (error(adabelief(0.1).eps(-1.0).boxed()), "eps is -1"),
        (error(adan(0.1).betas(0.9, 0.9, 1.0).boxed()), "beta3 is 1"),
        (error(muon(0.1).momentum(1.0).boxed()), "momentum is 1"),
        (error(muon(0.1).ns_steps(100).boxed()), "ns_steps is 100"),
        (error(muon(0.1).coefficients(1.0, nan, 1.0).boxed()), "coefficients is NaN"),
        (error(muon(0.1).others(-1.0).boxed()), "others is -1"),
        (error(muon(0.1).others_betas(0.9, 1.0).boxed()), "beta2 is 1"),
        (error(sophia(0.1).beta1(1.0).boxed()), "beta1 is 1"),
        (error(sophia(0.1).gamma(-1.0).boxed()), "gamma is -1"),
        (error(sophia(0.1).eps(0.0).boxed()), "eps is 0"),
        (error(sophia(0.1).clip_threshold(nan).boxed()), "clip_threshold is NaN"),
        (error(prodigy(1.0).d0(0.0).boxed()), "d0 is 0"),
        (error(prodigy(1.0).d_coef(-1.0).boxed()), "d_coef is -1"),
        (error(prodigy(1.0).beta3(1.0).boxed()), "beta3 is 1"),
        (error(schedule_free_sgd(0.1).beta(0.0).boxed()), "beta is 0"),
        (error(schedule_free_adamw(0.1).betas(0.9, 1.0).boxed()), "beta2 is 1"),
        (error(schedule_free_adamw(0.1).weight_lr_power(nan).boxed()), "weight_lr_power is NaN"),
    ];
    for (text, expected) in cases {
        assert!(text.contains(expected), "`{expected}` is not in: {text}");
    }
}
