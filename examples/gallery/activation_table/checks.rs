//! What the lesson claims, checked.

use super::classes::{self, CENTER, WEIGHTS};
use super::curve::{Curve, Input};
use super::interval::number;
use super::kinks;
use super::known::{self, KNOWN};
use super::properties::Properties;
use super::{HIGHEST, NEAR};
use crate::page::Page;
use std::error::Error;

/// Claims on a family: what is known of its members.
pub fn family(page: &mut Page, members: &[Properties]) {
    for of in members {
        for known in KNOWN.iter().filter(|known| known.0 == of.curve.name) {
            let (holds, sentence) = known::claim(known, of);
            page.claim(holds, sentence);
        }
    }
}

/// Claims on all activations.
pub fn table(page: &mut Page, all: &[&Properties]) -> Result<(), Box<dyn Error>> {
    let of =
        |name: &str| all.iter().find(|of| of.curve.name == name).copied().ok_or(format!("no row `{name}`"));
    let rough = |order: usize| -> Vec<&str> {
        all.iter().filter(|of| of.rough() == Some(order)).map(|of| of.curve.name).collect()
    };
    let (jump, first) = (rough(0), rough(2));
    let code = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let smooth = all.iter().filter(|of| of.rough().is_none()).count();
    page.claim(
        jump == ["binary_step", "binary_step_straight", "hard_shrink", "softplus_with"]
            && first == ["elu", "celu", "softsign", "sparse_plus"]
            && rough(3).is_empty()
            && jump.len() + rough(1).len() + first.len() + smooth == all.len(),
        format!(
            "Of the {} activations, {smooth} are smooth (no jump up to the derivative of order {HIGHEST}), {} are C¹ ({}), {} are \
             C⁰, and {} jump ({}).",
            all.len(),
            first.len(),
            code(&first),
            rough(1).len(),
            jump.len(),
            code(&jump),
        ),
    );

    let plus = of("softplus_with")?;
    let jump = plus.jumps[0].first().map_or(0.0, |jump| jump.values.0 - jump.values.1);
    page.claim(
        plus.places() == [20.0] && (jump - (-20f64).exp().ln_1p()).abs() < 1e-13,
        format!(
            "One of them jumps by accident: `softplus_with` has PyTorch's threshold of 20, above which it is x, and falls there \
             by ln(1 + e⁻²⁰) = {:.2}·10⁻⁹. So it isn't monotonic, by the width of a hair.",
            1e9 * jump
        ),
    );

    let silu = of("silu")?.turns.first().copied().unwrap_or_default();
    page.claim(
        (silu.0 + 1.2785).abs() < 5e-5 && (silu.1 + 0.2785).abs() < 5e-5,
        format!("`silu` is lowest at x = {}, with the value {}.", number(silu.0), number(silu.1)),
    );

    let lowest = |name: &&str| of(name).map(|of| of.range.0.first().map_or(0.0, |first| first.low));
    const GATED: [&str; 6] = ["gelu", "gelu_tanh", "silu", "swish", "hard_swish", "mish"];
    const POSITIVE: [&str; 5] = ["softplus", "softplus_with", "squareplus", "sparse_plus", "exponential"];
    let dips: Vec<f64> = GATED.iter().map(lowest).collect::<Result<_, _>>()?;
    let floors: Vec<f64> = POSITIVE.iter().map(lowest).collect::<Result<_, _>>()?;
    page.claim(
        dips.iter().all(|dip| (-0.376..-0.16).contains(dip)) && floors.iter().all(|&floor| floor == 0.0),
        format!(
            "The smooth rectifiers {} dip below 0, to {}; {} don't.",
            GATED.map(|name| format!("`{name}`")).join(", "),
            dips.iter().map(|&dip| number(dip)).collect::<Vec<_>>().join(", "),
            POSITIVE.map(|name| format!("`{name}`")).join(", "),
        ),
    );

    let steepest = |name: &str| of(name).map(|of| of.slopes.0.last().map_or(0.0, |last| last.high));
    let [sigmoid, tanh, relu, gelu] = ["sigmoid", "tanh", "relu", "gelu"].map(steepest);
    let (sigmoid, tanh, relu, gelu) = (sigmoid?, tanh?, relu?, gelu?);
    page.claim(
        (sigmoid - 0.25).abs() < 1e-9 && (tanh - 1.0).abs() < 1e-9 && relu == 1.0 && of("relu")?.slopes.to_string() == "{0} ∪ {1}" && gelu > 1.0,
        format!(
            "A gradient that passes a `sigmoid` keeps at most {sigmoid:.2} of itself, that of a `tanh` at most {tanh:.0}, that of a \
             `relu` {relu:.0} or nothing; `gelu` can make it larger, by up to {gelu:.3}."
        ),
    );

    let (honest, pretended) = slopes_by_differences(all)?;
    page.claim(
        honest < 1e-6 && pretended > 0.99,
        "The engine's derivatives agree with central differences, to one part in a million and better, for all activations but one: \
         `binary_step_straight` says 1 where the step's slope is 0.",
    );

    let xs: Vec<f64> = kinks::grid().into_iter().filter(|x| x.abs() < NEAR).collect();
    let exponential = of("exponential")?.curve.derivatives(&xs, 1)?;
    page.claim(
        exponential[0] == exponential[1],
        "`exponential` is its own derivative: its two lines are one.",
    );
    same(page, all)
}

