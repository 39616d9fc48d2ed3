"""Recurrent layers and cells. Sequences are [batch, time, inputs] unless a case says otherwise."""

from safetensors.torch import save_file
from torch_nn import HERE, case, numbers
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
LENGTHS = torch.tensor([2, 4, 1])


def started(kind):
    """The layer with its first state as inputs, `(h, c)` or `h`."""

    class Started(KINDS[kind]):
        def forward(self, x, *state):
            return super().forward(x, state if len(state) == 2 else state[0])

    return Started


def packed(kind):
    """The layer over sequences of their own lengths, with or without a first state."""

    class Packed(KINDS[kind]):
        def forward(self, x, lengths, *state):
            x = pack_padded_sequence(x, lengths, batch_first=self.batch_first, enforce_sorted=False)
            y, end = super().forward(x, None if not state else state if len(state) == 2 else state[0])
            return pad_packed_sequence(y, batch_first=self.batch_first, total_length=4)[0], end

    return Packed


def states(kind, directions, batch, hidden=2):
    return [numbers(directions, batch, hidden) for _ in range(2 if kind == "lstm" else 1)]


for kind, layer in KINDS.items():
    case(kind, layer(3, 2, batch_first=True), numbers(2, 2, 3))
    deep = started(kind)(2, 2, num_layers=2, bidirectional=True, bias=kind != "rnn", batch_first=True)
    case(f"{kind}_deep", deep, numbers(2, 3, 2), *states(kind, 4, 2))
    if kind == "lstm":
        # As a user of PyTorch saves it.
        save_file(deep.state_dict(), HERE / "nn" / "lstm_deep_state_dict.safetensors")
    case(
        f"{kind}_packed",
        packed(kind)(2, 2, num_layers=2 if kind == "lstm" else 1, bidirectional=True, bias=False, batch_first=True),
        numbers(3, 4, 2),
        LENGTHS,
        *states(kind, 4 if kind == "lstm" else 2, 3),
    )

case("lstm_time_first", nn.LSTM(2, 2, bias=False), numbers(3, 2, 2))
case("gru_packed_time_first", packed("gru")(1, 2), numbers(4, 3, 1), LENGTHS)
case("rnn_relu", nn.RNN(2, 3, nonlinearity="relu", num_layers=2, bias=False, batch_first=True), numbers(2, 3, 2))
# A dropout of everything is not random.
case("lstm_dropout", nn.LSTM(1, 2, num_layers=2, batch_first=True, dropout=1.0), numbers(2, 2, 1), smooth=False)
case("lstm_one_step", nn.LSTM(2, 2, batch_first=True), numbers(2, 1, 2))
case("lstm_projected", nn.LSTM(1, 3, proj_size=2, bidirectional=True, batch_first=True), numbers(2, 3, 1))
case(
    "lstm_projected_deep",
    started("lstm")(1, 2, proj_size=1, num_layers=2, bias=False, batch_first=True),
    numbers(2, 3, 1),
    numbers(2, 2, 1),
    numbers(2, 2, 2),
)

case("rnn_cell", nn.RNNCell(3, 2), numbers(2, 3), numbers(2, 2))
case("rnn_cell_relu", nn.RNNCell(3, 2, bias=False, nonlinearity="relu"), numbers(2, 3), numbers(2, 2))
case("gru_cell", nn.GRUCell(3, 2), numbers(2, 3), numbers(2, 2))
case("gru_cell_without_bias", nn.GRUCell(3, 2, bias=False), numbers(2, 3), numbers(2, 2))
case("gru_cell_from_zeros", nn.GRUCell(3, 2), numbers(2, 3))


class Cell(nn.LSTMCell):
    def forward(self, x, h, c):
        return super().forward(x, (h, c))


case("lstm_cell", Cell(3, 2), numbers(2, 3), numbers(2, 2), numbers(2, 2))
case("lstm_cell_without_bias", Cell(2, 2, bias=False), numbers(2, 2), numbers(2, 2), numbers(2, 2))
case("lstm_cell_from_zeros", nn.LSTMCell(3, 2), numbers(2, 3))
