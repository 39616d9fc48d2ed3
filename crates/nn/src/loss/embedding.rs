//! Losses of order, likeness and distance.

use super::Reduction;
use super::reduction::{reduce, reduction_setting};
use super::targets::{beside, beside_rows};
use chainrule_tape::{Operand, Var};

macro_rules! methods {
    () => {
        /// The loss of two scores of which one is to be larger by a margin: the mean of `max(m - t·(x - y), 0)`, for targets 1
        /// (`x` is to be larger) and -1 (`y` is). Derivatives: `-t / n` and `t / n` where the margin is missed, else 0, also
        /// exactly at the margin. (PyTorch's default margin is 0.)
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let (x, y) = (tape.var([1.0, 1.0]), tape.var([0.25, 3.0]));
        /// let each = x.margin_ranking_each(y, tape.var([1.0, -1.0]), 1.0);
        /// assert_eq!(each.value()?.to_f64(), [0.25, 0.0]);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn margin_ranking(self, other: impl Operand<'t>, targets: impl Operand<'t>, margin: f64) -> Var<'t> {
            $crate::loss::reduction::mean(self.margin_ranking_each(other, targets, margin))
        }

        /// `max(m - t·(x - y), 0)`.
        #[track_caller]
        fn margin_ranking_each(
            self,
            other: impl Operand<'t>,
            targets: impl Operand<'t>,
            margin: f64,
        ) -> Var<'t> {
            $crate::loss::embedding::margin_ranking(self.into(), other, targets, margin)
        }

        /// The loss of a distance that is to be small (target 1) or above a margin (target -1): the mean of `x`, or
        /// `max(m - x, 0)`. Derivative: `1/n`, or `-1/n` within the margin, else 0. (PyTorch's default margin is 1. As there,
        /// another target means the sum of both.)
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let each = tape.var([0.5, 0.25, 3.0]).hinge_embedding_each(tape.var([1.0, -1.0, -1.0]), 1.0);
        /// assert_eq!(each.value()?.to_f64(), [0.5, 0.75, 0.0]);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn hinge_embedding(self, targets: impl Operand<'t>, margin: f64) -> Var<'t> {
            $crate::loss::reduction::mean(self.hinge_embedding_each(targets, margin))
        }

        /// [`hinge_embedding`](Losses::hinge_embedding) without the mean.
        #[track_caller]
        fn hinge_embedding_each(self, targets: impl Operand<'t>, margin: f64) -> Var<'t> {
            $crate::loss::embedding::hinge_embedding(self.into(), targets, margin)
        }

        /// The loss of two vectors that are to point the same way (target 1) or not (target -1): the mean of `1 - cos(x, y)`,
        /// or `max(cos(x, y) - m, 0)`, of the rows `[…, d]`. Targets are `[…]`; another one loses 0. Derivatives are those of
        /// the cosine, and 0 where the margin is kept. (PyTorch's default margin is 0. As there, the squared lengths have
        /// 1e-12 added.)
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let (x, y) = (tape.var([[3.0, 0.0], [3.0, 4.0]]), tape.var([[0.0, 2.0], [1.0, 0.0]]));
        /// let each = x.cosine_embedding_each(y, tape.var([1.0, -1.0]), 0.5).value()?.to_f64();
        /// assert!((each[0] - 1.0).abs() < 1e-12 && (each[1] - 0.1).abs() < 1e-12);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn cosine_embedding(
            self,
            other: impl Operand<'t>,
            targets: impl Operand<'t>,
            margin: f64,
        ) -> Var<'t> {
            $crate::loss::reduction::mean(self.cosine_embedding_each(other, targets, margin))
        }

        /// [`cosine_embedding`](Losses::cosine_embedding) of each row: `[…, d] → […]`.
        #[track_caller]
        fn cosine_embedding_each(
            self,
            other: impl Operand<'t>,
            targets: impl Operand<'t>,
            margin: f64,
        ) -> Var<'t> {
            $crate::loss::embedding::cosine_embedding(self.into(), other, targets, margin)
        }

        /// The mean of `-cos(x, t)` over rows `[…, d]`: -1 where all point the same way. Lengths are at least 1e-8, so the
        /// cosine with a vector of zeros is 0. (Keras's `CosineSimilarity`; the cosine itself is
        /// [`Var::cosine_similarity`].)
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let loss = tape.var([[3.0, 4.0]]).cosine_similarity_loss(tape.var([[6.0, 8.0]]));
        /// assert_eq!(loss.item()?, -1.0);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn cosine_similarity_loss(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::reduction::mean(self.cosine_similarity_loss_each(targets))
        }

        /// [`cosine_similarity_loss`](Losses::cosine_similarity_loss) of each row: `[…, d] → […]`.
        #[track_caller]
        fn cosine_similarity_loss_each(self, targets: impl Operand<'t>) -> Var<'t> {
            $crate::loss::embedding::cosine_similarity(self.into(), targets)
        }

        /// The loss of an anchor that is to be nearer to a positive than to a negative, by a margin: the mean of
        /// `max(d(a, p) - d(a, n) + m, 0)` over rows `[…, d]`, with the distance `d(x, y) = ‖x - y + ε‖`, `ε = 1e-6`, and the
        /// margin 1. Derivatives are those of the distances, and 0 where the margin is kept or just met.
        ///
        /// Source: Balntas et al., "Learning local feature descriptors with triplets and shallow convolutional neural networks",
        /// BMVC 2016, where [`swap`](TripletMargin::swap) is the anchor swap.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let [anchor, near, far] = [[[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 5.5]]].map(|x| tape.var(x));
        /// assert!((anchor.triplet_margin(near, far).item()? - 0.5).abs() < 1e-5);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn triplet_margin(self, positive: Var<'t>, negative: Var<'t>) -> Var<'t> {
            self.triplet_margin_with(positive, negative, TripletMargin::new())
        }

        /// [`triplet_margin`](Losses::triplet_margin) of each row: `[…, d] → […]`.
        #[track_caller]
        fn triplet_margin_each(self, positive: Var<'t>, negative: Var<'t>) -> Var<'t> {
            let each = TripletMargin::new().reduction(Reduction::None);
            self.triplet_margin_with(positive, negative, each)
        }

        /// [`triplet_margin`](Losses::triplet_margin) with settings.
        #[track_caller]
        fn triplet_margin_with(
            self,
            positive: Var<'t>,
            negative: Var<'t>,
            settings: impl Borrow<TripletMargin>,
        ) -> Var<'t> {
            $crate::loss::embedding::triplet_margin(self.into(), positive, negative, settings.borrow())
        }

        /// [`triplet_margin`](Losses::triplet_margin) with a distance of your own, whose result, of any shape, is one for each
        /// triplet. Of the settings, `p` and `eps` are not used.
        ///
        /// ```
        /// # use chainrule_nn::{Losses, TripletMargin};
        /// # use chainrule_tape::{Tape, Var};
        /// let tape = Tape::new();
        /// let [anchor, near, far] = [[[1.0, 0.0]], [[2.0, 0.0]], [[0.0, 3.0]]].map(|x| tape.var(x));
        /// fn distance<'t>(x: Var<'t>, y: Var<'t>) -> Var<'t> {
        ///     1.0 - x.cosine_similarity(y, -1, 1e-8)
        /// }
        /// let settings = TripletMargin::new().margin(1.5);
        /// let loss = anchor.triplet_margin_with_distance(near, far, distance, settings);
        /// assert_eq!(loss.item()?, 0.5);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[track_caller]
        fn triplet_margin_with_distance(
            self,
            positive: Var<'t>,
            negative: Var<'t>,
            distance: impl Fn(Var<'t>, Var<'t>) -> Var<'t>,
            settings: impl Borrow<TripletMargin>,
        ) -> Var<'t> {
            settings.borrow().of(self.into(), positive, negative, distance)
        }
    };
}
pub(super) use methods;

