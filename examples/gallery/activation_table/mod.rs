//! The table of activations: what each does to a number, and what its derivative does to a gradient.
//!
//! *Asked*: which values does an activation take, how smooth is it, does it ever fall, and how large is its derivative?
//! *Found*, for all that the library has, from the functions alone: the derivatives are taken by the engine, and the
//! properties are measured on the values. The last part shows the three classes of units with several inputs: ridge, radial
//! and folding.

mod checks;
mod classes;
mod curve;
mod families;
mod figures;
mod interval;
mod kinks;
mod known;
mod properties;

use crate::page::Page;
use families::FAMILIES;
use interval::number;
use properties::Properties;
use std::error::Error;

/// Kinks are looked for between these numbers,
const FROM: f64 = -25.0;
const TO: f64 = 25.0;
/// on a grid of this step,
const STEP: f64 = 0.01;
/// in derivatives up to this order (the function has order 0).
const HIGHEST: usize = 4;
/// A bound of the range belongs to it if it is reached up to this distance from 0.
const NEAR: f64 = 10.0;

pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let families: Vec<Vec<Properties>> = families::curves()?
        .into_iter()
        .map(|family| family.into_iter().map(Properties::of).collect::<Result<_, _>>())
        .collect::<Result<_, _>>()?;

    page.lead(
        "What does each activation do to a number, and what does its derivative do to a gradient? A table of all of them, measured \
         on the functions: no derivative and no property is typed in.",
    );
    page.setting("interval searched for kinks", format!("{FROM} to {TO}, step {STEP}"));
    page.setting("highest derivative", HIGHEST);
    page.formula(
        r"f^{(k+1)}(x_i) = \frac{\partial}{\partial x_i} \sum_j f^{(k)}(x_j)",
        "the derivative of order k plus 1 at x i is the gradient, by x i, of the sum over all j of the derivative of order k at x j",
    );
    page.text(
        "An activation acts on each number alone, so one gradient of a sum has its derivative at all numbers; the gradient is \
         a recorded expression again, so it has derivatives too. *Order of continuity*: C⁰ is continuous with a derivative that \
         jumps, C¹ has a continuous derivative and a second one that jumps. A jump is found where a derivative changes by more \
         than the next one explains, and it stays under a magnifying glass of 10¹². C∞ says that no derivative jumps, as far \
         as was looked.",
    );

    for (family, members) in FAMILIES.iter().zip(&families) {
        page.heading(family.title);
        page.text(family.about);
        page.formula(family.formula.0, family.formula.1);
        page.figure(
            family.figure,
            &figures::family(family, members)?,
            &format!(
                "A small chart for each of {}, over x from −{reach} to {reach}: the function f and its derivative f′.",
                family.names.join(", "),
                reach = family.reach
            ),
            "Each activation f and its derivative f′, over x. A line that ends and begins elsewhere is a jump.",
        );
        let rows: Vec<Vec<String>> = members.iter().map(row).collect::<Result<_, _>>()?;
        let header = ["activation", "values", "values of f′", "continuity", "monotonic", "f′(−1)", "f′(1)"];
        page.table(&format!("{}, measured", family.title), &header, &rows);
        checks::family(page, members);
    }

    page.heading("All together");
    let all: Vec<&Properties> = families.iter().flatten().collect();
    checks::table(page, &all)?;

    page.heading("Ridge, radial, folding");
    page.text(
        "A unit has several inputs. What it does with them is of one of three classes: it may look in one direction, at one place, or at the inputs as a heap, whatever their order.",
    );
    classes(page, seed)?;
    Ok(())
}

/// The three classes of units with several inputs.
fn classes(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    page.formula(r"y = \varphi(w \cdot x + b)", "ridge: y is phi of w dot x plus b");
    page.figure(
        "ridge",
        &figures::ridge(&classes::ridge())?,
        "Contours of three units over two inputs from −3 to 3: all contours are straight, parallel lines, perpendicular to an \
         arrow w.",
        "*Ridge* units see one direction, w (the arrow, from a place where w·x + b is 0).",
    );
    checks::ridge(page)?;
    page.formula(r"y = \varphi(\lVert x - c \rVert)", "radial: y is phi of the distance of x from c");
    page.figure(
        "radial",
        &figures::radial(&classes::radial()?)?,
        "Contours of three units over two inputs from −3 to 3: all contours are circles around the point c.",
        "*Radial* units see how far the input is from a centre, c.",
    );
    checks::radial(page)?;
    page.formula(
        r"y = \varphi(x_{\pi(1)}, \ldots, x_{\pi(n)}) \quad \text{for every order } \pi",
        "folding: y is phi of the inputs in any order pi",
    );
    page.figure(
        "folding",
        &figures::folding(&classes::folding()?)?,
        "Contours of four units over two inputs from −3 to 3, with the diagonal. Maximum: corners on the diagonal; mean: straight \
         lines across it; softmax: straight lines along it; maxout of three maps: triangles.",
        "*Folding* units take their inputs as a heap: the pools are mirrored by the diagonal, where both inputs are equal, and \
         so is this maxout, the largest of x₁, x₂ and −(x₁ + x₂): a maxout is free to choose its maps, and takes those, not its inputs, \
         as a heap. \
         Softmax shares 1 among its inputs; the first share is drawn.",
    );
    checks::folding(page, seed)
}

/// A row of the table.
fn row(of: &Properties) -> Result<Vec<String>, Box<dyn Error>> {
    let slopes = of.curve.derivatives(&[-1.0, 1.0], 1)?.swap_remove(1);
    let places: Vec<String> = of.places().into_iter().map(number).collect();
    Ok(vec![
        of.curve.name.to_owned(),
        of.range.to_string(),
        of.slopes.to_string(),
        if places.is_empty() { of.order() } else { format!("{} at {}", of.order(), places.join(", ")) },
        of.direction.to_string(),
        number(slopes[0]),
        number(slopes[1]),
    ])
}
