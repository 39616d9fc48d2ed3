//! What activations are for.
//!
//! Asked: what does a net lose without activations between its layers? Found: everything but a line. Nets of one neuron and of three
//! million weights are trained on a curve, on two moons and on two circles, once with the hyperbolic tangent after each hidden layer and
//! once with nothing. Without it, all sizes come to the same straight line, as a product of matrices is a matrix.
//!
//! Sizes, epochs and rates stand in `nets.rs`, the noise in `data.rs`. This is the heaviest lesson: the six nets of 1025 neurons take nearly all of its time.

mod boundary;
mod data;
mod figures;
mod fits;
mod nets;

use crate::page::Page;
use fits::{Fit, Fits, NONLINEAR, Task, least_squares, r_squared};
use nets::{BATCH, EPOCHS, SIZES};
use std::error::Error;

/// Rows of the curve, and of the moons and the circles each.
const CURVE_ROWS: usize = 256;
const POINT_ROWS: usize = 128;

/// The three sets with all nets fitted to each.
struct Results {
    curve: Fits,
    moons: Fits,
    circles: Fits,
}

impl Results {
    fn new(seed: u64) -> Result<Results, Box<dyn Error>> {
        // What the nets don't see while they learn is drawn with another seed.
        let other = seed.wrapping_add(1);
        let curve = [data::curve(CURVE_ROWS, seed)?, data::curve(CURVE_ROWS, other)?];
        let moons = [data::two_moons(POINT_ROWS, seed)?, data::two_moons(POINT_ROWS, other)?];
        let circles = [data::circles(POINT_ROWS, seed)?, data::circles(POINT_ROWS, other)?];
        Ok(Results {
            curve: Fits::new(curve, Task::Number, seed)?,
            moons: Fits::new(moons, Task::Class, seed)?,
            circles: Fits::new(circles, Task::Class, seed)?,
        })
    }

    fn sets(&self) -> [&Fits; 3] {
        [&self.curve, &self.moons, &self.circles]
    }
}

/// The least and the largest.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

fn scores<'a>(fits: impl IntoIterator<Item = &'a Fit>) -> (f64, f64) {
    range(fits.into_iter().map(|fit| fit.score))
}

pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let results = Results::new(seed)?;
    page.lead(
        "What does a net lose without activations between its layers? Everything but a straight line: one neuron and three million \
         weights then learn the same.",
    );
    page.text(
        "A layer multiplies by a matrix and adds a vector. If nothing stands between two layers, the next multiplication joins the \
         first, and a product of matrices is a matrix:",
    );
    page.formula(
        r"W_2 (W_1 x + b_1) + b_2 = (W_2 W_1)\, x + (W_2 b_1 + b_2) = W x + b",
        "W2 times (W1 x plus b1), plus b2, is (W2 W1) x plus (W2 b1 plus b2), which is W x plus b",
    );
    page.text(
        "An *activation*, a function that is not a line, applied to each number between the layers, keeps them apart. Here it is \
         the hyperbolic tangent:",
    );
    page.formula(
        r"h_1 = \tanh(W_1 x + b_1), \quad y = W_2 h_1 + b_2",
        "h1 is the hyperbolic tangent of W1 x plus b1; y is W2 h1 plus b2",
    );
    page.text(
        "Nets of four sizes, from one hidden neuron to four hidden layers of 1025, learn three things: a curve from noisy points, and \
         to tell apart two moons and two circles. Each is trained once without activations (*linear*) and once with them (*tanh*), for the \
         same number of epochs at the same rates.",
    );

    page.heading("A curve");
    page.figure(
        "curve",
        &figures::curves(&results.curve)?,
        "Eight small charts of the same wave of points, with the fitted curve of one net in each. The four linear nets draw the same \
         nearly level line through the middle of the wave. Of the nets with tanh, one neuron draws a level line with one step up, and the \
         three larger ones follow the wave.",
        "The points that the nets learn from, and what each net makes of them. Upper row: without activations. Lower row: with tanh.",
    );
    curve_claims(page, &results.curve);

    page.heading("Two moons and two circles");
    page.text(
        "For classes, the net's output is a logit: where it is above 0, the net says \"second class\". The border between the two \
         colours is where it is 0.",
    );
    let alt = |what: &str, line: &str, bent: &str| {
        format!(
            "Eight small pictures of {what} with the plane coloured by the class that a net gives. The four linear nets cut it in two \
             along {line}, and so does one neuron with tanh; the three larger nets with tanh have {bent}."
        )
    };
    page.figure(
        "moons",
        &figures::decisions(&results.moons)?,
        &alt("two moons", "a straight line", "a border that winds between the moons"),
        "Decision regions on two moons. Upper row: without activations. Lower row: with tanh.",
    );
    page.figure(
        "circles",
        &figures::decisions(&results.circles)?,
        &alt(
            "a ring around a ring",
            "a straight line through the middle",
            "a closed border around the inner ring",
        ),
        "Decision regions on two circles. Upper row: without activations. Lower row: with tanh.",
    );
    class_claims(page, &results.moons, &results.circles);

    page.heading("Size does not replace it");
    page.figure(
        "scores",
        &figures::scores(results.sets()),
        "Three charts over the number of parameters, from 4 to 3 million: R² on the curve, accuracy on moons and on circles. The lines \
         of the linear nets are level and low; those of the nets with tanh jump up between 1 and 50 neurons and stay near 1.",
        "R² of a fit is the share of the points' variance that it explains: 0 for a level line through their mean, 1 for a fit without \
         error. Accuracy is the share of points given their own class.",
    );
    size_claims(page, &results);

    let percent = |share: f64| format!("{:.1}%", 100.0 * share);
    let rows = (0..SIZES.len()).map(|i| {
        let mut row = vec![SIZES[i].name(), results.curve.linear[i].params.trainable_count().to_string()];
        for (set, fits) in results.sets().into_iter().enumerate() {
            for fit in [&fits.linear[i], &fits.nonlinear[i]] {
                row.push(if set == 0 { format!("{:.3}", fit.score) } else { percent(fit.score) });
            }
        }
        row
    });
    page.table(
        "R² and accuracy on the data that was learned from. (Moons and circles have one input more, so one weight for each neuron of \
         the first layer.)",
        &["neurons × layers", "parameters", "curve: linear", "tanh", "moons: linear", "tanh", "circles: linear", "tanh"],
        &rows.collect::<Vec<_>>(),
    );

    page.setting("activation", NONLINEAR);
    page.setting("rows", format!("{CURVE_ROWS} of the curve, {POINT_ROWS} of moons and circles each"));
    page.setting("epochs", EPOCHS);
    page.setting("rows of a step", BATCH);
    let rates: Vec<String> = SIZES.iter().map(|size| format!("{} ({})", size.rate, size.name())).collect();
    page.setting("optimizer", format!("Adam, rates {}, falling to 0 along a cosine", rates.join(", ")));
    page.setting("numbers", "f32");
    Ok(())
}

