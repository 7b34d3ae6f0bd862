#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/base/file.h"

namespace gradus {

// Element types of an IDX file, by their code in it.
enum class IdxType { u8 = 0x08, i8 = 0x09, i16 = 0x0B, i32 = 0x0C, f32 = 0x0D, f64 = 0x0E };
std::size_t size_of(IdxType type);
std::string_view type_name(IdxType type);

// What the header of an IDX file says: `dims` from the slowest index to the fastest.
struct IdxHeader {
  std::vector<std::size_t> dims;
  IdxType type = IdxType::u8;
  bool gzipped = false;

  std::size_t count() const;   // of elements
  std::size_t length() const;  // of the header, in bytes
};

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

// The same in pieces of whole entries of the slowest index, so that a plain file is never all in memory.
void read_idx_pieces(const std::string& path, const std::function<void(const IdxArray&)>& take);

// Its header alone; the length is not compared.
IdxHeader read_idx_header(const std::string& path);

// A plain IDX file that is read piece by piece. Safe to read from several threads.
class IdxFile {
 public:
  // Throws as read_idx does, and Error{data} for a gzipped file.
  explicit IdxFile(const std::string& path);

  const std::string& path() const { return file_.path(); }
  const IdxHeader& header() const { return header_; }
  // Entries `first` ... `first + count - 1` of the slowest index, in this machine's byte order.
  IdxArray read(std::size_t first, std::size_t count) const;

 private:
  InputFile file_;
  IdxHeader header_;
};

}  // namespace gradus
