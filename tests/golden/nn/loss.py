"""Losses of numbers, distributions, yes or no, and classes. Keras's and the papers' formulas are written in plain ops."""

import torch
import torch.nn.functional as F

from torch_nn import case, labels, numbers

LN2 = torch.log(torch.tensor(2.0))


def positive(*shape, low=0.1, high=2.0):
    return ((numbers(*shape) + 1) / 2 * (high - low) + low).round(decimals=4)


def probabilities(*shape):
    return positive(*shape, low=0.05, high=0.95)


def distributions(*shape):
    return numbers(*shape, scale=2.0).softmax(-1)


def bits(*shape):
    return labels(2, *shape).double()


REDUCTIONS = ("mean", "sum", "none")

# --- regression
x, t = numbers(3, 4, scale=3.0), numbers(3, 4, scale=3.0)
for r in REDUCTIONS:
    case(f"mse_{r}", lambda x, t, r=r: F.mse_loss(x, t, reduction=r), x, t)
case("mse_batch_mean", lambda x, t: (x - t).square().sum() / 3, x, t)
case("mae", F.l1_loss, x, t)
case("huber", lambda x, t: F.huber_loss(x, t, delta=1.5), x, t)
case("smooth_l1_each", lambda x, t: F.smooth_l1_loss(x, t, beta=0.7, reduction="none"), x, t)


def log_cosh(x, t):
    d = x - t
    return d + F.softplus(-2 * d) - LN2


case("log_cosh", lambda x, t: log_cosh(x, t).mean(), x, t)
case("log_cosh_each", log_cosh, torch.tensor([50.0, -50.0, 0.3, -0.1]), torch.zeros(4), constant=(1,))


def quantile(x, t, q):
    return torch.maximum(q * (t - x), (q - 1) * (t - x))


tied = torch.cat([x[0, :3], t[0, :1]])
case("quantile", lambda x, t: quantile(x, t, 0.9).mean(), x, t)
case("quantile_each", lambda x, t: quantile(x, t, 0.25), tied, t[0], smooth=False)
case("mape", lambda x, t: 100 * ((x - t) / t.abs().clamp_min(1e-7)).abs().mean(), x, t)


def msle(x, t):
    return (x.clamp_min(1e-7).log1p() - t.clamp_min(1e-7).log1p()).square()


case("msle", lambda x, t: msle(x, t).mean(), positive(3, 4), positive(3, 4))
case("msle_each", msle, numbers(6), numbers(6))
case("weighted_mean", lambda x, t, w: ((x - t).square() * w[:, None]).sum() / (4 * w.sum()), x, t, positive(3))
case("weighted", lambda x, t, w: ((x - t).square() * w[:, None]).mean(), x, t, positive(3))

# --- distributions
log, target = numbers(3, 4).log_softmax(-1), distributions(3, 4)
for r in ("mean", "sum", "none", "batchmean"):
    case(f"kl_div_{r}", lambda x, t, r=r: F.kl_div(x, t, reduction=r), log, target)
case("kl_div_zero", lambda x, t: F.kl_div(x, t, reduction="sum"), log[0], torch.tensor([0.0, 0.5, 0.5, 0.0]), constant=(1,))
case("kl_div_log", lambda x, t: F.kl_div(x, t, reduction="batchmean", log_target=True), log, target.log())
case("kl_div_log_each", lambda x, t: F.kl_div(x, t, reduction="none", log_target=True), log, target.log())
counts, means = labels(6, 2, 4).double(), positive(2, 4)
for log_input in (True, False):
    for full in (True, False):
        for r in REDUCTIONS if full == log_input else ("mean",):
            name = f"poisson{'_log' if log_input else ''}{'_full' if full else ''}_{r}"
            f = lambda x, t, li=log_input, fu=full, r=r: F.poisson_nll_loss(x, t, li, fu, eps=1e-3, reduction=r)
            case(name, f, means, counts, smooth=True, constant=(1,))
case("poisson_by_target", lambda x, t: F.poisson_nll_loss(x, t, full=True), means, positive(2, 4, low=1.1, high=4.0))
v = positive(3, 4)
for full in (True, False):
    for r in REDUCTIONS if full else ("mean",):
        f = lambda x, t, v, fu=full, r=r: F.gaussian_nll_loss(x, t, v, full=fu, reduction=r)
        case(f"gaussian{'_full' if full else ''}_{r}", f, x, t, v)
case("gaussian_row", lambda x, t, v: F.gaussian_nll_loss(x, t, v), x, t, positive(3))
case("gaussian_column", lambda x, t, v: F.gaussian_nll_loss(x, t, v), x, t, positive(3, 1))
case("gaussian_least", lambda x, t, v: F.gaussian_nll_loss(x, t, v, eps=0.5), x[0], t[0], torch.tensor([0.1, 0.0, 0.5, 2.0]))

