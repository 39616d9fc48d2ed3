"""Scaled dot-product attention."""

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch_nn import case, numbers


def linear_biases(q, k, v):
    heads, n, m = q.shape[-3], q.shape[-2], k.shape[-2]
    slopes = torch.tensor([2.0 ** (-8 * (h + 1) / heads) for h in range(heads)])[:, None, None]
    i, j = torch.arange(m - n, m)[:, None], torch.arange(m)
    bias = -slopes * (i - j).abs()
    bias = bias.masked_fill(j > i, -torch.inf)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias)


def attend(**settings):
    return lambda q, k, v, mask=None: F.scaled_dot_product_attention(q, k, v, attn_mask=mask, **settings)


def three(*lead, n=3, m=4, d=3, w=2):
    return numbers(*lead, n, d, scale=2), numbers(*lead, m, d, scale=2), numbers(*lead, m, w, scale=2)


MASK = torch.tensor([[True, False, True, True], [False, True, False, False], [True, True, False, True]])
# The second query may see nothing.
EMPTY = MASK & torch.tensor([[True], [False], [True]])
REAL = torch.tensor([[True, True, True, False], [False, True, False, False]])

# The kernel of formulas has derivatives of the second order.
with sdpa_kernel(SDPBackend.MATH):
    case("plain", attend(), *three(2, 2))
    case("matrices", attend(), *three())
    case("causal", attend(is_causal=True), *three(2, n=4))
    case("causal_more_keys", attend(is_causal=True), *three(2))
    case("causal_fewer_keys", attend(is_causal=True), *three(2, n=4, m=2))
    case("scale", attend(scale=0.3), *three(2))
    case("mask", attend(), *three(2), MASK)
    case("mask_empty_row", attend(), *three(2), EMPTY)
    case("mask_of_each", attend(), *three(2, 2), (numbers(2, 2, 3, 4) > -0.4))
    case("keys", lambda q, k, v, real: attend()(q, k, v, real[:, None, None]), *three(2, 2), REAL)
    case("keys_and_causal", lambda q, k, v, real: attend()(q, k, v, real[:, None] & torch.ones(4, 4).tril().bool()),
         *three(2, n=4), REAL)
    case("bias", attend(), *three(2), numbers(3, 4, scale=3))
    case("bias_of_heads", attend(), *three(2, 2), numbers(2, 1, 4, scale=3))
    bias = numbers(3, 4, scale=3).masked_fill(EMPTY.logical_not(), -torch.inf)
    case("bias_infinite", attend(), *three(2), bias, constant=(3,))
    q, k, v = three(2, 4)
    case("grouped", attend(enable_gqa=True), q, k[:, :2], v[:, :2])
    case("grouped_mask", attend(enable_gqa=True), q, k[:, :2], v[:, :2], EMPTY)
    case("one_head_of_keys", attend(enable_gqa=True), q, k[:, :1], v[:, :1])
    case("far", attend(), *(x * 1e4 for x in three(2)), smooth=False)
    case("alibi", linear_biases, *three(2, 4))
