//! What is wrong is named, and nothing else happens: no panic, no file.

use chainrule_plot::{
    Chart, ConfusionMatrix, Grid, Levels, Panels, Picture, PlotError, Region, Surface, decision_region,
    graph, landscape, random_direction,
};
use chainrule_tape::{Kind, Params, Tape};

const INF: f64 = f64::INFINITY;

/// What `check` says; the picture says it too.
fn message(picture: &impl Picture) -> String {
    let error = picture.check().expect_err("something is wrong").to_string();
    assert!(picture.to_svg().starts_with("<svg "));
    let file = std::env::temp_dir().join("chainrule-plot-mistake.svg");
    assert_eq!(picture.save(&file).expect_err("nothing is written").to_string(), error);
    assert!(!file.exists());
    error
}

#[test]
fn layers_of_unequal_lengths_are_named() {
    let (one, two) = ([1.0], [1.0, 2.0]);
    let chart = || Chart::new("T");
    assert_eq!(message(&chart().line_at("a", &one, &two)), "line `a` has 1 x values but 2 y values");
    assert_eq!(message(&chart().thin_line_at("a", &one, &two)), "line `a` has 1 x values but 2 y values");
    assert_eq!(message(&chart().points("a", &two, &one)), "points `a` has 2 x values but 1 y values");
    assert_eq!(message(&chart().path("a", &two, &one)), "path `a` has 2 x values but 1 y values");
    assert_eq!(message(&chart().band("a", &two, &two, &one)), "band `a` has 2 x values but 1 y values");
    // The first mistake counts.
    let both = chart().points("a", &two, &one).x_range(2.0, 1.0).line_at("b", &one, &two);
    assert_eq!(message(&both), "points `a` has 2 x values but 1 y values");
}

#[test]
fn ranges_that_are_none_are_named() {
    let chart = || Chart::new("T").line("a", &[1.0, 2.0]);
    let wrong = ": the ends must be from -1e300 to 1e300, the first below the second";
    assert_eq!(message(&chart().x_range(2.0, 1.0)), format!("x range from 2 to 1{wrong}"));
    assert_eq!(message(&chart().y_range(-1e301, INF)), format!("y range from -1e301 to inf{wrong}"));
    let histogram = Chart::new("T").histogram_in("a", &[1.0], 5, (0.5, 0.5));
    assert_eq!(message(&histogram), format!("histogram range from 0.5 to 0.5{wrong}"));
    let wrong = ": the ends of a logarithmic axis must be positive";
    for chart in [chart().log_x().x_range(-1.0, 5.0), chart().x_range(-1.0, 5.0).log_x()] {
        assert_eq!(message(&chart), format!("x range from -1 to 5{wrong}"));
    }
    assert_eq!(message(&chart().log_y().y_range(0.0, 1.0)), format!("y range from 0 to 1{wrong}"));
}

#[test]
fn counts_that_are_none_or_too_many_are_named() {
    for bins in [0, 10_001, usize::MAX] {
        let expected = format!("histogram `a` of {bins} bins: there can be 1 to 10000");
        assert_eq!(message(&Chart::new("T").histogram("a", &[1.0, 2.0], bins)), expected);
        assert_eq!(message(&Chart::new("T").histogram_in("a", &[1.0], bins, (0.0, 1.0))), expected);
    }
    let many = ConfusionMatrix::from_labels(&[0], &[0], usize::MAX).expect_err("too many");
    assert_eq!(many.to_string(), format!("a table of {} classes: there can be at most 1000", usize::MAX));
    assert!(matches!(ConfusionMatrix::new(vec![Vec::new(); 1001]), Err(PlotError::Classes { .. })));
    let none = ConfusionMatrix::from_labels(&[0], &[0], 0).expect_err("no class");
    assert_eq!(none.to_string(), "truth[0] is class 0, but there are 0 classes");
    let bowl = Grid::of((-1.0, 1.0), (-1.0, 1.0), (9, 9), |x, y| x * x + y * y);
    for levels in [Levels::Linear(usize::MAX), Levels::Log(usize::MAX)] {
        let lines = Chart::new("T").contours(&bowl, levels).to_svg().matches("<path").count();
        assert!((20..2000).contains(&lines), "{lines}");
    }
    // As many as are given, without numbers.
    let many: Vec<f64> = (1..3000).map(|i| f64::from(i) / 2000.0).collect();
    let svg = Chart::new("").contours(&bowl, many).to_svg();
    assert!(svg.matches("<path").count() > 2000 && !svg.contains("rotate("));
}

