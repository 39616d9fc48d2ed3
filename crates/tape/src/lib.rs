//! Tensors, the tape, differentiation, planning and execution for chainrule.
