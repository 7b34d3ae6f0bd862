#include "gradus/data/transform.h"

namespace gradus {

void register_transforms(Catalog<TableTransform>& catalog);  // written by the build from the folder's listing

RowIndices TableTransform::usable_rows(const Table&, const RowIndices& rows) const { return rows; }

const Catalog<TableTransform>& table_transforms() {
  static const Catalog<TableTransform> catalog = [] {
    Catalog<TableTransform> all("transform");
    register_transforms(all);
    return all;
  }();
  return catalog;
}

}  // namespace gradus
