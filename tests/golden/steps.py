"""Makes steps.txt: the first training steps of the benchmark workloads in PyTorch, in f64.

To rerun, with PyTorch from PyPI (`pip install torch`):

    python tests/golden/steps.py [WORKLOAD ...]

Without arguments it makes all nine and writes the file, in some ten seconds; with arguments it prints the
losses of those named. The version used is written into the file. Another version or processor may change
the last digits.
"""
import math
import sys

import torch
import torch.nn.functional as F
from torch import nn, optim

from writer import Golden

HEAD = """
Weights and data are not listed: they come from integers by exact arithmetic, so that any program can
build the same bits. Tensor number s has the element k (its flat row-major index), in 32-bit arithmetic
that wraps around:

    h = 0x9E3779B1 k + 0x85EBCA77 s + 0xC2B2AE3D
    h = (h ^ (h >> 15)) 0x2C1B3C6D;  h = (h ^ (h >> 12)) 0x297A2D39;  h = h ^ (h >> 15)
    u(s, k) = h / 2^31 - 1                     in [-1, 1)
    c(s, k, n) = floor(h n / 2^32)             a class among n, in 64-bit arithmetic

    x         number 0: u(0, k), or c(0, k, 65) where the input is text
    y         number 1: u(1, k) for mse; 1 where u(1, k) > 0 and else 0 for bce; c(1, k, n) for labels
    weights   numbers 2, 3, ... in the order listed with each workload, where the list shows NAME [shape] * f:
              f u(s, k), f a fraction written as 1/sqrt(n) or a number; or NAME [shape] = 1 or 0, which
              also takes a number. f u is u / sqrt(n) or u * number, rounded once per operation.

Linear weights are [in, out] (the transpose of torch's), and so are the LSTM's, whose four gates stand in
the order input, forget, cell, output; convolutions are [out, in, height, width], images
[batch, channel, height, width], and the images are flattened in that order before the first linear layer.

    NAME.loss [n]         the loss before each step; the last one is the loss after n - 1 steps
    NAME.grad_norm [n]    the global norm of the gradient at the same weights
    NAME.sum [w]          the sum of each weight tensor after the n - 1 steps, in the order listed
    NAME.square [w]       the sum of its squares
                          (terms cancel in a sum: its tolerance is that of the sum of absolute values)
    NAME.WEIGHT           for the two smallest networks the tensor itself, also after n - 1 steps
"""


def hashed(s, shape):
    """The integers h of tensor number s."""
    mask = 0xFFFFFFFF
    h = (torch.arange(math.prod(shape)) * 0x9E3779B1 + 0x85EBCA77 * s + 0xC2B2AE3D) & mask
    h = ((h ^ (h >> 15)) * 0x2C1B3C6D) & mask
    h = ((h ^ (h >> 12)) * 0x297A2D39) & mask
    return (h ^ (h >> 15)).reshape(shape)


def u(s, *shape):
    return hashed(s, shape) / 2.0**31 - 1.0


def c(s, n, *shape):
    return (hashed(s, shape) * n) >> 32


class Weights(dict):
    """The weights of a model by name, in order, numbered from 2."""

    def __init__(self):
        self.notes = []

    def add(self, name, *shape, fan=None, scale=None, fill=None):
        if fill is not None:
            t, note = torch.full(shape, float(fill)), f"= {fill}"
        elif fan:
            t, note = u(len(self) + 2, *shape) / math.sqrt(fan), f"* 1/sqrt({fan})"
        else:
            t, note = u(len(self) + 2, *shape) * scale, f"* {scale}"
        self[name] = t.requires_grad_()
        self.notes.append(f"{name} {list(shape)} {note}")

    def linear(self, name, n, m, bias=True):
        self.add(f"{name}.weight", n, m, fan=n)
        if bias:
            self.add(f"{name}.bias", m, fan=n)

    def norm(self, name, n):
        self.add(f"{name}.weight", n, fill=1)
        self.add(f"{name}.bias", n, fill=0)


def apply(w, name, x):
    """The linear layer `name`."""
    y = x @ w[f"{name}.weight"]
    return y + w[f"{name}.bias"] if f"{name}.bias" in w else y


