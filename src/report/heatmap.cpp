#include "gradus/report/heatmap.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/report/display.h"
#include "gradus/report/svg.h"

namespace gradus {
namespace {

constexpr std::size_t kMostNumbered = 20;  // rows and columns up to which cells carry numbers
constexpr std::size_t kLongestLabel = 18;
constexpr int kSteps = 9;
constexpr double kLabelRoom = 12;  // user units that a line of text needs

class HeatmapDrawing {
 public:
  explicit HeatmapDrawing(const Heatmap& map)
      : map_(map), rows_(map.row_labels.size()), columns_(map.column_labels.size()) {
    check();
    shade();
    place();
  }

  std::string svg() const {
    double width = left_ + static_cast<double>(columns_) * cell_ + right_;
    double height = top_ + static_cast<double>(rows_) * cell_ + bottom_;
    std::string out = fmt::format(
        "<svg class=\"plot heat\" viewBox=\"0 0 {0} {1}\" style=\"min-width:{2:.0f}px;max-width:{3:.0f}px\" "
        "role=\"img\" aria-label=\"{4}\"{5}>",
        coordinate(width), coordinate(height), 0.72 * width, (numbered() ? 1.25 : 1.0) * width,
        escape_html(description()), readout());
    out += cells() + labels(height);
    if (numbered()) out += numbers();
    return out + "</svg>";
  }

 private:
  bool numbered() const { return std::max(rows_, columns_) <= kMostNumbered; }
  double value(std::size_t r, std::size_t c) const { return map_.values[r * columns_ + c]; }

  void check() const {
    std::size_t cells = rows_ * columns_;
    if (cells == 0 || map_.values.size() != cells || (!map_.shades.empty() && map_.shades.size() != cells))
      throw Error(ErrorKind::shape, {"heat map " + map_.title, fmt::format("{} x {} values", rows_, columns_),
                                     fmt::format("{} values, {} shades", map_.values.size(), map_.shades.size()), ""});
  }

  // Nine steps; only what is exactly zero is paper-white.
  void shade() {
    std::vector<double> shades = map_.shades;
    if (shades.empty()) {
      double low = INFINITY, high = -INFINITY;
      for (double v : map_.values)
        if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
      for (double v : map_.values) shades.push_back(high > low ? (v - low) / (high - low) : 0);
    }
    for (double s : shades)
      steps_.push_back(s > 0 ? std::clamp(static_cast<int>(std::ceil(s * (kSteps - 1))), 1, kSteps - 1) : 0);
  }

  void place() {
    double most = static_cast<double>(std::max(rows_, columns_));
    double digits = 0, row_width = 0, column_width = 0;
    for (double v : map_.values) digits = std::max(digits, text_width(format_number(v)));
    cell_ = numbered() ? std::max(std::clamp(300 / most, 30.0, 84.0), digits + 6) : std::clamp(560 / most, 2.0, 18.0);
    every_ = static_cast<std::size_t>(std::ceil(kLabelRoom / cell_));
    for (const auto& l : map_.row_labels) row_width = std::max(row_width, text_width(shorten(l, kLongestLabel)));
    for (const auto& l : map_.column_labels)
      column_width = std::max(column_width, text_width(shorten(l, kLongestLabel)));
    slanted_ = column_width > cell_ * static_cast<double>(every_) - 2;
    top_ = 24;
    left_ = row_width + 10;
    right_ = std::max(8.0, heading_width() - left_ - static_cast<double>(columns_) * cell_);
    bottom_ = (slanted_ ? 0.72 * column_width + 14 : 18) + 20;
  }

  // Of the title and, behind it, what the rows are.
  double heading_width() const {
    constexpr double kGap = 12;
    return map_.title.empty() || map_.row_axis.empty()
               ? 0
               : text_width(map_.title) + kGap + text_width("↓ " + map_.row_axis);
  }

  std::string cells() const {
    std::array<std::string, kSteps> blue, orange;
    for (std::size_t r = 0; r < rows_; ++r)
      for (std::size_t c = 0; c < columns_; ++c) {
        int step = steps_[r * columns_ + c];
        if (step == 0) continue;
        std::string& d = map_.confusion && r != c ? orange[step] : blue[step];
        d += fmt::format("M{} {}h1v1h-1z", c, r);
      }
    std::string out = fmt::format("<g transform=\"translate({} {}) scale({})\">", coordinate(left_), coordinate(top_),
                                  coordinate(cell_));
    out += fmt::format("<path class=\"h0\" d=\"M0 0h{}v{}h-{}z\"/>", columns_, rows_, columns_);
    for (int step = 1; step < kSteps; ++step) {
      if (!blue[step].empty()) out += fmt::format("<path class=\"h{}\" d=\"{}\"/>", step, blue[step]);
      if (!orange[step].empty()) out += fmt::format("<path class=\"m{}\" d=\"{}\"/>", step, orange[step]);
    }
    out += "</g>";
    if (!numbered()) return out;
    std::string lines;  // paper-coloured gaps between large cells
    double width = static_cast<double>(columns_) * cell_, height = static_cast<double>(rows_) * cell_;
    for (std::size_t c = 0; c <= columns_; ++c)
      lines += fmt::format("M{} {}v{}", coordinate(left_ + static_cast<double>(c) * cell_), coordinate(top_),
                           coordinate(height));
    for (std::size_t r = 0; r <= rows_; ++r)
      lines += fmt::format("M{} {}h{}", coordinate(left_), coordinate(top_ + static_cast<double>(r) * cell_),
                           coordinate(width));
    return out + "<path class=\"cells\" d=\"" + lines + "\"/>";
  }

