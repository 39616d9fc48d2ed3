"""Models of layers one after the other, which read a state_dict of PyTorch's nn.Sequential."""

from torch_nn import case, labels, numbers
from torch import nn

case("rows", nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.BatchNorm1d(3), nn.Linear(3, 2), nn.ReLU(), nn.BatchNorm1d(2),
                           nn.Linear(2, 1), nn.Sigmoid()), numbers(6, 2))
case("images", nn.Sequential(nn.Conv2d(1, 3, 3, bias=False), nn.BatchNorm2d(3), nn.SiLU(), nn.AvgPool2d(2),
                             nn.Conv2d(3, 2, 2), nn.Tanh(), nn.Flatten(), nn.Linear(8, 2)), numbers(3, 1, 8, 8))
case("signals", nn.Sequential(nn.Conv1d(2, 3, 2), nn.BatchNorm1d(3), nn.GELU(), nn.Flatten(), nn.Linear(9, 2)), numbers(3, 2, 4))
case("words", nn.Sequential(nn.Embedding(7, 3), nn.LayerNorm(3), nn.Linear(3, 2), nn.Softplus()), labels(7, 2, 3))


class Tied(nn.Module):
    """The gradients of both uses of one weight."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(5, 3)
        self.bias = nn.Parameter(numbers(5))

    def forward(self, x):
        return nn.functional.linear(self.words(x).tanh(), self.words.weight, self.bias)


case("tied", Tied(), labels(5, 2, 3))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
        self.around = nn.Linear(3, 2, bias=False)

    def forward(self, x):
        return self.inner(x) + self.around(x)


case("residual", Residual(), numbers(4, 3))
