//! Resizing, shuffling and padding.

use crate::Torch;
use chainrule_nn::*;
use chainrule_tape::Interpolation::{Cubic, Linear, Nearest, NearestExact};

fn check<L: Layer>(torch: &Torch, case: &str, layer: L) {
    torch.function(case, |x| layer.forward(x[0]));
}

#[test]
fn all_cases() {
    let torch = Torch::read("resample");
    let t = &torch;
    let linear = |align_corners| Linear { align_corners };
    check(t, "nearest", Upsample::by(2.0));
    check(t, "nearest_size", Upsample::to([3, 5]).mode(Nearest));
    check(t, "nearest_exact", Upsample::by_each([1.5, 2.0]).mode(NearestExact));
    check(t, "linear", Upsample::by(1.7).mode(linear(false)));
    check(t, "linear_aligned", Upsample::to([7]).mode(linear(true)));
    check(t, "bilinear", Upsample::by(2.0).mode(linear(false)));
    check(t, "bilinear_aligned", Upsample::by_each([2.0, 1.5]).mode(linear(true)));
    check(t, "bicubic", Upsample::to([4, 5]).mode(Cubic { align_corners: false }));
    check(t, "trilinear", Upsample::by(2.0).mode(linear(false)));
    check(t, "pixel_shuffle", PixelShuffle::new(2));
    check(t, "pixel_unshuffle", PixelUnshuffle::new(2));
    check(t, "channel_shuffle", ChannelShuffle::new(2));
    check(t, "flatten", Flatten::new());
    check(t, "flatten_axes", Flatten::axes(0, 1));
    check(t, "unflatten", Unflatten::new(1, [2, 3]));
    check(t, "identity", Identity);

    // PyTorch's lists begin with the last axis.
    let two = [[0, 1], [1, 2]];
    let three = [[1, 0], [0, 1], [1, 1]];
    check(t, "zero1d", ZeroPad1d::new(2));
    check(t, "zero2d", ZeroPad2d::new(two));
    check(t, "zero3d", ZeroPad3d::new(three));
    check(t, "reflection1d", ReflectionPad1d::new(2));
    check(t, "reflection2d", ReflectionPad2d::new(two));
    check(t, "reflection3d", ReflectionPad3d::new(three));
    check(t, "replication1d", ReplicationPad1d::new(2));
    check(t, "replication2d", ReplicationPad2d::new(two));
    check(t, "replication3d", ReplicationPad3d::new(three));
    check(t, "circular1d", CircularPad1d::new(2));
    check(t, "circular2d", CircularPad2d::new(two));
    check(t, "circular3d", CircularPad3d::new(three));
    check(t, "constant1d", ConstantPad1d::new(2, 3.5));
    check(t, "constant2d", ConstantPad2d::new(two, -1.5));
    check(t, "constant3d", ConstantPad3d::new(1, 0.5));
    torch.finish();
}
