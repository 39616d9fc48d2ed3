//! Optimizers, schedules and clipping for chainrule, as graph formulas.
