//! What every picture has to be: well-formed XML without a broken number, with the texts a reader looks for.

use chainrule_plot::{Chart, ConfusionMatrix, Grid, Levels, Panels, Picture, PlotError, Region, Theme};

/// Panics unless `svg` is one well-formed element whose attributes hold no NaN or infinity. Returns its texts.
fn texts(svg: &str) -> Vec<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut texts = Vec::new();
    let mut rest = svg.trim_end();
    while !rest.is_empty() {
        assert!(rest.starts_with('<') || !open.is_empty(), "text outside the root: {rest:.40}");
        let (text, after) = rest.split_once('<').expect("the picture ends with a tag");
        if !text.trim().is_empty() {
            texts.push(unescape(text));
        }
        let (tag, after) = after.split_once('>').expect("every tag is closed");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "tags nest");
            assert!(!open.is_empty() || rest.is_empty(), "one root");
            continue;
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        check_attributes(attributes);
        if !closed {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "not closed: {open:?}");
    texts
}

fn check_attributes(mut rest: &str) {
    let mut seen = Vec::new();
    while !rest.trim().is_empty() {
        let (name, after) = rest.trim_start().split_once("=\"").expect("attributes are quoted");
        let (value, after) = after.split_once('"').expect("quotes are closed");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "attribute `{name}`");
        assert!(!seen.contains(&name), "`{name}` twice");
        assert!(name == "aria-label" || !(value.contains("NaN") || value.contains("inf")), "{name}={value}");
        unescape(value);
        seen.push(name);
        rest = after;
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('&');
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        let (entity, after) = part.split_once(';').expect("a lone ampersand");
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            _ => panic!("unknown entity {entity}"),
        });
        out.push_str(after);
    }
    assert!(!out.contains(|c: char| c.is_control() && c != '\n'), "{out:?}");
    out
}

fn has(svg: &str, text: &str) -> bool {
    texts(svg).iter().any(|t| t == text)
}

#[test]
fn any_data_make_a_sound_picture() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let data: [&[f64]; 14] = [
        &[],
        &[nan],
        &[0.0],
        &[7.0],
        &[2.0; 9],
        &[0.0, -0.0],
        &[1.0, nan, 2.0, inf, -inf, 3.0, 4.0],
        &[1e-300, 2e-300],
        &[5e-324, 1e-310],
        &[1.0, 1.0 + f64::EPSILON],
        &[-1e300, 1e300],
        &[f64::MAX, f64::MIN],
        &[1e-12, 1e12],
        &[-3.0, 1e9, 4.0],
    ];
    for ys in data {
        for log in [false, true] {
            let chart = Chart::new("t").x_label("x").y_label("y").line("a", ys).line_at("b", ys, ys);
            let chart = if log { chart.log_y() } else { chart };
            texts(&chart.to_svg());
            texts(&Panels::column([chart.clone(), chart.size(0.0, nan)]).title("both").to_svg());
        }
    }
    texts(&Panels::row([] as [Chart; 0]).to_svg());
}

#[test]
fn texts_survive_the_markup() {
    let odd = "a<b> & \"c\" 'd' ∂\u{1}\n";
    let seen = "a<b> & \"c\" 'd' ∂\u{fffd} ";
    let svg = Chart::new(odd).x_label(odd).y_label(odd).line(odd, &[1.0, 2.0]).to_svg();
    assert_eq!(texts(&svg).iter().filter(|text| *text == seen).count(), 4);

    let names = [odd, "</text><script>"];
    let matrix = ConfusionMatrix::new(vec![vec![1, 0], vec![0, 1]]).unwrap().named(names).unwrap();
    assert!(has(&matrix.title("<&>").to_svg(), "<&>: accuracy 100%"));
}

#[test]
fn lines_end_in_their_names_unless_they_collide() {
    let apart = Chart::new("").line("train", &[1.0, 0.1]).line("test", &[1.0, 0.5]).to_svg();
    // Two lines; the key would add a stroke for each name.
    assert_eq!(apart.matches("stroke-width=\"2\"").count(), 2);

    let mut crowd = Chart::new("");
    for name in ["a", "b", "c", "d", "e"] {
        crowd = crowd.line(name, &[1.0, 0.5]);
    }
    assert_eq!(crowd.to_svg().matches("stroke-width=\"2\"").count(), 10);

    // A name at the end of a line that stops early would lie among the others.
    let early = Chart::new("").line("all", &[3.0, 2.0, 1.0]).line("early", &[3.0, 2.5]).to_svg();
    assert_eq!(early.matches("stroke-width=\"2\"").count(), 4);
    assert!(has(&early, "early") && has(&early, "all"));
}

