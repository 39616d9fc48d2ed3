"""Elementwise functions and comparisons."""

import math

import torch

t = torch.tensor
inf, nan = math.inf, math.nan


def function(value, derivative):
    """`value` with `derivative` for its own."""

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(at, x):
            at.save_for_backward(x)
            return value(x)

        @staticmethod
        def backward(at, g):
            return g * derivative(*at.saved_tensors)

    return Function.apply


# PyTorch's `polygamma(1, x)`, the derivative of its digamma, is a series of four terms and good to 1e-9. Its others are made of
# Hurwitz' zeta function, and are good to 1e-15; so is this one then.
trigamma = function(lambda x: torch.special.zeta(2, x), lambda x: torch.polygamma(2, x))
digamma = function(torch.digamma, trigamma)
lgamma = function(torch.lgamma, digamma)
polygamma = {0: digamma, 1: trigamma, 2: lambda x: torch.polygamma(2, x)}


def cases(family):
    op = family.op

    def unary(name, f, db, points, at=(-2.0, 2.0), hand=(), **more):
        """The database's samples, a few shapes, and points of interest; derivatives where all of a case's are finite."""
        tensors = [([t(points)], {}), ([(2, 1, 3)], {}), ([(1,)], {}), ([(2, 0)], {}), *hand]
        op(name, f, db, hand=tensors, at=at, **more)

    wide = [-30.0, -3.0, -1.0, -1e-3, -1e-9, 1e-9, 0.02, 1.0, 2.5, 30.0]
    unary("negate", torch.neg, "neg", wide)
    unary("abs", torch.abs, "abs", wide)
    unary("square", torch.square, "square", wide)
    unary("reciprocal", torch.reciprocal, "reciprocal", wide, at=(0.3, 3.0))
    unary("sign", torch.sign, "sign", [*wide, 0.0])
    halves = [-2.5, -1.5, -1.2, -0.5, 0.5, 0.7, 1.5, 2.5, 1e6 + 0.5, -1e17]
    unary("floor", torch.floor, "floor", halves)
    unary("ceil", torch.ceil, "ceil", halves)
    unary("round", torch.round, "round", halves)
    unary("trunc", torch.trunc, "trunc", halves)
    unary("fract", torch.frac, "frac", halves[:-1])
    positive = [1e-300, 1e-9, 0.02, 0.5, 1.0, 1.0000001, 2.5, 30.0, 1e9, 1e300]
    middle = positive[1:-1]
    unary("sqrt", torch.sqrt, "sqrt", middle, at=(0.1, 4.0), hand=[([t(positive)], {}), ([t([-1.0, 0.0, inf, nan])], {})])
    unary("rsqrt", torch.rsqrt, "rsqrt", middle, at=(0.1, 4.0), hand=[([t(positive)], {}), ([t([-1.0, 0.0, inf, nan])], {})])
    root = lambda x: x.sign() * x.abs() ** (1 / 3)
    op("cbrt", root, hand=[([s], {}) for s in [(3,), (2, 2), (), (1, 0), (4,)]] + [([t(positive[1:-1])], {})], at=(-3.0, 3.0))

    unary("exp", torch.exp, "exp", [*wide, -700.0, 700.0], hand=[([t([-800.0, 800.0, -inf, inf, nan])], {})])
    unary("exp2", torch.exp2, "exp2", [*wide, -1000.0, 1000.0], hand=[([t([-1100.0, 1100.0, -inf, inf, nan])], {})])
    unary("expm1", torch.expm1, "expm1", [*wide, -700.0, 700.0], hand=[([t([-800.0, 800.0, -inf, inf, nan])], {})])
    outside = [([t(positive)], {}), ([t([-1.0, 0.0, inf, nan])], {})]
    unary("ln", torch.log, "log", middle, at=(0.1, 4.0), hand=outside)
    unary("log2", torch.log2, "log2", middle, at=(0.1, 4.0), hand=outside)
    unary("log10", torch.log10, "log10", middle, at=(0.1, 4.0), hand=outside)
    unary(
        "log1p", torch.log1p, "log1p", [-0.999, -0.5, -1e-9, *middle], at=(-0.9, 4.0), hand=[([t([-2.0, -1.0, inf, nan])], {})]
    )
    unary("sin", torch.sin, "sin", wide, hand=[([t([1e5, -1e9, 1e15, inf])], {})])
    unary("cos", torch.cos, "cos", wide, hand=[([t([1e5, -1e9, 1e15, inf])], {})])
    unary("tan", torch.tan, "tan", wide, at=(-1.4, 1.4), hand=[([t([1e5, -1e9, inf])], {})])
    unit = [-0.99, -0.5, -1e-9, 1e-9, 0.02, 0.5, 0.999]
    beyond = [([t([-1.5, -1.0, 0.0, 1.0, 1.5, nan])], {})]
    unary("asin", torch.asin, "asin", unit, at=(-0.9, 0.9), hand=beyond)
    unary("acos", torch.acos, "acos", unit, at=(-0.9, 0.9), hand=beyond)
    unary("atan", torch.atan, "atan", [*wide, 1e9], hand=[([t([-inf, inf, nan])], {})])
    unary("sinh", torch.sinh, "sinh", wide, hand=[([t([-800.0, 700.0, 800.0])], {})])
    unary("cosh", torch.cosh, "cosh", wide, hand=[([t([-800.0, 700.0, 800.0])], {})])
    unary("tanh", torch.tanh, "tanh", wide[1:-1], hand=[([t([-30.0, 30.0, 800.0, -inf, nan])], {})])
    unary("asinh", torch.asinh, "asinh", wide, hand=[([t([-1e9, 1e150, inf])], {})])
    unary("acosh", torch.acosh, "acosh", [1.001, 1.5, 3.0, 30.0], at=(1.1, 4.0), hand=[([t([0.5, 1.0, 1e9, inf, nan])], {})])
    unary("atanh", torch.atanh, "atanh", unit, at=(-0.9, 0.9), hand=beyond)
    unary("sigmoid", torch.sigmoid, "sigmoid", wide[:-1], hand=[([t([-800.0, 30.0, 800.0, nan])], {})])
    unary("erf", torch.erf, "erf", wide[1:-1], hand=[([t([-30.0, 6.0, 30.0, nan])], {})])
    unary("erfc", torch.erfc, "erfc", wide[1:-1], hand=[([t([-30.0, 6.0, 20.0, 30.0, nan])], {})])
    unary("erfinv", torch.erfinv, "erfinv", unit, at=(-0.9, 0.9), hand=beyond)
    gammas = [-3.7, -1.5, -0.3, 0.02, 0.5, 1.5, 3.3, 7.0, 30.0, 1e5]
    unary("lgamma", lgamma, "lgamma", gammas, at=(0.2, 5.0), hand=[([t([0.0, 1.0, 2.0, -1.0, -2.0, 1e17, inf, nan])], {})])
    unary("digamma", digamma, "digamma", gammas, at=(0.2, 5.0), hand=[([t([0.0, -0.0, 1.0, -1.0, -2.0, 1e17, inf, nan])], {})])
    op(
        "polygamma",
        lambda x, n: polygamma[n](x) if n in polygamma else torch.polygamma(n, x),
        at=(0.3, 5.0),
        hand=[
            ([x], dict(n=n))
            for x, n in [
                ((3,), 0),
                ((2, 3), 1),
                (t([0.02, 0.7, 3.0, 12.0, 90.0]), 1),
                ((1, 0), 1),
                ((), 2),
                ((4,), 3),
                (t([-0.3, -1.6, 0.5]), 1),
                (t([-0.3, -1.6, 0.5]), 2),
                ((2, 2), 5),
            ]
        ],
    )
    unary("sinc", torch.sinc, "sinc", [-2.3, -0.05, 0.1, 0.4, 1.5, 5.25], hand=[([t([-1.0, 0.0, 2.0, 0.5])], {})])
    op(
        "logit",
        torch.logit,
        "logit",
        lambda x: ([x], {}),
        at=(0.05, 0.95),
        hand=[([t([1e-9, 1e-3, 0.4, 0.5, 0.99])], {}), ([(2, 1, 3)], {}), ([(1,)], {}), ([t([-0.5, 0.0, 1.0, 1.5])], {})],
    )
    op(
        "nan_to_num",
        lambda x, nan, posinf, neginf: torch.nan_to_num(x, nan, posinf, neginf),
        "nan_to_num",
        lambda x: ([x], dict(nan=0.5, posinf=9.0, neginf=-9.0)),
        hand=[
            ([t([nan, 1.0, inf, -inf, -2.0])], dict(nan=0.5, posinf=9.0, neginf=-9.0)),
            ([(2, 3)], dict(nan=0.0, posinf=1.0, neginf=1.0)),
        ],
    )
    op(
        "powi",
        lambda x, n: x**n,
        at=(0.4, 2.0),
        hand=[([s], dict(n=n)) for s, n in [((3,), 3), ((2, 2), -2), ((), 0), ((1, 0), 2), ((2,), 10), (t([-1.5, 0.5]), -3)]],
    )
    # Where x is NaN, or at the limits, derivatives differ.
    odd = t([nan, inf, -inf, 0.3])
    op(
        "clamp",
        lambda x, low, high: torch.clamp(x, low, high),
        hand=[([odd], dict(low=-1.0, high=1.0), "value")]
        + [
            ([s], dict(low=l, high=h))
            for s, l, h in [((6,), -1.0, 1.0), ((2, 3), -0.5, 9.0), ((), -9.0, 0.1), ((1, 0), 0.0, 1.0), ((2,), -1.0, 1.0)]
        ],
    )
    op(
        "clamp_min",
        lambda x, low: torch.clamp(x, min=low),
        hand=[([odd], dict(low=1.0), "value")]
        + [([s], dict(low=l)) for s, l in [((6,), -1.0), ((2, 3), 0.5), ((), -9.0), ((1, 0), 0.0), ((2,), 1.0)]],
    )
    op(
        "clamp_max",
        lambda x, high: torch.clamp(x, max=high),
        hand=[([odd], dict(high=1.0), "value")]
        + [([s], dict(high=h)) for s, h in [((6,), -1.0), ((2, 3), 0.5), ((), 9.0), ((1, 0), 0.0), ((2,), 1.0)]],
    )
    for name, f, points in [
        ("is_nan", torch.isnan, [nan, inf, 1.0]),
        ("is_inf", torch.isinf, [nan, inf, -inf, 1.0]),
        ("is_finite", torch.isfinite, [nan, inf, -inf, 1.0]),
    ]:
        op(name, f, hand=[([x], {}) for x in [(3,), (2, 2), (), (1, 0), t(points)]])

    two = lambda a, b: ([a, b], {})
    special = [([t([0.0, -0.0, inf, -inf, nan, 1.0]), t([[1.0], [-2.0], [0.5]])], {}, "value")]
    pairs = [([(2, 3), (3,)], {}), ([(2, 1), (3,)], {}), ([(), (2, 2)], {}), ([(0, 2), (1, 2)], {}), ([(3,), (3,)], {})]

    def binary(name, f, db, hand=pairs, **more):
        op(name, f, db, two, hand=hand, most=4, **more)

    binary("plus", torch.add, "add")
    binary("minus", torch.sub, "sub")
    binary("times", torch.mul, "mul")
    binary("over", torch.div, "div.no_rounding_mode", at=(0.3, 2.0))
    # Where the exponent is 0, PyTorch's gradient for the base has no derivative by the exponent.
    binary(
        "pow",
        torch.pow,
        "pow",
        at=(0.2, 2.5),
        hand=pairs
        + [
            ([t([0.0, 1.0, -2.0, 4.0, -2.0]), t([2.0, 1.0, 3.0, -0.5, 0.5])], {}),
            ([t([0.0, 1.0, -2.0, inf, -inf]), t([0.0])], {}, "value"),
        ],
    )
    binary("maximum", torch.maximum, "maximum", hand=pairs + special)
    binary("minimum", torch.minimum, "minimum", hand=pairs + special)
    binary(
        "remainder",
        torch.remainder,
        "remainder",
        hand=pairs + [([t([5.0, -5.0, 5.0, -5.0, 0.7]), t([3.0, 3.0, -3.0, -3.0, 0.2])], {})],
    )
    binary("fmod", torch.fmod, "fmod", hand=pairs + [([t([5.0, -5.0, 5.0, -5.0, 0.7]), t([3.0, 3.0, -3.0, -3.0, 0.2])], {})])
    binary("atan2", torch.atan2, "atan2", hand=pairs + special + [([t([0.0, 1.0, -1.0, 3.0]), t([-1.0, 0.0, 0.0, 1e-9])], {})])
    binary("hypot", torch.hypot, "hypot", hand=pairs + [([t([3e200, -1e-200, 0.0]), t([4e200, 2e-200, 2.0])], {})])
    binary(
        "logaddexp",
        torch.logaddexp,
        "logaddexp",
        hand=pairs
        + [
            ([t([900.0, -900.0, 5.0, 0.1]), t([901.0, -905.0, -60.0, 0.1])], {}),
            ([t([inf, -inf, -inf, 1.0, nan]), t([1.0, 2.0, -inf, -inf, 0.0])], {}),
        ],
    )
    binary(
        "xlogy", torch.xlogy, "xlogy", at=(0.2, 3.0), hand=pairs + [([t([0.0, 0.0, 0.0, 2.0]), t([0.0, 3.0, nan, 0.0])], {})]
    )
    binary(
        "xlog1py",
        torch.special.xlog1py,
        "special.xlog1py",
        at=(0.2, 3.0),
        hand=pairs + [([t([0.0, 0.0, 2.0]), t([-1.0, 3.0, 1e-9])], {})],
    )
    op("heaviside", torch.heaviside, hand=pairs + [([t([-1.0, 0.0, 2.0, nan]), t([0.5])], {})], by=[])
    op("lerp", lambda a, b, w: a.lerp(b, w), "lerp", lambda a, b, w: ([a, b, w], {}))
    for name, f, db in [
        ("eq", torch.eq, "eq"),
        ("ne", torch.ne, "ne"),
        ("lt", torch.lt, "lt"),
        ("le", torch.le, "le"),
        ("gt", torch.gt, "gt"),
        ("ge", torch.ge, "ge"),
    ]:
        binary(
            name,
            f,
            db,
            hand=[
                ([t([1.0, 2.0, nan, -0.0, inf]), t([1.0, 3.0, nan, 0.0, -inf])], {}),
                ([(2, 1), (3,)], {}),
                ([t([1, 2, 3]), t(2)], {}),
                ([(0, 2), (1, 2)], {}),
            ],
        )
    true = t([[True, False], [True, True], [False, False]])
    masks = [
        ([true, ~true], {}),
        ([true, t([True, False])], {}),
        ([t(True), true], {}),
        ([t([[True]]), t(False)], {}),
        ([true[:0], t([True, True])], {}),
    ]
    op("and", torch.logical_and, hand=masks)
    op("or", torch.logical_or, hand=masks)
    op("logical_xor", torch.logical_xor, hand=masks)
    op("logical_not", torch.logical_not, hand=[([x], {}) for x in [true, t(True), t([False]), true[:0], ~true]])
    op(
        "select",
        torch.where,
        "where",
        lambda a, mask, b: ([mask, a, b], {}),
        hand=[
            ([true, (3, 2), ()], {}),
            ([t([True, False]), (3, 1), (3, 2)], {}),
            ([t(True), (2,), (2,)], {}),
            ([true[:0], (), (1, 2)], {}),
        ],
    )
    op(
        "masked_fill",
        lambda x, mask, value: x.masked_fill(mask, value),
        "masked_fill",
        lambda x, mask, value: ([x, mask, t(float(value)) if not isinstance(value, torch.Tensor) else value], {}),
        hand=[
            ([(3, 2), true, ()], {}),
            ([(2,), t([True, False]), ()], {}),
            ([(), t(True), ()], {}),
            ([(0, 2), t([True, False]), ()], {}),
            ([(3, 1), t([[True], [False], [True]]), ()], {}),
        ],
    )