/// The largest relative difference between the engine's derivative and a central difference near 0: of all activations but the
/// step with a straight-through derivative, and of that one.
fn slopes_by_differences(all: &[&Properties]) -> Result<(f64, f64), Box<dyn Error>> {
    const H: f64 = 1e-5; // The grid is further than this from every kink.
    let xs: Vec<f64> = kinks::grid().into_iter().filter(|x| x.abs() < NEAR).collect();
    let moved = |by: f64| xs.iter().map(|x| x + by).collect::<Vec<f64>>();
    let (mut honest, mut pretended) = (0f64, 0f64);
    for of in all {
        let slopes = of.curve.derivatives(&xs, 1)?.swap_remove(1);
        let (low, high) = (of.curve.derivatives(&moved(-H), 0)?, of.curve.derivatives(&moved(H), 0)?);
        let worst = (0..xs.len())
            .map(|i| (slopes[i] - (high[0][i] - low[0][i]) / (2.0 * H)).abs() / (1.0 + slopes[i].abs()))
            .fold(0.0, f64::max);
        let into = if of.curve.name == "binary_step_straight" { &mut pretended } else { &mut honest };
        *into = into.max(worst);
    }
    // Of a slope of 1 for 0, the relative difference is 1 / (1 + 1).
    Ok((honest, 2.0 * pretended))
}

/// Which names stand for the same function of one number.
fn same(page: &mut Page, all: &[&Properties]) -> Result<(), Box<dyn Error>> {
    let xs: Vec<f64> = kinks::grid().into_iter().filter(|x| x.abs() < NEAR).collect();
    let mut groups: Vec<(Vec<f64>, Vec<Curve>)> = Vec::new();
    for of in all {
        let y = of.curve.derivatives(&xs, 0)?.swap_remove(0);
        let equal = |other: &[f64]| y.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-13 * (1.0 + a.abs()));
        match groups.iter_mut().find(|(other, _)| equal(other)) {
            Some((_, names)) => names.push(of.curve),
            None => groups.push((y, vec![of.curve])),
        }
    }
    let together = |names: &[&str]| {
        groups.iter().any(|(_, group)| names.iter().all(|name| group.iter().any(|curve| curve.name == *name)))
    };
    page.claim(
        together(&["relu", "relu_with", "threshold"]) && together(&["elu", "celu"]) && together(&["silu", "swish"]),
        "With their usual parameters, `relu_with` and `threshold` are `relu`, `celu` is `elu`, and `swish` is `silu`.",
    );
    let several = all.iter().filter(|of| of.curve.input != Input::Number).count();
    page.claim(
        together(&["sigmoid", "softmax", "glu"])
            && together(&["sparse_sigmoid", "sparsemax"])
            && together(&["log_sigmoid", "log_softmax"])
            && together(&["relu", "reglu"])
            && together(&["gelu", "geglu"])
            && together(&["silu", "swiglu"])
            && together(&["identity", "bilinear_glu"])
            && groups.len() < all.len() - several,
        format!(
            "Softmax of the row (x, 0) is the sigmoid of x, sparsemax is the sparse sigmoid, and log-softmax the log-sigmoid; the gates \
             of `glu`, `reglu`, `geglu`, `swiglu` and `bilinear_glu` are `sigmoid`, `relu`, `gelu`, `silu` and the identity. \
             The {} names are {} functions of one number.",
            all.len(),
            groups.len(),
        ),
    );
    Ok(())
}

