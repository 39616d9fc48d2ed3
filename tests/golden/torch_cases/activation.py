"""Activations."""

import math

import torch
import torch.nn.functional as F

from torch_ops import skip

t = torch.tensor
inf, nan = math.inf, math.nan


def unnormalized_sinc(x):
    return torch.sinc(x / math.pi)


def keras_relu(x, slope, max, threshold):
    """As `keras.activations.relu` computes it."""
    y = torch.where(x > threshold, x, slope * (x - threshold))
    return y if max == inf else torch.clamp(y, max=max)


class StraightThrough(torch.autograd.Function):
    """The value of the second, with the derivative 1 by the first."""

    @staticmethod
    def forward(at, x, value):
        return value.clone()

    @staticmethod
    def backward(at, g):
        return g, None


def sparsemax(x, axis):
    if x.numel() == 0:
        return x.clone()
    z = x.sort(axis, descending=True).values
    k = torch.ones_like(z).cumsum(axis)
    support = 1 + k * z > z.cumsum(axis)
    limit = (torch.where(support, z, 0.0).sum(axis, keepdim=True) - 1) / support.sum(axis, keepdim=True)
    return F.relu(x - limit)


def binary_step(x):
    return torch.where(x.isnan(), x, (x >= 0).to(x.dtype)).detach()


