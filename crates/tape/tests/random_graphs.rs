//! Graphs of all ops at random: planned as a whole, they compute what the ops compute one by one; forward and reverse mode agree
//! with each other and with differences; and whatever an op is given, there is no panic but a message with the line.
//!
//! `CHAINRULE_GRAPHS=1000000 cargo test --release -p chainrule-tape --test random_graphs` checks so many graphs, and
//! `CHAINRULE_GRAPH=7` only the one of this seed, whose ops it prints.

use chainrule_tape::check::{self, Sample};
use chainrule_tape::{DType, Params, Tape, Tensor, Var};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Values on the tape that is planned as a whole, each with what the ops made of it one by one.
struct Graph<'t> {
    tape: &'t Tape,
    leaves: Vec<Var<'t>>,
    /// The leaves' values.
    points: Vec<Tensor>,
    values: Vec<(Var<'t>, Tensor)>,
    /// Whether to print what is recorded.
    show: bool,
}

fn numbers(rng: &mut StdRng, shape: &[usize]) -> Tensor {
    let data: Vec<f64> = (0..shape.iter().product()).map(|_| rng.random_range(-1.5..1.5)).collect();
    Tensor::from_vec(data, shape).unwrap()
}

/// Numbers near others, which may lie at a kink.
fn near(x: &Tensor, rng: &mut StdRng) -> Tensor {
    let data: Vec<f64> = x.to_f64().iter().map(|x| x + rng.random_range(1e-3..4e-3)).collect();
    Tensor::from_vec(data, x.shape()).unwrap()
}

impl<'t> Graph<'t> {
    fn leaf(&mut self, value: Tensor) -> (Var<'t>, Tensor) {
        let leaf = self.tape.input(value.shape(), DType::F64);
        self.leaves.push(leaf);
        self.points.push(value.clone());
        self.values.push((leaf, value.clone()));
        (leaf, value)
    }

    /// Grows by an op's sample on other inputs: earlier values, mostly of the shapes that it wants.
    fn grow(&mut self, sample: &Sample, rng: &mut StdRng) {
        let mut inputs = Vec::new();
        for own in (sample.inputs)() {
            let alike: Vec<usize> =
                (0..self.values.len()).filter(|&i| self.values[i].1.shape() == own.shape()).collect();
            inputs.push(match rng.random_range(0..10) {
                0..6 if !alike.is_empty() => self.values[alike[rng.random_range(0..alike.len())]].clone(),
                0..8 if self.values.len() < 40 => self.leaf(near(&own, rng)),
                _ => self.values[rng.random_range(0..self.values.len())].clone(),
            });
        }
        let own: Vec<Tensor> = inputs.iter().map(|(_, value)| value.clone()).collect();
        let Ok(value) = alone(sample, &own) else {
            return;
        };
        let small = value.numel() <= 600 && value.shape().rank() <= 5 && value.dtype() == DType::F64;
        // (What is left of a difference of equals is noise, and might be scaled up to 1 again.)
        let most = value
            .to_f64()
            .iter()
            .fold(0.0, |most: f64, x| if x.is_nan() { f64::NAN } else { most.max(x.abs()) });
        let noise = value.to_f64().iter().any(|x| *x != 0.0 && x.abs() < 1e-8);
        if small && !noise && (most == 0.0 || (1e-4..1e3).contains(&most)) {
            let x: Vec<Var<'t>> = inputs.iter().map(|(x, _)| *x).collect();
            let y = (sample.apply)(&x);
            if self.show {
                println!("{} of {x:?}: {y:?}", sample.name);
            }
            self.values.push((y, value));
        }
    }
}

/// Whether an expression draws random numbers.
fn is_random(sample: &Sample) -> bool {
    let tape = Tape::new();
    let x: Vec<Var<'_>> = (sample.inputs)().into_iter().map(|x| tape.var(x)).collect();
    (sample.apply)(&x);
    tape.random_ops() > 0
}

/// Whether an op's derivative is another than its values have, by design.
fn is_straight_through(sample: &Sample) -> bool {
    sample.name == "binary_step_straight"
}

/// An op by itself. A mistake is a message that names the place; never a panic.
fn alone(sample: &Sample, inputs: &[Tensor]) -> Result<Tensor, String> {
    let tape = Tape::new();
    let x: Vec<Var<'_>> = inputs.iter().map(|x| tape.var(x.clone())).collect();
    let y = (sample.apply)(&x);
    y.value().map_err(|error| {
        let message = error.to_string();
        assert!(message.contains("-->") && message.contains(".rs:"), "{}: {message}", sample.name);
        message
    })
}

/// Whether two values are the same but for rounding.
fn close(a: f64, b: f64, tolerance: f64, scale: f64) -> bool {
    (a - b).abs() <= tolerance * scale.max(a.abs()).max(b.abs()).max(1.0)
        || a.is_nan() && b.is_nan()
        || a == b
}

