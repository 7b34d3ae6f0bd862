#include "gradus/model/model_file.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/text.h"
#include "gradus/tensor/impl.h"

namespace gradus {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are written as they lie in memory");

constexpr int kVersion = 1;
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kMaxHeader = 16u << 20;
constexpr std::size_t kMaxTensors = 100'000;
constexpr std::size_t kLongestName = 80;  // in messages
constexpr std::string_view kMetadata = "__metadata__";

struct DtypeName {
  Dtype dtype;
  std::string_view name;
};
constexpr DtypeName kDtypes[] = {
    {Dtype::f32, "F32"}, {Dtype::f64, "F64"}, {Dtype::bf16, "BF16"}, {Dtype::i32, "I32"}, {Dtype::u8, "U8"}};

std::string_view file_name(Dtype dtype) {
  return std::find_if(std::begin(kDtypes), std::end(kDtypes), [&](auto& d) { return d.dtype == dtype; })->name;
}

std::optional<Dtype> dtype_of(const Value& file_name) {
  for (const DtypeName& d : kDtypes)
    if (file_name.is_string() && file_name.as_string() == d.name) return d.dtype;
  return std::nullopt;
}

std::string tensor_label(std::string_view name) {
  return "tensor " + quoted(name.substr(0, kLongestName)) + (name.size() > kLongestName ? "..." : "");
}

// A tensor's place in the file; offsets are counted from the end of the header.
struct Entry {
  std::string name;
  Dtype dtype = Dtype::f32;
  Shape shape;
  std::size_t begin = 0, end = 0;
};

// --- writing ---

[[noreturn]] void refuse(const std::string& path, const std::string& message) {
  throw Error(ErrorKind::value, path, "cannot write: " + message);
}

void check_tensors(const std::string& path, const NamedTensors& tensors) {
  if (tensors.size() > kMaxTensors)
    refuse(path,
           std::to_string(tensors.size()) + " tensors; at most " + std::to_string(kMaxTensors) + " are read back");
  std::set<std::string_view> names;
  for (const auto& [name, tensor] : tensors) {
    if (!tensor.defined()) refuse(path, tensor_label(name) + " is undefined");
    if (name == kMetadata) refuse(path, tensor_label(name) + " has a reserved name");
    if (parse_json(quoted(name), "").as_string() != name) refuse(path, tensor_label(name) + " has a name not in UTF-8");
    if (!names.insert(name).second) refuse(path, tensor_label(name) + " occurs twice");
  }
}

// The positions of tensors in the order of their data.
std::vector<std::size_t> data_order(const NamedTensors& tensors) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  auto width = [&](std::size_t i) { return item_size(tensors[i].second.dtype()); };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return width(a) > width(b); });
  return order;
}

std::string metadata_text(const std::string& path, const Value& metadata) {
  std::string text = to_json(metadata, -1);
  parse_json(text, path + ": metadata", kMaxHeader);  // what could not be read back must not be written
  return text;
}

// Of all that a file says.
std::string checksum_of(const NamedTensors& tensors, std::string_view metadata) {
  return hash_text(hash64(metadata, hash64(model_hash(tensors))));
}

Value header_of(const std::string& path, const ModelFile& model, const std::vector<std::size_t>& order) {
  std::vector<Value> offsets(order.size());
  std::size_t end = 0;
  for (std::size_t i : order) {
    const std::size_t begin = end;
    end += bytes_of(model.tensors[i].second).size();
    offsets[i] = Value::Array{begin, end};
  }
  Value::Table header;
  Value& about = header.emplace_back(kMetadata, Value::table()).second;
  const std::string metadata = metadata_text(path, model.metadata);
  about.set("gradus", std::to_string(kVersion));
  about.set("checksum", checksum_of(model.tensors, metadata));
  about.set("metadata", metadata);
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const auto& [name, tensor] = model.tensors[i];
    Value& info = header.emplace_back(name, Value::table()).second;
    info.set("dtype", file_name(tensor.dtype()));
    info.set("shape", Value::Array(tensor.shape().begin(), tensor.shape().end()));
    info.set("data_offsets", std::move(offsets[i]));
  }
  return header;
}

// The header's length and the header, padded.
std::string header_bytes(const std::string& path, const Value& header) {
  std::string text = to_json(header, -1);
  const std::size_t used = kLengthBytes + text.size();
  text.append((used + kAlignment - 1) / kAlignment * kAlignment - used, ' ');
  if (text.size() > kMaxHeader)
    refuse(path, "names and metadata take " + std::to_string(text.size()) + " bytes; at most " +
                     std::to_string(kMaxHeader) + " are read back");
  std::string bytes(kLengthBytes, '\0');
  const std::uint64_t length = text.size();
  std::memcpy(bytes.data(), &length, kLengthBytes);
  return bytes + text;
}

