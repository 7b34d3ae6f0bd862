"""Expected values and gradients of the tensor operations, from PyTorch: tests/tensor/oracles/ops.json."""

import torch
import torch.nn.functional as F

from common import CaseFile, distinct, normal, uniform

LARGE = [[1000.0, 0.0, -1000.0], [1000.0, 999.0, 998.5], [-1000.0, -1000.25, -999.0]]
TAILS = [-1000.0, -100.0, -30.0, -(2.0**-10), 2.0**-10, 30.0, 100.0, 1000.0]

file = CaseFile("tests/tensor/oracles/ops.json")


def unary():
    x = {"x": (3, 4)}
    positive = {"x": uniform(0.1, 4, 3, 4)}
    simple = {
        "neg": (torch.neg, x), "exp": (torch.exp, x), "log": (torch.log, positive), "sqrt": (torch.sqrt, positive),
        "abs": (torch.abs, x), "square": (torch.square, x), "sign": (torch.sign, x),
        "reciprocal": (torch.reciprocal, positive), "tanh": (torch.tanh, x), "sigmoid": (torch.sigmoid, x),
        "relu": (torch.relu, x), "silu": (F.silu, x), "softplus": (softplus, x), "sin": (torch.sin, x),
        "cos": (torch.cos, x),
    }
    for op, (function, inputs) in simple.items():
        file.add(op, op, function, inputs)
    for op in ["tanh", "sigmoid", "relu", "silu", "softplus"]:
        file.add(f"{op}_tails", op, simple[op][0], {"x": TAILS})
    file.add("tanh_scalar", "tanh", torch.tanh, {"x": 1.25})
    file.add("log_near_one", "log", torch.log, {"x": [1.0, 1 + 2.0**-20, 1 - 2.0**-20, 1 + 2.0**-10]})
    file.add("exp_tails", "exp", torch.exp, {"x": [-1000.0, -80.0, 0.0, 20.0]})

    for slope in [0.01, 0.2]:
        file.add(f"leaky_relu_{slope}", "leaky_relu", lambda x: F.leaky_relu(x, slope), x, {"slope": slope})
    for alpha in [1.0, 0.5]:
        file.add(f"elu_{alpha}", "elu", lambda x: F.elu(x, alpha), x, {"alpha": alpha})
    file.add("elu_tails", "elu", F.elu, {"x": TAILS}, {"alpha": 1.0})
    for form, approximate in [("erf", "none"), ("tanh", "tanh")]:
        gelu = lambda x: F.gelu(x, approximate=approximate)
        file.add(f"gelu_{form}", "gelu", gelu, x, {"form": form})
        file.add(f"gelu_{form}_tails", "gelu", gelu, {"x": TAILS}, {"form": form})
    for low, high in [(-0.7, 0.9), (0.25, 0.75)]:
        clamp = lambda x: torch.clamp(x, low, high)
        file.add(f"clamp_{low}_{high}", "clamp", clamp, {"x": (3, 4)}, {"low": low, "high": high})

    # At a kink the derivative is a convention: these are PyTorch's.
    for op, function, params in [
        ("relu", torch.relu, {}),
        ("abs", torch.abs, {}),
        ("sign", torch.sign, {}),
        ("leaky_relu", F.leaky_relu, {"slope": 0.01}),
    ]:
        file.add(f"{op}_at_kink", op, function, {"x": [0.0, -1.0, 1.0]}, params)
    file.add("clamp_at_kink", "clamp", lambda x: torch.clamp(x, -1, 1), {"x": [-1.0, 1.0]}, {"low": -1, "high": 1})


def softplus(x):
    return torch.logaddexp(x, torch.zeros(()))  # F.softplus returns x itself above 20


def binary():
    shapes = {
        "same": ((3, 4), (3, 4)), "row": ((3, 4), (4,)), "column": ((3, 1), (3, 4)), "both": ((2, 1, 3), (4, 1)),
        "scalar_right": ((2, 3), ()), "scalar_left": ((), (2, 3)), "ones": ((1, 1, 2), (3, 1)),
    }
    ops = {
        "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow,
        "maximum": torch.maximum, "minimum": torch.minimum,
    }
    for op, function in ops.items():
        for label, (left, right) in shapes.items():
            a, b = left, right
            if op == "div":
                b = uniform(0.3, 2, *right)
            if op == "pow":
                a = uniform(0.3, 2, *left)
            file.add(f"{op}_{label}", op, function, {"a": a, "b": b})
    for exponent in [2.0, 3.0, -1.0]:
        power = lambda x: torch.pow(x, exponent)
        file.add(f"pow_of_negative_{exponent}", "pow_scalar", power, {"x": distinct(2, 3)}, {"exponent": exponent})
    for exponent in [0.5, 2.5]:
        power = lambda x: torch.pow(x, exponent)
        file.add(f"pow_of_positive_{exponent}", "pow_scalar", power, {"x": uniform(0.1, 3, 6)}, {"exponent": exponent})
    for op, function in [
        ("equal", torch.eq), ("not_equal", torch.ne), ("less", torch.lt), ("less_equal", torch.le),
        ("greater", torch.gt), ("greater_equal", torch.ge),
    ]:
        values = {"a": [[1.0, 2.0, 3.0], [-1.0, 0.0, 5.0]], "b": [1.0, 0.0, 4.0]}
        file.add(op, op, function, values, constant=("a", "b"))


