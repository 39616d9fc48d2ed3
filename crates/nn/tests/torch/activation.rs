//! Activations and the layers that are one.

use crate::Torch;
use chainrule_nn::{Activation, GatedLinear, Init, Layer, Maxout, PRelu, RadialBasis, Rbf};

/// The names of cases, which are texts of activations.
const NAMES: &[&str] = &[
    "linear",
    "relu",
    "relu6",
    "LeakyReLU",
    "leaky_relu(0.2)",
    "rrelu(0.2, 0.2)",
    "threshold(0.5, 7)",
    "elu",
    "elu(0.6)",
    "celu",
    "celu(0.5)",
    "selu",
    "sigmoid",
    "logsigmoid",
    "tanh",
    "hardtanh",
    "hardtanh(-2, 0.5)",
    "tanhshrink",
    "hardshrink",
    "hardshrink(1.5)",
    "softshrink",
    "softshrink(1.5)",
    "softsign",
    "gelu",
    "gelu_tanh",
    "silu",
    "hardswish",
    "softplus_with",
    "softplus_with(2, 5)",
    "softmax",
    "softmax_along(0)",
    "log_softmax",
    "log_softmax_along(0)",
    "softmin",
    "softmin_along(0)",
    "softmax2d",
    "glu",
];

#[test]
fn all_cases() {
    let torch = Torch::read("activation");
    for name in NAMES {
        let activation: Activation = name.parse().unwrap();
        torch.function(name, |x| activation.forward(x[0]));
    }

    torch.check("prelu", PRelu::new, |layer, x| vec![layer.forward(x[0])]);
    torch.check("prelu_channels", |at| PRelu::per_channel(at, 3), |layer, x| vec![layer.forward(x[0])]);
    torch.check("prelu_rows", |at| PRelu::per_channel(at, 3), |layer, x| vec![layer.forward(x[0])]);
    torch.check("prelu_last", |at| PRelu::per_channel(at, 3).axis(-1), |layer, x| vec![layer.forward(x[0])]);

    torch.check("maxout", |at| Maxout::new(at, 4, 3, 2), |layer, x| vec![layer.forward(x[0])]);
    torch.check(
        "maxout_without_bias",
        |at| Maxout::init(at, 3, 2, 4, Init::xavier_uniform(), None),
        |layer, x| vec![layer.forward(x[0])],
    );

    torch.check("gated_linear", |at| GatedLinear::new(at, 4, 3), |layer, x| vec![layer.forward(x[0])]);
    torch.check(
        "gated_linear_silu",
        |at| GatedLinear::without_bias(at, 4, 3).gate(Activation::Silu),
        |layer, x| vec![layer.forward(x[0])],
    );

    for (name, basis) in [
        ("rbf_gaussian", RadialBasis::Gaussian),
        ("rbf_multiquadric", RadialBasis::Multiquadric),
        ("rbf_inverse_multiquadric", RadialBasis::InverseMultiquadric),
        ("rbf_inverse_quadratic", RadialBasis::InverseQuadratic),
    ] {
        torch.check(name, |at| Rbf::new(at, 3, 4, basis), |layer, x| vec![layer.forward(x[0])]);
    }
    for order in 1..=4 {
        torch.check(
            &format!("rbf_spline{order}"),
            |at| Rbf::new(at, 2, 3, RadialBasis::PolyharmonicSpline(order)),
            |layer, x| vec![layer.forward(x[0])],
        );
    }
    torch.finish();
}
