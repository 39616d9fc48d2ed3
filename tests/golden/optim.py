"""Makes optim.txt: the first 100 steps of PyTorch's optimizers on a small network, in f64.

To rerun, with PyTorch from PyPI (`pip install torch`):

    python tests/golden/optim.py

The version used is written into the file. Another version or processor may change the last digits.
"""
import torch
from torch import optim
from torch.nn.utils import clip_grad_norm_

from writer import Golden, Numbers

STEPS = 100
SHOWN = (1, 10, 100)
SIZES = (3, 5, 4, 2)
ROWS = 8

HEAD = """
Full-batch training of a 3-5-4-2 network in f64:

    h1 = tanh(x w0 + b0);  h2 = tanh(h1 w1 + b1);  p = h2 w2 + b2;  loss = mean((p - y)^2)

with the mean over all 8 x 2 elements and w of shape [in, out] (the transpose of torch's Linear.weight).

    x, y, init.w0 .. init.b2            the data and the weights that every configuration starts from
    NAME.loss [100]                     the loss before each step
    NAME.stepK.w0 .. NAME.stepK.b2      the weights after K steps, K = 1, 10, 100
    NAME.lr [100]                       with a schedule: the rate used in each step
    NAME.norm [100]                     with clipping: the global gradient norm before it is clipped

Where PyTorch's formulas have a choice to make:

    sgd       weight decay is added to the gradient first. The first step sets the momentum buffer to the
              gradient itself: dampening applies from the second step on.
    adam      p -= lr/(1 - b1^t) m / (sqrt(v)/sqrt(1 - b2^t) + eps); weight_decay is L2, added to the gradient.
    amsgrad   keeps the maximum of v before its bias correction.
    adamw     p *= 1 - lr*weight_decay, then Adam's step.
    cosine    CosineAnnealingLR computes each rate from the one before; the closed form
              eta_min + (lr - eta_min)(1 + cos(pi t/100))/2, t from 0, agrees to about 1e-13 relative.
    clip      clip_grad_norm_ multiplies by min(1, max_norm/(norm + 1e-6)): the 1e-6 is in the divisor, and
              it matters at this precision.
    adagrad   p -= lr/(1 + (t - 1) lr_decay) g / (sqrt(s) + eps), s starting at initial_accumulator_value.
    rmsprop   p -= lr g / (sqrt(s) + eps); centered: sqrt(s - mean(g)^2) + eps; momentum accumulates g/avg,
              and the rate multiplies the buffer.
    adadelta  s = rho s + (1 - rho) g^2; e = g sqrt(d + eps)/sqrt(s + eps); d = rho d + (1 - rho) e^2; p -= lr e.
    adamax    u = max(b2 u, |g| + eps); p -= lr/(1 - b1^t) m/u.
    nadam     mu_t = b1 (1 - 0.96^(t momentum_decay)/2), M_t = mu_1 ... mu_t, den = sqrt(v/(1 - b2^t)) + eps;
              p -= lr (1 - mu_t)/(1 - M_t) g/den + lr mu_(t+1)/(1 - M_(t+1)) m/den.

Options not shown with a configuration have PyTorch's defaults: betas=(0.9, 0.999) and eps=1e-8 for the
Adam family (nadam: momentum_decay=0.004), eps=1e-10 for Adagrad, alpha=0.99 and eps=1e-8 for RMSprop,
rho=0.9 and eps=1e-6 for Adadelta.
"""

