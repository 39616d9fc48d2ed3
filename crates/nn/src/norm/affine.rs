//! Scale and shift of a normalization.

use crate::Init;
use chainrule_tape::{ParamId, Scope, Shape, Var};

/// Scale and shift of a normalization, if it has them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine {
    pub(super) weight: Option<ParamId>,
    pub(super) bias: Option<ParamId>,
}

impl Affine {
    pub(super) fn new(
        at: &mut Scope<'_>,
        shape: impl Into<Shape>,
        weight: Option<Init>,
        bias: Option<Init>,
    ) -> Affine {
        let shape = shape.into();
        Affine {
            weight: weight.map(|init| init.param(at, "weight", &shape)),
            bias: bias.map(|init| init.param(at, "bias", &shape)),
        }
    }

    /// `centered·scale·weight + bias`. Of the factors, the smaller two are multiplied first.
    #[track_caller]
    pub(super) fn apply<'t>(&self, centered: Var<'t>, scale: Var<'t>, axis: usize) -> Var<'t> {
        match self.weight {
            Some(weight) => {
                let weight = along(centered.tape().param(weight), axis, centered.rank());
                self.shifted(centered * (scale * weight), axis)
            }
            None => self.shifted(centered * scale, axis),
        }
    }

    /// `y·weight + bias`, where the parameters' axes are `y`'s, from this axis on.
    #[track_caller]
    pub(super) fn scaled<'t>(&self, y: Var<'t>, axis: usize) -> Var<'t> {
        let y = self.weight.map_or(y, |weight| y * along(y.tape().param(weight), axis, y.rank()));
        self.shifted(y, axis)
    }

    #[track_caller]
    fn shifted<'t>(&self, y: Var<'t>, axis: usize) -> Var<'t> {
        self.bias.map_or(y, |bias| y + along(y.tape().param(bias), axis, y.rank()))
    }
}

/// What lies along the axes from `axis` on, with axes of length 1 behind it, so that it meets those of a value of this rank.
#[track_caller]
pub(super) fn along<'t>(x: Var<'t>, axis: usize, rank: usize) -> Var<'t> {
    let behind = rank.saturating_sub(axis + x.rank());
    if behind == 0 || x.is_poisoned() {
        return x;
    }
    let shape: Shape = x.shape().dims().iter().copied().chain(std::iter::repeat_n(1, behind)).collect();
    x.reshape(shape)
}
