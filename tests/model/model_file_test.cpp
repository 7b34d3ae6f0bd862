#include "gradus/model/model_file.h"

#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "../base/expect_error.h"
#include "../fuzz/memory_file.h"
#include "gradus/base/file.h"
#include "gradus/tensor/impl.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::size_t kLengthBytes = 8;
const std::string kAbout = R"("__metadata__":{"gradus":"1","metadata":"{}"})";

class ModelFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / ("gradus_model_" + std::string(test->name()) + std::to_string(::getpid()));
    fs::create_directories(folder_);
    path_ = (folder_ / "model.safetensors").string();
  }
  void TearDown() override { fs::remove_all(folder_); }

  ModelFile round_trip(const ModelFile& model) {
    write_model_file(path_, model);
    return read_model_file(path_);
  }

  fs::path folder_;
  std::string path_;
};

ModelFile read(const std::string& bytes) { return read_model_file(MemoryFile(bytes).path()); }

// The error that a file of these bytes gives, which names the file and is one line.
std::string error(const std::string& bytes) {
  const MemoryFile file(bytes);
  const std::string message = error_of(ErrorKind::data, [&] { read_model_file(file.path()); });
  EXPECT_THAT(message, AllOf(StartsWith(file.path()), Not(HasSubstr("\n"))));
  return message;
}

// A file by hand.
std::string file_of(const std::string& header, const std::string& data = "") {
  std::string length;
  for (std::size_t i = 0; i < kLengthBytes; ++i) length += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return length + header + data;
}

std::string file_with(const std::string& members, const std::string& data = "") {
  return file_of("{" + kAbout + (members.empty() ? "" : ",") + members + "}", data);
}

std::string bits_of(const Tensor& t) {
  const Tensor copy = t.copy();
  return {copy.impl().slots[0].data, static_cast<std::size_t>(copy.size()) * item_size(copy.dtype())};
}

void expect_same(const NamedTensors& given, const NamedTensors& wanted) {
  ASSERT_EQ(given.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(given[i].first, wanted[i].first);
    EXPECT_EQ(given[i].second.dtype(), wanted[i].second.dtype());
    EXPECT_EQ(given[i].second.shape().text(), wanted[i].second.shape().text());
    EXPECT_EQ(bits_of(given[i].second), bits_of(wanted[i].second)) << wanted[i].first;
  }
}

ModelFile small_model() {
  return {
      parse_json(R"({"layers": ["linear"], "scale": 0.1})", ""),
      {{"w", Tensor::from({1.5f, -2, 0, 4}, {2, 2})}, {"b", Tensor::from(std::vector<std::uint8_t>{7, 8, 9}, {3})}}};
}

TEST_F(ModelFiles, ReadBackWhatWasWritten) {
  NamedTensors tensors;
  for (Dtype dtype : {Dtype::u8, Dtype::f32, Dtype::bf16, Dtype::f64, Dtype::i32})
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{5}, Shape{3, 0, 2}, Shape{2, 3}, Shape{1, 2, 1, 2, 1, 2, 1, 3}})
      tensors.emplace_back(dtype_name(dtype) + shape.text(),
                           Tensor::full(shape, 3 + static_cast<double>(tensors.size()), dtype));
  const Value metadata = parse_json(R"({"labels": ["é", "a\"b\\", "\u0001"], "mean": [0.1, 1e300], "n": 3,
                                        "nested": {"a": {"b": [null, true]}}})",
                                    "");
  const ModelFile model = round_trip({metadata, tensors});
  expect_same(model.tensors, tensors);
  EXPECT_EQ(model.metadata, metadata);
}

TEST_F(ModelFiles, KeepEveryBit) {
  std::vector<float> values = {0.f, -0.f, 1e-45f, INFINITY, -INFINITY, NAN, 3.4028235e38f, 1.f / 3};
  const NamedTensors tensors = {{"x", Tensor::from(values, {8})}};
  expect_same(round_trip({Value::table(), tensors}).tensors, tensors);
}

TEST_F(ModelFiles, JoinShardedTensors) {
  const Tensor x = Tensor::arange(12).copy();
  write_model_file(path_, {Value::table(), {{"x", shard(x, 4)}}});
  expect_same(read_model_file(path_).tensors, {{"x", x}});
}