def mlp(*sizes):
    w = Weights()
    names = [f"linear{i}" for i in range(len(sizes) - 1)]
    for name, n, m in zip(names, sizes, sizes[1:]):
        w.linear(name, n, m)

    def forward(x):
        for name in names[:-1]:
            x = apply(w, name, x).relu()
        return apply(w, names[-1], x)

    return w, forward


def keras_bn():
    w = Weights()
    w.linear("linear0", 2, 3)
    w.norm("norm0", 3)
    w.linear("linear1", 3, 2)
    w.norm("norm1", 2)
    w.linear("linear2", 2, 1)

    def forward(x):
        for i in "01":
            x = apply(w, f"linear{i}", x).relu()
            x = F.batch_norm(x, None, None, w[f"norm{i}.weight"], w[f"norm{i}.bias"], training=True, eps=1e-5)
        return apply(w, "linear2", x)

    return w, forward


def cnn():
    w = Weights()
    for name, n, m in (("conv0", 1, 32), ("conv1", 32, 64)):
        w.add(f"{name}.weight", m, n, 3, 3, fan=9 * n)
        w.add(f"{name}.bias", m, fan=9 * n)
    w.linear("linear0", 9216, 128)
    w.linear("linear1", 128, 10)

    def forward(x):
        for name in ("conv0", "conv1"):
            x = F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"]).relu()
        x = F.max_pool2d(x, 2).flatten(1)
        return apply(w, "linear1", apply(w, "linear0", x).relu())

    return w, forward


