"""Makes state_dicts/NAME.safetensors: state dicts as PyTorch's programs save them, and what the models answer.

To rerun, with PyTorch from PyPI (`pip install torch numpy safetensors`):

    python tests/golden/state_dicts.py

Each file is what `safetensors.torch.save_file(model.state_dict())` or `save_model(model)` wrote of a model below.
`answers.safetensors` has, for each model:

    NAME/in.0 ...      the inputs
    NAME/out           the output in evaluation mode
    NAME/train         the output in training mode, if it is another
    NAME/state.KEY     the buffers after that

The way back, from the files that `CHAINRULE_SAVED=FOLDER cargo test --release --test state_dicts` leaves in a folder:

    python tests/golden/state_dicts.py FOLDER

loads each into the PyTorch model, strictly, and compares its answers with the same numbers.
"""

import pathlib
import sys
import warnings

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, load_model, save_file, save_model
from torch import nn

# One thread: a sum split differently rounds differently.
torch.set_num_threads(1)
warnings.filterwarnings("ignore")

HERE = pathlib.Path(__file__).with_suffix("")


class Mlp(nn.Module):
    """Submodules with names."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 8)
        self.norm = nn.LayerNorm(8)
        self.act = nn.PReLU(8)
        self.blocks = nn.ModuleList(nn.Linear(8, 8) for _ in range(2))
        self.head = nn.Linear(8, 3, bias=False)

    def forward(self, x):
        x = self.act(self.norm(self.fc1(x)))
        for block in self.blocks:
            x = x + F.silu(block(x))
        return self.head(x)


class BasicBlock(nn.Module):
    """As torchvision calls its parts."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1:
            conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(BasicBlock(4, 6, stride=2), BasicBlock(6, 6))
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        return self.fc(self.layer1(x).mean((2, 3)))


class Mixed(nn.Sequential):
    """Kinds of layers that the others don't have."""

    def __init__(self):
        super().__init__(
            nn.Conv1d(4, 6, 3, groups=2, padding=1, padding_mode="circular"),
            nn.GroupNorm(3, 6),
            nn.PReLU(),
            nn.ConvTranspose1d(6, 4, 4, stride=2, padding=1),
            nn.InstanceNorm1d(4, affine=True, track_running_stats=True),
            nn.ELU(),
            nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 3, 3)),
            nn.BatchNorm1d(3, momentum=None),
            nn.Flatten(),
            nn.Linear(3 * 10, 5),
            nn.BatchNorm1d(5, affine=False),
            nn.RMSNorm(5),
        )


class Language(nn.Module):
    """A language model of a bidirectional LSTM. (What it predicts is of no interest here.)"""

    def __init__(self, tied=False):
        super().__init__()
        self.embed = nn.Embedding(11, 8, padding_idx=0)
        self.lstm = nn.LSTM(8, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(8, 11)
        if tied:
            self.head.weight = self.embed.weight

    def forward(self, x):
        return self.head(self.lstm(self.embed(x))[0])


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 4)
        self.cell = nn.LSTMCell(4, 3)
        self.out = nn.Linear(3, 2)

    def forward(self, x):
        return self.out(self.cell(self.gru(x)[0][-1])[0])


