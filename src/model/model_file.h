#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gradus/base/value.h"
#include "gradus/tensor/tensor.h"

namespace gradus {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

// What a model file holds: named tensors, and what else is needed to use them (layers, preprocessing, label names).
struct ModelFile {
  Value metadata;
  NamedTensors tensors;
};

// Writes a safetensors file (https://huggingface.co/docs/safetensors), atomically: 8 bytes with the header's length
// (little-endian), the header, the tensors' row-major bytes. The header is JSON, one member for each tensor,
//   "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}    (or F64, BF16, I32, U8)
// and "__metadata__": {"gradus": "1", "metadata": "..."}, which are the version of this form and the metadata as JSON
// text: numbers that are not finite become null there. The header is padded with spaces so that the data starts at a
// multiple of 64 bytes, and tensors of wider elements come first in the data, so that each is aligned to its elements.
// Throws Error{value} for names that are repeated, reserved or not UTF-8 and for more than read_model_file accepts,
// Error{data} for metadata that JSON's limits keep from being read back, Error{file} when writing fails.
void write_model_file(const std::string& path, const ModelFile& model);

// Reads what write_model_file wrote, tensors in their order. At most 100,000 tensors of 8 axes and a header of 16 MB;
// sizes are compared with the file's before memory is taken, and every byte of data belongs to exactly one tensor.
// Throws Error{data} naming the path for a file that is damaged, of a newer version, or no gradus model; Error{file}
// when it cannot be read.
ModelFile read_model_file(const std::string& path);

// 16 hexadecimal digits that tell models apart: xxHash64 over each tensor's name, type and shape, then its bytes, in
// order; the hash so far is the seed of the next piece.
std::string model_hash(const NamedTensors& tensors);

}  // namespace gradus