TEST_F(ModelFiles, WithoutTensorsHoldMetadata) {
  const ModelFile model = round_trip({Value("text"), {}});
  EXPECT_EQ(model.metadata, Value("text"));
  EXPECT_TRUE(model.tensors.empty());
}

TEST_F(ModelFiles, NamesMayHoldAnyText) {
  const Tensor x = Tensor::scalar(1);
  const NamedTensors tensors = {{"", x}, {"a\"b\\c:\n{", x}, {"é\u2028", x}, {std::string("\0", 1), x}, {"\\", x}};
  expect_same(round_trip({Value::table(), tensors}).tensors, tensors);
}

// Byte for byte what the format's documentation says: the header's length, the header padded to 64 bytes, the data.
TEST_F(ModelFiles, AreLaidOutAsDocumented) {
  write_model_file(path_, {parse_json(R"({"a":1})", ""),
                           {{"b", Tensor::from(std::vector<std::uint8_t>{7, 8, 9}, {3})},
                            {"w", Tensor::from({1.5f, -2.f}, {1, 2})}}});
  std::string header = R"({"__metadata__":{"gradus":"1","checksum":"072277bb90c8d22a","metadata":"{\"a\":1}"},)"
                       R"("b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},)"
                       R"("w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  header.resize(256 - kLengthBytes, ' ');
  const std::string data("\0\0\xc0\x3f\0\0\0\xc0\7\x8\x9", 11);
  EXPECT_EQ(read_file(path_), file_of(header, data));
}

// A file such as other writers make: no padding, any order of members and tensors, white space, other metadata.
TEST_F(ModelFiles, OfOtherWritersAreRead) {
  const ModelFile model = read(file_of(R"({ "c" : {"shape":[],"data_offsets":[6,10],"dtype":"I32"},
                   "empty":{"dtype":"F64","shape":[0,4],"data_offsets":[6,6]},
                   "h":{"dtype":"BF16","shape":[3,1],"data_offsets":[0,6]},
                   "__metadata__":{"format":"pt","metadata":"[1]","gradus":"1"}})",
                                       std::string("\x80\x3f\0\0\x80\xbf\xfe\xff\xff\xff", 10)));
  EXPECT_EQ(model.metadata, parse_json("[1]", ""));
  ASSERT_EQ(model.tensors.size(), 3u);
  EXPECT_EQ(model.tensors[0].first, "c");
  EXPECT_EQ(model.tensors[0].second.item(), -2);
  EXPECT_EQ(model.tensors[1].second.shape(), (Shape{0, 4}));
  EXPECT_EQ(model.tensors[2].second.shape(), (Shape{3, 1}));
  EXPECT_EQ(model.tensors[2].second.to(Dtype::f32).to_vector<float>(), (std::vector<float>{1, 0, -1}));
}

TEST_F(ModelFiles, CutAnywhereAreRefused) {
  write_model_file(path_, small_model());
  const std::string bytes = read_file(path_);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    SCOPED_TRACE(n);
    error(bytes.substr(0, n));
  }
  EXPECT_THAT(error(bytes + "x"), HasSubstr("1 bytes at the end belong to no tensor"));
}

// What is damaged is refused, but for the white space that pads the header and the name of the checksum itself.
TEST_F(ModelFiles, WithAnyBitChangedAreRefused) {
  write_model_file(path_, small_model());
  const std::string bytes = read_file(path_);
  int refused = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ 1 << bit);
      const MemoryFile file(damaged);
      try {
        const ModelFile model = read_model_file(file.path());
        expect_same(model.tensors, small_model().tensors);
        EXPECT_EQ(model.metadata, small_model().metadata);
      } catch (const Error& e) {
        EXPECT_THAT(e.what(), AllOf(StartsWith(file.path()), Not(HasSubstr("\n"))));
        ++refused;
      }
    }
  EXPECT_GT(refused, 7 * static_cast<int>(bytes.size() - 64));
}

