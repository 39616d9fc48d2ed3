"""Makes optim_more.txt: 100 steps of further optimizers on optim.py's network, in f64.

To rerun, with PyTorch, optax and jax from PyPI (`pip install torch optax`):

    python tests/golden/optim_more.py

PyTorch where it has the optimizer, else optax, else the paper's formula written here in plain tensor operations. Another
version or processor may change the last digits.
"""
import math

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import optax
import optax.contrib
import torch
from torch import optim
from torch.optim import _muon

from optim import NAMES, loss_of, problem
from writer import Golden

STEPS = 100
SHOWN = (1, 100)
LOSSES = range(9, STEPS, 10)

HEAD = """
The data, the network and its initial weights are those of optim.txt.

    NAME.loss [10]                      the loss before the steps 10, 20, .. 100
    NAME.stepK.w0 .. NAME.stepK.b2      the weights after K steps, K = 1, 100
    NAME.found.w0 .. NAME.found.b2      the weights to evaluate with, after 100 steps, where they are others

What the comment before a configuration names made it:

    torch     torch.optim, in its defaults but for what is shown. Muon's iteration is done in f64 instead of bfloat16.
    optax     optax, in its defaults but for what is shown, in f64.
    formula   this file, from the paper.

A cosine is a rate that falls as (1 + cos(pi t/100))/2, t from 0.
"""


def cosine(t):
    return (1 + math.cos(math.pi * t / STEPS)) / 2


def orthogonal(g, coefficients, steps, eps):
    """PyTorch's Newton-Schulz iteration without its cast to bfloat16."""
    a, b, c = coefficients
    x = g.T if g.size(0) > g.size(1) else g
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        s = x @ x.T
        x = a * x + (b * s + c * (s @ s)) @ x
    return x.T if g.size(0) > g.size(1) else x


_muon._zeropower_via_newtonschulz = orthogonal


def by_torch(make, **options):
    schedule = options.pop("cosine", False)

    def train(x, y, weights):
        p = {k: w.clone().requires_grad_() for k, w in weights.items()}
        opts = make(p, options)
        rates = [group["lr"] for opt in opts for group in opt.param_groups]
        for t in range(STEPS):
            groups = [group for opt in opts for group in opt.param_groups]
            for group, rate in zip(groups, rates):
                group["lr"] = rate * cosine(t) if schedule else rate
            for opt in opts:
                opt.zero_grad()
            loss = loss_of(x, y, p)
            loss.backward()
            for opt in opts:
                opt.step()
            yield loss.item(), {k: w.detach().clone() for k, w in p.items()}
        if isinstance(opts[0], optim.ASGD):
            yield {k: opts[0].state[w]["ax"].clone() for k, w in p.items()}

    return train


def one(cls):
    return lambda p, options: [cls(p.values(), **options)]


def matrices_by_muon(p, options):
    options = dict(options)
    others, betas = options.pop("others"), options.pop("others_betas", (0.9, 0.999))
    muon = [w for w in p.values() if w.dim() == 2]
    rest = [w for w in p.values() if w.dim() != 2]
    decay = options.get("weight_decay", 0.1)
    adamw = optim.AdamW(rest, lr=options["lr"] * others, betas=betas, weight_decay=decay)
    return [optim.Muon(muon, **options), adamw]


def by_optax(make, **options):
    schedule = options.pop("cosine", False)
    if schedule:
        rate = options["learning_rate"]
        options["learning_rate"] = lambda t: rate * (1 + jnp.cos(jnp.pi * t / STEPS)) / 2

    def train(x, y, weights):
        x, y = jnp.array(x.numpy()), jnp.array(y.numpy())
        p = {k: jnp.array(w.numpy()) for k, w in weights.items()}

        def loss_at(p):
            h = jnp.tanh(x @ p["w0"] + p["b0"])
            h = jnp.tanh(h @ p["w1"] + p["b1"])
            return ((h @ p["w2"] + p["b2"] - y) ** 2).mean()

        rule = make(**options)
        state = rule.init(p)

        @jax.jit
        def step(p, state):
            loss, g = jax.value_and_grad(loss_at)(p)
            updates, state = rule.update(g, state, p)
            return loss, optax.apply_updates(p, updates), state

        tensors = lambda p: {k: torch.from_numpy(__import__("numpy").array(w)) for k, w in p.items()}
        for _ in range(STEPS):
            loss, p, state = step(p, state)
            yield float(loss), tensors(p)
        if isinstance(state, optax.contrib._schedule_free.ScheduleFreeState):
            yield tensors(optax.contrib.schedule_free_eval_params(state, p))

    return train


