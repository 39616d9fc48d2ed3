"""Movement of elements: shapes, orders of axes, pieces, padding, triangles and diagonals."""

import torch
import torch.nn.functional as F

from torch_ops import skip

t = torch.tensor


def cases(family):
    op = family.op
    sizes = lambda shape: list(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else list(shape)

    def with_shape(x, *shape):
        shape = sizes(shape)
        return ([x], dict(shape=shape)) if -1 not in shape else skip("a length of -1")

    op(
        "reshape",
        lambda x, shape: x.reshape(shape),
        "reshape",
        with_shape,
        hand=[
            ([(2, 3)], dict(shape=[3, 2])),
            ([(2, 0)], dict(shape=[0, 5])),
            ([(1,)], dict(shape=[])),
            ([(2, 2, 3)], dict(shape=[4, 1, 3])),
        ],
    )
    op(
        "flatten",
        lambda x, start: x.flatten(start),
        hand=[([s], dict(start=a)) for s, a in [((2, 3), 0), ((2, 3, 2), 1), ((4,), 0), ((2, 0, 3), 1), ((2, 1, 1), 2)]],
    )
    op(
        "flatten_axes",
        lambda x, start, end: x.flatten(start, end),
        "flatten",
        lambda x, start_dim=0, end_dim=-1: ([x], dict(start=start_dim, end=end_dim)) if x.dim() else skip("a scalar"),
        hand=[
            ([s], dict(start=a, end=b))
            for s, a, b in [((2, 3, 2), 0, 1), ((2, 1, 2, 2), 1, -2), ((2, 0, 3), -2, -1), ((3,), 0, 0)]
        ],
        most=4,
    )
    op(
        "unflatten",
        lambda x, axis, lengths: x.unflatten(axis, lengths),
        "unflatten",
        lambda x, dim, sizes: ([x], dict(axis=dim, lengths=list(sizes))) if -1 not in sizes else skip("a length of -1"),
    )
    order = lambda x, dims: ([x], dict(order=list(dims))) if all(d >= 0 for d in dims) else skip("negative axes")
    op(
        "permute",
        lambda x, order: x.permute(order),
        "permute",
        order,
        hand=[
            ([(2, 3)], dict(order=[1, 0])),
            ([(2, 0, 3)], dict(order=[2, 0, 1])),
            ([(2, 1, 3)], dict(order=[0, 1, 2])),
            ([(4,)], dict(order=[0])),
        ],
    )
    op(
        "transpose",
        lambda x, a, b: x.transpose(a, b),
        "transpose",
        lambda x, a, b: ([x], dict(a=a, b=b)) if x.dim() else skip("a scalar"),
        hand=[
            ([(2, 3)], dict(a=0, b=1)),
            ([(2, 3, 2)], dict(a=-1, b=0)),
            ([(2, 0)], dict(a=-1, b=-2)),
            ([(3,)], dict(a=0, b=0)),
        ],
    )
    op(
        "move_axis",
        lambda x, a, b: x.movedim(a, b),
        "movedim",
        lambda x, a, b: ([x], dict(a=a, b=b)) if isinstance(a, int) and x.dim() else skip("several axes, or a scalar"),
        hand=[
            ([s], dict(a=a, b=b))
            for s, a, b in [((2, 3), 0, 1), ((2, 3, 2), 0, -1), ((2, 0, 1), -1, 0), ((3,), 0, 0), ((1, 2, 2, 2), 1, 2)]
        ],
    )
    op("t", lambda x: x.mT, hand=[([s], {}) for s in [(2, 3), (2, 2, 3), (0, 2), (1, 1), (1, 3, 1)]])
    op(
        "expand",
        lambda x, shape: x.expand(shape),
        "expand",
        lambda x, *s: with_shape(x, *s),
        hand=[
            ([(2, 1)], dict(shape=[2, 2, 3])),
            ([()], dict(shape=[4])),
            ([(1, 2)], dict(shape=[0, 2])),
            ([(3,)], dict(shape=[3])),
        ],
    )
    op(
        "flip",
        lambda x, axes: x.flip(axes),
        "flip",
        lambda x, dims: ([x], dict(axes=list(dims))),
        hand=[
            ([s], dict(axes=a))
            for s, a in [((4,), [0]), ((2, 3), [1]), ((2, 3), [0, -1]), ((2, 2, 3), [-2]), ((0, 2), [0]), ((1, 3), [0])]
        ],
    )
    op(
        "unsqueeze",
        lambda x, axis: x.unsqueeze(axis),
        "unsqueeze",
        lambda x, dim: ([x], dict(axis=dim)),
        hand=[([(2, 3)], dict(axis=-1)), ([()], dict(axis=0)), ([(0,)], dict(axis=1)), ([(2,)], dict(axis=-2))],
    )
    op(
        "squeeze",
        lambda x, axis: x.squeeze(axis),
        hand=[([s], dict(axis=a)) for s, a in [((2, 1), 1), ((1, 3), 0), ((1,), -1), ((0, 1, 2), -2), ((2, 1, 3), 1)]],
    )
    op("squeeze_all", lambda x: x.squeeze(), hand=[([s], {}) for s in [(2, 1), (1, 3, 1), (1,), (0, 1, 2), (2, 3), ()]])
    op(
        "slice",
        lambda x, axis, start, end: x.narrow(axis, start, end - start),
        hand=[
            ([s], dict(axis=a, start=b, end=e))
            for s, a, b, e in [
                ((5,), 0, 1, 3),
                ((2, 4), -1, 0, 2),
                ((3, 2), 0, 2, 3),
                ((2, 3, 2), 1, 1, 3),
                ((3,), 0, 1, 1),
                ((2,), 0, 0, 2),
            ]
        ],
    )

    def strided(x, axis, start, end, step):
        return x.movedim(axis, 0)[start:end:step].movedim(0, axis)

    op(
        "slice_step",
        strided,
        hand=[
            ([s], dict(axis=a, start=b, end=e, step=k))
            for s, a, b, e, k in [
                ((5,), 0, 0, 5, 2),
                ((2, 4), -1, 1, 4, 2),
                ((3, 2), 0, 0, 3, 3),
                ((2, 5, 2), 1, 1, 5, 3),
                ((4,), 0, 2, 2, 2),
                ((3,), 0, 0, 3, 1),
            ]
        ],
    )
    op(
        "narrow",
        lambda x, axis, start, length: x.narrow(axis, start, length),
        "narrow",
        lambda x, dim, start, length: ([x], dict(axis=dim, start=int(start), length=length)),
        hand=[
            ([(5,)], dict(axis=0, start=1, length=3)),
            ([(2, 3)], dict(axis=-1, start=0, length=2)),
            ([(3, 2)], dict(axis=0, start=3, length=0)),
        ],
    )
    op(
        "at",
        lambda x, axis, index: x.select(axis, index),
        "select",
        lambda x, dim, index: ([x], dict(axis=dim, index=index)),
        hand=[([(3,)], dict(axis=0, index=-1)), ([(2, 0)], dict(axis=0, index=1))],
    )
    shift = lambda x, shifts, dims=None: (
        ([x], dict(shift=shifts, axis=dims)) if isinstance(dims, int) and x.dim() else skip("no axis, or several")
    )
    op("roll", lambda x, shift, axis: x.roll(shift, axis), "roll", shift)
    op(
        "roll_axes",
        lambda x, shifts, axes: x.roll(shifts, axes),
        "roll",
        lambda x, shifts, dims=None: (
            ([x], dict(shifts=list(shifts), axes=list(dims))) if isinstance(dims, tuple) else skip("one axis")
        ),
        hand=[
            ([s], dict(shifts=k, axes=a))
            for s, k, a in [((2, 3), [1, 1], [0, 1]), ((3, 2), [-1, 5], [0, -1]), ((4,), [3], [0]), ((2, 2, 2), [1, 1], [2, 0])]
        ],
    )
    op(
        "rot90",
        lambda x, k, axes: x.rot90(k, axes),
        "rot90",
        lambda x, k=1, dims=(0, 1): ([x], dict(k=k, axes=list(dims))),
        hand=[([(2, 3)], dict(k=1, axes=[0, 1])), ([(2, 3)], dict(k=-1, axes=[1, 0])), ([(2, 0)], dict(k=3, axes=[0, 1]))],
    )
    op(
        "split",
        lambda x, axis, lengths: x.split(lengths, axis),
        "split_with_sizes",
        lambda x, sizes, dim=0: ([x], dict(axis=dim, lengths=list(sizes))),
        hand=[
            ([s], dict(axis=a, lengths=k))
            for s, a, k in [
                ((5,), 0, [2, 3]),
                ((2, 3), 1, [1, 1, 1]),
                ((2, 3), -2, [2]),
                ((3, 2), 0, [0, 3]),
                ((2, 4), -1, [3, 1]),
            ]
        ],
    )
    op(
        "chunk",
        lambda x, axis, n: x.chunk(n, axis),
        "chunk",
        lambda x, n, dim=0: ([x], dict(axis=dim, n=n)),
        hand=[
            ([(5,)], dict(axis=0, n=2)),
            ([(2, 5)], dict(axis=1, n=3)),
            ([(2, 3)], dict(axis=-1, n=1)),
            ([(4,)], dict(axis=0, n=8)),
        ],
    )
    op(
        "tile",
        lambda x, repeats: x.tile(repeats),
        "tile",
        lambda x, dims: ([x], dict(repeats=list(dims))),
        hand=[([(2, 2)], dict(repeats=[2, 1])), ([(3,)], dict(repeats=[2, 2])), ([(2, 1)], dict(repeats=[3]))],
    )
    op(
        "repeat_interleave",
        lambda x, axis, n: x.repeat_interleave(n, axis),
        hand=[
            ([s], dict(axis=a, n=n))
            for s, a, n in [((3,), 0, 2), ((2, 3), 1, 3), ((2, 3), 0, 1), ((2, 1, 2), -2, 2), ((2, 2), -1, 0)]
        ],
    )
    op(
        "unfold",
        lambda x, axis, size, step: x.unfold(axis, size, step),
        "unfold",
        lambda x, dim, size, step: ([x], dict(axis=dim, size=size, step=step)) if x.dim() else skip("a scalar"),
        hand=[
            ([s], dict(axis=a, size=k, step=p))
            for s, a, k, p in [((6,), 0, 3, 2), ((2, 5), 1, 2, 1), ((4, 2), 0, 2, 3), ((2, 3, 2), 1, 3, 1), ((3,), -1, 1, 1)]
        ],
        most=5,
    )

    def fold(x, axis, length, step):
        # The transpose of unfold, by PyTorch's own derivative of it.
        shape = [n for i, n in enumerate(x.shape[:-1])]
        shape[axis] = length
        size = x.shape[-1]
        return torch.ops.aten.unfold_backward(x, shape, axis, size, step)

    op(
        "fold",
        fold,
        hand=[
            ([s], dict(axis=a, length=n, step=p))
            for s, a, n, p in [
                ((3, 2), 0, 4, 1),
                ((2, 2, 3), 1, 6, 2),
                ((2, 3, 2), 0, 5, 3),
                ((1, 3), 0, 3, 1),
                ((2, 2, 2, 2), 1, 4, 2),
            ]
        ],
    )

    def pads(x, pad, mode="constant", value=0.0):
        if min(pad) < 0:
            skip("negative padding")
        pairs = [(x.dim() - 1 - i, *pad[2 * i : 2 * i + 2]) for i in range(len(pad) // 2)]
        return [x], dict(
            pads=[n for pair in pairs for n in pair], mode=mode, value=float(value or 0.0) if mode == "constant" else None
        )

    def pad_with(x, pads, mode, value=0.0):
        triples = [tuple(pads[i : i + 3]) for i in range(0, len(pads), 3)]
        sides = {axis % x.dim(): (a, b) for axis, a, b in triples}
        last = x.dim() - min(sides)
        flat = [n for i in range(last) for n in sides.get(x.dim() - 1 - i, (0, 0))]
        if mode == "constant":
            return F.pad(x, flat, value=value)
        # PyTorch pads the last axes of inputs with two axes more.
        lead = max(0, 2 + last - x.dim()) if last < 3 else max(0, 5 - x.dim())
        return F.pad(x.reshape([1] * lead + list(x.shape)), flat, mode).reshape(F.pad(x, flat).shape)

    for mode in ["constant", "reflect", "replicate", "circular"]:
        op("pad_with", pad_with, f"nn.functional.pad.{mode}", pads, most=3)
    op(
        "pad_with",
        pad_with,
        hand=[
            ([s], dict(pads=p, mode=m) | more)
            for s, p, m, more in [
                ((3,), [0, 2, 1], "reflect", {}),
                ((2, 3), [-1, 2, 0], "circular", {}),
                ((2, 3), [1, 1, 2], "replicate", {}),
                ((2, 2), [0, 1, 0, 1, 0, 2], "constant", dict(value=-1.5)),
                ((3, 2, 2), [2, 1, 1, 1, 1, 1], "reflect", {}),
                ((0, 2), [1, 1, 1], "constant", dict(value=2.0)),
            ]
        ],
    )
    op(
        "pad",
        lambda x, axis, before, after: pad_with(x, [axis, before, after], "constant"),
        hand=[
            ([s], dict(axis=a, before=b, after=e))
            for s, a, b, e in [((3,), 0, 1, 2), ((2, 3), -1, 0, 2), ((2, 3), 0, 2, 0), ((2, 0), 1, 1, 1), ((2, 2, 2), 1, 1, 0)]
        ],
    )

    def spread(x, axis, before, after, step):
        length = x.shape[axis]
        y = F.pad(x.movedim(axis, -1).unsqueeze(-1), (0, step - 1)).flatten(-2)[..., : max(0, (length - 1) * step + 1)]
        return F.pad(y, (before, after)).movedim(-1, axis)

    op(
        "pad_step",
        spread,
        hand=[
            ([s], dict(axis=a, before=b, after=e, step=k))
            for s, a, b, e, k in [
                ((3,), 0, 1, 2, 2),
                ((2, 3), -1, 0, 0, 3),
                ((2, 3), 0, 1, 1, 2),
                ((1, 2), 0, 0, 1, 4),
                ((2, 2, 2), 1, 1, 0, 1),
            ]
        ],
    )
    for name in ["tril", "triu"]:
        op(
            name,
            lambda x, k, f=getattr(torch, name): f(x, k),
            name,
            lambda x, k=0: ([x], dict(k=k)),
            hand=[
                ([s], dict(k=k)) for s, k in [((3, 3), 0), ((2, 4), 1), ((3, 2), -1), ((2, 2, 2), 0), ((0, 2), 0), ((2, 3), 9)]
            ],
            most=4,
        )
    diagonal = lambda x, offset=0, dim1=0, dim2=1: ([x], dict(offset=offset, axis1=dim1, axis2=dim2))
    op(
        "diagonal",
        lambda x, offset, axis1, axis2: x.diagonal(offset, axis1, axis2),
        "diagonal",
        diagonal,
        hand=[
            ([(2, 3)], dict(offset=0, axis1=1, axis2=0)),
            ([(3, 2)], dict(offset=-1, axis1=-2, axis2=-1)),
            ([(2, 2)], dict(offset=5, axis1=0, axis2=1)),
        ],
    )
    embed = lambda x, offset=0, dim1=-2, dim2=-1: ([x], dict(offset=offset, axis1=dim1, axis2=dim2))
    op(
        "diag_embed",
        lambda x, offset, axis1, axis2: torch.diag_embed(x, offset, axis1, axis2),
        "diag_embed",
        embed,
        hand=[
            ([(3,)], dict(offset=0, axis1=0, axis2=1)),
            ([(2, 2)], dict(offset=-1, axis1=0, axis2=2)),
            ([(2, 3)], dict(offset=0, axis1=-1, axis2=0)),
            ([(0,)], dict(offset=1, axis1=-2, axis2=-1)),
        ],
    )
    op(
        "diag",
        lambda x, offset: torch.diag(x, offset),
        "diag",
        lambda x, offset=0: ([x], dict(offset=offset)),
        hand=[([(3,)], dict(offset=-1)), ([(2, 2)], dict(offset=1))],
    )
    op("trace", torch.trace, "trace", hand=[([s], {}) for s in [(2, 2), (2, 3), (3, 1), (1, 1), (0, 0)]])
    many = lambda x, *rest: ([x, *rest], {})
    op(
        "block_diag",
        lambda *x: torch.block_diag(*x),
        hand=[
            ([(2, 2), (1, 3)], {}),
            ([(1, 1)], {}),
            ([(2, 1), (1, 2), (2, 2)], {}),
            ([(0, 2), (1, 1)], {}),
            ([(3, 1), (1, 3)], {}),
        ],
    )
    grids = lambda xy: lambda *x: torch.meshgrid(*x, indexing="xy" if xy else "ij")
    for name, xy in [("meshgrid", False), ("meshgrid_xy", True)]:
        op(name, grids(xy), hand=[([(n,) for n in ns], {}) for ns in [(2, 3), (3,), (2, 1, 2), (2, 0), (1, 1)]])
    pieces = lambda x, dim=0, **more: (x, dict(axis=dim))
    op(
        "concat",
        lambda *x, axis: torch.cat(x, axis),
        "cat",
        lambda x, dim=0: (
            (list(x), dict(axis=dim)) if all(y.dim() == x[0].dim() for y in x) else skip("an empty one of another rank")
        ),
        hand=[
            ([(2, 3), (1, 3)], dict(axis=0)),
            ([(2, 1), (2, 2), (2, 1)], dict(axis=-1)),
            ([(3,)], dict(axis=0)),
            ([(2, 0), (2, 2)], dict(axis=1)),
        ],
        most=4,
    )
    op(
        "stack",
        lambda *x, axis: torch.stack(x, axis),
        "stack",
        lambda x, dim=0: (list(x), dict(axis=dim)),
        hand=[([(), ()], dict(axis=0)), ([(2, 3)], dict(axis=1)), ([(2,), (2,), (2,)], dict(axis=-1))],
        most=4,
    )
    # Values alone: there is nothing to differentiate by.
    made = [(0.0, 1.0, 5), (-2.0, 3.0, 4), (1.0, 1.0, 3), (2.0, 0.5, 2), (3.0, 9.0, 1), (0.0, 1.0, 0)]
    op(
        "linspace",
        lambda start, end, n: torch.linspace(start, end, n),
        hand=[([], dict(start=a, end=b, n=n)) for a, b, n in made],
    )
    op(
        "arange",
        lambda start, end, step: torch.arange(start, end, step),
        hand=[
            ([], dict(start=a, end=b, step=k))
            for a, b, k in [(0.0, 4.0, 1.0), (1.0, 2.0, 0.3), (5.0, 0.0, -2.0), (2.0, 2.0, 1.0), (-1.0, 1.0, 0.25)]
        ],
    )
    op("eye", lambda n: torch.eye(n), hand=[([], dict(n=n)) for n in [0, 1, 2, 3, 5]])
    op("iota", lambda n: torch.arange(n), hand=[([], dict(n=n)) for n in [0, 1, 2, 3, 5]])
