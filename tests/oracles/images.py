"""Expected values and gradients of ops on channels-last data besides convolutions, from PyTorch:
tests/tensor/oracles/images.json. Data are [n, size.., channels]."""

import torch
import torch.nn.functional as F

from common import CaseFile, distinct, normal

file = CaseFile("tests/tensor/oracles/images.json")


def first(x):  # channels first
    return torch.movedim(x, -1, 1)


def last(x):
    return torch.movedim(x, 1, -1)


def group_norm_cases():
    for label, x, groups, eps in [
        ("one_group", (3, 4, 3, 4), 1, 1e-5), ("two_groups", (4, 3, 5, 6), 2, 1e-5),
        ("each_channel", (3, 4, 5, 3), 3, 1e-5), ("rows", (5, 6), 2, 1e-5), ("sequence", (3, 7, 4), 2, 0.1),
        ("volume", (3, 2, 3, 2, 4), 4, 1e-5), ("vectors", (3, 3, 3, 32), 8, 1e-5),
        ("far_from_zero", normal(3, 4, 4, 4, shift=500), 2, 1e-5),
    ]:
        channels = x[-1] if isinstance(x, tuple) else 4
        f = lambda x, gain, bias: last(F.group_norm(first(x), groups, gain, bias, eps))
        inputs = {"x": x, "gain": normal(channels, shift=1), "bias": (channels,)}
        file.add(f"group_norm_{label}", "group_norm", f, inputs, {"groups": groups, "eps": eps})


def upsample_cases():
    for label, x, size in [
        ("1d_twice", (3, 5, 2), [10]), ("1d_ragged", (3, 4, 3), [7]), ("1d_same", (3, 4, 2), [4]),
        ("2d_twice", (3, 3, 4, 2), [6, 8]), ("2d_two_factors", (3, 2, 3, 3), [6, 6]),
        ("2d_ragged", (3, 3, 4, 2), [5, 9]), ("2d_one_pixel", (3, 1, 1, 3), [3, 2]),
        ("2d_vectors", (3, 3, 3, 16), [6, 6]), ("2d_one_axis", (3, 3, 4, 2), [3, 8]),
        ("3d_twice", (3, 2, 3, 2, 2), [4, 6, 4]), ("3d_ragged", (3, 2, 3, 4, 2), [3, 7, 5]),
    ]:
        linear = ["linear", "bilinear", "trilinear"][len(size) - 1]
        for method, mode, options in [
            ("nearest", "nearest", {}), ("linear", linear, {"align_corners": False}),
        ]:
            f = lambda x: last(F.interpolate(first(x), size=size, mode=mode, **options))
            file.add(f"upsample_{method}_{label}", "upsample", f, {"x": x}, {"size": size, "method": method})


def adaptive_pool_cases():
    for label, x, size in [
        ("1d", (3, 8, 2), [4]), ("1d_ragged", (3, 7, 3), [3]), ("1d_larger", (3, 3, 2), [5]),
        ("2d", (3, 4, 6, 3), [2, 3]), ("2d_ragged", (3, 5, 7, 2), [3, 2]), ("2d_one", (3, 3, 5, 2), [1, 1]),
        ("2d_half_regular", (3, 4, 5, 16), [2, 3]), ("3d", (3, 4, 2, 4, 2), [2, 1, 2]),
        ("3d_ragged", (3, 3, 4, 5, 2), [2, 3, 2]),
    ]:
        axes = len(size) - 1
        most = [F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d][axes]
        mean = [F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d][axes]
        values = {"x": distinct(*x)}
        file.add(f"adaptive_max_pool_{label}", "adaptive_max_pool", lambda x: last(most(first(x), size)), values,
                 {"size": size})
        file.add(f"adaptive_average_pool_{label}", "adaptive_average_pool", lambda x: last(mean(first(x), size)),
                 {"x": x}, {"size": size})


group_norm_cases()
upsample_cases()
adaptive_pool_cases()
file.write()