def by_formula(rule):
    """A rule is a generator function of the weights and the loss's gradient: it yields the weights after each step."""

    def train(x, y, weights):
        def slope(p, target=y):
            leaves = {k: w.detach().clone().requires_grad_() for k, w in p.items()}
            loss = loss_of(x, target, leaves)
            loss.backward()
            return loss.item(), {k: w.grad for k, w in leaves.items()}

        yield from rule({k: w.clone() for k, w in weights.items()}, slope)

    return train


def heavy_ball(lr, beta):
    def rule(p, slope):
        before = dict(p)
        for t in range(STEPS):
            loss, g = slope(p)
            after = {k: p[k] - lr * cosine(t) * g[k] + beta * (p[k] - before[k]) for k in p}
            before, p = p, after
            yield loss, p

    return rule


def nag(lr, beta):
    def rule(p, slope):
        x = dict(p)
        for t in range(STEPS):
            loss, g = slope(p)
            new = {k: p[k] - lr * cosine(t) * g[k] for k in p}
            p = {k: new[k] + beta * (new[k] - x[k]) for k in p}
            x = new
            yield loss, p

    return rule


def sophia(lr, beta1=0.965, beta2=0.99, gamma=0.05, eps=1e-12, rho=1.0, decay=0.0, every=10):
    """The second loss has the target -y/2 for the labels that the model would draw."""

    def rule(p, slope):
        m = {k: torch.zeros_like(w) for k, w in p.items()}
        h = {k: torch.zeros_like(w) for k, w in p.items()}
        _, y, _ = problem()
        for t in range(STEPS):
            if t % every == 0:
                _, drawn = slope(p, -y / 2)
                h = {k: beta2 * h[k] + (1 - beta2) * len(y) * drawn[k] ** 2 for k in p}
            loss, g = slope(p)
            m = {k: beta1 * m[k] + (1 - beta1) * g[k] for k in p}
            p = {k: w - lr * decay * w for k, w in p.items()}
            p = {k: p[k] - lr * (m[k] / (gamma * h[k]).clamp(min=eps)).clamp(-rho, rho) for k in p}
            yield loss, p

    return rule


def prodigy(lr=1.0, beta1=0.9, beta2=0.999, eps=1e-8, d0=1e-6, coef=1.0, decay=0.0, safeguard=False):
    """The authors' code's form of the paper's algorithm: without correction of the bias."""

    def rule(p, slope):
        zeros = lambda: {k: torch.zeros_like(w) for k, w in p.items()}
        m, v, s, start, d, r, beta3 = zeros(), zeros(), zeros(), dict(p), d0, 0.0, beta2**0.5
        for t in range(STEPS):
            loss, g = slope(p)
            rate = d * lr * cosine(t)
            r = beta3 * r + d / d0 * rate * sum((g[k] * (start[k] - p[k])).sum().item() for k in p)
            s = {k: beta3 * s[k] + d / d0 * (d if safeguard else rate) * g[k] for k in p}
            m = {k: beta1 * m[k] + (1 - beta1) * d * g[k] for k in p}
            v = {k: beta2 * v[k] + (1 - beta2) * d * d * g[k] ** 2 for k in p}
            d = max(d, coef * r / sum(s[k].abs().sum().item() for k in p))
            p = {k: p[k] - rate * decay * p[k] - rate * m[k] / (v[k].sqrt() + d * eps) for k in p}
            yield loss, p

    return rule


