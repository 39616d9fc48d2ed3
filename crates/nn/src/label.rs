//! What a layer is called and where it was made.

use chainrule_tape::{At, DType, Scope, Var};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// A layer's name (its scope), the dtype of its parameters and the source line that made it.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    name: Arc<str>,
    dtype: DType,
    made: At,
}

impl Label {
    #[track_caller]
    pub(crate) fn new(at: &Scope<'_>) -> Label {
        Label { name: at.prefix().into(), dtype: at.dtype(), made: At(Location::caller()) }
    }

    /// Notes that `y` is this layer's output.
    pub(crate) fn note<'t>(&self, y: Var<'t>, kind: &'static str) -> Var<'t> {
        y.tape().note_layer(y, &self.name, kind);
        y
    }

    /// Records a mistake in this layer's input.
    #[track_caller]
    pub(crate) fn fail<'t>(&self, kind: &'static str, x: Var<'t>, what: impl fmt::Display) -> Var<'t> {
        x.tape().fail(kind, format!("{self} {what}"), &[x])
    }

    /// The input, if it is `[…, width]` and has the dtype of the layer's parameters; else a recorded mistake.
    #[track_caller]
    pub(crate) fn expect<'t>(&self, kind: &'static str, x: Var<'t>, width: usize) -> Var<'t> {
        let (meta, dtype) = (x.meta(), self.dtype);
        match meta.shape.last() {
            None => self.fail(kind, x, format_args!("takes rows of {width} elements, not a scalar")),
            Some(&found) if found != width => {
                self.fail(kind, x, format_args!("takes rows of {width} elements, not {found}"))
            }
            Some(_) if meta.dtype != dtype => self.other_dtype(kind, x),
            Some(_) => x,
        }
    }

    /// The input, if it is `[n, channels, …]` or `[channels, …]` with so many axes more and has the dtype of the layer's
    /// parameters; else a recorded mistake.
    #[track_caller]
    pub(crate) fn expect_channels<'t>(
        &self,
        kind: &'static str,
        x: Var<'t>,
        channels: usize,
        spatial: usize,
    ) -> Var<'t> {
        let meta = x.meta();
        let along = match meta.shape.rank().checked_sub(spatial) {
            Some(1) => meta.shape[0],
            Some(2) => meta.shape[1],
            _ if x.is_poisoned() => return x,
            _ => {
                let what = match spatial {
                    1 => format!("sequences [n, {channels}, length]"),
                    2 => format!("images [n, {channels}, height, width]"),
                    _ => format!("volumes [n, {channels}, depth, height, width]"),
                };
                return self.fail(kind, x, format_args!("takes {what}, not {}", meta.shape));
            }
        };
        if along != channels {
            return self.fail(kind, x, format_args!("takes {channels} channels, not {along}"));
        }
        if meta.dtype == self.dtype { x } else { self.other_dtype(kind, x) }
    }

    /// The input, if it has the dtype of the layer's parameters; else a recorded mistake.
    #[track_caller]
    pub(crate) fn expect_dtype<'t>(&self, kind: &'static str, x: Var<'t>) -> Var<'t> {
        if x.is_poisoned() || x.dtype() == self.dtype { x } else { self.other_dtype(kind, x) }
    }

    #[track_caller]
    fn other_dtype<'t>(&self, kind: &'static str, x: Var<'t>) -> Var<'t> {
        let (dtype, found) = (self.dtype, x.meta().dtype);
        self.fail(
            kind,
            x,
            format_args!(
                "has {dtype} parameters, but its input is {found}: cast the input, or give the params another dtype \
                 (Params::with_dtype)"
            ),
        )
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.name {
            "" => write!(f, "the layer made at {}", self.made),
            name => write!(f, "layer `{name}` (made at {})", self.made),
        }
    }
}

/// Notes that `y` is the output of a layer without parameters.
pub(crate) fn note<'t>(y: Var<'t>, kind: &'static str) -> Var<'t> {
    y.tape().note_unnamed(y, kind);
    y
}
