//! What is known of activations from their papers, to compare with what was measured.

use super::interval::number;
use super::properties::{Direction, Properties};

use Direction::{Both, Falling, NeverFalling, Rising};

/// A row as it should be: name, range, order of continuity, where it breaks, and direction.
type Known = (&'static str, &'static str, &'static str, &'static [f64], Direction);

pub const KNOWN: &[Known] = &[
    ("binary_step", "{0} ∪ {1}", "jumps", &[0.0], NeverFalling),
    ("relu", "[0, ∞)", "C⁰", &[0.0], NeverFalling),
    ("relu6", "[0, 6]", "C⁰", &[0.0, 6.0], NeverFalling),
    ("leaky_relu", "(−∞, ∞)", "C⁰", &[0.0], Rising),
    ("elu", "(−1, ∞)", "C¹", &[0.0], Rising),
    ("selu", "(−1.7581, ∞)", "C⁰", &[0.0], Rising),
    ("sigmoid", "(0, 1)", "C∞", &[], Rising),
    ("hard_sigmoid", "[0, 1]", "C⁰", &[-3.0, 3.0], NeverFalling),
    ("tanh", "(−1, 1)", "C∞", &[], Rising),
    ("softsign", "(−1, 1)", "C¹", &[0.0], Rising),
    ("hard_shrink", "(−∞, −0.5) ∪ {0} ∪ (0.5, ∞)", "jumps", &[-0.5, 0.5], NeverFalling),
    ("gelu", "[−0.17, ∞)", "C∞", &[], Both),
    ("silu", "[−0.2785, ∞)", "C∞", &[], Both),
    ("mish", "[−0.3088, ∞)", "C∞", &[], Both),
    ("hard_swish", "[−0.375, ∞)", "C⁰", &[-3.0, 3.0], Both),
    ("softplus", "(0, ∞)", "C∞", &[], Rising),
    ("sparse_plus", "[0, ∞)", "C¹", &[-1.0, 1.0], NeverFalling),
    ("gaussian", "(0, 1]", "C∞", &[], Both),
    ("sinc", "[−0.2172, 1]", "C∞", &[], Both),
    ("growing_cosine", "(−∞, ∞)", "C∞", &[], Both),
    ("snake", "(−∞, ∞)", "C∞", &[], Rising),
    ("softmin", "(0, 1)", "C∞", &[], Falling),
];

/// Whether what was measured is what is known, and the sentence.
pub fn claim(known: &Known, measured: &Properties) -> (bool, String) {
    let (name, range, order, places, direction) = *known;
    let holds = measured.range.to_string() == range
        && measured.order() == order
        && measured.places() == places
        && measured.direction == direction;
    let places: Vec<String> = places.iter().map(|&x| number(x)).collect();
    let places = places.join(" and ");
    let smooth = match order {
        "jumps" => format!("it jumps at {places}"),
        "C⁰" => format!("C⁰, as f′ jumps at {places}"),
        "C¹" => format!("C¹, as f″ jumps at {places}"),
        _ => "smooth".to_owned(),
    };
    let direction = match direction {
        Both => "not monotonic".to_owned(),
        other => other.to_string(),
    };
    (holds, format!("`{name}`: values in {range}; {smooth}; {direction}."))
}
