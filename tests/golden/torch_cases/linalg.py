"""The ops of chainrule-linalg. What depends on the sign of a vector is squared, or multiplied by another of that sign."""

import torch

from torch_ops import skip

linalg = torch.linalg


def cases(family):
    op = family.op
    numbers = family.numbers

    def positive(*shape):
        x = numbers(*shape)
        return x @ x.mT + torch.eye(shape[-1])

    def regular(*shape):
        return numbers(*shape) + 3 * torch.eye(shape[-2], shape[-1])

    squares = [([regular(*s)], {}) for s in [(2, 2), (3, 3), (2, 2, 2), (1, 1), (4, 4)]]
    lone = lambda x, **more: ([x], {})
    both = lambda a, b: ([a, b], {})

    def lower(x, upper=False):
        return ([x], {}) if not upper else skip("upper=True")

    # PyTorch reads one triangle, but its forward mode takes tangents for symmetric ones.
    even = lambda a: (a + a.mT) * 0.5
    op(
        "cholesky",
        lambda a: linalg.cholesky(even(a)),
        "linalg.cholesky",
        lower,
        most=3,
        hand=[([positive(*s)], {}) for s in [(2, 2), (3, 3), (2, 2, 2), (1, 1), (4, 4)]],
    )
    # PyTorch reads one triangle, but has a gradient for all of the factor.
    op(
        "cholesky_solve",
        lambda b, l: torch.cholesky_solve(b, l.tril()),
        hand=[([numbers(n, k), regular(n, n).tril()], {}) for n, k in [(2, 1), (3, 2), (1, 3), (4, 1)]]
        + [([numbers(2, 2, 1), regular(2, 2, 2).tril()], {})],
    )
    op(
        "solve",
        linalg.solve,
        "linalg.solve",
        both,
        most=4,
        hand=[
            ([regular(2, 2), numbers(2, 3)], {}),
            ([regular(3, 3), numbers(3)], {}),
            ([regular(2, 2, 2), numbers(2, 2, 1)], {}),
            ([regular(1, 1), numbers(1, 1)], {}),
        ],
    )
    op(
        "solve_triangular",
        lambda a, b, upper, left, unit: linalg.solve_triangular(a, b, upper=upper, left=left, unitriangular=unit),
        hand=[
            ([regular(*a), numbers(*b)], dict(upper=u, left=l, unit=one))
            for a, b, u, l, one in [
                ((2, 2), (2, 3), False, True, False),
                ((3, 3), (3, 1), True, True, False),
                ((3, 3), (2, 3), False, False, False),
                ((2, 2), (2, 2), True, True, True),
                ((2, 2, 2), (2, 2, 1), False, True, True),
                ((2, 2), (1, 2), True, False, True),
            ]
        ],
    )
    op("inverse", linalg.inv, "linalg.inv", lone, most=3, hand=squares)
    op("det", linalg.det, "linalg.det", lone, most=5, hand=squares)
    op("slogdet", lambda a: tuple(linalg.slogdet(a)), "linalg.slogdet", lone, most=5, hand=squares)
    op("logdet", torch.logdet, "logdet", lone, most=5, hand=squares)
    tall = [(3, 2), (2, 2), (2, 3, 2), (4, 1), (3, 3)]
    op("qr", lambda a: tuple(linalg.qr(a)), hand=[([numbers(*s)], {}) for s in tall + [(2, 3)]])
    symmetric = [([positive(*s)], {}) for s in [(2, 2), (3, 3), (2, 2, 2), (1, 1), (4, 4)]]

    def eigh(a):
        values, vectors = linalg.eigh(even(a))
        return values, vectors.square()

    op("eigh", eigh, hand=symmetric)
    op("eigvalsh", lambda a: linalg.eigvalsh(even(a)), hand=symmetric)
    any_shape = [([numbers(*s)], {}) for s in [(2, 2), (3, 2), (2, 3), (2, 2, 3), (3, 3)]]

    def svd(a):
        u, s, vt = linalg.svd(a, full_matrices=False)
        return u.square(), s, vt.square(), u @ vt

    op("svd", svd, hand=any_shape)
    op("svdvals", linalg.svdvals, "linalg.svdvals", lone, most=3, hand=any_shape)
    op("pinv", linalg.pinv, hand=any_shape)
    op("pinv_cutoff", lambda a, cutoff: linalg.pinv(a, rtol=cutoff), hand=[(x, dict(cutoff=1e-9)) for x, _ in any_shape])
    op(
        "lstsq",
        lambda a, b: linalg.lstsq(a, b).solution,
        hand=[
            ([numbers(*a), numbers(*b)], {})
            for a, b in [((3, 2), (3, 2)), ((4, 2), (4, 1)), ((2, 3), (2, 1)), ((2, 3, 2), (2, 3, 1)), ((2, 2), (2, 2))]
        ],
    )
    op(
        "matrix_exp",
        torch.matrix_exp,
        "matrix_exp",
        lone,
        most=3,
        hand=[([numbers(*s)], {}) for s in [(2, 2), (3, 3), (2, 2, 2), (1, 1)]] + [([numbers(2, 2) * 9], {})],
    )
    op(
        "matrix_power",
        lambda a, n: linalg.matrix_power(a, n),
        "linalg.matrix_power",
        lambda a, n: ([a], dict(n=n)),
        hand=[([regular(2, 2)], dict(n=n)) for n in [0, 1, 2, -2, 5]],
        most=3,
    )
    orders = {"fro": "frobenius", "nuc": "nuclear", 2: "spectral", 1: "one", torch.inf: "infinity"}
    of = {name: order for order, name in orders.items()}
    op(
        "matrix_norm",
        lambda a, kind: linalg.matrix_norm(a, of[kind]),
        "linalg.matrix_norm",
        lambda a, order="fro", dim=(-2, -1), keepdim=False: (
            ([a], dict(kind=orders[order]))
            if order in orders and tuple(dim) == (-2, -1) and not keepdim
            else skip("axes, keepdim or order")
        ),
        hand=[([numbers(2, 3)], dict(kind=kind)) for kind in of] + [([numbers(2, 2, 2)], dict(kind=kind)) for kind in of],
        most=5,
    )
    op("cond", linalg.cond, hand=[(x, {}) for x, _ in squares[:2] + squares[-1:] + any_shape[1:4]])
    op(
        "lu",
        lambda a: tuple(linalg.lu(a)),
        "linalg.lu",
        lambda a, pivot=True: ([a], {}) if pivot else skip("without pivots"),
        most=3,
        hand=[([numbers(*s)], {}) for s in [(2, 2), (3, 2), (2, 3), (2, 3, 3), (1, 1)]],
    )
    op(
        "matrix_rank",
        linalg.matrix_rank,
        hand=[
            ([x], {})
            for x in [
                numbers(2, 2),
                numbers(3, 2),
                torch.ones(2, 3),
                torch.zeros(2, 2),
                torch.stack([torch.eye(3), torch.ones(3, 3)]),
            ]
        ],
        value=True,
    )
