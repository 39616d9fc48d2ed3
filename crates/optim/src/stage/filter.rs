//! Which parameters a setting concerns.

use crate::Target;
use chainrule_tape::Shape;
use std::fmt;
use std::sync::Arc;

/// Those for which a predicate of name and shape holds.
#[derive(Clone)]
pub(crate) struct Only(Arc<Predicate>);

type Predicate = dyn Fn(&str, &Shape) -> bool + Send + Sync;

impl Only {
    pub(crate) fn new(only: impl Fn(&str, &Shape) -> bool + Send + Sync + 'static) -> Only {
        Only(Arc::new(only))
    }

    pub(crate) fn has(&self, p: Target<'_, '_>) -> bool {
        (self.0)(p.name(), &p.value().shape())
    }
}

impl fmt::Debug for Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Only")
    }
}