TEST_F(ModelFiles, OfOtherKindsAreNamedAsSuch) {
  const char* foreign = "no gradus model";
  EXPECT_THAT(error(""), AllOf(HasSubstr(foreign), HasSubstr("only 0 bytes long")));
  EXPECT_THAT(error("\x89PNG\r\n\x1a\n plus the rest of a picture"), HasSubstr(foreign));
  EXPECT_THAT(error(file_of("[]")), HasSubstr(foreign));
  EXPECT_THAT(error(file_of(R"({"w":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})", "ab")),
              HasSubstr("no gradus model: a safetensors file of another program"));
  EXPECT_THAT(error(file_of(R"({"__metadata__":{"format":"pt"}})")), HasSubstr(foreign));
  EXPECT_THAT(error(file_of(R"({"__metadata__":[]})")), HasSubstr(foreign));
  EXPECT_THAT(error(file_of(R"({})")), HasSubstr(foreign));
}

TEST_F(ModelFiles, OfANewerFormAskForAnUpdate) {
  auto version = [&](const std::string& v) { return error(file_of(R"({"__metadata__":{"gradus":)" + v + "}}")); };
  EXPECT_THAT(version("\"2\""), AllOf(HasSubstr("written by a newer gradus, in form 2"), HasSubstr("update gradus")));
  for (const char* v : {"\"0\"", "\"-1\"", "\"1x\"", "\"\"", "1", "\"99999999999999\""})
    EXPECT_THAT(version(v), HasSubstr("the version of the form is")) << v;
}

TEST_F(ModelFiles, WithBadMetadataAreRefused) {
  auto metadata = [&](const std::string& m) { return error(file_of(R"({"__metadata__":{"gradus":"1")" + m + "}}")); };
  EXPECT_THAT(metadata(""), HasSubstr("the metadata are missing"));
  EXPECT_THAT(metadata(R"(,"metadata":{})"), HasSubstr("the metadata are missing"));
  EXPECT_THAT(metadata(R"(,"metadata":"{")"), HasSubstr("metadata:1:2: not JSON"));
  EXPECT_THAT(metadata(R"(,"metadata":")" + std::string(65, '[') + "\""), HasSubstr("deeper than 64 levels"));
}

TEST_F(ModelFiles, WithBadHeadersAreRefused) {
  EXPECT_THAT(error(file_of("{" + kAbout)), HasSubstr("not JSON"));
  EXPECT_THAT(error(file_with("\"a\":" + std::string(70, '['))), HasSubstr("deeper than 64 levels"));
  const std::string w = R"("w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  EXPECT_THAT(error(file_with(w + "," + w, "x")), HasSubstr("a name occurs twice"));
  EXPECT_THAT(error(file_with(w + R"(,"\u0077":{"dtype":"U8","shape":[0],"data_offsets":[1,1]})", "x")),
              HasSubstr("a name occurs twice"));
  EXPECT_THAT(error(file_with(R"("w":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]})", "x")),
              HasSubstr("a name occurs twice"));

  std::string cut = file_of("{}");
  cut[4] = 1;
  EXPECT_THAT(error(cut), HasSubstr("a header of 4294967298 bytes in a file of 10"));
  constexpr std::size_t kTooLong = (16u << 20) + 1;
  std::string padded = "{" + kAbout + "}";
  EXPECT_THAT(error(file_of(padded + std::string(kTooLong - padded.size(), ' '))),
              HasSubstr("a header of 16777217 bytes; at most 16777216 are allowed"));
  EXPECT_TRUE(read(file_of(padded + std::string(kTooLong - 1 - padded.size(), ' '))).tensors.empty());
}