  std::string labels(double height) const {
    std::string out = svg_text(0, 13, map_.title, "class=\"title\"");
    for (std::size_t r = 0; r < rows_; r += every_)
      out += svg_text(left_ - 6, top_ + (static_cast<double>(r) + 0.5) * cell_ + 4,
                      shorten(map_.row_labels[r], kLongestLabel), "text-anchor=\"end\"");
    double y = top_ + static_cast<double>(rows_) * cell_ + 14;
    for (std::size_t c = 0; c < columns_; c += every_) {
      double x = left_ + (static_cast<double>(c) + 0.5) * cell_;
      std::string turned =
          fmt::format("text-anchor=\"end\" transform=\"rotate(-45 {0} {1})\"", coordinate(x + 4), coordinate(y - 2));
      out += slanted_ ? svg_text(x + 4, y - 2, shorten(map_.column_labels[c], kLongestLabel), turned)
                      : svg_text(x, y, shorten(map_.column_labels[c], kLongestLabel), "text-anchor=\"middle\"");
    }
    double right = left_ + static_cast<double>(columns_) * cell_;
    if (!map_.column_axis.empty()) out += svg_text(right, height - 4, map_.column_axis + " →", "text-anchor=\"end\"");
    if (!map_.row_axis.empty())
      out += svg_text(std::max(right, heading_width()), 13, "↓ " + map_.row_axis, "text-anchor=\"end\"");
    return out;
  }

  std::string numbers() const {
    std::string out;
    for (std::size_t r = 0; r < rows_; ++r)
      for (std::size_t c = 0; c < columns_; ++c) {
        if (value(r, c) == 0) continue;
        bool dark = steps_[r * columns_ + c] > kSteps / 2;
        out += svg_text(left_ + (static_cast<double>(c) + 0.5) * cell_,
                        top_ + (static_cast<double>(r) + 0.5) * cell_ + 4, format_number(value(r, c)),
                        dark ? "class=\"on\" text-anchor=\"middle\"" : "class=\"off\" text-anchor=\"middle\"");
      }
    return out;
  }

  // Labels, and the cells that are not zero as "row column value", for the page's script.
  std::string readout() const {
    auto join = [](const std::vector<std::string>& labels) {
      std::string out;
      for (std::string line : labels) {
        std::replace(line.begin(), line.end(), '\n', ' ');
        out += line + "\n";
      }
      return escape_html(out.substr(0, out.size() - 1));
    };
    std::string sparse;
    for (std::size_t r = 0; r < rows_; ++r)
      for (std::size_t c = 0; c < columns_; ++c)
        if (value(r, c) != 0) sparse += fmt::format("{}{} {} {:.6g}", sparse.empty() ? "" : " ", r, c, value(r, c));
    return fmt::format(
        " data-heat=\"{} {} {} {} {}\" data-rows=\"{}\" data-columns=\"{}\" data-axes=\"{}\n{}\" data-cells=\"{}\"{}",
        coordinate(left_), coordinate(top_), coordinate(cell_), rows_, columns_, join(map_.row_labels),
        map_.row_labels == map_.column_labels ? "" : join(map_.column_labels), escape_html(map_.row_axis),
        escape_html(map_.column_axis), sparse, map_.confusion ? " data-counts" : "");
  }

  std::string description() const {
    std::string out = map_.title.empty() ? "Heat map" : map_.title;
    out += fmt::format("; {} rows", rows_) + (map_.row_axis.empty() ? "" : " (" + map_.row_axis + ")");
    return out + fmt::format(", {} columns", columns_) +
           (map_.column_axis.empty() ? "" : " (" + map_.column_axis + ")");
  }

  const Heatmap& map_;
  std::size_t rows_, columns_;
  std::vector<int> steps_;
  double cell_ = 0, left_ = 0, right_ = 0, top_ = 0, bottom_ = 0;
  std::size_t every_ = 1;
  bool slanted_ = false;
};

}  // namespace

std::string Heatmap::svg() const { return HeatmapDrawing(*this).svg(); }

Heatmap confusion_heatmap(const std::vector<std::string>& classes, const std::vector<std::vector<double>>& counts) {
  std::size_t n = classes.size();
  bool square = counts.size() == n;
  for (const auto& row : counts) square = square && row.size() == n;
  if (!square)
    throw Error(ErrorKind::shape, {"confusion matrix", fmt::format("{0} rows of {0} counts, one for each class", n),
                                   fmt::format("{} rows", counts.size()), ""});
  Heatmap map;
  map.row_axis = "true";
  map.column_axis = "predicted";
  map.row_labels = map.column_labels = classes;
  map.confusion = true;
  for (const auto& row : counts) {
    double total = 0;
    for (double v : row) total += v;
    for (double v : row) {
      bool right = map.values.size() % (n + 1) == 0;
      double share = total > 0 ? v / total : 0;
      map.values.push_back(v);
      map.shades.push_back(right ? share : std::sqrt(share));
    }
  }
  return map;
}

}  // namespace gradus
