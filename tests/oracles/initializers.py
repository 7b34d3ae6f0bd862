"""Bounds and standard deviations of the random initializers, with PyTorch's gains: tests/nn/oracles/initializers.json.

With fan_in and fan_out the rows and columns of a weight [in, out] and g the gain of the activation that follows:
xavier: std = g sqrt(2 / (fan_in + fan_out)); kaiming: std = g / sqrt(fan), fan = fan_in or fan_out. The uniform forms
draw from (-bound, bound) with bound = sqrt(3) std, so both forms have the same std.
"""

import math

import torch
from torch.nn import init

from common import CaseFile

GAINS = [("linear", None), ("sigmoid", None), ("tanh", None), ("relu", None), ("leaky_relu", 0.01), ("leaky_relu", 0.2)]
FANS = [(4, 3), (784, 128), (128, 10)]

file = CaseFile("tests/nn/oracles/initializers.json")


def drawn(initializer, fan_in, fan_out, **options):
    """A large sample from PyTorch's own initializer, whose weights are [out, in]."""
    torch.manual_seed(0)
    return initializer(torch.empty(fan_out, fan_in), **options)


def check(std, normal, uniform):
    assert abs(normal.std() / std - 1) < 0.02 and abs(uniform.std() / std - 1) < 0.02
    assert 0.99 * math.sqrt(3) * std < uniform.abs().max() <= math.sqrt(3) * std


def add(scheme, name, params, std):
    for form, outputs in [("normal", {"std": std}), ("uniform", {"std": std, "bound": math.sqrt(3) * std})]:
        file.add_values(f"{scheme}_{form}_{name}", f"{scheme}_{form}", params, {}, outputs)


for activation, slope in GAINS:
    gain = init.calculate_gain(activation, slope)
    label = activation + (f"_{slope}" if slope else "")
    for fan_in, fan_out in FANS:
        shape = f"{fan_in}x{fan_out}_{label}"
        params = {"fan_in": fan_in, "fan_out": fan_out, "activation": activation, "gain": gain}
        if slope is not None:
            params["slope"] = slope
        std = gain * math.sqrt(2 / (fan_in + fan_out))
        if fan_in * fan_out > 50000:
            check(std, drawn(init.xavier_normal_, fan_in, fan_out, gain=gain),
                  drawn(init.xavier_uniform_, fan_in, fan_out, gain=gain))
        add("xavier", shape, params, std)
        for mode, fan in [("fan_in", fan_in), ("fan_out", fan_out)]:
            std = gain / math.sqrt(fan)
            if fan_in * fan_out > 50000:
                options = {"a": slope or 0, "mode": mode, "nonlinearity": activation}
                check(std, drawn(init.kaiming_normal_, fan_in, fan_out, **options),
                      drawn(init.kaiming_uniform_, fan_in, fan_out, **options))
            add("kaiming", f"{mode}_{shape}", params | {"mode": mode}, std)
file.write()
