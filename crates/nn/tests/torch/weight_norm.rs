//! Layers with normalized weights.

use crate::Torch;
use chainrule_nn::{Conv2d, Layer, Linear, SpectralNorm, WeightNorm};
use chainrule_tape::Scope;

#[test]
fn all_cases() {
    let torch = Torch::read("weight_norm");
    let linear = |at: &mut Scope| Linear::new(at, 3, 4);
    let conv = |at: &mut Scope| Conv2d::new(at, 4, 3, 2);
    torch.layer("spectral_linear", |at| SpectralNorm::new(at, linear));
    torch.layer("spectral_iterations", |at| {
        SpectralNorm::new(at, |at| Linear::without_bias(at, 3, 4)).iterations(3).eps(1e-6)
    });
    torch.layer("spectral_conv", |at| SpectralNorm::new(at, conv));
    torch.layer("spectral_axis", |at| SpectralNorm::of(at, "weight", 1, linear));
    torch.layer("spectral_bias", |at| SpectralNorm::of(at, "bias", 0, linear));
    torch.check(
        "spectral_twice",
        |at| SpectralNorm::new(&mut at.sub("layer"), |at| Linear::new(at, 3, 3)),
        |layer, x| vec![layer.forward(layer.forward(x[0]) + x[0] * x[0])],
    );
    torch.layer("weight_linear", |at| WeightNorm::new(at, linear));
    torch.layer("weight_linear_second", |at| WeightNorm::new(at, linear));
    torch.layer("weight_axis", |at| WeightNorm::of(at, "weight", 1, linear));
    torch.layer("weight_axis_second", |at| WeightNorm::of(at, "weight", 1, linear));
    torch.layer("weight_whole", |at| WeightNorm::of(at, "weight", None, linear));
    torch.layer("weight_whole_second", |at| WeightNorm::of(at, "weight", None, linear));
    torch.layer("weight_conv", |at| WeightNorm::new(at, conv));
    torch.layer("weight_bias", |at| WeightNorm::of(at, "bias", 0, linear));
    torch.finish();
}
