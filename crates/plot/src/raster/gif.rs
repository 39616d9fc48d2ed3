//! GIF files: one palette for all frames, and of each frame what the one before it did not show.

use std::borrow::Cow;
use std::ops::Range;
use std::thread;

use gif::{DisposalMethod, Encoder, Frame, Repeat};

use super::colors::{Census, Palette};
use super::{Image, draw, failed};
use crate::{Picture, PlotError, Theme};

type Frames = [Box<dyn Picture + Send + Sync>];

/// The bytes of a GIF file that repeats for ever; `delays` has each frame's time in hundredths of a second.
pub(crate) fn encode(
    frames: &Frames,
    delays: &[u16],
    theme: Theme,
    scale: f64,
) -> Result<Vec<u8>, PlotError> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let patches = patches(frames, theme, scale, threads)?;
    let (width, height) = patches.first().map_or((0, 0), |patch| patch.screen);
    if let Some(frame) = patches.iter().position(|patch| patch.screen != (width, height)) {
        return Err(PlotError::FrameSize { frame, size: patches[frame].screen, first: (width, height) });
    }
    let mut census = Census::default();
    patches.iter().for_each(|patch| census.add(&patch.image.pixels));
    let palette = Palette::of(&census, 255);

    // One more place, which means: what the frame before shows.
    let unchanged = palette.colors.len() as u8;
    let mut table = palette.colors.clone();
    table.push([0; 3]);
    let mut bytes = Vec::new();
    let mut encoder =
        Encoder::new(&mut bytes, width as u16, height as u16, table.as_flattened()).map_err(failed)?;
    encoder.set_repeat(Repeat::Infinite).map_err(failed)?;
    let mut screen = vec![unchanged; width * height];
    for (patch, &delay) in patches.iter().zip(delays) {
        let mut places = palette.places(&patch.image.pixels);
        let rows = screen.chunks_mut(width).skip(patch.top);
        for (row, new) in rows.zip(places.chunks_mut(patch.image.width)) {
            for (old, new) in row[patch.left..].iter_mut().zip(new) {
                if *old == *new {
                    *new = unchanged;
                } else {
                    *old = *new;
                }
            }
        }
        let frame = Frame {
            delay,
            dispose: DisposalMethod::Keep,
            transparent: Some(unchanged),
            left: patch.left as u16,
            top: patch.top as u16,
            width: patch.image.width as u16,
            height: patch.image.height as u16,
            buffer: Cow::Owned(places),
            ..Frame::default()
        };
        encoder.write_frame(&frame).map_err(failed)?;
    }
    drop(encoder);
    Ok(bytes)
}

