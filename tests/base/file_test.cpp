#include "gradus/base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "expect_error.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class File : public ::testing::Test {
 protected:
  void SetUp() override {
    auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / ("gradus_file_" + std::string(test->name()) + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

// Lets files grow to `bytes` only, as a full disk would, for its lifetime.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit old_{};
};

TEST_F(File, ReadsBackWhatWasWritten) {
  std::string bytes = "line\r\n";
  bytes += '\0';
  bytes += "\xff tail";
  write_file(path("a"), bytes);
  EXPECT_EQ(read_file(path("a")), bytes);
  write_file(path("a"), "in time", Durable::in_time);
  EXPECT_EQ(read_file(path("a")), "in time");
  write_file(path("a"), {"one", "", " two"});
  EXPECT_EQ(read_file(path("a")), "one two");
  write_file(path("a"), "");
  EXPECT_EQ(read_file(path("a")), "");
  EXPECT_EQ(files(), 1u) << "a temporary file is left";
}

TEST_F(File, ReadsFilesWhoseSizeIsNotKnownBeforehand) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  std::string bytes(300'000, 'x');
  std::thread writer([&] { std::ofstream(path("pipe")) << bytes; });
  std::string got = read_file(path("pipe"));
  writer.join();
  EXPECT_EQ(got, bytes);
  EXPECT_THAT(read_file("/proc/self/status"), HasSubstr("Name:"));
}

TEST_F(File, ReadRefusesWhatIsNoFileOrTooLong) {
  EXPECT_THAT(error_of(ErrorKind::file, [&] { read_file(path("none")); }),
              AllOf(HasSubstr(path("none")), HasSubstr("cannot read: No such file")));
  EXPECT_EQ(error_of(ErrorKind::file, [&] { read_file(folder_.string()); }),
            folder_.string() + ": expected a file, got a folder");
  write_file(path("a"), "12345");
  EXPECT_EQ(read_file(path("a"), 5), "12345");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { read_file(path("a"), 4); }),
              AllOf(HasSubstr(path("a")), HasSubstr("larger than 4 bytes")));
}

