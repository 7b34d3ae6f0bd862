#pragma once

// Pieces of SVG text shared by plots and heat maps.

#include <string>
#include <string_view>

namespace gradus {

// A coordinate with at most one decimal: "12", "12.3"; far values are cut to +-100,000, which is off any picture.
std::string coordinate(double v);

// <text> at (x, y); `attributes` are further ones, such as class="title". The text is escaped.
std::string svg_text(double x, double y, std::string_view text, std::string_view attributes = "");

// Width in user units that the text takes at most, at the size plots have on a phone.
double text_width(std::string_view text);

}  // namespace gradus
