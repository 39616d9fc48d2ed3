//! Contrastive losses of a batch against itself.

use super::targets::beside;
use chainrule_tape::{DType, Var};

macro_rules! methods {
    () => {
        /// The normalized, temperature-scaled cross-entropy (NT-Xent) of two views of the same `n` things, both `[n, d]`: each
        /// of the `2n` rows is to be found by its partner among all other rows, by the cosine. The mean over the `2n` rows of
        /// `-ln(exp(cos(z, z′)/τ) / Σ exp(cos(z, zⱼ)/τ))`, where `z′` is the other view and `j` goes over all rows but `z`.
        ///
        /// It is a [`cross_entropy`](Losses::cross_entropy), stable for any temperature. Lengths are at least 1e-8, so a row of
        /// zeros has the cosine 0. It takes memory for `4n²` numbers.
        ///
        /// A temperature that is not above 0 is a mistake, and so are views that are not `[n, d]`.
        ///
        /// Source: Chen et al., "A simple framework for contrastive learning of visual representations" (SimCLR), ICML 2020,
        /// equation 1; τ = 0.5 there, or 0.1.
        ///
        /// ```
        /// # use chainrule_nn::Losses;
        /// # use chainrule_tape::Tape;
        /// let tape = Tape::new();
        /// let views = tape.var([[1.0, 0.0], [0.0, 1.0]]);
        /// // Each row has a partner at cosine 1 and two others at 0.
        /// let loss = views.nt_xent(views * 5.0, 0.5);
        /// assert!((loss.item()? - (1.0 + 2.0 * (-2f64).exp()).ln()).abs() < 1e-15);
        /// # Ok::<(), chainrule_tape::Error>(())
        /// ```
        #[doc(alias = "contrastive")]
        #[track_caller]
        fn nt_xent(self, other: Var<'t>, temperature: f64) -> Var<'t> {
            $crate::loss::reduction::mean(self.nt_xent_each(other, temperature))
        }

        /// [`nt_xent`](Losses::nt_xent) of each row, `[2n]`: those of the first view, then those of the second.
        #[track_caller]
        fn nt_xent_each(self, other: Var<'t>, temperature: f64) -> Var<'t> {
            $crate::loss::contrastive::nt_xent(self.into(), other, temperature)
        }
    };
}
pub(super) use methods;

#[track_caller]
pub(super) fn nt_xent<'t>(x: Var<'t>, other: Var<'t>, temperature: f64) -> Var<'t> {
    let tape = x.tape();
    let _op = tape.within("nt_xent", &[x, other]);
    if temperature.is_nan() || temperature <= 0.0 {
        let what = format!("the temperature is above 0, not {temperature}");
        return tape.fail("nt_xent", what, &[x, other]);
    }
    let other = beside("nt_xent", x, other);
    let &[n, _] = x.shape().dims() else {
        return tape.fail("nt_xent", "views are [n, d]", &[x, other]);
    };
    let rows = tape.concat(&[x, other], 0);
    let rows = rows / rows.norm_keep(-1).clamp_min(1e-8);
    let logits = rows.matmul(rows.t()) * (1.0 / temperature);
    let logits = logits.masked_fill(tape.eye(2 * n, DType::F32).ne(0.0), f64::NEG_INFINITY);
    super::classes::cross_entropy(logits, tape.iota(2 * n, DType::I64).roll(n as isize, 0))
}
