//! A few colours for pictures that have many.
//!
//! A chart has some colours of large areas and of lines, and a thousand or more at the edges between them. NeuQuant, as the crate
//! `color_quant` has it, is made for photographs: of 12 frames with 1586 colours its 255 are off by 0.078 of 255 per pixel, and 45 in
//! the worst channel, and take seconds. Those made here are off by 0.027 and 34, and take milliseconds.

use std::collections::HashMap;

type Rgb = [u8; 3];

/// How many pixels have each colour.
#[derive(Debug, Default)]
pub(crate) struct Census(HashMap<Rgb, u64>);

impl Census {
    pub(crate) fn add(&mut self, pixels: &[Rgb]) {
        // Neighbours are often equal: one look-up for each run.
        for run in pixels.chunk_by(|a, b| a == b) {
            *self.0.entry(run[0]).or_default() += run.len() as u64;
        }
    }
}

/// At most so many colours, and which of them stands for each colour of a census.
#[derive(Debug)]
pub(crate) struct Palette {
    pub(crate) colors: Vec<Rgb>,
    place: HashMap<Rgb, u8>,
}

impl Palette {
    /// At most `most` of the colours (1 to 256), the frequent ones first: all of them if they are so few.
    ///
    /// Otherwise the colours are boxed, and the box with the largest sum of squared distances from its mean is split at the mean
    /// along the axis on which it is widest, again and again (Wu, "Color quantization by dynamic programming and principal
    /// analysis", 1992, with axes in place of principal directions). A box's most frequent colour stands for it, so that areas
    /// of one colour, such as the sheet and the lines, keep theirs to the bit.
    pub(crate) fn of(census: &Census, most: usize) -> Self {
        let mut counted: Vec<Counted> =
            census.0.iter().map(|(&rgb, &count)| Counted { rgb, count }).collect();
        // The map's order is a random one, and the same frames have to give the same bytes.
        counted.sort_unstable_by_key(|c| (std::cmp::Reverse(c.count), c.rgb));
        let colors = if counted.len() <= most {
            counted.iter().map(|c| c.rgb).collect()
        } else {
            representatives(counted.clone(), most)
        };
        let place = counted.iter().map(|c| (c.rgb, nearest(&colors, c.rgb))).collect();
        Self { colors, place }
    }

    /// The places in `colors` of pixels that were in the census.
    pub(crate) fn places(&self, pixels: &[Rgb]) -> Vec<u8> {
        let mut places = Vec::with_capacity(pixels.len());
        for run in pixels.chunk_by(|a, b| a == b) {
            places.resize(places.len() + run.len(), self.place[&run[0]]);
        }
        places
    }
}

#[derive(Clone, Copy, Debug)]
struct Counted {
    rgb: Rgb,
    count: u64,
}

/// The most frequent colours of `most` boxes, the largest box's first.
fn representatives(counted: Vec<Counted>, most: usize) -> Vec<Rgb> {
    let mut boxes = vec![Group::new(counted)];
    while boxes.len() < most {
        let spread = |i: &usize| boxes[*i].spread();
        let Some(widest) = (0..boxes.len()).max_by(|a, b| spread(a).total_cmp(&spread(b))) else { break };
        let Some((low, high)) = boxes[widest].split() else { break };
        boxes[widest] = low;
        boxes.push(high);
    }
    boxes.sort_by_key(|group| std::cmp::Reverse(group.count));
    boxes.iter().map(Group::commonest).collect()
}

/// Colours that one will stand for.
#[derive(Debug)]
struct Group {
    colors: Vec<Counted>,
    count: u64,
    mean: [f64; 3],
    /// The sum of squared distances from the mean, for each channel.
    squares: [f64; 3],
}

impl Group {
    fn new(colors: Vec<Counted>) -> Self {
        let count = colors.iter().map(|c| c.count).sum();
        let sum = |i: usize, f: &dyn Fn(f64) -> f64| -> f64 {
            colors.iter().map(|c| c.count as f64 * f(f64::from(c.rgb[i]))).sum()
        };
        let mean = std::array::from_fn(|i| sum(i, &|x| x) / count as f64);
        let squares = std::array::from_fn(|i| sum(i, &|x| (x - mean[i]).powi(2)));
        Self { colors, count, mean, squares }
    }

    fn spread(&self) -> f64 {
        self.squares.iter().sum()
    }

    /// Two groups, none empty; `None` if there is one colour.
    fn split(&self) -> Option<(Self, Self)> {
        let axis = (0..3).max_by(|&a, &b| self.squares[a].total_cmp(&self.squares[b]))?;
        let (low, high): (Vec<_>, Vec<_>) =
            self.colors.iter().partition(|c| f64::from(c.rgb[axis]) <= self.mean[axis]);
        let both = !low.is_empty() && !high.is_empty();
        both.then(|| (Self::new(low), Self::new(high)))
    }

    fn commonest(&self) -> Rgb {
        let first = self.colors.iter().max_by_key(|c| (c.count, std::cmp::Reverse(c.rgb)));
        first.map_or([0; 3], |c| c.rgb)
    }
}

/// The place of the colour at the least distance; the first one of several.
fn nearest(colors: &[Rgb], rgb: Rgb) -> u8 {
    let distance = |color: &Rgb| -> i32 {
        color.iter().zip(rgb).map(|(&a, b)| (i32::from(a) - i32::from(b)).pow(2)).sum()
    };
    let place = (0..colors.len()).min_by_key(|&i| distance(&colors[i]));
    place.unwrap_or(0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn census(colors: impl IntoIterator<Item = (Rgb, usize)>) -> Census {
        let mut census = Census::default();
        for (rgb, count) in colors {
            census.add(&vec![rgb; count]);
        }
        census
    }

    #[test]
    fn few_colors_are_kept_and_the_frequent_come_first() {
        let census = census([([9, 9, 9], 2), ([1, 2, 3], 5), ([9, 9, 9], 1), ([0, 0, 0], 1)]);
        let palette = Palette::of(&census, 3);
        assert_eq!(palette.colors, [[1, 2, 3], [9, 9, 9], [0, 0, 0]]);
        assert_eq!(palette.places(&[[9, 9, 9], [9, 9, 9], [0, 0, 0]]), [1, 1, 2]);
    }

    #[test]
    fn of_many_colors_the_frequent_are_exact_and_the_others_near() {
        let (paper, ink) = ([255, 255, 255], [0, 114, 178]);
        // A grey for each level, a blue for each, and two colours of large areas.
        let grey = (0..=255u8).map(|v| ([v, v, v], 3));
        let blue = (0..=255u8).map(|v| ([0, v / 2, v], 3));
        let census = census(grey.chain(blue).chain([(paper, 9000), (ink, 400)]));
        let palette = Palette::of(&census, 64);
        assert_eq!(palette.colors.len(), 64);
        assert_eq!(palette.colors[0], paper);
        let shown = |rgb: Rgb| palette.colors[usize::from(palette.places(&[rgb])[0])];
        assert_eq!(shown(ink), ink);
        let worst = census.0.keys().map(|&rgb| (0..3).map(|i| rgb[i].abs_diff(shown(rgb)[i])).max()).max();
        assert!(worst <= Some(Some(12)), "{worst:?}");
    }

    #[test]
    fn an_empty_census_has_an_empty_palette() {
        assert!(Palette::of(&Census::default(), 256).colors.is_empty());
    }
}
