"""Expected values and gradients of the losses, from PyTorch: tests/nn/oracles/losses.json.

Every case stores `losses` (one per example, unweighted) and `loss`, their weighted mean sum(w_i l_i) / sum(w_i), where
w_i is the example's `weight` times the `class_weight` of its class (1 where absent). The loss of an example with
several outputs is the mean over its outputs. Gradients are those of `loss` with respect to the first input.
"""

import torch
import torch.nn.functional as F

from common import CaseFile, distinct, uniform

CLASSES = [2, 0, 1, 1, 3, 0]
WEIGHTS = [1.0, 0.5, 2.0, 0.0, 0.25, 3.0]
CLASS_WEIGHTS = [0.5, 2.0, 1.0, 4.0]
EXTREME = [
    [100.0, 0.0, -100.0, 50.0], [1000.0, -1000.0, 0.0, 999.0], [-1000.0, -1000.0, -1000.0, -1000.0],
    [0.0, 1000.0, 0.0, 0.0], [-100.0, 100.0, 100.0, 0.0], [0.0, 0.0, 0.0, -1000.0],
]
DISTRIBUTION = [
    [0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0], [0.5, 0.0, 0.125, 0.375], [0.0, 0.75, 0.25, 0.0],
    [0.0, 0.0, 0.0, 1.0], [0.0625, 0.0625, 0.375, 0.5],
]

file = CaseFile("tests/nn/oracles/losses.json")


def weighted_mean(losses, weight):
    return (weight * losses).sum() / weight.sum()


def add(name, op, per_example, inputs, params=None, class_of=None):
    """per_example(prediction, target) -> losses [n]; class_of(target) says which class weight an example takes."""

    def loss(prediction, target, weight=None, class_weight=None):
        losses = per_example(prediction, target)
        w = torch.ones_like(losses) if weight is None else weight
        if class_weight is not None:
            w = w * class_weight[class_of(target)]
        return {"losses": losses.detach(), "loss": weighted_mean(losses, w)}

    _, *others = inputs
    weights = others[1:]
    f = lambda z, y, *values: loss(z, y, **dict(zip(weights, values)))
    file.add(name, op, f, inputs, params, constant=others)


def outputs_mean(loss, **options):
    return lambda z, y: loss(z, y, reduction="none", **options).reshape(len(z), -1).mean(1)


def regression():
    for op, per_example, params in [
        ("mse", outputs_mean(F.mse_loss), {}),
        ("mae", outputs_mean(F.l1_loss), {}),
        ("huber", outputs_mean(F.huber_loss, delta=1.0), {"delta": 1.0}),
        ("huber", outputs_mean(F.huber_loss, delta=0.35), {"delta": 0.35}),
    ]:
        name = "_".join([op, *map(str, params.values())])
        add(f"{name}_one_output", op, per_example, {"prediction": distinct(6, 1), "target": (6, 1)}, params)
        several = {"prediction": distinct(6, 3), "target": (6, 3)}
        add(f"{name}_several_outputs", op, per_example, several, params)
        add(f"{name}_weighted", op, per_example, several | {"weight": WEIGHTS}, params)
        far = {"prediction": [[1e4], [-1e4], [0.25]], "target": [[0.0], [1e4], [0.25]]}
        add(f"{name}_far", op, per_example, far, params)
    for output in [0.79, 0.34]:
        inputs = {"prediction": [[output]], "target": [[1.0]]}
        add(f"mse_course_{output}", "mse", outputs_mean(F.mse_loss), inputs)


def binary():
    """Targets 0/1 (cross-entropy takes anything between); hinge reads them as -1/+1: max(0, 1 - t z)."""
    labels = [[1.0], [0.0], [1.0], [1.0], [0.0], [0.0]]
    extreme = [[100.0], [-100.0], [-1000.0], [1000.0], [1000.0], [0.0]]
    cross_entropy = outputs_mean(F.binary_cross_entropy_with_logits)
    hinge = outputs_mean(lambda z, y, reduction: torch.clamp(1 - (2 * y - 1) * z, min=0))
    for op, per_example in [("binary_cross_entropy", cross_entropy), ("hinge_binary", hinge)]:
        inputs = {"logits": (6, 1), "target": labels}
        class_of = lambda y: y.long().squeeze(1)
        by_class = {"class_weight": [0.75, 2.0]}
        add(op, op, per_example, inputs)
        add(f"{op}_weight", op, per_example, inputs | {"weight": WEIGHTS})
        add(f"{op}_class_weight", op, per_example, inputs | by_class, class_of=class_of)
        add(f"{op}_both_weights", op, per_example, inputs | {"weight": WEIGHTS} | by_class, class_of=class_of)
        add(f"{op}_extreme", op, per_example, {"logits": extreme, "target": labels})
        several = [[1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0]]
        add(f"{op}_several_outputs", op, per_example, {"logits": (4, 3), "target": several})
    soft = {"logits": (6, 1), "target": uniform(0, 1, 6, 1)}
    add("binary_cross_entropy_soft_targets", "binary_cross_entropy", cross_entropy, soft)