#[test]
fn pictures_without_a_title_say_what_is_missing() {
    assert_eq!(message(&Panels::row([] as [Chart; 0])), "nothing to draw: there is no chart");
    assert_eq!(message(&graph(&[])), "nothing to draw: there is no output");
    assert_eq!(message(&Chart::new("T")), "nothing to draw in `T`: no layer has a finite point");
}

#[test]
fn numbers_beyond_all_bounds_leave_a_picture() {
    let data = [f64::MAX, f64::MIN, 1.0, 2.0, 1e300, -1e300];
    let charts = [
        Chart::new("").line("a", &[1.0, 2.0]).h_line(f64::MAX, "h").v_line(f64::MIN, "v"),
        Chart::new("").histogram("a", &data, 5),
        Chart::new("").log_x().categories(["a", "b"]).bars("", &[1e-300, 1e300]),
        Chart::new("").log_x().equal_axes().line_at("", &[1.0, 1e300], &[-1e300, 1e300]),
        Chart::new("").size(INF, -INF).line("", &data),
    ];
    for chart in charts {
        let svg = chart.to_svg();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        // A number on each axis.
        assert!(svg.matches("</text>").count() >= 3, "{svg}");
    }
    let bowl = Grid::of((-1.0, 1.0), (-1.0, 1.0), (9, 9), |x, y| x * x + y * y);
    assert!(
        Surface::new("")
            .grid(&bowl)
            .size(1e300, f64::NAN)
            .to_svg()
            .contains("width=\"100000\" height=\"200\"")
    );
}

#[test]
fn a_region_has_no_class_where_there_is_no_score() {
    let half = Grid::of((-1.0, 1.0), (0.0, 1.0), (5, 5), |x, y| if x < 0.0 { f64::NAN } else { y - 0.5 });
    let region = Region::binary(&half);
    assert_eq!(
        [(-0.5, 0.0), (0.5, 0.0), (0.5, 1.0)].map(|(x, y)| region.class_near(x, y)),
        [None, Some(0), Some(1)]
    );
    assert_eq!((region.class_near(f64::NAN, 0.0), Region::of_scores(&[]).class_near(0.0, 0.0)), (None, None));
}

#[test]
fn models_are_asked_in_a_rectangle_only() {
    let mut params = Params::seeded(7);
    let w = params.add("w", Kind::Trainable, [[2.0, 1.0]]);
    let ask = |x_range| {
        decision_region(&params, |x| x.matmul(x.tape().param(w).transpose(0, 1)), x_range, (0.0, 1.0))
    };
    assert!(ask((1.0, 0.0)).is_ok());
    let error = ask((1.0, 1.0)).expect_err("no width").to_string();
    assert!(error.starts_with("decision_region: x from 1 to 1, y from 0 to 1; "), "{error}");
    assert!(ask((0.0, INF)).is_err());
    let shape = decision_region(&params, |x| x.sum(..), (0.0, 1.0), (0.0, 1.0)).expect_err("one number");
    assert!(
        shape.to_string().starts_with("decision_region: the model makes [] of inputs [6561, 2]"),
        "{shape}"
    );

    let classes = decision_region(&params, |x| x.argmax(-1), (0.0, 1.0), (0.0, 1.0)).expect_err("no scores");
    assert!(
        classes.to_string().starts_with("decision_region: the model makes i64, but scores are"),
        "{classes}"
    );

    let direction = random_direction(&params, 1);
    for reach in [0.0, -1.0, f64::NAN, INF] {
        let error = landscape(&params, [&direction; 2], reach, 5, |_| Ok(1.0)).expect_err("no reach");
        let expected = format!("landscape: the reach is {reach}, but has to be positive and finite");
        assert_eq!(error.to_string(), expected);
    }
    let other = Params::seeded(1);
    let error = landscape(&params, [&direction, &other], 1.0, 5, |_| Ok(1.0)).expect_err("no direction");
    assert_eq!(error.to_string(), "landscape: the direction has no `w`");
}

#[test]
fn a_graph_of_two_tapes_says_where_it_was_asked_for() {
    let (one, two) = (Tape::new(), Tape::new());
    let error = message(&graph(&[one.var(1.0), two.var(2.0)]));
    assert!(error.contains("another tape") && error.contains("tests/mistakes.rs"), "{error}");
}