def gpt(vocab=65, d=128, heads=4, layers=4, length=64):
    w = Weights()
    w.add("token.weight", vocab, d, scale=1.0)
    w.add("position", length, d, scale=0.02)
    for i in range(layers):
        w.norm(f"{i}.norm0", d)
        w.linear(f"{i}.qkv", d, 3 * d)
        w.linear(f"{i}.proj", d, d)
        w.norm(f"{i}.norm1", d)
        w.linear(f"{i}.up", d, 4 * d)
        w.linear(f"{i}.down", 4 * d, d)
    w.norm("norm", d)
    w.linear("head", d, vocab, bias=False)

    def norm(name, x):
        return F.layer_norm(x, (d,), w[f"{name}.weight"], w[f"{name}.bias"], eps=1e-5)

    def forward(text):
        b, t = text.shape
        x = w["token.weight"][text] + w["position"]
        for i in range(layers):
            parts = apply(w, f"{i}.qkv", norm(f"{i}.norm0", x)).split(d, 2)
            q, k, v = (p.view(b, t, heads, d // heads).transpose(1, 2) for p in parts)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + apply(w, f"{i}.proj", y.transpose(1, 2).reshape(b, t, d))
            x = x + apply(w, f"{i}.down", F.gelu(apply(w, f"{i}.up", norm(f"{i}.norm1", x))))
        return apply(w, "head", norm("norm", x)).flatten(0, 1)

    return w, forward


def lstm(vocab=65, d=128):
    w = Weights()
    w.add("token.weight", vocab, d, scale=1.0)
    w.add("lstm.input.weight", d, 4 * d, fan=d)
    w.add("lstm.hidden.weight", d, 4 * d, fan=d)
    w.add("lstm.input.bias", 4 * d, fan=d)
    w.add("lstm.hidden.bias", 4 * d, fan=d)
    w.linear("head", d, vocab)

    def forward(text):
        x = w["token.weight"][text]
        h = cell = torch.zeros(len(text), d)
        states = []
        for step in apply(w, "lstm.input", x).unbind(1):
            i, f, g, o = (step + apply(w, "lstm.hidden", h)).chunk(4, 1)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            h = o.sigmoid() * cell.tanh()
            states.append(h)
        return apply(w, "head", torch.stack(states, 1)).flatten(0, 1)

    return w, forward


def binary(*shape):
    return (u(1, *shape) > 0).to(torch.float64)


bce = F.binary_cross_entropy_with_logits
sgd = ("SGD(lr=0.01, momentum=0.9)", lambda p: optim.SGD(p, 0.01, momentum=0.9))
adam = ("Adam(lr=0.001)", lambda p: optim.Adam(p, 1e-3))
adamw = ("AdamW(lr=0.001), weight decay 0.01 on every weight", lambda p: optim.AdamW(p, 1e-3))
RELU = "relu after all but the last"


def wide(n):
    note = f"2-{n}-{n}-{n}-{n}-1, {RELU}; x [128, 2], y [128, 1]; mse"
    return note, lambda: mlp(2, n, n, n, n, 1), lambda: u(0, 128, 2), lambda: u(1, 128, 1), F.mse_loss, adam


WORKLOADS = {
    # name: note, model, x, y, loss, optimizer
    "xor": (f"2-3-2-1, {RELU}; x [32, 2], y [32, 1]; bce with logits",
            lambda: mlp(2, 3, 2, 1), lambda: u(0, 32, 2), lambda: binary(32, 1), bce, sgd),
    "keras_bn": ("2-3-2-1, relu and then batch norm (eps 1e-5, training mode) after all but the last; x [32, 2], y [32, 1]; bce with logits",
                 keras_bn, lambda: u(0, 32, 2), lambda: binary(32, 1), bce, sgd),
    "mlp50": wide(50),
    "mlp257": wide(257),
    "mlp1025": wide(1025),
    "mnist_mlp": (f"784-512-256-10, {RELU}; x [128, 784], y [128] of 10; cross-entropy",
                  lambda: mlp(784, 512, 256, 10), lambda: u(0, 128, 784), lambda: c(1, 10, 128), F.cross_entropy, adam),
    "mnist_cnn": ("3x3 convolutions without padding, each with relu, 2x2 max pooling, flatten, linear, relu, linear; x [64, 1, 28, 28], y [64] of 10; cross-entropy",
                  cnn, lambda: u(0, 64, 1, 28, 28), lambda: c(1, 10, 64), F.cross_entropy, adam),
    "gpt": ("""token + position; 4 blocks x += proj(attention(norm0 x)), x += down(gelu(up(norm1 x))); head(norm x).
4 causal heads of 32, softmax(q k^T/sqrt(32)) v, qkv split in three and each part into heads; gelu in the erf form;
layer norm eps 1e-5; x [12, 64] of 65, y [12, 64] of 65; cross-entropy over all 768 positions""",
            gpt, lambda: c(0, 65, 12, 64), lambda: c(1, 65, 12, 64).flatten(), F.cross_entropy, adamw),
    "lstm": ("embedding, one LSTM layer from zero states, head on every step; x [32, 64] of 65, y [32, 64] of 65; cross-entropy over all 2048 positions",
             lstm, lambda: c(0, 65, 32, 64), lambda: c(1, 65, 32, 64).flatten(), F.cross_entropy, adam),
}
PRINTED = ("xor", "keras_bn")
LONG = ("xor", "keras_bn", "mlp50")


def train(name):
    """The losses and gradient norms before each step and after the last, and the weights."""
    _, model, x, y, loss_of, (_, make) = WORKLOADS[name]
    (w, forward), x, y = model(), x(), y()
    opt = make(w.values())
    losses, norms = [], []
    n = 6 if name in LONG else 4
    for k in range(n):
        opt.zero_grad()
        loss = loss_of(forward(x), y)
        loss.backward()
        losses.append(loss.item())
        norms.append(nn.utils.get_total_norm([t.grad for t in w.values()]).item())
        if k < n - 1:
            opt.step()
    return losses, norms, w


def main():
    if sys.argv[1:]:
        for name in sys.argv[1:]:
            print(name, *train(name)[0])
        return
    out = Golden("steps.txt", HEAD)
    out.blank()
    out.comment("The first elements of some tensors: a check of the formula.")
    out.put("u0", u(0, 8))
    out.put("u3", u(3, 8))
    out.put("c1", c(1, 65, 8))
    for name, (note, *_, (optimizer, _)) in WORKLOADS.items():
        losses, norms, w = train(name)
        out.blank()
        out.comment(f"{name}: {note}; {optimizer}.")
        out.comment("\n".join(f"    {line}" for line in w.notes))
        out.put(f"{name}.loss", losses)
        out.put(f"{name}.grad_norm", norms)
        out.put(f"{name}.sum", [t.sum().item() for t in w.values()])
        out.put(f"{name}.square", [t.square().sum().item() for t in w.values()])
        if name in PRINTED:
            for k, t in w.items():
                out.put(f"{name}.{k}", t)
    out.save()


if __name__ == "__main__":
    main()
