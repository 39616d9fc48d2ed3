"""The text format of the golden files, shared by the scripts beside it.

    # a comment; blank lines are allowed
    key [2, 3]: 0.1 0.2 0.3 0.4 0.5 0.6
    scalar []: 1e-05

One array a line: a key without spaces, its shape, a colon, and the elements in row-major order, each
the shortest decimal that reads back as the same f64 (Python's repr). Keys are unique within a file.
Labels are written as integers. A line that does not start with '#' and is not blank is an array.
"""
import math
import pathlib
import random

import torch

# One thread: a sum split differently rounds differently.
torch.set_num_threads(1)
# The default dtype also decides in which precision optimizers keep their step counters and products.
torch.set_default_dtype(torch.float64)


class Golden:
    """Collects lines and writes them to `name` in this folder."""

    def __init__(self, name, head):
        self.path = pathlib.Path(__file__).with_name(name)
        self.keys = set()
        self.lines = []
        self.comment(f"Made by {self.path.stem}.py with PyTorch {torch.__version__}: do not edit.")
        self.comment(head)

    def comment(self, text):
        self.lines += [f"# {line}".rstrip() for line in text.strip("\n").split("\n")]

    def blank(self):
        self.lines.append("")

    def put(self, key, value):
        """Adds an array: a tensor, a number, or a flat list of numbers."""
        t = value.detach() if isinstance(value, torch.Tensor) else torch.tensor(value)
        assert t.dtype in (torch.float64, torch.int64), f"{key}: {t.dtype}"
        assert key not in self.keys and " " not in key, key
        values = t.flatten().tolist()
        assert all(math.isfinite(v) for v in values), f"{key}: not finite"
        self.keys.add(key)
        self.lines.append(f"{key} {list(t.shape)}: {' '.join(map(repr, values))}")

    def save(self):
        self.path.write_text("\n".join(self.lines) + "\n", encoding="utf-8", newline="\n")
        print(f"{self.path.name}: {len(self.keys)} arrays")


class Numbers:
    """Uniform numbers of few digits, the same on every machine."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def __call__(self, *shape, scale=1.0, digits=3):
        n = math.prod(shape)
        flat = [round((2.0 * self.rng.random() - 1.0) * scale, digits) for _ in range(n)]
        return torch.tensor(flat).reshape(shape)