TEST_F(ModelFiles, WithBadTensorsAreRefused) {
  auto tensor = [&](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return error(file_with(R"("w":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}",
                           "12345678"));
  };
  EXPECT_THAT(tensor("\"F16\"", "[4]", "[0,8]"), HasSubstr(R"(tensor "w" has an unknown dtype, )"));
  EXPECT_THAT(tensor("\"f32\"", "[2]", "[0,8]"), HasSubstr("unknown dtype"));
  EXPECT_THAT(tensor("3", "[2]", "[0,8]"), HasSubstr("unknown dtype, 3"));
  for (const char* shape : {"2", "[-2]", "[2.0]", "[\"2\"]", "[null]", "[9223372036854775808]", "{}"})
    EXPECT_THAT(tensor("\"F32\"", shape, "[0,8]"), HasSubstr("shape is not a list of whole numbers >= 0")) << shape;
  EXPECT_THAT(tensor("\"U8\"", "[1,1,1,1,1,1,1,1,8]", "[0,8]"), HasSubstr("has 9 axes; at most 8 are allowed"));
  for (const char* offsets : {"[]", "[0]", "[0,8,8]", "[8,0]", "[0,9]", "[9,9]", "[0,9223372036854775807]"})
    EXPECT_THAT(tensor("\"F32\"", "[2]", offsets), HasSubstr("lies outside of the file's 8 bytes of data")) << offsets;
  EXPECT_THAT(tensor("\"F32\"", "[2]", "[0,-1]"), HasSubstr("data_offsets is not a list of whole numbers >= 0"));
  for (const char* shape : {"[]", "[1]", "[3]", "[0]", "[2,2]"})
    EXPECT_THAT(tensor("\"F32\"", shape, "[0,8]"), HasSubstr("has 8 bytes of data")) << shape;

  const char* alone = "does not have dtype, shape and data_offsets alone";
  EXPECT_THAT(error(file_with(R"("w":[])")), HasSubstr(alone));
  EXPECT_THAT(error(file_with(R"("w":{"dtype":"U8","shape":[0]})")), HasSubstr(alone));
  EXPECT_THAT(error(file_with(R"("w":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1})")), HasSubstr(alone));
  const std::string message = error(file_with("\"" + std::string(100'000, 'n') + "\":1"));
  EXPECT_LT(message.size(), 400u);
}

// Sizes whose product wraps around to a small number, or is hidden by an axis of 0.
TEST_F(ModelFiles, ClaimingHugeShapesAreRefused) {
  for (const char* shape : {"[4294967296,4294967296]", "[4294967296,4294967296,0]", "[0,4294967296,4294967296]",
                            "[2305843009213693952]", "[9223372036854775807,2]"})
    EXPECT_THAT(error(file_with(R"("w":{"dtype":"F64","shape":)" + std::string(shape) + R"(,"data_offsets":[0,0]})")),
                HasSubstr("has a shape too large"))
        << shape;
}

TEST_F(ModelFiles, ClaimingMoreThanTheyHoldTakeNoMemory) {
  const std::string first = R"("v":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},)";
  const std::uint64_t before = memory_statistics().bytes;
  EXPECT_THAT(
      error(file_with(first + R"("w":{"dtype":"F32","shape":[250000000],"data_offsets":[8,1000000008]})", "12345678")),
      HasSubstr(R"(tensor "w" lies outside of the file's 8 bytes of data)"));
  EXPECT_EQ(memory_statistics().bytes, before);
}

TEST_F(ModelFiles, WithHolesOrOverlapsAreRefused) {
  auto two = [&](const std::string& a, const std::string& b) {
    return error(file_with(R"("a":{"dtype":"U8","shape":[4],"data_offsets":)" + a +
                               R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}",
                           "123456789"));
  };
  EXPECT_THAT(two("[0,4]", "[5,9]"), HasSubstr(R"(tensor "b" starts at byte 5 of the data where 4 was expected)"));
  EXPECT_THAT(two("[1,5]", "[5,9]"), HasSubstr(R"(tensor "a" starts at byte 1 of the data where 0 was expected)"));
  EXPECT_THAT(two("[0,4]", "[3,7]"), HasSubstr(R"(tensor "b" starts at byte 3 of the data where 4 was expected)"));
  EXPECT_THAT(two("[0,4]", "[0,4]"), HasSubstr("starts at byte 0 of the data where 4 was expected"));
  EXPECT_THAT(two("[4,8]", "[0,4]"), HasSubstr("1 bytes at the end belong to no tensor"));
}

TEST_F(ModelFiles, HoldAtMostAHundredThousandTensors) {
  std::string members;
  auto add = [&](int i) {
    members +=
        (members.empty() ? "\"" : ",\"") + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  };
  constexpr int kMost = 100'000;
  for (int i = 0; i < kMost; ++i) add(i);
  EXPECT_EQ(read(file_with(members)).tensors.size(), static_cast<std::size_t>(kMost));
  add(kMost);
  EXPECT_THAT(error(file_with(members)), HasSubstr("more than 100000 tensors"));
  EXPECT_THAT(error_of(ErrorKind::value,
                       [&] {
                         write_model_file(path_, {Value(), NamedTensors(kMost + 1, {"x", Tensor::scalar(0)})});
                       }),
              HasSubstr("100001 tensors; at most 100000 are read back"));
}

TEST_F(ModelFiles, ThatCouldNotBeReadAreNotWritten) {
  write_file(path_, "the old file");
  auto refused = [&](ErrorKind kind, const ModelFile& model) {
    std::string message = error_of(kind, [&] { write_model_file(path_, model); });
    EXPECT_THAT(message, StartsWith(path_));
    EXPECT_EQ(read_file(path_), "the old file");
    return message;
  };
  const Tensor x = Tensor::scalar(1);
  EXPECT_THAT(refused(ErrorKind::value, {Value(), {{"a", x}, {"b", x}, {"a", x}}}), HasSubstr(R"("a" occurs twice)"));
  EXPECT_THAT(refused(ErrorKind::value, {Value(), {{"__metadata__", x}}}), HasSubstr("reserved"));
  EXPECT_THAT(refused(ErrorKind::value, {Value(), {{"a\xff", x}}}), HasSubstr("not in UTF-8"));
  EXPECT_THAT(refused(ErrorKind::value, {Value(), {{"a", Tensor()}}}), HasSubstr(R"("a" is undefined)"));
  EXPECT_THAT(refused(ErrorKind::value, {Value(std::string((16u << 20) - 50, 'm')), {}}), HasSubstr("metadata take"));
  Value deep = Value::array();
  for (int i = 0; i < 64; ++i) deep = Value::Array{deep};
  EXPECT_THAT(refused(ErrorKind::data, {deep, {}}), HasSubstr("deeper than 64 levels"));
}

TEST_F(ModelFiles, ThatAreMissingOrFoldersAreFileErrors) {
  EXPECT_THAT(error_of(ErrorKind::file, [&] { read_model_file(path_); }), HasSubstr(path_));
  EXPECT_THAT(error_of(ErrorKind::file, [&] { read_model_file(folder_.string()); }), HasSubstr("a folder"));
  EXPECT_THAT(error_of(ErrorKind::file, [&] { write_model_file(path_ + "/x/y", small_model()); }), HasSubstr(path_));
}

TEST(ModelHash, IsTheChainOfXxHash64) {
  const std::uint64_t head = hash64(R"("w"f32[2])", 0);
  const float values[] = {1, 2};
  const std::string_view bytes(reinterpret_cast<const char*>(values), sizeof values);
  EXPECT_EQ(model_hash({{"w", Tensor::from({1, 2}, {2})}}), hash_text(hash64(bytes, head)));
  EXPECT_EQ(model_hash({}), "0000000000000000");
}

TEST(ModelHash, TellsApartNamesShapesTypesValuesAndOrder) {
  const Tensor x = Tensor::from({0, 0, 0, 0}, {2, 2}), one = Tensor::from({0, 0, 0, 1}, {2, 2});
  const std::vector<NamedTensors> models = {{{"x", x}},
                                            {{"y", x}},
                                            {{"x", one}},
                                            {{"x", Tensor::zeros({4})}},
                                            {{"x", Tensor::zeros({2, 2}, Dtype::i32)}},
                                            {{"x", x}, {"y", one}},
                                            {{"y", one}, {"x", x}},
                                            {{"x", one}, {"y", x}},
                                            {}};
  for (std::size_t i = 0; i < models.size(); ++i)
    for (std::size_t j = 0; j < models.size(); ++j)
      EXPECT_EQ(model_hash(models[i]) == model_hash(models[j]), i == j) << i << " " << j;
  EXPECT_EQ(model_hash({{"x", shard(x, 2)}}), model_hash(models[0]));
}

}  // namespace
}  // namespace gradus