def matmul():
    shapes = {
        "1x1": ((1, 1), (1, 1)), "matrix": ((3, 4), (4, 5)), "row": ((1, 7), (7, 2)), "column": ((6, 3), (3, 1)),
        "outer": ((4, 1), (1, 3)), "batch": ((2, 3, 4), (2, 4, 5)), "two_batch_axes": ((2, 2, 2, 3), (2, 2, 3, 2)),
        "broadcast_left": ((3, 4), (2, 4, 5)), "broadcast_right": ((2, 3, 4), (4, 5)),
        "broadcast_both": ((2, 1, 3, 4), (3, 4, 2)), "vector_matrix": ((4,), (4, 5)), "matrix_vector": ((3, 4), (4,)),
        "vector_vector": ((5,), (5,)), "vector_batch": ((4,), (2, 4, 3)), "batch_vector": ((2, 3, 4), (4,)),
        "odd_sizes": ((5, 17), (17, 3)),
    }
    for label, (a, b) in shapes.items():
        file.add(f"matmul_{label}", "matmul", torch.matmul, {"a": a, "b": b})
    for ta, tb in [(True, False), (False, True), (True, True)]:
        for batch in [(), (2,)]:
            a, b = batch + ((4, 3) if ta else (3, 4)), batch + ((5, 4) if tb else (4, 5))
            product = lambda a, b: torch.matmul(a.mT if ta else a, b.mT if tb else b)
            name = f"matmul_transposed_{ta:d}{tb:d}" + ("_batch" if batch else "")
            file.add(name, "matmul", product, {"a": a, "b": b}, {"transpose_a": ta, "transpose_b": tb})


