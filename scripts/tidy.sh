#!/usr/bin/env bash
# Runs clang-tidy over src/ and cli/ as a build folder compiled them. A file found clean is not looked at again until
# it, a header that it includes, the checks or the tool change.
# Usage: scripts/tidy.sh [BUILD FOLDER]      default: build/dev
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

root=$PWD
build=$(realpath "${1:-build/dev}")
clean=${XDG_CACHE_HOME:-$HOME/.cache}/gradus-tidy # an empty file for each hash that was found clean
mkdir -p "$clean"
find "$clean" -type f -mtime +60 -delete
checks=$(clang-tidy --version && cat .clang-tidy)

# One line for each object of src/ and cli/: its source, then the headers of this project, separated by tabs.
inputs() {
  ninja -C "$build" -t deps | awk '
    /^(src|cli)\/.*\(VALID\)$/ { wanted = 1; next }
    /^    / { if (wanted && !/^    \/usr\/(include|lib)\//) line = line (line == "" ? "" : "\t") substr($0, 5); next }
    { if (line != "") print line; line = ""; wanted = 0 }'
}

# check HASH SOURCE
check() {
  if clang-tidy -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option "$2" 2>/dev/null; then
    : >"$clean/$1"
  else
    echo "clang-tidy refuses $2"
    return 1
  fi
}

total=0
pending=()
cd "$build"
while IFS=$'\t' read -r -a files; do
  source=$(realpath "${files[0]}")
  [[ $source == "$root"/* && $source != "$build"/* ]] || continue
  hash=$({ echo "$checks" && cat "${files[@]}"; } | sha256sum | cut -d ' ' -f 1)
  total=$((total + 1))
  [[ -e $clean/$hash ]] || pending+=("$hash" "$source")
done < <(inputs)

if ((total == 0)); then
  echo "$build holds no compiled source of src/ or cli/" >&2
  exit 1
fi
echo "$((${#pending[@]} / 2)) of $total files to check"
((${#pending[@]} > 0)) || exit 0
export -f check
export build clean
printf '%s\0' "${pending[@]}" | xargs -0 -n 2 -P "$(nproc)" bash -c 'check "$@"' check
