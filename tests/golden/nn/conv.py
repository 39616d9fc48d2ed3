"""Convolutions and transposed convolutions."""

from torch_nn import case, numbers
from torch import nn

C = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
T = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}

case("conv1d", nn.Conv1d(2, 3, 3), numbers(2, 2, 6))
case("conv1d_all", nn.Conv1d(4, 2, 3, stride=2, padding=2, dilation=2, groups=2, bias=False), numbers(1, 4, 7))
case("conv1d_one", nn.Conv1d(2, 3, 2), numbers(2, 4))
case("conv2d", nn.Conv2d(2, 3, 3), numbers(1, 2, 4, 5))
case("conv2d_axes", nn.Conv2d(1, 2, (1, 3), stride=(2, 1), padding=(1, 2), dilation=(1, 2)), numbers(2, 1, 4, 4))
case("conv2d_groups", nn.Conv2d(4, 6, 2, groups=2, padding=1), numbers(1, 4, 3, 3))
case("conv2d_depthwise", nn.Conv2d(3, 3, 3, groups=3, padding=1, bias=False), numbers(1, 3, 4, 3))
case("conv2d_multiplied", nn.Conv2d(2, 4, 2, groups=2), numbers(1, 2, 3, 3))
case("conv2d_one", nn.Conv2d(2, 2, 2, stride=2), numbers(2, 4, 4))
case("conv3d", nn.Conv3d(1, 2, 2), numbers(1, 1, 3, 2, 3))
case("conv3d_all", nn.Conv3d(2, 2, (1, 2, 2), stride=(1, 2, 1), padding=(0, 1, 1), dilation=(1, 1, 2), groups=2),
     numbers(1, 2, 2, 3, 3))
case("same_even", nn.Conv1d(1, 2, 4, padding="same"), numbers(1, 1, 5))
case("same_dilated", nn.Conv2d(1, 1, (2, 3), padding="same", dilation=(3, 2)), numbers(1, 1, 4, 3))
case("same_circular", nn.Conv2d(1, 1, 2, padding="same", padding_mode="circular"), numbers(1, 1, 3, 3))
for mode in ["reflect", "replicate", "circular"]:
    case(f"{mode}1d", nn.Conv1d(1, 2, 3, padding=2, padding_mode=mode), numbers(1, 1, 4))
    case(f"{mode}2d", nn.Conv2d(1, 1, 3, padding=(1, 2), stride=2, padding_mode=mode), numbers(1, 1, 3, 4))
    case(f"{mode}3d", nn.Conv3d(1, 1, 2, padding=1, padding_mode=mode), numbers(1, 1, 2, 2, 2))

case("transpose1d", nn.ConvTranspose1d(2, 3, 3), numbers(2, 2, 4))
case("transpose1d_all", nn.ConvTranspose1d(4, 2, 3, stride=3, padding=2, output_padding=1, dilation=2, groups=2, bias=False),
     numbers(1, 4, 3))
case("transpose1d_one", nn.ConvTranspose1d(2, 3, 2, stride=2), numbers(2, 3))
case("transpose2d", nn.ConvTranspose2d(2, 3, 2, stride=2), numbers(1, 2, 2, 3))
case("transpose2d_axes", nn.ConvTranspose2d(2, 1, (1, 3), stride=(2, 3), padding=(0, 1), output_padding=(1, 2), dilation=(1, 2)),
     numbers(1, 2, 2, 2))
case("transpose2d_groups", nn.ConvTranspose2d(4, 6, 3, groups=2, padding=1), numbers(1, 4, 2, 2))
case("transpose2d_depthwise", nn.ConvTranspose2d(3, 3, 2, groups=3, stride=2, bias=False), numbers(1, 3, 2, 2))
case("transpose3d", nn.ConvTranspose3d(1, 2, 2), numbers(1, 1, 2, 2, 2))
case("transpose3d_all", nn.ConvTranspose3d(2, 2, (1, 2, 2), stride=(1, 2, 3), padding=(0, 1, 0), output_padding=(0, 1, 2),
                                           dilation=(1, 1, 2), groups=2), numbers(1, 2, 2, 2, 2))
