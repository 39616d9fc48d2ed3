//! The loss around a trained network: on the plane of the Hessian's two leading eigenvectors, and on one of two random directions.
//!
//! Sources: Li, Xu, Taylor, Studer and Goldstein, "Visualizing the loss landscape of neural nets", 2018; Pearlmutter, "Fast exact
//! multiplication by the Hessian", 1994; Yao, Gholami, Keutzer and Mahoney, "PyHessian", 2020.

mod power;
mod trained;

use crate::page::Page;
use chainrule::plot::{Chart, Grid, Panels, Surface, random_direction};
use power::{Eigen, dot, unit};
use std::error::Error;
use trained::{HIDDEN, IMAGES, Plane, RATE, SMALL, STEPS, Trained};

/// How far the landscapes reach from the trained weights, in all four directions.
const REACH: f64 = 1.0;
/// Points of a landscape along each axis.
const POINTS: usize = 41;

/// What the section shows.
struct Found {
    eigen: [Eigen; 2],
    /// The loss on the eigenvectors' plane and on the random one, both as far as [`REACH`], and on the random one `farther` times
    /// as far.
    grids: [Grid; 3],
    farther: f64,
    /// The second differences on both planes.
    curvatures: [[f64; 3]; 2],
    /// `d·H·d` for the two random directions.
    products: [f64; 2],
    mean: f64,
}

impl Found {
    fn new(trained: &Trained, seed: u64) -> chainrule::Result<Found> {
        let eigen = trained.leading(seed)?;
        let random = [1, 2].map(|i| unit(Trained::flat(&random_direction(&trained.params, seed + i))));
        let plane = |[first, second]: [&[f64]; 2]| -> chainrule::Result<Plane> {
            Ok(Plane { trained, directions: [trained.shaped(first)?, trained.shaped(second)?] })
        };
        let steep = plane([&eigen[0].vector, &eigen[1].vector])?;
        let flat = plane([&random[0], &random[1]])?;
        let curvatures = [steep.curvatures()?, flat.curvatures()?];
        let mut product = trained.product();
        let products = [dot(&random[0], &product(&random[0])?), dot(&random[1], &product(&random[1])?)];
        // So far that the quadratic parts of the loss are as large.
        let farther = ((eigen[0].value + eigen[1].value) / (products[0] + products[1])).sqrt().round();
        let grids =
            [steep.grid(REACH, POINTS)?, flat.grid(REACH, POINTS)?, flat.grid(farther * REACH, POINTS)?];
        let mean = trained.mean_curvature()?;
        Ok(Found { eigen, grids, farther, curvatures, products, mean })
    }

    /// How far the losses of a grid rise above that of the trained weights.
    fn rise(&self, grid: usize) -> f64 {
        self.grids[grid].range().map_or(0.0, |(_, most)| most) - self.bottom()
    }

    /// The loss of the trained weights.
    fn bottom(&self) -> f64 {
        self.grids[0].at(POINTS / 2, POINTS / 2)
    }
}

pub fn section(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let trained = Trained::new(seed)?;
    let found = Found::new(&trained, seed)?;
    let weights = trained.params.trainable_count();

    page.heading("The landscape of a loss");
    page.text(&format!(
        "A network `64 → {HIDDEN} → 10` has learned {IMAGES} images of digits. Its {weights} weights and biases are one point in a \
         space of as many dimensions, and a picture has room for two: it shows the loss on a plane through that point. Which \
         plane? The Hessian `H`, the matrix of second derivatives, has the steepest directions as its eigenvectors `v`, those with \
         the largest eigenvalues `λ`. The matrix is never stored: power iteration asks for products `H·v` alone, and each costs \
         the engine a few gradients (`hvp`)."
    ));
    page.formula(
        r"H v_i = \lambda_i v_i, \qquad L(w + a\,v_1 + b\,v_2) \approx L(w) + \tfrac{1}{2} \left( \lambda_1 a^2 + \lambda_2 b^2 \right)",
        "H times v i is lambda i times v i, and the loss at w plus a times v 1 plus b times v 2 is about the loss at w plus one \
         half of lambda 1 a squared plus lambda 2 b squared",
    );
    surfaces(page, &found);
    curvatures(page, &found, weights);
    contours(page, &found);
    page.setting(
        "landscape",
        format!("{IMAGES} digits, {STEPS} steps of Adam with rate {RATE}, on all images; tanh"),
    );
    page.setting(
        "points of each landscape",
        format!("{POINTS} × {POINTS}, as far as {REACH} along each direction"),
    );
    Ok(())
}

