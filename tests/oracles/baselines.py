"""scikit-learn's multi-layer perceptrons on six small data sets, with the row indices of every split:
results/baselines.json.

For each data set and seed the rows are cut 70 / 15 / 15 into training, validation and test part (stratified by class,
for diabetes at random) and every candidate is fitted to the training part alone. The one best on the validation part
(accuracy or R2; among equals the lowest log loss) gives `test`, with the seed also drawing its initial weights.
`test_mean`, `test_std`: the same settings from ten other initial weights, to tell skill from luck. Adam, batches of 32;
`l2` is scikit-learn's alpha (alpha / (2 * 32) times the squared weights is added to a batch's mean loss); training ends
early once the loss has not fallen by 1e-4 for 10 epochs.

Three splits of iris hold 69 test rows, where one is 1.4 points, so `iris-repeated` are twenty more.

Rows are numbered from 0 in the order of scikit-learn's own data sets and of penguins.csv of R's palmerpenguins, whose
path is the one argument. Penguins: missing numbers take the median, missing categories the most frequent one,
categories become one-hot. All statistics come from the training part.
"""

import csv
import itertools
import json
import pathlib
import sys
import warnings

import numpy
from sklearn import datasets
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

SEEDS = range(3)
MORE_SEEDS = range(3, 23)
INITS = range(100, 110)
CANDIDATES = [
    {"hidden": [hidden], "lr": lr, "l2": l2, "epochs": epochs}
    for hidden, lr, l2, epochs in itertools.product([16, 32, 64], [0.001, 0.01], [1e-4, 0.1, 1.0, 10.0], [50, 300])
]


def bundled(load):
    data = load()
    return data.data, data.target, StandardScaler


def penguins(path):
    with open(path, newline="") as file:
        table = list(csv.DictReader(file))
    names = ["island", "sex"]
    numbers = [name for name in table[0] if name not in names + ["species"]]
    x = numpy.array([[None if row[name] == "NA" else row[name] for name in numbers + names] for row in table], object)
    x[:, : len(numbers)] = x[:, : len(numbers)].astype(float)

    def prepare():
        median = SimpleImputer(strategy="median")
        most_frequent = SimpleImputer(strategy="most_frequent", missing_values=None)
        return make_column_transformer(
            (make_pipeline(median, StandardScaler()), slice(0, len(numbers))),
            (make_pipeline(most_frequent, OneHotEncoder()), slice(len(numbers), None)),
        )

    return x, numpy.array([row["species"] for row in table]), prepare


def split(y, seed, stratified):
    rows = numpy.arange(len(y))
    classes = lambda part: y[part] if stratified else None
    train, rest = train_test_split(rows, test_size=0.3, random_state=seed, stratify=classes(rows))
    validation, test = train_test_split(rest, test_size=0.5, random_state=seed, stratify=classes(rest))
    return {"train": numpy.sort(train), "validation": numpy.sort(validation), "test": numpy.sort(test)}


def model(prepare, settings, seed, classify):
    options = {
        "hidden_layer_sizes": settings["hidden"], "learning_rate_init": settings["lr"], "alpha": settings["l2"],
        "batch_size": 32, "max_iter": settings["epochs"], "random_state": seed,
    }
    if classify:
        return make_pipeline(prepare(), MLPClassifier(**options))
    return TransformedTargetRegressor(make_pipeline(prepare(), MLPRegressor(**options)), transformer=StandardScaler())


def evaluate(x, y, prepare, seed, classify):
    parts = split(y, seed, classify)
    rows = {key: (x[part], y[part]) for key, part in parts.items()}

    def fitted(settings, init):
        return model(prepare, settings, init, classify).fit(*rows["train"])

    def quality(candidate):
        learner = fitted(candidate, seed)
        score = learner.score(*rows["validation"])
        if not classify:
            return score, 0
        xv, yv = rows["validation"]
        return score, -log_loss(yv, learner.predict_proba(xv), labels=learner.classes_)

    scored = [(quality(candidate), candidate) for candidate in CANDIDATES]
    best, settings = max(scored, key=lambda pair: pair[0])
    others = [fitted(settings, init).score(*rows["test"]) for init in INITS]
    return {
        "seed": seed, "settings": settings, "validation": best[0],
        "test": fitted(settings, seed).score(*rows["test"]),
        "test_mean": numpy.mean(others), "test_std": numpy.std(others, ddof=1),
        "rows": {key: part.tolist() for key, part in parts.items()},
    }


def main(penguins_csv):
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    iris = bundled(datasets.load_iris)
    sets = {
        "iris": iris, "iris-repeated": iris, "wine": bundled(datasets.load_wine),
        "wdbc": bundled(datasets.load_breast_cancer), "digits": bundled(datasets.load_digits),
        "penguins": penguins(penguins_csv), "diabetes": bundled(datasets.load_diabetes),
    }
    lines = []
    for name, (x, y, prepare) in sets.items():
        classify = name != "diabetes"
        seeds = MORE_SEEDS if name.endswith("-repeated") else SEEDS
        runs = [evaluate(x, y, prepare, seed, classify) for seed in seeds]
        summary = {
            "metric": "accuracy" if classify else "r2", "rows": len(y),
            "test": numpy.mean([run["test"] for run in runs]),
            "test_mean": numpy.mean([run["test_mean"] for run in runs]),
        }
        print(name, summary, [run["settings"] for run in runs], flush=True)
        dump = lambda value: json.dumps(value, allow_nan=False, separators=(",", ":"))
        head = dump(summary)[:-1]
        lines.append(f'"{name}":{head},"runs":[\n' + ",\n".join(map(dump, runs)) + "\n]}")
    path = pathlib.Path(__file__).resolve().parents[2] / "results/baselines.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1])