class Attention(nn.Module):
    """nanoGPT's, with its names."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)

    def forward(self, x):
        cut = lambda t: t.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        q, k, v = map(cut, self.c_attn(x).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).flatten(2))


class Perceptron(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = Perceptron(width)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):
    def __init__(self, words=11, places=6, width=8, heads=2, layers=2):
        super().__init__()
        self.transformer = nn.ModuleDict(dict(
            wte=nn.Embedding(words, width),
            wpe=nn.Embedding(places, width),
            h=nn.ModuleList(Block(width, heads) for _ in range(layers)),
            ln_f=nn.LayerNorm(width),
        ))
        self.lm_head = nn.Linear(width, words, bias=False)
        self.transformer.wte.weight = self.lm_head.weight

    def forward(self, x):
        t = self.transformer
        y = t.wte(x) + t.wpe(torch.arange(x.shape[1]))
        for block in t.h:
            y = block(y)
        return self.lm_head(t.ln_f(y))


class LlamaLayer(nn.Module):
    """With the names that Hugging Face's Llama has, and grouped queries."""

    def __init__(self, width=8, heads=4, groups=2, hidden=12):
        super().__init__()
        self.heads, head = heads, width // heads
        self.input_layernorm = nn.RMSNorm(width, eps=1e-5)
        self.post_attention_layernorm = nn.RMSNorm(width, eps=1e-5)
        self.self_attn = nn.ModuleDict(dict(
            q_proj=nn.Linear(width, width, bias=False),
            k_proj=nn.Linear(width, groups * head, bias=False),
            v_proj=nn.Linear(width, groups * head, bias=False),
            o_proj=nn.Linear(width, width, bias=False),
        ))
        self.mlp = nn.ModuleDict(dict(
            gate_proj=nn.Linear(width, hidden, bias=False),
            up_proj=nn.Linear(width, hidden, bias=False),
            down_proj=nn.Linear(hidden, width, bias=False),
        ))

    @staticmethod
    def turn(x):
        """Rotary positions: the first half of a head's elements are turned with the second."""
        half = x.shape[-1] // 2
        angle = torch.arange(x.shape[-2])[:, None] * 10000.0 ** (-torch.arange(half).to(x.dtype) / half)
        a, b = x.chunk(2, -1)
        return torch.cat((a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()), -1)

    def forward(self, x):
        attn, mlp = self.self_attn, self.mlp
        z = self.input_layernorm(x)
        cut = lambda t: t.unflatten(-1, (-1, x.shape[-1] // self.heads)).transpose(1, 2)
        q, k, v = (cut(attn[name](z)) for name in ("q_proj", "k_proj", "v_proj"))
        y = F.scaled_dot_product_attention(self.turn(q), self.turn(k), v, is_causal=True, enable_gqa=True)
        x = x + attn.o_proj(y.transpose(1, 2).flatten(2))
        z = self.post_attention_layernorm(x)
        return x + mlp.down_proj(F.silu(mlp.gate_proj(z)) * mlp.up_proj(z))


class Encoder(nn.TransformerEncoder):
    def __init__(self):
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        super().__init__(layer, 2, norm=nn.LayerNorm(8), enable_nested_tensor=False)

    def forward(self, x, padding):
        return super().forward(x, src_key_padding_mask=padding)


class Decoder(nn.TransformerDecoderLayer):
    def __init__(self):
        super().__init__(8, 2, 16, activation="gelu", batch_first=True)

    def forward(self, x, memory):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1], dtype=x.dtype)
        return super().forward(x, memory, tgt_mask=mask)


def sequential():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3))


def encoder_layer():
    return nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", norm_first=True, batch_first=True)


def whole():
    return nn.Transformer(8, 2, 1, 1, 16, batch_first=True)


generator = torch.Generator().manual_seed(1)
answers = {}


def numbers(*shape):
    return (torch.rand(shape, generator=generator) * 2 - 1).round(decimals=4)


def words(*shape):
    return torch.randint(11, shape, generator=generator)


PADDING = torch.tensor([[False, False, False, True], [False] * 4])

# Name, how it is made, dtype, inputs, and whether it has another output in training without chance.
MODELS = {
    "mlp_sequential": (sequential, torch.float32, [numbers(5, 4)], False),
    "mlp_named": (Mlp, torch.float64, [numbers(5, 4)], False),
    "resnet": (ResNet, torch.float64, [numbers(3, 3, 8, 8)], True),
    "mixed": (Mixed, torch.float64, [numbers(3, 4, 6)], True),
    "lstm_language": (Language, torch.float64, [words(2, 5)], False),
    "lstm_tied": (lambda: Language(tied=True), torch.float32, [words(2, 5)], False),
    "gru": (Counter, torch.float32, [numbers(5, 2, 3)], False),
    "encoder_layer": (encoder_layer, torch.float64, [numbers(2, 4, 8)], False),
    "encoder": (Encoder, torch.float32, [numbers(2, 4, 8), PADDING], False),
    "decoder_layer": (Decoder, torch.float64, [numbers(2, 3, 8), numbers(2, 4, 8)], False),
    "transformer": (whole, torch.float64, [numbers(2, 4, 8), numbers(2, 3, 8)], False),
    "nanogpt": (Gpt, torch.float32, [words(2, 5)], False),
    "llama_layer": (LlamaLayer, torch.float64, [numbers(2, 5, 8)], False),
}


# Two names of one tensor: save_file refuses them.
TIED = ("lstm_tied", "nanogpt")


def typed(inputs, dtype):
    return [x.to(dtype) if x.is_floating_point() else x for x in inputs]


