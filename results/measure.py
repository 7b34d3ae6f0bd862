"""What results/search and results/run share: the splits, and training a config of this folder on given rows."""

import csv
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
GRADUS = HERE.parent / "build/release/bin/gradus"
SETTINGS = HERE / "settings.json"
BASELINES = json.loads((HERE / "baselines.json").read_text())
WDBC_SEEDS = range(10)


def load_settings():
    """The settings that results/search chose, by data set, one per split."""
    return json.loads(SETTINGS.read_text()) if SETTINGS.exists() else {}


def l2_of(alpha, metric):
    """The penalty that is scikit-learn's: its alpha is divided by a batch of 32, and its squared error is half of mse."""
    return alpha / 32 * (2 if metric == "r2" else 1)


def scikit_learn_settings(name):
    """The settings chosen for scikit-learn on the validation rows of each split."""
    metric = BASELINES[name]["metric"]
    return [
        {"hidden": s["hidden"][0], "lr": s["lr"], "l2": l2_of(s["l2"], metric), "epochs": s["epochs"]}
        for s in (run["settings"] for run in BASELINES[name]["runs"])
    ]


def overrides_of(settings):
    """The keys of a config that settings stand for."""
    hidden = f'{{ type = "linear", units = {settings["hidden"]}, initializer = "glorot_uniform" }}'
    return {
        "model.layers": f'[ {hidden}, {{ type = "relu" }}, {{ type = "linear", initializer = "glorot_uniform" }} ]',
        "train.optimizer": f'{{ type = "adam", lr = {settings["lr"]} }}',
        "train.l2": settings["l2"],
        "train.epochs": settings["epochs"],
    }


def table_of(name):
    """A data set's header and rows, as lines of text."""
    head, *table = (HERE.parent / f"data/{name}.csv").read_text().splitlines()
    return head, table


def target_of(name):
    """The name of the column that a config predicts."""
    return tomllib.loads((HERE / f"{name}.toml").read_text())["data"]["target"]


def deal(name, rows, hands, seed):
    """Rows of a data set dealt out into hands of equal size, each with its share of all classes or values."""
    head, table = table_of(name)
    column = next(csv.reader([head])).index(target_of(name))
    values = {row: next(csv.reader([table[row]]))[column] for row in rows}
    is_number = BASELINES[name]["metric"] == "r2"
    order = sorted(rows)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda row: float(values[row]) if is_number else values[row])
    return [sorted(order[hand::hands]) for hand in range(hands)]


def splits_of(name):
    """The config that `name` is trained by, its metric, and the seed and rows of its splits."""
    config = name.removesuffix("-repeated")
    if name in BASELINES:
        return config, BASELINES[name]["metric"], [(run["seed"], run["rows"]) for run in BASELINES[name]["runs"]]
    splits = []
    for seed in WDBC_SEEDS:
        hands = deal("wdbc", range(len(table_of("wdbc")[1])), 20, seed)  # 70 / 15 / 15 %
        parts = {"train": hands[6:], "validation": hands[3:6], "test": hands[:3]}
        splits.append((seed, {part: sorted(sum(chosen, [])) for part, chosen in parts.items()}))
    return config, "accuracy", splits


def call(command):
    """Runs a command, whose failure ends the program."""
    if subprocess.run(command).returncode:
        sys.exit(f"failed: {' '.join(map(str, command))}")


def train(gradus, name, overrides, threads=None, then=None):
    """The scores of each part after one training run, which `then` is given the folder of."""
    with tempfile.TemporaryDirectory() as folder:
        command = [gradus, "train", HERE / f"{name}.toml", "--out", f"{folder}/run", "--quiet"]
        if threads:
            command += ["--threads", str(threads)]
        for key, value in overrides.items():
            command += ["--set", f"{key}={value}"]
        call(command)
        if then:
            then(f"{folder}/run")
        return json.loads(pathlib.Path(folder, "run/metrics.json").read_text())["metrics"]


def predicted_classes(gradus, run, data, precision):
    """The class that a model gives each example."""
    out = f"{run}/predictions.csv"
    call([gradus, "predict", run, "--data", data, "--precision", precision, "--out", out])
    with open(out, newline="") as rows:
        return [row["prediction"] for row in csv.DictReader(rows)]


def train_on(gradus, name, train_rows, test_rows, overrides):
    """The scores of a config on some rows of its data set after training on others."""
    head, table = table_of(name)
    with tempfile.TemporaryDirectory() as folder:
        for part, rows in (("train", train_rows), ("test", test_rows)):
            pathlib.Path(folder, f"{part}.csv").write_text("\n".join([head] + [table[row] for row in rows]) + "\n")
        files = {
            "data": f'{{ train = "{folder}/train.csv", test = "{folder}/test.csv", target = "{target_of(name)}" }}',
            "prepare.split": '{ method = "files", validation = 0 }',
        }
        return train(gradus, name, files | overrides, threads=1)["test"]
