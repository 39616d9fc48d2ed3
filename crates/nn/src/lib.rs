//! Layers, activations, losses and initialization for chainrule.
