"""What results/torch-language and results/torch-names share: a config's recurrent network and training in PyTorch.

The initial weights follow the distributions of gradus: embeddings normal with variance 1 / size, input weights and scores
by Glorot, state weights orthogonal gate by gate, biases 0 but for the forget gate's 1. PyTorch has a second bias in each
gate, which would double the bias's steps; it stays 0 wherever gradus has none.
"""

import json
import math
import pathlib
import statistics
import struct
import tomllib

import torch
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
SCORES = HERE / "torch.json"
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def config_of(name):
    return tomllib.loads((HERE / f"{name}.toml").read_text())


class Network(nn.Module):
    """An embedding, a recurrent layer and scores, of the sizes that a config's layers say."""

    def __init__(self, layers, symbols, classes):
        super().__init__()
        embedding, recurrent = layers[0], next(layer for layer in layers if layer["type"] in CELLS)
        both = recurrent.get("bidirectional", False)
        units = recurrent["units"]
        self.last = recurrent.get("output") == "last"
        self.embedding = nn.Embedding(symbols, embedding["size"])
        self.cell = CELLS[recurrent["type"]](embedding["size"], units, batch_first=True, bidirectional=both)
        self.scores = nn.Linear(units * (2 if both else 1), classes)
        self.begin_like_gradus(recurrent["type"], units)

    def begin_like_gradus(self, kind, units):
        nn.init.normal_(self.embedding.weight, std=self.embedding.embedding_dim**-0.5)
        nn.init.xavier_uniform_(self.scores.weight)
        nn.init.zeros_(self.scores.bias)
        for name, parameter in self.cell.named_parameters():
            if name.startswith("weight"):
                fill = nn.init.xavier_uniform_ if "_ih_" in name else nn.init.orthogonal_
                for gate in parameter.data.split(units):
                    fill(gate)
                continue
            nn.init.zeros_(parameter)
            if kind == "lstm" and "_ih_" in name:
                parameter.data[units : 2 * units] = 1
            if "_hh_" in name:
                kept = torch.zeros_like(parameter)
                kept[2 * units :] = kind == "gru"  # of a GRU the candidate's second bias stands within the reset
                parameter.register_hook(lambda gradient, kept=kept: gradient * kept)

    @torch.no_grad()
    def begin_with(self, run):
        """Takes the weights of an LSTM or GRU that gradus left in a folder; its gates have PyTorch's order."""
        weights = read_safetensors(pathlib.Path(run) / "model.safetensors")
        own = {name.split(".")[1] if name.startswith(("lstm", "gru")) else name: w for name, w in weights.items()}
        self.embedding.weight.copy_(own["embedding1.weight"])
        self.scores.weight.copy_(own["linear1.weight"].T)
        self.scores.bias.copy_(own["linear1.bias"])
        self.cell.weight_ih_l0.copy_(own["weight"].T)
        self.cell.weight_hh_l0.copy_(own["state_weight"].T)
        gates, units = len(self.cell.bias_ih_l0), self.cell.hidden_size
        self.cell.bias_ih_l0.copy_(own["bias"][:gates])
        if len(own["bias"]) > gates:
            self.cell.bias_hh_l0[2 * units :] = own["bias"][gates:]

    def forward(self, x, state=None, lengths=None):
        x = self.embedding(x)
        if lengths is not None:
            x = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y, state = self.cell(x, state)
        if not self.last:
            return self.scores(y), state
        h = state[0] if isinstance(state, tuple) else state
        return self.scores(torch.cat(list(h), 1)), None


def read_safetensors(file):
    """The arrays of 32-bit numbers in a file of safetensors, by name."""
    data = file.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    return {
        name: torch.frombuffer(bytearray(data[8 + length :][slice(*entry["data_offsets"])]), dtype=torch.float32)
        .reshape(entry["shape"])
        .clone()
        for name, entry in header.items()
    }


class Training:
    """Steps of Adam at a rate that falls along half a cosine, on gradients of limited norm."""

    def __init__(self, network, train, steps):
        self.parameters = list(network.parameters())
        self.clip = train["clip_norm"]
        self.optimizer = torch.optim.Adam(self.parameters, lr=train["optimizer"]["lr"])
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: (1 + math.cos(math.pi * step / steps)) / 2
        )

    def step(self, loss):
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, self.clip)
        self.optimizer.step()
        self.schedule.step()


def keep(name, runs):
    """Writes each seed's scores, a dictionary a run, into torch.json, and prints their means."""
    scores = json.loads(SCORES.read_text()) if SCORES.exists() else {}
    scores[name] = {metric: [round(run[metric], 5) for run in runs] for metric in runs[0]}
    SCORES.write_text(json.dumps(scores, indent=1, sort_keys=True) + "\n")
    print(f"{name}: " + ", ".join(f"{m} {statistics.mean(v):.4f}" for m, v in scores[name].items()), flush=True)