#[test]
fn a_long_key_does_not_squeeze_the_lines() {
    let mut chart = Chart::new("").size(200.0, 150.0);
    for i in 0..30 {
        chart = chart.line(format!("a line with a long name {i}"), &[0.0, 1.0]);
    }
    let svg = chart.to_svg();
    let height = svg.split("height=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(height.parse::<f64>().unwrap() > 30.0 * 19.0 + 80.0, "{height}");
    assert!(has(&svg, "0.0") && has(&svg, "1.0"));
}

#[test]
fn panels_share_colours_by_name() {
    let loss = Chart::new("loss").line("train", &[1.0, 0.5]).line("test", &[1.0, 0.8]);
    let accuracy = Chart::new("accuracy").line("test", &[0.1, 0.5]).line("train", &[0.1, 0.9]);
    let svg = Panels::row([loss, accuracy]).to_svg();
    let inks = |name: &str| {
        let of = |line: &str| line.split_once("fill=\"").map(|(_, rest)| rest[..7].to_owned());
        let end = format!(">{name}</text>");
        svg.lines().filter(|line| line.ends_with(&end)).filter_map(of).collect::<Vec<_>>()
    };
    assert_eq!(inks("train"), ["#00639b", "#00639b"]);
    assert_eq!(inks("test"), ["#b44f00", "#b44f00"]);
}

#[test]
fn what_cannot_be_drawn_is_a_typed_error() {
    let none = Chart::new("Loss").log_y().line("train", &[0.0, -1.0, f64::NAN]);
    assert_eq!(
        none.check().unwrap_err().to_string(),
        "nothing to draw in `Loss`: no layer has a finite, positive point"
    );
    assert!(matches!(none.save("never-written.svg"), Err(PlotError::NoData { .. })));
    let lengths = Chart::new("").line_at("a", &[1.0], &[1.0, 2.0]);
    let panels = Panels::row([Chart::new("").line("", &[1.0]), lengths]);
    assert!(matches!(panels.check(), Err(PlotError::Lengths { xs: 1, ys: 2, .. })));
    assert!(has(&panels.to_svg(), "line `a` has 1 x values but 2 y values"));
}

#[test]
fn an_unwritable_path_is_named() {
    let path = std::env::temp_dir().join("no-such-directory-of-chainrule").join("loss.svg");
    let error = Chart::new("").line("", &[1.0]).save(&path).unwrap_err();
    assert!(error.to_string().contains("no-such-directory-of-chainrule"), "{error}");
    let PlotError::Write { path: named, source } = error else { panic!("{error:?}") };
    assert_eq!((named, source.kind()), (path, std::io::ErrorKind::NotFound));
}

#[test]
fn a_saved_picture_is_the_same_text() {
    let path = std::env::temp_dir().join(format!("chainrule-plot-{}.svg", std::process::id()));
    let chart = Chart::new("Loss").line("train", &[1.0, 0.4, 0.2]);
    chart.save(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), chart.to_svg());
    std::fs::remove_file(path).unwrap();
}

#[test]
fn matrices_of_any_size() {
    for classes in [1, 2, 3, 10, 30, 64] {
        let row = |i| (0..classes).map(|j| if i == j { 1234 } else { (i * j) % 3 }).collect();
        let matrix = ConfusionMatrix::new((0..classes).map(row).collect()).unwrap();
        let svg = matrix.to_svg();
        assert_eq!(texts(&svg).iter().filter(|text| *text == "1,234").count(), classes);
        // The sheet and the cells.
        assert_eq!(svg.matches("<rect").count(), 1 + classes * classes);
        let long = (0..classes).map(|i| format!("a rather long name for the class number {i}"));
        let svg = matrix.named(long).unwrap().to_svg();
        assert!(has(&svg, "a rather long name for the class number 0"), "whole in the tooltip");
    }
    let huge = ConfusionMatrix::new(vec![vec![usize::MAX; 2]; 2]).unwrap();
    texts(&huge.to_svg());
    assert!(huge.accuracy() <= 1.0);
}

