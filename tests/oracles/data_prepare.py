#!/usr/bin/env python3
"""Writes tests/data/data_prepare.json: what scikit-learn makes of data/*.csv, for the tests of data preparation.

    data_prepare.py DATA_FOLDER OUTPUT_FILE

Each case names the file, the features, the rows learned from, the methods, and holds the resulting columns' names and
the matrix of some rows, in float64. Conventions that scikit-learn leaves to its user and that are fixed here: numeric
columns are imputed by the case's method and categorical ones by their most frequent category; ordinal positions are
scaled like numbers, indicator columns are not; the output keeps the order of the input columns.
"""
import csv
import json
import sys

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

SCALERS = {"standardize": StandardScaler, "normalize": MinMaxScaler}


def read(path):
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    return {name: [row[i] for row in rows] for i, name in enumerate(header)}


def is_numeric(texts):
    try:
        [float(t) for t in texts if t != "NA"]
        return True
    except ValueError:
        return False


def scaled(column, train, scale):
    if scale == "none":
        return column
    return SCALERS[scale]().fit(column[train]).transform(column)


def numeric_column(texts, train, case):
    column = np.array([[np.nan if t == "NA" else float(t)] for t in texts])
    if case["missing"] == "constant":
        imputer = SimpleImputer(strategy="constant", fill_value=case["value"])
    else:
        imputer = SimpleImputer(strategy=case["missing"])
    column = imputer.fit(column[train]).transform(column)
    return scaled(column, train, case["scale"])


def categorical_columns(name, texts, train, case):
    column = np.array([[np.nan if t == "NA" else t] for t in texts], dtype=object)
    if case["missing"] == "constant":
        imputer = SimpleImputer(strategy="constant", fill_value=str(case["value"]))
    else:
        imputer = SimpleImputer(strategy="most_frequent")
    column = imputer.fit(column[train]).transform(column)
    if case["encode"] == "ordinal":
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        return [name], scaled(encoder.fit(column[train]).transform(column), train, case["scale"])
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encoded = encoder.fit(column[train]).transform(column)
    return [f"{name}={level}" for level in encoder.categories_[0]], encoded


def solve(folder, case, shown):
    table = read(f"{folder}/{case['file']}")
    names, columns = [], []
    for name in case["features"]:
        if is_numeric(table[name]):
            names.append(name)
            columns.append(numeric_column(table[name], case["train"], case))
        else:
            new_names, encoded = categorical_columns(name, table[name], case["train"], case)
            names += new_names
            columns.append(encoded)
    matrix = np.hstack(columns)[shown]
    return {**case, "shown": shown, "names": names, "matrix": matrix.tolist()}


def statistics(folder, file):
    table = read(f"{folder}/{file}")
    out = {}
    for name, texts in table.items():
        if not is_numeric(texts):
            continue
        x = np.array([float(t) for t in texts if t != "NA"])
        out[name] = {"missing": texts.count("NA"), "min": x.min(), "mean": x.mean(), "median": np.median(x),
                     "max": x.max(), "std": x.std()}
    return {"file": file, "columns": out}


def main():
    folder, output = sys.argv[1:]
    penguins = read(f"{folder}/penguins.csv")
    features = [name for name in penguins if name != "species"]
    rows = range(len(penguins["species"]))
    mixed = [i for i in rows if i % 5 != 0]
    others = [i for i in rows if i % 5 == 0]
    far = [i for i in rows if penguins["island"][i] != "Torgersen"]
    near = [i for i in rows if penguins["island"][i] == "Torgersen"]
    digits = [f"pixel_{r}_{c}" for r in range(8) for c in range(8)]
    cases = [
        solve(folder, {"file": "penguins.csv", "features": features, "train": mixed, "missing": "median",
                       "encode": "one_hot", "scale": "standardize"}, others),
        solve(folder, {"file": "penguins.csv", "features": features, "train": mixed, "missing": "mean",
                       "encode": "ordinal", "scale": "normalize"}, others),
        solve(folder, {"file": "penguins.csv", "features": features, "train": far, "missing": "most_frequent",
                       "encode": "one_hot", "scale": "none"}, near),
        solve(folder, {"file": "penguins.csv", "features": features, "train": far, "missing": "constant", "value": -1,
                       "encode": "ordinal", "scale": "standardize"}, near),
        solve(folder, {"file": "digits.csv", "features": digits, "train": list(range(300)), "missing": "median",
                       "encode": "one_hot", "scale": "standardize"}, list(range(1780, 1797))),
    ]
    result = {"cases": cases, "statistics": [statistics(folder, f) for f in ("penguins.csv", "wine.csv")]}
    with open(output, "w") as file:
        json.dump(result, file, separators=(",", ":"))
        file.write("\n")


main()
