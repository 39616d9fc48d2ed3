//! Curves, confusion matrices and other pictures for chainrule.
