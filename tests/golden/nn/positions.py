"""Positions of rows, by the papers' formulas."""

import torch
from torch import nn
from torch_nn import case, numbers

from formulas import rotate


class Positions(nn.Module):
    def __init__(self, positions, width, start=0):
        super().__init__()
        self.weight, self.start = nn.Parameter(torch.empty(positions, width).uniform_()), start

    def forward(self, x):
        return x + self.weight[self.start : self.start + x.shape[-2]]


def sinusoids(x, start=0, base=10000.0):
    time, width = x.shape[-2:]
    table = torch.zeros(time, width)
    for p in range(time):
        for e in range(width):
            angle = torch.tensor((p + start) / base ** (2 * (e // 2) / width))
            table[p, e] = angle.cos() if e % 2 else angle.sin()
    return x + table


case("rotary", rotate, numbers(2, 2, 3, 4))
case("rotary_interleaved", lambda x: rotate(x, interleaved=True), numbers(2, 3, 4))
case("rotary_from", lambda x: rotate(x, start=1000, base=500000.0), numbers(2, 3, 6))
case("rotary_part", lambda x: rotate(x, width=4), numbers(3, 7))
case("rotary_part_interleaved", lambda x: rotate(x, width=2, start=3, interleaved=True), numbers(3, 5))
case("sinusoidal", sinusoids, numbers(2, 5, 6))
case("sinusoidal_odd", sinusoids, numbers(4, 5))
case("sinusoidal_from", lambda x: sinusoids(x, start=700, base=100.0), numbers(3, 4))
case("learned", Positions(5, 4), numbers(2, 3, 4))
case("learned_from", Positions(5, 4, start=2), numbers(2, 3, 4))