// --- reading ---

// The checks of one file; each failure is an Error{data} that names it.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), file_(path) {}

  ModelFile read() {
    const Value header = read_header();
    ModelFile model;
    model.metadata = read_metadata(header);
    if (header.as_table().size() > kMaxTensors + 1)  // the metadata is a member too
      fail("more than " + std::to_string(kMaxTensors) + " tensors, the most allowed");
    std::vector<Entry> entries;
    for (const auto& [name, info] : header.as_table())
      if (name != kMetadata) entries.push_back(read_entry(name, info));
    check_tiling(entries);
    for (const Entry& e : entries) {
      Tensor t = Tensor::empty(e.shape, e.dtype);
      file_.read(data_begin_ + e.begin, t.impl().slots[0].data, e.end - e.begin);
      model.tensors.emplace_back(e.name, std::move(t));
    }
    check_sum(*header.find(kMetadata), model.tensors);
    return model;
  }

 private:
  [[noreturn]] void fail(const std::string& message, const std::string& fix = "the file is damaged") const {
    throw Error(ErrorKind::data, path_, message, fix);
  }

  [[noreturn]] void fail_foreign(const std::string& message) const {
    fail("no gradus model: " + message, "give a model.safetensors that gradus wrote");
  }

  Value read_header() {
    char begin[kLengthBytes + 1] = {};
    file_.read(0, begin, sizeof begin);
    if (file_.size() < kLengthBytes) fail_foreign("only " + std::to_string(file_.size()) + " bytes long");
    std::uint64_t length;
    std::memcpy(&length, begin, kLengthBytes);
    // What does not open a JSON object is more likely another kind of file than a damaged one.
    if (begin[kLengthBytes] != '{') fail_foreign("it does not start as a safetensors file does");
    if (length > file_.size() - kLengthBytes)
      fail("a header of " + std::to_string(length) + " bytes in a file of " + std::to_string(file_.size()),
           "the file is cut off or damaged");
    if (length > kMaxHeader)
      fail("a header of " + std::to_string(length) + " bytes; at most " + std::to_string(kMaxHeader) + " are allowed");
    std::string text(length, ' ');
    file_.read(kLengthBytes, text.data(), length);
    data_begin_ = kLengthBytes + length;
    Value header = parse_json(text, path_, kMaxHeader);
    check_unique_names(text, header);
    return header;
  }

  // The parser keeps the last of members with equal names. In valid JSON each member has one colon outside of strings,
  // so fewer members than colons mean that a name was repeated.
  void check_unique_names(std::string_view text, const Value& header) const {
    std::size_t members = count_members(header), colons = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '"') in_string = !in_string;
      if (text[i] == '\\') ++i;
      if (text[i] == ':' && !in_string) ++colons;
    }
    if (colons != members) fail("a name occurs twice in the header");
  }

  static std::size_t count_members(const Value& value) {
    std::size_t n = 0;
    if (value.is_array())
      for (const Value& v : value.as_array()) n += count_members(v);
    if (value.is_table())
      for (const auto& [name, v] : value.as_table()) n += 1 + count_members(v);
    return n;
  }

  Value read_metadata(const Value& header) const {
    const Value* about = header.find(kMetadata);
    const Value* version = about != nullptr ? about->find("gradus") : nullptr;
    if (version == nullptr) fail_foreign("a safetensors file of another program");
    const std::string text = version->is_string() ? version->as_string() : "";
    int number = 0;
    auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (status != std::errc() || end != text.data() + text.size() || number < 1)
      fail("the version of the form is " + describe(*version));
    if (number > kVersion)
      fail("written by a newer gradus, in form " + text + "; this one reads up to " + std::to_string(kVersion),
           "update gradus");
    const Value* metadata = about->find("metadata");
    if (metadata == nullptr || !metadata->is_string()) fail("the metadata are missing");
    return parse_json(metadata->as_string(), path_ + ": metadata", kMaxHeader);
  }

  // Bits that changed since the file was written would only make other predictions. Other writers make no checksum.
  void check_sum(const Value& about, const NamedTensors& tensors) const {
    const Value* written = about.find("checksum");
    if (written != nullptr && *written != Value(checksum_of(tensors, about.at("metadata").as_string())))
      fail("its content does not fit its checksum", "the file is damaged: copy it again, or train the model again");
  }

  Entry read_entry(const std::string& name, const Value& info) const {
    const Value *dtype = info.find("dtype"), *shape = info.find("shape"), *offsets = info.find("data_offsets");
    if (dtype == nullptr || shape == nullptr || offsets == nullptr || info.as_table().size() != 3)
      fail(tensor_label(name) + " does not have dtype, shape and data_offsets alone");
    const std::optional<Dtype> known = dtype_of(*dtype);
    if (!known) fail(tensor_label(name) + " has an unknown dtype, " + describe(*dtype));

    const std::vector<std::int64_t> sizes = read_sizes(name, "shape", *shape);
    if (sizes.size() > kMaxRank)
      fail(tensor_label(name) + " has " + std::to_string(sizes.size()) + " axes; at most 8 are allowed");
    check_elements(name, sizes);
    const std::vector<std::int64_t> range = read_sizes(name, "data_offsets", *offsets);
    if (range.size() != 2 || range[0] > range[1] || static_cast<std::uint64_t>(range[1]) > data_size())
      fail(tensor_label(name) + " lies outside of the file's " + std::to_string(data_size()) + " bytes of data");

    Entry entry{name, *known, Shape(sizes), static_cast<std::size_t>(range[0]), static_cast<std::size_t>(range[1])};
    if (static_cast<std::size_t>(entry.shape.size()) * item_size(*known) != entry.end - entry.begin)
      fail(tensor_label(name) + " of " + dtype_name(*known) + " " + entry.shape.text() + " has " +
           std::to_string(entry.end - entry.begin) + " bytes of data");
    return entry;
  }

  std::vector<std::int64_t> read_sizes(const std::string& name, const char* what, const Value& list) const {
    std::vector<std::int64_t> sizes;
    bool valid = list.is_array();
    if (valid)
      for (const Value& v : list.as_array()) {
        valid = valid && v.type() == Value::Type::integer && v.as_integer() >= 0;
        if (valid) sizes.push_back(v.as_integer());
      }
    if (!valid) fail(tensor_label(name) + ": " + what + " is not a list of whole numbers >= 0");
    return sizes;
  }

  void check_elements(const std::string& name, const std::vector<std::int64_t>& sizes) const {
    // Sizes of 0 are left out of the check: products of some of the axes must not overflow either.
    std::int64_t elements = 1;
    for (std::int64_t size : sizes)
      if (__builtin_mul_overflow(elements, std::max<std::int64_t>(size, 1), &elements) || elements > kMostElements)
        fail(tensor_label(name) + " has a shape too large for any memory");
  }

  // Every byte of data belongs to exactly one tensor.
  void check_tiling(const std::vector<Entry>& entries) const {
    std::vector<const Entry*> order(entries.size());
    std::transform(entries.begin(), entries.end(), order.begin(), [](const Entry& e) { return &e; });
    std::sort(order.begin(), order.end(),
              [](auto a, auto b) { return std::pair(a->begin, a->end) < std::pair(b->begin, b->end); });
    std::size_t end = 0;
    for (const Entry* e : order) {
      if (e->begin != end)
        fail(tensor_label(e->name) + " starts at byte " + std::to_string(e->begin) + " of the data where " +
             std::to_string(end) + " was expected");
      end = e->end;
    }
    if (end != data_size()) fail(std::to_string(data_size() - end) + " bytes at the end belong to no tensor");
  }

  std::uint64_t data_size() const { return file_.size() - data_begin_; }

  std::string path_;
  InputFile file_;
  std::uint64_t data_begin_ = 0;  // behind the header
};

}  // namespace

void write_model_file(const std::string& path, const ModelFile& model) {
  check_tensors(path, model.tensors);
  ModelFile whole{model.metadata, {}};
  for (const auto& [name, tensor] : model.tensors) whole.tensors.emplace_back(name, gather_shards(tensor.detach()));
  const std::vector<std::size_t> order = data_order(whole.tensors);
  const std::string header = header_bytes(path, header_of(path, whole, order));
  std::vector<std::string_view> pieces{header};
  pieces.reserve(1 + order.size());
  for (std::size_t i : order) pieces.push_back(bytes_of(whole.tensors[i].second));
  write_file(path, pieces);
}

ModelFile read_model_file(const std::string& path) { return Reader(path).read(); }

std::string model_hash(const NamedTensors& tensors) {
  std::uint64_t hash = 0;
  for (const auto& [name, tensor] : tensors) {
    const Tensor whole = gather_shards(tensor.detach());
    hash = hash64(quoted(name) + dtype_name(whole.dtype()) + whole.shape().text(), hash);
    hash = hash64(bytes_of(whole), hash);
  }
  return hash_text(hash);
}

}  // namespace gradus
