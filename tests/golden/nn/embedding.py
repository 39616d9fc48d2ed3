"""Tables of vectors, bags of them, and bilinear maps."""

import torch
from torch_nn import case, labels, numbers
from torch import nn

case("padded", nn.Embedding(6, 4, padding_idx=2), torch.tensor([[2, 0, 2], [5, 2, 1]]))
for mode in ["sum", "mean", "max"]:
    case(f"bag_{mode}", nn.EmbeddingBag(6, 3, mode=mode), labels(6, 3, 5))
    case(f"bag_{mode}_padded", nn.EmbeddingBag(6, 3, mode=mode, padding_idx=1), torch.tensor([[1, 0, 1], [5, 2, 3], [1, 1, 1]]))
    case(f"bag_{mode}_offsets", nn.EmbeddingBag(6, 3, mode=mode), labels(6, 7), torch.tensor([0, 2, 2, 5]))
    case(f"bag_{mode}_offsets_padded", nn.EmbeddingBag(6, 3, mode=mode, padding_idx=0), torch.tensor([0, 4, 0, 0, 3, 3]),
         torch.tensor([0, 2, 4]))


class Weighted(nn.EmbeddingBag):
    def forward(self, x, weights):
        return super().forward(x, per_sample_weights=weights)


case("bag_weighted", Weighted(6, 3, mode="sum"), labels(6, 2, 4), numbers(2, 4), smooth=False)
case("bilinear", nn.Bilinear(3, 4, 2), numbers(5, 3), numbers(5, 4))
case("bilinear_without_bias", nn.Bilinear(2, 3, 4, bias=False), numbers(2, 3, 2), numbers(2, 3, 3))
