"""Makes ops.txt: values and derivatives of PyTorch's losses, activations and norms, in f64.

To rerun, with PyTorch from PyPI (`pip install torch`):

    python tests/golden/ops.py

The version used is written into the file. Another version or processor may change the last digits.
"""
import torch
import torch.nn.functional as F
from torch import nn

from writer import Golden, Numbers

HEAD = """
Functions y = f(x, ...) with everything that a test of their derivatives needs:

    CASE.x         the input; a case's other inputs (weight, bias) under their own names
    CASE.target    for losses: the targets, or class labels as integers; not differentiated
    CASE.y         the output
    CASE.g         a gradient coming in from above, of y's shape
    CASE.dx        its pull-back J^T g; CASE.dweight and CASE.dbias likewise
    CASE.v         a tangent of x's shape
    CASE.jvp       its push-forward J v
    CASE.ddx       the gradient of sum(dx * v) with respect to x: second order (smooth functions only)

Losses are means over all elements unless the case says otherwise.

PyTorch's own values are good to about 1e-15 of the largest term: where terms cancel (1 - sigmoid(40),
1 + erf(-6), the loss of a right answer at logit -40) it may say 0 for 4e-18; and exp(x - y) with x and y
near 900 (logsumexp_large) is good to 1e-13 only. So compare with an absolute tolerance beside the relative
one: 1e-13 leaves room for another order of the same operations.
"""

out = Golden("ops.txt", HEAD)
numbers = Numbers(7)


def tidy(t):
    """Sums of short decimals as short decimals again."""
    return t.round(decimals=3)


def case(name, note, f, x, target=None, smooth=True, **inputs):
    """Writes one case of y = f(x, *inputs, [target])."""
    out.blank()
    out.comment(f"{name}: {note}" if note else name)
    inputs = {k: tidy(t) for k, t in {"x": x, **inputs}.items()}
    for k, t in inputs.items():
        out.put(f"{name}.{k}", t)
    if target is not None:
        out.put(f"{name}.target", target)
    leaves = [t.clone().requires_grad_() for t in inputs.values()]
    y = f(*leaves) if target is None else f(*leaves, target)
    g = (numbers(*y.shape, scale=2.0) if y.dim() else torch.tensor(0.7)).requires_grad_()
    v = numbers(*x.shape)
    grads = torch.autograd.grad(y, leaves, g, create_graph=True)
    # J^T g is linear in g, so the gradient of <J^T g, v> with respect to g is J v.
    probe = (grads[0] * v).sum()
    (jvp,) = torch.autograd.grad(probe, g, retain_graph=True)
    out.put(f"{name}.y", y)
    out.put(f"{name}.g", g)
    for k, t in zip(inputs, grads):
        out.put(f"{name}.d{k}", t)
    out.put(f"{name}.v", v)
    out.put(f"{name}.jvp", jvp)
    if smooth:
        # A linear f has no path from dx back to x: PyTorch says None, and the gradient is zero.
        (ddx,) = torch.autograd.grad(probe, leaves[0], allow_unused=True, materialize_grads=True)
        out.put(f"{name}.ddx", ddx)


def bce(p, t):
    """binary_cross_entropy, whose own second derivative is good to 1e-9 only (it adds an epsilon)."""
    y = -(t * p.log() + (1 - t) * (-p).log1p()).mean()
    torch.testing.assert_close(y, F.binary_cross_entropy(p, t), rtol=1e-14, atol=0.0)
    return y


