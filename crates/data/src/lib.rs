//! Embedded data sets, readers and batches for chainrule.
