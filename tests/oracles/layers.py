"""Expected values and gradients of the layers and of small networks, from PyTorch: tests/nn/oracles/layers.json.

Weights are stored [in, out] (y = x W + b) and images [n, height, width, channels].
"""

import numpy
import torch
import torch.nn.functional as F

from common import CaseFile, normal, uniform

file = CaseFile("tests/nn/oracles/layers.json")


def linear(x, weight, bias=None):
    return F.linear(x, weight.T, bias)


def batch_norm(training, momentum=0.1, eps=1e-5):
    """Training normalises with the biased variance of the batch; the running variance takes the unbiased one:
    running = (1 - momentum) running + momentum batch. Channels are the last axis."""

    def apply(x, scale, shift, running_mean, running_var):
        mean, var = running_mean.clone(), running_var.clone()
        flat = x.reshape(-1, x.shape[-1])
        y = F.batch_norm(flat, mean, var, scale, shift, training, momentum, eps).reshape(x.shape)
        return {"y": y, "running_mean": mean, "running_var": var} if training else {"y": y}

    return apply


def linear_cases():
    for label, x, weight in [
        ("matrix", (5, 3), (3, 4)), ("one_row", (1, 3), (3, 2)), ("one_output", (6, 4), (4, 1)),
        ("sequence", (2, 5, 3), (3, 4)),
    ]:
        bias = (weight[1],)
        file.add(f"linear_{label}", "linear", linear, {"x": x, "weight": weight, "bias": bias}, {"bias": True})
    file.add("linear_no_bias", "linear", linear, {"x": (5, 3), "weight": (3, 4)}, {"bias": False})


def batch_norm_cases():
    running = ("running_mean", "running_var")

    def inputs(x, channels):
        return {
            "x": x, "scale": normal(channels, shift=1), "shift": (channels,), "running_mean": (channels,),
            "running_var": uniform(0.5, 2, channels),
        }

    for label, x, channels, options in [
        ("2d", (8, 3), 3, {}),
        ("two_rows", (2, 4), 4, {}),
        ("images", (3, 2, 4, 2), 2, {}),
        ("momentum_eps", (6, 2), 2, {"momentum": 0.3, "eps": 1e-2}),
        ("far_from_zero", normal(8, 2, shift=500), 2, {}),
        ("constant_channel", numpy.stack([numpy.full(4, 2.5), [1.0, -2.0, 0.5, 3.0]], axis=1), 2, {}),
    ]:
        params = {"training": True, "momentum": 0.1, "eps": 1e-5} | options
        layer = batch_norm(True, params["momentum"], params["eps"])
        file.add(f"batch_norm_train_{label}", "batch_norm", layer, inputs(x, channels), params, constant=running)
    params = {"training": False, "momentum": 0.1, "eps": 1e-5}
    for label, x, channels in [("2d", (5, 3), 3), ("one_row", (1, 3), 3), ("images", (2, 2, 3, 2), 2)]:
        file.add(
            f"batch_norm_eval_{label}", "batch_norm", batch_norm(False), inputs(x, channels), params, constant=running
        )

    def three_batches(x0, x1, x2):
        mean, var = torch.zeros(3), torch.ones(3)
        for x in [x0, x1, x2]:
            F.batch_norm(x, mean, var, training=True)
        return {"running_mean": mean, "running_var": var}

    batches = {"x0": (6, 3), "x1": normal(4, 3, scale=2), "x2": normal(5, 3, shift=1)}
    params = {"training": True, "momentum": 0.1, "eps": 1e-5}
    file.add("batch_norm_running_three_batches", "batch_norm_running", three_batches, batches, params, tuple(batches))


def layer_norm_cases():
    for label, x, shape, eps in [
        ("2d", (4, 6), (6,), 1e-5), ("last_axis", (2, 3, 4), (4,), 1e-5), ("two_axes", (2, 3, 4), (3, 4), 1e-5),
        ("large_eps", (3, 5), (5,), 0.1), ("far_from_zero", normal(3, 4, shift=500), (4,), 1e-5),
        ("constant_row", [[1.5] * 4, [1.0, 2.0, -1.0, 0.5]], (4,), 1e-5),
    ]:
        f = lambda x, scale, shift: F.layer_norm(x, shape, scale, shift, eps)
        inputs = {"x": x, "scale": normal(*shape, shift=1), "shift": shape}
        file.add(f"layer_norm_{label}", "layer_norm", f, inputs, {"axes": len(shape), "eps": eps})
    f = lambda x: F.layer_norm(x, (6,), eps=1e-5)
    file.add("layer_norm_no_affine", "layer_norm", f, {"x": (4, 6)}, {"axes": 1, "eps": 1e-5})


def instance_norm(training, momentum, eps):
    """In training the statistics are each example's own; the running ones take their means over the batch."""

    def apply(x, scale, shift, running_mean, running_var):
        mean, var = running_mean.clone(), running_var.clone()
        y = F.instance_norm(torch.movedim(x, -1, 1), mean, var, scale, shift, training, momentum, eps)
        y = torch.movedim(y, 1, -1)
        return {"y": y, "running_mean": mean, "running_var": var} if training else {"y": y}

    return apply


