//! Every random rule by Kolmogorov and Smirnov's test: the largest distance between the values' distribution function and the
//! rule's. The seeds are fixed, and a right rule would fail with a probability of 10⁻⁶.

use chainrule_nn::{Distribution, Fan, Init};
use chainrule_tape::{DType, Params, Tape};

const ROWS: usize = 250;
const COLUMNS: usize = 400;

fn draw(init: Init, shape: &[usize]) -> Vec<f64> {
    let mut params = Params::seeded(17);
    init.sample(shape, DType::F64, &mut params.root().rng("weight")).to_f64()
}

/// `Φ((x - mean) / std)` of each.
fn normal(x: &[f64], mean: f64, std: f64) -> Vec<f64> {
    let z: Vec<f64> = x.iter().map(|x| (x - mean) / std / 2f64.sqrt()).collect();
    let tape = Tape::new();
    // (From the side where nothing cancels.)
    let half = |z: &[f64]| (tape.var(z).abs().erfc() * 0.5).value().unwrap().to_f64();
    half(&z).iter().zip(&z).map(|(half, &z)| if z > 0.0 { 1.0 - half } else { *half }).collect()
}

fn uniform(x: &[f64], low: f64, high: f64) -> Vec<f64> {
    x.iter().map(|x| ((x - low) / (high - low)).clamp(0.0, 1.0)).collect()
}

fn truncated(x: &[f64], mean: f64, std: f64, low: f64, high: f64) -> Vec<f64> {
    // Above the mean by the other side, as that is where numbers near 0 are exact.
    if low > mean {
        let mirrored: Vec<f64> = x.iter().map(|x| 2.0 * mean - x).collect();
        let other = truncated(&mirrored, mean, std, 2.0 * mean - high, 2.0 * mean - low);
        return other.iter().map(|p| 1.0 - p).collect();
    }
    let ends = normal(&[low, high], mean, std);
    normal(x, mean, std).iter().map(|p| (p - ends[0]) / (ends[1] - ends[0])).collect()
}

/// The test's statistic must be below its critical value for 10⁻⁶, `√(ln(2·10⁶) / 2n)`.
#[track_caller]
fn assert_distribution(what: &str, mut values: Vec<f64>, cdf: impl Fn(&[f64]) -> Vec<f64>) {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = cdf(&values)
        .iter()
        .zip(0..)
        .map(|(&p, i)| (p - i as f64 / n).abs().max((p - (i + 1) as f64 / n).abs()))
        .fold(0.0, f64::max);
    let critical = (2e6f64.ln() / (2.0 * n)).sqrt();
    assert!(distance < critical, "{what}: {distance} is not below {critical}");
}

#[test]
fn uniform_rules() {
    let bound = |variance: f64| (3.0 * variance).sqrt();
    let (fan_in, fan_out) = (COLUMNS as f64, ROWS as f64);
    for (name, init, low, high) in [
        ("uniform", Init::uniform(-1.0, 3.0), -1.0, 3.0),
        ("usual", Init::usual(16), -0.25, 0.25),
        ("xavier", Init::xavier_uniform(), -bound(2.0 / (fan_in + fan_out)), bound(2.0 / (fan_in + fan_out))),
        ("kaiming", Init::kaiming_uniform(), -bound(2.0 / fan_in), bound(2.0 / fan_in)),
        ("lecun", Init::lecun_uniform(), -bound(1.0 / fan_in), bound(1.0 / fan_in)),
        (
            "scaled",
            Init::variance_scaling(0.5, Fan::Out, Distribution::Uniform),
            -bound(0.5 / fan_out),
            bound(0.5 / fan_out),
        ),
    ] {
        assert_distribution(name, draw(init, &[ROWS, COLUMNS]), |x| uniform(x, low, high));
    }
}

#[test]
fn normal_rules() {
    let (fan_in, fan_out) = (COLUMNS as f64, ROWS as f64);
    for (name, init, mean, variance) in [
        ("normal", Init::normal(2.0, 0.5), 2.0, 0.25),
        ("xavier", Init::xavier_normal(), 0.0, 2.0 / (fan_in + fan_out)),
        ("kaiming", Init::kaiming_normal(), 0.0, 2.0 / fan_in),
        ("kaiming by outputs", Init::kaiming_normal().fan(Fan::Out), 0.0, 2.0 / fan_out),
        (
            "scaled",
            Init::variance_scaling(3.0, Fan::Average, Distribution::Normal),
            0.0,
            6.0 / (fan_in + fan_out),
        ),
    ] {
        assert_distribution(name, draw(init, &[ROWS, COLUMNS]), |x| normal(x, mean, f64::sqrt(variance)));
    }
}

