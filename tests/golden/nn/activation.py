"""Activations, by the names and parameters that `Activation` reads, and the layers that are one."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch_nn import case, numbers

x = torch.tensor([[-30.0, -4.1, -2.3, -0.7], [-0.2, 0.3, 1.1, 2.6], [3.7, 6.2, 9.1, 25.0]])

for name, module in {
    "linear": nn.Identity(),
    "relu": nn.ReLU(),
    "relu6": nn.ReLU6(),
    "LeakyReLU": nn.LeakyReLU(),
    "leaky_relu(0.2)": nn.LeakyReLU(0.2),
    "rrelu(0.2, 0.2)": nn.RReLU(0.2, 0.2),
    "threshold(0.5, 7)": nn.Threshold(0.5, 7.0),
    "elu": nn.ELU(),
    "elu(0.6)": nn.ELU(0.6),
    "celu": nn.CELU(),
    "celu(0.5)": nn.CELU(0.5),
    "selu": nn.SELU(),
    "sigmoid": nn.Sigmoid(),
    "logsigmoid": nn.LogSigmoid(),
    "tanh": nn.Tanh(),
    "hardtanh": nn.Hardtanh(),
    "hardtanh(-2, 0.5)": nn.Hardtanh(-2.0, 0.5),
    "tanhshrink": nn.Tanhshrink(),
    "hardshrink": nn.Hardshrink(),
    "hardshrink(1.5)": nn.Hardshrink(1.5),
    "softshrink": nn.Softshrink(),
    "softshrink(1.5)": nn.Softshrink(1.5),
    "softsign": nn.Softsign(),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU(approximate="tanh"),
    "silu": nn.SiLU(),
    "hardswish": nn.Hardswish(),
    "softplus_with": nn.Softplus(),
    "softplus_with(2, 5)": nn.Softplus(2.0, 5.0),
    "softmax": nn.Softmax(-1),
    "softmax_along(0)": nn.Softmax(0),
    "log_softmax": nn.LogSoftmax(-1),
    "log_softmax_along(0)": nn.LogSoftmax(0),
    "softmin": nn.Softmin(-1),
    "softmin_along(0)": nn.Softmin(0),
    "glu": nn.GLU(),
}.items():
    case(name, module, x)
case("softmax2d", nn.Softmax2d(), numbers(2, 3, 2, 2, scale=3.0))

images = numbers(2, 3, 2, 2, scale=2.0)
case("prelu", nn.PReLU(), numbers(2, 3))
case("prelu_channels", nn.PReLU(3), images)
case("prelu_rows", nn.PReLU(3), numbers(4, 3))


class PReluLast(nn.PReLU):
    """With the channels last."""

    def forward(self, x):
        return torch.where(x > 0, x, self.weight * x)


case("prelu_last", PReluLast(3), numbers(2, 4, 3))


class Maxout(nn.Linear):
    def __init__(self, inputs, outputs, pieces, bias=True):
        super().__init__(inputs, outputs * pieces, bias)
        self.shape = (outputs, pieces)

    def forward(self, x):
        return super().forward(x).unflatten(-1, self.shape).amax(-1)


case("maxout", Maxout(4, 3, 2), numbers(5, 4))
case("maxout_without_bias", Maxout(3, 2, 4, bias=False), numbers(2, 3, 3))


class GatedLinear(nn.Linear):
    def __init__(self, inputs, outputs, gate, bias=True):
        super().__init__(inputs, 2 * outputs, bias)
        self.gate = gate

    def forward(self, x):
        value, gate = super().forward(x).chunk(2, -1)
        return value * self.gate(gate)


case("gated_linear", GatedLinear(4, 3, torch.sigmoid), numbers(5, 4))
case("gated_linear_silu", GatedLinear(4, 3, F.silu, bias=False), numbers(2, 2, 4))


class Rbf(nn.Module):
    def __init__(self, inputs, count, f, widths=True):
        super().__init__()
        self.centers = nn.Parameter(torch.zeros(count, inputs))
        if widths:
            self.widths = nn.Parameter(torch.ones(count))
        self.f = f

    def forward(self, x):
        r = (x[..., None, :] - self.centers).norm(dim=-1)
        return self.f(r, self.widths) if hasattr(self, "widths") else self.f(r)


case("rbf_gaussian", Rbf(3, 4, lambda r, s: torch.exp(-(r**2) / (2 * s**2))), numbers(5, 3))
case("rbf_multiquadric", Rbf(3, 4, lambda r, s: (r**2 + s**2).sqrt()), numbers(5, 3))
case("rbf_inverse_multiquadric", Rbf(3, 4, lambda r, s: 1 / (r**2 + s**2).sqrt()), numbers(2, 2, 3))
case("rbf_inverse_quadratic", Rbf(3, 4, lambda r, s: 1 / (1 + (r / s) ** 2)), numbers(5, 3))
for order in (1, 2, 3, 4):
    spline = lambda r, k=order: r**k if k % 2 else r**k * torch.log(r)
    case(f"rbf_spline{order}", Rbf(2, 3, spline, widths=False), numbers(4, 2))
