//! The lesson's sections: a figure each, and what is claimed of the function, checked.

use super::chords::{chords, violated};
use super::critical::{Kind, critical};
use super::figures;
use super::landscape::{BOWL, DENT, HIMMELBLAU, Local, Point, SADDLE, WAVE};
use super::{CHORDS, DESCENT, DRAWN, RATE, STARTS, STEPS, WALKERS};
use crate::page::Page;
use chainrule::plot::Levels;
use std::error::Error;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2};

pub fn saddle(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let starts = SADDLE.grid(STARTS);
    let ends = SADDLE.newton(&starts, 1)?;
    let off = ends.iter().map(|p| (p[0] + 0.5).hypot(p[1])).fold(0.0, f64::max);
    let found = critical(SADDLE, &starts, STEPS)?;
    let Some((kind, point)) = found.first() else { return Err("no critical point of the saddle".into()) };
    page.figure(
        "saddle",
        &figures::four_ways(SADDLE, [&[-2.0, -0.5, 2.0], &[0.0, 1.0, 2.0]], &[(point.at, "saddle")])?,
        "Four charts. Slices along x: parabolas that open downwards, with the top at −0.5. Slices along y: parabolas that open \
         upwards, with the bottom at 0. The surface has the shape of a saddle. The contours are hyperbolas around the point \
         (−0.5, 0), and arrows lead towards it along y and away from it along x.",
        "The same function as slices (one number is held), as a surface, and as contours with arrows downhill, against the gradient.",
    );
    page.claim(
        found.len() == 1
            && *kind == Kind::Saddle
            && (point.value - 0.25).abs() < 1e-12
            && near(point.curvatures, [-2.0, 2.0], 1e-12),
        format!(
            "The only critical point is {}, where f = {:.2}. The eigenvalues there are {} and {}: a saddle.",
            place(point.at, 1),
            point.value,
            number(point.curvatures[0], 0),
            number(point.curvatures[1], 0)
        ),
    );
    page.claim(
        off < 1e-12,
        format!(
            "Newton's method is there after one step from each of {} starts: on a function whose second derivatives are constant, one \
             step is exact.",
            starts.len()
        ),
    );
    let (across, along) = (
        chords(SADDLE, CHORDS, seed, |a, b| [b[0], a[1]])?,
        chords(SADDLE, CHORDS, seed, |a, b| [a[0], b[1]])?,
    );
    page.claim(
        violated(&along) == 0 && violated(&across) == CHORDS,
        format!(
            "It curves up along y and down along x: f lies above {} of {CHORDS} random chords parallel to the y axis, and above {} of as \
             many parallel to the x axis.",
            violated(&along),
            violated(&across)
        ),
    );
    Ok(())
}

pub fn wave(page: &mut Page) -> Result<(), Box<dyn Error>> {
    page.figure(
        "wave",
        &figures::four_ways(WAVE, [&[0.0, 1.0, 2.0, 3.0], &[0.0, 1.0, 2.0, 3.0]], &[])?,
        "Four charts. Slices along x: cosine waves, the higher the further y is from 0, and a flat one for y = 0. Slices along y: \
         parabolas that open upwards where cos x is positive, and downwards where it is negative. The surface is a valley along y = 0 \
         that turns into a ridge and back. The contours are closed by the upper and the lower edge; near the line y = 0 there is none but that of 0, and arrows vanish.",
        "A function that is flat all along a line: slices, surface, contours.",
    );
    let line: Vec<Point> = (0..=100).map(|i| [-5.0 + 0.1 * f64::from(i), 0.0]).collect();
    let locals = WAVE.local(&line)?;
    let flat = |local: &Local| local.value == 0.0 && local.slope() == 0.0;
    let expected = |local: &Local| {
        let curve = 2.0 * local.at[0].cos();
        near(local.curvatures, [curve.min(0.0), curve.max(0.0)], 1e-12)
    };
    page.claim(
        locals.iter().all(|local| flat(local) && expected(local)),
        format!(
            "On the line y = 0, the value and the gradient are 0 at all of {} points: none of these critical points is alone. One \
             eigenvalue is 0 and the other 2·cos x: a valley where cos x is positive, a ridge where it is negative.",
            locals.len()
        ),
    );
    // The grid has no start on the line y = 0, nor where Newton's step divides by 0.
    let starts: Vec<Point> = WAVE.grid(STARTS).into_iter().filter(|p| p[1] != 0.0 && p[0] != 0.0).collect();
    let ends = WAVE.newton(&starts, 2 * STEPS)?;
    let there = ends.iter().filter(|p| p[0].cos().abs() < 1e-6 && p[1].abs() < 1e-9).count();
    let [low, high] = WAVE.local(&[[FRAC_PI_2, 0.0]])?[0].curvatures;
    page.claim(
        there == starts.len() && low.abs() < 1e-12 && high.abs() < 1e-12,
        format!(
            "Newton's method ends, from each of {there} starts, where the line crosses cos x = 0. There, all second derivatives are 0: \
             the eigenvalues don't tell what that is."
        ),
    );
    Ok(())
}

