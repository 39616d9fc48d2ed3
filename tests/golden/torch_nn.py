"""Makes nn/FAMILY.safetensors: what PyTorch's layers, activations and losses answer, in f64.

To rerun, with PyTorch from PyPI (`pip install torch safetensors`), for one family or several:

    python tests/golden/torch_nn.py FAMILY ...

The cases of a family are in nn/FAMILY.py, which calls `case(name, f, *inputs, ...)` for each. `f` is a module or a
function; the file then has, for every case:

    NAME/in.0 ...           the inputs
    NAME/param.weight ...   the module's state_dict before (parameters and buffers)
    NAME/out.0 ...          the outputs in training mode
    NAME/g.0 ...            gradients coming in from above, one for each output that is differentiable
    NAME/grad.in.0 ...      their pull-back to each input that is floating point, unless it is not to be differentiated
    NAME/grad.param.weight  and to each parameter
    NAME/v.in.0, v.param... directions; with them, if the case is smooth:
    NAME/second.in.0 ...    the gradient of the sum of <gradient, direction> by each of the same
    NAME/state.running_mean the buffers after the training step
    NAME/eval.0 ...         the outputs in inference mode after that, for modules

The metadata of the file has the version of PyTorch under `made_by`.
"""

import importlib
import pathlib
import sys
import warnings

import torch
from safetensors.torch import save_file

# One thread: a sum split differently rounds differently.
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
warnings.filterwarnings("ignore")

HERE = pathlib.Path(__file__).parent
arrays: dict[str, torch.Tensor] = {}
generator = torch.Generator()


def numbers(*shape, scale=1.0):
    """Uniform numbers from -scale to scale, with few digits."""
    return ((torch.rand(shape, generator=generator) * 2 - 1) * scale).round(decimals=4)


def labels(count, *shape):
    """Class labels below `count`."""
    return torch.randint(count, shape, generator=generator)


def put(key, tensor):
    assert key not in arrays, f"two arrays are called {key}"
    arrays[key] = tensor.detach().clone().contiguous()


def as_tuple(out):
    """The tensors of nested tuples and lists, in order."""
    if isinstance(out, torch.Tensor):
        return (out,)
    return tuple(leaf for part in out if part is not None for leaf in as_tuple(part))


def case(name, f, *inputs, smooth=True, constant=(), randomize=True):
    """A case of `f(*inputs)`. Inputs whose number is in `constant` are not differentiated; second derivatives are written if
    `smooth`. The parameters of a module are set to random numbers, those that were constant near what they were, if `randomize`."""
    module = isinstance(f, torch.nn.Module)
    named = {}
    if module:
        f.double().train()
        with torch.no_grad():
            for p in f.parameters() if randomize else ():
                p.copy_(numbers(*p.shape, scale=0.5) + (p.flatten()[0] if bool((p == p.flatten()[0]).all()) else 0))
        for key, value in f.state_dict().items():
            put(f"{name}/param.{key}", value)
        named = {f"param.{key}": p for key, p in f.named_parameters()}
    xs = []
    for i, x in enumerate(inputs):
        put(f"{name}/in.{i}", x)
        if x.is_floating_point() and i not in constant:
            x = x.clone().requires_grad_()
            named[f"in.{i}"] = x
        xs.append(x)
    outs = as_tuple(f(*xs))
    gs = []
    for i, y in enumerate(outs):
        put(f"{name}/out.{i}", y)
        if y.requires_grad:
            gs.append(numbers(*y.shape, scale=2.0))
            put(f"{name}/g.{i}", gs[-1])
    if gs:
        total = sum((y * g).sum() for y, g in zip([y for y in outs if y.requires_grad], gs))
        grads = torch.autograd.grad(total, list(named.values()), create_graph=smooth, allow_unused=True)
        used = [(key, x, d) for (key, x), d in zip(named.items(), grads) if d is not None]
        for key, _, d in used:
            put(f"{name}/grad.{key}", d)
        if smooth:
            along = 0.0
            for key, x, d in used:
                v = numbers(*x.shape)
                put(f"{name}/v.{key}", v)
                along = along + (d * v).sum()
            seconds = [None] * len(used)
            if along.requires_grad:
                seconds = torch.autograd.grad(along, [x for _, x, _ in used], allow_unused=True)
            for (key, x, _), dd in zip(used, seconds):
                put(f"{name}/second.{key}", torch.zeros_like(x) if dd is None else dd)
    if module:
        for key, value in f.named_buffers():
            put(f"{name}/state.{key}", value)
        f.eval()
        with torch.no_grad():
            for i, y in enumerate(as_tuple(f(*inputs))):
                put(f"{name}/eval.{i}", y)


def main():
    families = sys.argv[1:] or sorted(path.stem for path in (HERE / "nn").glob("*.py"))
    for family in families:
        arrays.clear()
        generator.manual_seed(sum(map(ord, family)))
        torch.manual_seed(0)
        importlib.import_module(f"nn.{family}")
        file = HERE / "nn" / f"{family}.safetensors"
        save_file(dict(arrays), file, metadata={"made_by": f"PyTorch {torch.__version__}"})
        print(f"{file.name}: {len({key.split('/')[0] for key in arrays})} cases, {file.stat().st_size} bytes")


if __name__ == "__main__":
    # The families import this module by its name.
    sys.modules["torch_nn"] = sys.modules["__main__"]
    sys.path.insert(0, str(HERE))
    main()
