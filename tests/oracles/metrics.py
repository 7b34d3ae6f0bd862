"""Expected metrics, from scikit-learn: tests/model/oracles/metrics.json.

macro_f1 averages over all classes, macro_f1_present over those in target or prediction, balanced_accuracy over those in
target. Precision, recall and F1 are 0 where they are 0 / 0. Confusion rows are true classes, columns predicted ones.
"""

import warnings

import numpy
from sklearn import metrics

from common import CaseFile, on_grid

file = CaseFile("tests/model/oracles/metrics.json")


def weights(w):
    return {} if w is None else {"weight": w}


def classification(name, target, prediction, classes, weight=None):
    labels, options = list(range(classes)), {"sample_weight": weight}
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        target, prediction, labels=labels, zero_division=0, **options
    )
    outputs = {
        "accuracy": metrics.accuracy_score(target, prediction, **options),
        "balanced_accuracy": metrics.balanced_accuracy_score(target, prediction, **options),
        "macro_f1": metrics.f1_score(target, prediction, labels=labels, average="macro", zero_division=0, **options),
        "macro_f1_present": metrics.f1_score(target, prediction, average="macro", zero_division=0, **options),
        "precision": precision, "recall": recall, "f1": f1, "support": support,
        "confusion": metrics.confusion_matrix(target, prediction, labels=labels, **options),
    }
    inputs = {"target": target, "prediction": prediction} | weights(weight)
    file.add_values(f"classification_{name}", "classification", {"classes": classes}, inputs, outputs)


def classifications():
    rng = numpy.random.default_rng(1)
    target = rng.integers(0, 4, 60)
    prediction = numpy.where(rng.random(60) < 0.7, target, rng.integers(0, 4, 60))
    classification("four_classes", target, prediction, 4)
    classification("four_classes_weighted", target, prediction, 4, rng.integers(0, 9, 60) / 4)
    classification("binary", target % 2, prediction % 2, 2)
    classification("perfect", target, target, 4)
    classification("all_wrong", [0, 1, 2], [1, 2, 0], 3)
    classification("never_predicted", [0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 1, 0], 3)
    classification("one_class_predicted", [0, 0, 0, 1, 2], [0, 0, 0, 0, 0], 3)
    classification("absent_from_target", [0, 0, 1, 1], [0, 2, 1, 1], 3)
    classification("absent_from_both", [0, 0, 1, 1], [0, 1, 1, 1], 3)
    classification("single_example", [1], [1], 2)


def probabilities(name, target, p, ks, weight=None):
    """log_loss is the mean of -log p[target]; top_k the share of targets among the k most probable classes."""
    classes = p.shape[1]
    labels, options = list(range(classes)), {"sample_weight": weight}
    outputs = {"log_loss": metrics.log_loss(target, p, labels=labels, **options)}
    for k in ks:
        scores = p[:, 1] if classes == 2 else p
        outputs[f"top_{k}"] = metrics.top_k_accuracy_score(target, scores, k=k, labels=labels, **options)
    inputs = {"target": target, "probability": p} | weights(weight)
    file.add_values(f"probabilities_{name}", "probabilities", {"classes": classes}, inputs, outputs)


def softmax(z):
    e = numpy.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def with_probabilities():
    rng = numpy.random.default_rng(2)
    target, p = rng.integers(0, 5, 40), softmax(2 * rng.standard_normal((40, 5)))
    probabilities("five_classes", target, p, [1, 2, 3])
    probabilities("five_classes_weighted", target, p, [1, 2, 3], rng.integers(0, 9, 40) / 4)
    probabilities("two_classes", target % 2, softmax(rng.standard_normal((40, 2))), [1])
    probabilities("class_absent_from_target", [0, 1, 1, 0], softmax(rng.standard_normal((4, 3))), [1, 2])
    probabilities("confident", [0, 1], numpy.array([[1 - 1e-9, 1e-9], [1e-9, 1 - 1e-9]]), [1])
    certain = numpy.array([[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]])
    loss = {"log_loss": metrics.log_loss([0, 1, 1], certain)}
    params = {"classes": 2, "convention": "probabilities are clipped to [e, 1 - e], e = 2^-52, and rescaled to sum 1"}
    file.add_values("log_loss_certain_and_wrong", "log_loss_clipped", params,
                    {"target": [0, 1, 1], "probability": certain}, loss)


