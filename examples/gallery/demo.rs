//! A lesson to try the frame with.

use crate::page::Page;
use chainrule::plot::{Animation, Chart, Panels, Picture};
use std::error::Error;

const EPOCHS: usize = 50;

pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    page.lead(
        "What does a neuron do without an activation? However *many* there are, the `net` stays a line.",
    );
    page.text("A layer computes `W·x + b`. Two of them in a row are one layer again, with the product of their weights, so that nothing is won by depth. That changes with a function between them which is not linear: even one that only cuts off what is negative.");
    page.formula(
        r"f(x) = \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}",
        "f of x is x if x is above 0, else alpha times e to the x minus 1",
    );
    page.formula(r"\frac{\partial L}{\partial w'_{11}} = \frac{\partial L}{\partial \hat{y}} \cdot \frac{\partial \hat{y}}{\partial a_{11}} \cdot \frac{\partial a_{11}}{\partial z_{11}} \cdot x_1, \qquad \begin{aligned} v_t &= \beta v_{t-1} + (1 - \beta)\,g_t \\ w_t &= w_{t-1} - \eta\,v_t \end{aligned}", "the chain rule");
    page.heading("One layer, and four");
    let loss: Vec<f64> = (0..EPOCHS).map(|i| 2.0 * (-(i as f64) / 12.0).exp() + 0.1).collect();
    let test: Vec<f64> = loss.iter().map(|l| l * 1.1 + 0.05).collect();
    let chart = |title: &str| {
        Chart::new(title).x_label("epoch").y_label("cross-entropy").line("train", &loss).line("test", &test)
    };
    page.figure(
        "loss",
        &chart("Loss"),
        "Both losses fall from 2.1 to 0.1 within 50 epochs; the test loss stays a little above.",
        "Loss over the epochs of training, on the rows that were trained with and on those that were not.",
    );
    page.claim(loss[0] > loss[EPOCHS - 1], "the loss falls from 2.1 to 0.13");
    page.text("A wide figure, with three charts side by side.");
    page.figure(
        "three",
        &Panels::row([chart("Linear"), chart("ReLU"), chart("tanh")]),
        "Three charts whose lines fall in the same way.",
        "The same in three nets.",
    );
    page.claim(true, "all three look the same");
    let frames = (5..EPOCHS).step_by(5).fold(Animation::new(5.0), |a, n| {
        a.frame(Chart::new(format!("Epoch {n}")).x_label("epoch").line("train", &loss[..n]))
    });
    page.animation(
        "moving",
        &frames,
        "A falling line that grows by five epochs a frame.",
        "The loss, as it is computed.",
    );
    page.table(
        "Activations",
        &["name", "formula", "lowest", "highest"],
        &[
            vec!["ReLU".into(), "`max(0, x)`".into(), "0".into(), "∞".into()],
            vec!["tanh".into(), "`tanh(x)`".into(), "-1".into(), "1".into()],
            vec!["GELU".into(), "`x·Φ(x)`".into(), "-0.170".into(), "∞".into()],
        ],
    );
    page.claim(true, "tanh is bounded");
    page.setting("epochs", EPOCHS);
    page.setting("hidden layers", "4 layers of 50, 257 or 1,025 neurons");
    let _ = (seed, chart("x").to_svg());
    Ok(())
}