def make(name):
    build, dtype, inputs, trains = MODELS[name]
    torch.manual_seed(sum(map(ord, name)))
    # Gradients on: PyTorch's encoder has a fast path without them, which rounds otherwise.
    model, inputs = build().to(dtype), typed(inputs, dtype)
    with torch.no_grad():
        for p in model.parameters():
            # What begins as 0 or 1 would hide mistakes.
            if p.dim() < 2:
                p.add_(numbers(*p.shape).to(dtype) * 0.3)
    if trains:
        for _ in range(3):
            model.train()(*[x * 2 + 0.5 for x in inputs])
    return model.eval(), inputs, trains


def put(key, tensor):
    answers[key] = tensor.detach().clone().contiguous()


def answer(name, model, inputs, trains):
    """Evaluation, then training, then the buffers."""
    found = {"out": model.eval()(*inputs)}
    if trains:
        found["train"] = model.train()(*inputs)
        found |= {f"state.{key}": value for key, value in model.named_buffers()}
        model.eval()
    return {f"{name}/{key}": value for key, value in found.items()}


def write():
    total = 0
    for name in MODELS:
        model, inputs, trains = make(name)
        path = HERE / f"{name}.safetensors"
        if name in TIED:
            save_model(model, path)
        else:
            save_file(model.state_dict(), path)
        state = {key: value.clone() for key, value in model.state_dict().items()}
        if name == "lstm_tied":
            save_file(state, HERE / "lstm_tied_twice.safetensors")
        if name == "nanogpt":
            save_file(hugging_face(state), HERE / "gpt2.safetensors", metadata={"format": "pt"})
        if name == "mlp_sequential":
            parallel = nn.DataParallel(model)
            save_file(parallel.state_dict(), HERE / "data_parallel.safetensors")
            for dtype, short in ((torch.float16, "f16"), (torch.bfloat16, "bf16")):
                half = sequential()
                half.load_state_dict(state)
                half.to(dtype)
                with torch.no_grad():
                    # Numbers at the ends of the range.
                    tiny = torch.finfo(dtype).tiny
                    half[0].bias[:4] = torch.tensor([tiny, tiny / 4, -torch.finfo(dtype).max, 0.0])
                save_file(half.state_dict(), HERE / f"mlp_{short}.safetensors")
                for key, value in half.state_dict().items():
                    put(f"mlp_{short}/{key}", value.float())
        for i, x in enumerate(inputs):
            put(f"{name}/in.{i}", x)
        for key, value in answer(name, model, inputs, trains).items():
            put(key, value)
    save_file(answers, HERE / "answers.safetensors", metadata={"made_by": f"PyTorch {torch.__version__}"})
    for path in sorted(HERE.glob("*.safetensors")):
        total += path.stat().st_size
        print(f"{path.name}: {path.stat().st_size} bytes")
    print(f"{total} bytes together")


def hugging_face(state):
    """As the hub's file of GPT-2 has it: no head, no prefix, the matrices of its Conv1D transposed, and the masks."""
    found = {}
    for key, value in state.items():
        if key.startswith("transformer."):
            key = key.removeprefix("transformer.")
            turned = ".c_" in key and key.endswith(".weight")
            found[key] = (value.T if turned else value).contiguous()
    for i in range(2):
        found[f"h.{i}.attn.bias"] = torch.ones(6, 6).tril()[None, None]
    return found


def check(folder):
    """What was saved on the other side, loaded strictly into the same models."""
    recorded = load_file(HERE / "answers.safetensors")
    for name in MODELS:
        model, inputs, trains = make(name)
        path = folder / f"{name}.safetensors"
        if name == "llama_layer":
            # Ours has other names.
            continue
        with torch.no_grad():
            for p in (*model.parameters(), *model.buffers()):
                p.zero_()
        missing, unexpected = load_model(model, path, strict=True)
        assert not missing and not unexpected
        if name not in TIED:
            model.load_state_dict(load_file(path), strict=True)
        worst = 0.0
        for key, value in answer(name, model, inputs, trains).items():
            if key.endswith("num_batches_tracked"):
                continue
            wanted = recorded[key]
            worst = max(worst, float((value - wanted).abs().max() / wanted.abs().max()))
        assert worst == 0.0, f"{name}: {worst}"
        print(f"{name}: loaded strictly, the same answers")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        check(pathlib.Path(sys.argv[1]))
    else:
        HERE.mkdir(exist_ok=True)
        write()
