#include "gradus/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "gradus/base/error.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, std::string_view action, int code = errno) {
  throw Error(ErrorKind::file, path, fmt::format("cannot {}: {}", action, std::generic_category().message(code)));
}

// A file descriptor closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Descriptor() {
    if (is_open()) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  bool is_open() const { return fd_ >= 0; }
  // Closes now and says whether that worked: some file systems report a failed write only here.
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

// Opens for reading; folders are refused.
Descriptor open_to_read(const std::string& path, struct stat& status) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) fail(path, "read");
  if (S_ISDIR(status.st_mode)) throw Error(ErrorKind::file, {path, "a file", "a folder", ""});
  return file;
}

void check_size(const std::string& path, std::uint64_t size, std::uint64_t max_bytes) {
  if (size > max_bytes)
    throw Error(ErrorKind::data, path, fmt::format("larger than {} bytes, the most allowed here", max_bytes));
}

void write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "write");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string folder_of(const std::string& path) {
  std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

constexpr const char* kTemporaryBegin = ".gradus-";
constexpr const char* kTemporaryEnd = ".tmp";

// A new file in the folder of `target`, removed at the end of its scope unless it has taken the target's place.
class Temporary {
 public:
  explicit Temporary(const std::string& target) : target_(target), file_(create(target, path_)) {}
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  int fd() const { return file_.get(); }

  void replace_target(Durable durable) {
    bool at_once = durable == Durable::at_once;
    // EINVAL: the file system cannot synchronise, which is no failure to write.
    bool written = (!at_once || ::fsync(file_.get()) == 0 || errno == EINVAL) && file_.close();
    if (!written || ::rename(path_.c_str(), target_.c_str()) != 0) fail(target_, "write");
    path_.clear();
    if (!at_once) return;
    // The new file is in place: a folder that cannot be synchronised changes nothing about that.
    Descriptor folder(::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.is_open()) ::fsync(folder.get());
  }

 private:
  static Descriptor create(const std::string& target, std::string& path) {
    static std::atomic<unsigned> count{0};
    for (;;) {
      path = fmt::format("{}/{}{}-{}{}", folder_of(target), kTemporaryBegin, ::getpid(), count++, kTemporaryEnd);
      Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
      if (file.is_open()) return file;
      if (errno != EEXIST) fail(target, "write");
    }
  }

  std::string target_;
  std::string path_;
  Descriptor file_;
};

// Devices and pipes ("/dev/stdout") are written to; a file in their place would break them.
void write_to_device(const std::string& path, const std::vector<std::string_view>& pieces) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open()) fail(path, "write");
  for (std::string_view piece : pieces) write_all(file.get(), piece, path);
  if (!file.close()) fail(path, "write");
}

}  // namespace

std::string read_file(const std::string& path, std::uint64_t max_bytes) {
  struct stat status {};
  Descriptor file = open_to_read(path, status);
  auto size = static_cast<std::uint64_t>(status.st_size);
  check_size(path, size, max_bytes);
  constexpr std::size_t kPiece = 1 << 16;
  std::string bytes;
  std::size_t filled = 0;
  // Pipes have no size and files may grow, so only a read of nothing is the end.
  for (;;) {
    if (filled == bytes.size()) bytes.resize(filled == 0 ? size + 1 : filled + std::max(filled, kPiece));
    ssize_t n = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "read");
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
    check_size(path, filled, max_bytes);
  }
  bytes.resize(filled);
  return bytes;
}

void write_file(const std::string& path, std::string_view bytes, Durable durable) {
  write_file(path, std::vector{bytes}, durable);
}

void write_file(const std::string& path, const std::vector<std::string_view>& pieces, Durable durable) {
  struct stat old {};
  bool exists = ::stat(path.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) throw Error(ErrorKind::file, {path, "a file", "a folder", ""});
  if (exists && !S_ISREG(old.st_mode)) return write_to_device(path, pieces);
  // A link keeps pointing where it does: what it points to is replaced.
  std::error_code code;
  fs::path target = exists ? fs::canonical(path, code) : fs::path(path);
  if (code) fail(path, "write", code.value());
  Temporary temporary(target.string());
  for (std::string_view piece : pieces) write_all(temporary.fd(), piece, path);
  if (exists) ::fchmod(temporary.fd(), old.st_mode & 07777);
  temporary.replace_target(durable);
}

void make_folder(const std::string& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (!code && !fs::is_directory(path, code) && !code) code = std::make_error_code(std::errc::not_a_directory);
  if (code) fail(path, "create the folder", code.value());
}

void remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail(path, "remove");
}

void remove_left_temporaries(const std::string& folder) {
  std::error_code code;
  std::vector<fs::path> left;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, code)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kTemporaryBegin) && name.ends_with(kTemporaryEnd)) left.push_back(entry.path());
  }
  if (code) fail(folder, "read", code.value());
  for (const fs::path& path : left) remove_file(path.string());
}

FolderLock::FolderLock(const std::string& path) : folder_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (folder_ < 0) fail(path, "open the folder");
  if (::flock(folder_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(folder_);
    throw Error(ErrorKind::state, path, "another process is at work in this folder",
                "wait until it has ended, or choose another folder");
  }
}

FolderLock::~FolderLock() { ::close(folder_); }

std::string resolve_path(const std::string& folder, const std::string& path) {
  return (fs::path(folder) / path).string();
}

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) { return XXH64(bytes.data(), bytes.size(), seed); }

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

InputFile::InputFile(const std::string& path) : path_(path) {
  struct stat status {};
  Descriptor file = open_to_read(path, status);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::file, {path, "a regular file", "a device or pipe", ""});
  size_ = static_cast<std::uint64_t>(status.st_size);
  file_ = file.release();
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)), size_(other.size_) {}

InputFile::~InputFile() {
  if (file_ >= 0) ::close(file_);
}

std::size_t InputFile::read(std::uint64_t offset, char* out, std::size_t n) const {
  n = static_cast<std::size_t>(std::min<std::uint64_t>(n, size_ - std::min(size_, offset)));
  for (std::size_t filled = 0; filled < n;) {
    ssize_t got = ::pread(file_, out + filled, n - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, "read");
    if (got == 0)
      throw Error(ErrorKind::file, path_, "the file became shorter while it was read", "read it once it is written");
    filled += static_cast<std::size_t>(got);
  }
  return n;
}

}  // namespace gradus