pub fn himmelblau(page: &mut Page) -> Result<(), Box<dyn Error>> {
    let found = critical(HIMMELBLAU, &HIMMELBLAU.grid(STARTS), STEPS)?;
    let of = |kind: Kind| found.iter().filter(|(k, _)| *k == kind).map(|(_, at)| *at).collect::<Vec<Local>>();
    let (minima, maxima, saddles) = (of(Kind::Minimum), of(Kind::Maximum), of(Kind::Saddle));
    let trails: Vec<Vec<Point>> =
        DRAWN.iter().map(|&start| HIMMELBLAU.trail(start, RATE, DESCENT)).collect::<Result<_, _>>()?;
    page.figure(
        "valleys",
        &figures::valleys(HIMMELBLAU, &found, &trails)?,
        "Contours over x and y from −5 to 5: four closed valleys, one in each quarter, a hill in the middle, and saddles between \
         neighbours. Four paths begin near the hill's top, and each ends in another valley. Beside it, the surface: a high rim \
         and a hollow floor.",
        "Himmelblau's function: its critical points, gradient descent from four places near the top, and the surface.",
    );
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|(kind, local)| {
            let [low, high] = local.curvatures;
            vec![
                kind.name().to_owned(),
                place(local.at, 3),
                format!("{:.3}", local.value.abs()),
                number(low, 1),
                number(high, 1),
            ]
        })
        .collect();
    let header = ["critical point", "at (x, y)", "f", "smaller eigenvalue", "larger eigenvalue"];
    page.table("What Newton's method finds", &header, &rows);

    // Himmelblau 1972, and the literature since.
    let known: [Point; 4] =
        [[3.0, 2.0], [-2.805118, 3.131312], [-3.779310, -3.283186], [3.584428, -1.848126]];
    let right = known.iter().all(|p| minima.iter().any(|m| near(m.at, *p, 1e-6) && m.value < 1e-12));
    page.claim(
        minima.len() == 4 && right && maxima.len() == 1 && saddles.len() == 4 && found.len() == 9,
        format!(
            "Newton's method finds {} critical points: {} minima, all with f = 0, {} maximum and {} saddles.",
            found.len(),
            minima.len(),
            maxima.len(),
            saddles.len()
        ),
    );
    page.claim(
        minima.len() + maxima.len() == saddles.len() + 1,
        format!(
            "Minima and maxima together are one more than the saddles ({} + {} − {} = 1), as for every function that rises on all sides \
             far away (if no critical point is flat).",
            minima.len(),
            maxima.len(),
            saddles.len()
        ),
    );
    let walkers = HIMMELBLAU.grid(WALKERS);
    let ends = HIMMELBLAU.descend(&walkers, RATE, DESCENT)?;
    let at = |m: &Local| ends.iter().filter(|end| near(**end, m.at, 1e-6)).count();
    let counts: Vec<usize> = minima.iter().map(at).collect();
    page.claim(
        counts.iter().sum::<usize>() == walkers.len() && counts.iter().all(|&count| count > walkers.len() / 8),
        format!(
            "Gradient descent from {} starts ends in a minimum each time ({} of them in the four); never on a saddle or the maximum, where \
             the gradient is 0, too.",
            walkers.len(),
            counts.iter().map(usize::to_string).collect::<Vec<_>>().join(", "),
        ),
    );
    Ok(())
}

