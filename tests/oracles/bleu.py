"""BLEU of small collections, by counting, with Python's standard library alone: tests/model/oracles/bleu.json.

{"cases": [{"name", "pairs": [[made, truth], ...], "bleu"}]}: texts whose words stand between spaces. BLEU as Papineni and
others have it (ACL 2002): runs of 1 to 4 words, one truth for each text, counts of the collection, not smoothed.
"""

import json
import math
import pathlib
import random
from collections import Counter
from fractions import Fraction

PATH = pathlib.Path(__file__).resolve().parents[1] / "model/oracles/bleu.json"


def runs(words, n):
    return Counter(zip(*(words[i:] for i in range(n))))


def bleu(pairs):
    """Of pairs (words made, true words)."""
    product = Fraction(1)
    for n in range(1, 5):
        shared = sum((runs(made, n) & runs(truth, n)).total() for made, truth in pairs)
        if shared == 0:
            return 0.0
        product *= Fraction(shared, sum(runs(made, n).total() for made, _ in pairs))
    made_words = sum(len(made) for made, _ in pairs)
    truth_words = sum(len(truth) for _, truth in pairs)
    brevity = 1.0 if made_words > truth_words else math.exp(1 - truth_words / made_words)
    return 100 * brevity * float(product) ** 0.25


def changed(words, rng, change):
    made = []
    for word in words:
        kind = rng.random()
        if kind < change:
            made += rng.choice([[], [rng.choice("abcdef")], [word, word]])
        else:
            made.append(word)
    return made


def drawn(seed, texts, change):
    rng = random.Random(seed)
    pairs = []
    for _ in range(texts):
        truth = [rng.choice("abcdefgh") for _ in range(rng.randrange(1, 15))]
        pairs.append([" ".join(changed(truth, rng, change)), " ".join(truth)])
    return pairs


CASES = {
    "the same": [["the cat sat on the mat", "the cat sat on the mat"], ["so it is , then", "so it is , then"]],
    "nothing shared": [["a b c d e", "f g h i j"]],
    "no run of four": [["a b c x d e f", "a b c d e f"]],
    "a word again and again": [["the the the the the the the", "the cat is on the mat , the the the the"]],
    "too short": [["the cat sat on the", "the cat sat on the mat all day long"]],
    "too long": [["the cat sat on the mat all day long", "the cat sat on the"]],
    "case and signs count": [["The cat sat on the mat .", "the cat sat on the mat !"]],
    "short texts beside long ones": [
        ["yes", "yes"], ["no", "yes"], ["", "well"], ["it is a long way home", "it was a long way home"],
        ["to the end of it", "to the end of it all"],
    ],
    "empty": [["", "a b c d"]],
    **{f"drawn {seed}": drawn(seed, 20 * seed, 0.08 * seed) for seed in range(1, 5)},
}

def main():
    cases = []
    for name, pairs in CASES.items():
        words = [(made.split(), truth.split()) for made, truth in pairs]
        cases.append({"name": name, "pairs": pairs, "bleu": bleu(words)})
    PATH.write_text('{"cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]}\n")
    print(f"{PATH.name}: {len(cases)} cases")


if __name__ == "__main__":
    main()
