#!/usr/bin/python3
"""Trains PyTorch's peer of a gradus translator on the same lines and tokens, and compares their BLEU on the test lines.

Usage: results/torch-translation RUN [--seeds N] [--epochs N] [--gradus PATH]

RUN is the folder of a run of results/wesnoth.toml: its config tells sizes, rates and epochs, its model file the byte pairs,
by which lines are divided here anew. The peer has the same layers and begins with weights drawn by the same rules; batches
are of lines alike in length there too, and as many lines as the run kept for validation are left out. It decodes greedily;
gradus is asked for its translations greedily and with a beam of 4, and all are measured here, by the words that
tests/oracles/text.py finds. Needs PyTorch 1.13 (Debian's python3-torch); trains on one thread and tells the processor's
time, which other work on the machine changes little.
"""

import argparse
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import tomllib

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "tests/oracles"))
from bleu import bleu  # noqa: E402
from text import PIECE, encode, words  # noqa: E402

PADDING, UNKNOWN, BEGIN, END = range(4)
TOGETHER = 64  # batches whose lines are put in order of length together


class Tokens:
    """Byte pairs of a model file: numbers of tokens from texts, and back."""

    def __init__(self, state, reserved):
        rules = state["learned"]["rules"]
        self.rules = list(zip(rules[::2], rules[1::2]))
        self.reserved = reserved
        self.bytes = [bytes([b]) for b in range(256)]
        for left, right in self.rules:
            self.bytes.append(self.bytes[left] + self.bytes[right])
        self.known = {}
        self.size = reserved + len(self.bytes)

    def encode(self, text):
        out = []
        for piece in PIECE.findall(text.encode()):
            if piece not in self.known:
                self.known[piece] = [self.reserved + symbol for symbol in encode(piece.decode(), self.rules)]
            out += self.known[piece]
        return out

    def decode(self, tokens):
        return b"".join(self.bytes[t - self.reserved] for t in tokens if t >= self.reserved).decode(errors="replace")


def metadata_of(run):
    with open(run / "model.safetensors", "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return json.loads(header["__metadata__"]["metadata"])


def filled(layer, weight_rule):
    """A linear layer with weights by a rule and biases of 0."""
    weight_rule(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def embedding(count, size):
    layer = nn.Embedding(count, size)
    nn.init.normal_(layer.weight, std=1 / math.sqrt(size))
    return layer


def gru(features, units, **more):
    """A GRU whose blocks of weights begin by Glorot's rule and as orthogonal matrices."""
    layer = nn.GRU(features, units, batch_first=True, **more)
    for name, parameter in layer.named_parameters():
        if name.startswith("bias"):
            nn.init.zeros_(parameter)
            continue
        for block in parameter.data.chunk(3):
            if name.startswith("weight_hh"):
                nn.init.orthogonal_(block)
            else:
                limit = math.sqrt(6 / (features + units))
                block.uniform_(-limit, limit)
    return layer


class Attention(nn.Module):
    def __init__(self, features, memory, score):
        super().__init__()
        self.query, self.key, self.value = (
            filled(nn.Linear(width, features), nn.init.xavier_uniform_) for width in (features, memory, memory)
        )
        self.joined = filled(nn.Linear(2 * features, features), nn.init.xavier_uniform_)
        limit = math.sqrt(3 / features)
        self.score = nn.Parameter(torch.empty(features).uniform_(-limit, limit)) if score == "additive" else None

    def forward(self, x, keys, values, there):
        q = self.query(x)
        if self.score is None:
            scores = q @ keys.transpose(1, 2) / math.sqrt(q.shape[2])
        else:
            scores = torch.tanh(q[:, :, None] + keys[:, None]) @ self.score
        scores = scores.masked_fill(~there[:, None], float("-inf"))
        return torch.tanh(self.joined(torch.cat([torch.softmax(scores, 2) @ values, x], 2)))


class Translator(nn.Module):
    """The network of results/wesnoth.toml."""

    def __init__(self, layers, sizes):
        super().__init__()
        (read_embedding, encoder, decoder), (write_embedding, cell, attention, dropout, _) = layers, layers[2]["layers"]
        units, memory = cell["units"], 2 * encoder["units"]
        self.read = embedding(sizes[0], read_embedding["size"])
        self.encoder = gru(read_embedding["size"], encoder["units"], bidirectional=True)
        self.write = embedding(sizes[1], write_embedding["size"])
        self.begin = filled(nn.Linear(memory, units), nn.init.xavier_uniform_)
        self.decoder = gru(write_embedding["size"], units)
        self.attention = Attention(units, memory, attention["score"])
        self.dropout = nn.Dropout(dropout["rate"])
        self.scores = filled(nn.Linear(units, sizes[1]), nn.init.xavier_uniform_)

    def encode(self, given, lengths):
        packed = pack_padded_sequence(self.read(given), lengths, batch_first=True, enforce_sorted=False)
        memory, _ = pad_packed_sequence(self.encoder(packed)[0], batch_first=True)
        there = torch.arange(given.shape[1])[None] < lengths[:, None]
        state = torch.tanh(self.begin(memory.sum(1) / lengths[:, None]))[None]
        return self.attention.key(memory), self.attention.value(memory), there, state

    def decode(self, shown, keys, values, there, state):
        h, state = self.decoder(self.write(shown), state)
        return self.scores(self.dropout(self.attention(h, keys, values, there))), state

    def forward(self, given, lengths, shown):
        return self.decode(shown, *self.encode(given, lengths))[0]


def batches_of(pairs, size, rng):
    """As gradus groups them: some dozens of batches in order of the answers' length, then all batches mixed."""
    order = list(range(len(pairs)))
    rng.shuffle(order)
    grouped = []
    for first in range(0, len(order), TOGETHER * size):
        grouped += sorted(order[first : first + TOGETHER * size], key=lambda i: len(pairs[i][1]))
    batches = [grouped[first : first + size] for first in range(0, len(grouped), size)]
    last = [batches.pop()] if len(batches[-1]) < size else []
    rng.shuffle(batches)
    return batches + last


def padded(rows):
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True)


def train(network, pairs, settings, epochs, seed):
    """Returns the processor's seconds for it."""
    optimizer = torch.optim.Adam(network.parameters(), lr=settings["optimizer"]["lr"])
    loss_of = nn.CrossEntropyLoss(ignore_index=PADDING)
    rng = random.Random(seed)
    network.train()
    start = time.process_time()
    for epoch in range(epochs):
        total = symbols = 0
        for batch in batches_of(pairs, settings["batch_size"], rng):
            given, answers = padded([pairs[i][0] for i in batch]), padded([pairs[i][1] for i in batch])
            lengths = torch.tensor([len(pairs[i][0]) for i in batch])
            scores = network(given, lengths, answers[:, :-1])
            target = answers[:, 1:]
            loss = loss_of(scores.reshape(-1, scores.shape[2]), target.reshape(-1))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), settings["clip_norm"])
            optimizer.step()
            count = int((target != PADDING).sum())
            total, symbols = total + loss.item() * count, symbols + count
        print(f"epoch {epoch + 1}/{epochs}  loss {total / symbols:.4f}", file=sys.stderr, flush=True)
    return time.process_time() - start


