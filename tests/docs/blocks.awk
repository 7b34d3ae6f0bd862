# Writes the fenced blocks of a Markdown page to files PREFIX-1SUFFIX, PREFIX-2SUFFIX, ...
# -v lang: the blocks' language; -v pattern: only blocks that match it; -v prefix, -v suffix: of the files.
/^```/ {
  if (!fenced) {
    wanted = ($0 == "```" lang)
    text = ""
  } else if (wanted && text ~ pattern) {
    file = prefix "-" ++count suffix
    printf "%s", text > file
    close(file)
  }
  fenced = !fenced
  next
}
fenced { text = text $0 "\n" }