pub fn dent(page: &mut Page) -> Result<(), Box<dyn Error>> {
    page.figure(
        "plateau",
        &figures::plateau(DENT)?,
        "Left: along x from −5 to 5, the value falls from 1 to 0 in the middle; the gradient's length has a peak on either side \
         of it, and is 0 in the middle and far out; one eigenvalue is negative beyond a distance of 1. Right: the surface, a plain \
         with a dent.",
        "A dent in a plain: value, gradient and curvature along a line through it, and the surface.",
    );
    let far = DENT.local(&[[3.0, 4.0]])?[0];
    let largest = far.curvatures[0].abs().max(far.curvatures[1].abs());
    page.claim(
        far.slope() < 2e-5 && largest < 1e-4 && 1.0 - far.value < 1e-5,
        "At (3, 4), the value is 1 to five digits, the gradient's length is below 2·10⁻⁵ and both eigenvalues are below 10⁻⁴: a plateau, \
         where hardly anything says which way is down.",
    );
    let ends = DENT.descend(&[[3.0, 4.0], [0.9, 1.2]], 0.5, 1000)?;
    let moved = (ends[0][0] - 3.0).hypot(ends[0][1] - 4.0);
    let left = ends[1][0].hypot(ends[1][1]);
    page.claim(
        moved < 0.02 && left < 1e-12,
        format!(
            "A thousand steps of gradient descent with the rate 0.5 go {moved:.3} from there; from (0.9, 1.2), they are at the minimum, to \
             less than 10⁻¹²."
        ),
    );
    // The distance from which Newton's method still goes to the minimum, found by halving.
    let (mut near_by, mut away) = (0.1, 2.0);
    for _ in 0..40 {
        let middle = 0.5 * (near_by + away);
        let [x, y] = DENT.newton(&[[middle, 0.0]], STEPS)?[0];
        if x.hypot(y) < 1e-6 { near_by = middle } else { away = middle }
    }
    let step = DENT.newton(&[[3.0, 4.0]], 1)?[0];
    page.claim(
        (near_by - FRAC_1_SQRT_2).abs() < 1e-3 && step[0].hypot(step[1]) > 5.0 && DENT.values(&[step])?[0] > far.value,
        format!(
            "Newton's method finds the minimum from distances below {near_by:.3} (that is 1/√2) only. From (3, 4), at a distance of 5, its \
             first step leads to one of {:.2}: where an eigenvalue is negative, it goes up.",
            step[0].hypot(step[1])
        ),
    );
    Ok(())
}

/// Himmelblau's function is lower than this in its valleys alone.
const LOW: f64 = 10.0;

pub fn convex(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let straight = |_: Point, b: Point| b;
    let (bowl, valleys) =
        (chords(BOWL, CHORDS, seed, straight)?, chords(HIMMELBLAU, CHORDS, seed, straight)?);
    let longest = bowl.iter().max_by(|a, b| a.length().total_cmp(&b.length()));
    let between = valleys.iter().filter(|chord| chord.values.0.max(chord.values.1) < LOW);
    let worst = between.max_by(|a, b| a.above.total_cmp(&b.above));
    let (Some(longest), Some(worst)) = (longest, worst) else { return Err("there are no chords".into()) };
    page.figure(
        "convex",
        &figures::chord(BOWL, *longest, Levels::from(12))?,
        "Left: contours that are ellipses, with a chord across them. Right: along the chord, the function hangs below the straight \
         line between its ends.",
        "A convex function, and the longest of the random chords.",
    );
    let lowest = |of: &[Local]| of.iter().map(|local| local.curvatures[0]).fold(f64::INFINITY, f64::min);
    let (flat, hilly) = (BOWL.local(&BOWL.grid(101))?, HIMMELBLAU.local(&HIMMELBLAU.grid(101))?);
    page.claim(
        violated(&bowl) == 0 && (lowest(&flat) - 1.0).abs() < 1e-12,
        format!(
            "The bowl {} lies above none of {CHORDS} random chords; its smaller eigenvalue is {:.0} everywhere, and positive: it is convex.",
            BOWL.name,
            lowest(&flat)
        ),
    );
    page.figure(
        "not_convex",
        &figures::chord(HIMMELBLAU, *worst, Levels::Log(14))?,
        "Left: contours of the function with four valleys, with a chord between two of them. Right: along the chord, the function \
         rises above the straight line between its ends.",
        "A function that is not convex, and a random chord above which it rises: the worst of those from valley to valley.",
    );
    let negative = hilly.iter().filter(|local| local.curvatures[0] < 0.0).count();
    let (part, bad) = (negative as f64 / hilly.len() as f64, violated(&valleys));
    page.claim(
        bad > 0 && negative > 0 && worst.above > 0.0,
        format!(
            "The function with four valleys lies above {bad} of as many chords, at least in part; an eigenvalue is negative on {:.0}% of the window, \
             down to {}. On the chord that is drawn, it \
             rises {:.0} above the line. One such chord proves that it isn't convex; no number of chords proves that a function is.",
            100.0 * part,
            number(lowest(&hilly), 0),
            worst.above
        ),
    );
    Ok(())
}

/// A number with so many decimals.
pub fn number(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}").replace('-', "−")
}

/// A point as it is written.
pub fn place([x, y]: Point, decimals: usize) -> String {
    // (Adding 0 makes 0 of -0.)
    let [x, y] = [x, y].map(|c| number((c * 1e6).round() / 1e6 + 0.0, decimals));
    format!("({x}, {y})")
}

pub fn near(a: [f64; 2], b: [f64; 2], by: f64) -> bool {
    (a[0] - b[0]).abs() < by && (a[1] - b[1]).abs() < by
}
