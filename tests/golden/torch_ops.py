"""Makes torch_ops.safetensors and torch_linalg.safetensors: what PyTorch answers for every op of chainrule, in f64.

To rerun, with PyTorch from PyPI (`pip install torch expecttest`; the latter for PyTorch's own tables of tests):

    python tests/golden/torch_ops.py

The tables of cases are in torch_cases/, by family. Where PyTorch's database of ops (`op_db`, which its own tests
draw from) has the op, cases are chosen among its samples; others are written by hand. Axes of the database's samples are made
shorter than PyTorch's tests have them. Samples with arguments that chainrule has no counterpart for don't fit the signature in the
table, or `skip` says why; run with `--skipped` to list all of them.

The format. A safetensors file with four flat tensors, and a text beside them:

    metadata "made_by"   the version of PyTorch
    metadata "cases"     a line for each case: `op checks key=value … | inputs | outputs`
    f64, i64, bool       the elements of all arrays of that dtype, in the order of the cases
    directions           numbers from -1 to 1

Inputs and outputs are written as dtype and shape, `f64[2,3] i64[]`; those differentiated by are `f64*[2,3]`. Lists
are written with commas. The checks are letters; for each case the arrays in f64 are, in this order:

    always   the inputs, then the outputs
    g        gradients: J^T g for each input with a `*`, summed over the outputs of dtype f64
    s        second order: the gradient of <J^T g, u> by each of these inputs
    t        forward mode: J u for each output of dtype f64

The gradients `g` (for each output of dtype f64) and then the directions `u` (for each input with a `*`) are read one after the
other from `directions`, from element `37 n` on for the case in line `n` (from 0), and around its end.

A case lacks a check where PyTorch has no such derivative. Elements of derivatives that aren't finite are not to be compared. Where
derivatives differ by design, as at ties, cases keep away from such points or are marked `value` in the table.
"""

import importlib
import inspect
import json
import math
import pathlib
import random
import struct
import sys
import warnings
from collections import Counter

import torch
import torch.autograd.forward_ad as forward
from torch.testing._internal import common_methods_invocations as database
from torch.testing._internal.opinfo import core, definitions

# One thread: a sum split differently rounds differently.
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
warnings.filterwarnings("ignore")
# A small file: the lengths of axes of the database's samples.
for module in [core, database] + [getattr(definitions, name) for name in ("linalg", "special", "_masked")]:
    for name, length in (("XS", 2), ("S", 3), ("M", 4), ("L", 6)):
        if hasattr(module, name):
            setattr(module, name, length)

MOST_CASES = 7
MOST_ELEMENTS = 40
DIRECTIONS = 997
DTYPES = {torch.float64: "f64", torch.int64: "i64", torch.bool: "bool"}


class Skip(Exception):
    """A sample without counterpart."""


def skip(reason):
    raise Skip(reason)