/// Settings of [`triplet_margin`](crate::Losses::triplet_margin). Defaults are PyTorch's.
#[derive(Clone, Debug)]
pub struct TripletMargin {
    margin: f64,
    p: f64,
    eps: f64,
    swap: bool,
    reduction: Reduction,
}

impl Default for TripletMargin {
    fn default() -> TripletMargin {
        TripletMargin { margin: 1.0, p: 2.0, eps: 1e-6, swap: false, reduction: Reduction::Mean }
    }
}

impl TripletMargin {
    /// A margin of 1 of Euclidean distances, ε = 1e-6.
    pub fn new() -> TripletMargin {
        TripletMargin::default()
    }

    /// By how much the positive is to be nearer: 1 by default.
    #[must_use]
    pub fn margin(self, margin: f64) -> TripletMargin {
        TripletMargin { margin, ..self }
    }

    /// The [norm](Var::norm_p) that is the distance: 2, Euclid's, by default.
    #[must_use]
    pub fn p(self, p: f64) -> TripletMargin {
        TripletMargin { p, ..self }
    }

    /// What is added to each difference, so that equal points have a gradient: 1e-6 by default.
    #[must_use]
    pub fn eps(self, eps: f64) -> TripletMargin {
        TripletMargin { eps, ..self }
    }

