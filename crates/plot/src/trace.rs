//! A line's points as SVG paths: broken at gaps, thinned to what a screen can show.

use crate::palette::Ink;
use crate::sheet::Sheet;

/// The number of points from which not all of them are drawn.
const DENSE: usize = 1000;

/// Draws a line of `width` pixels; `None` is a gap. A point between two gaps is a dot.
pub(crate) fn draw(
    sheet: &mut Sheet,
    points: impl Iterator<Item = Option<(f64, f64)>>,
    ink: Ink,
    width: f64,
) {
    let mut run = Vec::new();
    for point in points.chain([None]) {
        match point {
            Some(point) => run.push(point),
            None => {
                match run[..] {
                    [] => {}
                    [(x, y)] => sheet.circle(x, y, 1.75 * width, ink.stroke),
                    // A dense line is mostly noise: a finer stroke lets its shape be seen.
                    _ if run.len() > DENSE => {
                        sheet.polyline(&thinned(&run), ink.stroke, 0.75 * width, ink.dash)
                    }
                    _ => sheet.polyline(&run, ink.stroke, width, ink.dash),
                }
                run.clear();
            }
        }
    }
}

/// Of the points in one column of pixels, the first, the lowest, the highest and the last, in their order: these
/// draw the same pixels as all of them, and keep the file of a million steps small.
fn thinned(run: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut kept = Vec::new();
    for column in run.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        let by_y = |a: &usize, b: &usize| column[*a].1.total_cmp(&column[*b].1);
        let lowest = (0..column.len()).min_by(by_y).unwrap_or(0);
        let highest = (0..column.len()).max_by(by_y).unwrap_or(0);
        let mut picks = [0, lowest.min(highest), lowest.max(highest), column.len() - 1].to_vec();
        picks.dedup();
        kept.extend(picks.into_iter().map(|i| column[i]));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{palette, svg};

    fn drawn(points: &[Option<(f64, f64)>]) -> String {
        let mut sheet = Sheet::new(10.0, 10.0, "", crate::Theme::Light);
        draw(&mut sheet, points.iter().copied(), palette::ink(0), 2.0);
        svg::write(&sheet)
    }

    #[test]
    fn gaps_break_a_line_and_leave_dots() {
        let at = |i: u8| Some((f64::from(i), 5.0));
        let svg = drawn(&[at(0), at(1), None, at(3), None, None, at(6), at(7), at(8)]);
        assert!(svg.contains("\"M0 5L1 5\"") && svg.contains("\"M6 5L7 5L8 5\""), "{svg}");
        assert_eq!((svg.matches("<path").count(), svg.matches("<circle").count()), (2, 1));
        assert!(!drawn(&[None, None]).contains("<path"));
    }

    #[test]
    fn thinning_keeps_peaks_and_ends() {
        let mut run: Vec<_> = (0..100_000).map(|i| (f64::from(i) / 500.0, 0.0)).collect();
        run[77_777].1 = 9.0;
        let kept = thinned(&run);
        assert!(kept.len() <= 4 * 201, "{}", kept.len());
        assert!(kept.contains(&run[77_777]));
        assert_eq!((kept.first(), kept.last()), (run.first(), run.last()));
        assert!(kept.is_sorted_by(|a, b| a.0 <= b.0));
    }

    #[test]
    fn only_dense_lines_are_thinned() {
        let run = |n: u32| (0..n).map(|i| Some((f64::from(i) / 500.0, 0.0))).collect::<Vec<_>>();
        assert_eq!(drawn(&run(1000)).matches('L').count(), 999);
        assert!(drawn(&run(1001)).matches('L').count() < 10);
    }
}
