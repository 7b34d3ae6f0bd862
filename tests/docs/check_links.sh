#!/usr/bin/env bash
# Checks that every relative link of the Markdown pages leads to a file, and to a heading where it names one.
# Usage: check_links.sh PROJECT
set -euo pipefail
cd "$1"

# The anchors of a page's headings, as the common Markdown viewers make them.
anchors() {
  sed -n '/^```/,/^```/d; s/^#\{1,6\} //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

broken=0 links=0
while IFS= read -r page; do
  while IFS= read -r link; do
    links=$((links + 1))
    file=${link%%#*} anchor=
    [[ $link == *'#'* ]] && anchor=${link#*#}
    target=$(dirname "$page")/$file
    [[ -z $file ]] && target=$page
    if [[ ! -e $target ]]; then
      echo "$page: $link leads nowhere"
      broken=1
    elif [[ -n $anchor ]] && ! anchors "$target" | grep -qxF -- "$anchor"; then
      echo "$page: $link names no heading of $target"
      broken=1
    fi
  done < <(sed '/^```/,/^```/d' "$page" | grep -oE '\]\([^)[:space:]]+\)' | sed 's/^](//; s/)$//' | grep -vE '^[a-z]+:' || true)
done < <(find . -name '*.md' -not -path './build*' -not -path './runs/*' -not -path './.git/*')
echo "$links links"
((links > 0 && broken == 0))