def is_matrix(p):
    return {k: w.ndim == 2 for k, w in p.items()}


T, O, F = by_torch, by_optax, by_formula
CONFIGS = {
    "sgd_maximize": ("torch", T, one(optim.SGD), dict(lr=1e-3, momentum=0.9, weight_decay=0.1, maximize=True)),
    "adam_maximize": ("torch", T, one(optim.Adam), dict(lr=1e-3, maximize=True)),
    "adam_decoupled": ("torch", T, one(optim.Adam), dict(lr=1e-2, weight_decay=0.05, decoupled_weight_decay=True)),
    "adamw_amsgrad": ("torch", T, one(optim.AdamW), dict(lr=1e-2, betas=(0.9, 0.9), amsgrad=True)),
    "adamax_decay": ("torch", T, one(optim.Adamax), dict(lr=5e-3, betas=(0.8, 0.9), eps=1e-4, weight_decay=0.03)),
    "adadelta_mixed": ("torch", T, one(optim.Adadelta), dict(lr=0.5, rho=0.8, eps=1e-5, weight_decay=0.03)),
    "nadam_mixed": ("torch", T, one(optim.NAdam), dict(lr=1e-2, betas=(0.8, 0.95), eps=1e-5, momentum_decay=0.01, weight_decay=0.03)),
    "nadam_decoupled": ("torch", T, one(optim.NAdam), dict(lr=1e-2, weight_decay=0.05, decoupled_weight_decay=True)),
    "radam": ("torch", T, one(optim.RAdam), dict(lr=1e-2)),
    "radam_mixed": ("torch", T, one(optim.RAdam), dict(lr=1e-2, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.03)),
    "radam_decoupled": ("torch", T, one(optim.RAdam), dict(lr=1e-2, weight_decay=0.05, decoupled_weight_decay=True)),
    "adafactor": ("torch", T, one(optim.Adafactor), dict(lr=1e-2)),
    "adafactor_mixed": ("torch", T, one(optim.Adafactor), dict(lr=0.02, beta2_decay=-0.6, eps=(1e-3, 1e-2), d=1.5, weight_decay=0.03)),
    "asgd": ("torch", T, one(optim.ASGD), dict(lr=0.1)),
    "asgd_mixed": ("torch", T, one(optim.ASGD), dict(lr=0.1, lambd=1e-2, alpha=0.6, t0=20, weight_decay=0.02)),
    "rprop": ("torch", T, one(optim.Rprop), dict(lr=1e-2)),
    "rprop_mixed": ("torch", T, one(optim.Rprop), dict(lr=1e-2, etas=(0.3, 1.5), step_sizes=(1e-3, 0.02), maximize=True)),
    "muon": ("torch", T, matrices_by_muon, dict(lr=2e-3, others=1.0)),
    "muon_mixed": ("torch", T, matrices_by_muon, dict(lr=1e-2, others=0.5, others_betas=(0.8, 0.95), weight_decay=0.02, momentum=0.8, nesterov=False, ns_coefficients=(3.0, -4.0, 2.0), ns_steps=3, adjust_lr_fn="match_rms_adamw")),
    "muon_spectral": ("torch", T, matrices_by_muon, dict(lr=2e-3, others=1.0, eps=0.5, adjust_lr_fn="spectral_unclamped", cosine=True)),
    "lion": ("optax", O, optax.lion, dict(learning_rate=1e-3, weight_decay=0.0)),
    "lion_mixed": ("optax", O, optax.lion, dict(learning_rate=2e-3, b1=0.8, b2=0.9, weight_decay=0.1, cosine=True)),
    "lamb": ("optax", O, optax.lamb, dict(learning_rate=1e-2)),
    "lamb_mixed": ("optax", O, optax.lamb, dict(learning_rate=1e-2, b1=0.8, b2=0.95, eps=1e-3, weight_decay=0.1, mask=is_matrix)),
    "lars": ("optax", O, optax.lars, dict(learning_rate=5.0)),
    "lars_mixed": ("optax", O, optax.lars, dict(learning_rate=1.0, weight_decay=0.1, trust_coefficient=0.01, eps=0.1, momentum=0.8, nesterov=True, trust_ratio_mask=is_matrix, weight_decay_mask=is_matrix, cosine=True)),
    "yogi": ("optax", O, optax.yogi, dict(learning_rate=1e-2)),
    "yogi_mixed": ("optax", O, optax.yogi, dict(learning_rate=1e-2, b1=0.8, b2=0.9, eps=1e-2)),
    "adabelief": ("optax", O, optax.adabelief, dict(learning_rate=1e-2)),
    "adabelief_mixed": ("optax", O, optax.adabelief, dict(learning_rate=1e-2, b1=0.8, b2=0.9, eps=1e-3, eps_root=1e-6)),
    "adan": ("optax", O, optax.adan, dict(learning_rate=1e-2, eps_root=0.0)),
    "adan_mixed": ("optax", O, optax.adan, dict(learning_rate=1e-2, b1=0.9, b2=0.8, b3=0.95, eps=1e-3, eps_root=0.0, weight_decay=0.1)),
    "prodigy": ("formula", F, prodigy, dict()),
    "prodigy_mixed": ("formula", F, prodigy, dict(beta1=0.8, beta2=0.95, eps=1e-4, d0=1e-4, coef=0.5, decay=0.1, safeguard=True)),
    "prodigy_corrected": ("optax", O, optax.contrib.prodigy, dict(learning_rate=1.0, beta3=0.9, weight_decay=0.1)),
    "schedule_free_sgd": ("optax", O, optax.contrib.schedule_free_sgd, dict(learning_rate=0.2, weight_decay=0.0)),
    "schedule_free_sgd_mixed": ("optax", O, optax.contrib.schedule_free_sgd, dict(learning_rate=0.2, b1=0.7, weight_decay=0.1, weight_lr_power=0.5)),
    "schedule_free_adamw": ("optax", O, optax.contrib.schedule_free_adamw, dict(learning_rate=1e-2, weight_decay=0.0)),
    "schedule_free_adamw_mixed": ("optax", O, optax.contrib.schedule_free_adamw, dict(learning_rate=1e-2, b1=0.95, b2=0.9, eps=1e-3, weight_decay=0.1)),
    "heavy_ball": ("formula", F, heavy_ball, dict(lr=0.1, beta=0.9)),
    "nag": ("formula", F, nag, dict(lr=0.1, beta=0.9)),
    "sophia": ("formula", F, sophia, dict(lr=5e-3)),
    "sophia_mixed": ("formula", F, sophia, dict(lr=1e-2, beta1=0.9, beta2=0.9, gamma=0.5, eps=1e-3, rho=0.8, decay=0.1, every=7)),
}


def main():
    out = Golden("optim_more.txt", HEAD)
    out.comment(f"optax {optax.__version__}, jax {jax.__version__}.")
    x, y, weights = problem()
    for name, (by, how, make, options) in CONFIGS.items():
        out.blank()
        shown = {k: getattr(v, "__name__", v) for k, v in options.items()}
        out.comment(f"{name}: by {by}, {', '.join(f'{k}={v}' for k, v in shown.items()) or 'defaults'}")
        train = how(make(**options)) if how is by_formula else how(make, **options)
        steps = list(train(x, y, weights))
        found = steps.pop() if len(steps) > STEPS else None
        out.put(f"{name}.loss", [steps[t][0] for t in LOSSES])
        for k in SHOWN:
            for n in NAMES:
                out.put(f"{name}.step{k}.{n}", steps[k - 1][1][n])
        if found:
            for n in NAMES:
                out.put(f"{name}.found.{n}", found[n])
        print(f"{name:28} {steps[0][0]:.4f} {steps[-1][0]:.4f}")
    out.save()


if __name__ == "__main__":
    main()
