"""Linear maps and tables."""

from torch_nn import case, labels, numbers
from torch import nn

case("linear", nn.Linear(4, 3), numbers(5, 4))
case("linear_without_bias", nn.Linear(4, 3, bias=False), numbers(2, 5, 4))
case("embedding", nn.Embedding(6, 4), labels(6, 3, 5))
