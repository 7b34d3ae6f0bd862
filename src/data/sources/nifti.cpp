#include <algorithm>
#include <filesystem>

#include "gradus/base/file.h"
#include "gradus/data/readers/csv.h"
#include "gradus/data/volume_source.h"

namespace gradus {
namespace {

struct NiftiDataParams {
  std::string format = "nifti";
  std::string source, train, test;
  VolumeParams volumes;
  void fields(Fields& f) {
    f("format", format, {"nifti"}, "the files' format");
    f("source", source, "a table with the columns subject, image and label; the split divides its scans");
    f("train", train, "the table of the scans to train on, where training and test scans are kept apart");
    f("test", test, "the table of the scans to test on");
    volumes.fields(f);
  }
};

// Scans in a table.
class NiftiSource final : public VolumeSource {
 public:
  struct Params {
    NiftiDataParams data;
    VolumePrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };
  explicit NiftiSource(const Params& p) : VolumeSource("nifti", p.data.volumes, p.prepare), data_(p.data) {}

 private:
  Files files() const override { return {data_.source, data_.train, data_.test, "scans.csv"}; }
  std::string located(const std::string& folder, const std::string& name, const std::string& place) const override {
    return data_file(folder, name, place);
  }
  Table listed(const std::string& path) const override;
  std::string labels_sought() const override { return "column \"label\" with values"; }

  NiftiDataParams data_;
};

// The column with its file names starting where the table lies.
Column with_paths(const Column& column, const std::string& folder) {
  std::vector<std::string> paths;
  for (std::size_t r = 0; r < column.size(); ++r)
    paths.push_back(column.is_missing(r) ? "" : resolve_path(folder, column.text(r)));
  return Column::texts(column.name(), paths);
}

Table NiftiSource::listed(const std::string& path) const {
  CsvOptions options;
  options.expected_kinds = {{"subject", ColumnKind::categorical}, {"image", ColumnKind::categorical}};
  Table table = read_csv(path, options);
  table.index_of("subject");
  std::string folder = std::filesystem::path(path).parent_path().string();
  table.replace(table.index_of("image"), with_paths(table.column("image"), folder));
  const Column* label = table.find("label");
  if (label != nullptr && !label->is_numeric() && std::ranges::any_of(label->levels(), is_nifti_name))
    table.replace(table.index_of("label"), with_paths(*label, folder));
  return table;
}

}  // namespace

void register_nifti(Catalog<Source>& catalog) {
  catalog.add<NiftiSource>("nifti", "Scans in NIfTI files that a table lists, with label volumes, classes or numbers.");
}

}  // namespace gradus