TEST_F(File, FailedWritesLeaveTheOldFileAndNoTemporary) {
  write_file(path("a"), "old");
  {
    FileSizeLimit limit(4096);
    EXPECT_THAT(error_of(ErrorKind::file, [&] { write_file(path("a"), std::string(10'000, 'x')); }),
                AllOf(HasSubstr(path("a")), HasSubstr("cannot write: File too large")));
  }
  EXPECT_EQ(read_file(path("a")), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(File, WriteNamesThePathItCannotWrite) {
  write_file(path("a"), "old");
  EXPECT_THAT(error_of(ErrorKind::file, [&] { write_file(path("none/b"), "x"); }),
              AllOf(HasSubstr(path("none/b")), HasSubstr("cannot write: No such file")));
  EXPECT_THAT(error_of(ErrorKind::file, [&] { write_file(path("a/b"), "x"); }),
              AllOf(HasSubstr(path("a/b")), HasSubstr("cannot write: Not a directory")));
  EXPECT_THAT(error_of(ErrorKind::file, [&] { write_file(folder_.string(), "x"); }), HasSubstr("got a folder"));
  EXPECT_EQ(read_file(path("a")), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(File, WriteInAReadOnlyFolderIsRefused) {
  write_file(path("a"), "old");
  fs::permissions(folder_, fs::perms(0555));
  uid_t user = ::geteuid();
  constexpr uid_t kNobody = 65534;
  if (user == 0 && ::seteuid(kNobody) != 0) GTEST_SKIP() << "root may write everywhere and cannot step down here";
  std::string message = error_of(ErrorKind::file, [&] { write_file(path("a"), "new"); });
  EXPECT_EQ(::seteuid(user), 0);
  fs::permissions(folder_, fs::perms::owner_all);
  EXPECT_EQ(message, path("a") + ": cannot write: Permission denied");
  EXPECT_EQ(read_file(path("a")), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(File, WriteKeepsPermissionsAndLinks) {
  write_file(path("a"), "old");
  fs::permissions(path("a"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("a", path("link"));
  write_file(path("link"), "new");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(read_file(path("a")), "new");
  EXPECT_EQ(fs::status(path("a")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(File, WriteGoesThroughDevicesInsteadOfReplacingThem) {
  write_file("/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_THAT(error_of(ErrorKind::file, [] { write_file("/dev/full", "x"); }),
              AllOf(HasSubstr("/dev/full"), HasSubstr("No space left")));
}

TEST_F(File, FoldersAreMadeWithTheirParents) {
  make_folder(path("x/y/z"));
  EXPECT_TRUE(fs::is_directory(path("x/y/z")));
  make_folder(path("x/y/z"));
  write_file(path("a"), "");
  EXPECT_THAT(error_of(ErrorKind::file, [&] { make_folder(path("a")); }),
              AllOf(HasSubstr(path("a")), HasSubstr("Not a directory")));
  EXPECT_THAT(error_of(ErrorKind::file, [&] { make_folder(path("a/b")); }), HasSubstr(path("a/b")));
}

TEST_F(File, RemovesFilesAndWhatKilledWritersLeft) {
  for (const char* name : {"a", ".gradus-7-0.tmp", ".gradus-x", "b.tmp"}) write_file(path(name), "x");
  remove_left_temporaries(folder_.string());
  EXPECT_FALSE(fs::exists(path(".gradus-7-0.tmp")));
  EXPECT_EQ(files(), 3u) << "what others named is gone";
  remove_file(path("a"));
  EXPECT_FALSE(fs::exists(path("a")));
  remove_file(path("a"));  // none there
  EXPECT_THAT(error_of(ErrorKind::file, [&] { remove_file(path("b.tmp/c")); }),
              AllOf(HasSubstr(path("b.tmp/c")), HasSubstr("cannot remove")));
}

TEST_F(File, AFolderIsHeldByOneAtATime) {
  {
    FolderLock held(folder_.string());
    EXPECT_THAT(error_of(ErrorKind::state, [&] { FolderLock second(folder_.string()); }),
                AllOf(HasSubstr(folder_.string()), HasSubstr("another process")));
  }
  FolderLock again(folder_.string());
  EXPECT_THAT(error_of(ErrorKind::file, [&] { FolderLock none(path("none")); }), HasSubstr(path("none")));
}

TEST_F(File, PathsResolveFromAFolder) {
  EXPECT_EQ(resolve_path("runs", "iris.csv"), "runs/iris.csv");
  EXPECT_EQ(resolve_path("", "iris.csv"), "iris.csv");
  EXPECT_EQ(resolve_path("runs", "/data/iris.csv"), "/data/iris.csv");
  EXPECT_EQ(resolve_path("examples/iris", "../iris.csv"), "examples/iris/../iris.csv");  // iris may be a link
}

TEST_F(File, HashesAsPublished) {
  EXPECT_EQ(hash_text(hash64("")), "ef46db3751d8e999");
  EXPECT_EQ(hash_text(hash64("abc")), "44bc2cf5ad770999");
  EXPECT_NE(hash64("abc", 1), hash64("abc"));
  EXPECT_EQ(hash_text(0x1f), "000000000000001f");
}

TEST_F(File, ReadsPiecesAtAnyPlace) {
  std::string bytes(100'000, 'm');
  bytes[99'999] = 'e';
  write_file(path("a"), bytes);
  InputFile file(path("a"));
  EXPECT_EQ(file.size(), 100'000u);
  char piece[4] = {};
  EXPECT_EQ(file.read(99'998, piece, 4), 2u);
  EXPECT_STREQ(piece, "me");
  EXPECT_EQ(file.read(100'001, piece, 4), 0u);
  InputFile moved(std::move(file));
  write_file(path("a"), "");
  EXPECT_EQ(InputFile(path("a")).size(), 0u);
  EXPECT_EQ(moved.read(0, piece, 1), 1u) << "a replaced file must not change under its reader";
}

TEST_F(File, AFileCutWhileItIsReadIsAnError) {
  write_file(path("a"), std::string(10'000, 'x'));
  InputFile file(path("a"));
  std::filesystem::resize_file(path("a"), 100);
  char piece[200];
  EXPECT_THAT(error_of(ErrorKind::file, [&] { file.read(0, piece, 200); }), HasSubstr("became shorter"));
  EXPECT_EQ(file.read(0, piece, 100), 100u);
}

TEST_F(File, InputFilesAreRegular) {
  EXPECT_THAT(error_of(ErrorKind::file, [&] { InputFile file(path("none")); }), HasSubstr("cannot read"));
  EXPECT_THAT(error_of(ErrorKind::file, [&] { InputFile file(folder_.string()); }), HasSubstr("got a folder"));
  EXPECT_THAT(error_of(ErrorKind::file, [] { InputFile file("/dev/null"); }), HasSubstr("a regular file"));
}

}  // namespace
}  // namespace gradus
