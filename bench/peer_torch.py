"""The same networks as bench/steps.cpp in PyTorch. Usage: peer_torch.py WORKLOAD THREADS [SECONDS]

Prints microseconds, the median over rounds, and the megabytes of memory taken at most.
"""
import resource
import statistics
import sys
import time

import torch
from torch import nn

WORKLOADS = {
    "tiny": ([4, 3, 1], 1, "sgd", ""),
    "mlp1": ([784, 128, 10], 1, "sgd", ""),
    "mlp32": ([784, 128, 10], 32, "adam", ""),
    "mlp128": ([784, 128, 10], 128, "adam", ""),
    "mlp1024": ([784, 128, 10], 1024, "adam", ""),
    "cnn32": ("cnn", 32, "adam", ""),
    "cnn128": ("cnn", 128, "adam", ""),
    "resnet128": ("resnet", 128, "momentum", ""),
    "unet8": ("unet", 8, "adam", ""),
    "predict1": ("resnet", 1, "sgd", "predict"),
    "predict128": ("resnet", 128, "sgd", "predict"),
    "epoch32": ([784, 128, 10], 32, "adam", "index"),
    "epoch128": ([784, 128, 10], 128, "adam", "index"),
    "epoch1024": ([784, 128, 10], 1024, "adam", "index"),
    "loader32": ([784, 128, 10], 32, "adam", "loader"),
    "loader128": ([784, 128, 10], 128, "adam", "loader"),
    "loader1024": ([784, 128, 10], 1024, "adam", "loader"),
}

# cell, units, batch, steps, symbols, and what is done with them
SEQUENCES = {
    "lstm128": (nn.LSTM, 128, 32, 64, 65, "next"),
    "lstm512": (nn.LSTM, 512, 64, 64, 65, "next"),
    "gru128": (nn.GRU, 128, 32, 64, 65, "next"),
    "gru512": (nn.GRU, 512, 64, 64, 65, "next"),
    "rnn512": (nn.RNN, 512, 64, 64, 65, "next"),
    "sentiment": (nn.LSTM, 64, 64, 200, 20000, "class"),
    "generate": (nn.LSTM, 512, 1, 1, 65, "generate"),
}


def median_time(seconds, f):
    begin = time.perf_counter()
    calls = 0
    while time.perf_counter() - begin < seconds / 8 or calls < 3:
        f()
        calls += 1
    rounds = max(1, calls // 4)
    times = []
    while time.perf_counter() - begin < seconds or len(times) < 3:
        t = time.perf_counter()
        for _ in range(rounds):
            f()
        times.append((time.perf_counter() - t) / rounds)
    return statistics.median(times)


def mlp(widths):
    layers = []
    for i in range(len(widths) - 1):
        layers.append(nn.Linear(widths[i], widths[i + 1]))
        if i + 2 < len(widths):
            layers.append(nn.ReLU() if widths[0] > 10 else nn.Sigmoid())
    return nn.Sequential(*layers)


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10),
    )


def conv_norm(channels_in, channels, kernel, stride=1):
    conv = nn.Conv2d(channels_in, channels, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels))


class Block(nn.Module):
    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.branch = nn.Sequential(
            conv_norm(channels_in, channels, 3, stride), nn.ReLU(inplace=True), conv_norm(channels, channels, 3)
        )
        same = channels_in == channels
        self.shortcut = nn.Identity() if same else conv_norm(channels_in, channels, 1, stride)

    def forward(self, x):
        return torch.relu_(self.branch(x) + self.shortcut(x))


class ResNet20(nn.Sequential):
    def __init__(self):
        layers, before = [conv_norm(3, 16, 3), nn.ReLU(inplace=True)], 16
        for channels in [16, 32, 64]:
            for i in range(3):
                layers.append(Block(before, channels, 2 if i == 0 and channels > 16 else 1))
                before = channels
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class UNet(nn.Module):
    def __init__(self, levels=4, channels=16):
        super().__init__()
        def double(a, b):
            return nn.Sequential(conv_norm(a, b, 3), nn.ReLU(inplace=True), conv_norm(b, b, 3), nn.ReLU(inplace=True))
        widths = [channels << i for i in range(levels)]
        self.down = nn.ModuleList([double(a, b) for a, b in zip([1] + widths, widths)])
        self.up = nn.ModuleList([nn.ConvTranspose2d(2 * w, w, 2, 2) for w in widths[:-1]])
        self.out = nn.ModuleList([double(2 * w, w) for w in widths[:-1]])
        self.scores = nn.Conv2d(channels, 10, 1)

    def forward(self, x):
        seen = []
        for i, down in enumerate(self.down):
            x = down(nn.functional.max_pool2d(x, 2) if i else x)
            seen.append(x)
        for i in reversed(range(len(self.up))):
            x = self.out[i](torch.cat([self.up[i](x), seen[i]], 1))
        return self.scores(x)


