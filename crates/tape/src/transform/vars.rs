//! Several values as one.

use crate::Var;

/// What functions that are transformed take and return: a [`Var`], an array, `Vec` or tuple (of up to eight) of them, or of such again.
///
/// ```
/// use chainrule_tape::{Tape, Vars};
/// let tape = Tape::new();
/// let (a, b) = (tape.var(1.0), tape.var(2.0));
/// assert_eq!((a, [b, a]).leaves().len(), 3);
/// ```
pub trait Vars<'t>: Sized {
    /// The values, in order.
    fn leaves(&self) -> Vec<Var<'t>>;

    /// The same structure with other values, of which there are as many.
    fn with(&self, leaves: &mut dyn Iterator<Item = Var<'t>>) -> Self;

    /// The same structure with each value replaced by what `f` makes of it.
    fn map(&self, f: impl FnMut(Var<'t>) -> Var<'t>) -> Self {
        self.with(&mut self.leaves().into_iter().map(f))
    }
}

impl<'t> Vars<'t> for Var<'t> {
    fn leaves(&self) -> Vec<Var<'t>> {
        vec![*self]
    }

    fn with(&self, leaves: &mut dyn Iterator<Item = Var<'t>>) -> Self {
        leaves.next().unwrap_or(*self)
    }
}

impl<'t, X: Vars<'t>, const N: usize> Vars<'t> for [X; N] {
    fn leaves(&self) -> Vec<Var<'t>> {
        self.iter().flat_map(X::leaves).collect()
    }

    fn with(&self, leaves: &mut dyn Iterator<Item = Var<'t>>) -> Self {
        std::array::from_fn(|i| self[i].with(leaves))
    }
}

impl<'t, X: Vars<'t>> Vars<'t> for Vec<X> {
    fn leaves(&self) -> Vec<Var<'t>> {
        self.iter().flat_map(X::leaves).collect()
    }

    fn with(&self, leaves: &mut dyn Iterator<Item = Var<'t>>) -> Self {
        self.iter().map(|x| x.with(leaves)).collect()
    }
}

impl<'t> Vars<'t> for () {
    fn leaves(&self) -> Vec<Var<'t>> {
        Vec::new()
    }

    fn with(&self, _: &mut dyn Iterator<Item = Var<'t>>) -> Self {}
}

macro_rules! tuples {
    ($(($($X:ident $i:tt),*))*) => { $(
        impl<'t, $($X: Vars<'t>),*> Vars<'t> for ($($X,)*) {
            fn leaves(&self) -> Vec<Var<'t>> {
                let leaves: Vec<Vec<Var<'t>>> = vec![$(self.$i.leaves()),*];
                leaves.concat()
            }

            fn with(&self, leaves: &mut dyn Iterator<Item = Var<'t>>) -> Self {
                ($(self.$i.with(leaves),)*)
            }
        }
    )* };
}
tuples! { (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) (A 0, B 1, C 2, D 3, E 4, F 5)
(A 0, B 1, C 2, D 3, E 4, F 5, G 6) (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7) }