# --- yes or no
hard, soft = bits(3, 4), probabilities(3, 4)
weight = positive(4)


def bce(p, t):
    """PyTorch's own second derivative is good to 1e-9 only."""
    return -(t * p.log() + (1 - t) * (-p).log1p())


case("bce", lambda p, t: bce(p, t).mean(), probabilities(3, 4), soft)
case("bce_each", bce, probabilities(3, 4), hard, constant=(1,))
for r in REDUCTIONS:
    f = lambda x, t, w, r=r: F.binary_cross_entropy_with_logits(x, t, pos_weight=w, reduction=r)
    case(f"bce_pos_weight_{r}", f, x, soft, weight, constant=(2,))
case("bce_pos_weight_one", lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, pos_weight=w), x, hard, torch.tensor(3.0), constant=(1, 2))
case("bce_smoothed", lambda x, t: F.binary_cross_entropy_with_logits(x, t * 0.8 + 0.1), x, soft)


def binary_focal(x, t, alpha, gamma):
    p = x.sigmoid()
    right = p * t + (1 - p) * (1 - t)
    each = F.binary_cross_entropy_with_logits(x, t, reduction="none") * (1 - right) ** gamma
    return each if alpha is None else each * (alpha * t + (1 - alpha) * (1 - t))


case("binary_focal", lambda x, t: binary_focal(x, t, 0.25, 2.0).mean(), x, soft)
case("binary_focal_each", lambda x, t: binary_focal(x, t, 0.25, 2.0), x, hard, constant=(1,))
case("binary_focal_sum", lambda x, t: binary_focal(x, t, 0.6, 0.5).sum(), x, hard, constant=(1,))
case("binary_focal_plain", lambda x, t: binary_focal(x, t, None, 3.0).mean(), x, soft)

# --- classes
x, y, q = numbers(5, 4, scale=3.0), labels(4, 5), distributions(5, 4)
some = torch.tensor([1, -100, 3, 0, -100])
images, places, mixed = numbers(2, 3, 2, 2, scale=3.0), labels(3, 2, 2, 2), numbers(2, 3, 2, 2).softmax(1)
holes = torch.where(labels(3, 2, 2, 2) == 0, 1, places)
w = positive(4)
ce = F.cross_entropy
for r in REDUCTIONS:
    case(f"ce_{r}", lambda x, y, r=r: ce(x, y, reduction=r), x, y)
    case(f"ce_weight_{r}", lambda x, w, y, r=r: ce(x, y, w, reduction=r), x, w, y, constant=(1,))
    case(f"ce_ignore_{r}", lambda x, y, r=r: ce(x, y, reduction=r), x, some)
    case(f"ce_all_{r}", lambda x, w, y, r=r: ce(x, y, w, label_smoothing=0.2, reduction=r), x, w, some, constant=(1,))
    case(f"ce_soft_{r}", lambda x, q, w, r=r: ce(x, q, w, label_smoothing=0.2, reduction=r), x, q, w, constant=(2,))
case("ce_smooth", lambda x, y: ce(x, y, label_smoothing=0.1), x, y)
case("ce_smooth_fully", lambda x, y: ce(x, y, label_smoothing=1.0), x, y)
case("ce_soft", ce, x, q)
case("ce_images", ce, images, places)
case("ce_images_each", lambda x, y: ce(x, y, reduction="none"), images, places)
case("ce_images_ignore", lambda x, y: ce(x, y, ignore_index=1, label_smoothing=0.1), images, holes)
case("ce_images_soft", ce, images, mixed)
case("ce_row", ce, x[0], y[0])
for r in REDUCTIONS:
    case(f"nll_{r}", lambda x, y, r=r: F.nll_loss(x, y, reduction=r), log[:, :4], y[:3])
    case(f"nll_all_{r}", lambda x, w, y, r=r: F.nll_loss(x, y, w, ignore_index=1, reduction=r), x, w, y, constant=(1,))
case("nll_images", F.nll_loss, images, places)


def focal(x, q, alpha, gamma):
    log = x.log_softmax(-1)
    return (-q * alpha * (1 - log.exp()) ** gamma * log).sum(-1)


hot = lambda y: F.one_hot(y, 4).double()
case("focal", lambda x, y: focal(x, hot(y), 0.25, 2.0).mean(), x, y)
case("focal_each", lambda x, y: focal(x, hot(y), 0.25, 2.0), x, y)
case("focal_alpha", lambda x, w, y: focal(x, hot(y), w, 1.5).sum(), x, w, y, constant=(1,))
case("focal_soft", lambda x, q, w: focal(x, q, w, 3.0).mean(), x, q, w, constant=(2,))
case("focal_plain", lambda x, y: ce(x, y), x, y)
case("focal_images", lambda x, y: focal(x.movedim(1, -1), F.one_hot(y, 3).double(), 0.25, 2.0).mean(), images, places)
