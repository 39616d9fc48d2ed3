"""Layers with normalized weights."""

import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from torch_nn import case, numbers

x2, x4 = numbers(5, 3), numbers(2, 4, 3, 2)


class Twice(nn.Module):
    """The vectors move twice in a step."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(self.layer(x) + x * x)


case("spectral_linear", spectral_norm(nn.Linear(3, 4)), x2)
case("spectral_iterations", spectral_norm(nn.Linear(3, 4, bias=False), n_power_iterations=3, eps=1e-6), x2)
case("spectral_conv", spectral_norm(nn.Conv2d(4, 3, 2)), x4)
case("spectral_axis", spectral_norm(nn.Linear(3, 4), dim=1), x2)
case("spectral_bias", spectral_norm(nn.Linear(3, 4), name="bias"), x2)
case("spectral_twice", Twice(spectral_norm(nn.Linear(3, 3))), x2)


class Formula(nn.Module):
    """The same as PyTorch's, from plain ops: the second derivative of its own op fails `gradgradcheck`."""

    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, g, v):
        return v * (g / torch.norm_except_dim(v, 2, self.dim))

    def right_inverse(self, weight):
        return torch.norm_except_dim(weight, 2, self.dim), weight


def formula(module, name="weight", dim=0):
    parametrize.register_parametrization(module, name, Formula(dim), unsafe=True)
    return module


case("weight_linear", weight_norm(nn.Linear(3, 4)), x2, smooth=False)
case("weight_axis", weight_norm(nn.Linear(3, 4), dim=1), x2, smooth=False)
case("weight_whole", weight_norm(nn.Linear(3, 4), dim=None), x2, smooth=False)
case("weight_conv", weight_norm(nn.Conv2d(4, 3, 2)), x4, smooth=False)
case("weight_bias", weight_norm(nn.Linear(3, 4), name="bias"), x2, smooth=False)
case("weight_linear_second", formula(nn.Linear(3, 4)), x2)
case("weight_axis_second", formula(nn.Linear(3, 4), dim=1), x2)
case("weight_whole_second", formula(nn.Linear(3, 4), dim=-1), x2)
