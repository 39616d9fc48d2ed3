//! Normalization.

mod affine;
mod batch;
mod group;
mod images;
mod instance;
mod layer;
mod local_response;
mod reparametrize;
mod rms;
mod running;
mod spectral;
mod unit;
mod weight;

pub use batch::BatchNorm;
pub use group::GroupNorm;
pub(crate) use images::positions;
pub use images::{BatchNorm1d, BatchNorm2d, BatchNorm3d, BatchNormNd};
pub use instance::{InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, InstanceNormNd};
pub use layer::LayerNorm;
pub use local_response::LocalResponseNorm;
pub use rms::RmsNorm;
pub use running::Running;
pub use spectral::SpectralNorm;
pub use unit::UnitNorm;
pub use weight::WeightNorm;

/// The methods of norms that have parameters and, maybe, running statistics for each of their features.
macro_rules! feature_methods {
    () => {
        /// The share of a new batch in [moving](Running::Moving) running statistics; 0.1 unless told otherwise. (Keras means
        /// the share of the old ones by the word.) Others stay as they are.
        #[must_use]
        pub fn momentum(mut self, momentum: f64) -> Self {
            self.0.running.momentum(momentum);
            self
        }

        /// What is added to the variance before it divides; 1e-5 unless told otherwise.
        #[must_use]
        pub fn eps(mut self, eps: f64) -> Self {
            self.0.eps = eps;
            self
        }

        /// The scale, one for each feature.
        pub fn weight(&self) -> Option<ParamId> {
            self.0.affine.weight
        }

        /// The shift, one for each feature.
        pub fn bias(&self) -> Option<ParamId> {
            self.0.affine.bias
        }

        /// The running mean, one for each feature.
        pub fn running_mean(&self) -> Option<ParamId> {
            self.0.running.mean()
        }

        /// The running variance, one for each feature.
        pub fn running_var(&self) -> Option<ParamId> {
            self.0.running.var()
        }
    };
}
use feature_methods;
