#include <cstdlib>

#include "fuzz.h"
#include "gradus/base/error.h"
#include "gradus/data/readers/fasta.h"
#include "memory_file.h"

// Any bytes are sequences of letters of the alphabet, at least one each, with a name, or an Error.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const gradus::MemoryFile file(gradus::as_text(data, size));
  const gradus::Alphabet dna("dna");
  try {
    gradus::FastaReader reader(file.path(), dna, 1 << 22);
    gradus::FastaRecord record;
    while (reader.next(record)) {
      if (record.id.empty() || record.letters.empty() || record.line == 0) std::abort();
      for (char letter : record.letters)
        if (!dna.has(letter)) std::abort();
    }
  } catch (const gradus::Error&) {
    return 0;  // refused, as it should be
  }
  return 0;
}
