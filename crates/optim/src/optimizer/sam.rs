//! Sharpness-aware minimization.

use crate::limits;
use chainrule_tape::{DType, Kind, ParamId, Result, Substituted, Tape, Var};

/// How far and how the gradients are taken from elsewhere: see [`Optimizer::sam`](crate::Optimizer::sam).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sam {
    rho: f64,
    adaptive: bool,
}

impl Sam {
    pub(crate) fn new(rho: f64) -> Sam {
        Sam { rho, adaptive: false }
    }

    /// With distances relative to the parameters.
    pub(crate) fn adaptive(self) -> Sam {
        Sam { adaptive: true, ..self }
    }

    /// The gradients at the other place, from those here.
    pub(crate) fn gradients<'t>(
        &self,
        tape: &'t Tape,
        grads: Vec<(ParamId, Var<'t>)>,
        loss: impl FnOnce() -> Var<'t>,
    ) -> Result<Vec<(ParamId, Var<'t>)>> {
        let scaled = |id, g: Var<'t>| if self.adaptive { tape.param(id).abs() * g } else { g };
        let wide = grads.iter().any(|(_, g)| g.dtype() == DType::F64);
        let dtype = if wide { DType::F64 } else { DType::F32 };
        let squares = grads.iter().map(|&(id, g)| scaled(id, g).square().sum(..).cast(dtype));
        let Some(sum) = squares.reduce(|sum, square| sum + square) else { return Ok(grads) };
        let scale = self.rho / (sum.sqrt() + 1e-12);
        let params = tape.params();
        let is_state = |id: &ParamId| params.as_ref().is_some_and(|params| params.kind(*id) == Kind::State);
        let statistics: Vec<(ParamId, Var<'t>)> =
            tape.assigned_params().into_iter().filter(is_state).map(|id| (id, tape.assigned(id))).collect();
        let elsewhere = |&(id, g): &(ParamId, Var<'t>)| {
            let p = tape.param(id);
            let way = if self.adaptive { p.square() * g } else { g };
            tape.substitute(id, p + way * scale.cast(p.dtype()))
        };
        let substituted: Vec<Substituted<'t>> = grads.iter().map(elsewhere).collect();
        let there = tape.param_grads(loss());
        drop(substituted);
        statistics.into_iter().for_each(|(id, value)| tape.assign(id, value));
        there
    }

    pub(crate) fn check(&self) -> std::result::Result<(), String> {
        limits::not_negative("rho", self.rho)
    }
}
