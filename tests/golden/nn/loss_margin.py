"""Losses of margins, likeness, regions and sequences. Keras's and the papers' formulas are written in plain ops."""

import itertools

import torch
import torch.nn.functional as F

from torch_nn import case, labels, numbers

REDUCTIONS = ("mean", "sum", "none")


def positive(*shape, low=0.1, high=2.0):
    return ((numbers(*shape) + 1) / 2 * (high - low) + low).round(decimals=4)


def sides(*shape):
    return labels(2, *shape).double() * 2 - 1


x, s = numbers(3, 4, scale=2.0), sides(3, 4)
case("hinge", lambda x, t: (1 - t * x).clamp_min(0).mean(), x, s, constant=(1,))
case("hinge_each", lambda x, t: (1 - t * x).clamp_min(0), x, s)
case("squared_hinge", lambda x, t: (1 - t * x).clamp_min(0).square().mean(), x, s)
case("squared_hinge_each", lambda x, t: (1 - t * x).clamp_min(0).square(), x, s)
case("soft_margin", F.soft_margin_loss, x, s, constant=(1,), smooth=False)
case("soft_margin_each", lambda x, t: F.softplus(-t * x), x, s)


def categorical_hinge(x, t):
    return ((((1 - t) * x).amax(-1) - (t * x).sum(-1)) + 1).clamp_min(0)


y = labels(4, 3)
hot = F.one_hot(y, 4).double()
case("categorical_hinge", lambda x, t: categorical_hinge(x, t).mean(), x, hot, constant=(1,))
case("categorical_hinge_each", categorical_hinge, x, hot)


def multi_margin(x, y, w, p, margin):
    """In plain ops, for the second order."""
    right = x.gather(-1, y[..., None])
    each = (margin - right + x).clamp_min(0) ** p * (1 - F.one_hot(y, x.shape[-1]))
    return each.sum(-1) / x.shape[-1] * w[y]


w = positive(4)
for r in REDUCTIONS:
    f = lambda x, w, y, r=r: F.multi_margin_loss(x, y, p=2, margin=0.7, weight=w, reduction=r)
    case(f"multi_margin_all_{r}", f, x, w, y, constant=(1,), smooth=False)
case("multi_margin", F.multi_margin_loss, x, y, smooth=False)
case("multi_margin_one", F.multi_margin_loss, x[0], y[0], smooth=False)
case("multi_margin_second", lambda x, w, y: multi_margin(x, y, w, 2, 0.7), x, w, y, constant=(1,))
case("multi_margin_cubed", lambda x, w, y: multi_margin(x, y, w, 3, 1.0).mean(), x, w, y, constant=(1,))

several = torch.tensor([[3, 0, -1, 1], [-1, 2, 2, 2], [1, 2, 0, 3]])
for r in REDUCTIONS:
    case(f"multilabel_margin_{r}", lambda x, y, r=r: F.multilabel_margin_loss(x, y, reduction=r), x, several, smooth=False)
case("multilabel_margin_one", F.multilabel_margin_loss, x[0], torch.tensor([1, 1, -1, 0]), smooth=False)
bits = (s + 1) / 2
for r in REDUCTIONS:
    f = lambda x, t, w, r=r: F.multilabel_soft_margin_loss(x, t, w, reduction=r)
    case(f"multilabel_soft_margin_{r}", f, x, bits, w, constant=(1, 2))
case("multilabel_soft_margin_plain", F.multilabel_soft_margin_loss, x, positive(3, 4, high=0.9))

# --- order and likeness
a, b, c = numbers(4, 3), numbers(4, 3), numbers(4, 3)
sign = torch.tensor([1.0, -1.0, 1.0, -1.0])
for r in REDUCTIONS:
    f = lambda a, b, y, r=r: F.margin_ranking_loss(a, b, y, margin=0.3, reduction=r)
    case(f"margin_ranking_{r}", f, numbers(5), numbers(5), sides(5))
    f = lambda a, y, r=r: F.hinge_embedding_loss(a, y, margin=1.2, reduction=r)
    case(f"hinge_embedding_{r}", f, x, s, constant=(1,))
    f = lambda a, b, y, r=r: F.cosine_embedding_loss(a, b, y, margin=-0.2, reduction=r)
    case(f"cosine_embedding_{r}", f, a, b, sign, constant=(2,))
    case(f"triplet_{r}", lambda a, b, c, r=r: F.triplet_margin_loss(a, b, c, reduction=r), a, b, c)
    f = lambda a, b, c, r=r: F.triplet_margin_loss(a, b, c, margin=0.4, p=3.0, eps=1e-3, swap=True, reduction=r)
    case(f"triplet_all_{r}", f, a, b, c)
