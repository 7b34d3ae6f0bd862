#!/usr/bin/env bash
# Runs the commands a page shows, the lines `$ ...` of its console blocks, in order, in a fresh folder that holds the
# page's named configs: toml blocks whose first line is `# NAME.toml`. The first command that fails fails the test.
# Usage: run_commands.sh PAGE WORK_FOLDER PROJECT COMMANDS_FOLDER
set -euo pipefail
page=$1 work=$2 project=$3 commands=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

rm -rf "$work"
mkdir -p "$work/blocks" "$work/here"
ln -s "$project" "$work/gradus" # the pages call the checkout ~/gradus
awk -v lang=toml -v pattern='^# [a-z_-]+[.]toml\n' -v prefix="$work/blocks/config" -v suffix=.toml \
  -f "$here/blocks.awk" "$page"
for block in "$work"/blocks/config-*.toml; do
  [[ -e $block ]] || continue
  cp "$block" "$work/here/$(sed -n '1s/^# //p' "$block")"
done
awk -v lang=console -v pattern=. -v prefix="$work/blocks/session" -v suffix=.txt -f "$here/blocks.awk" "$page"
cat $(ls -v "$work"/blocks/session-*.txt) | sed -n 's/^[$] //p' >"$work/commands.sh"

cd "$work/here"
HOME=$work PATH=$commands:$PATH bash -exo pipefail "$work/commands.sh"
