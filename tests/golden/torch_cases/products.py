"""Products of matrices and tensors."""

import torch

from torch_ops import skip


def cases(family):
    op = family.op
    two = lambda a, b: ([a, b], {})
    op(
        "matmul",
        torch.matmul,
        "matmul",
        two,
        most=5,
        hand=[
            ([(2, 3), (3, 2)], {}),
            ([(2, 2, 3), (3, 2)], {}),
            ([(2, 1, 2, 3), (2, 3, 1)], {}),
            ([(1, 3), (3, 1)], {}),
            ([(2, 0), (0, 3)], {}),
            ([(0, 2), (2, 3)], {}),
            ([(3,), (3,)], {}),
            ([(2, 3), (3,)], {}),
            ([(3,), (2, 3, 2)], {}),
        ],
    )
    op("dot", torch.dot, "dot", two, hand=[([(n,), (n,)], {}) for n in [1, 2, 3, 6, 0]])
    op(
        "outer",
        torch.outer,
        "outer",
        two,
        hand=[([(2,), (3,)], {}), ([(1,), (4,)], {}), ([(3,), (1,)], {}), ([(0,), (2,)], {}), ([(2,), (2,)], {})],
    )
    op(
        "kron",
        torch.kron,
        "kron",
        two,
        hand=[
            ([(2, 2), (2, 3)], {}),
            ([(1, 2), (2, 1)], {}),
            ([(2,), (3,)], {}),
            ([(2, 1), (3,)], {}),
            ([(2, 2), ()], {}),
            ([(1, 2, 2), (2, 1, 2)], {}),
        ],
    )
    op(
        "einsum",
        lambda *x, equation: torch.einsum(equation, *x),
        "einsum",
        lambda x, equation: (list(x), dict(equation=equation)),
        most=11,
        hand=[
            ([(2, 3), (3, 2), (2, 2)], dict(equation="ij,jk,kl->il")),
            ([(2, 2, 3), (2, 3)], dict(equation="bij,bj->bi")),
            ([(3, 3)], dict(equation="ii->")),
            ([(3, 3)], dict(equation="ii->i")),
            ([(2, 3)], dict(equation="ij->ji")),
            ([(2, 3), (2, 3)], dict(equation="ij,ij->")),
            ([(2, 3), (3, 2)], dict(equation="ij,jk")),
            ([(2, 1, 3), (3, 2)], dict(equation="...i,ij->...j")),
        ],
    )

    def dims(a, b, dims):
        if isinstance(dims, int):
            return [a, b], dict(a=list(range(a.dim() - dims, a.dim())), b=list(range(dims)))
        return [a, b], dict(a=list(dims[0]), b=list(dims[1]))

    op(
        "tensordot",
        lambda x, y, a, b: torch.tensordot(x, y, (a, b)),
        "tensordot",
        dims,
        hand=[
            ([(2, 3), (3, 2)], dict(a=[1], b=[0])),
            ([(2, 3, 2), (2, 2, 3)], dict(a=[1, 2], b=[2, 0])),
            ([(2,), (3,)], dict(a=[], b=[])),
            ([(2, 3), (2, 3)], dict(a=[0, 1], b=[0, 1])),
            ([(2, 3), (3,)], dict(a=[-1], b=[-1])),
        ],
    )
    op(
        "inner",
        torch.inner,
        "inner",
        two,
        hand=[
            ([(2, 3), (3,)], {}),
            ([(2, 3), (2, 3)], {}),
            ([(3,), (2, 2, 3)], {}),
            ([(2, 0), (3, 0)], {}),
            ([(1, 1), (1,)], {}),
        ],
    )
    op(
        "vecdot",
        lambda a, b, axis: torch.linalg.vecdot(a, b, dim=axis),
        "linalg.vecdot",
        lambda a, b, dim=-1: ([a, b], dict(axis=dim)),
        hand=[([(2, 3), (3,)], dict(axis=-1)), ([(3, 2), (3, 1)], dict(axis=0)), ([(1, 3), (2, 3)], dict(axis=1))],
        most=5,
    )
    op(
        "cross",
        lambda a, b, axis: torch.linalg.cross(a, b, dim=axis),
        "linalg.cross",
        lambda a, b, dim=-1: ([a, b], dict(axis=dim)),
        hand=[
            ([(3,), (3,)], dict(axis=0)),
            ([(3, 2), (3, 1)], dict(axis=0)),
            ([(2, 3, 2), (1, 3, 2)], dict(axis=-2)),
            ([(0, 3), (1, 3)], dict(axis=1)),
        ],
    )
    # By its formula, which PyTorch has no second order for in one piece; points that coincide have no derivative there.
    op(
        "cdist",
        lambda a, b: torch.linalg.vector_norm(a.unsqueeze(-2) - b.unsqueeze(-3), dim=-1),
        hand=[
            ([(2, 3), (3, 3)], {}),
            ([(1, 2), (2, 2)], {}),
            ([(2, 2, 2), (3, 2)], {}),
            ([(2, 1), (2, 1)], {}),
            ([(0, 2), (2, 2)], {}),
        ],
    )
    op(
        "cosine_similarity",
        lambda a, b, axis, eps: torch.nn.functional.cosine_similarity(a, b, dim=axis, eps=eps),
        "nn.functional.cosine_similarity",
        lambda a, b, dim=1, eps=1e-8: ([a, b], dict(axis=dim, eps=eps)),
        hand=[
            ([(3,), (3,)], dict(axis=0, eps=1e-8)),
            ([(2, 3), (3,)], dict(axis=-1, eps=1e-8)),
            ([(3, 2), (3, 1)], dict(axis=0, eps=1e-3)),
            ([(2, 1, 2), (3, 1)], dict(axis=1, eps=1e-8)),
            # Of a norm below eps, PyTorch's derivatives in the two modes differ.
            ([(1, 3), (2, 3)], dict(axis=1, eps=50.0), "value"),
        ],
        most=3,
    )
