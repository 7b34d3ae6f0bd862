#!/usr/bin/env bash
# Installs the Debian packages for the given purposes that are not there yet.
# Usage: scripts/install_dependencies.sh PURPOSE...     with PURPOSE of: build demo test bench oracles fuzz
set -euo pipefail

declare -A packages=(
  [build]="g++ cmake ninja-build pkg-config ccache libdnnl-dev ocl-icd-opencl-dev librandom123-dev
           libtomlplusplus-dev nlohmann-json3-dev libfmt-dev libfast-float-dev libcli11-dev libxxhash-dev zlib1g-dev
           libpng-dev libjpeg62-turbo-dev libwebp-dev libsndfile1-dev libkissfft-dev"
  [demo]="dataset-fashion-mnist"
  [test]="libgtest-dev libgmock-dev librapidcheck-dev clang-format clang-tidy python3"
  [bench]="libbenchmark-dev python3-torch python3-numpy libopenblas0-openmp"
  [oracles]="python3-torch python3-sklearn python3-numpy python3-pil python3-nibabel"
  [fuzz]="clang-19 libclang-rt-19-dev"
)

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

wanted=()
for purpose in "$@"; do
  [[ -n "${packages[$purpose]:-}" ]] || fail "$0: unknown purpose '$purpose'; known: ${!packages[*]}"
  read -r -d '' -a names <<<"${packages[$purpose]}" || true
  wanted+=("${names[@]}")
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "This system has no apt-get: make sure that it has what these Debian 12 packages hold: ${wanted[*]}"
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) || status=absent
  [[ "$status" == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "All ${#wanted[@]} packages are installed."
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null ||
    fail "Installing packages needs root, and there is no sudo. As root, run:" "  apt-get install ${missing[*]}"
  as_root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 "$@" >>"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "apt-get $1 failed (its last lines are above). Missing packages: ${missing[*]}"
  }
}

echo "Installing ${#missing[@]} missing packages: ${missing[*]}"
apt update
apt install --no-install-recommends "${missing[@]}"
echo "Installed."