#[test]
fn labels_are_checked() {
    let of = |truth: &[i64], predicted: &[i64], classes| {
        ConfusionMatrix::from_labels(truth, predicted, classes).unwrap_err().to_string()
    };
    assert_eq!(of(&[0, 1], &[0], 2), "2 true labels but 1 predicted labels");
    assert_eq!(of(&[0, 2], &[0, 1], 2), "truth[1] is class 2, but there are 2 classes (0 to 1)");
    assert_eq!(of(&[0, 1], &[-1, 1], 2), "predicted[0] is class -1, but there are 2 classes (0 to 1)");
    assert_eq!(of(&[], &[], 2), "nothing to draw in `Confusion matrix`: there are no samples");
    assert!(matches!(ConfusionMatrix::new(vec![]), Err(PlotError::NoData { .. })));
}

#[test]
fn a_row_is_shaded_by_its_own_share() {
    let fills = |counts| {
        let svg = ConfusionMatrix::new(counts).unwrap().to_svg();
        let of = |line: &str| line.split_once("fill=\"").map(|(_, rest)| rest[..7].to_owned());
        svg.lines().filter(|line| line.starts_with("<rect")).skip(1).filter_map(of).collect::<Vec<_>>()
    };
    let shades = fills(vec![vec![900, 100], vec![1, 9]]);
    assert_eq!((&shades[0], &shades[1]), (&shades[3], &shades[2]));
    assert_ne!(shades[0], shades[1]);
}

/// A chart of every kind of layer, on fields that have holes.
fn everything() -> Vec<Chart> {
    let xs: Vec<f64> = (0..30).map(|i| f64::from(i) / 10.0).collect();
    let ys: Vec<f64> = xs.iter().map(|x| (3.0 * x).sin()).collect();
    let lows: Vec<f64> = ys.iter().map(|y| y - 0.2).collect();
    let with_gap: Vec<f64> = ys.iter().map(|&y| if y > 0.9 { f64::NAN } else { y }).collect();
    let field = Grid::of((-2.0, 2.0), (-1.0, 3.0), (31, 31), |x, y| {
        if x * x + (y - 2.0).powi(2) < 0.1 {
            f64::NAN
        } else {
            (1.0 - x).powi(2) + 10.0 * (y - x * x).powi(2)
        }
    });
    let region = Region::of_scores(&[field.map(|z| 5.0 - z), field.map(|z| z / 9.0), field.map(|_| 1.0)]);
    let arrows: Vec<_> = xs.iter().map(|&x| ((x, x), (x - 1.0, f64::from(u8::from(x > 2.0))))).collect();
    vec![
        Chart::new("Lines").line_at("a line", &xs, &with_gap).thin_line_at("a line", &xs, &ys),
        Chart::new("Band").band("a band", &xs, &lows, &with_gap).h_line(0.5, "half").v_line(1.5, "<here>"),
        Chart::new("Points").log_x().points("dots & more", &xs, &ys).mark(2.0, 0.5, "a mark"),
        Chart::new("Path").equal_axes().contours(&field, Levels::Log(9)).path("a path", &xs, &with_gap),
        Chart::new("Filled").filled_contours(&field, 7).arrows(&arrows),
        Chart::new("Classes").regions(&region).points("class", &[0.0], &[0.0]),
        Chart::new("Bars")
            .categories(["one", "two"])
            .bars("bars", &[3.0, f64::INFINITY])
            .bars("x", &[-1.0, 2.5]),
        Chart::new("Histogram").histogram("counts", &ys, 9).histogram_in("rest", &lows, 9, (-1.0, 0.0)),
        Chart::new("Zoom").x_range(0.5, 1.0).y_range(-0.1, 0.1).line_at("cut", &xs, &ys),
    ]
}

#[test]
fn every_kind_of_layer_is_well_formed_on_both_sheets() {
    for chart in everything() {
        chart.check().unwrap();
        for theme in [Theme::Light, Theme::Dark] {
            let texts = texts(&chart.to_svg_in(theme));
            assert!(!texts.is_empty());
        }
        assert_ne!(chart.to_svg_in(Theme::Light), chart.to_svg_in(Theme::Dark));
    }
    let found = texts(&Panels::grid(3, everything()).title("Everything").to_svg());
    for text in
        ["Everything", "a line", "a band", "half", "<here>", "dots & more", "a path", "one", "none", "counts"]
    {
        assert!(found.iter().any(|found| found == text), "{text} is missing");
    }
}

