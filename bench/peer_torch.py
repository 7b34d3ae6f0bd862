"""The same networks as bench/steps.cpp in PyTorch. Usage: peer_torch.py WORKLOAD THREADS [SECONDS]; prints microseconds."""
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
    "cnn32": (None, 32, "adam", ""),
    "cnn128": (None, 128, "adam", ""),
    "cnn32last": (None, 32, "adam", "last"),
    "cnn128last": (None, 128, "adam", "last"),
    "epoch32": ([784, 128, 10], 32, "adam", "index"),
    "epoch128": ([784, 128, 10], 128, "adam", "index"),
    "epoch1024": ([784, 128, 10], 1024, "adam", "index"),
    "loader32": ([784, 128, 10], 32, "adam", "loader"),
    "loader128": ([784, 128, 10], 128, "adam", "loader"),
    "loader1024": ([784, 128, 10], 1024, "adam", "loader"),
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


def main():
    torch.set_num_threads(int(sys.argv[2]))
    torch.manual_seed(0)
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 2.0
    widths, batch, optimizer, epoch = WORKLOADS[sys.argv[1]]
    model = mlp(widths) if widths else cnn()
    last = epoch == "last"  # channels last
    if last:
        model = model.to(memory_format=torch.channels_last)
    make = torch.optim.SGD if optimizer == "sgd" else torch.optim.Adam
    opt = make(model.parameters(), lr=0.001)
    loss = nn.MSELoss() if widths and widths[-1] == 1 else nn.CrossEntropyLoss()
    n = 60000 if epoch in ("index", "loader") else batch
    x = torch.rand(n, widths[0]) if widths else torch.rand(n, 1, 28, 28)
    if last:
        x = x.contiguous(memory_format=torch.channels_last)
    y = torch.rand(n, 1) if widths and widths[-1] == 1 else torch.arange(n) % 10

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

    f = {"": lambda: step(x, y), "last": lambda: step(x, y), "index": index_epoch, "loader": loader_epoch}[epoch]
    print(f"{median_time(seconds, f) * 1e6:.3f}")


main()
