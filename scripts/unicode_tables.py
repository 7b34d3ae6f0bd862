"""Writes src/data/text/unicode_tables.cpp from the Unicode Character Database that Python carries.

Usage: python3 scripts/unicode_tables.py > src/data/text/unicode_tables.cpp && clang-format -i src/data/text/unicode_tables.cpp
"""
import unicodedata

LAST = 0x10FFFF
# Scripts written without spaces, whose characters are words of their own: Han, Hiragana, Katakana.
ALONE = [(0x3005, 0x3007), (0x3021, 0x3029), (0x3041, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
         (0xF900, 0xFAFF), (0xFF66, 0xFF9D), (0x1B000, 0x1B16F), (0x20000, 0x3FFFF)]
SPACES = {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x200B, 0xFEFF}
JOINERS = {0xAD, 0x200C, 0x200D}


def kind(c):
    """The kind of a code point, or None where Unicode has none."""
    category = unicodedata.category(chr(c))
    if category in ("Cn", "Co", "Cs"):
        return None
    if c in SPACES or category[0] == "Z":
        return "space"
    if category[0] in "LMN" or category == "Pc" or c in JOINERS:
        return "character" if any(a <= c <= b for a, b in ALONE) else "word"
    return "sign"


def folded(c):
    """Simple case folding: statuses C and S of CaseFolding.txt."""
    for text in (chr(c).casefold(), chr(c).lower()):
        if len(text) == 1:
            return ord(text)
    return c


def kinds():
    out = []
    for c in range(LAST + 1):
        k = kind(c)
        if k is not None and (not out or out[-1][1] != k):
            out.append((c, k))
    return out


def folds():
    out = []
    for c in range(LAST + 1):
        if 0xD800 <= c < 0xE000 or folded(c) == c:
            continue
        delta = folded(c) - c
        if out and out[-1][3] == delta:
            first, last, step, _ = out[-1]
            if c - last == step or (first == last and c - last == 2):
                out[-1] = (first, c, c - last, delta)
                continue
        out.append((c, c, 1, delta))
    return out


print(f"""// Written by scripts/unicode_tables.py from Unicode {unicodedata.unidata_version}; change the script, not this file.
#include "gradus/data/text/unicode_tables.h"

namespace gradus {{
namespace {{

using enum CharacterKind;

constexpr KindRange kKinds[] = {{""")
print(", ".join(f"{{0x{c:X}, {k}}}" for c, k in kinds()))
print("};\n\nconstexpr FoldRange kFolds[] = {")
print(", ".join(f"{{0x{a:X}, 0x{b:X}, {s}, {d}}}" for a, b, s, d in folds()))
print("""};

}  // namespace

std::span<const KindRange> kind_ranges() { return kKinds; }
std::span<const FoldRange> fold_ranges() { return kFolds; }

}  // namespace gradus""")