    /// The negative is compared with the nearer one of anchor and positive.
    #[must_use]
    pub fn swap(self) -> TripletMargin {
        TripletMargin { swap: true, ..self }
    }

    reduction_setting!();

    #[track_caller]
    pub(super) fn of<'t>(
        &self,
        anchor: Var<'t>,
        positive: Var<'t>,
        negative: Var<'t>,
        distance: impl Fn(Var<'t>, Var<'t>) -> Var<'t>,
    ) -> Var<'t> {
        let _op = anchor.tape().within("triplet_margin", &[anchor, positive, negative]);
        let (near, mut far) = (distance(anchor, positive), distance(anchor, negative));
        if self.swap {
            far = far.minimum(distance(positive, negative));
        }
        reduce((near - far + self.margin).relu(), self.reduction)
    }
}

#[track_caller]
pub(super) fn margin_ranking<'t>(
    x: Var<'t>,
    other: impl Operand<'t>,
    targets: impl Operand<'t>,
    margin: f64,
) -> Var<'t> {
    let other = beside("margin_ranking", x, other);
    let targets = beside("margin_ranking", x, targets);
    (margin - targets * (x - other)).relu()
}

#[track_caller]
pub(super) fn hinge_embedding<'t>(x: Var<'t>, targets: impl Operand<'t>, margin: f64) -> Var<'t> {
    let targets = beside("hinge_embedding", x, targets);
    let (near, far) = (targets.eq(-1.0).select(0.0, x), targets.eq(1.0).select(0.0, (margin - x).relu()));
    near + far
}

#[track_caller]
pub(super) fn cosine_embedding<'t>(
    x: Var<'t>,
    other: impl Operand<'t>,
    targets: impl Operand<'t>,
    margin: f64,
) -> Var<'t> {
    let other = beside("cosine_embedding", x, other);
    let targets = beside_rows("cosine_embedding", x, targets);
    let cosine = (x * other).sum(-1) / length(x) / length(other);
    let alike = targets.eq(1.0).select(1.0 - cosine, 0.0);
    let apart = targets.eq(-1.0).select((cosine - margin).relu(), 0.0);
    alike + apart
}

/// The rows' lengths, which are not 0.
#[track_caller]
fn length(x: Var<'_>) -> Var<'_> {
    (x.square().sum(-1) + 1e-12).sqrt()
}

#[track_caller]
pub(super) fn cosine_similarity<'t>(x: Var<'t>, targets: impl Operand<'t>) -> Var<'t> {
    let _op = x.tape().within("cosine_similarity_loss", &[x]);
    -x.cosine_similarity(beside("cosine_similarity_loss", x, targets), -1, 1e-8)
}

#[track_caller]
pub(super) fn triplet_margin<'t>(
    anchor: Var<'t>,
    positive: Var<'t>,
    negative: Var<'t>,
    settings: &TripletMargin,
) -> Var<'t> {
    let positive = beside("triplet_margin", anchor, positive);
    let negative = beside("triplet_margin", anchor, negative);
    let (p, eps) = (settings.p, settings.eps);
    settings.of(anchor, positive, negative, |x, y| (x - y + eps).norm_p(-1, p))
}