CONFIGS = [
    # name, optimizer, options, clip norm, cosine schedule's options
    ("sgd", optim.SGD, dict(lr=0.1), None, None),
    ("sgd_momentum", optim.SGD, dict(lr=0.1, momentum=0.9), None, None),
    ("sgd_dampening", optim.SGD, dict(lr=0.1, momentum=0.9, dampening=0.5), None, None),
    ("sgd_nesterov", optim.SGD, dict(lr=0.1, momentum=0.9, nesterov=True), None, None),
    ("sgd_decay", optim.SGD, dict(lr=0.1, weight_decay=0.01), None, None),
    # PyTorch allows Nesterov momentum only without dampening, so "everything at once" is two cases.
    ("sgd_dampening_decay", optim.SGD, dict(lr=0.05, momentum=0.8, dampening=0.3, weight_decay=0.02), None, None),
    ("sgd_nesterov_decay", optim.SGD, dict(lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.02), None, None),
    ("adam", optim.Adam, dict(lr=1e-2), None, None),
    ("adam_l2", optim.Adam, dict(lr=1e-2, betas=(0.8, 0.95), eps=1e-5, weight_decay=0.03), None, None),
    ("adam_amsgrad", optim.Adam, dict(lr=1e-2, betas=(0.9, 0.9), amsgrad=True), None, None),
    ("adamw", optim.AdamW, dict(lr=1e-2, weight_decay=0.05), None, None),
    ("adam_cosine", optim.Adam, dict(lr=1e-2), None, dict(T_max=100)),
    ("adam_cosine_floor", optim.Adam, dict(lr=1e-2), None, dict(T_max=100, eta_min=1e-3)),
    ("clip_sgd", optim.SGD, dict(lr=0.1), 0.1, None),
    ("clip_adamw", optim.AdamW, dict(lr=1e-2, weight_decay=0.05), 0.1, None),
    ("adagrad", optim.Adagrad, dict(lr=0.02), None, None),
    ("adagrad_decay", optim.Adagrad, dict(lr=0.1, lr_decay=0.1, weight_decay=0.01, initial_accumulator_value=0.1), None, None),
    ("rmsprop", optim.RMSprop, dict(lr=1e-3), None, None),
    ("rmsprop_centered", optim.RMSprop, dict(lr=1e-3, centered=True), None, None),
    # Rates at which rounding does not grow: near the minimum, steps of a fixed length go back and forth.
    ("rmsprop_momentum", optim.RMSprop, dict(lr=5e-4, alpha=0.9, momentum=0.5), None, None),
    ("rmsprop_mixed", optim.RMSprop, dict(lr=1e-3, alpha=0.9, momentum=0.5, centered=True, weight_decay=0.01), None, None),
    ("adadelta", optim.Adadelta, dict(lr=1.0), None, None),
    ("adamax", optim.Adamax, dict(lr=2e-2), None, None),
    ("nadam", optim.NAdam, dict(lr=2e-3), None, None),
]

NAMES = [f"{kind}{i}" for i in range(len(SIZES) - 1) for kind in "wb"]


def problem():
    """The data and the initial weights, as (x, y, {name: tensor})."""
    numbers = Numbers(20)
    x, y = numbers(ROWS, SIZES[0], scale=1.5), numbers(ROWS, SIZES[-1])
    weights = {}
    for i, (n, m) in enumerate(zip(SIZES, SIZES[1:])):
        weights[f"w{i}"] = numbers(n, m, scale=n ** -0.5, digits=4)
        weights[f"b{i}"] = numbers(m, scale=n ** -0.5, digits=4)
    return x, y, weights


def loss_of(x, y, p):
    h = torch.tanh(x @ p["w0"] + p["b0"])
    h = torch.tanh(h @ p["w1"] + p["b1"])
    return ((h @ p["w2"] + p["b2"] - y) ** 2).mean()


def train(make, options, clip, cosine, x, y, weights):
    """Yields (loss, rate, norm, weights) for each step: the first three before it, the weights after."""
    p = {k: w.clone().requires_grad_() for k, w in weights.items()}
    opt = make(p.values(), **options)
    schedule = optim.lr_scheduler.CosineAnnealingLR(opt, **cosine) if cosine else None
    for _ in range(STEPS):
        opt.zero_grad()
        loss = loss_of(x, y, p)
        loss.backward()
        norm = clip_grad_norm_(p.values(), clip if clip else float("inf"))
        rate = opt.param_groups[0]["lr"]
        opt.step()
        if schedule:
            schedule.step()
        yield loss.item(), rate, norm.item(), {k: w.detach().clone() for k, w in p.items()}


def main():
    out = Golden("optim.txt", HEAD)
    x, y, weights = problem()
    out.blank()
    out.put("x", x)
    out.put("y", y)
    for k in NAMES:
        out.put(f"init.{k}", weights[k])
    for name, make, options, clip, cosine in CONFIGS:
        out.blank()
        call = f"{make.__name__}({', '.join(f'{k}={v}' for k, v in options.items())})"
        if clip:
            call = f"clip_grad_norm_({clip}), then {call}"
        if cosine:
            call += f" with CosineAnnealingLR({', '.join(f'{k}={v}' for k, v in cosine.items())})"
        out.comment(f"{name}: {call}")
        steps = list(train(make, options, clip, cosine, x, y, weights))
        out.put(f"{name}.loss", [s[0] for s in steps])
        if cosine:
            out.put(f"{name}.lr", [s[1] for s in steps])
        if clip:
            norms = [s[2] for s in steps]
            assert max(norms) > clip, f"{name}: nothing was clipped"
            out.put(f"{name}.norm", norms)
        for k in SHOWN:
            for n in NAMES:
                out.put(f"{name}.step{k}.{n}", steps[k - 1][3][n])
    out.save()


if __name__ == "__main__":
    main()