fn curve_claims(page: &mut Page, curve: &Fits) {
    let (x, y) = (curve.data.inputs().to_f64(), curve.data.labels().to_f64());
    let line = least_squares(&x, &y);
    let of_line = r_squared(&x.iter().map(|&x| line.at(&[x])).collect::<Vec<_>>(), &y);
    let of_truth = r_squared(&x.iter().map(|&x| data::target(x)).collect::<Vec<_>>(), &y);
    let (low, high) = scores(&curve.linear);
    // The outputs are rounded to f32.
    page.claim(
        high <= of_line + 1e-6 && low > of_line - 0.005,
        format!(
            "Without activations, every net draws the line of least squares. The line's R² is {of_line:.4}; no net's is above it, nor more \
             than {:.0e} below it.",
            (of_line - low).max(0.0)
        ),
    );
    let (low, high) = scores(curve.deep());
    page.claim(
        low > 0.9,
        format!(
            "With tanh, the nets of four layers follow the wave: R² {low:.3} to {high:.3}, where the curve without its noise has \
             {of_truth:.3}.",
        ),
    );
    let one = &curve.nonlinear[0];
    page.claim(
        one.score > of_line && one.score < low - 0.3,
        format!("A single neuron with tanh has one smooth step to offer, and reaches {:.2}.", one.score),
    );
}

fn class_claims(page: &mut Page, moons: &Fits, circles: &Fits) {
    let (_, moons_linear) = scores(&moons.linear);
    let (_, circles_linear) = scores(&circles.linear);
    page.claim(
        moons_linear < 0.95 && circles_linear < 0.7,
        format!(
            "Without activations, no net gets more than {:.1}% of the moons or {:.1}% of the circles right.",
            100.0 * moons_linear,
            100.0 * circles_linear
        ),
    );
    let (deep, _) = scores(moons.deep().chain(circles.deep()));
    page.claim(
        deep > 0.97,
        format!("With tanh, the nets of four layers get at least {:.1}% of each right.", 100.0 * deep),
    );
    let both = || moons.linear.iter().chain(&circles.linear);
    let single = [&moons.nonlinear[0], &circles.nonlinear[0]];
    let deep = || moons.deep().chain(circles.deep());
    let bend = |fit: &Fit| boundary::bend(&fit.border);
    let (_, straight) = range(both().chain(single).map(bend));
    let (bent, _) = range(deep().map(bend));
    // (Where there is no border, none is straight.)
    let all_seen = both().chain(single).chain(deep()).all(|fit| fit.border.len() > 1);
    page.claim(
        all_seen && straight < 1e-4 && bent > 0.3,
        format!(
            "The border of a linear net is straight, and so is that of a single neuron with tanh, which only rises, or only falls, \
             along one direction: measured, no point of theirs is farther than {straight:.0e} from a line. The borders of the larger nets with \
             tanh leave every line by {bent:.2} or more, where the circles have radii of 1 and 0.5."
        ),
    );
}

fn size_claims(page: &mut Page, results: &Results) {
    let linear = || results.sets().into_iter().flat_map(|fits| &fits.linear);
    let (_, off) = range(linear().map(|fit| fit.off_affine));
    let most = &results.curve.linear[SIZES.len() - 1].params;
    page.claim(
        off < 1e-5,
        format!(
            "Each of the {} linear nets is one map x·W + b: with the product of its weights for W it gives the net's outputs, to {off:.0e} of \
             the largest. On the curve, {} trained parameters have become 2, a slope and a height.",
            linear().count(),
            most.trainable_count()
        ),
    );
    let (low, high) = scores(results.curve.deep());
    page.claim(
        high - low < 0.06 && low > 0.9,
        format!(
            "With tanh, 50 neurons a layer are enough: from there to 1025, R² on the curve stays between {low:.3} and {high:.3}."
        ),
    );
    let (curve, _) = range(results.curve.deep().map(|fit| fit.fresh));
    let (points, _) = range(results.moons.deep().chain(results.circles.deep()).map(|fit| fit.fresh));
    page.claim(
        curve > 0.88 && points > 0.95,
        format!(
            "It is not learned by heart: on as many new points, these nets have an R² of at least {curve:.3}, and at least {:.1}% right.",
            100.0 * points
        ),
    );
}
