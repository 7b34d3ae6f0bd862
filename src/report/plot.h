#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gradus/report/contour.h"

namespace gradus {

enum class AxisScale { linear, log };

// What a Plot holds, for the functions that draw it.
struct PlotSpec {
  struct Axis {
    std::string label;
    AxisScale scale = AxisScale::linear;
    bool whole = false;                              // ticks at whole numbers only
    std::optional<std::pair<double, double>> range;  // the data's when absent
    std::vector<std::string> categories;             // names of the positions 0, 1, ...
  };
  enum class Kind { line, points, path, bars };
  struct Series {
    Kind kind = Kind::line;
    std::string name;
    std::vector<double> x, y;
    double width = 0;  // of a bar, in x units
    int color = 0;
    bool dashed = false;
  };
  struct Mark {
    double at = 0;
    std::string label;
  };
  struct Contours {
    Grid grid;
    std::vector<double> levels;
  };

  std::string title;
  Axis x, y;
  int width = 460, height = 290;
  bool equal_ranges = false;
  bool identity = false;
  std::vector<Series> series;
  std::vector<Mark> marks;
  std::vector<Contours> contours;
};

// A plot of curves, points, paths, bars and contour lines, built step by step:
//   Plot("Sigmoid").x_axis("z").curve("sigmoid", sigmoid, -6, 6).curve("derivative", slope, -6, 6).svg()
// Values that are not finite (nor positive, on a log axis) leave a gap. Long series are thinned to what the picture's
// width can show, keeping each pixel's lowest and highest value.
class Plot {
 public:
  explicit Plot(std::string title = "");

  Plot& x_axis(std::string label, AxisScale scale = AxisScale::linear);
  Plot& y_axis(std::string label, AxisScale scale = AxisScale::linear);
  // Fixed ranges; what lies outside is clipped. Error{value} unless low < high.
  Plot& x_range(double low, double high);
  Plot& y_range(double low, double high);
  Plot& x_names(std::vector<std::string> names);  // of the positions 0, 1, ...; some of them are written at the axis
  Plot& whole_x();                                // x counts something: ticks at whole numbers only
  Plot& equal_ranges();                           // the same range on both axes
  Plot& size(int width, int height);

  // x and y of equal length, else Error{shape}. A line expects ascending x; a path is a line through points in their
  // order, with a marker at each, a ring at the first and a disc at the last.
  Plot& line(std::string name, std::vector<double> x, std::vector<double> y);
  Plot& points(std::string name, std::vector<double> x, std::vector<double> y);
  Plot& path(std::string name, std::vector<double> x, std::vector<double> y);
  // The function on [low, high], sampled at 240 points.
  Plot& curve(std::string name, const std::function<double(double)>& f, double low, double high);
  // One bar for each label; several calls with the same labels stand side by side.
  Plot& bars(std::string name, std::vector<std::string> labels, std::vector<double> values);
  // How many finite values fall in each of `bins` equal intervals.
  Plot& histogram(std::string name, const std::vector<double>& values, int bins);
  // Lines of equal f over a rectangle, which becomes the plot's range; without levels, twelve by contour_levels.
  Plot& contours(const std::function<double(double, double)>& f, double x_low, double x_high, double y_low,
                 double y_high, std::vector<double> levels = {});
  Plot& mark_x(double x, std::string label);  // an upright dashed line
  Plot& identity();                           // the line y = x

  // Of the series added last: one of the eight colours (they follow each other by default), and dashes.
  Plot& color(int index);
  Plot& dashed();

  // An <svg> element for an HTML page that holds plot_style().
  std::string svg() const;
  // Characters for a terminal: one letter form for each series, axes and a legend; lines end with \n.
  std::string text(int columns = 72, int rows = 20) const;

  const PlotSpec& spec() const { return spec_; }

 private:
  Plot& add(PlotSpec::Kind kind, std::string name, std::vector<double> x, std::vector<double> y);
  PlotSpec spec_;
};

// A whole SVG file of one plot, or of several side by side, `columns` in a row; readable on light and dark screens.
std::string svg_file(const std::vector<Plot>& panels, int columns = 2);

// The style sheet of plots and heat maps, light and dark.
const std::string& plot_style();

}  // namespace gradus
