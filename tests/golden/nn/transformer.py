"""Stacks of layers. (Those of the second order are in `transformer_layer`.)"""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch_nn import case, numbers

from formulas import Llama, causal

torch.backends.mha.set_fastpath_enabled(False)

WIDTH, HEADS = 4, 2
SIZES = dict(dim_feedforward=6, dropout=0.0, batch_first=True)


class CausalStack(nn.TransformerEncoder):
    def forward(self, x):
        return super().forward(x, mask=causal(x.shape[1]))


class Masked(nn.Transformer):
    def forward(self, source, target, padding):
        return super().forward(source, target, tgt_mask=causal(target.shape[1]), src_key_padding_mask=padding,
                               memory_key_padding_mask=padding)


class LlamaStack(nn.Module):
    def __init__(self, *sizes, layers):
        super().__init__()
        self.layers = nn.ModuleList(Llama(*sizes) for _ in range(layers))
        self.norm = nn.RMSNorm(sizes[0], eps=1e-5)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)


def encoder_layer(kind=nn.TransformerEncoderLayer, **settings):
    return kind(WIDTH, HEADS, **(SIZES | settings))


def decoder_layer(kind=nn.TransformerDecoderLayer, **settings):
    return kind(WIDTH, HEADS, **(SIZES | settings))


def stack(kind, layer, norm):
    settings = {} if kind is nn.TransformerDecoder else {"enable_nested_tensor": False}
    return kind(layer, 2, nn.LayerNorm(WIDTH) if norm else None, **settings)


x, memory = numbers(2, 3, WIDTH), numbers(2, 4, WIDTH)
memory_padding = torch.tensor([[False, False, True, True], [False, False, False, False]])
gpt = dict(dim_feedforward=4 * WIDTH, norm_first=True, activation=lambda x: F.gelu(x, approximate="tanh"))

with sdpa_kernel(SDPBackend.MATH):
    case("encoder", stack(nn.TransformerEncoder, encoder_layer(), False), x, smooth=False)
    case("encoder_norm", stack(nn.TransformerEncoder, encoder_layer(norm_first=True), True), x, smooth=False)
    case("decoder", stack(nn.TransformerDecoder, decoder_layer(), False), x, memory, smooth=False)
    case("decoder_norm", stack(nn.TransformerDecoder, decoder_layer(norm_first=True), True), x, memory, smooth=False)
    case("transformer", nn.Transformer(WIDTH, HEADS, 1, 1, **SIZES), memory, x)
    case("transformer_masks", Masked(WIDTH, HEADS, 1, 2, **(SIZES | {"norm_first": True})), memory, x,
         memory_padding, smooth=False)
    case("gpt", stack(CausalStack, encoder_layer(**gpt), True), x, smooth=False)
    case("llama", LlamaStack(8, 4, 2, 5, layers=2), numbers(2, 3, 8), smooth=False)
