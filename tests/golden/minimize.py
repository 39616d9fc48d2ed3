"""Makes minimize.txt: iterations of PyTorch's L-BFGS with its strong Wolfe line search, in f64.

To rerun, with PyTorch from PyPI (`pip install torch`):

    python tests/golden/minimize.py

The version used is written into the file. Another version or processor may change the last digits.
"""
import torch

from optim import NAMES, loss_of, problem
from writer import Golden

HEAD = """
    rosenbrock: 100 (y - x^2)^2 + (1 - x)^2 from (-1.2, 1)
    rosenbrock_10: its sum over neighbours of ten variables, from (-1.2, 1, -1.2, 1, ...)
    network: the network and data of optim.txt

    NAME.losses [n + 1]     the loss at the start, and after 1, 2, ... n iterations
    NAME.places [n + 1, m]  the variables then
    NAME.gradient [n + 1]   the largest element of the gradient then, without its sign
    network.stepK.w0 ..     the weights after K iterations

_short: with a history of 3. _lr: with a first length of 0.3. Tolerances are 0 but for _default, which ends by itself.
"""


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def minimize(start, loss, iterations, **options):
    """The variables, loss and gradient after so many iterations from the start."""
    p = [torch.nn.Parameter(s.clone()) for s in start]
    opt = torch.optim.LBFGS(p, max_iter=iterations, max_eval=10000, line_search_fn="strong_wolfe", **options)

    def closure():
        opt.zero_grad()
        value = loss(p)
        value.backward()
        return value

    if iterations:
        opt.step(closure)
    value = closure()
    made = opt.state[p[0]].get("n_iter", 0) if iterations else 0
    return [w.detach().clone() for w in p], value.item(), max(w.grad.abs().max().item() for w in p), made


def main():
    out = Golden("minimize.txt", HEAD)
    x, y, weights = problem()
    out.put("x", x)
    out.put("y", y)
    for k in NAMES:
        out.put(f"init.{k}", weights[k])
    exact = dict(tolerance_grad=0.0, tolerance_change=0.0)

    def case(name, start, loss, most, options, places=True, shown=()):
        found = [minimize(start, loss, n, **options) for n in range(most + 1)]
        # Up to where it ends by itself.
        moved = lambda n: n == 0 or any((a != b).any() for a, b in zip(found[n][0], found[n - 1][0]))
        found = [f for n, f in enumerate(found) if f[3] == n and moved(n)]
        out.blank()
        out.put(f"{name}.losses", [f[1] for f in found])
        out.put(f"{name}.gradient", [f[2] for f in found])
        if places:
            out.put(f"{name}.places", torch.stack([torch.cat([w.flatten() for w in f[0]]) for f in found]))
        for k in shown:
            for n, w in zip(NAMES, found[k][0]):
                out.put(f"{name}.step{k}.{n}", w)

    valley = lambda p: rosenbrock(p[0])
    case("rosenbrock", [torch.tensor([-1.2, 1.0])], valley, 33, exact)
    case("rosenbrock_default", [torch.tensor([-1.2, 1.0])], valley, 60, dict())
    case("rosenbrock_short", [torch.tensor([-1.2, 1.0])], valley, 20, dict(history_size=3, **exact))
    case("rosenbrock_10", [torch.tensor([-1.2, 1.0] * 5)], valley, 30, exact)
    case("rosenbrock_10_lr", [torch.tensor([-1.2, 1.0] * 5)], valley, 30, dict(lr=0.3, history_size=5, **exact))
    net = lambda p: loss_of(x, y, dict(zip(NAMES, p)))
    case("network", [weights[n] for n in NAMES], net, 30, exact, places=False, shown=(1, 10, 30))
    out.save()


if __name__ == "__main__":
    main()
