"""Reading and writing by index."""

import torch

from torch_ops import skip

t = torch.tensor


def cases(family):
    op = family.op

    # The database has one index, of one axis.
    def index_select(x, axis, index):
        axis %= x.dim()
        return x.index_select(axis, index.reshape(-1)).reshape(x.shape[:axis] + index.shape + x.shape[axis + 1 :])

    op(
        "index_select",
        lambda x, index, axis: index_select(x, axis, index),
        "index_select",
        lambda x, dim, index: ([x, index], dict(axis=dim)) if x.dim() else skip("a scalar"),
        hand=[
            ([(4,), t([2, 0, 2])], dict(axis=0)),
            ([(2, 3), t([[0, 2], [1, 1]])], dict(axis=1)),
            ([(3, 2), t(1)], dict(axis=-2)),
            ([(3, 2), t([], dtype=torch.int64)], dict(axis=0)),
            ([(2, 3, 2), t([2, 0])], dict(axis=1)),
        ],
    )
    lines = [
        ([(3,), t([2, 0, 2, 1])], dict(axis=0)),
        ([(2, 3), t([[0, 2], [1, 1]])], dict(axis=1)),
        ([(3, 2), t([[2, 0], [0, 0]])], dict(axis=-2)),
        ([(3, 2), t([[1], [0], [1]])], dict(axis=1)),
        ([(2, 2, 2), t([[[0, 1]], [[1, 1]]])], dict(axis=1)),
        ([(2, 3), torch.zeros(2, 0, dtype=torch.int64)], dict(axis=1)),
    ]
    # PyTorch takes an index of more axes for an empty one.
    op(
        "gather",
        lambda x, index, axis: x.gather(axis, index),
        "gather",
        lambda x, dim, index: ([x, index], dict(axis=dim)) if x.dim() == index.dim() else skip("an index of other rank"),
        hand=lines,
    )
    # Each place once: where several sources meet, PyTorch's gradient counts all of them.
    apart = [
        ([(3,), t([2, 0]), (2,)], dict(axis=0)),
        ([(2, 3), t([[0, 2], [1, 0]]), (2, 2)], dict(axis=1)),
        ([(3, 2), t([[2, 0]]), (1, 2)], dict(axis=-2)),
        ([(2, 3), t([[1], [2]]), (2, 3)], dict(axis=1)),
        ([(2, 2, 2), t([[[0, 1]], [[1, 0]]]), (2, 1, 2)], dict(axis=1)),
        ([(2, 3), torch.zeros(2, 0, dtype=torch.int64), (2, 0)], dict(axis=1)),
    ]
    # PyTorch has no gradient for a source longer than the index.
    used = lambda source, index: source[tuple(slice(n) for n in index.shape)]
    op("scatter", lambda x, index, source, axis: x.scatter(axis, index, used(source, index)), hand=apart)
    same = [
        ([(3,), t([2, 0, 2]), (3,)], dict(axis=0)),
        ([(2, 3), t([[0, 0], [1, 1]]), (2, 2)], dict(axis=1)),
        ([(2, 2), t([[0, 0], [0, 1]]), (3, 2)], dict(axis=0)),
    ]
    op(
        "scatter_add",
        lambda x, index, source, axis: x.scatter_add(axis, index, used(source, index)),
        "scatter_add",
        lambda x, dim, index, source: ([x, index, source], dict(axis=dim)),
        hand=apart + same,
        most=3,
    )
    slices = [
        ([(4,), t([2, 0]), (2,)], dict(axis=0)),
        ([(2, 3), t([2, 0]), (2, 2)], dict(axis=1)),
        ([(3, 2), t([1]), (1, 2)], dict(axis=-2)),
        ([(2, 3, 2), t([0, 2]), (2, 2, 2)], dict(axis=1)),
        ([(3, 2), t([], dtype=torch.int64), (0, 2)], dict(axis=0)),
    ]
    again = [([(3, 2), t([1, 1, 0]), (3, 2)], dict(axis=0)), ([(2, 2), t([1, 0, 1]), (2, 3)], dict(axis=1))]
    op("index_add", lambda x, index, source, axis: x.index_add(axis, index, source), hand=slices + again)
    op(
        "index_copy",
        lambda x, index, source, axis: x.index_copy(axis, index, source),
        "index_copy",
        lambda x, dim, index, source: ([x, index, source], dict(axis=dim)) if x.dim() else skip("a scalar"),
        hand=slices,
        most=2,
    )
    op(
        "index_fill",
        lambda x, index, value, axis: x.index_fill(axis, index, value),
        "index_fill",
        lambda x, dim, index, value: (
            ([x, index, value], dict(axis=dim))
            if isinstance(value, torch.Tensor) and x.dim()
            else skip("a number as the value, or a scalar")
        ),
        hand=[([x, index, ()], args) for (x, index, _), args in slices + again],
        most=2,
    )
    op(
        "take",
        lambda x, index: x.take(index),
        "take",
        lambda x, index: ([x, index % max(1, x.numel())], {}) if x.numel() or not index.numel() else skip("nothing to take"),
        hand=[
            ([(2, 3), t([[5, 0], [2, 2]])], {}),
            ([(4,), t(3)], {}),
            ([(2, 2), t([1, 1, 0])], {}),
            ([(3,), t([], dtype=torch.int64)], {}),
        ],
    )
    op(
        "one_hot",
        lambda x, classes: torch.nn.functional.one_hot(x, classes).bool(),
        hand=[([t(x)], dict(classes=n)) for x, n in [([0, 2, 1], 3), ([[1, 0], [3, 3]], 4), (2, 5), ([0], 1), ([1, 1], 2)]],
    )

    def segment_sum(x, index, rows):
        flat = x.reshape((-1,) + x.shape[index.dim() :])
        return torch.zeros((rows,) + flat.shape[1:]).index_add(0, index.reshape(-1), flat)

    op(
        "segment_sum",
        segment_sum,
        hand=[
            ([(3,), t([1, 0, 1])], dict(rows=2)),
            ([(3, 2), t([3, 0, 3])], dict(rows=4)),
            ([(2, 2), t([[0, 1], [1, 1]])], dict(rows=3)),
            ([(1, 2, 2), t([[0, 1]])], dict(rows=2)),
            ([(0, 2), t([], dtype=torch.int64)], dict(rows=2)),
        ],
    )

    points = [
        ([(4,), t([2, 0, 2])], {}),
        ([(3, 2), t([2, 0])], {}),
        ([(3, 2), t([2, 0]), t([1, 1])], {}),
        ([(2, 3, 2), t([[0], [1]]), t([2, 0])], {}),
        ([(2, 3), t(1), t([0, 2])], {}),
        ([(2, 3), t([], dtype=torch.int64)], {}),
        ([(2, 2, 2), t([1, 0]), t([0, 1]), t([1, 1])], {}),
    ]
    op("index", lambda x, *index: x[index], hand=points)

    def with_source(x, *index):
        shape = tuple(torch.zeros(x)[index].shape)
        return [x, *index, shape]

    op(
        "index_put",
        lambda x, *rest: x.index_put(rest[:-1], rest[-1]),
        hand=[(with_source(*x), {}) for x, _ in points[1:]] + [([(3, 2), t([2, 0]), ()], {})],
    )
    op(
        "index_put_add",
        lambda x, *rest: x.index_put(rest[:-1], rest[-1], accumulate=True),
        hand=[(with_source(*x), {}) for x, _ in points] + [([(3, 2), t([2, 2]), (2,)], {})],
    )