def crammer_singer(z, y):
    others = z.scatter(1, y[:, None], -torch.inf).amax(1)
    return torch.clamp(1 + others - z.gather(1, y[:, None]).squeeze(1), min=0)


def multi_class_hinge():
    """Three conventions, with m_j = 1 - z_y + z_j over the wrong classes j: crammer_singer max(0, max_j m_j);
    sum_over_classes (Weston and Watkins) sum_j max(0, m_j); torch_mean that sum divided by the number of classes."""
    torch_mean = lambda z, y: F.multi_margin_loss(z, y, reduction="none")
    for convention, per_example in [
        ("crammer_singer", crammer_singer),
        ("sum_over_classes", lambda z, y: z.shape[1] * torch_mean(z, y)),
        ("torch_mean", torch_mean),
    ]:
        op, params, name = "hinge_multi_class", {"convention": convention}, f"hinge_{convention}"
        inputs = {"logits": distinct(6, 4), "target": CLASSES}
        by_class = {"class_weight": CLASS_WEIGHTS}
        class_of = lambda y: y
        add(name, op, per_example, inputs, params)
        add(f"{name}_weight", op, per_example, inputs | {"weight": WEIGHTS}, params)
        add(f"{name}_class_weight", op, per_example, inputs | by_class, params, class_of)
        add(f"{name}_both_weights", op, per_example, inputs | {"weight": WEIGHTS} | by_class, params, class_of)
        extreme = {"logits": [[100.0, -100.0, 7.0], [1000.0, -1000.0, 0.0]], "target": [0, 1]}
        add(f"{name}_extreme", op, per_example, extreme, params)


def cross_entropy():
    op = "cross_entropy"
    inputs = {"logits": (6, 4), "target": CLASSES}
    class_of = lambda y: y

    def smoothed(smoothing):
        return lambda z, y: F.cross_entropy(z, y, reduction="none", label_smoothing=smoothing)

    for smoothing in [0.0, 0.1]:
        name = f"{op}_index" + (f"_smoothing_{smoothing}" if smoothing else "")
        params = {"target": "index", "label_smoothing": smoothing}
        by_class = {"class_weight": CLASS_WEIGHTS}
        per_example = smoothed(smoothing)
        add(name, op, per_example, inputs, params)
        add(f"{name}_weight", op, per_example, inputs | {"weight": WEIGHTS}, params)
        add(f"{name}_class_weight", op, per_example, inputs | by_class, params, class_of)
        add(f"{name}_both_weights", op, per_example, inputs | {"weight": WEIGHTS} | by_class, params, class_of)
        add(f"{name}_extreme", op, per_example, {"logits": EXTREME, "target": CLASSES}, params)

    params = {"target": "index", "label_smoothing": 0.0}
    add(f"{op}_one_example", op, smoothed(0.0), {"logits": (1, 3), "target": [1]}, params)
    confident = {"logits": [[40.0, 0.0, 0.0], [0.0, 18.0, 0.0], [0.0, 0.0, 9.0]], "target": [0, 1, 2]}
    add(f"{op}_confident", op, smoothed(0.0), confident, params)

    # Where smoothing meets class weights PyTorch weighs each term of the smoothed sum by its own class.
    def pytorch(z, y, w):
        return {"loss": F.cross_entropy(z, y, w, label_smoothing=0.1)}

    params = {"target": "index", "label_smoothing": 0.1, "convention": "torch: class weights inside the smoothed sum"}
    weighted = inputs | {"class_weight": CLASS_WEIGHTS}
    file.add(f"{op}_smoothing_class_weight_torch", op, pytorch, weighted, params, constant=("class_weight",))

    soft = {"logits": (6, 4), "target": DISTRIBUTION}
    for smoothing in [0.0, 0.1]:
        name = f"{op}_distribution" + (f"_smoothing_{smoothing}" if smoothing else "")
        params = {"target": "distribution", "label_smoothing": smoothing}
        add(name, op, smoothed(smoothing), soft, params)
        add(f"{name}_weight", op, smoothed(smoothing), soft | {"weight": WEIGHTS}, params)
        extreme = {"logits": EXTREME, "target": DISTRIBUTION}
        add(f"{name}_extreme", op, smoothed(smoothing), extreme, params)


def kl_divergence():
    """sum_c p_c (log p_c - log softmax(z)_c), where 0 log 0 = 0."""
    op = "kl_divergence"
    per_example = lambda z, p: F.kl_div(torch.log_softmax(z, 1), p, reduction="none").sum(1)
    add(op, op, per_example, {"logits": (6, 4), "target": DISTRIBUTION})
    add(f"{op}_weight", op, per_example, {"logits": (6, 4), "target": DISTRIBUTION, "weight": WEIGHTS})
    add(f"{op}_extreme", op, per_example, {"logits": EXTREME, "target": DISTRIBUTION})
    equal = {"logits": [[0.0, 0.0, 0.0, 0.0]], "target": [[0.25, 0.25, 0.25, 0.25]]}
    add(f"{op}_equal", op, per_example, equal)


for family in [regression, binary, multi_class_hinge, cross_entropy, kl_divergence]:
    family()
file.write()
