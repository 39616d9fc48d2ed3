//! What an update rule is.

use crate::{Target, Update};
use chainrule_tape::Var;
use std::fmt::Debug;

/// One stage of an optimizer: takes the gradients of all trainable parameters and gives what the next stage takes
/// for them. What the last stage gives is subtracted from the parameters.
///
/// Most rules work on each parameter alone and implement [`update`](Transform::update). A rule that looks at all
/// gradients together, such as [`ClipNorm`](crate::ClipNorm), implements [`update_all`](Transform::update_all).
///
/// All of it is recorded once and planned with the model. Numbers that change from step to step come from
/// [`Target::lr`] and [`Target::per_step`]; memory from one step to the next is [`Target::state`], or, of all
/// parameters together, [`Update::state`].
///
/// A rule of your own, Signum (Bernstein et al., "signSGD: compressed optimisation for non-convex problems", ICML 2018,
/// algorithm 2), with everything that the built-in ones have:
///
/// ```
/// use chainrule_optim::{Optimizer, Target, Transform};
/// use chainrule_tape::Var;
///
/// #[derive(Debug)]
/// struct Signum { beta: f64 }
///
/// impl Transform for Signum {
///     fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
///         let m = p.keep("signum.m", p.state("signum.m") * self.beta + g * (1.0 - self.beta));
///         m.sign() * p.lr()
///     }
/// }
///
/// let optimizer = Optimizer::new(1e-4, Signum { beta: 0.9 }).clip_norm(1.0).weight_decay(0.1).decoupled();
/// # use chainrule_optim::TrainStep;
/// # use chainrule_tape::{Params, Tensor};
/// # let mut params = Params::seeded(1);
/// # let w = params.root().param("w", Tensor::from([1.0, -1.0]));
/// # let mut step = TrainStep::new(optimizer, |[x]| (x * x.tape().param(w)).square().sum(..));
/// # step.run(&mut params, [&Tensor::from([1.0, 2.0])])?;
/// # let shrunk = 1.0 - 1e-4 * 0.1 - 1e-4;
/// # assert!(params.tensor(w).to_f64().iter().all(|w| (w.abs() - shrunk).abs() < 1e-15));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub trait Transform: Debug + Send + Sync {
    /// What becomes of one parameter's gradient `g` (or of what the stage before gave for it). The gradient itself,
    /// unless implemented.
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        let _ = p;
        g
    }

    /// What becomes of all gradients, in the order of [`Update::targets`]. [`update`](Transform::update) of each,
    /// unless implemented.
    fn update_all<'t>(&self, at: &Update<'t>, grads: Vec<Var<'t>>) -> Vec<Var<'t>> {
        at.targets().zip(grads).map(|(p, g)| self.update(p, g)).collect()
    }

    /// The value of one parameter with which the model is to be evaluated. The parameter's own, unless implemented by
    /// a rule that trains at another place than the one that it finds: see
    /// [`evaluation`](crate::Optimizer::evaluation).
    fn evaluation<'t>(&self, p: Target<'_, 't>) -> Var<'t> {
        p.value()
    }

    /// What is wrong with the settings, if something is: reported by the first run.
    ///
    /// # Errors
    /// A sentence that names the setting and its value.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl<T: Transform + ?Sized> Transform for Box<T> {
    fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
        (**self).update(p, g)
    }

    fn update_all<'t>(&self, at: &Update<'t>, grads: Vec<Var<'t>>) -> Vec<Var<'t>> {
        (**self).update_all(at, grads)
    }

    fn evaluation<'t>(&self, p: Target<'_, 't>) -> Var<'t> {
        (**self).evaluation(p)
    }

    fn check(&self) -> Result<(), String> {
        (**self).check()
    }
}