class Numbers:
    """Uniform numbers of few digits, the same on every machine."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def __call__(self, *shape, low=-2.0, high=2.0):
        flat = [round(self.rng.uniform(low, high), 3) for _ in range(math.prod(shape))]
        return torch.tensor(flat).reshape(shape)


class Case:
    def __init__(self, op, f, inputs, args, by, value):
        self.op, self.f, self.inputs, self.args = op, f, inputs, args
        floats = [i for i, x in enumerate(inputs) if x.dtype == torch.float64]
        self.by = [] if value else floats if by is None else by

    def signature(self):
        shapes = [("shape", i, str(x.dtype), tuple(x.shape)) for i, x in enumerate(self.inputs)]
        args = [("arg", k, text(v)) for k, v in self.args.items()]
        ranks = [("rank", tuple(x.dim() for x in self.inputs))]
        empty = [("empty", any(x.numel() == 0 for x in self.inputs))]
        return shapes + args + ranks + empty

    def run(self, inputs):
        y = self.f(*inputs, **self.args)
        return list(y) if isinstance(y, (tuple, list)) else [y]


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, torch.Size)):
        return ",".join(text(v) for v in value)
    return str(value)


def choose(cases, most):
    """The cases that differ most from those chosen before them."""
    chosen, seen = [], set()
    while cases and len(chosen) < most:
        best = max(cases, key=lambda case: len(set(case.signature()) - seen))
        if chosen and not set(best.signature()) - seen:
            break
        chosen.append(best)
        seen |= set(best.signature())
        cases = [case for case in cases if case is not best]
    return chosen


class Family:
    """The cases of one file."""

    def __init__(self, name):
        self.name = name
        self.cases, self.skipped = [], []
        self.numbers = Numbers(11)

    def op(self, name, f, db=None, take=None, hand=(), at=(-2.0, 2.0), by=None, value=False, most=MOST_CASES):
        """Cases of the op `name`, whose result `f` computes from inputs and keyword arguments.

        db: the name in PyTorch's database, or several. take: from a sample's input and arguments to a list of inputs and a dict
        of arguments; its signature says which it knows. hand: more cases, of inputs and arguments, and "value" if no derivative is
        wanted; an input is a tensor, or a shape to be filled with numbers `at` a range. by: the inputs with a derivative, if not
        all. value: values only.
        """
        cases = []
        for entry in [db] if isinstance(db, str) else db or []:
            cases += self.samples(entry, name, f, take or (lambda x: ([x], {})), by, value)
        cases = choose(cases, most)
        for inputs, args, *only in hand:
            fill = [self.numbers(*x, low=at[0], high=at[1]) if isinstance(x, tuple) else x for x in inputs]
            cases.append(Case(name, f, fill, args, by, value or "value" in only))
        self.cases += cases

    def samples(self, entry, name, f, take, by, value):
        info = next(o for o in database.op_db if f"{o.name}.{o.variant_test_name}".rstrip(".") == entry)
        torch.manual_seed(5)
        random.seed(5)
        cases = []
        samples = iter(info.sample_inputs("cpu", torch.float64, requires_grad=True))
        while True:
            try:
                sample = next(samples, None)
            except Exception as e:
                # A generator that relies on longer axes than these.
                self.skipped.append((name, f"the database stops: {e}"))
                break
            if sample is None:
                break
            try:
                inspect.signature(take).bind(sample.input, *sample.args, **sample.kwargs)
                inputs, args = take(sample.input, *sample.args, **sample.kwargs)
                inputs = [x.detach().clone().contiguous() if isinstance(x, torch.Tensor) else torch.tensor(x) for x in inputs]
                inputs = [x.long() if x.dtype == torch.int32 else x for x in inputs]
                if any(x.dtype not in DTYPES for x in inputs):
                    skip("dtypes that chainrule lacks")
                case = Case(name, f, inputs, {k: v for k, v in args.items() if v is not None}, by, value)
                found = case.run(inputs)
                if max(x.numel() for x in inputs + found) > MOST_ELEMENTS:
                    continue
                expected = info(sample.input, *sample.args, **sample.kwargs)
                if isinstance(expected, torch.Tensor) and len(found) == 1:
                    torch.testing.assert_close(found[0], expected.detach(), rtol=1e-12, atol=1e-12, equal_nan=True)
                cases.append(case)
            except Skip as e:
                self.skipped.append((name, str(e)))
            except (TypeError, RuntimeError, IndexError) as e:
                # Arguments unknown to the table, or that don't fit the shorter axes.
                self.skipped.append((name, str(e).split("\n")[0]))
        return cases


class Writer:
    """Evaluates cases and lays their arrays one after the other."""

    def __init__(self):
        self.lines = []
        self.arrays = {dtype: [] for dtype in DTYPES}
        self.directions = Numbers(5)(DIRECTIONS, low=-1.0, high=1.0)

    def put(self, x):
        self.arrays[x.dtype].append(x.detach().reshape(-1))

    def write(self, case):
        outputs = case.run([x.clone() for x in case.inputs])
        cursor = 37 * len(self.lines)

        def direction(like):
            nonlocal cursor
            at = torch.arange(cursor, cursor + like.numel()) % DIRECTIONS
            cursor += like.numel()
            return self.directions[at].reshape(like.shape)

        floats = [i for i, y in enumerate(outputs) if y.dtype == torch.float64]
        g = [direction(outputs[i]) for i in floats]
        u = [direction(case.inputs[i]) for i in case.by]
        checks, derivatives = "", []
        if case.by and floats:
            for letter, arrays in zip("gst", self.derivatives(case, floats, g, u)):
                finite = arrays is not None and any(torch.isfinite(x).any() or x.numel() == 0 for x in arrays)
                if finite and (letter != "s" or "g" in checks):
                    checks += letter
                    derivatives += arrays
        for x in case.inputs + outputs + derivatives:
            self.put(x)
        shape = lambda i, x, by: f"{DTYPES[x.dtype]}{'*' if checks and i in by else ''}[{text(x.shape)}]"
        args = " ".join(f"{k}={text(v).replace(' ', '')}" for k, v in case.args.items())
        inputs = " ".join(shape(i, x, case.by) for i, x in enumerate(case.inputs))
        results = " ".join(shape(i, y, []) for i, y in enumerate(outputs))
        self.lines.append(" ".join(f"{case.op} {checks or 'v'} {args} | {inputs} | {results}".split()))

    def derivatives(self, case, floats, g, u):
        x = [x.clone().requires_grad_(i in case.by) for i, x in enumerate(case.inputs)]
        by = [x[i] for i in case.by]
        y = case.run(x)
        seeds = [g.clone().requires_grad_() for g in g]
        parts = [(y[i], seed) for i, seed in zip(floats, seeds) if y[i].requires_grad]
        grad = lambda y, x, g, **more: torch.autograd.grad(y, x, g, allow_unused=True, materialize_grads=True, **more)
        zeros = [torch.zeros_like(x) for x in by]
        if not parts:
            return zeros, zeros, [torch.zeros_like(y[i]) for i in floats]
        try:
            first = grad([y for y, _ in parts], by, [g for _, g in parts], create_graph=True)
        except RuntimeError as e:
            print(f"{case.op}: no gradient: {str(e)[:80]}")
            return None, None, None
        inner = sum((d * u).sum() for d, u in zip(first, u))
        try:
            second = zeros if not inner.requires_grad else grad(inner, by, None, retain_graph=True)
        except RuntimeError as e:
            print(f"{case.op}: no second order: {str(e)[:80]}")
            second = None
        tangents = self.tangents(case, floats, u)
        if tangents is None and inner.requires_grad:
            # J^T g is linear in g, so the gradient of <J^T g, u> by g is J u.
            try:
                tangents = grad(inner, seeds, None)
            except RuntimeError as e:
                print(f"{case.op}: no forward mode: {str(e)[:80]}")
        if tangents is not None:
            ahead = sum((t * g).sum() for t, g in zip(tangents, g))
            if torch.isfinite(inner) and torch.isfinite(ahead):
                scale = 1.0 + max([float(d.abs().max()) for d in first if d.numel()] or [0.0])
                torch.testing.assert_close(
                    ahead, inner.detach(), rtol=1e-9, atol=1e-10 * scale, msg=lambda m: f"{case.op}: {m}"
                )
        return list(first), None if second is None else list(second), None if tangents is None else list(tangents)

    def tangents(self, case, floats, u):
        try:
            with forward.dual_level():
                x = [x.clone() for x in case.inputs]
                for i, u in zip(case.by, u):
                    x[i] = forward.make_dual(x[i], u)
                y = case.run(x)
                tangents = [forward.unpack_dual(y[i]).tangent for i in floats]
                return [torch.zeros_like(y[i]) if t is None else t for i, t in zip(floats, tangents)]
        except (NotImplementedError, RuntimeError):
            return None

    def save(self, name):
        tensors = {
            DTYPES[dtype]: torch.cat(arrays) if arrays else torch.zeros(0, dtype=dtype) for dtype, arrays in self.arrays.items()
        } | {"directions": self.directions}
        kinds = {torch.float64: ("F64", "d"), torch.int64: ("I64", "q"), torch.bool: ("BOOL", "?")}
        header = {"__metadata__": {"made_by": f"PyTorch {torch.__version__}", "cases": "\n".join(self.lines)}}
        data = b""
        # In the order of their alignment, as the format wants it.
        for key, x in sorted(tensors.items(), key=lambda item: (item[1].dtype == torch.bool, item[0])):
            kind, code = kinds[x.dtype]
            start, values = len(data), x.tolist()
            data += struct.pack(f"<{len(values)}{code}", *values)
            header[key] = {"dtype": kind, "shape": [len(values)], "data_offsets": [start, len(data)]}
        head = json.dumps(header, separators=(",", ":")).encode()
        head += b" " * (-len(head) % 8)
        path = pathlib.Path(__file__).with_name(f"{name}.safetensors")
        path.write_bytes(struct.pack("<Q", len(head)) + head + data)
        print(f"{path.name}: {len(self.lines)} cases, {path.stat().st_size} bytes")


FILES = {
    "torch_ops": ["elementwise", "reduce", "movement", "indexing", "products", "windows", "activation"],
    "torch_linalg": ["linalg"],
}


def main():
    for file, families in FILES.items():
        writer = Writer()
        for name in families:
            family = Family(name)
            importlib.import_module(f"torch_cases.{name}").cases(family)
            for case in family.cases:
                writer.write(case)
            for op, count in Counter(case.op for case in family.cases).items():
                if count < 5:
                    print(f"{op}: only {count} cases")
            if "--skipped" in sys.argv:
                for line in sorted({f"{op}: {why}" for op, why in family.skipped}):
                    print(f"skipped: {line}")
        writer.save(file)


if __name__ == "__main__":
    # The tables import from this file by its name.
    import torch_ops

    torch_ops.main()
