//! What a layer is.

use chainrule_tape::Var;

/// A part of a model: a function of one value, usually with parameters.
///
/// A model of your own needs no trait; this one is for putting parts together at run time. It is object safe, and
/// every function `Fn(Var) -> Var` is a layer.
///
/// ```
/// use chainrule_nn::{Activation, Layer, Linear};
/// use chainrule_tape::{Params, Scope, Tape, Var};
///
/// struct Twice(Linear);
///
/// impl Layer for Twice {
///     fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
///         self.0.forward(self.0.forward(x).relu())
///     }
/// }
///
/// let mut params = Params::seeded(7);
/// let layers: [Box<dyn Layer>; 2] =
///     [Box::new(Twice(Linear::new(&mut params.root(), 2, 2))), Box::new(Activation::Tanh)];
/// let tape = Tape::with(&params);
/// let y = layers.iter().fold(tape.var([[0.5f32, 1.0]]), |x, layer| layer.forward(x));
/// assert_eq!(y.shape().dims(), [1, 2]);
/// assert_eq!((layers[0].kind(), layers[1].kind()), ("Twice", "Tanh"));
/// ```
pub trait Layer {
    /// Records the layer's function of `x`. Whether as in training or as in use is the tape's
    /// [mode](chainrule_tape::Mode).
    ///
    /// This crate's layers are `#[track_caller]` here: what they record is attributed to the line that calls them, also
    /// within a [`Sequential`](crate::Sequential) and by a `Box<dyn Layer>`. (A `&dyn Layer` can't pass that line on; the
    /// message then has the layer's name and the line that made it.) A layer of your own keeps its own lines, so that a
    /// mistake in it is found there.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t>;

    /// The layer's type, for tables: `Function` for a closure.
    fn kind(&self) -> &'static str {
        short_name(std::any::type_name::<Self>())
    }
}

impl<F> Layer for F
where
    F: for<'t> Fn(Var<'t>) -> Var<'t>,
{
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self(x)
    }
}

macro_rules! boxed {
    ($($Dyn:ty),*) => {
        $(impl Layer for Box<$Dyn> {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                let _calls = x.tape().calls_from_here(FILES);
                (**self).forward(x)
            }

            fn kind(&self) -> &'static str {
                (**self).kind()
            }
        })*
    };
}

boxed!(dyn Layer, dyn Layer + Send, dyn Layer + Send + Sync);

/// Where this crate's files are: lines in them say nothing to the user.
pub(crate) const FILES: &str = file!().split_at(file!().len() - "layer.rs".len()).0;

/// `path::to::Type<A>` as `Type`.
fn short_name(path: &'static str) -> &'static str {
    if path.ends_with("{{closure}}") {
        return "Function";
    }
    let path = path.split_once('<').map_or(path, |(path, _)| path);
    path.rsplit_once("::").map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names() {
        let names = ["a::B<c::D<3>>", "B", "a::run<b::C>::{{closure}}"].map(short_name);
        assert_eq!(names, ["B", "B", "Function"]);
        assert!(FILES.ends_with("src/") || FILES.ends_with("src\\"));
    }
}
