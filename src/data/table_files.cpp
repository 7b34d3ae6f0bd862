#include "gradus/data/table_files.h"

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/source.h"

namespace gradus {

void PartFiles::check(const SplitParams& split, const std::string& example) const {
  bool by_files = split.method == "files";
  std::string ending = example.substr(std::min(example.rfind('.'), example.size()));
  if (!source.empty() && !(train.empty() && test.empty()))
    throw Error(ErrorKind::config, "data",
                "names both source and train or test files, and only one of them can be meant",
                "keep source to split one table, or train and test with split = { method = \"files\" }");
  if (by_files && (train.empty() || test.empty()))
    throw Error(ErrorKind::config, "prepare.split",
                std::string("method \"files\" takes the parts from files, and [data] names no ") +
                    (train.empty() ? "training file" : "test file"),
                "write train = " + quoted("train" + ending) + " and test = " + quoted("test" + ending) +
                    " under [data], or choose another method");
  if (!by_files && source.empty())
    throw Error(ErrorKind::config, train.empty() ? "data.source" : "prepare.split",
                train.empty() ? "is missing" : "[data] gives train and test files, so the split must be by files",
                train.empty() ? "write source = " + quoted(example) + " under [data]"
                              : "write split = { method = \"files\", validation = 0.1 }");
}

Table read_tables(const std::vector<std::string>& files, const std::string& folder, const std::string& place,
                  const CsvOptions& options) {
  auto path = [&](std::size_t i) {
    return data_file(folder, files[i], files.size() == 1 ? place : place + "[" + std::to_string(i) + "]");
  };
  Table table = read_csv(path(0), options);
  if (table.rows() == 0) throw Error(ErrorKind::data, table.name(), "has a header and no rows");
  for (std::size_t i = 1; i < files.size(); ++i) {
    Table more = read_csv(path(i), options);
    for (const std::string& column : more.names())
      if (table.find(column) == nullptr)
        throw Error(ErrorKind::data, more.name(),
                    "has a column " + quoted(column) + " that " + table.name() + " has not",
                    "files listed together need the same columns");
    table.append(more);
  }
  return table;
}

}  // namespace gradus
