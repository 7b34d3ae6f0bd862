#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "gradus/report/display.h"
#include "gradus/report/plot.h"
#include "gradus/report/plot_frame.h"
#include "gradus/report/svg.h"

namespace gradus {
namespace {

constexpr double kLineHeight = 19;
constexpr std::size_t kLongestName = 28;   // characters of a name in the legend or on an axis
constexpr std::size_t kMostPoints = 4000;  // of one scatter
constexpr std::size_t kMostMarkers = 150;  // of one path
constexpr int kShades = 9;                 // colour classes of contour levels
constexpr double kMarkGap = 5;             // between an upright mark and its label

struct LegendEntry {
  const PlotSpec::Series* series;
  double x, y, width;
};

bool drawn_as_line(const PlotSpec::Series& s) {
  return s.kind == PlotSpec::Kind::line || s.kind == PlotSpec::Kind::path;
}

// Path data: a step of a polyline, which the first one starts; and a dot, a stroke without length.
std::string step(const Point& p, bool first) {
  return fmt::format("{}{} {}", first ? "M" : " ", coordinate(p.x), coordinate(p.y));
}
std::string dot(const Point& p) { return fmt::format("M{} {}h0", coordinate(p.x), coordinate(p.y)); }

// Draws one plot. Everything but the data's own area is placed before the first mark is made.
class Drawing {
 public:
  Drawing(const PlotSpec& spec, bool readout) : spec_(spec), readout_(readout) {
    double room = spec.height - 90.0;
    axes_ = fit_axes(spec, std::max(5, spec.width / 75), std::max(3, static_cast<int>(room / 27)));
    place();
  }

  std::string svg(const std::string& attributes) const {
    std::string out = fmt::format("<svg class=\"plot\" viewBox=\"0 0 {} {}\"{}{} role=\"img\" aria-label=\"{}\"{}>",
                                  spec_.width, spec_.height, attributes.empty() ? "" : " ", attributes,
                                  escape_html(description()), readout_ ? readout_frame() : "");
    out += heading() + legend() + frame();
    out += fmt::format("<svg x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\">", coordinate(left_), coordinate(top_),
                       coordinate(width_), coordinate(height_));
    for (const auto& c : spec_.contours) out += contours(c);
    if (spec_.identity) out += identity();
    for (const auto& s : spec_.series) out += series(s);
    for (const auto& m : spec_.marks) out += mark(m);
    return out + "</svg></svg>";
  }

 private:
  void place() {
    top_ = spec_.title.empty() && spec_.y.label.empty() ? 8 : kLineHeight + 8;
    for (const auto& s : spec_.series)
      if (!s.name.empty()) legend_.push_back({&s, 0, 0, 0});
    if (legend_.size() == 1 && legend_[0].series->name == spec_.title) legend_.clear();
    double x = 0;
    for (LegendEntry& entry : legend_) {
      entry.width = 26 + text_width(shorten(entry.series->name, kLongestName)) + 12;
      if (x > 0 && x + entry.width > spec_.width) {
        x = 0;
        top_ += kLineHeight;
      }
      entry.x = x;
      entry.y = top_ + 6;
      x += entry.width;
    }
    if (!legend_.empty()) top_ += kLineHeight + 2;

    double widest = 0;
    for (const std::string& label : axes_.y.labels) widest = std::max(widest, text_width(label));
    left_ = widest + 10;
    width_ = spec_.width - left_ - 12;
    bottom_ = 24 + (spec_.x.label.empty() ? 0 : kLineHeight - 2);
    if (!spec_.x.categories.empty()) {
      double slot = width_ / static_cast<double>(std::max<std::size_t>(1, axes_.x.labels.size()));
      double longest = 0;
      for (const std::string& label : axes_.x.labels)
        longest = std::max(longest, text_width(shorten(label, kLongestName)));
      slanted_ = longest > slot;
      if (slanted_) bottom_ += 0.6 * longest;
    }
    height_ = std::max(20.0, spec_.height - top_ - bottom_);
  }

  double px(double x) const { return axes_.x.at(x) * width_; }
  double py(double y) const { return (1 - axes_.y.at(y)) * height_; }

  std::string heading() const {
    std::string label = spec_.y.label.empty() ? "" : "↑ " + spec_.y.label;  // what the upright axis measures
    if (axes_.y.log) label += label.empty() ? "log scale" : ", log scale";
    if (spec_.title.empty() && label.empty()) return "";
    std::string out = "<text x=\"0\" y=\"15\">";
    if (!spec_.title.empty()) out += "<tspan class=\"title\">" + escape_html(spec_.title) + "</tspan>";
    if (!label.empty())
      out += fmt::format("<tspan{}>{}</tspan>", spec_.title.empty() ? "" : " dx=\"8\"", escape_html(label));
    return out + "</text>";
  }

