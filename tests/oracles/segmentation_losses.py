"""Expected values and gradients of the losses of masks, from PyTorch: tests/nn/oracles/segmentation_losses.json.

Written from the definitions: with p the softmax (of one score: 1 - sigmoid and sigmoid), t one-hot and w the weight of a
place, I = sum w p t, P = sum w p (squared: p^2) and T = sum w t over the places of the batch, or of each example,

    dice = 1 - mean over classes of (2 I + smooth) / (P + T + smooth)
    tversky = 1 - mean over classes of (I + smooth) / (I + alpha FP + beta FN + smooth), FP = P - I, FN = T - I

and the mean over examples is weighted by each one's sum of weights.
"""

import torch
import torch.nn.functional as F

from common import CaseFile

file = CaseFile("tests/nn/oracles/segmentation_losses.json")


def parts(z, t, weight, squared):
    p = torch.softmax(z, -1) if z.shape[-1] > 1 else torch.cat([1 - torch.sigmoid(z), torch.sigmoid(z)], -1)
    y = F.one_hot(t, p.shape[-1]).to(p)
    w = torch.ones(t.shape) if weight is None else weight.reshape(weight.shape + (1,) * (t.dim() - weight.dim()))
    w = w.expand(t.shape)[..., None]
    flat = lambda x: x.reshape(len(x), -1, p.shape[-1]).sum(1)
    return flat(w * p * y), flat(w * (p * p if squared else p)), flat(w * y)


def loss(index, per_example, background, squared=False):
    def f(z, t, weight=None):
        i, p, total = parts(z, t, weight, squared)
        share = total.sum(1) / total.sum()
        if not per_example:
            i, p, total, share = i.sum(0, keepdim=True), p.sum(0, keepdim=True), total.sum(0, keepdim=True), torch.ones(1)
        indices = index(i, p, total)
        return {"loss": (share * (1 - (indices if background else indices[:, 1:]).mean(1))).sum()}

    return f


def dice(smooth):
    return lambda i, p, t: (2 * i + smooth) / (p + t + smooth)


def tversky(alpha, beta, smooth):
    return lambda i, p, t: (i + smooth) / (i + alpha * (p - i) + beta * (t - i) + smooth)


MASKS = [[[0, 2, 1], [1, 0, 0]], [[2, 2, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]], [[1, 1, 1], [1, 2, 1]]]
BINARY = [[[0, 1, 1], [1, 0, 0]], [[1, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]], [[1, 1, 1], [1, 0, 1]]]
PLACES = [[[1, 2, 0], [0.5, 1, 1]], [[0, 0, 0], [0, 0, 0]], [[3, 1, 1], [1, 0.25, 1]], [[1, 1, 2], [1, 1, 0.5]]]
WEIGHTS = {"": {}, "_examples": {"weight": [1.0, 0.5, 2.0, 0.0]}, "_places": {"weight": PLACES}}


def add(name, op, index, params, squared=False):
    shapes = {"": ((4, 2, 3, 3), MASKS), "_two": ((4, 2, 3, 2), BINARY), "_one_score": ((4, 2, 3, 1), BINARY)}
    for kind, (shape, target) in shapes.items():
        for weighted, weight in WEIGHTS.items():
            for per_example in [False, True]:
                for background in [True, False]:
                    options = {"per_example": per_example, "background": background}
                    case = name + kind + weighted + "".join(f"_{k}" for k, v in options.items() if v)
                    inputs = {"logits": shape, "target": target} | weight
                    f = loss(index, per_example, background, squared)
                    file.add(case, op, f, inputs, params | options, constant=("weight",))


add("dice", "dice", dice(1.0), {})
add("dice_squared", "dice", dice(0.5), {"smooth": 0.5, "squared": True}, squared=True)
add("tversky", "tversky", tversky(0.3, 0.7, 1.0), {"alpha": 0.3, "beta": 0.7})
add("tversky_precise", "tversky", tversky(0.9, 0.25, 0.1), {"alpha": 0.9, "beta": 0.25, "smooth": 0.1})

# Sequences, volumes and masks without smoothing; scores that overflow a naive softmax.
plain = loss(dice(0.0), False, True)
file.add("dice_steps", "dice", plain, {"logits": (3, 4, 2), "target": [[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 1]]},
         {"smooth": 0.0})
volume = [[[[0, 1], [1, 2]], [[2, 2], [0, 1]]], [[[1, 1], [0, 2]], [[0, 0], [2, 1]]]]
file.add("dice_volume", "dice", plain, {"logits": (2, 2, 2, 2, 3), "target": volume}, {"smooth": 0.0})
extreme = [[[1000.0, -1000.0], [0.0, 999.0]], [[-1000.0, -1000.0], [-1000.0, 1000.0]]]
file.add("dice_extreme", "dice", plain, {"logits": extreme, "target": [[0, 1], [1, 0]]}, {"smooth": 0.0})


# Sums of losses.
def combined(weights):
    def f(z, t):
        ce = F.cross_entropy(z.reshape(-1, z.shape[-1]), t.reshape(-1))
        return {"loss": weights[0] * ce + weights[1] * loss(dice(1.0), False, False)(z, t)["loss"]}

    return f


def combined_binary(z, t):
    bce = F.binary_cross_entropy_with_logits(z[..., 0], t.to(z))
    return {"loss": bce + loss(dice(1.0), False, True)(z, t)["loss"]}


inputs = {"logits": (4, 2, 3, 3), "target": MASKS}
parts_of = ["cross_entropy", {"type": "dice", "background": False}]
for weights in [[1.0, 1.0], [0.25, 3.0]]:
    params = {"losses": parts_of, "weights": weights}
    file.add(f"combined_{weights[0]}", "combined", combined(weights), inputs, params)
one = {"logits": (4, 2, 3, 1), "target": BINARY}
file.add("combined_binary", "combined", combined_binary, one, {"losses": ["binary_cross_entropy", "dice"]})
file.write()
