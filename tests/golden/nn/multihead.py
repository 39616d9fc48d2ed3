"""Attention in several heads. Grouped queries and rotary positions, for which PyTorch has no layer, are formulas."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch_nn import case, numbers

from formulas import Grouped

torch.backends.mha.set_fastpath_enabled(False)


class Self(nn.MultiheadAttention):
    def __init__(self, *args, causal=False, **settings):
        super().__init__(*args, batch_first=True, **settings)
        self.causal = causal

    def forward(self, x, padding=None):
        mask = torch.ones(x.shape[-2], x.shape[-2], dtype=torch.bool).triu(1) if self.causal else None
        return super().forward(x, x, x, need_weights=False, attn_mask=mask, key_padding_mask=padding)[0]


class Cross(nn.MultiheadAttention):
    def __init__(self, *args, average=False, **settings):
        super().__init__(*args, batch_first=True, **settings)
        self.average = average

    def forward(self, q, k, v, mask=None):
        # In `nn.MultiheadAttention`, true means that a key is ignored.
        mask = mask if mask is None or mask.is_floating_point() else mask.logical_not()
        return super().forward(q, k, v, attn_mask=mask, average_attn_weights=self.average)


MASK = torch.tensor([[True, False, True, True], [False, True, False, False], [True, True, False, True]])

# The kernel of formulas has derivatives of the second order.
with sdpa_kernel(SDPBackend.MATH):
    x = numbers(2, 3, 4)
    case("self", Self(4, 2), x)
    case("self_one_sequence", Self(4, 2), numbers(3, 4))
    case("self_without_bias", Self(4, 2, bias=False), x)
    case("self_causal", Self(4, 2, causal=True), x)
    case("self_padding", Self(4, 2), x, torch.tensor([[False, False, True], [True, True, True]]))
    case("cross", Cross(4, 2), x, numbers(2, 4, 4), numbers(2, 4, 4))
    case("cross_average", Cross(4, 2, average=True), x, numbers(2, 4, 4), numbers(2, 4, 4))
    case("cross_mask", Cross(4, 2), x, numbers(2, 4, 4), numbers(2, 4, 4), MASK)
    case("cross_bias", Cross(4, 2), x, numbers(2, 4, 4), numbers(2, 4, 4), numbers(3, 4, scale=2))
    case("cross_widths", Cross(4, 2, kdim=3, vdim=5), x, numbers(2, 4, 3), numbers(2, 4, 5))
    case("cross_widths_without_bias", Cross(4, 2, kdim=3, vdim=4, bias=False), x, numbers(2, 4, 3), numbers(2, 4, 4))
    case("self_grouped", Grouped(8, 4, 2), numbers(2, 3, 8))
    case("self_one_head_of_keys", Grouped(8, 4, 1, bias=False, causal=True), numbers(2, 3, 8))
    case("self_rotary", Grouped(8, 2, 2, rotary={}, causal=True), numbers(1, 3, 8))
    case("self_rotary_grouped", Grouped(8, 2, 1, rotary=dict(interleaved=True, width=2, base=50.0)), numbers(1, 3, 8))
