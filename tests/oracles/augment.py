#!/usr/bin/env python3
"""Writes tests/data/augment.json: pictures that scipy.ndimage moves, for the tests of augmentation.

A case is a 7 x 9 picture of whole numbers, what is done to it, and the result in float64. Places are read bilinearly;
beyond the edge stands 0, the nearest pixel or the mirrored picture ("fill"). A matrix acts on (y, x) around the middle.
"""
import json
import math
import pathlib

import numpy as np
from scipy import ndimage

MODES = {"black": "grid-constant", "edge": "nearest", "reflect": "reflect"}
HEIGHT, WIDTH = 7, 9
MIDDLE = np.array([(HEIGHT - 1) / 2, (WIDTH - 1) / 2])


def rotation(degrees):
    # Counter-clockwise as people see it, y pointing down: the result's place is read at this matrix times it.
    a = math.radians(degrees)
    return np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])


def affine(picture, matrix, shift, fill, order=1):
    offset = MIDDLE - matrix @ MIDDLE + shift
    return ndimage.affine_transform(picture, matrix, offset, order=order, mode=MODES[fill], cval=0)


def main():
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (HEIGHT, WIDTH)).astype(float)
    cases = []
    none = np.zeros(2)

    def add(name, augment, result):
        cases.append({"name": name, "augment": augment, "result": result.ravel().tolist()})

    for fill in MODES:
        one = lambda **spec: [dict(spec, fill=fill)]
        add("rotate " + fill, one(type="rotate", degrees=[25, 25]), affine(picture, rotation(25), none, fill))
        zoom = np.diag([1 / 0.7, 1 / 0.7])
        add("zoom " + fill, one(type="zoom", factor=0.7), affine(picture, zoom, none, fill))
        lean = np.array([[1, 0], [math.tan(math.radians(-20)), 1]])
        add("shear " + fill, one(type="shear", degrees=[-20, -20]), affine(picture, lean, none, fill))
        moved = np.array([-0.3 * HEIGHT, -0.3 * WIDTH])
        add("shift " + fill, one(type="shift", share=[0.3, 0.3]), affine(picture, np.eye(2), moved, fill))
        # One after the other: the picture is turned, what results is enlarged, and that is moved. Place p of the end
        # is read at rotation (1 / 1.3 (p - shift)).
        both = rotation(-40) / 1.3
        add(
            "together " + fill,
            one(type="rotate", degrees=[-40, -40]) + one(type="zoom", factor=1.3) + one(type="shift", pixels=[2, 2]),
            affine(picture, both, both @ np.array([-2, -2]), fill),
        )
    for sigma in (0.4, 1.5):
        add(f"blur {sigma}", [{"type": "blur", "sigma": sigma}], ndimage.gaussian_filter(picture, sigma, mode="reflect"))

    # Elastic: the test gives the field of uniform numbers; it is smoothed with zeros beyond the edge.
    field = rng.uniform(0, 1, (2, HEIGHT, WIDTH)).astype(np.float32)
    way = [ndimage.gaussian_filter((2 * f.astype(float) - 1) * 8, 1.2, mode="constant", cval=0) for f in field]
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    elastic = ndimage.map_coordinates(picture, [y + way[0], x + way[1]], order=1, mode="grid-constant", cval=0)
    # After a rotation: place p is read at rotation (p + way(p)).
    at = np.stack([(y + way[0]).ravel(), (x + way[1]).ravel()]) - MIDDLE[:, None]
    at = rotation(30) @ at + MIDDLE[:, None]
    turned = ndimage.map_coordinates(picture, at, order=1, mode="grid-constant", cval=0)

    out = {
        "picture": picture.ravel().tolist(),
        "cases": cases,
        "elastic": {
            "field": [float(v) for v in field.ravel()],
            "way": np.stack(way).ravel().tolist(),
            "result": elastic.ravel().tolist(),
            "after_rotation": turned.ravel().tolist(),
        },
    }
    path = pathlib.Path(__file__).resolve().parents[1] / "data" / "augment.json"
    path.write_text(json.dumps(out, separators=(",", ":")) + "\n")


main()