def auc(name, target, score, weight=None):
    value = metrics.roc_auc_score(target, score, sample_weight=weight)
    inputs = {"target": target, "score": score} | weights(weight)
    file.add_values(f"roc_auc_{name}", "roc_auc", {}, inputs, {"roc_auc": value})


def aucs():
    rng = numpy.random.default_rng(3)
    target = rng.integers(0, 2, 50)
    score = on_grid(target + 1.2 * rng.standard_normal(50))
    auc("plain", target, score)
    auc("weighted", target, score, rng.integers(0, 9, 50) / 4)
    auc("ties", target, numpy.round(score))
    auc("ties_weighted", target, numpy.round(score), rng.integers(1, 9, 50) / 4)
    auc("all_equal", [0, 1, 1, 0, 1], [0.5] * 5)
    auc("perfect", [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.9])
    auc("reversed", [1, 1, 0, 0], [0.1, 0.2, 0.3, 0.9])


def regression(name, target, prediction, weight=None):
    """mse, mae and r2 are means over the outputs, rmse the root of mse; the *_per_output ones are not averaged. R2 of a
    constant target is 1 if every prediction is right and 0 otherwise."""
    args, options = (target, prediction), {"sample_weight": weight}
    raw = options | {"multioutput": "raw_values"}
    mse = metrics.mean_squared_error(*args, **options)
    outputs = {
        "mse": mse, "rmse": numpy.sqrt(mse), "mae": metrics.mean_absolute_error(*args, **options),
        "r2": metrics.r2_score(*args, **options),
        "mse_per_output": metrics.mean_squared_error(*args, **raw),
        "mae_per_output": metrics.mean_absolute_error(*args, **raw),
        "r2_per_output": metrics.r2_score(*args, **raw),
        "rmse_mean_of_outputs": metrics.mean_squared_error(*args, squared=False, **options),
    }
    inputs = {"target": target, "prediction": prediction} | weights(weight)
    file.add_values(f"regression_{name}", "regression", {}, inputs, outputs)


def regressions():
    rng = numpy.random.default_rng(4)
    y = on_grid(3 * rng.standard_normal((30, 3)) + [0, 10, -5])
    z = on_grid(y + rng.standard_normal((30, 3)) * [0.5, 1, 4])
    w = rng.integers(0, 9, 30) / 4
    regression("one_output", y[:, :1], z[:, :1])
    regression("one_output_weighted", y[:, :1], z[:, :1], w)
    regression("three_outputs", y, z)
    regression("three_outputs_weighted", y, z, w)
    regression("perfect", y[:5], y[:5])
    regression("mean_predicted", [[1.0], [2.0], [3.0]], [[2.0]] * 3)
    regression("worse_than_mean", [[1.0], [2.0], [3.0]], [[3.0], [2.0], [1.0]])
    regression("constant_target", [[2.0]] * 4, [[1.0], [2.0], [3.0], [2.5]])
    regression("constant_target_perfect", [[2.0]] * 4, [[2.0]] * 4)
    regression("one_constant_output", [[1.0, 2.0], [1.0, 4.0]], [[1.5, 2.5], [1.0, 4.0]])
    regression("far_from_zero", 1e4 + y[:8, :1], 1e4 + z[:8, :1])


warnings.filterwarnings("ignore", message="y_pred contains classes not in y_true")
for family in [classifications, with_probabilities, aucs, regressions]:
    family()
file.write()