@torch.no_grad()
def translate(network, lines, tokens):
    network.eval()
    made = []
    for line in lines:
        given = torch.tensor([line or [UNKNOWN]])
        *memory, state = network.encode(given, torch.tensor([given.shape[1]]))
        answer, last = [], BEGIN
        while len(answer) < 2 * given.shape[1] + 10:
            scores, state = network.decode(torch.tensor([[last]]), *memory, state)
            last = int(scores[0, 0, END:].argmax()) + END
            if last == END:
                break
            answer.append(last)
        made.append(tokens.decode(answer))
    return made


def lines_of(path):
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def made_by_gradus(gradus, run, file, beam):
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/made.json"
        command = [gradus, "predict", run, "--data", file, "--beam", str(beam), "--threads", "1", "--json"]
        with open(out, "w") as file:
            subprocess.run(command, check=True, stdout=file)
        return [row["prediction"] for row in json.loads(pathlib.Path(out).read_text())["predictions"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path, metavar="RUN")
    parser.add_argument("--seeds", type=int, default=1, help="how many trainings of the peer")
    parser.add_argument("--epochs", type=int, help="instead of the config's")
    parser.add_argument("--gradus", default=FOLDER.parent / "build/release/bin/gradus", help="the command")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    config = tomllib.loads((arguments.run / "config.toml").read_text())
    files = {part: [FOLDER / name for name in config["data"][part]] for part in ("train", "test")}
    truth = lines_of(files["test"][1])

    def score(made):
        return bleu([(words(m), words(t)) for m, t in zip(made, truth, strict=True)])

    for beam in (1, 4):
        made = made_by_gradus(arguments.gradus, arguments.run, files["test"][0], beam)
        print(f"gradus, beam {beam}: BLEU {score(made):.2f}", flush=True)
    if arguments.seeds == 0:
        return

    prepared = metadata_of(arguments.run)["source"]
    tokens = Tokens(prepared["tokenizer"], 2), Tokens(prepared["target_tokenizer"], 4)
    longest = config["data"]["max_length"]
    pairs = []
    for english, french in zip(*map(lines_of, files["train"]), strict=True):
        pair = tokens[0].encode(english), tokens[1].encode(french)
        if max(map(len, pair)) <= longest:
            pairs.append((pair[0], [BEGIN, *pair[1], END]))
    kept = round(len(pairs) * (1 - config["prepare"]["split"].get("validation", 0)))
    given = [tokens[0].encode(line) for line in lines_of(files["test"][0])]
    epochs = arguments.epochs or config["train"]["epochs"]
    for seed in range(arguments.seeds):
        torch.manual_seed(seed)
        network = Translator(config["model"]["layers"], [t.size for t in tokens])
        drawn = random.Random(seed).sample(pairs, kept)
        seconds = train(network, drawn, config["train"], epochs, seed)
        result = score(translate(network, given, tokens[1]))
        speed = epochs * kept / seconds
        print(f"PyTorch, seed {seed}, greedy: BLEU {result:.2f}, {speed:.1f} lines/s of training", flush=True)


if __name__ == "__main__":
    main()
