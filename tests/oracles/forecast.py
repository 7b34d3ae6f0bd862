#!/usr/bin/env python3
"""Writes tests/data/oracles/forecast.json: naive and seasonal naive forecasts and their errors.

Python's standard library alone. A seasonal naive forecast repeats the last season that is known, over and over; the naive
one is that of season 1. MASE is the mean absolute error divided by the mean absolute difference of neighbouring seasons
in the training steps (Hyndman and Koehler, 2006). Steps behind the end of the series count in no error.
"""
import json
import math
import pathlib
import statistics


def forecasts(series, origin, horizon, season):
    known = series[: origin + 1]
    last = known[-season:]
    return [last[h % season] for h in range(horizon)]


def case(name, series, train, first, count, horizon, season):
    made = [forecasts(series, origin, horizon, season) for origin in range(first, first + count)]
    errors = []
    for origin, own in zip(range(first, first + count), made):
        truth = series[origin + 1 : origin + 1 + horizon]
        errors += [abs(x - y) for x, y in zip(truth, own)]
    learned = series[:train]
    scale = statistics.fmean(abs(a - b) for a, b in zip(learned, learned[season:]))
    mae = statistics.fmean(errors)
    return {
        "name": name,
        "series": series,
        "train": train,
        "first": first,
        "count": count,
        "horizon": horizon,
        "season": season,
        "forecasts": [x for own in made for x in own],
        "scale": scale,
        "mae": mae,
        "rmse": math.sqrt(statistics.fmean(e * e for e in errors)),
        "mase": mae / scale,
    }


def main():
    # A saw of period 7 with a trend and remainders that no season explains; exact in binary.
    series = [(t % 7) * 2 + t / 8 + (t * t % 11) / 4 for t in range(60)]
    cases = [
        case("naive", series, 30, 29, 25, 3, 1),
        case("season of 7, shorter than the horizon", series, 30, 29, 20, 10, 7),
        case("season longer than the horizon", series, 40, 39, 10, 5, 12),
        case("up to the end of the series", series, 40, 50, 10, 4, 7),
    ]
    path = pathlib.Path(__file__).resolve().parents[1] / "data" / "oracles" / "forecast.json"
    lines = ",\n".join("  " + json.dumps(c) for c in cases)
    path.write_text('{"cases": [\n' + lines + "\n]}\n")


main()
