#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gradus {

// Whole file as bytes. Throws Error{file} with the path and the system's reason; Error{data} beyond max_bytes.
std::string read_file(const std::string& path, std::uint64_t max_bytes = UINT64_MAX);

// When a written file is safe from a power cut: before write_file returns, or when the system comes to it, which
// waits for no disk and suits what can be made again.
enum class Durable { at_once, in_time };

// Writes atomically: a temporary file in the same folder, fsync, rename, fsync of the folder (no fsync in_time). On any
// failure (full disk, read-only folder) the old file is untouched, the temporary is removed, and Error{file} names the
// path.
void write_file(const std::string& path, std::string_view bytes, Durable durable = Durable::at_once);
// The same from several pieces, without joining them first.
void write_file(const std::string& path, const std::vector<std::string_view>& pieces,
                Durable durable = Durable::at_once);

// Creates a folder and its parents; Error{file} when that fails.
void make_folder(const std::string& path);

// Removes a file if there is one; Error{file} when that fails.
void remove_file(const std::string& path);

// Removes the temporary files that writers which were killed left in a folder. Nobody else may be writing there.
void remove_left_temporaries(const std::string& folder);

// Holds a folder for its lifetime, or that of the process, against others who hold it too. File systems that know no
// locks let everyone in. Throws Error{state} when the folder is held, Error{file} when it cannot be opened.
class FolderLock {
 public:
  explicit FolderLock(const std::string& path);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int folder_;
};

// `path` if absolute, else `folder`/`path`; "" folder means the current one.
std::string resolve_path(const std::string& folder, const std::string& path);

// xxHash64 of bytes, as a number and as 16 hexadecimal digits.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);
std::string hash_text(std::uint64_t hash);

// A regular file open for reading at any place. No memory map: in one, a file that others cut ends the process.
class InputFile {
 public:
  // Throws Error{file}.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(InputFile&&) noexcept;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  // When it was opened; what is added later is not read.
  std::uint64_t size() const { return size_; }
  // Writes the `n` bytes from `offset` on to `out` and returns how many: fewer than `n` only at the end of the file.
  // Throws Error{file}, also where the file has been cut since it was opened.
  std::size_t read(std::uint64_t offset, char* out, std::size_t n) const;

 private:
  std::string path_;
  int file_;
  std::uint64_t size_;
};

}  // namespace gradus
