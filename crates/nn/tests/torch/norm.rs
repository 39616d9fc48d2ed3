//! Normalizations.

use crate::Torch;
use chainrule_nn::{
    BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d, GroupNorm, Init, InstanceNorm1d, InstanceNorm2d,
    InstanceNorm3d, Layer, LayerNorm, Linear, LocalResponseNorm, RmsNorm, Running, UnitNorm,
};
use chainrule_tape::Var;

#[test]
fn all_cases() {
    let torch = Torch::read("norm");
    batch(&torch);
    rows_and_groups(&torch);
    instance(&torch);
    without_parameters(&torch);
    torch.finish();
}

fn batch(torch: &Torch) {
    torch.layer("batch_vectors", |at| BatchNorm1d::new(at, 3));
    torch.layer("batch_1d", |at| BatchNorm1d::new(at, 4));
    torch.layer("batch_2d", |at| BatchNorm2d::new(at, 4));
    torch.layer("batch_3d", |at| BatchNorm3d::new(at, 2));
    torch.layer("batch_momentum_eps", |at| BatchNorm2d::new(at, 4).momentum(0.3).eps(0.1));
    let [ones, zeros] = [Init::ones(), Init::zeros()];
    torch.layer("batch_cumulative", |at| BatchNorm1d::init(at, 3, ones, zeros, Running::Cumulative));
    torch.layer("batch_without_affine", |at| BatchNorm2d::without_affine(at, 4));
    torch.layer("batch_without_bias", |at| BatchNorm1d::init(at, 3, ones, None, Running::default()));
    torch.layer("batch_untracked", |at| BatchNorm1d::init(at, 4, ones, zeros, Running::Off));
    torch.layer("batch_bare", |at| BatchNorm1d::init(at, 3, None, None, Running::Off));

    fn twice<'t>(norm: &impl Layer, x: &[Var<'t>]) -> Vec<Var<'t>> {
        vec![norm.forward(norm.forward(x[0]) + x[0] * x[0])]
    }
    torch.check("batch_twice", |at| BatchNorm::new(&mut at.sub("norm"), 3), twice);
    torch.check(
        "batch_twice_cumulative",
        |at| BatchNorm2d::init(&mut at.sub("norm"), 4, ones, zeros, Running::Cumulative),
        twice,
    );

    torch.layer("batch_last", |at| BatchNorm::new(&mut at.sub("norm"), 2));
    torch.layer("batch_axis_2", |at| BatchNorm::new(&mut at.sub("norm"), 3).axis(-2));
    torch.layer("batch_axis_0", |at| BatchNorm::new(&mut at.sub("norm"), 3).axis(0));
    torch.check(
        "batch_before_activation",
        |at| (Linear::without_bias(&mut at.sub(0), 3, 2), BatchNorm1d::new(&mut at.sub(1), 2)),
        |(linear, norm), x| vec![norm.forward(linear.forward(x[0])).tanh()],
    );
    torch.check(
        "batch_after_activation",
        |at| (Linear::new(&mut at.sub(0), 3, 2), BatchNorm1d::new(&mut at.sub(2), 2)),
        |(linear, norm), x| vec![norm.forward(linear.forward(x[0]).sigmoid())],
    );
}

fn rows_and_groups(torch: &Torch) {
    torch.layer("layer", |at| LayerNorm::new(at, 5));
    torch.layer("layer_axes", |at| LayerNorm::new(at, [3, 2]));
    torch.layer("layer_eps", |at| LayerNorm::new(at, [4, 5]).eps(0.2));
    torch.layer("layer_without_bias", |at| LayerNorm::without_bias(at, 5));
    torch.layer("layer_without_affine", |at| LayerNorm::without_affine(at, [4, 5]));
    torch.layer("rms", |at| RmsNorm::new(at, 5));
    torch.layer("rms_axes", |at| RmsNorm::new(at, [4, 5]).eps(0.2));
    torch.layer("rms_without_affine", |at| RmsNorm::without_affine(at, 5));
    torch.layer("group_vectors", |at| GroupNorm::new(at, 2, 6));
    torch.layer("group_2d", |at| GroupNorm::new(at, 2, 4));
    torch.layer("group_eps", |at| GroupNorm::new(at, 4, 4).eps(0.1));
    torch.layer("group_one_without_affine", |at| GroupNorm::without_affine(at, 1, 2));
}

fn instance(torch: &Torch) {
    let [ones, zeros] = [Init::ones(), Init::zeros()];
    let tracked = Running::default();
    torch.layer("instance_1d", |at| InstanceNorm1d::new(at, 4));
    torch.layer("instance_1d_alone", |at| InstanceNorm1d::with_affine(at, 4));
    torch.layer("instance_2d_affine", |at| InstanceNorm2d::with_affine(at, 4).eps(0.1));
    torch.layer("instance_2d_tracked", |at| InstanceNorm2d::init(at, 4, None, None, tracked));
    torch.layer("instance_3d_all", |at| InstanceNorm3d::init(at, 2, ones, zeros, Running::Moving(0.4)));
    torch.layer("instance_1d_alone_tracked", |at| InstanceNorm1d::init(at, 4, ones, zeros, tracked));
}

fn without_parameters(torch: &Torch) {
    torch.layer("local_response", |_| LocalResponseNorm::new(3));
    torch.layer("local_response_even", |_| LocalResponseNorm::new(4).alpha(0.7).beta(0.4).k(2.0));
    torch.layer("local_response_wide", |_| LocalResponseNorm::new(9).alpha(1.0));
    torch.layer("unit", |_| UnitNorm::new());
    torch.layer("unit_axis", |_| UnitNorm::new().axes([1]));
    torch.layer("unit_axes", |_| UnitNorm::new().axes([1, 3]));
}
