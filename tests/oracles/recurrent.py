"""Expected values and gradients of recurrent cells, from PyTorch: tests/tensor/oracles/recurrent.json.

Data are [n, time, in], weights [in, blocks units] and [units, blocks units], biases one number a column; a GRU has a
fourth block of bias, b_q, PyTorch's bias_hh of its candidate. y is [n, time units + units (+ units)]: all steps, then
the last state and an LSTM's last cells. The GRU with its reset before the product, which PyTorch has not, and masked
states are plain loops here.
"""

import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from common import CaseFile, normal

file = CaseFile("tests/tensor/oracles/recurrent.json")
BLOCKS = {"rnn_tanh": 1, "rnn_relu": 1, "gru": 3, "gru_reset_before": 3, "lstm": 4}


def reversed_steps(x, lengths):
    return torch.stack([torch.cat([row[:n].flip(0), row[n:]]) for row, n in zip(x, lengths)])


def torch_cell(cell, x, wi, ws, b, h0, c0, lengths):
    units = ws.shape[0]
    bias_hh = torch.zeros(BLOCKS[cell] * units)
    if cell == "gru":
        b, bias_hh = b[: 3 * units], torch.cat([torch.zeros(2 * units), b[3 * units :]])
    p = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    states = [s[p.sorted_indices][None] for s in ([h0, c0] if cell == "lstm" else [h0])]
    # What torch.nn.LSTM and its like call: their modules would not let gradients through weights given from outside.
    y, *last = getattr(torch._VF, cell)(
        p.data, p.batch_sizes, states if cell == "lstm" else states[0], [wi.T, ws.T, b, bias_hh], True, 1, 0.0, False, False
    )
    y = PackedSequence(y, p.batch_sizes, p.sorted_indices, p.unsorted_indices)
    return pad_packed_sequence(y, True, total_length=x.shape[1])[0], [s[0][p.unsorted_indices] for s in last]


def step(cell, x, h, c, wi, ws, b, mask):
    units, seen = ws.shape[0], h * mask

    def gate(k):
        columns = slice(k * units, (k + 1) * units)
        return x @ wi[:, columns] + b[columns], seen @ ws[:, columns]

    if cell.startswith("rnn"):
        return {"tanh": torch.tanh, "relu": torch.relu}[cell[4:]](sum(gate(0))), c
    if cell == "lstm":
        i, f, g, o = (sum(gate(k)) for k in range(4))
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
    r, z = torch.sigmoid(sum(gate(0))), torch.sigmoid(sum(gate(1)))
    of_x, of_h = gate(2)
    if cell == "gru":
        n = torch.tanh(of_x + r * (of_h + b[3 * units :]))
    else:
        n = torch.tanh(of_x + (r * seen) @ ws[:, 2 * units :])
    return (1 - z) * n + z * h, c


def loop_cell(cell, x, wi, ws, b, h0, c0, lengths, mask):
    ys, hs, cs = [], [], []
    for i, n in enumerate(lengths):
        h, c, rows = h0[i], c0[i] if c0 is not None else None, []
        for t in range(n):
            h, c = step(cell, x[i, t], h, c, wi, ws, b, mask[i])
            rows.append(h)
        ys.append(torch.cat([torch.stack(rows), torch.zeros(x.shape[1] - n, h.shape[0])]))
        hs.append(h)
        cs.append(c)
    return torch.stack(ys), [torch.stack(hs)] + ([torch.stack(cs)] if c0 is not None else [])


def case(name, cell, n, time, features, units, lengths=None, reverse=False, masked=False):
    blocks = BLOCKS[cell]
    inputs = {
        "x": normal(n, time, features),
        "wi": normal(features, blocks * units, scale=0.5),
        "ws": normal(units, blocks * units, scale=0.5),
        "b": ((4 if cell == "gru" else blocks) * units,),
        "h0": (n, units),
    }
    if cell == "lstm":
        inputs["c0"] = (n, units)
    if masked:
        inputs["mask"] = lambda rng: (rng.random((n, units)) < 0.6) * 2.0
    steps = lengths or [time] * n

    def apply(x, wi, ws, b, h0, *more):
        c0 = more[0] if cell == "lstm" else None
        mask = more[-1] if masked else torch.ones(n, units)
        x = reversed_steps(x, steps) if reverse else x
        if masked or cell == "gru_reset_before":
            y, last = loop_cell(cell, x, wi, ws, b, h0, c0, steps, mask)
        else:
            y, last = torch_cell(cell, x, wi, ws, b, h0, c0, steps)
        y = reversed_steps(y, steps) if reverse else y
        return torch.cat([y.reshape(n, -1)] + last, 1)

    params = {"cell": cell, "reverse": reverse} | ({"lengths": lengths} if lengths else {})
    file.add(f"recurrent_{name}", "recurrent", apply, inputs, params, constant=("mask",) if masked else ())


for cell in BLOCKS:
    case(cell, cell, 3, 4, 2, 3)
    case(f"{cell}_lengths", cell, 5, 6, 3, 4, lengths=[2, 6, 1, 6, 4])
    case(f"{cell}_reverse", cell, 4, 5, 3, 2, lengths=[5, 1, 3, 3], reverse=True)
    case(f"{cell}_one_step", cell, 2, 1, 3, 5)
    case(f"{cell}_masked", cell, 4, 4, 2, 3, lengths=[4, 2, 3, 4], masked=True)
# beyond what the smallest products take
case("lstm_larger", "lstm", 4, 3, 20, 24, lengths=[3, 2, 3, 1])
case("gru_larger", "gru", 4, 3, 20, 24, lengths=[3, 2, 3, 1])

file.write()