#[test]
fn on_logarithmic_axes_a_field_ends_where_they_do() {
    // A field that is the same everywhere is a rectangle, also where a part of it has no place.
    let frame = |lo: f64| {
        let field = Grid::of((lo, 2.0), (lo, 2.0), (5, 5), |_, _| 1.0);
        let chart = Chart::new("").log_x().log_y().x_range(1.0, 2.0).y_range(1.0, 2.0);
        let svg = chart.filled_contours(&field, 3).to_svg();
        let rings = svg.lines().find(|line| line.contains("<path") && line.contains("fill-rule"));
        rings.unwrap_or_default().split(['M', 'L', 'Z', '"']).filter(|part| part.contains(' ')).count()
    };
    assert_eq!(frame(-2.0), frame(1.0));
}

#[test]
fn one_name_has_one_colour_and_stands_once_in_a_shared_key() {
    let one = Chart::new("1").points("b", &[0.0], &[0.0]).points("a", &[1.0], &[1.0]);
    let two = Chart::new("2").points("a", &[0.0], &[1.0]);
    let svg = Panels::row([one, two]).to_svg();
    assert_eq!(texts(&svg).iter().filter(|text| *text == "a").count(), 1);
    // The second ink: two dots, and one in the key.
    assert_eq!(svg.matches("<circle").count(), 5);
    assert_eq!(svg.lines().filter(|line| line.contains("<circle") && line.contains("#d55e00")).count(), 3);
}

#[test]
fn levels_are_within_the_axes_even_if_no_point_is() {
    let svg = Chart::new("").line("", &[0.2, 0.3]).h_line(0.9, "target").to_svg();
    assert!(texts(&svg).contains(&"target".to_owned()));
    let axis: Vec<String> = texts(&svg).into_iter().filter(|text| text.parse::<f64>().is_ok()).collect();
    assert!(axis.contains(&"0.9".to_owned()), "{axis:?}");
}

#[test]
fn equal_axes_make_circles_round() {
    let (ys, xs): (Vec<f64>, Vec<f64>) = (0..=40).map(|i| (f64::from(i) * 0.157).sin_cos()).unzip();
    let svg = Chart::new("").equal_axes().size(700.0, 300.0).line_at("", &xs, &ys).to_svg();
    let path =
        svg.lines().filter(|line| line.contains("stroke-width=\"2\"")).max_by_key(|line| line.len()).unwrap();
    let numbers: Vec<f64> =
        path.split(|c: char| !(c.is_ascii_digit() || c == '.')).flat_map(str::parse).collect();
    let places = &numbers[..82];
    let extent = |offset: usize| {
        let along = places.iter().skip(offset).step_by(2);
        let (lo, hi) = along.fold((f64::INFINITY, 0.0f64), |(lo, hi), &v| (lo.min(v), hi.max(v)));
        hi - lo
    };
    assert!((extent(0) / extent(1) - 1.0).abs() < 0.01, "{} x {}", extent(0), extent(1));
}

#[test]
fn what_does_not_fit_a_chart_is_an_error_that_names_it() {
    let message = |chart: Chart| chart.check().unwrap_err().to_string();
    let bars = Chart::new("").categories(["a", "b", "c"]).bars("time", &[1.0]);
    assert_eq!(message(bars), "bars `time`: 1 values for 3 categories");
    assert_eq!(message(Chart::new("").points("p", &[1.0], &[])), "points `p` has 1 x values but 0 y values");
    let range = Chart::new("").y_range(1.0, f64::NAN).line("", &[1.0]);
    assert_eq!(
        message(range),
        "y range from 1 to NaN: the ends must be from -1e300 to 1e300, the first below the second"
    );
    let empty = Grid::of((0.0, 1.0), (0.0, 1.0), (3, 3), |_, _| f64::NAN);
    assert!(message(Chart::new("Field").contours(&empty, 5)).contains("no layer has a finite point"));
}

#[test]
fn long_notes_are_cut_to_their_chart() {
    let long = "a very long note ".repeat(20);
    let chart = Chart::new("")
        .line("", &[1.0, 2.0, 3.0])
        .mark(2.0, 2.0, &*long)
        .h_line(1.5, &*long)
        .v_line(2.5, &*long);
    let cut =
        texts(&chart.to_svg()).into_iter().filter(|text| text.starts_with("a very") && text.ends_with('…'));
    assert_eq!(cut.count(), 3);
}