/// Both planes at the same scale.
fn surfaces(page: &mut Page, found: &Found) {
    let top = found.bottom() + found.rise(0);
    let surface = |title: &str, labels: [&str; 2], grid: &Grid| {
        let [x, y] = labels;
        Surface::new(title).x_label(x).y_label(y).z_label("cross-entropy").grid(grid).z_range(0.0, top)
    };
    page.figure(
        "landscape",
        &Panels::row([
            surface("The two leading eigenvectors", ["along v₁", "along v₂"], &found.grids[0]),
            surface("Two random directions", ["along r₁", "along r₂"], &found.grids[1]),
        ]),
        &format!(
            "Two surfaces over planes through the trained weights, on the same axes. On the left the loss is a bowl, from {:.2} in \
             the middle to {top:.2} at the rim. On the right it is a sheet on the floor.",
            found.bottom()
        ),
        "The loss around the trained weights, which are in the middle. All four directions have length 1 and both pictures the \
         same axes. The random directions are filter-normalized before (Li and others, 2018): each unit's part is as long as its \
         own weights.",
    );
    let (steep, flat) = (found.rise(0), found.rise(1));
    page.claim(
        steep > 50.0 * flat,
        format!(
            "Where the eigenvectors' plane rises by {steep:.2}, the random one rises by {flat:.4}: {:.0} times less.",
            steep / flat
        ),
    );
    let [first, second] = &found.eigen;
    page.claim(
        [first, second].iter().all(|eigen| eigen.residual <= 1e-6 * eigen.value.abs()),
        format!(
            "v₁ and v₂ are eigenvectors: `H·v` differs from `λ·v` by less than a millionth of it, after {} and {} products.",
            first.products, second.products
        ),
    );
}

/// The curvatures, by products with the Hessian and by differences of losses.
fn curvatures(page: &mut Page, found: &Found, weights: usize) {
    let [first, second] = &found.eigen;
    let by_products = [first.value, second.value, found.products[0], found.products[1]];
    let [steep, flat] = &found.curvatures;
    let by_differences = [steep[0], steep[1], flat[0], flat[1]];
    let names = ["v₁", "v₂", "r₁", "r₂"];
    let rows = (0..4).map(|i| {
        vec![names[i].into(), format!("{:.5}", by_products[i]), format!("{:.5}", by_differences[i])]
    });
    page.table(
        &format!(
            "Curvature along each direction `d`, by a product with the Hessian, and by losses {SMALL} apart"
        ),
        &["direction", "`d·H·d`", "second difference"],
        &Vec::from_iter(rows),
    );
    let differ = |i: usize| (by_differences[i] / by_products[i] - 1.0).abs();
    let most = (0..4).map(differ).fold(0.0, f64::max);
    page.claim(
        most <= 1e-3,
        "Two ways, the same curvatures: the second differences of the landscape agree with the products, and so with λ, to a \
         thousandth.",
    );
    page.claim(
        steep[2].abs() <= 1e-4 * second.value,
        "The mixed second difference along v₁ and v₂ is below a ten-thousandth of λ₂: the bowl's axes are the eigenvectors.",
    );
    let random = (found.products[0] + found.products[1]) / 2.0;
    page.claim(
        found.mean / 2.0 < random && random < 2.0 * found.mean,
        format!(
            "A random direction is flat because nearly all directions are: the mean curvature of all {weights} is {:.4}, λ₁ is \
             {:.0} times as large, and the random two have {:.4} and {:.4}.",
            found.mean,
            first.value / found.mean,
            found.products[0],
            found.products[1]
        ),
    );
}

/// Both planes, each as far as it takes to rise.
fn contours(page: &mut Page, found: &Found) {
    let levels = [0.02, 0.05, 0.1, 0.2, 0.5, 1.0];
    let chart = |title: String, labels: [&str; 2], grid: &Grid| {
        let [x, y] = labels;
        Chart::new(title)
            .size(560.0, 460.0)
            .equal_axes()
            .x_label(x)
            .y_label(y)
            .filled_contours(grid, levels)
            .mark(0.0, 0.0, "trained")
    };
    let farther = found.farther;
    page.figure(
        "landscape-contours",
        &Panels::row([
            chart("Eigenvectors".into(), ["along v₁", "along v₂"], &found.grids[0]),
            chart(format!("Random directions, {farther:.0} times as far"), ["along r₁", "along r₂"], &found.grids[2]),
        ]),
        &format!(
            "Filled contours of the loss on both planes. Around the trained weights both have nested rings; the axes of the left \
             chart reach from -{REACH} to {REACH}, those of the right one {farther:.0} times as far."
        ),
        "The same two planes from above, with contours at the same losses. The right chart shows a part of the random plane that \
         is larger along each axis by the root of the ratio of the curvatures.",
    );
    let (steep, flat) = (found.rise(0), found.rise(2));
    page.claim(
        flat > steep / 4.0 && flat < 4.0 * steep,
        format!(
            "The random plane is a bowl too, if one goes far enough: {farther:.0} times as far it rises by {flat:.2}, \
             where the eigenvectors' plane rises by {steep:.2}. Such pictures compare only at the same scale."
        ),
    );
}
