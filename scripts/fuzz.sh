#!/usr/bin/env bash
# Fuzzes the readers of untrusted bytes with libFuzzer. An input that breaks one stops its target and is left in
# build/fuzz/findings: mend the reader, and add the input to tests/fuzz/corpus/TARGET, which the tests replay.
# Usage: scripts/fuzz.sh [SECONDS [TARGET...]]      default: 60 seconds for each target
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-60}
targets=("${@:2}")
if ((${#targets[@]} == 0)); then
  for source in tests/fuzz/fuzz_*.cpp; do targets+=("$(basename "$source" .cpp)"); done
fi

scripts/install_dependencies.sh build fuzz
cmake --preset fuzz --log-level=WARNING >/dev/null
cmake --build --preset fuzz --target "${targets[@]}"

cd build/fuzz
mkdir -p findings
ASAN_SYMBOLIZER_PATH=$(command -v addr2line) # clang's own symbolizer is a large package more
export ASAN_SYMBOLIZER_PATH
failed=0
for target in "${targets[@]}"; do
  mkdir -p "corpus/$target"
  echo "$target: $seconds s, log in build/fuzz/$target.log"
  if "bin/$target" -max_total_time="$seconds" -timeout=10 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="findings/$target-" "corpus/$target" "../../tests/fuzz/corpus/$target" >"$target.log" 2>&1; then
    grep -E 'DONE|peak_rss' "$target.log"
  else
    tail -n 40 "$target.log"
    failed=1
  fi
done
exit "$failed"
