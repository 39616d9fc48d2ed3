//! The activations by family, in the order of the table.

use super::curve::Curve;
use chainrule::nn::Activation;
use std::error::Error;

/// Activations that look alike.
pub struct Family {
    pub title: &'static str,
    /// The stem of the figure's name.
    pub figure: &'static str,
    pub about: &'static str,
    /// The family's best known member as LaTeX, and as it is said.
    pub formula: (&'static str, &'static str),
    pub names: &'static [&'static str],
    /// The figure shows x from minus this to this,
    pub reach: f64,
    /// and these values.
    pub shown: (f64, f64),
}

pub const FAMILIES: &[Family] = &[
    Family {
        title: "Lines and steps",
        figure: "steps",
        about: "A line changes nothing, and a step is flat: its derivative is 0 wherever it has one, so nothing before \
            it is learned. `binary_step_straight` is the same step, with a derivative that pretends to be a line's near 0.",
        formula: (
            r"\mathrm{step}(x) = \begin{cases} 0 & x < 0 \\ 1 & x \ge 0 \end{cases}",
            "step of x is 0 below 0, else 1",
        ),
        names: &["identity", "binary_step", "binary_step_straight"],
        reach: 4.0,
        shown: (-2.0, 2.0),
    },
    Family {
        title: "Rectifiers",
        figure: "rectifiers",
        about: "Two straight pieces, or three. The slope of `rrelu` is random in training; its mean is drawn.",
        formula: (r"\mathrm{relu}(x) = \max(x, 0)", "relu of x is the larger one of x and 0"),
        names: &["relu", "relu6", "relu_with", "leaky_relu", "rrelu", "threshold"],
        reach: 8.0,
        shown: (-2.0, 8.0),
    },
    Family {
        title: "Exponential linear units",
        figure: "exponential_units",
        about: "A line above 0, and an exponential below.",
        formula: (
            r"\mathrm{elu}(x) = \begin{cases} x & x > 0 \\ \alpha\,(e^x - 1) & x \le 0 \end{cases}",
            "elu of x is x above 0, else alpha times, e to the x minus 1",
        ),
        names: &["elu", "celu", "selu"],
        reach: 4.0,
        shown: (-2.0, 3.0),
    },
    Family {
        title: "Sigmoids",
        figure: "sigmoids",
        about: "From one level to another (`log_sigmoid` has the upper one alone). On the levels the derivative is 0 or nearly so: \
            they saturate.",
        formula: (r"\sigma(x) = \frac{1}{1 + e^{-x}}", "sigma of x is 1 over, 1 plus e to the minus x"),
        names: &["sigmoid", "hard_sigmoid", "sparse_sigmoid", "log_sigmoid", "tanh", "hard_tanh", "softsign"],
        reach: 4.0,
        shown: (-1.5, 1.5),
    },
    Family {
        title: "Shrinkers",
        figure: "shrinkers",
        about: "Small numbers become smaller, or 0.",
        formula: (
            r"\mathrm{softshrink}(x) = \mathrm{sign}(x)\,\max(|x| - \lambda, 0)",
            "softshrink of x is the sign of x times the larger one of 0 and, the absolute value of x minus lambda",
        ),
        names: &["tanh_shrink", "hard_shrink", "soft_shrink"],
        reach: 4.0,
        shown: (-2.0, 2.0),
    },
    Family {
        title: "Smooth rectifiers",
        figure: "smooth_rectifiers",
        about: "Nearly rectifiers far from 0, and bent near it; and the exponential, which only looks like one.",
        formula: (r"\mathrm{silu}(x) = x\,\sigma(x)", "silu of x is x times sigma of x"),
        names: &[
            "gelu",
            "gelu_tanh",
            "silu",
            "swish",
            "hard_swish",
            "mish",
            "softplus",
            "softplus_with",
            "squareplus",
            "sparse_plus",
            "exponential",
        ],
        reach: 4.0,
        shown: (-0.5, 4.0),
    },
    Family {
        title: "Bells and waves",
        figure: "waves",
        about: "Where a function rises and falls, one unit can have several boundaries.",
        formula: (r"\mathrm{gcu}(x) = x \cos x", "the growing cosine unit of x is x times the cosine of x"),
        names: &[
            "gaussian",
            "sinusoid",
            "sinc",
            "growing_cosine",
            "snake",
            "shifted_quadratic",
            "non_monotonic_cubic",
            "shifted_sinc",
            "decaying_sine",
        ],
        reach: 4.0,
        shown: (-3.6, 3.6),
    },
    Family {
        title: "Over a row",
        figure: "rows",
        about: "They act on a row of numbers. Drawn is the first result for the row (x, 0). Those with `along` take another \
            axis; their usual one is the last, too.",
        formula: (
            r"\mathrm{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}",
            "softmax of x, element i, is e to the x i over the sum of e to the x j over all j",
        ),
        names: &[
            "softmax",
            "softmax_along",
            "log_softmax",
            "log_softmax_along",
            "softmin",
            "softmin_along",
            "sparsemax",
            "sparsemax_along",
        ],
        reach: 4.0,
        shown: (-1.5, 1.5),
    },
    Family {
        title: "Gated units",
        figure: "gates",
        about: "They halve a row: one half is multiplied by a gate, a function of the other half. Drawn is the gate, that is \
            the result for the value 1.",
        formula: (r"\mathrm{glu}(a, b) = a\,\sigma(b)", "glu of a and b is a times sigma of b"),
        names: &["glu", "reglu", "geglu", "swiglu", "bilinear_glu"],
        reach: 4.0,
        shown: (-1.0, 3.0),
    },
];

/// All activations there are, family by family.
///
/// An activation without a family, or a family with one that there is not, is an error.
pub fn curves() -> Result<Vec<Vec<Curve>>, Box<dyn Error>> {
    let named = |name: &&'static str| {
        let found = Activation::ALL.iter().find(|(known, _)| known == name);
        let (_, activation) = found.ok_or(format!("there is no activation `{name}`"))?;
        Ok::<Curve, Box<dyn Error>>(Curve::new(name, *activation)?)
    };
    for (name, _) in Activation::ALL {
        if !FAMILIES.iter().any(|family| family.names.contains(name)) {
            return Err(format!("the activation `{name}` has no family in the table").into());
        }
    }
    FAMILIES.iter().map(|family| family.names.iter().map(named).collect()).collect()
}
