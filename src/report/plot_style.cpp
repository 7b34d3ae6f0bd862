#include <fmt/format.h>

#include <array>

#include "gradus/report/plot.h"

namespace gradus {
namespace {

// Eight hues that stay apart for colour-blind readers; nine steps of blue (right answers) and of orange (mistakes) from
// the paper's colour upwards; nine greys for contour lines, under lines of any hue.
struct Palette {
  const char *paper, *ink, *soft, *grid, *axis;
  std::array<const char*, 8> series;
  std::array<const char*, 9> blue, orange, grey;
};

constexpr Palette kLight = {
    "#ffffff",
    "#16191d",
    "#505a66",
    "#e6e9ee",
    "#8c96a3",
    {"#0b62b8", "#d1500a", "#08875c", "#9c3a92", "#a37a00", "#2f95cc", "#7a5c48", "#d02e63"},
    {"#eef4fa", "#d9e8f6", "#bdd8ef", "#9bc4e6", "#74abda", "#4f91cc", "#3077ba", "#175c9f", "#0c4279"},
    {"#fdf3ec", "#fbe3d3", "#f8cfb3", "#f4b58b", "#ee9862", "#e27a3c", "#cc5e1d", "#a9480f", "#833609"},
    {"#d3d9e0", "#c6cdd6", "#b9c2cc", "#acb6c2", "#9ea9b7", "#919dac", "#8490a1", "#778496", "#6a788b"}};

constexpr Palette kDark = {
    "#14181d",
    "#e9ecf0",
    "#a8b2be",
    "#29303a",
    "#66717e",
    {"#64abf7", "#ff9454", "#4bcb9b", "#dd93d5", "#e2bd4e", "#86d6ff", "#c8b09c", "#ff88aa"},
    {"#1b232d", "#1c3045", "#1e3f60", "#21507d", "#28639c", "#367abb", "#5295d4", "#7db3e6", "#b3d4f5"},
    {"#261f1b", "#3c2a1f", "#553622", "#714424", "#8f5427", "#b0682e", "#cd8245", "#e5a473", "#f6cdaf"},
    {"#39424d", "#414b57", "#495461", "#525d6b", "#5a6675", "#636f7f", "#6b7889", "#738193", "#7c8a9d"}};

std::string colors(const Palette& p) {
  std::string css = fmt::format(
      ".paper{{fill:{0}}}.plot text{{fill:{2}}}.plot .title{{fill:{1}}}.plot .grid{{stroke:{3}}}"
      ".plot .axis{{stroke:{4}}}.plot .mark{{stroke:{2}}}.plot .note{{fill:{1};stroke:{0}}}.plot .end{{fill:{0}}}"
      ".plot .on{{fill:{0}}}.plot .off{{fill:{1}}}.plot .cells{{stroke:{0}}}.plot .guide{{stroke:{2}}}",
      p.paper, p.ink, p.soft, p.grid, p.axis);
  for (std::size_t i = 0; i < p.series.size(); ++i)
    css += fmt::format(".plot .s{0}{{stroke:{1}}}.plot .f{0}{{fill:{1}}}", i, p.series[i]);
  for (std::size_t i = 0; i < p.blue.size(); ++i) {
    css += fmt::format(".plot .c{0}{{stroke:{1}}}.plot .h{0}{{fill:{2}}}.plot .m{0}{{fill:{3}}}", i, p.grey[i],
                       p.blue[i], p.orange[i]);
  }
  return css;
}

}  // namespace

const std::string& plot_style() {
  static const std::string style =
      ".plot{fill:none;font:11.5px/1.2 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;"
      "font-variant-numeric:tabular-nums}.plot .title{font-weight:600;font-size:13px}.plot path{fill:none}"
      ".plot .line{stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}.plot .alone{stroke-width:7}.plot "
      ".dense{stroke-width:1}"
      ".plot .dots{stroke-width:4.6;stroke-linecap:round;stroke-opacity:.62}"
      ".plot .trail{stroke-width:1.4;stroke-linejoin:round;stroke-opacity:.8}"
      ".plot .steps{stroke-width:4.4;stroke-linecap:round}.plot .end{stroke-width:1.8}.plot .bars{fill-opacity:.8}"
      ".plot .mark{stroke-width:1.2;stroke-dasharray:3 3}.plot .note{paint-order:stroke;stroke-width:4px;"
      "stroke-linejoin:round}.plot .cells{stroke-width:1.5}.plot .guide{stroke-width:1}" +
      colors(kLight) + "@media screen and (prefers-color-scheme:dark){" + colors(kDark) + "}";
  return style;
}

}  // namespace gradus
