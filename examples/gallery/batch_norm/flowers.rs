//! Roses and other flowers, red ones and those of other colours.

use super::FLOWERS;
use super::statistics::column;
use crate::page::Page;
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::error::Error;

/// What counts as red: the least redness.
pub const RED: f64 = 0.5;

/// Flowers with two measurements each, how red one is and how curled its petals are, about from -2 to 2; the label is 1 for a
/// rose.
///
/// What makes a rose is the same for all colours, a matter of its petals. But red flowers lie elsewhere than others: between
/// them, the inputs' distribution shifts (*covariate shift*).
pub struct Flowers {
    /// The red ones.
    pub red: Dataset,
    /// Those of other colours.
    pub others: Dataset,
    /// Both.
    pub all: Dataset,
}

/// How curled petals are halfway between a rose's and others' of that colour.
pub fn border(redness: f64) -> f64 {
    1.2 * redness.abs() - 1.0
}

/// Draws the flowers.
pub fn flowers(seed: u64) -> Result<Flowers, Box<dyn Error>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut draw = |low: f64, high: f64| {
        let (mut inputs, mut labels) = (Vec::new(), Vec::new());
        for i in 0..FLOWERS {
            let rose = i % 2 == 0;
            let redness = low + (high - low) * rng.random::<f64>();
            let away = 0.1 + 1.2 * rng.random::<f64>();
            let curl = border(redness) + if rose { away } else { -away };
            inputs.extend([redness as f32, curl as f32]);
            labels.push(f32::from(rose));
        }
        (inputs, labels)
    };
    let (red, others) = (draw(RED, 2.0), draw(-2.0, RED));
    let all = ([&red.0[..], &others.0].concat(), [&red.1[..], &others.1].concat());
    let set = |(inputs, labels): (Vec<f32>, Vec<f32>)| -> Result<Dataset, Box<dyn Error>> {
        let count = labels.len();
        Ok(Dataset::new(Tensor::from_vec(inputs, [count, 2])?, Tensor::from_vec(labels, [count, 1])?)?)
    };
    Ok(Flowers { red: set(red)?, others: set(others)?, all: set(all)? })
}

/// The part of the page on the flowers.
pub fn show(page: &mut Page, flowers: &Flowers) {
    let chart = |title: &str, data: &Dataset| {
        let (inputs, labels) = (data.inputs().to_f64(), data.labels().to_f64());
        let of = |label: f64, feature: usize| {
            let values = column(&inputs, 2, feature).into_iter().zip(&labels);
            Vec::from_iter(values.filter(|(_, of)| **of == label).map(|(value, _)| value))
        };
        let xs: Vec<f64> = (-20..=20).map(|i| f64::from(i) / 10.0).collect();
        let ys: Vec<f64> = xs.iter().map(|&x| border(x)).collect();
        Chart::new(title)
            .x_label("redness")
            .y_label("curl of the petals")
            .x_range(-2.0, 2.0)
            .y_range(-3.0, 3.0)
            .size(460.0, 340.0)
            .points("rose", &of(1.0, 0), &of(1.0, 1))
            .points("other flower", &of(0.0, 0), &of(0.0, 1))
            .line_at("border", &xs, &ys)
    };
    page.figure(
        "flowers",
        &Panels::row([chart("Red", &flowers.red), chart("Other colours", &flowers.others)]),
        "Two plots of the same plane: redness to the right, curl of the petals upwards. Roses lie above a border in the shape of a V, other \
         flowers below. The left plot has the red flowers, in its right part; the right plot those of other colours, in the rest.",
        "The flowers. What makes a rose, the border, is the same in both plots; where the flowers lie is not.",
    );
}
