"""What PyTorch has no layer for: the papers' formulas."""

import torch
import torch.nn.functional as F
from torch import nn


def rotate(x, start=0, base=10000.0, width=None, interleaved=False):
    """Turns the pairs of the first `width` elements by the angles of their positions."""
    width = width or x.shape[-1]
    turned, rest = x[..., :width], x[..., width:]
    position = torch.arange(start, start + x.shape[-2], dtype=x.dtype)[:, None]
    angle = position * base ** (-2 * torch.arange(width // 2, dtype=x.dtype) / width)
    # As complex numbers: a turn is a product.
    if interleaved:
        a, b = turned[..., 0::2], turned[..., 1::2]
    else:
        a, b = turned.chunk(2, -1)
    y = torch.complex(a, b) * torch.polar(torch.ones_like(angle), angle)
    y = torch.stack((y.real, y.imag), -1).flatten(-2) if interleaved else torch.cat((y.real, y.imag), -1)
    return torch.cat((y, rest), -1)


def split(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(-3, -2)


class Grouped(nn.Module):
    """Self-attention with fewer heads of keys and values, and rotary positions."""

    def __init__(self, width, heads, kv_heads, bias=True, rotary=None, causal=False):
        super().__init__()
        self.heads, self.kv_heads, self.rotary, self.causal = heads, kv_heads, rotary, causal
        self.kv = kv_heads * (width // heads)
        self.in_proj_weight = nn.Parameter(torch.empty(width + 2 * self.kv, width).uniform_())
        self.in_proj_bias = nn.Parameter(torch.zeros(width + 2 * self.kv)) if bias else None
        self.out_proj = nn.Linear(width, width, bias=bias)

    def forward(self, x):
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).split((x.shape[-1], self.kv, self.kv), -1)
        q, k, v = split(q, self.heads), split(k, self.kv_heads), split(v, self.kv_heads)
        if self.rotary is not None:
            q, k = rotate(q, **self.rotary), rotate(k, **self.rotary)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal, enable_gqa=True)
        return self.out_proj(y.transpose(-3, -2).flatten(-2))


class Llama(nn.Module):
    def __init__(self, width, heads, kv_heads, hidden):
        super().__init__()
        self.self_attn = Grouped(width, heads, kv_heads, bias=False, rotary={}, causal=True)
        self.linear1 = nn.Linear(width, 2 * hidden, bias=False)
        self.linear2 = nn.Linear(hidden, width, bias=False)
        self.norm1, self.norm2 = nn.RMSNorm(width, eps=1e-5), nn.RMSNorm(width, eps=1e-5)

    def forward(self, x):
        x = x + self.self_attn(self.norm1(x))
        gate, value = self.linear1(self.norm2(x)).chunk(2, -1)
        return x + self.linear2(F.silu(gate) * value)


def causal(n):
    return torch.ones(n, n, dtype=torch.bool).triu(1)
