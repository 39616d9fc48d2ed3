//! The lesson's pictures.

use super::fits::{Fit, Fits, REACH};
use super::nets::SIZES;
use chainrule::plot::{Chart, Panels, decision_region};
use chainrule::prelude::*;
use std::error::Error;

/// Places at which a fitted curve is drawn.
const PLACES: usize = 121;

/// The curve's points and what each net makes of them: linear nets above, the others below.
pub fn curves(fits: &Fits) -> Result<Panels, Box<dyn Error>> {
    let (x, y) = (fits.data.inputs().to_f64(), fits.data.labels().to_f64());
    let places: Vec<f32> = (0..PLACES).map(|i| 6.0 * i as f32 / (PLACES - 1) as f32 - 3.0).collect();
    let places = Tensor::from_vec(places, [PLACES, 1])?;
    small_multiples(fits, 230.0, |title, fit| {
        let curve = fit.net.outputs(&fit.params, &places)?;
        Ok(Chart::new(format!("{title}: R² {:.2}", fit.score))
            .x_label("x")
            .y_label("y")
            .points("data", &x, &y)
            .line_at("net", &places.to_f64(), &curve))
    })
}

/// The plane in the colours of the classes that each net gives: linear nets above, the others below.
pub fn decisions(fits: &Fits) -> Result<Panels, Box<dyn Error>> {
    let range = (-REACH, REACH);
    let classes = [0.0, 1.0].map(|class| coordinates(&fits.data, class));
    small_multiples(fits, 310.0, |title, fit| {
        let region = decision_region(&fit.params, |x| fit.net.forward(x), range, range)?;
        Ok(Chart::new(format!("{title}: {:.0}%", 100.0 * fit.score))
            .x_label("x₁")
            .y_label("x₂")
            .equal_axes()
            .regions(&region)
            .points("class 0", &classes[0].0, &classes[0].1)
            .points("class 1", &classes[1].0, &classes[1].1))
    })
}

/// The scores over the number of parameters: one chart for the curve, the moons and the circles.
pub fn scores(sets: [&Fits; 3]) -> Panels {
    let names = ["curve: R²", "moons: accuracy", "circles: accuracy"];
    Panels::row(sets.into_iter().zip(names).map(|(fits, name)| {
        let chart = Chart::new(name).x_label("parameters").log_x().y_range(0.0, 1.05).size(360.0, 260.0);
        [("linear", &fits.linear), ("tanh", &fits.nonlinear)].into_iter().fold(
            chart,
            |chart, (name, fits)| {
                let (parameters, scores): (Vec<f64>, Vec<f64>) =
                    fits.iter().map(|fit| (fit.params.trainable_count() as f64, fit.score)).unzip();
                chart.line_at(name, &parameters, &scores).points(name, &parameters, &scores)
            },
        )
    }))
}

/// A chart for each net, in the order of sizes: without activations, then with.
fn small_multiples(
    fits: &Fits,
    height: f64,
    chart: impl Fn(String, &Fit) -> Result<Chart, Box<dyn Error>>,
) -> Result<Panels, Box<dyn Error>> {
    let named = |kind: &'static str| move |fit: &Fit| format!("{kind}, {}", fit.size.name());
    let linear = fits.linear.iter().map(|fit| (named("linear")(fit), fit));
    let nonlinear = fits.nonlinear.iter().map(|fit| (named("tanh")(fit), fit));
    let charts = linear.chain(nonlinear).map(|(title, fit)| Ok(chart(title, fit)?.size(270.0, height)));
    Ok(Panels::grid(SIZES.len(), charts.collect::<Result<Vec<_>, Box<dyn Error>>>()?))
}

/// The points of a class.
fn coordinates(data: &Dataset, class: f64) -> (Vec<f64>, Vec<f64>) {
    let (x, classes) = (data.inputs().to_f64(), data.labels().to_f64());
    x.chunks(2).zip(classes).filter(|(_, label)| *label == class).map(|(x, _)| (x[0], x[1])).unzip()
}
