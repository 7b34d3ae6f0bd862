#pragma once

#include <string>
#include <vector>

namespace gradus {

// A table of numbers shown as shaded cells. Up to 20 rows and columns each cell carries its number; beyond that only
// its shade, and the numbers show under the pointer.
struct Heatmap {
  std::string title;
  std::string row_axis, column_axis;  // "true", "predicted"
  std::vector<std::string> row_labels, column_labels;
  std::vector<double> values;  // [rows, columns]
  std::vector<double> shades;  // [rows, columns] in [0, 1]; when empty, the values from their minimum to their maximum
  bool confusion = false;      // counts of answers: the diagonal blue, all else orange, shares of a row read out

  // An <svg> element for an HTML page that holds plot_style(). Throws Error{shape} when sizes disagree.
  std::string svg() const;
};

// counts[i][j]: rows of class i taken for class j. Shaded by the share of the true class: right answers blue, mistakes
// orange and by the share's square root, so that rare ones show. Throws Error{shape} unless counts are as many as the
// classes.
Heatmap confusion_heatmap(const std::vector<std::string>& classes, const std::vector<std::vector<double>>& counts);

}  // namespace gradus