def cases(family):
    op = family.op

    def unary(name, f, db, points, at=(-2.0, 2.0), hand=(), **more):
        """The database's samples, a few shapes, and points of interest; derivatives where all of a case's are finite."""
        tensors = [([t(points)], {}), ([(2, 1, 3)], {}), ([(1,)], {}), ([(2, 0)], {}), *hand]
        op(name, f, db, hand=tensors, at=at, **more)

    line = [-40.0, -6.25, -1.5, -0.125, 0.125, 0.5, 2.0, 7.0, 40.0]
    unary("relu", F.relu, "nn.functional.relu", [*line, 0.0])
    unary("silu", F.silu, "nn.functional.silu", line)
    unary(
        "gelu",
        F.gelu,
        "nn.functional.gelu",
        line,
        hand=[([()], {})],
        take=lambda x, approximate: ([x], {}) if approximate == "none" else skip("approximate"),
    )
    unary(
        "gelu_tanh",
        lambda x: F.gelu(x, approximate="tanh"),
        "nn.functional.gelu",
        line,
        hand=[([()], {})],
        take=lambda x, approximate: ([x], {}) if approximate == "tanh" else skip("approximate"),
    )
    # PyTorch's softplus returns x itself beyond its threshold of 20, which is 2e-9 wrong there.
    unary("softplus", lambda x: F.softplus(x, threshold=100), None, line, hand=[([()], {}), ([(1, 0, 3)], {})])
    unary("log_sigmoid", F.logsigmoid, "nn.functional.logsigmoid", line)
    unary("mish", lambda x: x * F.softplus(x, threshold=100).tanh(), None, line, hand=[([()], {})])
    unary("selu", F.selu, "nn.functional.selu", line, hand=[([()], {})])
    unary("softsign", F.softsign, "nn.functional.softsign", line)
    # PyTorch's derivative of hardsigmoid is 1/6 in single precision.
    unary("hardsigmoid", lambda x: F.relu6(x + 3) / 6, None, line, hand=[([()], {})])
    unary("hardswish", F.hardswish, "nn.functional.hardswish", line, hand=[([()], {})])
    halves = [((6,), 0), ((2, 3), 0), ((3, 2), -1), ((2, 4, 1), 1), ((0, 2), 1), ((2, 0), -1)]
    op("glu", lambda x, axis: F.glu(x, axis), hand=[([s], dict(axis=a)) for s, a in halves])
    shapes = [((6,), 1.0), ((2, 3), 0.3), ((), 2.0), ((1, 0), 1.0), (t(line), 0.7)]
    op("elu", lambda x, alpha: F.elu(x, alpha), hand=[([s], dict(alpha=a)) for s, a in shapes])
    op("leaky_relu", lambda x, slope: F.leaky_relu(x, slope), hand=[([s], dict(slope=a / 10)) for s, a in shapes])

    def with_args(name, f, *args, **more):
        """Cases of a few shapes, the points of the line and odd ones, with different arguments."""
        given = [(6,), (2, 3), (), (1, 0), t(line), t([-4.0, -2.5, -0.3, 0.4, 2.2, 9.0])]
        hand = [([x], args[i % len(args)]) for i, x in enumerate(given)]
        op(name, f, hand=hand + [([t([nan, 1.0])], args[0], "value")], at=(-3.0, 3.0), **more)

    unary("relu6", F.relu6, "nn.functional.relu6", line, at=(-3.0, 8.0), hand=[([t([0.0, 6.0])], {}), ([()], {})])
    with_args(
        "relu_with",
        keras_relu,
        dict(slope=0.0, max=inf, threshold=0.0),
        dict(slope=0.2, max=6.0, threshold=0.5),
        dict(slope=0.0, max=1.5, threshold=-1.0),
    )
    slopes = [([(2, 3), (3,)], {}), ([(2, 3), ()], {}), ([(6,), (6,)], {}), ([(2, 2, 3), (2, 1)], {}), ([(0, 2), (1, 2)], {})]
    unit_slopes = slopes + [([t(line), t(0.25)], {}), ([t([0.0, nan]), t(0.25)], {}, "value")]
    op("prelu", lambda x, a: torch.where(x > 0, x, a * x), hand=unit_slopes)
    op(
        "rrelu",
        lambda x, lower, upper: F.rrelu(x, lower, upper, training=False),
        hand=[
            ([s], dict(lower=a, upper=a))
            for s, a in [((6,), 0.25), ((2, 3), 0.1), ((), 1.5), ((1, 0), 0.2), (t(line), 0.3)]
        ],
    )
    with_args("threshold", F.threshold, dict(threshold=0.1, value=20.0), dict(threshold=-1.0, value=-1.5))
    # PyTorch's derivative of celu has 1/α in single precision.
    celu = lambda x, alpha: torch.where(x > 0, x, alpha * torch.expm1(x.clamp(max=0) / alpha))
    with_args("celu", celu, dict(alpha=1.0), dict(alpha=0.3), dict(alpha=2.5))
    with_args(
        "softplus_with",
        lambda x, beta, threshold: F.softplus(x, beta, threshold),
        dict(beta=1.0, threshold=20.0),
        dict(beta=2.5, threshold=1.0),
        dict(beta=0.3, threshold=100.0),
    )
    # Below 0 the formula loses digits, which matters for the far end of the line.
    squareplus = lambda x, b: torch.where(x < 0, b / 2 / ((x * x + b).sqrt() - x), (x + (x * x + b).sqrt()) / 2)
    with_args("squareplus", squareplus, dict(b=4.0), dict(b=0.5))
    sparse_plus = lambda x: torch.where(x <= -1, 0.0, torch.where(x < 1, (x + 1) ** 2 / 4, x))
    unary("sparse_plus", sparse_plus, None, line, hand=[([()], {}), ([t([nan])], {}, "value")])
    unary("sparse_sigmoid", lambda x: F.hardtanh(x) / 2 + 0.5, None, line, hand=[([()], {})])
    with_args("hardtanh", lambda x, low, high: F.hardtanh(x, low, high), dict(low=-1.0, high=1.0), dict(low=-0.5, high=2.0))
    unary("gaussian", lambda x: torch.exp(-(x**2)), None, line, hand=[([()], {}), ([t([30.0, -inf, nan])], {}, "value")])

    op("swish", lambda x, beta: x * torch.sigmoid(beta * x), hand=slopes + [([t(line), t(1.0)], {})])
    for name, gate in [("reglu", F.relu), ("geglu", F.gelu), ("swiglu", F.silu), ("bilinear_glu", lambda b: b)]:
        gated = lambda x, axis, gate=gate: x.chunk(2, axis)[0] * gate(x.chunk(2, axis)[1])
        op(name, gated, hand=[([s], dict(axis=a)) for s, a in halves])

    with_args("hardshrink", lambda x, **a: F.hardshrink(x, a["lambda"]), {"lambda": 0.5}, {"lambda": 1.5}, {"lambda": 0.0})
    with_args("softshrink", lambda x, **a: F.softshrink(x, a["lambda"]), {"lambda": 0.5}, {"lambda": 1.5}, {"lambda": 0.0})
    unary("tanhshrink", F.tanhshrink, "nn.functional.tanhshrink", line, hand=[([()], {})])

    unary("growing_cosine", lambda x: x * torch.cos(x), None, line, hand=[([()], {})])
    op("snake", lambda x, a: x + torch.sin(a * x) ** 2 / a, at=(0.3, 2.0), hand=slopes + [([t(line), t(-1.5)], {})])
    unary("shifted_quadratic", lambda x: x**2 + x, None, line, hand=[([()], {})])
    unary("non_monotonic_cubic", lambda x: x - x**3, None, line, hand=[([()], {})])
    unary("shifted_sinc", lambda x: math.pi * unnormalized_sinc(x - math.pi), None, line, hand=[([()], {})])
    decaying = lambda x: math.pi / 2 * (unnormalized_sinc(x - math.pi) - unnormalized_sinc(x + math.pi))
    unary("decaying_sine", decaying, None, line, hand=[([()], {})])

    unary("binary_step", binary_step, None, [*line, 0.0, -0.0], hand=[([()], {}), ([t([nan])], {}, "value")])
    within = lambda x, limit: StraightThrough.apply(F.hardtanh(x, -limit, limit), binary_step(x))
    with_args("binary_step_straight", within, dict(limit=1.0), dict(limit=inf), dict(limit=2.5))
    op(
        "straight_through",
        lambda x, value: StraightThrough.apply(x, value),
        by=[0],
        hand=[([s, s], {}) for s in [(3,), (2, 2), (), (1, 0), (2, 1, 3)]],
    )
    rows = [([s], dict(axis=a)) for s, a in [((6,), 0), ((2, 3), 0), ((2, 3), -1), ((2, 2, 2), 1), ((2, 0), -1)]]
    rows += [([t([[1e4, -1e4, 0.5]])], dict(axis=1))]
    op("softmin", lambda x, axis: F.softmin(x, axis), hand=rows)
    op("sparsemax", sparsemax, hand=rows + [([t([[0.3, 0.2, 0.25, -0.1], [2.0, 1.5, -inf, 1.2]])], dict(axis=-1))])
    op(
        "maxout",
        lambda x, pieces, axis: x.unflatten(axis, (x.shape[axis] // pieces, pieces)).amax(axis + 1 if axis >= 0 else axis),
        hand=[
            ([s], dict(pieces=k, axis=a))
            for s, k, a in [((6,), 3, 0), ((2, 4), 2, -1), ((4, 3), 2, 0), ((1, 6, 2), 6, 1), ((2, 0), 2, -1), ((3,), 1, 0)]
        ]
        + [([t([1.0, 1.0, -2.0, nan])], dict(pieces=2, axis=0), "value")],
    )
