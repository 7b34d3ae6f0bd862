"""Expected measures of masks and pictures: tests/model/oracles/mask_metrics.json.

confusion: scikit-learn's F1 (which is Dice) and Jaccard index of each class, and their means over the classes that occur
but `background`. distance: SciPy's exact distance transform between surfaces (a mask less its erosion by the cross);
the maximum agrees with scikit-image's hausdorff_distance of the surfaces where places are 1 apart. image: scikit-image.
"""

import numpy
from scipy import ndimage
from skimage import metrics
from sklearn.metrics import accuracy_score, f1_score, jaccard_score

from common import CaseFile, on_grid

file = CaseFile("tests/model/oracles/mask_metrics.json")
rng = numpy.random.default_rng(11)


def confusion(name, truth, predicted, classes, background=-1, weight=None):
    labels, options = list(range(classes)), {"sample_weight": weight, "zero_division": 0}
    dice = f1_score(truth, predicted, labels=labels, average=None, **options)
    iou = jaccard_score(truth, predicted, labels=labels, average=None, **options)
    present = [c for c in labels if c in truth or c in predicted]
    kept = [c for c in present if c != background]
    outputs = {"dice": dice, "iou": iou, "mean_dice": dice[kept].mean(), "mean_iou": iou[kept].mean(),
               "present": [c in present for c in labels],
               "accuracy": accuracy_score(truth, predicted, sample_weight=weight)}
    inputs = {"truth": truth, "predicted": predicted} | ({} if weight is None else {"weight": weight})
    file.add_values(f"confusion_{name}", "confusion", {"classes": classes, "background": background}, inputs, outputs)


truth = rng.integers(0, 4, 300)
predicted = numpy.where(rng.random(300) < 0.7, truth, rng.integers(0, 4, 300))
confusion("plain", truth, predicted, 4)
confusion("background", truth, predicted, 4, 0)
confusion("weighted", truth, predicted, 4, 2, rng.integers(1, 9, 300) / 4)
confusion("absent_classes", truth % 2 * 3, predicted % 2 * 3, 6, 0)
confusion("missed_class", truth, numpy.minimum(predicted, 2), 4, 0)


def surface(mask):
    return mask & ~ndimage.binary_erosion(mask)


def distance(name, a, b, spacing=None):
    a, b = a.astype(bool), b.astype(bool)
    s, t = surface(a), surface(b)
    there = ndimage.distance_transform_edt(~t, sampling=spacing)[s]
    back = ndimage.distance_transform_edt(~s, sampling=spacing)[t]
    largest = max(there.max(), back.max())
    if spacing is None:
        assert numpy.isclose(largest, metrics.hausdorff_distance(s, t))
    outputs = {"maximum": largest, "percentile95": max(numpy.percentile(there, 95), numpy.percentile(back, 95))}
    inputs = {"a": a.astype(int), "b": b.astype(int)} | ({} if spacing is None else {"spacing": spacing})
    file.add_values(f"distance_{name}", "distance", {}, inputs, outputs)


def ball(shape, centre, radius):
    grid = numpy.indices(shape)
    return sum((g - c) ** 2 for g, c in zip(grid, centre)) <= radius**2


distance("discs", ball((24, 31), (10, 12), 7), ball((24, 31), (13, 15), 6))
distance("discs_spacing", ball((24, 31), (10, 12), 7), ball((24, 31), (13, 15), 6), [0.5, 2.25])
distance("balls", ball((9, 12, 10), (4, 5, 5), 4), ball((9, 12, 10), (4, 7, 5), 3))
distance("balls_spacing", ball((9, 12, 10), (4, 5, 5), 4), ball((9, 12, 10), (5, 6, 3), 3), [3.0, 0.9, 1.2])
distance("to_the_border", ball((8, 8), (0, 0), 6), ball((8, 8), (7, 7), 5))
distance("noise", rng.random((15, 18)) < 0.1, rng.random((15, 18)) < 0.1, [1.5, 0.75])
distance("line", numpy.array([0, 1, 1, 0, 0, 0, 1, 0]), numpy.array([0, 0, 0, 0, 0, 1, 1, 1]), [2.0])
distance("one_place", ball((5, 6), (1, 1), 0), ball((5, 6), (4, 5), 0))
distance("equal", ball((7, 7), (3, 3), 2), ball((7, 7), (3, 3), 2))


def image(name, x, y, reach):
    x, y = numpy.asarray(x), numpy.asarray(y)
    outputs = {"mse": metrics.mean_squared_error(x, y), "psnr": metrics.peak_signal_noise_ratio(x, y, data_range=reach),
               "ssim": metrics.structural_similarity(x, y, data_range=reach, channel_axis=-1, gaussian_weights=True,
                                                     sigma=1.5, use_sample_covariance=False)}
    file.add_values(f"image_{name}", "image", {"range": reach}, {"truth": x, "predicted": y}, outputs)


smooth = ndimage.gaussian_filter(rng.random((20, 17, 3)), (2, 2, 0)) * 4
image("colour", on_grid(smooth), on_grid(smooth + 0.1 * rng.standard_normal(smooth.shape)), 1.0)
image("grey_bytes", rng.integers(0, 256, (13, 12, 1)) / 1.0, rng.integers(0, 256, (13, 12, 1)) / 1.0, 255.0)
image("least_size", on_grid(rng.random((11, 11, 1))), on_grid(rng.random((11, 11, 1))), 2.0)
volume = ndimage.gaussian_filter(rng.random((12, 13, 11)), 1)[..., None]
image("volume", on_grid(volume), on_grid(volume + 0.05 * rng.standard_normal(volume.shape)), 1.0)
file.write()
