"""Makes wrappers.txt: a hundred steps with what goes around an update rule, in f64.

To rerun, with PyTorch, JAX and optax from PyPI (`pip install torch jax optax`):

    python tests/golden/wrappers.py

The versions used are written into the file. Others, or another processor, may change the last digits.
"""
import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import optax
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from optim import NAMES, ROWS, loss_of, problem
from writer import Golden

STEPS = 100
SHOWN = (10, 100)

HEAD = f"""
optax {optax.__version__}, JAX {jax.__version__}.

The network, data and first weights of optim.txt, for 100 steps:

    NAME.loss [100]                     the loss before each step (of each batch)
    NAME.stepK.w0 .. NAME.stepK.b2      the weights after K steps, K = 10, 100
    NAME.stepK.ema.w0 ..                the averages of the weights then

A batch is all 8 rows, or for accumulate_* two of them: rows 0 and 1 first, then 2 and 3, and so on; K counts batches
there. In skip_* the first input of the batch of steps 3, 4 and 50 (counted from 0) is infinite.
"""


def jax_loss(p, x, y):
    h = jnp.tanh(x @ p["w0"] + p["b0"])
    h = jnp.tanh(h @ p["w1"] + p["b1"])
    return jnp.mean((h @ p["w2"] + p["b2"] - y) ** 2)


class Run:
    def __init__(self, out, name):
        self.out, self.name, self.losses = out, name, []

    def step(self, k, loss, weights, averages=None):
        self.losses.append(loss.item())
        if k in SHOWN:
            for n in NAMES:
                self.out.put(f"{self.name}.step{k}.{n}", torch.tensor(weights[n].tolist()))
                if averages is not None:
                    self.out.put(f"{self.name}.step{k}.ema.{n}", torch.tensor(averages[n].tolist()))

    def end(self, comment):
        # A loss that is not finite is that of a step that is not taken.
        self.out.put(f"{self.name}.loss", [l if l == l and abs(l) < 1e300 else 0.0 for l in self.losses])
        self.out.comment(f"{self.name}: {comment}")


def by_optax(out, name, comment, transform, ema=None, batches=None, spoil=()):
    """Steps by an optax transformation, with averages by another."""
    x, y, weights = problem()
    x, y = jnp.array(x.tolist()), jnp.array(y.tolist())
    p = {k: jnp.array(w.tolist()) for k, w in weights.items()}
    state = transform.init(p)
    averages = ema.init(p) if ema else None
    run = Run(out, name)

    @jax.jit
    def step(p, state, averages, x, y):
        loss, grads = jax.value_and_grad(jax_loss)(p, x, y)
        updates, state = transform.update(grads, state, p)
        p = optax.apply_updates(p, updates)
        shown, averages = ema.update(p, averages) if ema else (None, None)
        return loss, p, state, shown, averages

    for k in range(STEPS):
        rows = batches(k) if batches else slice(0, ROWS)
        bx = x[rows].at[0, 0].set(jnp.inf) if k in spoil else x[rows]
        loss, p, state, shown, averages = step(p, state, averages, bx, y[rows])
        run.step(k + 1, loss, p, shown)
    run.end(comment)


def by_torch(out, name, comment, make, change=lambda p: None, after=lambda k, p: None, closure=None, ema=None):
    """Steps by a PyTorch optimizer, with a change of the gradients, of the weights, or of where gradients are taken."""
    x, y, weights = problem()
    p = {k: torch.nn.Parameter(w.clone()) for k, w in weights.items()}
    opt = make(p)
    schedule = None
    if isinstance(opt, tuple):
        opt, schedule = opt
    average = ema(p) if ema else None
    run = Run(out, name)
    for k in range(STEPS):
        opt.zero_grad()
        loss = loss_of(x, y, p)
        loss.backward()
        if closure:
            closure(p, lambda: loss_of(x, y, p), opt)
        with torch.no_grad():
            change(p)
        opt.step()
        if schedule:
            schedule.step()
        with torch.no_grad():
            after(k, p)
            shown = average(k + 1, p) if average else None
        run.step(k + 1, loss, {n: w.detach() for n, w in p.items()}, shown)
    run.end(comment)


def units(x):
    return x.norm() if x.ndim <= 1 else x.flatten(1).norm(dim=1).reshape([-1] + [1] * (x.ndim - 1))


def agc(most, eps):
    def change(p):
        for w in p.values():
            most_norm = most * units(w).clamp(min=eps)
            norm = units(w.grad)
            w.grad.copy_(torch.where(norm > most_norm, w.grad * (most_norm / norm.clamp(min=1e-6)), w.grad))
    return change


def sam(rho, adaptive):
    def closure(p, loss, opt):
        start = {n: w.detach().clone() for n, w in p.items()}
        size = {n: w.detach().abs() if adaptive else torch.ones_like(w) for n, w in p.items()}
        norm = torch.stack([(size[n] * w.grad).norm() for n, w in p.items()]).norm()
        with torch.no_grad():
            for n, w in p.items():
                w.add_(size[n] ** 2 * w.grad * (rho / (norm + 1e-12)))
        opt.zero_grad()
        loss().backward()
        with torch.no_grad():
            for n, w in p.items():
                w.copy_(start[n])
    return closure


