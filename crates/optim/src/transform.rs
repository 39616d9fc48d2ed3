//! What an update rule is.

mod shared;
mod target;
pub(crate) mod update;

use chainrule_tape::Var;
use std::fmt::Debug;
use std::sync::Arc;

pub use target::Target;
pub use update::{Now, Update};

/// One stage of an optimizer: takes the gradients of all trainable parameters and gives what the next stage takes
/// for them. What the last stage gives is subtracted from the parameters.
///
/// Most rules work on each parameter alone and implement [`update`](Transform::update). A rule that looks at all
/// gradients together, such as [`ClipNorm`](crate::ClipNorm), implements [`update_all`](Transform::update_all).
///
/// All of it is recorded once and planned with the model. Numbers that change from step to step come from
/// [`Target::lr`] and [`Target::per_step`]; memory from one step to the next is [`Target::state`].
///
/// A rule of your own, Lion (Chen et al., "Symbolic discovery of optimization algorithms", 2023, program 1), with
/// everything that the built-in ones have:
///
/// ```
/// use chainrule_optim::{Optimizer, Target, Transform};
/// use chainrule_tape::Var;
///
/// #[derive(Debug)]
/// struct Lion { betas: (f64, f64) }
///
/// impl Transform for Lion {
///     fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
///         let m = p.state("lion.m");
///         p.keep("lion.m", m * self.betas.1 + g * (1.0 - self.betas.1));
///         (m * self.betas.0 + g * (1.0 - self.betas.0)).sign() * p.lr()
///     }
/// }
///
/// let optimizer = Optimizer::new(1e-4, Lion { betas: (0.9, 0.99) }).clip_norm(1.0).weight_decay(0.1).decoupled();
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

    /// What becomes of one parameter's new value, once all stages have said what to subtract: for stages
    /// [after](crate::Optimizer::after) the rule, in their order. The value itself, unless implemented.
    fn finish<'t>(&self, p: Target<'_, 't>, value: Var<'t>) -> Var<'t> {
        let _ = p;
        value
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

macro_rules! forward {
    ($($Pointer:ident)*) => { $(
        impl<T: Transform + ?Sized> Transform for $Pointer<T> {
            fn update<'t>(&self, p: Target<'_, 't>, g: Var<'t>) -> Var<'t> {
                (**self).update(p, g)
            }

            fn update_all<'t>(&self, at: &Update<'t>, grads: Vec<Var<'t>>) -> Vec<Var<'t>> {
                (**self).update_all(at, grads)
            }

            fn finish<'t>(&self, p: Target<'_, 't>, value: Var<'t>) -> Var<'t> {
                (**self).finish(p, value)
            }

            fn evaluation<'t>(&self, p: Target<'_, 't>) -> Var<'t> {
                (**self).evaluation(p)
            }

            fn check(&self) -> Result<(), String> {
                (**self).check()
            }
        }
    )* };
}
forward! { Box Arc }
