"""Expected values and gradients of convolutions and pooling, from PyTorch: tests/tensor/oracles/conv.json.

Data are [n, size.., channels], weights [kernel.., in / groups, out], those of transposed convolutions
[kernel.., out / groups, in].
"""

import torch
import torch.nn.functional as F

from common import CaseFile, distinct, normal

file = CaseFile("tests/tensor/oracles/conv.json")


def first(x):  # channels first
    return torch.movedim(x, -1, 1)


def last(x):
    return torch.movedim(x, 1, -1)


def padded(x, before, after):
    pairs = [p for pair in reversed(list(zip(before, after))) for p in pair]
    return F.pad(first(x), pairs)


def conv_case(name, x, kernel, out, stride=None, dilation=None, before=None, after=None, groups=1, bias=True):
    axes, channels = len(kernel), x[-1]
    stride, dilation = stride or [1] * axes, dilation or [1] * axes
    before = before or [0] * axes
    after = before if after is None else after

    def conv(x, w, b=None):
        weight = torch.movedim(w, (-1, -2), (0, 1))  # [out, in / groups, kernel..]
        f = [F.conv1d, F.conv2d, F.conv3d][axes - 1]
        return last(f(padded(x, before, after), weight, b, stride, 0, dilation, groups))

    inputs = {"x": x, "w": (*kernel, channels // groups, out)} | ({"b": (out,)} if bias else {})
    params = {"stride": stride, "dilation": dilation, "before": before, "after": after, "groups": groups}
    file.add(f"conv_{name}", "conv", conv, inputs, params)


def transpose_case(name, x, kernel, out, stride, before, groups=1, bias=True, dilation=None):
    axes, channels = len(kernel), x[-1]
    dilation = dilation or [1] * axes

    def conv(x, w, b=None):
        # PyTorch's weight [in, out / groups, kernel..]
        weight = torch.movedim(w, (-1, -2), (0, 1))
        f = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d][axes - 1]
        return last(f(first(x), weight, b, stride, before, 0, groups, dilation))

    inputs = {"x": x, "w": (*kernel, out // groups, channels)} | ({"b": (out,)} if bias else {})
    params = {"stride": stride, "dilation": dilation, "before": before, "after": before, "groups": groups}
    file.add(f"conv_transpose_{name}", "conv_transpose", conv, inputs, params)


def conv_cases():
    conv_case("1d", (3, 7, 2), [3], 4)
    conv_case("1d_stride_dilation", (3, 11, 3), [3], 2, stride=[2], dilation=[2], before=[1])
    conv_case("2d", (3, 5, 6, 2), [3, 3], 4)
    conv_case("2d_same", (4, 5, 4, 3), [3, 3], 5, before=[1, 1])
    conv_case("2d_even_kernel_same", (3, 5, 4, 2), [2, 4], 3, before=[0, 1], after=[1, 2])
    conv_case("2d_stride", (3, 7, 8, 2), [3, 3], 3, stride=[2, 3], before=[1, 1])
    conv_case("2d_dilation", (3, 7, 6, 2), [3, 2], 3, dilation=[2, 3])
    conv_case("2d_one_by_one", (3, 4, 3, 5), [1, 1], 2, bias=False)
    conv_case("2d_one_by_one_stride", (3, 5, 4, 3), [1, 1], 4, stride=[2, 2], bias=False)
    conv_case("2d_one_channel", (3, 6, 6, 1), [5, 5], 6, before=[2, 2])
    conv_case("2d_groups", (3, 5, 4, 4), [3, 3], 6, before=[1, 1], groups=2)
    conv_case("2d_depthwise", (3, 5, 4, 4), [3, 3], 4, before=[1, 1], groups=4)
    conv_case("2d_depthwise_twice", (3, 5, 5, 3), [3, 3], 6, stride=[2, 2], before=[1, 1], groups=3)
    conv_case("2d_whole_input", (4, 4, 3, 2), [4, 3], 3)
    conv_case("2d_vectors", (3, 4, 4, 16), [3, 3], 16, before=[1, 1], bias=False)
    conv_case("3d", (3, 4, 5, 3, 2), [3, 3, 2], 3)
    conv_case("3d_same_stride", (3, 4, 4, 5, 2), [3, 3, 3], 2, stride=[2, 1, 2], before=[1, 1, 1])


def transpose_cases():
    transpose_case("1d", (3, 4, 2), [3], 3, [2], [0])
    transpose_case("2d", (3, 3, 4, 2), [2, 2], 3, [2, 2], [0, 0])
    transpose_case("2d_padding", (3, 4, 3, 3), [3, 3], 2, [2, 1], [1, 1])
    transpose_case("2d_groups", (3, 3, 3, 4), [3, 3], 6, [2, 2], [1, 1], groups=2)
    transpose_case("2d_dilation", (3, 3, 4, 2), [3, 2], 2, [1, 2], [0, 1], dilation=[2, 2], bias=False)
    transpose_case("3d", (3, 2, 3, 2, 2), [2, 2, 2], 3, [2, 2, 2], [0, 0, 0])


def pool_cases():
    for label, x, kernel, stride, padding in [
        ("1d", (3, 7, 2), [2], [2], [0]),
        ("2d", (3, 4, 6, 3), [2, 2], [2, 2], [0, 0]),
        ("2d_overlapping", (3, 7, 6, 2), [3, 3], [2, 2], [1, 1]),
        ("2d_ragged", (3, 5, 7, 2), [2, 3], [2, 3], [0, 0]),
        ("2d_vectors", (3, 4, 4, 16), [2, 2], [2, 2], [0, 0]),
        ("3d", (3, 4, 3, 4, 2), [2, 2, 2], [2, 1, 2], [0, 0, 0]),
        ("3d_padding", (3, 3, 4, 3, 2), [3, 2, 3], [2, 2, 2], [1, 0, 1]),
    ]:
        axes = len(kernel)
        params = {"kernel": kernel, "stride": stride, "before": padding, "after": padding}
        most = [F.max_pool1d, F.max_pool2d, F.max_pool3d][axes - 1]
        mean = [F.avg_pool1d, F.avg_pool2d, F.avg_pool3d][axes - 1]
        values = {"x": distinct(*x)}
        file.add(f"max_pool_{label}", "max_pool", lambda x: last(most(first(x), kernel, stride, padding)), values, params)
        file.add(
            f"min_pool_{label}", "min_pool", lambda x: -last(most(-first(x), kernel, stride, padding)), values, params
        )
        for count in [False, True]:
            file.add(
                f"average_pool_{label}{'_count_padding' if count else ''}", "average_pool",
                lambda x: last(mean(first(x), kernel, stride, padding, False, count)), {"x": x},
                params | {"count_padding": count},
            )


conv_cases()
transpose_cases()
pool_cases()
file.write()
