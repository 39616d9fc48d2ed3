//! Convolutions and transposed convolutions.

use crate::Torch;
use chainrule_nn::{
    Conv1d, Conv2d, Conv3d, ConvConfig, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, Layer,
};
use chainrule_tape::{PadMode, Scope};

/// A layer of one input.
fn check<L: Layer>(torch: &Torch, case: &str, make: impl Fn(&mut Scope) -> L) {
    torch.check(case, make, |layer, x| vec![layer.forward(x[0])]);
}

#[test]
fn all_cases() {
    let torch = Torch::read("conv");
    let t = &torch;
    check(t, "conv1d", |at| Conv1d::new(at, 2, 3, 3));
    check(t, "conv1d_all", |at| {
        Conv1d::with(at, 4, 2, 3, ConvConfig::new().groups(2).without_bias()).stride(2).padding(2).dilation(2)
    });
    check(t, "conv1d_one", |at| Conv1d::new(at, 2, 3, 2));
    check(t, "conv2d", |at| Conv2d::new(at, 2, 3, 3));
    check(t, "conv2d_axes", |at| {
        Conv2d::new(at, 1, 2, [1, 3]).stride([2, 1]).padding([1, 2]).dilation([1, 2])
    });
    check(t, "conv2d_groups", |at| Conv2d::with(at, 4, 6, 2, ConvConfig::new().groups(2)).padding(1));
    check(t, "conv2d_depthwise", |at| {
        Conv2d::with(at, 3, 3, 3, ConvConfig::new().groups(3).without_bias()).padding(1)
    });
    check(t, "conv2d_multiplied", |at| Conv2d::with(at, 2, 4, 2, ConvConfig::new().groups(2)));
    check(t, "conv2d_one", |at| Conv2d::new(at, 2, 2, 2).stride(2));
    check(t, "conv3d", |at| Conv3d::new(at, 1, 2, 2));
    check(t, "conv3d_all", |at| {
        let conv = Conv3d::with(at, 2, 2, [1, 2, 2], ConvConfig::new().groups(2));
        conv.stride([1, 2, 1]).padding([0, 1, 1]).dilation([1, 1, 2])
    });
    check(t, "same_even", |at| Conv1d::new(at, 1, 2, 4).padding_same());
    check(t, "same_dilated", |at| Conv2d::new(at, 1, 1, [2, 3]).dilation([3, 2]).padding_same());
    check(t, "same_circular", |at| Conv2d::new(at, 1, 1, 2).padding_same().padding_mode(PadMode::Circular));
    for (name, mode) in
        [("reflect", PadMode::Reflect), ("replicate", PadMode::Replicate), ("circular", PadMode::Circular)]
    {
        check(t, &format!("{name}1d"), |at| Conv1d::new(at, 1, 2, 3).padding(2).padding_mode(mode));
        check(t, &format!("{name}2d"), |at| {
            Conv2d::new(at, 1, 1, 3).padding([1, 2]).stride(2).padding_mode(mode)
        });
        check(t, &format!("{name}3d"), |at| Conv3d::new(at, 1, 1, 2).padding(1).padding_mode(mode));
    }

    check(t, "transpose1d", |at| ConvTranspose1d::new(at, 2, 3, 3));
    check(t, "transpose1d_all", |at| {
        let conv = ConvTranspose1d::with(at, 4, 2, 3, ConvConfig::new().groups(2).without_bias());
        conv.stride(3).padding(2).output_padding(1).dilation(2)
    });
    check(t, "transpose1d_one", |at| ConvTranspose1d::new(at, 2, 3, 2).stride(2));
    check(t, "transpose2d", |at| ConvTranspose2d::new(at, 2, 3, 2).stride(2));
    check(t, "transpose2d_axes", |at| {
        let conv = ConvTranspose2d::new(at, 2, 1, [1, 3]);
        conv.stride([2, 3]).padding([0, 1]).output_padding([1, 2]).dilation([1, 2])
    });
    check(t, "transpose2d_groups", |at| {
        ConvTranspose2d::with(at, 4, 6, 3, ConvConfig::new().groups(2)).padding(1)
    });
    check(t, "transpose2d_depthwise", |at| {
        ConvTranspose2d::with(at, 3, 3, 2, ConvConfig::new().groups(3).without_bias()).stride(2)
    });
    check(t, "transpose3d", |at| ConvTranspose3d::new(at, 1, 2, 2));
    check(t, "transpose3d_all", |at| {
        let conv = ConvTranspose3d::with(at, 2, 2, [1, 2, 2], ConvConfig::new().groups(2));
        conv.stride([1, 2, 3]).padding([0, 1, 0]).output_padding([0, 1, 2]).dilation([1, 1, 2])
    });
    torch.finish();
}
