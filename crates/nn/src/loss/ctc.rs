//! Connectionist temporal classification.

use super::Reduction;
use super::reduction::{reduce, reduction_setting};
use chainrule_tape::{DType, Var, scan};

macro_rules! methods {
    () => {
        /// Connectionist temporal classification: the mean of `-ln p(target)` over a batch of sequences, where `p(target)` is the
        /// probability of all paths that spell the target when repeated labels are merged and blanks (class 0) are left out
        /// then. Each sequence's loss is divided by the length of its target (at least 1) before the mean, as in PyTorch.
        ///
        /// - The log-probabilities, after [`log_softmax`](Var::log_softmax), are `[steps, n, classes]`;
        /// - the targets `[n, longest]` are labels without blanks, and what is beyond a target's length is not looked at;
        /// - both lengths are `[n]`, and these three are of dtype `i64`. For one sequence, leave out all `n`.
        ///
        /// A target that does not fit into its steps (a label needs one, a repeated one needs a blank before it) loses ∞
        /// wherever the log-probabilities move, so with the gradient 0 (PyTorch's is NaN); [`Ctc::zero_infinity`] makes the loss 0 too. A label outside the classes or a length that is too
        /// long is an error of the run.
        ///
        /// Derivative by the log-probabilities: the share of the paths that are in that class at that step, times -1. It is the
        /// exact one; PyTorch's adds `exp(x)`, which is the same after the derivative of `log_softmax`. (PyTorch's targets in one
        /// long vector are not taken.)
        ///
        /// Source: Graves et al., "Connectionist temporal classification", ICML 2006, equations 6 to 8, in logarithms.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::{DType, Tape};
        /// let tape = Tape::new();
        /// // Two steps of two classes, all probabilities 1/2: of the four paths, `-a`, `a-` and `aa` spell `a`.
        /// let log = tape.full([2, 2], 0.5f64.ln(), DType::F64);
        /// let loss = log.ctc(tape.var([1i64]), tape.var(2i64), tape.var(1i64));
        /// assert!((loss.item()? + 0.75f64.ln()).abs() < 1e-15);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn ctc(self, targets: Var<'t>, input_lengths: Var<'t>, target_lengths: Var<'t>) -> Var<'t> {
            self.ctc_with(targets, input_lengths, target_lengths, Ctc::new())
        }

        /// [`ctc`](Losses::ctc) of each sequence, not divided by the length of its target: `[n]`.
        #[track_caller]
        fn ctc_each(self, targets: Var<'t>, input_lengths: Var<'t>, target_lengths: Var<'t>) -> Var<'t> {
            self.ctc_with(targets, input_lengths, target_lengths, Ctc::new().reduction(Reduction::None))
        }

        /// [`ctc`](Losses::ctc) with settings.
        #[track_caller]
        fn ctc_with(
            self,
            targets: Var<'t>,
            input_lengths: Var<'t>,
            target_lengths: Var<'t>,
            settings: impl Borrow<Ctc>,
        ) -> Var<'t> {
            let lengths = [input_lengths, target_lengths];
            $crate::loss::ctc::ctc(self.into(), targets, lengths, settings.borrow())
        }
    };
}
pub(super) use methods;

/// Settings of [`ctc`](crate::Losses::ctc). Defaults are PyTorch's.
#[derive(Clone, Debug, Default)]
pub struct Ctc {
    blank: usize,
    zero_infinity: bool,
    reduction: Reduction,
}

impl Ctc {
    /// Class 0 is the blank; what is impossible loses ∞.
    pub fn new() -> Ctc {
        Ctc::default()
    }

    /// The class of the blank: 0 by default. One that is no class is a mistake.
    #[must_use]
    pub fn blank(self, blank: usize) -> Ctc {
        Ctc { blank, ..self }
    }

    /// A target that does not fit into its steps loses 0. (Its gradient is 0 with and without.)
    #[must_use]
    pub fn zero_infinity(self) -> Ctc {
        Ctc { zero_infinity: true, ..self }
    }

    reduction_setting!();
}

