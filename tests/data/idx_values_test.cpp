#include "gradus/data/idx_values.h"

#include <filesystem>
#include <numeric>

#include "../base/expect_error.h"
#include "idx_bytes.h"
#include "temp_file.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Stream = IdxValues::Stream;
using Rows = std::vector<std::uint32_t>;

std::vector<float> fetched(const IdxValues& values, const Rows& rows, float shift = 0, float scale = 1) {
  return values.dataset(shift, scale, Tensor::zeros({values.shape()[0], 1}))->fetch(rows).inputs.to_vector<float>();
}

std::vector<float> example(const IdxValues& values, std::int64_t row) {
  std::vector<float> out(static_cast<std::size_t>(values.shape().without(0).size()));
  values.read(row, out);
  return out;
}

// Neighbours in the file and others, once and twice, on each type.
TEST(IdxValues, StreamedAndHeldAreTheSame) {
  std::string bytes(8 * 2 * 3 * 8, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 37 % 60);  // never inf or NaN
  for (auto [type, size] : {std::pair{0x08, 1}, {0x09, 1}, {0x0B, 2}, {0x0C, 4}, {0x0D, 4}, {0x0E, 8}}) {
    TempFile file(idx_header(static_cast<char>(type), {8, 2, 3}) + bytes.substr(0, 48 * static_cast<std::size_t>(size)),
                  ".idx");
    IdxValues held(file.path(), Stream::never), streamed(file.path(), Stream::always);
    EXPECT_FALSE(held.are_streamed());
    EXPECT_TRUE(streamed.are_streamed());
    EXPECT_FALSE(IdxValues(file.path()).are_streamed()) << "a small file";
    EXPECT_EQ(streamed.shape(), (Shape{8, 2, 3, 1}));
    EXPECT_EQ(streamed.are_bytes(), type == 0x08);
    Rows rows = {7, 2, 3, 4, 4, 0};
    EXPECT_EQ(fetched(streamed, rows), fetched(held, rows)) << type;
    EXPECT_EQ(fetched(streamed, rows, 3, 0.25f), fetched(held, rows, 3, 0.25f)) << type;
    EXPECT_EQ(example(streamed, 5), example(held, 5)) << type;
    EXPECT_EQ(example(held, 5), fetched(held, {5})) << type;
  }
}

TEST(IdxValues, ReadsTheBytesOfEachRow) {
  TempFile file(idx_header(0x08, {3, 2}) + "abcdef", ".idx");
  EXPECT_THAT(fetched(IdxValues(file.path(), Stream::always), {2, 0}, 'a', 2), ElementsAre(8, 10, 0, 2));
}

TEST(IdxValues, LargeBatchesAreReadByAllThreads) {
  std::string bytes(300 * 1000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % 251);
  TempFile file(idx_header(0x08, {300, 1000}) + bytes, ".idx");
  Rows rows(300);
  std::iota(rows.rbegin(), rows.rend(), 0u);
  EXPECT_EQ(fetched(IdxValues(file.path(), Stream::always), rows),
            fetched(IdxValues(file.path(), Stream::never), rows));
}

TEST(IdxValues, WhatCannotBeStreamedIsAnError) {
  TempFile packed(gzipped(idx_header(0x08, {3, 2}) + "abcdef"), ".idx.gz");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { IdxValues(packed.path(), Stream::always); }),
              AllOf(HasSubstr(packed.path()), HasSubstr("gunzip")));
  TempFile cut(idx_header(0x08, {3, 2}) + "abcde", ".idx");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { IdxValues(cut.path(), Stream::always); }), HasSubstr("cut off"));
  TempFile none(idx_header(0x08, {0, 2}), ".idx");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { IdxValues(none.path(), Stream::always); }), HasSubstr("no examples"));
}

// 60,000 images of 10^7 bytes: more than any machine that runs tests has. The file's length is not looked at before.
TEST(IdxValues, WhatDoesNotFitIntoMemoryIsSaid) {
  std::string header = idx_header(0x08, {60000, 10000, 1000});
  TempFile plain(header, ".idx"), packed(gzipped(header), ".idx.gz");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { IdxValues(plain.path(), Stream::never); }),
              AllOf(HasSubstr("GB of memory that are free"), HasSubstr("1200.0 GB"), HasSubstr("data.stream")));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { IdxValues(packed.path()); }), HasSubstr("gunzip"));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { IdxValues(plain.path()); }), HasSubstr("cut off"));  // would be streamed
}

TEST(IdxValues, ValuesThatAreNotFiniteAreFoundWhenTheyAreRead) {
  const std::string one("\x3F\x80\0\0", 4), infinite("\x7F\x80\0\0", 4);
  TempFile file(idx_header(0x0D, {4, 2}) + one + one + one + one + one + infinite + one + one, ".idx");
  IdxValues streamed(file.path(), Stream::always);
  EXPECT_THAT(fetched(streamed, {0, 3}), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(error_of(ErrorKind::data,
                       [&] {
                         fetched(streamed, {0, 1, 2, 3});
                       }),
              AllOf(HasSubstr(file.path()), HasSubstr("inf in example 2")));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { example(streamed, 2); }), HasSubstr("inf in example 2"));
}

TEST(IdxValues, AFileThatIsCutMeanwhileIsAnError) {
  TempFile file(idx_header(0x08, {3, 2}) + "abcdef", ".idx");
  IdxValues streamed(file.path(), Stream::always);
  std::filesystem::resize_file(file.path(), 14);
  EXPECT_THAT(error_of(ErrorKind::file, [&] { fetched(streamed, {2}); }), HasSubstr(file.path()));
}

}  // namespace
}  // namespace gradus
