"""Tokens of texts by the naive algorithms, with Python's standard library alone.

Writes tests/data/oracles/text.json:
- "folded": code points of many scripts and their simple case folding (Python's casefold where it gives one character,
  else lower where that does);
- "words": texts, divided character by character by Unicode's categories;
- "vocabulary": the words of these texts in the vocabulary's order, with their counts;
- "bpe": byte-pair rules learned by counting all pairs again in every step, and texts divided by applying each rule in
  turn.
"""
import json
import random
import re
import unicodedata
from pathlib import Path

HERE = Path(__file__).resolve().parent

# The beginning of the Universal Declaration of Human Rights, and lines made for the rules.
DECLARATION = """All human beings are born free and equal in dignity and rights. They are endowed with reason and
conscience and should act towards one another in a spirit of brotherhood. Everyone is entitled to all the rights and
freedoms set forth in this Declaration, without distinction of any kind, such as race, colour, sex, language, religion,
political or other opinion, national or social origin, property, birth or other status. Everyone has the right to life,
liberty and security of person. No one shall be held in slavery or servitude; slavery and the slave trade shall be
prohibited in all their forms."""
TEXTS = [
    DECLARATION,
    "Don't stop! It costs 1,000.50 $, or 3.14? rock'n'roll; 'quoted' and \u2018typographic\u2019, it\u2019s (fine).",
    "v1.2 e-mail snake_case 3rd covid19 U.S. a.5 5.a 1. ,2 10:30 x'",
    "Stra\u00dfe \u00c4RGER \u00c9cole na\u00efve \u0130stanbul \u017fo \u00b5m \u1e9e",
    "\u039f\u0394\u039f\u03a3 \u03ac\u03bb\u03c6\u03b1 \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u041f\u0420\u0418\u0412\u0415\u0422, \u043c\u0438\u0440! \u0451\u0436 \u0407\u0436\u0430\u043a",
    "\u4e2d\u6587\u6587\u672c\uff0c\u6ca1\u6709\u7a7a\u683c\u3002 \u3072\u3089\u304c\u306a\u30ab\u30bf\u30ab\u30ca abc\u4e2ddef",
    "caf\u00e9 cafe\u0301 \U0001f600\U0001f600 \u20ac5 100% a+b=c #tag @user <br /> &amp; \u2026",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0627\u0644\u0639\u0631\u0628\u064a\u0629\u060c \u05e9\u05dc\u05d5\u05dd \ud55c\uad6d\uc5b4",
    "",
    " \t\r\n\u00a0\u3000",
    "aaaaaaa aaa aa baaab -------- ---",
]
ALONE = ("CJK UNIFIED IDEOGRAPH", "HIRAGANA LETTER", "KATAKANA LETTER")


def folded(c):
    for text in (c.casefold(), c.lower()):
        if len(text) == 1:
            return text
    return c


def kind(c):
    if c.isspace() or unicodedata.category(c)[0] == "Z":
        return "space"
    if unicodedata.name(c, "").startswith(ALONE):
        return "alone"
    category = unicodedata.category(c)
    return "word" if category[0] in "LMN" or category == "Pc" else "sign"


def words(text):
    out, word = [], ""
    for i, c in enumerate(text):
        after = text[i + 1] if i + 1 < len(text) else " "
        belongs = kind(c) == "word"
        if word and c in "'\u2019" and kind(after) == "word":
            belongs = True
        if word and c in ".," and re.fullmatch("[0-9]{2}", text[i - 1] + after):
            belongs = True
        if belongs:
            word += c
            continue
        if word:
            out.append(word)
        word = ""
        if kind(c) != "space":
            out.append(c)
    return out + ([word] if word else [])


# One space and a run of one kind behind it; or white space but for a space that belongs to what follows.
PIECE = re.compile(rb" ?(?:[A-Za-z\x80-\xff]+|[0-9]+|[^A-Za-z0-9\x80-\xff\t-\r ]+)|[\t-\r ]+(?= [^\t-\r ])|[\t-\r ]+")


def merged(symbols, pair, symbol):
    out, i = [], 0
    while i < len(symbols):
        if tuple(symbols[i : i + 2]) == pair:
            out.append(symbol)
            i += 2
        else:
            out.append(symbols[i])
            i += 1
    return out


def learn(texts, size):
    pieces = {}
    for text in texts:
        for piece in PIECE.findall(text.encode()):
            pieces[piece] = pieces.get(piece, 0) + 1
    divided = [(list(piece), n) for piece, n in pieces.items()]
    spelt, rules = [bytes([b]) for b in range(256)], []
    while len(spelt) < size:
        counts = {}
        for symbols, n in divided:
            for pair in zip(symbols, symbols[1:]):
                counts[pair] = counts.get(pair, 0) + n
        fit = [p for p in counts if counts[p] >= 2 and spelt[p[0]] + spelt[p[1]] not in spelt]
        if not fit:
            break
        best = min(fit, key=lambda p: (-counts[p], p))
        divided = [(merged(symbols, best, len(spelt)), n) for symbols, n in divided]
        spelt.append(spelt[best[0]] + spelt[best[1]])
        rules.append(best)
    return rules


def encode(text, rules):
    out = []
    for piece in PIECE.findall(text.encode()):
        symbols = list(piece)
        for i, rule in enumerate(rules):
            symbols = merged(symbols, rule, 256 + i)
        out += symbols
    return out


def vocabulary(lists):
    counts = {}
    for words_of_text in lists:
        for word in words_of_text:
            counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0].encode()))


def bpe_case(texts, size):
    rules = learn(texts, size)
    assert all(b"".join(PIECE.findall(t.encode())) == t.encode() for t in texts)
    return {"texts": texts, "size": size, "rules": rules, "tokens": [encode(t, rules) for t in texts + TEXTS]}


def main():
    random.seed(1)
    capitals = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and folded(chr(c)) != chr(c)]
    others = [c for c in random.sample(range(0x110000), 2000) if not 0xD800 <= c < 0xE000 and c not in capitals]
    points = sorted(random.sample(capitals, 600) + list(range(0x250)) + others)
    noise = ["".join(random.choice("ab -") for _ in range(random.randrange(60))) for _ in range(40)]
    lower = [words("".join(folded(c) for c in text)) for text in TEXTS]
    result = {
        "folded": [[c, ord(folded(chr(c)))] for c in points],
        "texts": TEXTS,
        "words": [words(text) for text in TEXTS],
        "words_lower": lower,
        "vocabulary": vocabulary(lower),
        "bpe": [bpe_case(TEXTS, 400), bpe_case(noise, 330), bpe_case(["abab abab ab"], 300), bpe_case(["aaaaaaaaa"], 300)],
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in result.items()]
    (HERE.parent / "data" / "oracles" / "text.json").write_text("{" + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    main()