/// Checks one graph; the result is its number of nodes, and whether it is smooth enough for differences to be compared.
fn graph(samples: &[Sample], seed: u64, show: bool) -> (usize, usize) {
    let mut rng = StdRng::seed_from_u64(seed);
    let tape = Tape::new();
    let mut graph = Graph { tape: &tape, leaves: Vec::new(), points: Vec::new(), values: Vec::new(), show };
    for shape in [&[2, 3][..], &[3], &[2, 2], &[], &[2, 1, 3]] {
        graph.leaf(numbers(&mut rng, shape));
    }
    // Mostly small graphs, and now and then a large one.
    let ops = if rng.random_bool(0.002) { 400 } else { rng.random_range(2..20) };
    let mut tries = 0;
    while graph.values.len() < graph.leaves.len() + ops && tries < 20 * ops {
        tries += 1;
        graph.grow(&samples[rng.random_range(0..samples.len())], &mut rng);
    }
    let Graph { leaves, points, values, .. } = graph;
    let few: Vec<Var<'_>> = values[leaves.len()..].iter().rev().take(3).map(|(x, _)| *x).collect();
    let Some(loss) = few.into_iter().map(|x| x.sin().sum(..)).reduce(|sum, x| sum + x) else { return (0, 0) };
    let directions: Vec<Tensor> = leaves.iter().map(|x| numbers(&mut rng, x.shape().dims())).collect();
    let du: Vec<Var<'_>> = directions.iter().map(|u| tape.var(u.clone())).collect();
    let gradients = tape.grads(loss, &leaves);
    let forward = tape.jvp(loss, &leaves, &du);
    tape.check().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let mut wanted: Vec<Var<'_>> = vec![loss, forward];
    wanted.extend(&gradients);
    let some: Vec<usize> = (0..values.len()).filter(|_| rng.random_bool(0.3)).collect();
    wanted.extend(some.iter().map(|&i| values[i].0));
    let mut program = tape.compile(&wanted).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let points: Vec<&Tensor> = points.iter().collect();
    let params = Params::seeded(0);
    let outputs = program.eval(&params, &points).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    for (number, &i) in some.iter().enumerate() {
        let (found, expected) = (outputs.tensor(2 + leaves.len() + number), &values[i].1);
        assert_eq!((found.shape(), found.dtype()), (expected.shape(), expected.dtype()), "seed {seed}");
        let scale = expected.to_f64().iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        for (a, b) in found.to_f64().into_iter().zip(expected.to_f64()) {
            assert!(close(a, b, 1e-7, scale), "seed {seed}, value {i}: {a} and {b}");
        }
    }
    let reverse: f64 = (0..leaves.len())
        .map(|i| {
            outputs.tensor(2 + i).to_f64().iter().zip(directions[i].to_f64()).map(|(g, u)| g * u).sum::<f64>()
        })
        .sum();
    let forward = outputs.item(1).unwrap();
    let scale = (0..leaves.len())
        .flat_map(|i| outputs.tensor(2 + i).to_f64())
        .fold(0.0, |most: f64, g| most.max(g.abs()));
    // (Where a derivative is infinite, as that of √0, it meets a 0 in one mode and not in the other.)
    if scale < 1e8 && forward.is_finite() && reverse.is_finite() {
        assert!(close(forward, reverse, 1e-7, scale), "seed {seed}: forward {forward}, reverse {reverse}");
    }
    // The change of the loss along the directions, by differences with three steps: where these disagree, there are kinks or jumps.
    let mut at = |step: f64| {
        let moved = |(x, u): (&&Tensor, &Tensor)| {
            let values = x.to_f64().iter().zip(u.to_f64()).map(|(x, u)| x + step * u).collect::<Vec<f64>>();
            Tensor::from_vec(values, x.shape()).unwrap()
        };
        let moved: Vec<Tensor> = points.iter().zip(&directions).map(moved).collect();
        program
            .eval(&params, &moved.iter().collect::<Vec<_>>())
            .and_then(|outputs| outputs.item(0))
            .unwrap_or(f64::NAN)
    };
    let mut slope = |h: f64| (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
    let (wide, narrow, tiny) = (slope(2e-4), slope(1e-4), slope(1e-6));
    let smooth = scale < 1e3
        && close(wide, narrow, 1e-7, scale)
        && close(tiny, narrow, 1e-5, scale)
        && reverse.is_finite()
        && narrow.is_finite();
    if smooth {
        assert!(
            close(narrow, reverse, 1e-5, scale),
            "seed {seed}: reverse {reverse}, by differences {narrow}"
        );
    }
    (tape.len(), smooth as usize)
}

#[test]
fn graphs_of_all_ops() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    // (Of a random op, each recording has other numbers.)
    let mut samples = check::samples();
    samples.retain(|sample| !is_random(sample) && !is_straight_through(sample));
    let samples = &samples;
    if let Some(seed) = number("CHAINRULE_GRAPH") {
        graph(samples, seed, true);
        return;
    }
    let count = number("CHAINRULE_GRAPHS").unwrap_or(2000);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let part = |first: u64| {
        move || {
            (first..count)
                .step_by(threads as usize)
                .map(|seed| graph(samples, seed, false))
                .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
        }
    };
    let (nodes, smooth) = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|first| scope.spawn(part(first))).collect();
        let parts = parts
            .into_iter()
            .map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        parts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    });
    println!("{count} graphs, {nodes} nodes, {smooth} compared with differences");
    assert!(smooth as u64 > count / 3, "too few graphs are smooth: {smooth}");
}
