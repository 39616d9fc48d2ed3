"""Reductions, statistics, running and sorted values."""

import math

import torch

from torch_ops import skip

t = torch.tensor
inf, nan = math.inf, math.nan


def axes_of(x, dim):
    """The axes as a list, all of them for none given."""
    if dim is None or (isinstance(dim, (tuple, list)) and len(dim) == 0):
        return list(range(x.dim()))
    return list(dim) if isinstance(dim, (tuple, list)) else [dim]


def over(keepdim):
    """A sample of a reduction as inputs and axes, if it keeps the axes as wanted."""

    def take(x, dim=None, keepdim=False, **more):
        if keepdim != keep:
            skip(f"keepdim={keepdim}")
        if more:
            skip(f"arguments {sorted(more)}")
        return [x], dict(axes=axes_of(x, dim))

    keep = keepdim
    return take


def along(x, dim=-1, keepdim=False):
    if keepdim:
        skip("keepdim=True")
    return [x], dict(axis=dim)


def cases(family):
    op = family.op

    def reduction(name, f, db, hand=(), at=(-2.0, 2.0), shapes=True, kept=True, more={}, take=over, **options):
        """`name` and `name_keep`, from a function of the input, its axes and whether they are kept."""
        fixed = [
            ([(2, 3)], dict(axes=[0])),
            ([(2, 3, 2)], dict(axes=[-1, 0])),
            ([(2, 1, 3)], dict(axes=[1])),
            ([(5,)], dict(axes=[-1])),
            ([(2, 3)], dict(axes=[0, 1])),
        ] + ([([()], dict(axes=[]))] if shapes else [])
        fixed = [(x, args | more) for x, args in fixed] + list(hand)
        for keep in [False, True] if kept else [False]:

            def g(x, axes, keep=keep, **args):
                # PyTorch takes no axes for all axes.
                return f(x, axes, keep, **args) if axes or x.dim() else f(x.reshape(1), [0], False, **args)

            op(name + "_keep" * keep, g, db, take(keep), hand=fixed, at=at, most=4, **options)

    empty = [([(2, 0)], dict(axes=[1])), ([(0, 3)], dict(axes=[1]))]
    reduction("sum", lambda x, a, k: torch.sum(x, a, k), "sum", empty)
    reduction("mean", lambda x, a, k: torch.mean(x, a, k), "mean", empty[1:])
    reduction(
        "max",
        lambda x, a, k: torch.amax(x, a, k),
        "amax",
        empty[1:] + [([t([[1.0, nan], [inf, -inf]])], dict(axes=[1]), "value")],
    )
    reduction(
        "min",
        lambda x, a, k: torch.amin(x, a, k),
        "amin",
        empty[1:] + [([t([[1.0, nan], [inf, -inf]])], dict(axes=[1]), "value")],
    )

    def prod(x, axes, keep):
        for axis in sorted((axis % x.dim() for axis in axes), reverse=True):
            x = x.prod(axis, keep)
        return x

    zeros = [([t([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [1.5, -2.0, 4.0]])], dict(axes=[1]))]
    reduction("prod", prod, None, empty + zeros)
    # Derivatives at an infinite correction or a lone element differ; those are in the family's own tests.
    reduction("var", lambda x, a, k: torch.var(x, a, correction=0, keepdim=k), None, empty[1:])
    reduction("std", lambda x, a, k: torch.std(x, a, correction=0, keepdim=k), None, empty[1:])
    for name, f in [("var_with", torch.var), ("std_with", torch.std)]:
        g = lambda x, a, k, correction, f=f: f(x, a, correction=correction, keepdim=k)
        corrected = [([(4,)], dict(axes=[0], correction=c)) for c in [0.0, 0.5, 1.0]] + [
            ([(2, 3)], dict(axes=[1], correction=2.0)),
            ([(3, 2)], dict(axes=[0, 1], correction=1.0)),
        ]
        for keep in [False, True]:
            op(name + "_keep" * keep, lambda x, axes, correction, keep=keep, g=g: g(x, axes, keep, correction), hand=corrected)
    norm = torch.linalg.vector_norm
    reduction("norm", lambda x, a, k: norm(x, 2, a, k), None, empty)
    powers = [
        ([s], dict(axes=a, p=p))
        for s, a, p in [
            ((2, 3), [1], 1.0),
            ((2, 3), [0], 3.0),
            ((4,), [0], 0.5),
            ((2, 2, 2), [0, -1], inf),
            ((3,), [0], -inf),
            ((2, 3), [0, 1], -1.5),
            ((2, 3), [1], 2.0),
            ((2, 0), [1], 1.0),
        ]
    ]
    powers.append(([t([1.0, 0.0, 3.0])], dict(axes=[0], p=0.0), "value"))
    for keep in [False, True]:
        op("norm_p" + "_keep" * keep, lambda x, axes, p, keep=keep: norm(x, p, axes, keep), hand=powers)
    reduction(
        "logsumexp",
        lambda x, a, k: torch.logsumexp(x, a, k),
        "logsumexp",
        empty
        + [
            ([t([[900.0, 901.0], [-900.0, 3.0], [-inf, 2.0]])], dict(axes=[1])),
            ([t([[-inf, -inf], [inf, 1.0]])], dict(axes=[1]), "value"),
        ],
    )
    holes = [([t([[1.0, nan, 2.0], [0.5, 3.0, nan]])], dict(axes=a)) for a in ([0], [1], [0, 1])]
    reduction("nansum", lambda x, a, k: torch.nansum(x, a, k), "nansum", empty + holes)
    reduction("nanmean", lambda x, a, k: torch.nanmean(x, a, k), "nanmean", holes)
    truth = [([t([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])], dict(axes=a)) for a in ([0], [1], [-1, 0])] + [
        ([t([[True, False], [True, True]])], dict(axes=[1]))
    ]

    def folded(f):
        def g(x, axes, keep):
            for axis in sorted((axis % x.dim() for axis in axes), reverse=True):
                x = f(x, axis, keep)
            return x

        return g

    masks = [(list(map(lambda x: x if isinstance(x, torch.Tensor) else t([[0.0, 1.0], [2.0, -3.0]]), x)), a) for x, a in truth]
    reduction("any", folded(lambda x, a, k: torch.any(x != 0, a, k)), None, masks, shapes=False, by=[])
    reduction("all", folded(lambda x, a, k: torch.all(x != 0, a, k)), None, masks, shapes=False, by=[])
    reduction("count_nonzero", lambda x, a, k: torch.sum(x != 0, a, k), None, masks, shapes=False, by=[])
    op(
        "sum_to",
        lambda x, shape: x.sum_to_size(*shape) if shape else x.sum(),
        "sum_to_size",
        lambda x, *shape: ([x], dict(shape=list(shape[0]) if isinstance(shape[0], tuple) else list(shape))),
        hand=[
            ([(2, 3)], dict(shape=[3])),
            ([(2, 3)], dict(shape=[2, 1])),
            ([(2, 1, 3)], dict(shape=[1, 1])),
            ([(3,)], dict(shape=[])),
            ([(0, 2)], dict(shape=[2])),
        ],
    )

    lines = [
        ([(5,)], dict(axis=0)),
        ([(2, 3)], dict(axis=1)),
        ([(2, 3)], dict(axis=-2)),
        ([(2, 3, 2)], dict(axis=1)),
        ([(1,)], dict(axis=-1)),
    ]
    hollow = [([(3, 0)], dict(axis=1)), ([(0, 3)], dict(axis=1))]
    for name, f in [("argmax", torch.argmax), ("argmin", torch.argmin)]:
        op(
            name,
            lambda x, axis, f=f: f(x, axis),
            name,
            lambda x, dim=None, keepdim=False: skip("no axis, or keepdim") if dim is None or keepdim else ([x], dict(axis=dim)),
            hand=lines + [([t([1.0, 3.0, 3.0, nan, 5.0])], dict(axis=0)), ([t([[2.0, 2.0], [1.0, 4.0]])], dict(axis=1))],
        )
    op(
        "median",
        lambda x, axis: torch.median(x, axis)[0],
        "median",
        lambda x, dim=None, keepdim=False: along(x, dim, keepdim) if dim is not None else skip("no axis"),
        hand=lines + [([t([1.0, nan, 0.0])], dict(axis=0), "value"), ([(2, 4)], dict(axis=1))],
    )
    # `at` the default: numbers of three digits that don't repeat.
    op(
        "quantile",
        lambda x, q, axis: torch.quantile(x, q, axis),
        hand=[
            ([s], dict(q=q, axis=a))
            for s, q, a in [
                ((5,), 0.5, 0),
                ((5,), 0.3, 0),
                ((2, 4), 0.25, 1),
                ((4, 2), 0.9, -2),
                ((3,), 1.0, 0),
                ((3,), 0.0, -1),
                ((1, 2), 0.4, 0),
                ((2, 3, 2), 0.6, 1),
            ]
        ],
    )
    dim = lambda x, dim: along(x, dim)

    def logcumsumexp(x, axis):
        # PyTorch's gradient of its own takes differences of logarithms, and loses digits.
        if x.dim() == 0 or x.numel() == 0:
            return torch.logcumsumexp(x, axis)
        line = x.movedim(axis, -1).unsqueeze(-2)
        sums = torch.ones(line.shape[-1], line.shape[-1], dtype=torch.bool).tril()
        return torch.where(sums, line, -inf).logsumexp(-1).movedim(-1, axis)

    for name, f in [("cumsum", torch.cumsum), ("cumprod", torch.cumprod), ("logcumsumexp", logcumsumexp)]:
        op(
            name,
            lambda x, axis, f=f: f(x, axis),
            name,
            lambda x, dim, dtype=None: along(x, dim),
            hand=lines + (hollow[1:] if name == "logcumsumexp" else hollow),
            most=4,
        )
    op(
        "cumprod",
        lambda x, axis: torch.cumprod(x, axis),
        hand=[
            ([t(x)], dict(axis=0))
            for x in ([2.0, 0.0, 3.0, -1.0], [0.0, 0.0, 3.0], [1.5, 2.0, 0.0], [0.0], [2.0, -3.0, 0.5, 4.0])
        ],
    )
    op(
        "logcumsumexp",
        logcumsumexp,
        hand=[([t([-900.0, -901.0, 5.0, 900.0])], dict(axis=0)), ([t([-inf, 1.0, 2.0])], dict(axis=0), "value")],
    )
    for name, which in [("cummax", torch.cummax), ("cummin", torch.cummin)]:
        odd = [([t([3.0, 3.0, 1.0, 4.0, 4.0, 0.5, 0.5])], dict(axis=0)), ([t([2.0, nan, 1.0, 5.0])], dict(axis=0), "value")]
        op(name, lambda x, axis, f=which: f(x, axis)[0], name, dim, hand=lines + hollow + odd, most=3)
        op(f"arg{name}", lambda x, axis, f=which: f(x, axis)[1], name, dim, hand=lines + hollow + odd, most=3)
    op("diff", lambda x, axis: torch.diff(x, dim=axis), hand=lines + hollow[1:])
    op(
        "trapezoid",
        lambda x, dx, axis: torch.trapezoid(x, dx=dx, dim=axis),
        hand=[
            ([s], dict(dx=d, axis=a))
            for s, d, a in [((5,), 1.0, 0), ((2, 3), 0.5, 1), ((3, 2), 2.0, 0), ((2, 3, 2), 0.1, -2), ((1,), 1.0, 0)]
        ],
    )
    op(
        "cumulative_trapezoid",
        lambda x, dx, axis: torch.cumulative_trapezoid(x, dx=dx, dim=axis),
        hand=[
            ([s], dict(dx=d, axis=a))
            for s, d, a in [((5,), 1.0, 0), ((2, 3), 0.5, 1), ((3, 2), 2.0, 0), ((2, 3, 2), 0.1, -2), ((1,), 1.0, 0)]
        ],
    )
    ties = [
        ([t([[2.0, 1.0, 2.0, 1.0], [0.0, -0.0, inf, -inf]])], dict(axis=1), "value"),
        ([t([1.0, nan, 0.0, nan])], dict(axis=0), "value"),
    ]
    for suffix, down in [("", False), ("_descending", True)]:

        def take(x, dim=-1, descending=False, stable=False, down=down):
            return along(x, dim) if descending == down else skip(f"descending={descending}")

        op(
            "sort" + suffix,
            lambda x, axis, d=down: torch.sort(x, dim=axis, descending=d, stable=True)[0],
            "sort",
            take,
            hand=lines + hollow + ties,
            most=3,
        )
        op(
            "argsort" + suffix,
            lambda x, axis, d=down: torch.sort(x, dim=axis, descending=d, stable=True)[1],
            "argsort",
            take,
            hand=lines + hollow + ties,
            most=3,
        )

    def topk(x, k, dim=-1, largest=True, sorted=True):
        return ([x], dict(k=k, axis=dim)) if largest and sorted else skip("smallest, or unsorted")

    op(
        "topk",
        lambda x, k, axis: torch.topk(x, k, axis),
        "topk",
        topk,
        hand=[
            ([s], dict(k=k, axis=a))
            for s, k, a in [((5,), 2, 0), ((2, 4), 3, 1), ((3, 2), 1, 0), ((2, 3, 2), 2, -2), ((3,), 0, 0), ((3,), 3, -1)]
        ],
        most=2,
    )
    op(
        "kthvalue",
        lambda x, k, axis: torch.kthvalue(x, k, axis),
        "kthvalue",
        lambda x, k, dim=-1, keepdim=False: ([x], dict(k=k, axis=dim)) if not keepdim else skip("keepdim"),
        hand=[
            ([s], dict(k=k, axis=a))
            for s, k, a in [((5,), 2, 0), ((2, 4), 3, 1), ((3, 2), 1, 0), ((2, 3, 2), 2, -2), ((1,), 1, 0)]
        ],
        most=2,
    )
    steps = t([-1.0, 0.0, 0.0, 1.5, 3.0])
    queries = [
        ([steps, t([0.0, -2.0, 9.0, 1.0, nan])], {}),
        ([steps, t([[0.0], [1.5]])], {}),
        ([t([[1.0, 2.0], [0.0, 5.0]]), t([[1.0, 3.0, 2.0], [5.0, -1.0, 6.0]])], {}),
        ([steps, t(0.5)], {}),
        ([steps[:0], t([1.0, 2.0])], {}),
        ([steps, (0,)], {}),
    ]
    for right in [False, True]:
        hand = [(x, dict(right=right)) for x, _ in queries]
        op("searchsorted", lambda s, v, right: torch.searchsorted(s, v, right=right), hand=hand, by=[])
        op(
            "bucketize",
            lambda x, s, right: torch.bucketize(x, s, right=right),
            hand=[(x[::-1], a) for x, a in hand if x[0].dim() == 1],
            by=[],
        )
    counts = [
        ([t([1, 1, 3])], dict(length=4)),
        ([t([0])], dict(length=1)),
        ([t([2, 0, 2, 2, 1])], dict(length=6)),
        ([t([], dtype=torch.int64)], dict(length=3)),
        ([t([4, 4])], dict(length=5)),
    ]
    op("bincount", lambda x, length: torch.bincount(x, minlength=length), hand=counts)

    def weighted(x, w, length):
        return torch.zeros(length).index_add(0, x, w)

    op("bincount_weighted", weighted, hand=[(x + [tuple(x[0].shape)], a) for x, a in counts])

    soft = [([t([[900.0, 901.0, 3.0], [-900.0, -901.0, -902.0]])], dict(axis=1))]
    for name in ["softmax", "log_softmax"]:
        op(
            name,
            lambda x, axis, f=getattr(torch, name): f(x, axis),
            name,
            lambda x, dim: along(x, dim),
            hand=lines + hollow[1:] + soft,
            most=4,
        )

    def normalize(x, axes, eps):
        return (x - x.mean(axes, keepdim=True)) / (x.var(axes, correction=0, keepdim=True) + eps).sqrt()

    op(
        "normalize",
        normalize,
        hand=[
            ([s], dict(axes=a, eps=e))
            for s, a, e in [
                ((2, 4), [1], 1e-5),
                ((3, 2), [0], 1e-3),
                ((2, 3, 2), [1, 2], 1e-5),
                ((5,), [0], 0.1),
                ((2, 2), [0, 1], 1e-5),
            ]
        ],
    )
    op(
        "rms_norm",
        lambda x, axes, eps: x * (x.square().mean(axes, keepdim=True) + eps).rsqrt(),
        "nn.functional.rms_norm",
        lambda x, shape, weight=None, eps=None: ([x], dict(axes=list(range(-len(shape), 0)), eps=eps))
        if weight is None and eps is not None
        else skip("weight"),
        hand=[
            ([s], dict(axes=a, eps=e))
            for s, a, e in [((2, 4), [1], 1e-5), ((3, 2), [0], 1e-3), ((2, 3, 2), [1, 2], 1e-5), ((5,), [0], 0.1), ((0, 2), [1], 1.0)]
        ],
        most=2,
    )
    op(
        "cov",
        lambda x, correction: torch.cov(x, correction=int(correction)),
        hand=[
            ([s], dict(correction=c))
            for s, c in [((2, 3), 1.0), ((3, 2), 0.0), ((2, 4), 2.0), ((5,), 1.0), ((3, 1), 0.0), ((2, 5), 1.0)]
        ],
    )