#[test]
fn truncated_rules() {
    let (fan_in, fan_out) = (COLUMNS as f64, ROWS as f64);
    for (name, init, variance) in [
        ("glorot", Init::glorot_normal(), 2.0 / (fan_in + fan_out)),
        ("he", Init::he_normal(), 2.0 / fan_in),
        ("lecun", Init::lecun_normal(), 1.0 / fan_in),
    ] {
        // Of the distribution that is cut, the variance is larger: 1 / (1 - 4·φ(2) / erf(√2)).
        let std = f64::sqrt(variance / 0.773_741_303_550_585_5);
        let values = draw(init, &[ROWS, COLUMNS]);
        assert_distribution(name, values, |x| truncated(x, 0.0, std, -2.0 * std, 2.0 * std));
    }
    // Around the mean, wide and narrow; beside it, near and far; open to one side and to both.
    for (mean, std, low, high) in [
        (0.0, 1.0, -2.0, 2.0),
        (0.0, 0.02, -2.0, 2.0),
        (1.0, 3.0, 0.0, 2.5),
        (0.0, 1.0, -0.1, 4.0),
        (0.0, 1.0, 0.5, 0.75),
        (0.0, 2.0, 8.0, 100.0),
        (-1.0, 0.5, -9.0, -3.0),
        (0.0, 1.0, 6.0, 6.5),
        (0.0, 1.0, f64::NEG_INFINITY, 0.3),
        (0.0, 1.0, 2.0, f64::INFINITY),
        (5.0, 2.0, f64::NEG_INFINITY, f64::INFINITY),
    ] {
        let name = format!("N({mean}, {std}²) in {low}..{high}");
        let values = draw(Init::truncated_normal(mean, std, low, high), &[ROWS, COLUMNS]);
        assert!(values.iter().all(|x| (low..=high).contains(x)), "{name}");
        assert_distribution(&name, values, |x| truncated(x, mean, std, low, high));
    }
}

/// So far out that nothing is left of the distribution: the nearest limit.
#[test]
fn truncated_ends() {
    for (mean, std, low, high, expected) in [
        (0.0, 0.0, -1.0, 1.0, 0.0),
        (5.0, 0.0, -1.0, 1.0, 1.0),
        (0.0, 1e-300, 1.0, 2.0, 1.0),
        (0.0, 1e-300, -2.0, -1.0, -1.0),
        (0.0, 1.0, 1e200, 2e200, 1e200),
    ] {
        assert_eq!(draw(Init::truncated_normal(mean, std, low, high), &[2]), [expected; 2]);
    }
    assert!(draw(Init::truncated_normal(0.0, f64::NAN, -1.0, 1.0), &[1])[0].is_nan());
}

/// In any direction, the elements of an orthogonal matrix are spread as those of a random direction in space, nearly normal.
#[test]
fn orthogonal_and_sparse_rules() {
    let values = draw(Init::orthogonal(), &[ROWS, COLUMNS]);
    assert_distribution("orthogonal", values, |x| normal(x, 0.0, 1.0 / (COLUMNS as f64).sqrt()));
    // Each element alone, over many small matrices: of a direction in 3 dimensions, every coordinate is uniform.
    let mut params = Params::seeded(3);
    let mut rng = params.root().rng("weight");
    let mut sample = || Init::orthogonal().sample([3, 3], DType::F64, &mut rng).to_f64();
    let matrices: Vec<Vec<f64>> = (0..2000).map(|_| sample()).collect();
    for i in 0..9 {
        let values = matrices.iter().map(|matrix| matrix[i]).collect();
        assert_distribution(&format!("orthogonal [{i}]"), values, |x| uniform(x, -1.0, 1.0));
    }

    let mut values = draw(Init::sparse(0.3, 0.05), &[ROWS, COLUMNS]);
    values.retain(|&x| x != 0.0);
    assert_eq!(values.len(), COLUMNS * (ROWS - 75));
    assert_distribution("sparse", values, |x| normal(x, 0.0, 0.05));
}