  std::string legend() const {
    std::string out;
    for (const LegendEntry& e : legend_) {
      bool filled = e.series->kind == PlotSpec::Kind::bars;
      bool dots = e.series->kind == PlotSpec::Kind::points;
      if (filled)
        out += fmt::format("<path class=\"bars f{}\" d=\"M{} {}h12v9h-12z\"/>", e.series->color, coordinate(e.x + 4),
                           coordinate(e.y - 4));
      else
        out += fmt::format("<path class=\"{} s{}\"{} d=\"M{} {}h{}\"/>", dots ? "dots" : "line", e.series->color,
                           e.series->dashed ? " stroke-dasharray=\"5 4\"" : "", coordinate(e.x + (dots ? 10 : 1)),
                           coordinate(e.y), dots ? 0 : 18);
      out += svg_text(e.x + 25, e.y + 4, shorten(e.series->name, kLongestName));
    }
    return out;
  }

  std::string frame() const {
    std::string grid, texts;
    double bottom = top_ + height_;
    for (std::size_t i = 0; i < axes_.y.ticks.size(); ++i) {
      double y = top_ + py(axes_.y.ticks[i]);
      grid += fmt::format("M{} {}h{}", coordinate(left_), coordinate(y), coordinate(width_));
      texts += svg_text(left_ - 6, y + 4, axes_.y.labels[i], "text-anchor=\"end\"");
    }
    bool categories = !spec_.x.categories.empty();
    for (std::size_t i = 0; i < axes_.x.ticks.size(); ++i) {
      double x = left_ + px(axes_.x.ticks[i]);
      if (!categories) grid += fmt::format("M{} {}v{}", coordinate(x), coordinate(top_), coordinate(height_));
      std::string label = shorten(axes_.x.labels[i], kLongestName);
      double half = text_width(label) / 2;
      if (slanted_)
        texts += svg_text(x + 4, bottom + 12, label,
                          fmt::format("text-anchor=\"end\" transform=\"rotate(-35 {} {})\"", coordinate(x + 4),
                                      coordinate(bottom + 12)));
      else
        texts += svg_text(std::clamp(x, half, std::max(half, spec_.width - half)), bottom + 16, label,
                          "text-anchor=\"middle\"");
    }
    std::string axis = fmt::format("<path class=\"axis\" d=\"M{} {}h{}\"/>", coordinate(left_), coordinate(bottom),
                                   coordinate(width_));
    std::string label = spec_.x.label;
    if (axes_.x.log) label += label.empty() ? "log scale" : " (log scale)";
    if (!label.empty()) texts += svg_text(left_ + width_ / 2, spec_.height - 5, label, "text-anchor=\"middle\"");
    return "<path class=\"grid\" d=\"" + grid + "\"/>" + axis + texts;
  }

  std::string series(const PlotSpec::Series& s) const {
    switch (s.kind) {
      case PlotSpec::Kind::line:
        return line(s);
      case PlotSpec::Kind::points:
        return points(s);
      case PlotSpec::Kind::path:
        return path(s);
      case PlotSpec::Kind::bars:
        return bars(s);
    }
    return "";
  }

  std::string line(const PlotSpec::Series& s) const {
    std::vector<Point> points = thinned(s.x, s.y, axes_, static_cast<int>(width_));
    std::string d;
    bool pen_down = false;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (std::isnan(points[i].y)) {
        pen_down = false;
        continue;
      }
      bool alone = !pen_down && (i + 1 == points.size() || std::isnan(points[i + 1].y));
      Point at{px(points[i].x), py(points[i].y)};
      d += alone ? dot(at) : step(at, !pen_down);
      pen_down = true;
    }
    const char* weight = points.size() == 1 ? " alone" : static_cast<double>(points.size()) > width_ ? " dense" : "";
    return fmt::format("<path class=\"line s{}{}\"{} d=\"{}\"{}/>", s.color, weight,
                       s.dashed ? " stroke-dasharray=\"5 4\"" : "", d, readout_ ? readout(s, points) : "");
  }

