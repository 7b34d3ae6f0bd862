#include <fmt/format.h>

#include <algorithm>

#include "gradus/report/display.h"
#include "gradus/report/html.h"
#include "gradus/report/png.h"
#include "gradus/report/sections.h"

namespace gradus {
namespace {

constexpr int kLongestSide = 224;          // pixels of an embedded picture
constexpr int kTileSide = 56;              // pixels on the page that a sheet's tiles have about
constexpr std::size_t kMostPictures = 48;  // of one grid

// As it is, shown `factor` times as large.
std::string embedded(const Picture& picture, std::string_view alternative, bool coarse, int factor = 1) {
  return fmt::format("<img{} width=\"{}\" height=\"{}\" loading=\"lazy\" alt=\"{}\" src=\"data:image/png;base64,{}\">",
                     coarse ? " class=\"coarse\"" : "", picture.width * factor, picture.height * factor,
                     escape_html(alternative), base64(encode_png(picture)));
}

std::string image(const Picture& picture, std::string_view alternative) {
  Picture small = shrink(picture, kLongestSide);
  return embedded(small, alternative, std::max(small.width, small.height) <= 64);
}

bool is_strip(const Picture& p) { return p.width >= 2 * p.height; }

std::string mistake(const Mistake& m) {
  std::string caption = fmt::format(
      "<span class=\"truth\">{}</span><span class=\"answer\">{}</span><span class=\"sure\">{}</span>",
      escape_html(m.truth), escape_html(m.predicted), with_bar(format_share(m.confidence) + " sure", m.confidence));
  std::string alternative = "true " + m.truth + ", predicted " + m.predicted;
  return element(
      "figure", "",
      (is_strip(m.picture) ? embedded(m.picture, alternative, m.picture.height <= 64) : image(m.picture, alternative)) +
          element("figcaption", "", caption));
}

std::string grid(const std::string& items, bool strips = false) {
  return element("div", strips ? "class=\"pictures strips\"" : "class=\"pictures\"", items);
}

std::string explained(std::string_view text) { return element("p", "class=\"lead\"", escape_html(text)); }

std::string caption_of(const std::string& text) {
  std::size_t end = text.find('\n');
  if (end == std::string::npos) return escape_html(text);
  return escape_html(text.substr(0, end)) + element("small", "", escape_html(text.substr(end + 1)));
}

std::string legend_of(const std::vector<Gallery::Meaning>& legend) {
  std::string entries;
  for (const Gallery::Meaning& m : legend)
    entries +=
        element("li", "",
                fmt::format("<i style=\"background:rgb({},{},{})\"></i>", m.color.red, m.color.green, m.color.blue) +
                    escape_html(m.name));
  return entries.empty() ? "" : element("ul", "class=\"legend\"", entries);
}

std::string sheet_item(const Gallery::Item& item, int tile) {
  int factor = std::max(1, (kTileSide + tile / 2) / tile);
  std::string alternative = item.caption.substr(0, item.caption.find('\n'));
  std::string caption = item.caption.empty() ? "" : element("figcaption", "", caption_of(item.caption));
  return element("figure", item.caption.empty() ? "class=\"alone\"" : "",
                 caption + element("div", "class=\"scroll\"", embedded(item.picture, alternative, factor > 1, factor)));
}

std::string items_of(const Gallery& gallery) {
  std::string items;
  for (std::size_t i = 0; i < std::min(gallery.items.size(), kMostPictures); ++i) {
    const Gallery::Item& item = gallery.items[i];
    items += gallery.tile > 0
                 ? sheet_item(item, gallery.tile)
                 : element("figure", "",
                           image(item.picture, item.caption) + element("figcaption", "", caption_of(item.caption)));
  }
  if (items.empty()) return "";
  return legend_of(gallery.legend) + (gallery.tile > 0 ? element("div", "class=\"sheets\"", items) : grid(items));
}

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
                   "not learned; others are hard for people too, or carry a wrong label." +
                   (report.mistakes_explanation.empty() ? "" : " " + report.mistakes_explanation)) +
             element("p", "class=\"key\"",
                     "<span class=\"truth\">true class</span><span class=\"answer\">the model's answer</span>") +
             grid(items, is_strip(report.mistakes[0].picture))});
  for (std::size_t g = 0; g < report.galleries.size(); ++g) {
    const Gallery& gallery = report.galleries[g];
    items = items_of(gallery);
    if (!items.empty())
      out.push_back({fmt::format("gallery-{}", g + 1), gallery.title,
                     (gallery.explanation.empty() ? "" : explained(gallery.explanation)) + items});
  }
  return out;
}

}  // namespace gradus
