#include "gradus/data/series_split.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/data/apportion.h"
#include "gradus/data/numbers.h"
#include "gradus/data/times.h"

namespace gradus {

void SeriesSplit::fields(Fields& f) {
  f("method", method, {"time"}, "a series is divided in time: the latest steps test, those before validate");
  f("train", train, above_to(0, 1), "share of the steps to train on; left out: all that the other parts leave");
  f("validation", validation, from_to(0, 1), "share of the steps that guides training, such as early stopping");
  f("test", test, above_to(0, 1), "share of the steps kept for the final evaluation");
  f("validation_from", validation_from, "a time", "instead of a share: the first time of the validation part");
  f("test_from", test_from, "a time", "instead of a share: the first time of the test part");
}

SeriesSplit SeriesSplit::read(const Value& value) {
  const char* const place = "prepare.split";
  const char* const example =
      "write split = { method = \"time\", validation = 0.1, test = 0.2 } under [prepare], or "
      "test_from = \"2014-01-01\" instead of a share";
  if (value.is_null())
    throw Error(ErrorKind::config, place, "is missing: how data are held back for testing is yours to decide", example);
  SeriesSplit split;
  read_params(split, value, place);
  bool has_test = split.test.has_value(), test_at = !split.test_from.is_null(),
       validation_at = !split.validation_from.is_null();
  auto refuse = [&](bool wrong, const std::string& message) {
    if (wrong) throw Error(ErrorKind::config, value.place(place), message, example);
  };
  refuse(split.method.empty(), "a method is missing");
  refuse(has_test == test_at, has_test ? "says twice where the test part begins" : "does not say what is tested on");
  refuse(validation_at && split.validation > 0, "says twice where the validation part begins");
  refuse(validation_at && !test_at, "validation_from needs test_from");
  refuse(split.train && (test_at || validation_at), "train is a share, and the other parts are not");
  double sum = split.train.value_or(0) + split.validation + split.test.value_or(0);
  refuse(split.train ? sum > 1 + 1e-9 : sum >= 1,
         fmt::format("the shares leave nothing to train on: they sum to {:.6g}", sum));
  return split;
}

namespace {

// The first step at or after a time that the config gives.
std::size_t step_from(const Value& given, const char* key, const Series& series) {
  std::string place = given.place(std::string("prepare.split.") + key);
  double time = 0;
  if (series.has_dates && !(given.is_string() && parse_time(given.as_string(), time)))
    throw Error(ErrorKind::config, {place, "a date or time such as \"2014-01-01\"", describe(given), ""});
  if (!series.has_dates) time = given.as_real(place);
  auto at = std::ranges::lower_bound(series.times, time);
  if (at == series.times.begin() || at == series.times.end())
    throw Error(
        ErrorKind::config,
        {place, fmt::format("a time after {} and up to {}", series.time_name(0), series.time_name(series.steps() - 1)),
         given.is_string() ? short_quoted(given.as_string()) : number_text(time), ""});
  return static_cast<std::size_t>(at - series.times.begin());
}

}  // namespace

SeriesBorders borders_of(const SeriesSplit& split, const Series& series) {
  SeriesBorders b;
  if (split.test) {
    double train = split.train.value_or(1 - split.validation - *split.test);
    double rest = std::max(0.0, 1 - train - split.validation - *split.test);
    Sizes sizes = apportion(series.steps(), {train, split.validation, *split.test, rest});
    return {sizes[3], sizes[3] + sizes[0], sizes[3] + sizes[0] + sizes[1]};
  }
  b.test = step_from(split.test_from, "test_from", series);
  b.validation = b.test;
  if (!split.validation_from.is_null()) b.validation = step_from(split.validation_from, "validation_from", series);
  if (split.validation > 0)
    b.validation -= std::min(b.test, static_cast<std::size_t>(split.validation * static_cast<double>(series.steps())));
  if (b.validation > b.test || b.validation == 0)
    throw Error(ErrorKind::config, "prepare.split",
                b.validation > b.test ? "validation_from is later than test_from" : "nothing is left to train on");
  return b;
}

}  // namespace gradus
