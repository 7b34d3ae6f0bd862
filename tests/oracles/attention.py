"""Expected values and gradients of attention layers, from PyTorch: tests/nn/oracles/attention.json.

Steps x [n, steps, features] look at memory [n, time, width] of the lengths given; weights are stored [in, out]. Dot
products are PyTorch's own multi-head attention, additive scores plain sums here.
"""

import torch
import torch.nn.functional as F

from common import CaseFile, normal

file = CaseFile("tests/nn/oracles/attention.json")


def dot(heads, lengths):
    def found(x, memory, query, query_bias, key, key_bias, value, value_bias):
        units = query.shape[1]
        padding = torch.arange(memory.shape[1])[None] >= torch.tensor(lengths)[:, None]
        y, _ = F.multi_head_attention_forward(
            x.transpose(0, 1), memory.transpose(0, 1), memory.transpose(0, 1), units, heads, None,
            torch.cat([query_bias, key_bias, value_bias]), None, None, False, 0.0, torch.eye(units), torch.zeros(units),
            training=False, key_padding_mask=padding, need_weights=False, use_separate_proj_weight=True,
            q_proj_weight=query.T, k_proj_weight=key.T, v_proj_weight=value.T,
        )
        return y.transpose(0, 1)

    return found


def additive(heads, lengths, score):
    def found(x, memory, query, query_bias, key, key_bias, value, value_bias):
        size = query.shape[1] // heads
        rows = []
        for i, length in enumerate(lengths):
            q, places = x[i] @ query + query_bias, memory[i, :length]
            k, v = places @ key + key_bias, places @ value + value_bias
            steps = []
            for t in range(x.shape[1]):
                parts = []
                for h in range(heads):
                    own = slice(h * size, (h + 1) * size)
                    scores = torch.stack([score[own] @ torch.tanh(q[t, own] + row[own]) for row in k])
                    parts.append(torch.softmax(scores, 0) @ v[:, own])
                steps.append(torch.cat(parts))
            rows.append(torch.stack(steps))
        return torch.stack(rows)

    return found


def case(name, kind, heads, n, steps, features, time, width, units, lengths):
    def weight(rows, columns):
        return normal(rows, columns, scale=0.7)

    inputs = {
        "x": (n, steps, features), "memory": (n, time, width),
        "query.weight": weight(features, units), "query.bias": (units,),
        "key.weight": weight(width, units), "key.bias": (units,),
        "value.weight": weight(width, units), "value.bias": (units,),
        "joined.weight": normal(units + features, features, scale=0.4), "joined.bias": (features,),
    }
    if kind == "additive":
        inputs["score"] = (units,)

    def apply(x, memory, *weights):
        w, b = weights[6:8]
        of = dot(heads, lengths) if kind == "dot" else additive(heads, lengths, weights[8])
        return torch.tanh(torch.cat([of(x, memory, *weights[:6]), x], 2) @ w + b)

    file.add(name, "attention", apply, inputs, {"score": kind, "heads": heads, "units": units, "lengths": lengths})


case("dot", "dot", 1, 3, 4, 6, 5, 3, 6, [5, 2, 4])
case("dot_heads", "dot", 3, 2, 3, 6, 4, 5, 6, [4, 1])
case("additive", "additive", 1, 3, 4, 5, 4, 3, 6, [4, 2, 3])
case("additive_heads", "additive", 2, 2, 3, 3, 5, 4, 4, [3, 5])
file.write()
