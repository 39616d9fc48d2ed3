"""Normalizations."""

import torch
from torch import nn
from torch_nn import case, numbers

x2, x3, x4, x5 = numbers(5, 3), numbers(3, 4, 5), numbers(2, 4, 3, 2), numbers(2, 2, 2, 3, 2)

# Batch norm: every rank and option.
case("batch_vectors", nn.BatchNorm1d(3), x2)
case("batch_1d", nn.BatchNorm1d(4), x3)
case("batch_2d", nn.BatchNorm2d(4), x4)
case("batch_3d", nn.BatchNorm3d(2), x5)
case("batch_momentum_eps", nn.BatchNorm2d(4, eps=0.1, momentum=0.3), x4, smooth=False)
case("batch_cumulative", nn.BatchNorm1d(3, momentum=None), x2)
case("batch_without_affine", nn.BatchNorm2d(4, affine=False), x4, smooth=False)
case("batch_without_bias", nn.BatchNorm1d(3, bias=False), x2, smooth=False)
case("batch_untracked", nn.BatchNorm1d(4, track_running_stats=False), x3, smooth=False)
case("batch_bare", nn.BatchNorm1d(3, affine=False, track_running_stats=False), x2)


class Twice(nn.Module):
    """The running statistics move twice in a step."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def forward(self, x):
        return self.norm(self.norm(x) + x * x)


case("batch_twice", Twice(nn.BatchNorm1d(3)), x2)
case("batch_twice_cumulative", Twice(nn.BatchNorm2d(4, momentum=None)), x4, smooth=False)


class Axis(nn.Module):
    """Features along another axis."""

    def __init__(self, axis, norm):
        super().__init__()
        self.axis, self.norm = axis, norm

    def forward(self, x):
        return self.norm(x.transpose(1, self.axis)).transpose(1, self.axis)


case("batch_last", Axis(-1, nn.BatchNorm2d(2)), x4, smooth=False)
case("batch_axis_2", Axis(2, nn.BatchNorm2d(3)), x4, smooth=False)
case("batch_axis_0", Axis(0, nn.BatchNorm1d(3)), x3)
case("batch_before_activation", nn.Sequential(nn.Linear(3, 2, bias=False), nn.BatchNorm1d(2), nn.Tanh()), x2)
case("batch_after_activation", nn.Sequential(nn.Linear(3, 2), nn.Sigmoid(), nn.BatchNorm1d(2)), x2, smooth=False)

case("layer", nn.LayerNorm(5), x3)
case("layer_axes", nn.LayerNorm([3, 2]), x4)
case("layer_eps", nn.LayerNorm([4, 5], eps=0.2), x3, smooth=False)
case("layer_without_bias", nn.LayerNorm(5, bias=False), x3, smooth=False)
case("layer_without_affine", nn.LayerNorm([4, 5], elementwise_affine=False), x3)

case("rms", nn.RMSNorm(5), x3)
case("rms_axes", nn.RMSNorm([4, 5], eps=0.2), x3)
case("rms_without_affine", nn.RMSNorm(5, elementwise_affine=False), x3, smooth=False)

case("group_vectors", nn.GroupNorm(2, 6), numbers(3, 6))
case("group_2d", nn.GroupNorm(2, 4), x4)
case("group_eps", nn.GroupNorm(4, 4, eps=0.1), x3, smooth=False)
case("group_one_without_affine", nn.GroupNorm(1, 2, affine=False), x5)

case("instance_1d", nn.InstanceNorm1d(4), x3)
case("instance_1d_alone", nn.InstanceNorm1d(4, affine=True), x3[0])
case("instance_2d_affine", nn.InstanceNorm2d(4, affine=True, eps=0.1), x4)
case("instance_2d_tracked", nn.InstanceNorm2d(4, track_running_stats=True), x4)
case("instance_3d_all", nn.InstanceNorm3d(2, affine=True, track_running_stats=True, momentum=0.4), x5)
case("instance_1d_alone_tracked", nn.InstanceNorm1d(4, affine=True, track_running_stats=True), x3[1], smooth=False)

case("local_response", nn.LocalResponseNorm(3), x4)
case("local_response_even", nn.LocalResponseNorm(4, alpha=0.7, beta=0.4, k=2.0), x3)
case("local_response_wide", nn.LocalResponseNorm(9, alpha=1.0), x5, smooth=False)

case("unit", lambda x: nn.functional.normalize(x, dim=-1), x3)
case("unit_axis", lambda x: nn.functional.normalize(x, dim=1), x3)
case("unit_axes", lambda x: x / torch.linalg.vector_norm(x, dim=(1, 3), keepdim=True), x4, smooth=False)
