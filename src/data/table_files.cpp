#include "gradus/data/table_files.h"

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/source.h"

namespace gradus {

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
