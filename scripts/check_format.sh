#!/usr/bin/env bash
# Checks that every C++ source keeps the layout of .clang-format; with --fix, rewrites those that do not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=(--dry-run -Werror)
if [[ "${1:-}" == --fix ]]; then mode=(-i); fi
find src cli tests bench examples \( -name '*.cpp' -o -name '*.h' -o -name '*.inl' \) -print0 |
  xargs -0 --no-run-if-empty clang-format "${mode[@]}" || {
  echo "Some files are not laid out as .clang-format says; scripts/check_format.sh --fix mends them." >&2
  exit 1
}