/// Draws the frames on several threads, each of which takes a run of them.
fn patches(frames: &Frames, theme: Theme, scale: f64, threads: usize) -> Result<Vec<Patch>, PlotError> {
    let image = |frame: usize| {
        draw(&frames[frame].draw_in(theme), scale)
            .map_err(|source| PlotError::Frame { frame, source: Box::new(source) })
    };
    let run = |range: Range<usize>| -> Result<Vec<Patch>, PlotError> {
        // The frame before a run is drawn twice, so that no run waits for another and no frame is kept whole.
        let mut before = range.start.checked_sub(1).map(image).transpose()?;
        let mut patches = Vec::with_capacity(range.len());
        for frame in range {
            let after = image(frame)?;
            patches.push(Patch::between(before.as_ref(), &after));
            before = Some(after);
        }
        Ok(patches)
    };
    let share = frames.len().div_ceil(threads).max(1);
    let runs: Vec<_> = thread::scope(|scope| {
        let start = |first| scope.spawn(move || run(first..frames.len().min(first + share)));
        let started: Vec<_> = (0..frames.len()).step_by(share).map(start).collect();
        started.into_iter().map(|thread| thread.join()).collect()
    });
    let mut patches = Vec::with_capacity(frames.len());
    for patch in runs {
        patches.extend(patch.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
    }
    Ok(patches)
}

/// The smallest rectangle that holds all that a frame changes.
#[derive(Debug, PartialEq)]
struct Patch {
    left: usize,
    top: usize,
    image: Image,
    /// Width and height of the whole frame.
    screen: (usize, usize),
}

impl Patch {
    /// The whole frame if there is none before, or one of another size. One pixel if nothing changes: a GIF has no empty frame.
    fn between(before: Option<&Image>, after: &Image) -> Self {
        let screen = (after.width, after.height);
        let Some(before) = before.filter(|before| (before.width, before.height) == screen) else {
            return Self { left: 0, top: 0, image: after.clone(), screen };
        };
        let rows = before.pixels.chunks(after.width).zip(after.pixels.chunks(after.width));
        let (mut top, mut bottom, mut left, mut right) = (after.height, 0, after.width, 0);
        for (y, (old, new)) in rows.enumerate() {
            let changed = |x: &usize| old[*x] != new[*x];
            if old == new {
                continue;
            }
            (top, bottom) = (top.min(y), y + 1);
            left = (0..left).find(changed).unwrap_or(left);
            right = (right..after.width).rev().find(changed).map_or(right, |x| x + 1);
        }
        if top >= bottom {
            (top, bottom, left, right) = (0, 1, 0, 1);
        }
        let rows = after.pixels.chunks(after.width).take(bottom).skip(top);
        let pixels = rows.flat_map(|row| &row[left..right]).copied().collect();
        Self { left, top, image: Image { width: right - left, height: bottom - top, pixels }, screen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chart;

    #[test]
    fn any_number_of_threads_makes_the_same_patches() -> Result<(), PlotError> {
        let chart =
            |i: usize| Chart::new("Loss").size(200.0, 150.0).line("train", &[2.0, 1.0, 0.1 * i as f64]);
        let frames: Vec<Box<dyn Picture + Send + Sync>> = (0..7).map(|i| Box::new(chart(i)) as _).collect();
        let one = patches(&frames, Theme::Light, 1.0, 1)?;
        assert_eq!(one.len(), 7);
        for threads in [2, 3, 7, 20] {
            assert!(patches(&frames, Theme::Light, 1.0, threads)? == one, "{threads} threads");
        }
        Ok(())
    }

    /// 4 x 3 pixels, all white but those at `marks`.
    fn image(marks: &[(usize, usize)]) -> Image {
        let mut pixels = vec![[255; 3]; 12];
        marks.iter().for_each(|&(x, y)| pixels[y * 4 + x] = [0; 3]);
        Image { width: 4, height: 3, pixels }
    }

    #[test]
    fn a_patch_is_the_smallest_rectangle_of_changes() {
        let patch = |before, after| {
            let Patch { left, top, image, .. } = Patch::between(Some(&image(before)), &image(after));
            assert_eq!(image.pixels.len(), image.width * image.height);
            (left, top, image.width, image.height)
        };
        assert_eq!(patch(&[(1, 1)], &[(1, 1)]), (0, 0, 1, 1));
        assert_eq!(patch(&[(1, 1)], &[(1, 1), (3, 2)]), (3, 2, 1, 1));
        assert_eq!(patch(&[(1, 1)], &[(3, 2)]), (1, 1, 3, 2));
        assert_eq!(patch(&[(2, 0), (0, 1)], &[(3, 2)]), (0, 0, 4, 3));
        assert_eq!(patch(&[], &[(0, 0), (2, 0), (1, 1)]), (0, 0, 3, 2));
    }

    #[test]
    fn a_patch_of_another_size_is_the_whole_frame() {
        let before = Image { width: 3, height: 4, pixels: vec![[255; 3]; 12] };
        let patch = Patch::between(Some(&before), &image(&[(3, 2)]));
        assert_eq!((patch.left, patch.top, patch.image), (0, 0, image(&[(3, 2)])));
    }
}
