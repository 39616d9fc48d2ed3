"""Layers of transformers."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch_nn import case, numbers

from formulas import Llama, causal

torch.backends.mha.set_fastpath_enabled(False)

WIDTH, HEADS = 4, 2
SIZES = dict(dim_feedforward=6, dropout=0.0, batch_first=True)


class CausalLayer(nn.TransformerEncoderLayer):
    def forward(self, x):
        return super().forward(x, src_mask=causal(x.shape[1]))


class PaddedLayer(nn.TransformerEncoderLayer):
    def forward(self, x, padding):
        return super().forward(x, src_key_padding_mask=padding)


class MaskedDecoderLayer(nn.TransformerDecoderLayer):
    def forward(self, x, memory, padding):
        return super().forward(x, memory, tgt_mask=causal(x.shape[1]), memory_key_padding_mask=padding)


def encoder_layer(kind=nn.TransformerEncoderLayer, **settings):
    return kind(WIDTH, HEADS, **(SIZES | settings))


def decoder_layer(kind=nn.TransformerDecoderLayer, **settings):
    return kind(WIDTH, HEADS, **(SIZES | settings))


x, memory = numbers(2, 3, WIDTH), numbers(2, 4, WIDTH)
padding = torch.tensor([[False, False, True], [False, False, False]])
memory_padding = torch.tensor([[False, False, True, True], [False, False, False, False]])
gpt = dict(dim_feedforward=4 * WIDTH, norm_first=True, activation=lambda x: F.gelu(x, approximate="tanh"))

with sdpa_kernel(SDPBackend.MATH):
    case("encoder_layer", encoder_layer(), x)
    case("encoder_layer_norm_first", encoder_layer(norm_first=True, activation="gelu"), x)
    case("encoder_layer_without_bias", encoder_layer(bias=False, activation="gelu"), x)
    case("encoder_layer_eps", encoder_layer(layer_norm_eps=0.1, norm_first=True), x, smooth=False)
    case("encoder_layer_padding", encoder_layer(PaddedLayer), x, padding, smooth=False)
    case("decoder_layer", decoder_layer(), x, memory)
    case("decoder_layer_norm_first", decoder_layer(norm_first=True, activation="gelu"), x, memory)
    case("decoder_layer_masks", decoder_layer(MaskedDecoderLayer, bias=False), x, memory, memory_padding, smooth=False)
    case("gpt_layer", encoder_layer(CausalLayer, **gpt), x)
    case("llama_layer", Llama(8, 4, 2, 5), numbers(1, 3, 8))
