"""Expected class activation maps, from PyTorch: tests/explain/oracles/grad_cam.json.

Grad-CAM (Selvaraju and others, ICCV 2017) at a convolution's result A [n, places.., k]: relu(sum_k a_k A_k), a_k the mean
over the places of d score / d A_k; and the saliency (Simonyan and others, 2013), the largest |d score / d x| of a place's
channels. Data are [n, size.., channels], weights [kernel.., in, out].
"""

import torch
import torch.nn.functional as F

from common import CaseFile, normal

file = CaseFile("tests/explain/oracles/grad_cam.json")


def first(x):  # channels first
    return torch.movedim(x, -1, 1)


def weight(w):
    return torch.movedim(w, (-1, -2), (0, 1))


def explained(network, x, classes):
    """network(x) -> the feature maps A [n, k, places..] and the scores [n, classes]"""
    x = x.detach().requires_grad_()
    features, scores = network(x)
    score = scores[torch.arange(len(classes)), classes].sum()
    of_features, of_x = torch.autograd.grad(score, [features, x])
    places = list(range(2, features.dim()))
    weights = of_features.mean(places, keepdim=True)
    return {"cam": torch.relu((weights * features).sum(1)).detach(), "saliency": of_x.abs().amax(-1).detach()}


def two_convolutions(x, classes, w1, b1, w2, b2, w3, b3):
    def network(x):
        hidden = F.max_pool2d(torch.relu(F.conv2d(first(x), weight(w1), b1, padding=1)), 2)
        features = torch.tanh(F.conv2d(hidden, weight(w2), b2))
        return features, features.mean([2, 3]) @ w3 + b3

    return explained(network, x, classes)


inputs = {
    "x": (3, 8, 6, 2), "classes": [2, 0, 1], "w1": (3, 3, 2, 4), "b1": (4,),
    "w2": normal(2, 2, 4, 5, scale=0.4), "b2": (5,), "w3": (5, 3), "b3": (3,),
}
names = tuple(inputs)
layers = "linear(global_average_pool(tanh(conv2d(max_pool2d(relu(conv2d(x)))))))"
file.add("two_convolutions", "images", two_convolutions, inputs, {"layers": layers}, constant=names)


def volumes(x, classes, w1, b1, w2, b2):
    def network(x):
        features = torch.sigmoid(F.conv3d(first(x), weight(w1), b1))
        return features, torch.movedim(features, 1, -1).flatten(1) @ w2 + b2

    return explained(network, x, classes)


inputs = {
    "x": (2, 3, 4, 5, 1), "classes": [1, 0], "w1": (2, 2, 2, 1, 3), "b1": (3,), "w2": (72, 2), "b2": (2,),
}
file.add("volumes", "volumes", volumes, inputs, {"layers": "linear(flatten(sigmoid(conv3d(x))))"}, constant=tuple(inputs))
file.write()
