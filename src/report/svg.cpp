#include "gradus/report/svg.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/report/display.h"

namespace gradus {

std::string coordinate(double v) {
  std::string text = fmt::format("{:.1f}", std::clamp(v, -1e5, 1e5));
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string svg_text(double x, double y, std::string_view text, std::string_view attributes) {
  return fmt::format("<text x=\"{}\" y=\"{}\"{}{}>{}</text>", coordinate(x), coordinate(y),
                     attributes.empty() ? "" : " ", attributes, escape_html(text));
}

// At 14 px, in the widest of the usual fonts (DejaVu Sans), a digit takes 8.9 and a point 4.5.
double text_width(std::string_view text) { return 8.2 * static_cast<double>(text_length(text)); }

}  // namespace gradus