def reductions():
    ops = {
        "sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin, "logsumexp": torch.logsumexp,
    }
    for keepdims in [False, True]:
        for axes in [[0], [1], [-1], [0, 2], [0, 1, 2]]:
            suffix = "_".join(map(str, axes)) + ("_keep" if keepdims else "")
            params = {"axes": axes, "keepdims": keepdims}
            for op, function in ops.items():
                f = lambda x: function(x, dim=axes, keepdim=keepdims)
                file.add(f"{op}_{suffix}", op, f, {"x": distinct(2, 3, 2)}, params)
            for unbiased in [False] if keepdims else [False, True]:
                f = lambda x: torch.var(x, dim=axes, unbiased=unbiased, keepdim=keepdims)
                name = f"var_{'unbiased' if unbiased else 'biased'}_{suffix}"
                file.add(name, "var", f, {"x": (2, 3, 2)}, dict(params, unbiased=unbiased))
    for axis in [0, 1]:
        f = lambda x: torch.prod(x, dim=axis)
        file.add(f"prod_{axis}", "prod", f, {"x": (3, 4)}, {"axes": [axis], "keepdims": False})
        for op, function in [("argmax", torch.argmax), ("argmin", torch.argmin)]:
            f = lambda x: function(x, dim=axis)
            file.add(f"{op}_{axis}", op, f, {"x": distinct(3, 4)}, {"axis": axis}, constant=("x",))
    with_zero = {"x": [[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [1.5, -2.0, 4.0]]}
    file.add("prod_with_zeros", "prod", lambda x: torch.prod(x, dim=1), with_zero, {"axes": [1], "keepdims": False})
    f = lambda x: torch.var(x, dim=[0], unbiased=False)
    params = {"axes": [0], "keepdims": False, "unbiased": False}
    file.add("var_far_from_zero", "var", f, {"x": normal(6, 2, shift=1000)}, params)
    f = lambda x: torch.logsumexp(x, dim=[-1])
    file.add("logsumexp_large", "logsumexp", f, {"x": LARGE}, {"axes": [-1], "keepdims": False})


def softmaxes():
    for op, function in [("softmax", torch.softmax), ("log_softmax", torch.log_softmax)]:
        for axis in [0, 1, 2, -1]:
            f = lambda x: function(x, dim=axis)
            file.add(f"{op}_{axis}", op, f, {"x": (2, 3, 2)}, {"axis": axis})
        f = lambda x: function(x, dim=-1)
        file.add(f"{op}_large", op, f, {"x": LARGE}, {"axis": -1})
        file.add(f"{op}_equal", op, f, {"x": [[1000.0] * 4, [-1000.0] * 4]}, {"axis": -1})
        file.add(f"{op}_confident", op, f, {"x": [[20.0, 0.0, 0.0], [0.0, 9.0, -3.0]]}, {"axis": -1})
        file.add(f"{op}_one_class", op, f, {"x": (3, 1)}, {"axis": -1})


def shapes():
    x = {"x": (2, 3, 4)}
    for shape in [[6, 4], [24], [4, 3, 2]]:
        name = "reshape_" + "x".join(map(str, shape))
        file.add(name, "reshape", lambda x: x.reshape(shape), x, {"shape": shape})
    for order in [[0, 2, 1], [2, 0, 1]]:
        name = "permute_" + "".join(map(str, order))
        file.add(name, "permute", lambda x: x.permute(order), x, {"order": order})
    file.add("transpose", "permute", lambda x: x.T, {"x": (3, 5)}, {"order": [1, 0]})
    for source, target in [((4,), [3, 4]), ((3, 1), [3, 4]), ((), [2, 3]), ((2, 1, 3), [2, 4, 3])]:
        name = "broadcast_to_" + "x".join(map(str, target)) + f"_from_{len(source)}d"
        f = lambda x: torch.broadcast_to(x, target)
        file.add(name, "broadcast_to", f, {"x": source}, {"shape": target})
    file.add("squeeze_1", "squeeze", lambda x: x.squeeze(1), {"x": (2, 1, 3)}, {"axis": 1})
    file.add("squeeze_last", "squeeze", lambda x: x.squeeze(-1), {"x": (2, 3, 1)}, {"axis": -1})
    for axis in [0, 1, -1]:
        file.add(f"unsqueeze_{axis}", "unsqueeze", lambda x: x.unsqueeze(axis), {"x": (2, 3)}, {"axis": axis})
    for axis in [0, 1, -1]:
        sizes = [[2, 3, 2], [2, 3, 2], [2, 3, 2]]
        for i in range(3):
            sizes[i][axis] = i + 1
        parts = {f"x{i}": tuple(size) for i, size in enumerate(sizes)}
        f = lambda *xs: torch.cat(xs, dim=axis)
        file.add(f"concatenate_{axis}", "concatenate", f, parts, {"axis": axis})
        f = lambda *xs: torch.stack(xs, dim=axis)
        file.add(f"stack_{axis}", "stack", f, {"x0": (2, 3), "x1": (2, 3), "x2": (2, 3)}, {"axis": axis})
    for starts, stops, steps in [
        ([1, 0], [4, 5], [1, 1]), ([0, 1], [5, 5], [2, 2]), ([4, 0], [5, 1], [1, 1]), ([1, 0], [5, 5], [3, 4]),
        ([0, 0], [5, 5], [1, 1]),
    ]:
        index = tuple(slice(*bounds) for bounds in zip(starts, stops, steps))
        name = "slice_" + "_".join(f"{i.start}.{i.stop}.{i.step}" for i in index)
        file.add(name, "slice", lambda x: x[index], {"x": (5, 5)}, {"starts": starts, "stops": stops, "steps": steps})


def indexing():
    for axis, index in [
        (0, [[0, 2, 1, 1], [2, 2, 0, 1]]),
        (1, [[3, 0], [1, 1], [2, 3]]),
        (-1, [[0], [3], [2]]),
    ]:
        f = lambda x, index: torch.gather(x, axis, index)
        file.add(f"take_along_axis_{axis}", "take_along_axis", f, {"x": (3, 4), "index": index}, {"axis": axis})
    for axis, index in [(0, [3, 0, 3, 3, 1]), (1, [1, 1]), (0, [2])]:
        f = lambda x, index: torch.index_select(x, axis, index)
        name = f"take_axis{axis}_" + "".join(map(str, index))
        file.add(name, "take", f, {"x": (4, 3), "index": index}, {"axis": axis})
    f = lambda x, index: x[index]
    file.add("take_rows_matrix_index", "take", f, {"x": (4, 3), "index": [[3, 0], [0, 0]]}, {"axis": 0})
    mask = [[1, 0, 1, 0], [0, 0, 1, 1], [1, 1, 1, 0]]
    choose = lambda condition, a, b: torch.where(condition.bool(), a, b)
    for label, condition, a, b in [
        ("same", mask, (3, 4), (3, 4)), ("broadcast_values", mask, (4,), (3, 1)), ("scalar", mask, (3, 4), ()),
        ("broadcast_condition", [1, 0, 0, 1], (3, 4), (3, 4)),
    ]:
        file.add(f"where_{label}", "where", choose, {"condition": condition, "a": a, "b": b})
    for axis in [0, 1, -1]:
        file.add(f"cumsum_{axis}", "cumsum", lambda x: torch.cumsum(x, dim=axis), {"x": (2, 3, 2)}, {"axis": axis})


for family in [unary, binary, matmul, reductions, softmaxes, shapes, indexing]:
    family()
file.write()