  std::string points(const PlotSpec::Series& s) const {
    std::set<std::pair<int, int>> taken;  // one point for each half unit of the picture
    std::vector<Point> places;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      double x = px(s.x[i]), y = py(s.y[i]);
      if (!std::isfinite(x) || !std::isfinite(y) || std::abs(x) > 1e5 || std::abs(y) > 1e5) continue;
      if (taken.insert({std::lround(2 * x), std::lround(2 * y)}).second) places.push_back({x, y});
    }
    std::string d;
    std::size_t drawn = std::min(places.size(), kMostPoints);
    for (std::size_t i = 0; i < drawn; ++i) {
      const Point& p = places[i * places.size() / drawn];
      d += dot(p);
    }
    return fmt::format("<path class=\"dots s{}\" d=\"{}\"/>", s.color, d);
  }

  std::string path(const PlotSpec::Series& s) const {
    std::vector<Point> kept;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      Point p{px(s.x[i]), py(s.y[i])};
      if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
      bool last = i + 1 == s.x.size();
      if (last || kept.empty() || std::hypot(p.x - kept.back().x, p.y - kept.back().y) >= 0.5) kept.push_back(p);
    }
    if (kept.empty()) return "";
    std::string line, dots;
    for (const Point& p : kept) {
      line += step(p, line.empty());
      dots += dot(p);
    }
    std::string out = fmt::format("<path class=\"trail s{}\" d=\"{}\"/>", s.color, line);
    if (kept.size() <= kMostMarkers) out += fmt::format("<path class=\"steps s{}\" d=\"{}\"/>", s.color, dots);
    auto end = [&](const Point& p, const char* extra) {
      return fmt::format("<circle class=\"end s{}{}\" cx=\"{}\" cy=\"{}\" r=\"4\"/>", s.color, extra, coordinate(p.x),
                         coordinate(p.y));
    };
    return out + end(kept.front(), "") + end(kept.back(), fmt::format(" f{}", s.color).c_str());
  }

  std::string bars(const PlotSpec::Series& s) const {
    std::string d;
    double base = axes_.y.log ? height_ : std::clamp(py(0), 0.0, height_);
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      double left = px(s.x[i] - s.width / 2), right = px(s.x[i] + s.width / 2), top = py(s.y[i]);
      if (!std::isfinite(top) || !std::isfinite(left) || !std::isfinite(right)) continue;
      double gap = right - left > 3 ? 0.5 : 0;
      d += fmt::format("M{} {}V{}H{}V{}z", coordinate(left + gap), coordinate(base), coordinate(top),
                       coordinate(right - gap), coordinate(base));
    }
    return fmt::format("<path class=\"bars f{}\" d=\"{}\"/>", s.color, d);
  }

  std::string contours(const PlotSpec::Contours& c) const {
    std::string out;
    int n = static_cast<int>(c.levels.size());
    for (int i = 0; i < n; ++i) {
      std::string d;
      for (const auto& line : contour_lines(c.grid, c.levels[i])) {
        for (std::size_t k = 0; k < line.size(); ++k) d += step({px(line[k].x), py(line[k].y)}, k == 0);
      }
      int shade = n > 1 ? (kShades - 1) * i / (n - 1) : kShades / 2;
      if (!d.empty()) out += fmt::format("<path class=\"c{}\" d=\"{}\"/>", shade, d);
    }
    return out;
  }

  std::string identity() const {
    double low = std::max(axes_.x.low, axes_.y.low), high = std::min(axes_.x.high, axes_.y.high);
    if (!(low < high)) return "";
    return fmt::format("<path class=\"mark\" d=\"M{} {} {} {}\"/>", coordinate(px(low)), coordinate(py(low)),
                       coordinate(px(high)), coordinate(py(high)));
  }

  std::string mark(const PlotSpec::Mark& m) const {
    double x = px(m.at);
    if (!(x >= -1 && x <= width_ + 1)) return "";
    Label label = place_of(m.label, x);
    return fmt::format("<path class=\"mark\" d=\"M{} 0v{}\"/>", coordinate(x), coordinate(height_)) +
           svg_text(label.before ? x - kMarkGap : x + kMarkGap, label.y, m.label,
                    label.before ? "class=\"note\" text-anchor=\"end\"" : "class=\"note\"");
  }

  // Where a mark's label stands: beside the mark, at the top or the bottom, and off the lines if there is such a place.
  struct Label {
    bool before = false;
    double y = 12;
  };
  Label place_of(const std::string& text, double x) const {
    bool before = x > 0.55 * width_;
    double room = text_width(text) + 2 * kMarkGap;
    for (double y : {12.0, height_ - 7})
      for (bool side : {before, !before}) {
        double left = side ? x - room : x;
        if (left >= 0 && left + room <= width_ && !crossed(left, left + room, y - 12, y + 6)) return {side, y};
      }
    return {before, 12};
  }

  // Whether a line passes through the rectangle.
  bool crossed(double left, double right, double top, double bottom) const {
    for (const auto& s : spec_.series)
      for (std::size_t i = 1; i < s.x.size() && drawn_as_line(s); ++i) {
        Point p{px(s.x[i - 1]), py(s.y[i - 1])}, q{px(s.x[i]), py(s.y[i])};
        if (p.x > q.x) std::swap(p, q);
        if (!(p.x <= right && q.x >= left)) continue;
        auto y_at = [&](double x) { return q.x > p.x ? p.y + (q.y - p.y) * (x - p.x) / (q.x - p.x) : q.y; };
        auto [low, high] = std::minmax({y_at(std::max(left, p.x)), y_at(std::min(right, q.x))});
        if (low <= bottom && high >= top) return true;
      }
    return false;
  }

  // What the page's script needs to read values off: the data's area, the axes, and each line's own values.
  std::string readout_frame() const {
    auto axis = [](const FittedAxis& a) { return fmt::format("{:.9g} {:.9g} {}", a.low, a.high, a.log ? 1 : 0); };
    std::string names;  // a name a line
    for (const std::string& name : spec_.x.categories)
      names += (names.empty() ? "" : "\n") + escape_html(shorten(name, kLongestName));
    return fmt::format(" data-area=\"{} {} {} {}\" data-x=\"{}\" data-y=\"{}\" data-label=\"{}\"{}", coordinate(left_),
                       coordinate(top_), coordinate(width_), coordinate(height_), axis(axes_.x), axis(axes_.y),
                       escape_html(spec_.x.label), names.empty() ? "" : " data-names=\"" + names + "\"");
  }

  std::string readout(const PlotSpec::Series& s, const std::vector<Point>& points) const {
    std::string xs, ys;
    bool steps_of_one = true;
    for (std::size_t i = 0; i < points.size(); ++i) {
      steps_of_one = steps_of_one && points[i].x == points[0].x + static_cast<double>(i);
      xs += fmt::format("{}{:.6g}", i ? " " : "", points[i].x);
      ys += fmt::format("{}{:.4g}", i ? " " : "", points[i].y);
    }
    if (steps_of_one && !points.empty()) xs = fmt::format("{:.6g}", points[0].x);
    return fmt::format(" data-name=\"{}\" data-u=\"{}\" data-v=\"{}\"",
                       escape_html(s.name.empty() ? spec_.title : s.name), xs, ys);
  }

  // One sentence in place of the picture, for a screen reader.
  std::string description() const {
    std::string out = spec_.title.empty() ? "Plot" : spec_.title;
    std::string names;
    for (const auto& s : spec_.series)
      if (!s.name.empty()) names += (names.empty() ? "" : ", ") + s.name;
    if (!names.empty()) out += ": " + names;
    if (!spec_.x.label.empty()) out += " against " + spec_.x.label;
    if (spec_.x.categories.empty())
      out += fmt::format("; from {} to {}", format_number(axes_.x.low), format_number(axes_.x.high));
    out += fmt::format("; values between {} and {}", format_number(axes_.y.low), format_number(axes_.y.high));
    for (const auto& m : spec_.marks)
      if (!m.label.empty()) out += "; " + m.label;
    return out;
  }

  const PlotSpec& spec_;
  bool readout_;
  FittedAxes axes_;
  std::vector<LegendEntry> legend_;
  double left_ = 0, top_ = 0, width_ = 0, height_ = 0, bottom_ = 0;
  bool slanted_ = false;
};

}  // namespace

std::string Plot::svg() const { return Drawing(spec_, true).svg(""); }

std::string svg_file(const std::vector<Plot>& panels, int columns) {
  constexpr int kGap = 28, kMargin = 16;
  columns = std::clamp(columns, 1, std::max(1, static_cast<int>(panels.size())));
  std::string inner;
  int x = kMargin, y = kMargin, row_height = 0, widest = 0, column = 0;
  for (const Plot& panel : panels) {
    if (column == columns) {
      x = kMargin;
      y += row_height + kGap;
      row_height = column = 0;
    }
    const PlotSpec& spec = panel.spec();
    inner += Drawing(spec, false)
                 .svg(fmt::format("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", x, y, spec.width, spec.height));
    x += spec.width;
    widest = std::max(widest, x);
    x += kGap;
    row_height = std::max(row_height, spec.height);
    ++column;
  }
  int width = widest + kMargin, height = y + row_height + kMargin;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n"
      "<style>{2}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n{3}\n</svg>\n",
      width, height, plot_style(), inner);
}

}  // namespace gradus