/// The gradient has no part along a ridge, and moving along it changes nothing.
pub fn ridge(page: &mut Page) -> Result<(), Box<dyn Error>> {
    let points = plane();
    let along = [-WEIGHTS[1] / norm(WEIGHTS), WEIGHTS[0] / norm(WEIGHTS)];
    let (mut part, mut change) = (0f64, 0f64);
    for unit in classes::ridge() {
        let (values, slopes) = unit.at(&points)?;
        for by in [-2.0, -0.3, 1.0] {
            let moved: Vec<[f64; 2]> =
                points.iter().map(|p| [p[0] + by * along[0], p[1] + by * along[1]]).collect();
            change = change.max(largest(unit.at(&moved)?.0.iter().zip(&values).map(|(a, b)| a - b)));
        }
        part = part.max(largest(slopes.iter().map(|g| g[0] * along[0] + g[1] * along[1])));
    }
    page.claim(
        part < 1e-12 && change < 1e-12,
        "*Ridge*: the units are constant along the direction perpendicular to w. The gradient has no part along it, and moving by 2, 0.3 \
         or 1 changes no value (all to 10⁻¹²).",
    );
    Ok(())
}

/// Turned about the centre, nothing changes; the gradient points to it or away from it.
pub fn radial(page: &mut Page) -> Result<(), Box<dyn Error>> {
    let points = plane();
    let (mut part, mut change) = (0f64, 0f64);
    for unit in classes::radial()? {
        let (values, slopes) = unit.at(&points)?;
        let from: Vec<[f64; 2]> = points.iter().map(|p| [p[0] - CENTER[0], p[1] - CENTER[1]]).collect();
        for degrees in [30f64, 90.0, 217.0] {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let turn =
                |d: &[f64; 2]| [CENTER[0] + cos * d[0] - sin * d[1], CENTER[1] + sin * d[0] + cos * d[1]];
            let turned: Vec<[f64; 2]> = from.iter().map(turn).collect();
            change = change.max(largest(unit.at(&turned)?.0.iter().zip(&values).map(|(a, b)| a - b)));
        }
        let across =
            slopes.iter().zip(&from).map(|(g, d)| (g[0] * d[1] - g[1] * d[0]) / norm(*d).max(1e-300));
        part = part.max(largest(across));
    }
    page.claim(
        part < 1e-12 && change < 1e-12,
        "*Radial*: the units are constant on circles around c. The gradient has no part along a circle, and turning all points by 30°, \
         90° or 217° changes no value (all to 10⁻¹²).",
    );
    Ok(())
}

/// The order of the inputs changes nothing, or the outputs' order alone.
pub fn folding(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let folded = classes::fold(200, 6, 50, seed)?;
    page.claim(
        folded.aggregates < 1e-12 && folded.softmax < 1e-12 && folded.sum < 1e-12,
        "*Folding*: in 50 random orders of the numbers of 200 rows of six, maximum and mean stay what they are; softmax takes the new \
         order, and its sum is 1 (all to 10⁻¹²).",
    );
    page.claim(
        folded.unequal == [0.0, 1.0] && folded.tie == [0.5, 0.5],
        "The gradient of the larger one of two inputs goes to that one alone; equal ones get half of it each.",
    );
    fold_in_the_plane(page)
}

/// Where the folding units of two inputs bend: each is the same on both sides of the diagonal, or the rest to 1.
fn fold_in_the_plane(page: &mut Page) -> Result<(), Box<dyn Error>> {
    let points = plane();
    let mirrored: Vec<[f64; 2]> = points.iter().map(|p| [p[1], p[0]]).collect();
    let mut off = Vec::new();
    for unit in classes::folding()? {
        let (here, there) = (unit.at(&points)?.0, unit.at(&mirrored)?.0);
        let softmax = unit.name.starts_with("softmax");
        off.push(largest(here.iter().zip(&there).map(|(a, b)| if softmax { a + b - 1.0 } else { a - b })));
    }
    let worst = largest(off.into_iter());
    page.claim(
        worst < 1e-12,
        "Exchanging the two inputs changes neither pool nor the maxout; softmax's first share becomes its second one, the rest to 1 \
         (all to 10⁻¹²).",
    );
    Ok(())
}

fn norm([a, b]: [f64; 2]) -> f64 {
    a.hypot(b)
}

/// Points all over the plane that is drawn, none of them on an axis or a diagonal.
fn plane() -> Vec<[f64; 2]> {
    let at = |i: i32, by: f64| -3.0 + f64::from(i) * 0.15 + by;
    (0..40).flat_map(|i| (0..40).map(move |j| [at(i, 0.013), at(j, 0.047)])).collect()
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |most, value| most.max(value.abs()))
}