#[track_caller]
pub(super) fn ctc<'t>(x: Var<'t>, targets: Var<'t>, lengths: [Var<'t>; 2], settings: &Ctc) -> Var<'t> {
    let tape = x.tape();
    let _op = tape.within("ctc", &[x, targets, lengths[0], lengths[1]]);
    let one = x.rank() == 2;
    let (batched, targets_of) = if one { (x.unsqueeze(1), targets.unsqueeze(0)) } else { (x, targets) };
    let lengths_of = if one { [lengths[0].unsqueeze(0), lengths[1].unsqueeze(0)] } else { lengths };
    if let Some(wrong) = wrong(batched, targets_of, lengths_of, settings) {
        return tape.fail("ctc", wrong, &[x, targets, lengths[0], lengths[1]]);
    }
    let target_lengths = lengths_of[1].check_index(targets_of.shape()[1] + 1);
    let mut each = -log_likelihood(batched, targets_of, lengths_of[0], target_lengths, settings.blank);
    // What is impossible stays so wherever the log-probabilities move: the derivative is 0, not that of a path which ends halfway.
    let impossible = if settings.zero_infinity { 0.0 } else { f64::INFINITY };
    each = each.eq(f64::INFINITY).select(impossible, each);
    match settings.reduction {
        Reduction::Mean => reduce(each / target_lengths.clamp_min(1.0).cast(x.dtype()), Reduction::Mean),
        Reduction::None if one => each.squeeze(0),
        other => reduce(each, other),
    }
}

/// What is wrong with the shapes and dtypes.
fn wrong(x: Var<'_>, targets: Var<'_>, lengths: [Var<'_>; 2], settings: &Ctc) -> Option<String> {
    let &[_, n, classes] = x.shape().dims() else {
        return Some("log-probabilities are [steps, n, classes], or [steps, classes] of one sequence".into());
    };
    if !x.dtype().is_float() {
        return Some("log-probabilities are floating point".into());
    }
    if [targets, lengths[0], lengths[1]].iter().any(|x| x.dtype() != DType::I64) {
        return Some("targets and lengths are of dtype i64".into());
    }
    if targets.rank() != 2 || targets.shape()[0] != n {
        return Some(format!("targets are [n, longest], and n is {n}"));
    }
    if lengths.iter().any(|lengths| lengths.shape().dims() != [n]) {
        return Some(format!("there is one length for each of {n} inputs, and one for each target"));
    }
    (settings.blank >= classes)
        .then(|| format!("the blank is a class below {classes}, not {}", settings.blank))
}

/// The logarithm of the probability of all paths that spell each target, `[n]`. The states of a path are the labels with a blank
/// before, between and after them; `alpha` is what the paths into each state have added up to.
#[track_caller]
fn log_likelihood<'t>(
    x: Var<'t>,
    targets: Var<'t>,
    input_lengths: Var<'t>,
    target_lengths: Var<'t>,
    blank: usize,
) -> Var<'t> {
    let (tape, dtype) = (x.tape(), x.dtype());
    let (steps, n, longest) = (x.shape()[0], targets.shape()[0], targets.shape()[1]);
    let input_lengths = input_lengths.check_index(steps + 1).unsqueeze(-1);
    // Beyond its end, a target may hold anything.
    let inside = tape.iota(longest, DType::I64).lt(target_lengths.unsqueeze(-1));
    let labels = inside.select(targets, blank as f64);
    let blanks = |count: usize| tape.full([n, count], blank as f64, DType::I64);
    let pairs = tape.stack(&[blanks(longest), labels], -1).reshape([n, 2 * longest]);
    let states = tape.concat(&[pairs, blanks(1)], -1);
    let count = 2 * longest + 1;
    let emissions = x.gather(-1, states.unsqueeze(0).expand([steps, n, count]));

    // No path can be in the states before the first one.
    let none = |count: usize| tape.full([n, count], f64::NEG_INFINITY, dtype);
    // From a label straight to the next one, if it is another; never from one blank to the next.
    let skips = (longest > 0).then(|| states.slice(1, 2..).ne(states.slice(1, ..count - 2)));
    let step = |alpha: Var<'t>, (emission, at): (Var<'t>, Var<'t>)| {
        let mut next = alpha;
        if let Some(skips) = skips {
            next = next.logaddexp(tape.concat(&[none(1), alpha.slice(1, ..count - 1)], 1));
            let skipping = skips.select(alpha.slice(1, ..count - 2), f64::NEG_INFINITY);
            next = next.logaddexp(tape.concat(&[none(2), skipping], 1));
        }
        (at.lt(input_lengths).select(next + emission, alpha), ())
    };
    // As if all were in the first blank before the first step: from there it goes on to that blank or the first label.
    let start = tape.concat(&[tape.full([n, 1], 0.0, dtype), none(count - 1)], 1);
    let (alpha, ()) = scan(step, start, (emissions, tape.iota(steps, DType::I64)));

    // It ends in the last label or the blank after it.
    let end = (target_lengths * 2.0).unsqueeze(-1);
    let in_blank = alpha.gather(1, end).squeeze(-1);
    let in_label = alpha.gather(1, (end - 1.0).clamp_min(0.0)).squeeze(-1);
    in_blank.logaddexp(target_lengths.gt(0.0).select(in_label, f64::NEG_INFINITY))
}
