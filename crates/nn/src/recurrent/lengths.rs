//! How long each sequence of a batch is.

use crate::label::Label;
use chainrule_tape::{DType, Tensor, Var};

/// The number of steps of each sequence of a batch that is padded to one length: a [`Var`] of `i64` and shape `[batch]`, or
/// numbers known while recording (`[3, 5, 1]`, a slice or a `Vec` of `usize`). The latter are constants of what is recorded;
/// a training step that sees other lengths with every batch takes them as an input.
///
/// They may have any order, and any values from 0 (nothing of the sequence counts) to the number of steps.
///
/// ```
/// use chainrule_nn::{Gru, Lengths};
/// use chainrule_tape::{Params, Tape, Tensor};
///
/// let mut params = Params::seeded(7);
/// let gru = Gru::new(&mut params.root(), 1, 4);
/// let tape = Tape::with(&params);
/// let x = tape.var(Tensor::from_vec(vec![0.5f32, 1.0, -1.0, 2.0, 0.0, 0.0], [2, 3, 1])?);
/// let lengths: Lengths = tape.var([3i64, 1]).into();
/// let (y, h) = gru.forward_packed(x, lengths, None);
/// assert_eq!(y.value()?, gru.forward_packed(x, [3, 1], None).0.value()?);
/// // The second sequence's last state is that after its only step.
/// assert_eq!(h.squeeze(0).slice(0, 1..).value()?, y.slice(0, 1..).slice(1, ..1).squeeze(1).value()?);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Lengths<'t>(Source<'t>);

#[derive(Clone, Debug)]
enum Source<'t> {
    Known(Vec<usize>),
    Recorded(Var<'t>),
}

impl<'t> From<Var<'t>> for Lengths<'t> {
    fn from(lengths: Var<'t>) -> Lengths<'t> {
        Lengths(Source::Recorded(lengths))
    }
}

impl From<Vec<usize>> for Lengths<'_> {
    fn from(lengths: Vec<usize>) -> Self {
        Lengths(Source::Known(lengths))
    }
}

impl From<&[usize]> for Lengths<'_> {
    fn from(lengths: &[usize]) -> Self {
        lengths.to_vec().into()
    }
}

impl From<&Vec<usize>> for Lengths<'_> {
    fn from(lengths: &Vec<usize>) -> Self {
        lengths.clone().into()
    }
}

impl<const N: usize> From<[usize; N]> for Lengths<'_> {
    fn from(lengths: [usize; N]) -> Self {
        lengths.to_vec().into()
    }
}

impl<const N: usize> From<&[usize; N]> for Lengths<'_> {
    fn from(lengths: &[usize; N]) -> Self {
        lengths.to_vec().into()
    }
}

impl<'t> Lengths<'t> {
    /// Which steps of `x` count: `bool`, with the axes of time and batch as `x` has them and a last axis of 1. What does not
    /// fit is a recorded mistake, and a recorded length out of range an error of the run.
    #[track_caller]
    pub(super) fn mask(
        self,
        label: &Label,
        kind: &'static str,
        x: Var<'t>,
        time_axis: usize,
    ) -> Result<Var<'t>, Var<'t>> {
        let (tape, shape) = (x.tape(), x.shape());
        let (steps, batch) = (shape[time_axis], shape[1 - time_axis]);
        let lengths = match self.0 {
            Source::Recorded(lengths) => lengths,
            Source::Known(lengths) => {
                if let Some(long) = lengths.iter().find(|&&length| length > steps) {
                    let what =
                        format_args!("takes lengths up to the number of steps, which is {steps}, not {long}");
                    return Err(label.fail(kind, x, what));
                }
                let lengths: Vec<i64> = lengths.iter().map(|&length| length as i64).collect();
                tape.var(Tensor::from(lengths))
            }
        };
        if lengths.dtype() != DType::I64 {
            let what = format_args!("takes lengths of dtype i64, not {}", lengths.dtype());
            return Err(label.fail(kind, lengths, what));
        }
        if lengths.shape().dims() != [batch] {
            let what =
                format_args!("takes a length for each of {batch} sequences, not lengths {}", lengths.shape());
            return Err(label.fail(kind, lengths, what));
        }
        let (times, ends) = (tape.iota(steps, DType::I64), lengths.check_index(steps + 1));
        let along = time_axis as isize;
        Ok(times.unsqueeze(1 - along).lt(ends.unsqueeze(along)).unsqueeze(2))
    }
}
