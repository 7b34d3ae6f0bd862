#!/usr/bin/env python3
"""Writes the small data sets of data/ from what Debian packages hold.

    make_data.py PENGUINS_CSV OUTPUT_FOLDER

Needs python3-sklearn; PENGUINS_CSV is extdata/penguins.csv of r-cran-palmerpenguins. Values are copied as they are
written, without going through floating point; only names of columns and classes are added.
"""
import csv
import gzip
import os
import sys

import sklearn

SOURCE = os.path.join(os.path.dirname(sklearn.__file__), "datasets", "data")

IRIS = ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"]
WINE = ["alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
        "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280_od315", "proline", "cultivar"]
WDBC_FEATURES = ["radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points",
                 "symmetry", "fractal_dimension"]
WDBC = [f"{kind}_{name}" for kind in ("mean", "se", "worst") for name in WDBC_FEATURES] + ["diagnosis"]
DIABETES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "progression"]
DIGITS = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)] + ["digit"]


def rows_of(name, delimiter=","):
    opener = gzip.open if name.endswith(".gz") else open
    with opener(os.path.join(SOURCE, name), "rt", newline="") as file:
        return [row for row in csv.reader(file, delimiter=delimiter) if row]


def write(folder, name, header, rows):
    with open(os.path.join(folder, name), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def with_classes(rows, names):
    """Replaces the class number at the end of each row by its name; the first row is the package's own header."""
    return [row[:-1] + [names[int(row[-1])]] for row in rows[1:]]


def diabetes():
    features = rows_of("diabetes_data_raw.csv.gz", delimiter=" ")
    targets = rows_of("diabetes_target.csv.gz")
    return [[f"{float(x):g}" for x in row] + [f"{float(target[0]):g}"] for row, target in zip(features, targets)]


def main():
    penguins, folder = sys.argv[1:]
    write(folder, "iris.csv", IRIS, with_classes(rows_of("iris.csv"), ["setosa", "versicolor", "virginica"]))
    write(folder, "wine.csv", WINE, with_classes(rows_of("wine_data.csv"), ["cultivar_1", "cultivar_2", "cultivar_3"]))
    write(folder, "wdbc.csv", WDBC, with_classes(rows_of("breast_cancer.csv"), ["malignant", "benign"]))
    write(folder, "diabetes.csv", DIABETES, diabetes())
    write(folder, "digits.csv", DIGITS, [[f"{float(x):g}" for x in row] for row in rows_of("digits.csv.gz")])
    with open(penguins, newline="") as file:
        header, *rows = csv.reader(file)
    write(folder, "penguins.csv", header, rows)


main()
