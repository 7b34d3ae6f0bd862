"""Builds a file of expected values: each case evaluates a PyTorch function and its gradients in float64."""

import json
import pathlib
import zlib

import numpy
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


# Inputs. An input of a case is a shape (normal numbers are drawn), one of the functions below, or the values.
# Drawn numbers are odd multiples of 1/128: float32 holds them exactly, and they never hit 0, 1/2 or 1, where some
# functions have kinks.


def on_grid(values):
    return (numpy.floor(values * 64) + 0.5) / 64


def normal(*shape, scale=1.0, shift=0.0):
    return lambda rng: on_grid(scale * rng.standard_normal(shape) + shift)


def uniform(low, high, *shape):
    return lambda rng: on_grid(rng.uniform(low, high, shape))


def distinct(*shape):
    """Numbers of both signs, no two of them equal or exactly 1 apart (where hinge losses have kinks)."""
    count = int(numpy.prod(shape))
    return lambda rng: (rng.permutation(count).reshape(shape) - count // 2) * 17 / 128 + 1 / 256


def draw(spec, rng):
    if isinstance(spec, tuple):
        spec = normal(*spec)
    if callable(spec):
        spec = spec(rng)
    array = numpy.asarray(spec)
    return torch.tensor(array, dtype=torch.int64 if array.dtype.kind in "iub" else torch.float64)


def stored(array):
    """{"shape", "data"}; Python writes the fewest digits (at most 17) that read back to the same float64."""
    array = numpy.asarray(array.detach() if isinstance(array, torch.Tensor) else array)
    if array.dtype.kind == "b":
        array = array.astype(int)
    return {"shape": list(array.shape), "data": array.ravel().tolist()}


class CaseFile:
    """The cases of one JSON file. A case's random numbers depend on its name alone."""

    def __init__(self, path):
        self.path = ROOT / path
        self.cases = []

    def add(self, name, op, function, inputs, params=None, constant=()):
        """Evaluates function(*inputs) -> tensor or {name: tensor}. Gradients are taken with respect to every
        real input not in `constant`, of sum(grad_outputs * outputs) over the differentiable outputs; the
        grad_output of a scalar is 1."""
        rng = numpy.random.default_rng(zlib.crc32(name.encode()))
        tensors = {key: draw(spec, rng) for key, spec in inputs.items()}
        active = [key for key, t in tensors.items() if t.is_floating_point() and key not in constant]
        for key in active:
            tensors[key].requires_grad_()
        outputs = function(*tensors.values())
        if not isinstance(outputs, dict):
            outputs = {"y": outputs}
        seeds = {
            key: draw(tuple(y.shape), rng) if y.dim() else torch.ones(())
            for key, y in outputs.items()
            if y.requires_grad
        }
        gradients = []
        if seeds:
            gradients = torch.autograd.grad(
                [outputs[key] for key in seeds], [tensors[key] for key in active], list(seeds.values())
            )
        self.add_values(name, op, params or {}, tensors, outputs, seeds, dict(zip(active, gradients)))

    def add_values(self, name, op, params, inputs, outputs, grad_outputs=None, grads=None):
        assert all(case["name"] != name for case in self.cases), name
        case = {"name": name, "op": op, "params": params}
        for part, arrays in [
            ("inputs", inputs), ("outputs", outputs), ("grad_outputs", grad_outputs or {}), ("grads", grads or {}),
        ]:
            case[part] = {key: stored(array) for key, array in arrays.items()}
        self.cases.append(case)

    def write(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(case, allow_nan=False, separators=(",", ":")) for case in self.cases]
        self.path.write_text('{"cases": [\n' + ",\n".join(lines) + "\n]}\n")
        print(f"{self.path.relative_to(ROOT)}: {len(lines)} cases, {self.path.stat().st_size // 1000} kB")