def losses():
    labels = torch.tensor([2, 0, 4, 1])
    case("cross_entropy", "from class labels, mean over the rows", F.cross_entropy, numbers(4, 5, scale=3.0), labels)
    large = numbers(4, 5, scale=3.0) + torch.tensor([[900.0], [-900.0], [0.0], [40.0]])
    large[2] *= 100.0
    case("cross_entropy_large", "rows of logits near 900 and -900, and logits up to 300 apart", F.cross_entropy, large, labels)

    p = numbers(3, 4, scale=0.49) + 0.5
    soft = tidy(numbers(3, 4, scale=0.5) + 0.5)
    hard = torch.tensor([[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
    case("bce", "targets 0 and 1", bce, p, hard)
    case("bce_soft", "targets between 0 and 1", bce, p, soft)
    case("bce_logits", "targets 0 and 1", F.binary_cross_entropy_with_logits, numbers(3, 4, scale=3.0), hard)
    far = torch.tensor([[40.0, -40.0, 40.0, -40.0], [0.0, 0.0, 2.5, -2.5], [40.0, -40.0, 0.5, -0.5]])
    side = torch.tensor([[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0], [0.3, 0.3, 0.8, 0.2]])
    case("bce_logits_far", "logits up to 40, right and wrong", F.binary_cross_entropy_with_logits, far, side)
    # No mean, so that the tiny losses of right answers are not hidden by the large ones.
    each = lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none")
    case("bce_logits_each", "the same without the mean", each, far, side)

    case("mse", "mean", F.mse_loss, numbers(3, 4), numbers(3, 4))
    x, t = numbers(3, 4), numbers(3, 4)
    t[1, 2] = x[1, 2]
    case("l1", "mean; x equals the target at [1, 2], where the gradient is 0", F.l1_loss, x, t, smooth=False)


def activations():
    line = torch.tensor([-40.0, -6.25, -3.0, -1.5, -0.75, -0.125, 0.0, 0.125, 0.5, 1.25, 2.0, 3.5, 7.0, 40.0])
    mixed = numbers(3, 5, scale=3.0)
    kinked = mixed.clone()
    kinked[0, 0] = 0.0
    case("gelu", "the erf form", F.gelu, line)
    case("gelu_tanh", "the tanh form", lambda x: F.gelu(x, approximate="tanh"), line)
    case("sigmoid", "", torch.sigmoid, line)
    case("tanh", "", torch.tanh, line)
    case("silu", "", F.silu, line)
    # PyTorch's softplus returns x itself beyond a threshold of 20, which is 2e-9 wrong there.
    case("softplus", "the exact function: PyTorch's threshold raised to 100", lambda x: F.softplus(x, threshold=100), line)
    case("elu", "alpha 1", F.elu, mixed)
    case("elu_alpha", "alpha 0.7", lambda x: F.elu(x, alpha=0.7), mixed)
    case("relu", "the derivative at x[0, 0] = 0 is 0", F.relu, kinked, smooth=False)
    case("leaky_relu", "slope 0.01; the derivative at x[0, 0] = 0 is the slope", F.leaky_relu, kinked, smooth=False)
    case("leaky_relu_slope", "slope 0.2", lambda x: F.leaky_relu(x, 0.2), mixed, smooth=False)


def along_an_axis():
    x = numbers(3, 5, scale=3.0)
    large = x + torch.tensor([[900.0], [-900.0], [0.0]])
    cube = numbers(2, 3, 4, scale=2.0)
    for name, f in (("softmax", torch.softmax), ("log_softmax", torch.log_softmax), ("logsumexp", torch.logsumexp)):
        case(name, "over the last axis", lambda x: f(x, -1), x)
        case(f"{name}_axis1", "over axis 1 of 3", lambda x: f(x, 1), cube)
        case(f"{name}_large", "over the last axis, rows near 900 and -900", lambda x: f(x, -1), large)
    for name, f in (("var", torch.var), ("std", torch.std)):
        for suffix, correction in (("", 0), ("_unbiased", 1)):
            by = "n - 1" if correction else "n"
            case(f"{name}{suffix}", f"over the last axis, divided by {by}", lambda x: f(x, -1, correction=correction), x)
            case(f"{name}{suffix}_axis1", f"over axis 1 of 3, divided by {by}", lambda x: f(x, 1, correction=correction), cube)
            case(f"{name}{suffix}_all", f"over all elements, divided by {by}", lambda x: f(x, (0, 1), correction=correction), x)


def norms():
    w, b = numbers(5) + 1.0, numbers(5)
    case("layer_norm", "over the last axis, eps 1e-5, biased variance",
         lambda x, w, b: F.layer_norm(x, (5,), w, b, eps=1e-5), numbers(4, 5, scale=2.0), weight=w, bias=b)

    w, b = tidy(numbers(3) + 1.0), numbers(3)
    x = tidy(numbers(6, 3, scale=2.0) + torch.tensor([0.0, 1.0, -3.0]))
    second = tidy(numbers(6, 3) - 0.5)
    case("batch_norm", "training mode: normalized by the batch's mean and biased variance, eps 1e-5",
         lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True, eps=1e-5), x, weight=w, bias=b)
    out.comment("""The running statistics start at 0 and 1, momentum 0.1: running = 0.9 running + 0.1 batch, with the
unbiased variance of the batch. First the batch x, then x2.""")
    norm = nn.BatchNorm1d(3, eps=1e-5, momentum=0.1)
    norm.load_state_dict({"weight": w, "bias": b}, strict=False)
    out.put("batch_norm.x2", second)
    for k, batch in enumerate((x, second), 1):
        y = norm(batch)
        out.put(f"batch_norm.running_mean{k}", norm.running_mean)
        out.put(f"batch_norm.running_var{k}", norm.running_var)
    out.put("batch_norm.y2", y)
    mean, var = norm.running_mean.clone(), norm.running_var.clone()
    case("batch_norm_eval", "inference mode, with the running statistics after the two batches above",
         lambda x, w, b: F.batch_norm(x, mean, var, w, b, training=False, eps=1e-5), x, weight=w, bias=b)


losses()
activations()
along_an_axis()
norms()
out.save()
