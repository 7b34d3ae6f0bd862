#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "gradus/base/params.h"
#include "gradus/data/series.h"

namespace gradus {

// How a series is divided in time: by shares of its steps, or from which time on a part goes.
struct SeriesSplit {
  static constexpr std::string_view kShorthand = "method";
  std::string method;
  std::optional<double> train;
  double validation = 0;
  std::optional<double> test;
  Value validation_from, test_from;

  void fields(Fields& f);
  // Reads `prepare.split` and checks that it is complete. Throws Error{config}.
  static SeriesSplit read(const Value& value);
};

// The first steps of the parts: steps before `train` are unused, those before `validation` train, and so on.
struct SeriesBorders {
  std::size_t train = 0, validation = 0, test = 0;
};

// Throws Error{config} for a time that is none or lies outside of the series, and borders in the wrong order.
SeriesBorders borders_of(const SeriesSplit& split, const Series& series);

}  // namespace gradus
