//! Pictures of recorded graphs.

use chainrule_plot::{Graph, Picture, PlotError, Theme, graph};
use chainrule_tape::{DType, Params, Tape, Tensor};

/// The texts of a picture, in their order, without the tooltips.
fn texts(picture: &impl Picture) -> Vec<String> {
    let svg = picture.to_svg();
    let own = |part: &str| {
        let text = part.split_once("</text>").map_or(part, |(text, _)| text);
        let text = text.rsplit_once("</title>").map_or(text, |(_, text)| text);
        text.rsplit_once('>').map_or(text, |(_, text)| text).to_owned()
    };
    svg.split("<text ").skip(1).map(own).collect()
}

#[test]
fn each_node_is_a_box_and_each_operand_an_arrow() {
    let tape = Tape::new();
    let x = tape.var([1.0, 2.0]).named("x");
    let y = ((x * x).sin() + 0.5).sum(..).named("y");
    let picture = graph(&[y]);
    assert_eq!(
        texts(&picture),
        ["x", "[2]", "mul", "[2]", "sin", "[2]", "0.5", "[2]", "add", "[2]", "y", "sum"]
    );
    let svg = picture.to_svg();
    // A box is a rectangle with round corners, an arrow a path without a filling.
    assert_eq!(svg.matches(" rx=\"6\"").count(), 6);
    assert_eq!(svg.matches(" fill=\"none\" stroke").count(), 6);
    assert!(!svg.contains("∂") && !svg.contains(">value<"));
}

#[test]
fn values_and_gradients_are_the_tapes() {
    let mut params = Params::seeded(0);
    let w = params.root().param("w", Tensor::from([[0.5, -1.0], [2.0, 0.25]]));
    let tape = Tape::with(&params);
    let (w, x) = (tape.param(w), tape.var([1.0, 3.0]).named("x"));
    let y = w.matmul(x).named("y");
    let loss = (y * y).sum(..).named("L");
    let texts = texts(&graph(&[loss]).with_values().with_gradients());
    let after = |name: &str, n: usize| {
        let at = texts.iter().position(|text| text == name).unwrap();
        texts[at + 2..at + 2 + n].iter().map(String::as_str).collect::<Vec<_>>()
    };
    // y = (−2.5, 2.75), L = 13.8125; ∂L/∂y = 2y, which reaches y twice, ∂L/∂w = 2y·xᵀ, ∂L/∂x = wᵀ·2y.
    assert_eq!(after("w", 4), ["0.5, −1", "2, 0.25", "∂ −5, −15", "5.5, 16.5"]);
    assert_eq!(after("x", 2), ["1, 3", "∂ 8.5, 6.38"]);
    assert_eq!(after("y", 2), ["−2.5, 2.75", "∂ −5, 5.5"]);
    assert_eq!(after("L", 2), ["13.81", "∂ 1"]);
}

#[test]
fn what_has_no_derivative_has_no_gradient_and_spoils_nothing() {
    let tape = Tape::new();
    let x = tape.var([3.0, -1.0, 2.0]).named("x");
    let index = tape.var([2i64, 0]).named("index");
    // Only through truth values does `y` depend on `mask`.
    let mask = tape.var([1.0, -1.0]).named("mask");
    let y = (x.gather(0, index) * mask.gt(0.0).cast(DType::F64)).sum(..).named("y");
    let picture = graph(&[y]).with_gradients();
    picture.check().unwrap();
    let texts = texts(&picture);
    let next = |name: &str| texts[texts.iter().position(|text| text == name).unwrap() + 2].clone();
    assert_eq!(next("x"), "∂ 0, 0, 1");
    assert!(!next("index").starts_with('∂') && !next("mask").starts_with('∂'), "{texts:?}");
    tape.check().unwrap();
}

#[test]
fn mistakes_are_returned_and_drawn() {
    let tape = Tape::new();
    let x = tape.var([1.0, 2.0]);
    let wrong = |picture: Graph<'_>, what: &str| {
        let error = picture.check().unwrap_err();
        assert!(matches!(error, PlotError::Recording(_)) && error.to_string().contains(what), "{error}");
        assert!(picture.to_svg().contains(what.split('(').next().unwrap().trim()));
    };
    wrong(
        graph(&[x.sin()]).with_gradients(),
        "the output is one floating-point number (take a sum or a mean)",
    );
    wrong(graph(&[x, x]).with_gradients(), "the gradients are those of one output");
    let input = tape.input([2], DType::F64);
    graph(&[input.exp()]).check().unwrap();
    wrong(graph(&[input.exp()]).with_values(), "this tape has inputs without values");
    // None of these has poisoned the tape.
    tape.check().unwrap();
    wrong(graph(&[x + tape.var([1.0, 2.0, 3.0])]), "these shapes don't broadcast");
    assert!(matches!(graph(&[]).check().unwrap_err(), PlotError::NoData { .. }));
}

#[test]
fn names_are_escaped_and_long_ones_shortened() {
    let tape = Tape::new();
    let x = tape.var(1.0).named("a < b & \"c\"");
    let y = x.sin().named("a name that is much too long for a box of a graph");
    let svg = graph(&[y]).title("<graph>").to_svg();
    assert!(svg.contains(">a &lt; b &amp; &quot;c&quot;</text>") && svg.contains(">&lt;graph&gt;</text>"));
    assert!(svg.contains("a name that is much t") && svg.contains("…</text>"));
}

#[test]
fn what_would_be_too_wide_goes_down() {
    let tape = Tape::new();
    let x = tape.var(0.5).named("x");
    let size = |length: usize| {
        let svg = graph(&[(0..length).fold(x, |y, _| y.sin())]).to_svg();
        let number = |name: &str| {
            let rest = svg.split_once(name).unwrap().1;
            rest[..rest.find('"').unwrap()].parse::<f64>().unwrap()
        };
        (number(" width=\""), number(" height=\""))
    };
    let (short, long) = (size(8), size(40));
    assert!(short.0 > 500.0 && short.1 < 100.0, "{short:?}");
    assert!(long.0 < 200.0 && long.1 > 2000.0, "{long:?}");
}

#[test]
fn a_picture_outlives_its_tape_and_has_two_themes() {
    let picture = {
        let tape = Tape::new();
        graph(&[tape.var(2.0).exp().named("y")]).with_values().finish()
    };
    assert_eq!(texts(&picture)[1..], ["var", "2", "y", "exp", "7.389"]);
    assert_ne!(picture.to_svg_in(Theme::Dark), picture.to_svg());
    assert_eq!(picture.to_svg(), picture.clone().to_svg());
}