class Holder(torch.nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = torch.nn.ParameterDict(p)


def swa(start, every, **options):
    """Averages by torch.optim.swa_utils, from the step `start` on; until the first value, the weights."""
    def make(p):
        holder = Holder(p)
        model = AveragedModel(holder, **options)

        def average(k, p):
            if k > start and (k - start) % every == 0:
                model.update_parameters(holder)
            if model.n_averaged == 0:
                return {n: w.detach().clone() for n, w in p.items()}
            return {n: w.detach().clone() for n, w in model.module.p.items()}
        return average
    return make


def warm(decay):
    """An average whose factor is min(decay, (1 + n)/(10 + n)) after n values, from the first weights on."""
    def make(p):
        a = {n: w.detach().clone() for n, w in p.items()}

        def average(k, p):
            d = min(decay, k / (9 + k))
            for n, w in p.items():
                a[n] = d * a[n] + (1 - d) * w
            return {n: w.detach().clone() for n, w in a.items()}
        return average
    return make


def main():
    out = Golden("wrappers.txt", HEAD)
    x, y, weights = problem()
    out.blank()
    out.put("x", x)
    out.put("y", y)
    for k in NAMES:
        out.put(f"init.{k}", weights[k])

    sgd = lambda lr=0.1, **options: lambda p: torch.optim.SGD(p.values(), lr=lr, **options)
    adam = lambda lr=0.01, **options: lambda p: torch.optim.Adam(p.values(), lr=lr, **options)

    def each(p):
        for w in p.values():
            clip_grad_norm_([w], 0.05)

    by_torch(out, "clip_each", "clip_grad_norm_ of each parameter to 0.05, SGD(0.1)", sgd(), each)
    by_torch(out, "clip_value", "clip_grad_value_ to 0.02, SGD(0.1, momentum=0.9)", sgd(momentum=0.9), lambda p: clip_grad_value_(p.values(), 0.02))
    by_torch(out, "agc", "adaptive clipping by 0.02 (the source's equation 3), SGD(0.1)", sgd(), agc(0.02, 1e-3))
    by_torch(out, "agc_eps", "adaptive clipping by 0.1, eps 0.5, Adam(0.01)", adam(), agc(0.1, 0.5))
    by_optax(out, "centralize", "optax.centralize, then adam(0.01)", optax.chain(optax.centralize(), optax.adam(0.01)))

    def lookahead(out, name, comment, transform, k, alpha):
        x, y, weights = problem()
        x, y = jnp.array(x.tolist()), jnp.array(y.tolist())
        p = optax.LookaheadParams.init_synced({k: jnp.array(w.tolist()) for k, w in weights.items()})
        transform = optax.lookahead(transform, sync_period=k, slow_step_size=alpha)
        state = transform.init(p)
        run = Run(out, name)

        @jax.jit
        def step(p, state):
            loss, grads = jax.value_and_grad(jax_loss)(p.fast, x, y)
            updates, state = transform.update(grads, state, p)
            return loss, optax.apply_updates(p, updates), state

        for k in range(STEPS):
            loss, p, state = step(p, state)
            run.step(k + 1, loss, p.fast)
        run.end(comment)

    lookahead(out, "lookahead", "optax.lookahead(adam(0.01), 6, 0.5)", optax.adam(0.01), 6, 0.5)
    lookahead(out, "lookahead_sgd", "optax.lookahead(sgd(0.1, momentum=0.9), 5, 0.8)", optax.sgd(0.1, momentum=0.9), 5, 0.8)

    by_torch(out, "sam", "SAM(rho=0.05) around SGD(0.1, momentum=0.9)", sgd(momentum=0.9), closure=sam(0.05, False))
    by_torch(out, "asam", "adaptive SAM(rho=0.5) around Adam(0.01)", adam(), closure=sam(0.5, True))

    by_torch(out, "ema", "swa_utils' EMA of 0.9, Adam(0.01)", adam(), ema=swa(0, 1, multi_avg_fn=get_ema_multi_avg_fn(0.9)))
    by_optax(out, "ema_debias", "optax.ema(0.95, debias=True) of the weights, adam(0.01)", optax.adam(0.01), optax.ema(0.95, debias=True))
    by_torch(out, "ema_warm", "an EMA of min(0.9, (1 + n)/(10 + n)), Adam(0.01)", adam(), ema=warm(0.9))
    by_torch(out, "swa", "swa_utils' mean of steps 10, 15, 20, ..., SGD(0.1)", sgd(), ema=swa(5, 5))

    accumulated = lambda inner, k: optax.MultiSteps(inner, every_k_schedule=k, accumulator_dtype=jnp.float64)
    two = lambda k: slice(2 * k % ROWS, 2 * k % ROWS + 2)
    by_optax(out, "accumulate", "optax.MultiSteps(adam(0.01), 4)", accumulated(optax.adam(0.01), 4), batches=two)
    by_optax(out, "accumulate_3", "optax.MultiSteps(sgd(0.1, momentum=0.9), 3)", accumulated(optax.sgd(0.1, momentum=0.9), 3), batches=two)
    by_optax(out, "skip", "optax.apply_if_finite(adam(0.01))", optax.apply_if_finite(optax.adam(0.01), 5), spoil=(3, 4, 50))

    def groups(p):
        of = lambda names, **options: dict(params=[p[n] for n in names], **options)
        return torch.optim.AdamW([
            of(["w0", "w1"]),
            of(["b0", "b1"], weight_decay=0.0),
            of(["w2"], lr=0.05, betas=(0.8, 0.99)),
            of(["b2"], lr=0.05, betas=(0.8, 0.99), weight_decay=0.0),
        ], lr=0.01, weight_decay=0.1)

    def scheduled(p):
        opt = groups(p)
        return opt, torch.optim.lr_scheduler.ExponentialLR(opt, 0.98)

    by_torch(out, "groups", "AdamW(0.01, weight_decay=0.1); biases without decay; layer 2 with lr=0.05, betas=(0.8, 0.99)", groups)
    by_torch(out, "groups_scheduled", "the same with ExponentialLR(0.98)", scheduled)
    out.save()


if __name__ == "__main__":
    main()
