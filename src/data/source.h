#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/catalog.h"
#include "gradus/data/dataset.h"
#include "gradus/data/linear_scale.h"
#include "gradus/data/readers/image.h"
#include "gradus/data/split.h"
#include "gradus/data/task.h"

namespace gradus {

class Tokenizer;

// What a source gives to training: three parts, prepared by statistics of the training part alone. A part without rows
// is null.
struct LoadedData {
  std::shared_ptr<const Dataset> train, validation, test;
  TaskSpec task;
  Value summary;                     // for reports: rows per part, columns, class counts
  std::vector<std::string> notes;    // what was found and repaired
  std::vector<double> class_counts;  // training examples per class
  std::int64_t symbols = 0;          // how many different numbers inputs hold, where they are symbols
  // What people know each test example by: the beginning of a text, the letters or the file of a sequence, the time of
  // the last step that a series' forecast is for. Empty where there is nothing to read.
  std::vector<std::string> test_names = {};
};

// Examples to predict for, or to evaluate on.
struct OpenedData {
  std::shared_ptr<const Dataset> data;
  bool has_target = false;
  std::vector<std::string> notes;  // what the user should know of how the data are taken
  // What stands beside each prediction in the output (an identifier, the true value), by column; may be empty.
  std::vector<std::pair<std::string, std::vector<std::string>>> echo;
  // The column of `echo` that names the examples' files; null where the data name none.
  const std::vector<std::string>* file_names() const;
  std::vector<double> spacing = {};  // of a mask's places, as TaskSpec has it for those trained on; empty: 1
  // Writes the classes predicted for all places of all examples, in their order, into `folder` in the files' own
  // format, and returns the names of the files written; null where a format has none for them.
  std::function<std::vector<std::string>(const std::string& folder, std::span<const std::int32_t> classes)>
      write_masks = nullptr;
  // The classes of the places of one example as a mask of the size that its file has; null where that is the examples'.
  std::function<LabelImage(std::int64_t example, const LabelImage& mask)> in_own_size = nullptr;
};

// How a source prepared its images: input = (raw - shift[channel]) * scale[channel], raw values lying between `low`
// (shown black) and `high` (white). A single shift and scale are all channels'.
struct ImageFormat {
  std::vector<float> shift = {0}, scale = {1};
  float low = 0, high = 255;

  // One scale for all channels, or one for each.
  static ImageFormat of(const std::vector<LinearScale>& scales);
  // For the model file. restored throws Error{data} for a state that is damaged, or of other than `channels` channels.
  Value state() const;
  static ImageFormat restored(const Value& state, std::size_t channels);
};

// A picture of bytes [height, width, channels]; 1 channel is grey, 3 are red, green, blue.
struct Pixels {
  int width = 0, height = 0, channels = 1;
  std::vector<std::uint8_t> values;
};

// Image `row` of prepared inputs [n, height, width, channels] as it was, or of volumes [n, depth, height, width,
// channels] one slice. Of other numbers of channels than 1 and 3 the first is shown. Error{shape} for other inputs.
Pixels pixels_of(const ImageFormat& format, const Tensor& inputs, std::int64_t row, std::int64_t slice = 0);

// Raw data of one format turned into datasets. Made from the config for training, or from a model file's state for
// prediction. Each file of sources/ holds one.
class Source {
 public:
  virtual ~Source() = default;

  // Reads, checks, splits and prepares the data of the config. Relative paths start at `folder`.
  virtual LoadedData load(const std::string& folder, std::uint64_t seed) = 0;
  // Everything that treats new raw data as the training data was treated.
  virtual Value state() const = 0;
  virtual void restore(const Value& state) = 0;
  // New raw data in the files a user names; with `need_target`, Error{data} when they hold no target.
  virtual OpenedData open(const std::vector<std::string>& files, bool need_target) = 0;
  // How its examples are images; none where they are not.
  virtual std::optional<ImageFormat> image_format() const { return std::nullopt; }
  // What divides its texts into symbols; null where it has none.
  virtual const Tokenizer* tokenizer() const { return nullptr; }
  // What divides the texts that are to be made of them; null where it has none.
  virtual const Tokenizer* target_tokenizer() const { return nullptr; }
};

// The `[data]` and `[prepare]` sections as written.
struct SourceConfig {
  Value data = Value::table();
  Value prepare = Value::table();
};

// Format name -> source. The factory's table holds "data" and "prepare", each with the format's own keys.
const Catalog<Source>& sources();

// The source a config asks for: `format`, or what the files' names say.
std::unique_ptr<Source> make_source(const SourceConfig& config);
std::string source_format(const SourceConfig& config);

// The path of a file that the key `place` of a config names; relative names start at the config's folder. Throws
// Error{file} that says where it looked when there is none.
std::string data_file(const std::string& folder, const std::string& name, const std::string& place);

// `data` with its relative file names, which start at the folder `from`, written so that they start at `to`.
Value with_files_from(Value data, const std::string& from, const std::string& to);

// For summaries: rows per part, and how many of each class a part has: { name = { train, validation, test } }.
Value part_sizes(const Split& parts);
Value class_table(const Split& parts, const std::vector<std::int32_t>& classes, const std::vector<std::string>& names);

// `prepare.split` of a config as parameters; Error{config} that says what to write when there is none.
SplitParams required_split(const Value& split);

}  // namespace gradus