def instance_norm_cases():
    for label, training, x, options in [
        ("train", True, (3, 4, 5, 2), {}), ("train_sequence", True, (4, 6, 3), {"momentum": 0.3, "eps": 1e-2}),
        ("eval", False, (3, 4, 5, 2), {}), ("eval_volume", False, (3, 2, 3, 2, 2), {}),
    ]:
        channels = x[-1]
        params = {"training": training, "running_statistics": True, "momentum": 0.1, "eps": 1e-5} | options
        inputs = {
            "x": x, "scale": normal(channels, shift=1), "shift": (channels,), "running_mean": (channels,),
            "running_var": uniform(0.5, 2, channels),
        }
        layer = instance_norm(training, params["momentum"], params["eps"])
        file.add(f"instance_norm_{label}", "instance_norm", layer, inputs, params, ("running_mean", "running_var"))


def activations():
    x = {"x": (4, 5)}
    for op, function, params in [
        ("identity", lambda x: x * 1, {}), ("relu", F.relu, {}), ("sigmoid", torch.sigmoid, {}),
        ("tanh", torch.tanh, {}), ("leaky_relu", lambda x: F.leaky_relu(x, 0.01), {"slope": 0.01}),
        ("elu", F.elu, {"alpha": 1.0}), ("gelu", F.gelu, {"form": "erf"}), ("silu", F.silu, {}),
        ("softplus", lambda x: torch.logaddexp(x, torch.zeros(())), {}),
        ("softmax", lambda x: torch.softmax(x, -1), {"axis": -1}),
    ]:
        file.add(op, op, function, x, params)

    def prelu(x, slope):
        return torch.where(x > 0, x, slope * x)

    for label, x, slope in [
        ("one_slope", (4, 3), uniform(0.1, 0.5, 1)),
        ("slope_per_channel", (4, 3), uniform(0.1, 0.5, 3)),
        ("images", (2, 2, 2, 3), uniform(0.1, 0.5, 3)),
    ]:
        file.add(f"prelu_{label}", "prelu", prelu, {"x": x, "slope": slope})


def networks():
    def parameters(*widths):
        layers = list(zip(widths, widths[1:]))
        weights = {f"weight{i}": normal(*shape, scale=shape[0] ** -0.5) for i, shape in enumerate(layers, 1)}
        return weights | {f"bias{i}": normal(shape[1], scale=0.2) for i, shape in enumerate(layers, 1)}

    def residual(x, weight1, weight2, bias1, bias2):
        return x + linear(torch.relu(linear(x, weight1, bias1)), weight2, bias2)

    layers = "x + linear2(relu(linear1(x)))"
    file.add("residual", "residual", residual, {"x": (5, 4)} | parameters(4, 6, 4), {"layers": layers})

    def classifier(x, target, weight1, weight2, weight3, bias1, bias2, bias3):
        hidden = torch.relu(linear(x, weight1, bias1))
        hidden = torch.tanh(linear(hidden, weight2, bias2))
        logits = linear(hidden, weight3, bias3)
        return {"logits": logits.detach(), "loss": F.cross_entropy(logits, target)}

    inputs = {"x": (8, 4), "target": [0, 2, 1, 1, 2, 0, 0, 2]} | parameters(4, 7, 5, 3)
    layers = "cross_entropy(linear3(tanh(linear2(relu(linear1(x))))), target), mean over examples"
    file.add("mlp_classifier", "network", classifier, inputs, {"layers": layers}, constant=("x",))

    def neuron_net(x, target, weight1, weight2, bias1, bias2):
        y = torch.sigmoid(linear(torch.sigmoid(linear(x, weight1, bias1)), weight2, bias2))
        return {"prediction": y.detach(), "loss": F.mse_loss(y, target)}

    inputs = {"x": (1, 4), "target": [[1.0]]} | parameters(4, 3, 1)
    layers = "mse(sigmoid(linear2(sigmoid(linear1(x)))), target)"
    file.add("mlp_4_3_1", "network", neuron_net, inputs, {"layers": layers}, constant=("target",))

    def normalised(x, target, scale, shift, weight1, weight2, bias1, bias2):
        hidden = F.batch_norm(linear(x, weight1, bias1), None, None, scale, shift, training=True)
        y = linear(F.gelu(hidden), weight2, bias2)
        return {"prediction": y.detach(), "loss": F.mse_loss(y, target)}

    inputs = {"x": (6, 3), "target": (6, 2), "scale": normal(4, shift=1), "shift": (4,)} | parameters(3, 4, 2)
    layers = "mse(linear2(gelu(batch_norm(linear1(x), eps 1e-5))), target), mean over all elements"
    file.add("mlp_batch_norm", "network", normalised, inputs, {"layers": layers}, constant=("target",))


for family in [linear_cases, batch_norm_cases, layer_norm_cases, instance_norm_cases, activations, networks]:
    family()
file.write()