class Recurrent(nn.Module):
    def __init__(self, cell, units, symbols, task):
        super().__init__()
        self.embedding = nn.Embedding(symbols, 64)
        self.cell = cell(64, units, batch_first=True, bidirectional=task == "class")
        self.scores = nn.Linear(2 * units, 2) if task == "class" else nn.Linear(units, symbols)

    def forward(self, x, lengths=None, state=None):
        x = self.embedding(x)
        if lengths is None:
            y, state = self.cell(x, state)
            return self.scores(y), state
        x = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        h = self.cell(x)[1][0]
        return self.scores(torch.cat([h[0], h[1]], 1)), None


def sequences(name):
    """What is timed of a network over symbols: a step of training, or one symbol more."""
    cell, units, batch, steps, symbols, task = SEQUENCES[name]
    model = Recurrent(cell, units, symbols, task)
    x = torch.randint(symbols, (batch, steps))
    if task == "generate":
        state = None

        def go_on():
            nonlocal state
            with torch.inference_mode():
                state = model(x, state=state)[1]

        return go_on
    y = torch.randint(2, (batch,)) if task == "class" else torch.randint(symbols, (batch * steps,))
    least = steps // 4
    lengths = torch.tensor([least + (steps - least) * i // (batch - 1) for i in range(batch)]) if task == "class" else None
    loss, opt = nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=0.001)

    def step():
        opt.zero_grad(set_to_none=True)
        scores = model(x, lengths)[0]
        loss(scores.flatten(0, -2), y).backward()
        opt.step()

    return step


def compiled(model, x):
    """Traced, frozen and optimised for prediction: batch norm folded."""
    with torch.inference_mode():
        return torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, x)))


def report(seconds, before):
    print(f"{seconds * 1e6:.3f} {(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024:.1f}")


def main():
    torch.set_num_threads(int(sys.argv[2]))
    torch.manual_seed(0)
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 2.0
    name, *options = sys.argv[1].split("_")  # last: images in channels-last order; compiled: for prediction
    if name in SEQUENCES:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return report(median_time(seconds, sequences(name)), before)
    widths, batch, optimizer, epoch = WORKLOADS[name]
    n = 60000 if epoch in ("index", "loader") else batch
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if isinstance(widths, list):
        model, x = mlp(widths), torch.rand(n, widths[0])
        y = torch.rand(n, 1) if widths[-1] == 1 else torch.arange(n) % widths[-1]
        loss = nn.MSELoss() if widths[-1] == 1 else nn.CrossEntropyLoss()
    else:
        model, shape = {"cnn": (cnn, (1, 28, 28)), "resnet": (ResNet20, (3, 32, 32)), "unet": (UNet, (1, 128, 128))}[widths]
        model, x, loss = model(), torch.rand(n, *shape), nn.CrossEntropyLoss()
        y = torch.randint(10, (n, 128, 128)) if widths == "unet" else torch.arange(n) % 10
    if "last" in options:
        model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    make = {"sgd": torch.optim.SGD, "momentum": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9), "adam": torch.optim.Adam}
    opt = make[optimizer](model.parameters(), lr=0.001)

    def step(xb, yb):
        opt.zero_grad(set_to_none=True)
        loss(model(xb), yb).backward()
        opt.step()

    def index_epoch():
        order = torch.randperm(n)
        for i in range(0, n, batch):
            rows = order[i:i + batch]
            step(x[rows], y[rows])

    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=batch, shuffle=True)

    def loader_epoch():
        for xb, yb in loader:
            step(xb, yb)

    def predict():
        with torch.inference_mode():
            model(x)

    if epoch == "predict":
        model.eval()
    if "compiled" in options:
        model = compiled(model, x)
    f = {"": lambda: step(x, y), "index": index_epoch, "loader": loader_epoch, "predict": predict}[epoch]
    report(median_time(seconds, f), before)


main()
