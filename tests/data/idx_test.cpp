#include "gradus/data/readers/idx.h"

#include <cmath>
#include <filesystem>

#include "../base/expect_error.h"
#include "idx_bytes.h"
#include "temp_file.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

IdxArray read(const std::string& bytes) {
  TempFile file(bytes, ".idx");
  return read_idx(file.path());
}

std::string error(const std::string& bytes) {
  TempFile file(bytes, ".idx");
  return error_of(ErrorKind::data, [&] { read_idx(file.path()); });
}

TEST(Idx, ReadsBytesPlainAndGzipped) {
  std::string bytes = idx_header(0x08, {2, 1, 3}) + std::string("\x00\x01\x7F\x80\xFE\xFF", 6);
  for (const std::string& file : {bytes, gzipped(bytes)}) {
    IdxArray array = read(file);
    EXPECT_EQ(array.type, IdxType::u8);
    EXPECT_THAT(array.dims, ElementsAre(2, 1, 3));
    EXPECT_THAT(array.floats(), ElementsAre(0, 1, 127, 128, 254, 255));
  }
}

TEST(Idx, ReadsEveryTypeInHostOrder) {
  EXPECT_THAT(read(idx_header(0x09, {3}) + "\x80\xFF\x05").floats(), ElementsAre(-128, -1, 5));
  EXPECT_THAT(read(idx_header(0x0B, {2}) + std::string("\x01\x02\xFF\xFE", 4)).floats(), ElementsAre(258, -2));
  EXPECT_THAT(read(idx_header(0x0C, {2}) + be32(70000) + be32(0xFFFFFFFF)).floats(), ElementsAre(70000, -1));
  EXPECT_THAT(read(idx_header(0x0D, {2}) + be32(0x3FC00000) + be32(0xC0000000)).floats(), ElementsAre(1.5, -2));
  IdxArray f64 = read(idx_header(0x0E, {1}) + be32(0x40091EB8) + be32(0x51EB851F));  // 3.14
  EXPECT_EQ(f64.value(0), 3.14);
  EXPECT_EQ(f64.count(), 1u);
  EXPECT_THAT(error_of(ErrorKind::value, [&] { f64.value(1); }), HasSubstr("index below 1"));
}

TEST(Idx, ReadsPiecesOfPlainFiles) {
  TempFile file(idx_header(0x0B, {3, 2}) + std::string("\0\1\0\2\0\3\0\4\0\5\0\6", 12), ".idx");
  IdxFile opened(file.path());
  EXPECT_THAT(opened.header().dims, ElementsAre(3, 2));
  IdxArray piece = opened.read(1, 2);
  EXPECT_THAT(piece.dims, ElementsAre(2, 2));
  EXPECT_THAT(piece.floats(), ElementsAre(3, 4, 5, 6));
  EXPECT_EQ(opened.read(3, 0).count(), 0u);
  for (auto [first, count] : {std::pair{1, 3}, {4, 0}})
    EXPECT_THAT(error_of(ErrorKind::value, [&, f = first, c = count] { opened.read(f, c); }), HasSubstr("below 3"));
}

// 50 MB in pieces of at most 16 MB, whole entries each.
TEST(Idx, ReadsInPieces) {
  std::string bytes(50 * 1000 * 1000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % 251);
  TempFile plain(idx_header(0x08, {50, 1000, 1000}) + bytes, ".idx");
  std::string all;
  int pieces = 0;
  read_idx_pieces(plain.path(), [&](const IdxArray& piece) {
    EXPECT_EQ(piece.bytes.size() % 1000000, 0u);
    all.append(piece.bytes.begin(), piece.bytes.end());
    ++pieces;
  });
  EXPECT_TRUE(all == bytes);
  EXPECT_EQ(pieces, 4);
  for (const std::string& empty : {idx_header(0x08, {0, 3}), gzipped(idx_header(0x08, {0, 3}))}) {
    TempFile file(empty, ".idx");
    read_idx_pieces(file.path(), [](const IdxArray& piece) { EXPECT_EQ(piece.count(), 0u); });
  }
}

TEST(Idx, HeadersAreReadAlone) {
  for (bool gzip : {false, true}) {
    std::string bytes = idx_header(0x0D, {1000, 28});
    TempFile file(gzip ? gzipped(bytes) : bytes, ".idx");
    IdxHeader header = read_idx_header(file.path());
    EXPECT_THAT(header.dims, ElementsAre(1000, 28));
    EXPECT_EQ(header.type, IdxType::f32);
    EXPECT_EQ(header.gzipped, gzip);
    EXPECT_EQ(header.count(), 28000u);
  }
}

TEST(Idx, RefusesOtherLengths) {
  std::string bytes = idx_header(0x08, {2, 3}) + "abcdef";
  for (bool packed : {false, true}) {
    auto as = [&](const std::string& raw) { return packed ? gzipped(raw) : raw; };
    EXPECT_THAT(error(as(bytes.substr(0, bytes.size() - 1))),
                AllOf(HasSubstr("6 bytes of u8 for [2, 3]"), HasSubstr("got 5"), HasSubstr("cut off")));
    EXPECT_THAT(error(as(bytes + "g")), HasSubstr("6 bytes of u8 for [2, 3]"));
    EXPECT_THAT(error(as(bytes + std::string(100, 'g'))), HasSubstr("6 bytes of u8 for [2, 3]"));
    EXPECT_THAT(error(as(bytes.substr(0, 9))), HasSubstr("a header of 12 bytes, got 9"));
  }
  std::string half = gzipped(bytes + std::string(1000, 'x'));
  EXPECT_THAT(error(half.substr(0, half.size() / 2)), HasSubstr("gzip"));
}

TEST(Idx, AllocatesNothingThatTheFileCannotHold) {
  EXPECT_THAT(error(idx_header(0x0E, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF})), HasSubstr("beyond any file"));
  EXPECT_THAT(error(idx_header(0x08, {0xFFFFFFFF, 0xFFFF})), HasSubstr("cut off"));
  EXPECT_THAT(error(gzipped(idx_header(0x08, {0xFFFFFFFF, 0xFFFF}))), HasSubstr("cut off"));
}

TEST(Idx, RefusesForeignFiles) {
  EXPECT_THAT(error(""), HasSubstr("an empty file"));
  EXPECT_THAT(error("\x89PNG\r\n"), AllOf(HasSubstr("an IDX file"), HasSubstr("89 50 4e 47")));
  EXPECT_THAT(error("a,b\n1,2\n"), HasSubstr("an IDX file"));
  EXPECT_THAT(error(gzipped("a,b\n1,2\n")), HasSubstr("an IDX file"));
  EXPECT_THAT(error(idx_header(0x0A, {1}) + "a"), HasSubstr("an IDX file"));
  EXPECT_THAT(error(std::string("\0\0\x08\0", 4)), HasSubstr("1 to 8 dimensions, got 0"));
  EXPECT_THAT(error(idx_header(0x08, std::vector<std::uint32_t>(9, 1)) + "a"), HasSubstr("1 to 8 dimensions, got 9"));
  error_of(ErrorKind::file, [] { read_idx("no/such/file"); });
}

TEST(Idx, ReadsFashionMnistWhereItIsInstalled) {
  std::string folder = "/usr/share/datasets/fashion-mnist/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  IdxArray labels = read_idx(folder + "t10k-labels-idx1-ubyte.gz");
  EXPECT_THAT(labels.dims, ElementsAre(10000));
  std::vector<int> counts(10);
  for (unsigned char label : labels.bytes) ++counts.at(label);
  EXPECT_THAT(counts, ::testing::Each(1000));
}

}  // namespace
}  // namespace gradus
