#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gradus/report/display.h"
#include "gradus/report/plot.h"
#include "gradus/report/plot_frame.h"

namespace gradus {
namespace {

constexpr char kForms[] = "*o+x#@%=";

// A canvas of characters; cell (0, 0) is the top left.
class Canvas {
 public:
  Canvas(int columns, int rows) : columns_(columns), cells_(rows, std::string(columns, ' ')) {}

  void put(double x, double y, char form) {
    int column = static_cast<int>(std::floor(x * columns_)), row = static_cast<int>(std::floor(y * rows()));
    if (x == 1) column = columns_ - 1;
    if (y == 1) row = rows() - 1;
    if (column >= 0 && column < columns_ && row >= 0 && row < rows()) cells_[row][column] = form;
  }

  // Both ends in [0, 1] x [0, 1] or outside; what lies outside is not drawn.
  void line(Point from, Point to, char form) {
    double steps = std::max(std::abs(to.x - from.x) * columns_, std::abs(to.y - from.y) * rows());
    int n = static_cast<int>(std::clamp(std::ceil(steps), 1.0, 4096.0));
    for (int i = 0; i <= n; ++i) put(from.x + (to.x - from.x) * i / n, from.y + (to.y - from.y) * i / n, form);
  }

  int rows() const { return static_cast<int>(cells_.size()); }
  const std::string& row(int r) const { return cells_[r]; }

 private:
  int columns_;
  std::vector<std::string> cells_;
};

std::string padded(const std::string& text, std::size_t width) {
  std::size_t length = text_length(text);
  return std::string(length < width ? width - length : 0, ' ') + text;
}

class TextDrawing {
 public:
  TextDrawing(const PlotSpec& spec, int columns, int rows) : spec_(spec) {
    axes_ = fit_axes(spec, std::max(3, columns / 12), std::max(3, rows / 3));
    for (const std::string& label : axes_.y.labels) gutter_ = std::max(gutter_, text_length(label));
    columns_ = std::max(8, columns - static_cast<int>(gutter_) - 2);
    rows_ = std::max(4, rows);
  }

  std::string text() const {
    Canvas canvas(columns_, rows_);
    for (const auto& c : spec_.contours)  // a few levels: characters are coarse
      for (std::size_t i = 0; i < c.levels.size(); i += 1 + c.levels.size() / 5)
        for (const auto& line : contour_lines(c.grid, c.levels[i])) connect(canvas, line, '.');
    for (const auto& s : spec_.series) draw(canvas, s);
    return heading() + body(canvas) + footer();
  }

 private:
  Point place(double x, double y) const { return {axes_.x.at(x), 1 - axes_.y.at(y)}; }

  void connect(Canvas& canvas, const std::vector<Point>& points, char form) const {
    const Point* previous = nullptr;
    for (const Point& p : points) {
      Point at = place(p.x, p.y);
      bool shown = std::isfinite(at.x) && std::isfinite(at.y);
      if (shown) canvas.line(previous ? place(previous->x, previous->y) : at, at, form);
      previous = shown ? &p : nullptr;
    }
  }

  void draw(Canvas& canvas, const PlotSpec::Series& s) const {
    char form = kForms[s.color];
    switch (s.kind) {
      case PlotSpec::Kind::line:
        return connect(canvas, thinned(s.x, s.y, axes_, columns_), form);
      case PlotSpec::Kind::path:
      case PlotSpec::Kind::points: {
        std::vector<Point> points;
        for (std::size_t i = 0; i < s.x.size(); ++i) points.push_back({s.x[i], s.y[i]});
        if (s.kind == PlotSpec::Kind::path) return connect(canvas, points, form);
        for (const Point& p : points) connect(canvas, {p}, form);
        return;
      }
      case PlotSpec::Kind::bars:
        return bars(canvas, s, form);
    }
  }

  void bars(Canvas& canvas, const PlotSpec::Series& s, char form) const {
    double base = axes_.y.log ? 1.0 : std::clamp(1 - axes_.y.at(0), 0.0, 1.0);
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      double left = axes_.x.at(s.x[i] - s.width / 2), right = axes_.x.at(s.x[i] + s.width / 2);
      double top = 1 - axes_.y.at(s.y[i]);
      if (!std::isfinite(left) || !std::isfinite(right) || !std::isfinite(top) || top == base) continue;
      for (double x = left + 0.5 / columns_; x < right; x += 1.0 / columns_)
        canvas.line({x, base}, {x, std::clamp(top, 0.0, 1.0)}, form);
    }
  }

  std::string heading() const {
    std::string title = spec_.title, label = spec_.y.label;
    if (axes_.y.log) label += label.empty() ? "log scale" : ", log scale";
    std::string line = title + (title.empty() || label.empty() ? "" : "  ") + (label.empty() ? "" : "[" + label + "]");
    return line.empty() ? "" : clean_text(line) + "\n";
  }

  std::string body(const Canvas& canvas) const {
    std::string out;
    for (int r = 0; r < rows_; ++r) {
      std::string label;
      for (std::size_t i = 0; i < axes_.y.ticks.size(); ++i) {
        double at = (1 - axes_.y.at(axes_.y.ticks[i])) * rows_;
        if (std::clamp(static_cast<int>(at), 0, rows_ - 1) == r) label = axes_.y.labels[i];
      }
      std::string row = canvas.row(r);
      row.erase(row.find_last_not_of(' ') + 1);
      out += padded(label, gutter_) + (label.empty() ? " |" : " +") + row + "\n";
    }
    return out;
  }

  std::string footer() const {
    std::string line = std::string(gutter_ + 1, ' ') + "+" + std::string(columns_, '-') + "\n";
    // Labels are written left to right; one that would run into its neighbour is left out.
    std::string labels;
    std::size_t length = 0;
    for (std::size_t i = 0; i < axes_.x.ticks.size(); ++i) {
      std::string label = clean_text(axes_.x.labels[i]);
      if (label.empty()) continue;
      double at = std::clamp(axes_.x.at(axes_.x.ticks[i]), 0.0, 1.0);
      std::size_t column = std::min(static_cast<std::size_t>(at * columns_), static_cast<std::size_t>(columns_ - 1));
      std::size_t middle = gutter_ + 2 + column, half = (text_length(label) - 1) / 2;
      std::size_t start = middle > half ? middle - half : 0;
      if (length > 0 && start < length + 1) continue;
      labels += padded(label, start - length + text_length(label));
      length = start + text_length(label);
    }
    line += labels + (labels.empty() ? "" : "\n");
    std::string axis = spec_.x.label + (axes_.x.log ? " (log scale)" : "");
    if (!axis.empty()) line += padded(clean_text(axis), gutter_ + 2 + (columns_ + text_length(axis)) / 2) + "\n";
    for (const auto& s : spec_.series)
      if (!s.name.empty()) line += fmt::format("  {} {}\n", kForms[s.color], clean_text(s.name));
    return line;
  }

  const PlotSpec& spec_;
  FittedAxes axes_;
  std::size_t gutter_ = 0;
  int columns_ = 0, rows_ = 0;
};

}  // namespace

std::string Plot::text(int columns, int rows) const { return TextDrawing(spec_, columns, rows).text(); }

}  // namespace gradus
