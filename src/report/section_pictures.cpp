#include <fmt/format.h>

#include <algorithm>

#include "gradus/report/display.h"
#include "gradus/report/html.h"
#include "gradus/report/png.h"
#include "gradus/report/sections.h"

namespace gradus {
namespace {

constexpr int kLongestSide = 224;          // pixels of an embedded picture
constexpr std::size_t kMostPictures = 48;  // of one grid

std::string image(const Picture& picture, std::string_view alternative) {
  Picture small = shrink(picture, kLongestSide);
  bool coarse = std::max(small.width, small.height) <= 64;
  return fmt::format("<img{} width=\"{}\" height=\"{}\" loading=\"lazy\" alt=\"{}\" src=\"data:image/png;base64,{}\">",
                     coarse ? " class=\"coarse\"" : "", small.width, small.height, escape_html(alternative),
                     base64(encode_png(small)));
}

std::string mistake(const Mistake& m) {
  std::string caption = fmt::format(
      "<span class=\"truth\">{}</span><span class=\"answer\">{}</span><span class=\"sure\">{}</span>",
      escape_html(m.truth), escape_html(m.predicted), with_bar(format_share(m.confidence) + " sure", m.confidence));
  return element(
      "figure", "",
      image(m.picture, "true " + m.truth + ", predicted " + m.predicted) + element("figcaption", "", caption));
}

std::string grid(const std::string& items) { return element("div", "class=\"pictures\"", items); }

std::string explained(std::string_view text) { return element("p", "class=\"lead\"", escape_html(text)); }

}  // namespace

std::vector<Section> picture_sections(const RunReport& report) {
  std::vector<Section> out;
  std::string items;
  for (std::size_t i = 0; i < std::min(report.mistakes.size(), kMostPictures); ++i)
    items += mistake(report.mistakes[i]);
  if (!items.empty())
    out.push_back(
        {"mistakes", "Worst mistakes",
         explained("The pictures for which the model was most sure of a wrong answer. Some show what it has "
                   "not learned; others are hard for people too, or carry a wrong label.") +
             element("p", "class=\"key\"",
                     "<span class=\"truth\">true class</span><span class=\"answer\">the model's answer</span>") +
             grid(items)});
  for (std::size_t g = 0; g < report.galleries.size(); ++g) {
    const Gallery& gallery = report.galleries[g];
    items.clear();
    for (std::size_t i = 0; i < std::min(gallery.items.size(), kMostPictures); ++i)
      items += element("figure", "",
                       image(gallery.items[i].picture, gallery.items[i].caption) +
                           element("figcaption", "", escape_html(gallery.items[i].caption)));
    if (!items.empty())
      out.push_back({fmt::format("gallery-{}", g + 1), gallery.title,
                     (gallery.explanation.empty() ? "" : explained(gallery.explanation)) + grid(items)});
  }
  return out;
}

}  // namespace gradus
