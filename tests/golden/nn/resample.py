"""Resizing, shuffling and padding."""

from torch_nn import case, numbers
from torch import nn

case("nearest", nn.Upsample(scale_factor=2), numbers(1, 2, 3))
case("nearest_size", nn.Upsample(size=(3, 5)), numbers(1, 1, 2, 3))
case("nearest_exact", nn.Upsample(scale_factor=(1.5, 2.0), mode="nearest-exact"), numbers(1, 1, 3, 2))
case("linear", nn.Upsample(scale_factor=1.7, mode="linear"), numbers(1, 2, 5))
case("linear_aligned", nn.Upsample(size=7, mode="linear", align_corners=True), numbers(1, 2, 4))
case("bilinear", nn.Upsample(scale_factor=2, mode="bilinear"), numbers(1, 2, 2, 3))
case("bilinear_aligned", nn.Upsample(scale_factor=(2.0, 1.5), mode="bilinear", align_corners=True), numbers(1, 1, 2, 4))
case("bicubic", nn.Upsample(size=(4, 5), mode="bicubic"), numbers(1, 1, 3, 3))
case("trilinear", nn.Upsample(scale_factor=2, mode="trilinear"), numbers(1, 1, 1, 2, 2))
case("pixel_shuffle", nn.PixelShuffle(2), numbers(1, 8, 2, 3))
case("pixel_unshuffle", nn.PixelUnshuffle(2), numbers(1, 2, 4, 6))
case("channel_shuffle", nn.ChannelShuffle(2), numbers(1, 6, 2), smooth=False)
case("flatten", nn.Flatten(), numbers(2, 2, 3))
case("flatten_axes", nn.Flatten(0, 1), numbers(2, 2, 3))
case("unflatten", nn.Unflatten(1, (2, 3)), numbers(2, 6))
case("identity", nn.Identity(), numbers(2, 3))

PADS = {
    "zero": (nn.ZeroPad1d, nn.ZeroPad2d, nn.ZeroPad3d),
    "reflection": (nn.ReflectionPad1d, nn.ReflectionPad2d, nn.ReflectionPad3d),
    "replication": (nn.ReplicationPad1d, nn.ReplicationPad2d, nn.ReplicationPad3d),
    "circular": (nn.CircularPad1d, nn.CircularPad2d, nn.CircularPad3d),
}
for name, (One, Two, Three) in PADS.items():
    case(f"{name}1d", One(2), numbers(1, 2, 4))
    case(f"{name}2d", Two((1, 2, 0, 1)), numbers(1, 1, 3, 3))
    case(f"{name}3d", Three((1, 1, 0, 1, 1, 0)), numbers(1, 1, 2, 2, 2))
case("constant1d", nn.ConstantPad1d(2, 3.5), numbers(1, 2, 2))
case("constant2d", nn.ConstantPad2d((1, 2, 0, 1), -1.5), numbers(1, 1, 2, 2))
case("constant3d", nn.ConstantPad3d(1, 0.5), numbers(1, 1, 1, 2, 1))
