#!/usr/bin/env python3
"""The training steps of examples/steps.rs in PyTorch and in JAX, to compare with.

usage: peers.py {torch,torch.compile,jax} [--threads N] [WORKLOAD ...]

Prints `NAME MEDIAN us (min M)` for each: the median of seven blocks of 0.3 s. Needs `pip install torch jax optax`.
For a fair comparison pin both sides to the same cores, and run them in turn on an otherwise idle machine:

    CHAINRULE_THREADS=2 taskset -c 0,1 target/release/examples/steps
    taskset -c 0,1 python3 benches/peers.py jax
"""
import argparse
import math
import time

# Widths, batch norm after each hidden ReLU, batch, loss.
WORKLOADS = {
    "xor": ([2, 3, 2, 1], False, 32, "bce"),
    "keras_bn": ([2, 3, 2, 1], True, 32, "bce"),
    "mlp50": ([2, 50, 50, 50, 50, 1], False, 128, "mse"),
    "mlp257": ([2, 257, 257, 257, 257, 1], False, 128, "mse"),
    "mlp1025": ([2, 1025, 1025, 1025, 1025, 1], False, 128, "mse"),
    "mnist_mlp": ([784, 512, 256, 10], False, 128, "cross-entropy"),
}


def report(name, step):
    """Times `step`, which returns when the step is done."""
    for _ in range(5):
        step()
    start = time.perf_counter()
    step()
    count = max(1, int(0.3 / (time.perf_counter() - start)))
    blocks = []
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(count):
            step()
        blocks.append((time.perf_counter() - start) / count * 1e6)
    print(f"{name:10s} {sorted(blocks)[3]:12.2f} us  (min {min(blocks):.2f})", flush=True)


def torch_step(name, compiled):
    import torch
    from torch import nn

    widths, norm, batch, loss = WORKLOADS[name]
    torch.manual_seed(0)
    layers = []
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(inputs, outputs))
        if i < len(widths) - 2:
            layers.append(nn.ReLU())
            if norm:
                layers.append(nn.BatchNorm1d(outputs))
    model = nn.Sequential(*layers)
    x = torch.randn(batch, widths[0])
    if loss == "cross-entropy":
        y, criterion = torch.randint(widths[-1], (batch,)), nn.CrossEntropyLoss()
    elif loss == "bce":
        y, criterion = torch.rand(batch, 1).round(), nn.BCEWithLogitsLoss()
    else:
        y, criterion = torch.randn(batch, 1), nn.MSELoss()
    if loss == "bce":
        optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
    else:
        optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def forward(x, y):
        return criterion(model(x), y)

    forward = torch.compile(forward) if compiled else forward

    def step():
        optimizer.zero_grad(set_to_none=True)
        forward(x, y).backward()
        optimizer.step()

    return step


def jax_step(name):
    import jax
    import jax.numpy as jnp
    import optax

    widths, norm, batch, loss = WORKLOADS[name]
    keys = iter(jax.random.split(jax.random.PRNGKey(0), 100))
    params = []
    for inputs, outputs in zip(widths, widths[1:]):
        layer = {"w": jax.random.normal(next(keys), (inputs, outputs)) / math.sqrt(inputs), "b": jnp.zeros(outputs)}
        if norm:
            layer |= {"scale": jnp.ones(outputs), "shift": jnp.zeros(outputs)}
        params.append(layer)
    x = jax.random.normal(next(keys), (batch, widths[0]))
    if loss == "cross-entropy":
        y = jax.random.randint(next(keys), (batch,), 0, widths[-1])
    elif loss == "bce":
        y = jax.random.bernoulli(next(keys), 0.5, (batch, 1)).astype(jnp.float32)
    else:
        y = jax.random.normal(next(keys), (batch, 1))

    def forward(params, x):
        for layer in params[:-1]:
            x = jax.nn.relu(x @ layer["w"] + layer["b"])
            if norm:
                mean = x.mean(0)
                x = (x - mean) * jax.lax.rsqrt(((x - mean) ** 2).mean(0) + 1e-5) * layer["scale"] + layer["shift"]
        return x @ params[-1]["w"] + params[-1]["b"]

    def objective(params, x, y):
        out = forward(params, x)
        if loss == "cross-entropy":
            return optax.softmax_cross_entropy_with_integer_labels(out, y).mean()
        if loss == "bce":
            return optax.sigmoid_binary_cross_entropy(out, y).mean()
        return ((out - y) ** 2).mean()

    optimizer = optax.sgd(0.01, momentum=0.9) if loss == "bce" else optax.adam(1e-3)

    def update(params, state, x, y):
        value, grads = jax.value_and_grad(objective)(params, x, y)
        updates, state = optimizer.update(grads, state, params)
        return optax.apply_updates(params, updates), state, value

    compiled = jax.jit(update, donate_argnums=(0, 1))
    held = [params, optimizer.init(params)]

    def step():
        held[0], held[1], _ = compiled(held[0], held[1], x, y)
        jax.block_until_ready(held[0])

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", choices=["torch", "torch.compile", "jax"])
    parser.add_argument("--threads", type=int, default=2, help="threads of PyTorch; JAX takes the cores it may run on")
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS))
    options = parser.parse_args()
    if options.library != "jax":
        import torch

        torch.set_num_threads(options.threads)
    for name in options.workloads:
        step = jax_step(name) if options.library == "jax" else torch_step(name, options.library == "torch.compile")
        report(name, step)


main()
