#include <fmt/format.h>

#include <algorithm>

#include "gradus/report/display.h"
#include "gradus/report/html.h"
#include "gradus/report/png.h"
#include "gradus/report/sections.h"

namespace gradus {
namespace {

constexpr int kLongestSide = 224;          // pixels of an embedded picture
constexpr double kTileSide = 104;          // most pixels on the page of a sheet's tile
constexpr double kSheetWidth = 740;        // and of a sheet
constexpr int kSmallestTileSide = 22;      // on a phone, where a sheet is scrolled rather than made smaller
constexpr std::size_t kMostPictures = 48;  // of one grid

// As it is; `look` are attributes.
std::string embedded(const Picture& picture, std::string_view alternative, std::string_view look) {
  return fmt::format("<img {} width=\"{}\" height=\"{}\" loading=\"lazy\" alt=\"{}\" src=\"data:image/png;base64,{}\">",
                     look, picture.width, picture.height, escape_html(alternative), base64(encode_png(picture)));
}

// Small pictures keep their pixels when they are enlarged.
std::string_view coarse_if(bool small) { return small ? "class=\"coarse\"" : ""; }

std::string image(const Picture& picture, std::string_view alternative) {
  Picture small = shrink(picture, kLongestSide);
  return embedded(small, alternative, coarse_if(std::max(small.width, small.height) <= 64));
}

bool is_strip(const Picture& p) { return p.width >= 2 * p.height; }

std::string mistake(const Mistake& m) {
  std::string caption = fmt::format(
      "<span class=\"truth\">{}</span><span class=\"answer\">{}</span><span class=\"sure\">{}</span>",
      escape_html(m.truth), escape_html(m.predicted), with_bar(format_share(m.confidence) + " sure", m.confidence));
  std::string alternative = "true " + m.truth + ", predicted " + m.predicted;
  return element("figure", "",
                 (is_strip(m.picture) ? embedded(m.picture, alternative, coarse_if(m.picture.height <= 64))
                                      : image(m.picture, alternative)) +
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

// All sheets of a gallery on one scale, the widest `widest` pixels wide.
std::string sheet_item(const Gallery::Item& item, int tile, int widest) {
  double scale = std::min(kTileSide / tile, kSheetWidth / widest);
  std::string alternative = item.caption.substr(0, item.caption.find('\n'));
  std::string caption = item.caption.empty() ? "" : element("figcaption", "", caption_of(item.caption));
  std::string look = fmt::format("{} style=\"width:{:.2f}%;min-width:{}px\"", coarse_if(scale > 1),
                                 100.0 * item.picture.width / widest, item.picture.width / tile * kSmallestTileSide);
  return element("figure", item.caption.empty() ? "class=\"alone\"" : "",
                 caption + element("div", fmt::format("class=\"scroll\" style=\"max-width:{:.0f}px\"", scale * widest),
                                   embedded(item.picture, alternative, look)));
}

std::string items_of(const Gallery& gallery) {
  std::string items;
  std::size_t shown = std::min(gallery.items.size(), kMostPictures);
  int widest = 0;
  for (std::size_t i = 0; i < shown; ++i) widest = std::max(widest, gallery.items[i].picture.width);
  for (std::size_t i = 0; i < shown; ++i) {
    const Gallery::Item& item = gallery.items[i];
    if (gallery.tile > 0)
      items += sheet_item(item, gallery.tile, widest);
    else
      items += element("figure", "",
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
