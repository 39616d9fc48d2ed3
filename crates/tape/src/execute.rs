//! Execution: runs programs.

/// Plans of a tape, by structural hash.
#[derive(Debug, Default)]
pub(crate) struct Cache {}
