#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gradus {

// Element types of an IDX file, by their code in it.
enum class IdxType { u8 = 0x08, i8 = 0x09, i16 = 0x0B, i32 = 0x0C, f32 = 0x0D, f64 = 0x0E };
std::size_t size_of(IdxType type);
std::string_view type_name(IdxType type);

// An array as the MNIST family of data sets is published: `dims` from the slowest index to the fastest, elements in
// this machine's byte order.
struct IdxArray {
  std::vector<std::size_t> dims;
  IdxType type = IdxType::u8;
  std::vector<unsigned char> bytes;

  std::size_t count() const { return bytes.size() / size_of(type); }
  double value(std::size_t index) const;
  std::vector<float> floats() const;
};

// Reads an IDX file, plain or gzipped (told by its first bytes, not by its name). Its length is compared with what its
// header promises before anything is allocated. Throws Error{data} for a file that is no IDX file, or is damaged, cut
// off or longer than promised; Error{file} when it cannot be read. Format: LeCun, Cortes and Burges, "The MNIST
// database of handwritten digits".
IdxArray read_idx(const std::string& path);

}  // namespace gradus
