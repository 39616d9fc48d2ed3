//! A step that meets bad data changes nothing.

use chainrule::prelude::*;

/// A whole-tensor op whose derivative, not the op itself, can fail.
#[derive(Clone, Debug)]
struct Touchy {
    fails: bool,
}

impl chainrule::Call for Touchy {
    fn call(&self, inputs: &[chainrule::Slice<'_>], output: chainrule::SliceMut<'_>) -> Result<(), String> {
        if let ([chainrule::Slice::F32(x)], chainrule::SliceMut::F32(y)) = (inputs, output) {
            y.copy_from_slice(x);
        }
        if self.fails { Err("not today".into()) } else { Ok(()) }
    }
}

impl chainrule::Op for Touchy {
    fn name(&self) -> &'static str {
        "touchy"
    }

    fn infer(&self, x: &[&chainrule::Meta]) -> Result<chainrule::Meta, String> {
        Ok(x[0].clone())
    }

    fn lower(&self) -> chainrule::Lower {
        chainrule::Lower::Call(std::sync::Arc::new(self.clone()))
    }

    fn vjp<'t>(&self, at: &chainrule::Rule<'_, 't>, g: Var<'t>) -> chainrule::Gradients<'t> {
        at.gradients(|_| Some(at.tape.op(Touchy { fails: true }, &[g])))
    }

    fn jvp<'t>(&self, _: &chainrule::Rule<'_, 't>, _: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        None
    }
}

fn unchanged(before: &Params, after: &Params) {
    for ((name, _, old), (_, _, new)) in before.iter().zip(after.iter()) {
        assert_eq!(old, new, "{name}");
    }
}

#[test]
fn a_bad_label_changes_neither_parameters_nor_running_statistics() {
    let mut params = Params::seeded(3);
    let net = nn::Sequential::new(&mut params.root(), |net| {
        net.linear(4, 8).batch_norm(8).relu().linear(8, 8).batch_norm(8).linear(8, 3)
    });
    let mut step = TrainStep::new(optim::adam(0.1), |[x, labels]| net.forward(x).cross_entropy(labels));
    let x = Tape::new().normal([6, 4], DType::F32).value().unwrap();
    step.run(&mut params, [&x, &Tensor::from([0i64, 1, 2, 0, 1, 2])]).unwrap();
    let before = params.clone();
    let error = step.run(&mut params, [&x, &Tensor::from([0i64, 1, 2, 0, 1, 3])]).unwrap_err().to_string();
    assert!(error.contains('3'), "{error}");
    unchanged(&before, &params);
}

#[test]
fn a_failure_in_the_backward_pass_changes_nothing() {
    let mut params = Params::seeded(3);
    let [first, second] = [("first", 4, 8), ("second", 8, 3)]
        .map(|(name, inputs, outputs)| Linear::new(&mut params.root().sub(name), inputs, outputs));
    // The last layer's gradient is there before the first one's fails.
    let mut step = TrainStep::new(optim::sgd(0.1), |[x, y]| {
        let hidden = first.forward(x);
        second.forward(x.tape().op(Touchy { fails: false }, &[hidden])).mse(y)
    });
    let (x, y) = (Tensor::full([6, 4], 0.5f32), Tensor::full([6, 3], 1f32));
    let mut fresh = params.clone();
    assert!(step.run(&mut fresh, [&x, &y]).unwrap_err().to_string().contains("not today"));
    unchanged(&params, &fresh);
}
