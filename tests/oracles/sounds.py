#!/usr/bin/env python3
"""Writes tests/data/oracles/sounds.json: spectra, mel features and cepstra of a sound, by NumPy and SciPy in float64.

The sound is a tenth of a second of a falling tone with some noise, its samples rounded to 16 bits. Frames are windows of the
sound under SciPy's periodic Hann window, without padding at its ends; triangles of the mel bins are NumPy's linear
interpolation between their corners.
"""
import json
import pathlib

import numpy as np
from scipy import fft, signal

RATE = 4000


def frames(sound, window, hop):
    count = 1 + (len(sound) - window) // hop
    cut = np.stack([sound[i * hop : i * hop + window] for i in range(count)])
    n = 1 << (window - 1).bit_length()
    return np.abs(fft.rfft(cut * signal.get_window("hann", window, fftbins=True), n)) ** 2, n


def triangles(n, bins, low, high):
    mel = np.linspace(2595 * np.log10(1 + low / 700), 2595 * np.log10(1 + high / 700), bins + 2)
    corners = 700 * (10 ** (mel / 2595) - 1)
    frequencies = fft.rfftfreq(n, 1 / RATE)
    return np.stack([np.interp(frequencies, corners[b : b + 3], [0, 1, 0]) for b in range(bins)])


def case(sound, features, window, hop, **keys):
    power, n = frames(sound, round(window * RATE), round(hop * RATE))
    floor = keys.get("floor", 1e-10)
    if features == "spectrogram":
        values = np.log(np.maximum(power, floor))
    else:
        filters = triangles(n, keys["mel_bins"], keys.get("low", 0), keys.get("high", RATE / 2))
        values = np.log(np.maximum(power @ filters.T, floor))
        if features == "mfcc":
            values = fft.dct(values, type=2, norm="ortho", axis=1)[:, : keys["coefficients"]]
    params = {"rate": RATE, "features": features, "window": window, "hop": hop, **keys}
    return {"params": params, "shape": list(values.shape), "values": values.ravel().tolist()}


def main():
    rng = np.random.default_rng(1)
    t = np.arange(RATE // 10) / RATE
    sound = 0.6 * np.sin(2 * np.pi * (900 * t - 2500 * t * t)) + 0.02 * rng.standard_normal(len(t))
    whole = np.round(32767 * np.clip(sound, -1, 1)).astype(int)
    sound = whole / 32768
    cases = [
        case(sound, "spectrogram", 0.01, 0.02),
        case(sound, "mel", 0.025, 0.01, mel_bins=10),
        case(sound, "mel", 0.032, 0.016, mel_bins=6, low=100.0, high=1500.0, floor=0.01),
        case(sound, "mfcc", 0.025, 0.01, mel_bins=12, coefficients=5),
    ]
    path = pathlib.Path(__file__).resolve().parents[1] / "data" / "oracles" / "sounds.json"
    lines = ",\n".join("  " + json.dumps(c) for c in cases)
    path.write_text('{"samples": ' + json.dumps(whole.tolist()) + ',\n"cases": [\n' + lines + "\n]}\n")


main()