case("margin_ranking_zero", F.margin_ranking_loss, numbers(5), numbers(5), sides(5))
case("triplet_manhattan", lambda a, b, c: F.triplet_margin_loss(a, b, c, p=1.0), a, b, c)
for swap in (False, True):
    f = lambda a, b, c, swap=swap: F.triplet_margin_with_distance_loss(
        a, b, c, distance_function=lambda x, y: 1 - F.cosine_similarity(x, y, dim=-1), margin=0.5, swap=swap
    )
    case(f"triplet_distance{'_swap' if swap else ''}", f, a, b, c)
case("cosine_similarity", lambda a, b: -F.cosine_similarity(a, b, dim=-1).mean(), a, b)
case("cosine_similarity_each", lambda a, b: -F.cosine_similarity(a, b, dim=-1), a, b)


def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=-1)
    n = len(a)
    e = (z @ z.t() / temperature).exp() * (1 - torch.eye(2 * n))
    partner = (torch.arange(2 * n) + n) % (2 * n)
    return -(e[torch.arange(2 * n), partner] / e.sum(-1)).log()


case("nt_xent", lambda a, b: nt_xent(a, b, 0.5).mean(), a, b)
case("nt_xent_each", lambda a, b: nt_xent(a, b, 0.2), a[:3], b[:3])

# --- regions
p, t = positive(2, 3, 4, low=0.0, high=1.0), labels(2, 2, 3, 4).double()


def dice(x, t, axes=None, smooth=0.0):
    return 1 - (2 * (x * t).sum(axes) + smooth) / (x.sum(axes) + t.sum(axes) + smooth + 1e-7)


def tversky(x, t, alpha, beta, axes=None, smooth=0.0):
    tp, fp, fn = (x * t).sum(axes), (x * (1 - t)).sum(axes), ((1 - x) * t).sum(axes)
    return 1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth + 1e-7)


case("dice", lambda x, t: dice(x, t), p, t, constant=(1,))
case("dice_rows", lambda x, t: dice(x, t, (1, 2), 1.0).mean(), p, t)
case("dice_each", lambda x, t: dice(x, t, (2,)), p, t, constant=(1,))
case("dice_sum", lambda x, t: dice(x, t, (2,), 0.5).sum(), p, t, constant=(1,))
case("tversky", lambda x, t: tversky(x, t, 0.3, 0.7), p, t, constant=(1,))
case("tversky_rows", lambda x, t: tversky(x, t, 0.2, 0.9, (1, 2), 1.0).mean(), p, t)

# --- sequences: by the logits, as PyTorch's gradient by log-probabilities is meant for log_softmax
logits = numbers(6, 3, 4, scale=2.0)
spelled = torch.tensor([[1, 2, 2], [3, 3, 0], [2, 0, 0]])
inputs, targets = torch.tensor([6, 5, 4]), torch.tensor([3, 2, 1])


def ctc(x, y, i, t, **settings):
    return F.ctc_loss(x.log_softmax(-1), y, i, t, **settings)


for r in REDUCTIONS:
    f = lambda x, y, i, t, r=r: ctc(x, y, i, t, reduction=r)
    case(f"ctc_{r}", f, logits, spelled, inputs, targets, smooth=False)
case("ctc_empty", lambda x, y, i, t: ctc(x, y, i, t, reduction="none"), logits, spelled, inputs, torch.tensor([0, 2, 0]), smooth=False)
case("ctc_empty_mean", ctc, logits, spelled, inputs, torch.tensor([0, 2, 0]), smooth=False)
case("ctc_blank", lambda x, y, i, t: ctc(x, y, i, t, blank=3, reduction="none"), logits, torch.tensor([[1, 2, 2], [0, 0, 1], [2, 3, 3]]), inputs, targets, smooth=False)
# "1 2 2" needs four steps, "3 3" three.
short = torch.tensor([3, 3, 2])
for r in REDUCTIONS:
    f = lambda x, y, i, t, r=r: ctc(x, y, i, t, reduction=r, zero_infinity=True)
    case(f"ctc_impossible_{r}", f, logits, spelled, short, targets, smooth=False)
case("ctc_one", lambda x, y: ctc(x, y, torch.tensor(5), torch.tensor(3), reduction="none"), logits[:, 0], spelled[0], smooth=False)


def all_paths(log, target):
    """The same from its definition, for the derivatives by log-probabilities and of the second order."""
    steps, classes = log.shape
    total = 0.0
    for path in itertools.product(range(classes), repeat=steps):
        merged = [c for c, _ in itertools.groupby(path) if c != 0]
        if merged == target:
            total = total + sum(log[i, c] for i, c in enumerate(path)).exp()
    return -total.log()


def of_batch(log):
    return torch.stack([all_paths(log[:4, 0], [1, 1]), all_paths(log[:3, 1], [2, 1]), all_paths(log[:4, 2], [])])


case("ctc_exact", of_batch, numbers(4, 3, 3).log_softmax(-1))
