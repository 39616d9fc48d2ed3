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
MLPS = {
    "xor": ([2, 3, 2, 1], False, 32, "bce"),
    "keras_bn": ([2, 3, 2, 1], True, 32, "bce"),
    "mlp50": ([2, 50, 50, 50, 50, 1], False, 128, "mse"),
    "mlp257": ([2, 257, 257, 257, 257, 1], False, 128, "mse"),
    "mlp1025": ([2, 1025, 1025, 1025, 1025, 1], False, 128, "mse"),
    "mnist_mlp": ([784, 512, 256, 10], False, 128, "cross-entropy"),
}
# Those with a model of their own.
WORKLOADS = [*MLPS, "mnist_cnn", "gpt", "lstm"]
CHARACTERS, WIDTH, HEADS, BLOCKS, LENGTH = 65, 128, 4, 4, 64


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


def torch_mlp(name):
    from torch import nn

    widths, norm, _, _ = MLPS[name]
    layers = []
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(inputs, outputs))
        if i < len(widths) - 2:
            layers.append(nn.ReLU())
            if norm:
                layers.append(nn.BatchNorm1d(outputs))
    return nn.Sequential(*layers)


def torch_cnn():
    from torch import nn

    convolutions = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10))


def torch_lstm():
    from torch import nn

    class Characters(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Embedding(CHARACTERS, WIDTH)
            self.lstm = nn.LSTM(WIDTH, WIDTH, batch_first=True)
            self.head = nn.Linear(WIDTH, CHARACTERS)

        def forward(self, text):
            states, _ = self.lstm(self.token(text))
            return self.head(states)

    return Characters()


def torch_gpt():
    import torch
    from torch import nn
    from torch.nn import functional

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

        def forward(self, x):
            heads = self.qkv(x).unflatten(2, (3, HEADS, WIDTH // HEADS)).permute(2, 0, 3, 1, 4)
            y = functional.scaled_dot_product_attention(*heads.unbind(0), is_causal=True)
            return self.out(y.transpose(1, 2).flatten(2))

    class Beside(nn.Module):
        def __init__(self, part):
            super().__init__()
            self.part = part

        def forward(self, x):
            return x + self.part(x)

    class Gpt(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Embedding(CHARACTERS, WIDTH)
            self.position = nn.Parameter(0.02 * torch.randn(LENGTH, WIDTH))
            parts = []
            for _ in range(BLOCKS):
                mlp = [nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)]
                parts.append(Beside(nn.Sequential(nn.LayerNorm(WIDTH), Attention())))
                parts.append(Beside(nn.Sequential(nn.LayerNorm(WIDTH), *mlp)))
            head = nn.Linear(WIDTH, CHARACTERS, bias=False)
            self.blocks = nn.Sequential(*parts, nn.LayerNorm(WIDTH), head)

        def forward(self, text):
            return self.blocks(self.token(text) + self.position)

    return Gpt()


def torch_data(name):
    """Inputs, targets and loss."""
    import torch
    from torch import nn

    if name in ("gpt", "lstm"):
        shape = (12 if name == "gpt" else 32, LENGTH)
        text, following = torch.randint(CHARACTERS, shape), torch.randint(CHARACTERS, shape)
        return text, following, lambda out, y: nn.functional.cross_entropy(out.flatten(0, 1), y.flatten())
    if name == "mnist_cnn":
        return torch.randn(64, 1, 28, 28), torch.randint(10, (64,)), nn.CrossEntropyLoss()
    widths, _, batch, loss = MLPS[name]
    x = torch.randn(batch, widths[0])
    if loss == "cross-entropy":
        return x, torch.randint(widths[-1], (batch,)), nn.CrossEntropyLoss()
    if loss == "bce":
        return x, torch.rand(batch, 1).round(), nn.BCEWithLogitsLoss()
    return x, torch.randn(batch, 1), nn.MSELoss()


def torch_step(name, compiled):
    import torch

    torch.manual_seed(0)
    own = {"mnist_cnn": torch_cnn, "gpt": torch_gpt, "lstm": torch_lstm}
    model = own[name]() if name in own else torch_mlp(name)
    x, y, criterion = torch_data(name)
    if name in ("xor", "keras_bn"):
        optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
    else:
        optimizer = (torch.optim.AdamW if name == "gpt" else torch.optim.Adam)(model.parameters(), 1e-3)

    def forward(x, y):
        return criterion(model(x), y)

    forward = torch.compile(forward) if compiled else forward

    def step():
        optimizer.zero_grad(set_to_none=True)
        forward(x, y).backward()
        optimizer.step()

    return step


def jax_mlp(name, normal):
    """Parameters and forward pass."""
    import jax
    import jax.numpy as jnp

    widths, norm, _, _ = MLPS[name]
    params = []
    for inputs, outputs in zip(widths, widths[1:]):
        layer = jax_linear(normal, inputs, outputs)
        if norm:
            layer |= {"scale": jnp.ones(outputs), "shift": jnp.zeros(outputs)}
        params.append(layer)

    def forward(params, x):
        for layer in params[:-1]:
            x = jax.nn.relu(apply(layer, x))
            if norm:
                mean = x.mean(0)
                x = (x - mean) * jax.lax.rsqrt(((x - mean) ** 2).mean(0) + 1e-5) * layer["scale"] + layer["shift"]
        return apply(params[-1], x)

    return params, forward


def jax_linear(normal, inputs, outputs):
    import jax.numpy as jnp

    return {"w": normal(inputs, outputs) / math.sqrt(inputs), "b": jnp.zeros(outputs)}


def apply(layer, x):
    return x @ layer["w"] + layer["b"]


def jax_cnn(normal):
    import jax
    from jax import lax

    params = {
        "conv0": normal(3, 3, 1, 32) / 3,
        "conv1": normal(3, 3, 32, 64) / 17,
        "shift0": normal(32) / 3,
        "shift1": normal(64) / 17,
        "linear": [jax_linear(normal, 9216, 128), jax_linear(normal, 128, 10)],
    }

    def forward(params, x):
        for i in "01":
            x = lax.conv_general_dilated(
                x, params["conv" + i], (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            x = jax.nn.relu(x + params["shift" + i])
        n, h, w, c = x.shape
        x = x.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4)).reshape(n, -1)
        first, last = params["linear"]
        return apply(last, jax.nn.relu(apply(first, x)))

    return params, forward


def jax_lstm(normal):
    import jax
    import jax.numpy as jnp

    params = {
        "token": normal(CHARACTERS, WIDTH),
        "input": jax_linear(normal, WIDTH, 4 * WIDTH),
        "hidden": jax_linear(normal, WIDTH, 4 * WIDTH),
        "head": jax_linear(normal, WIDTH, CHARACTERS),
    }

    def forward(params, text):
        inputs = apply(params["input"], params["token"][text]).swapaxes(0, 1)

        def advance(state, x):
            h, c = state
            i, f, g, o = jnp.split(x + apply(params["hidden"], h), 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((len(text), WIDTH))
        _, states = jax.lax.scan(advance, (zeros, zeros), inputs)
        return apply(params["head"], states.swapaxes(0, 1))

    return params, forward


def jax_gpt(normal):
    import jax
    import jax.numpy as jnp

    def norm_params():
        return {"scale": jnp.ones(WIDTH), "shift": jnp.zeros(WIDTH)}

    def block():
        linear = {"qkv": (1, 3), "out": (1, 1), "up": (1, 4), "down": (4, 1)}
        layers = {key: jax_linear(normal, a * WIDTH, b * WIDTH) for key, (a, b) in linear.items()}
        return layers | {"norm0": norm_params(), "norm1": norm_params()}

    params = {
        "token": normal(CHARACTERS, WIDTH),
        "position": 0.02 * normal(LENGTH, WIDTH),
        "blocks": [block() for _ in range(BLOCKS)],
        "norm": norm_params(),
        "head": normal(WIDTH, CHARACTERS) / math.sqrt(WIDTH),
    }
    hidden = jnp.triu(jnp.ones((LENGTH, LENGTH), bool), 1)

    def normalize(p, x):
        centered = x - x.mean(-1, keepdims=True)
        return centered * jax.lax.rsqrt((centered**2).mean(-1, keepdims=True) + 1e-5) * p["scale"] + p["shift"]

    def attend(p, x):
        heads = apply(p["qkv"], x).reshape(*x.shape[:2], 3, HEADS, WIDTH // HEADS)
        q, k, v = heads.transpose(2, 0, 3, 1, 4)
        scores = jnp.where(hidden, -jnp.inf, q @ k.swapaxes(-1, -2) / math.sqrt(WIDTH // HEADS))
        return apply(p["out"], (jax.nn.softmax(scores) @ v).swapaxes(1, 2).reshape(x.shape))

    def forward(params, text):
        x = params["token"][text] + params["position"]
        for p in params["blocks"]:
            x = x + attend(p, normalize(p["norm0"], x))
            x = x + apply(p["down"], jax.nn.gelu(apply(p["up"], normalize(p["norm1"], x)), approximate=False))
        return normalize(params["norm"], x) @ params["head"]

    return params, forward


def jax_step(name):
    import jax
    import jax.numpy as jnp
    import optax

    keys = iter(jax.random.split(jax.random.PRNGKey(0), 200))

    def normal(*shape):
        return jax.random.normal(next(keys), shape)

    def classes(count, *shape):
        return jax.random.randint(next(keys), shape, 0, count)

    own = {"mnist_cnn": jax_cnn, "gpt": jax_gpt, "lstm": jax_lstm}
    params, forward = own[name](normal) if name in own else jax_mlp(name, normal)
    loss = "cross-entropy"
    if name in ("gpt", "lstm"):
        shape = (12 if name == "gpt" else 32, LENGTH)
        x, y = classes(CHARACTERS, *shape), classes(CHARACTERS, *shape)
    elif name == "mnist_cnn":
        x, y = normal(64, 28, 28, 1), classes(10, 64)
    else:
        widths, _, batch, loss = MLPS[name]
        x = normal(batch, widths[0])
        if loss == "cross-entropy":
            y = classes(widths[-1], batch)
        elif loss == "bce":
            y = jax.random.bernoulli(next(keys), 0.5, (batch, 1)).astype(jnp.float32)
        else:
            y = normal(batch, 1)

    def objective(params, x, y):
        out = forward(params, x)
        if loss == "cross-entropy":
            return optax.softmax_cross_entropy_with_integer_labels(out, y).mean()
        if loss == "bce":
            return optax.sigmoid_binary_cross_entropy(out, y).mean()
        return ((out - y) ** 2).mean()

    if loss == "bce":
        optimizer = optax.sgd(0.01, momentum=0.9)
    else:
        optimizer = optax.adamw(1e-3, weight_decay=0.01) if name == "gpt" else optax.adam(1e-3)

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
    parser.add_argument("workloads", nargs="*", default=WORKLOADS)
    options = parser.parse_args()
    if options.library != "jax":
        import torch

        torch.set_num_threads(options.threads)
    for name in options.workloads:
        step = jax_step(name) if options.library == "jax" else torch_step(name, options.library == "torch.compile")
        report(name, step)


main()
