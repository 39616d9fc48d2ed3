"""Values and gradients of the matrix functions (PyTorch 2, f64), one array a line: name, colon, elements in row-major order.

    python3 linalg.py > linalg.txt

A gradient is that of the sum of all elements times cos 0, cos 1, ... in row-major order.
"""
import torch
from torch import linalg

torch.set_default_dtype(torch.float64)


def show(name, *values):
    elements = [repr(x) for y in values for x in y.detach().reshape(-1).tolist()]
    print(f"{name}:", " ".join(elements))


def weighed(y):
    return (y.reshape(-1) * torch.arange(y.numel(), dtype=y.dtype).cos()).sum()


def both(name, f, *x):
    """f's results, and the gradients of each input."""
    x = [x.detach().clone().requires_grad_() for x in x]
    y = f(*x)
    y = [y] if isinstance(y, torch.Tensor) else y
    show(name, *y)
    show(name + " gradient", *torch.autograd.grad(sum(weighed(y) for y in y), x))


print(f"# Made by linalg.py with PyTorch {torch.__version__}, do not edit.")

A = torch.tensor([[1.5, 0.2, -0.4], [0.8, -1.1, 0.6], [0.3, 0.7, 2.0]])
B = torch.tensor([[0.5, -1.0], [2.0, 0.3], [1.5, -0.7]])
TALL = torch.tensor([[0.5, -1.2], [2.0, 0.3], [1.5, -0.7], [0.1, 0.9]])
WIDE = TALL.T.contiguous()
POSITIVE = A @ A.T + torch.eye(3)
SYMMETRIC = (A + A.T) / 2
RANK2 = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]) @ torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]])
ONE = torch.eye(3)

both("cholesky", linalg.cholesky, POSITIVE)
both("cholesky_solve", lambda b, l: torch.cholesky_solve(b, l.tril()), B, linalg.cholesky(POSITIVE))
both("upper", lambda a, b: linalg.solve_triangular(a, b, upper=True), A, B)
both("lower unit", lambda a, b: linalg.solve_triangular(a, b, upper=False, unitriangular=True), A, B)
both("lower right", lambda a, b: linalg.solve_triangular(a, b.T, upper=False, left=False), A, B)
both("solve", linalg.solve, A, B)
both("inverse", linalg.inv, A)
both("det", linalg.det, A)
both("slogdet", lambda a: linalg.slogdet(a)[:2], A)
for name, x in [("square", A), ("tall", TALL), ("wide", WIDE)]:
    both("lu " + name, lambda a: linalg.lu(a)[1:], x)
    both("qr " + name, lambda a: tuple(linalg.qr(a)), x)
    # Signs are free.
    both("svd " + name, lambda a: [y.square() for y in linalg.svd(a, full_matrices=False)], x)
    both("pinv " + name, linalg.pinv, x)
both("eigh", lambda a: [y.square() for y in linalg.eigh(a)], SYMMETRIC)
both("eigvalsh one", linalg.eigvalsh, ONE)
both("svdvals one", linalg.svdvals, ONE)
show("svdvals", linalg.svdvals(RANK2))
both("lstsq", lambda a, b: linalg.lstsq(a, b).solution, TALL, torch.cat([B, B[:1]]))
show("lstsq wide", linalg.lstsq(WIDE, B[:2], driver="gelsd").solution)
both("exp", torch.matrix_exp, A)
both("exp scaled", lambda a: torch.matrix_exp(10 * a), A)
both("power", lambda a: linalg.matrix_power(a, -3), A)
for name, order in [("frobenius", "fro"), ("nuclear", "nuc"), ("spectral", 2), ("one", 1), ("infinity", float("inf"))]:
    both(name, lambda a: linalg.matrix_norm(a, order), A)
both("spectral of one", lambda a: linalg.matrix_norm(a, 2), ONE)
both("cond", linalg.cond, A)
