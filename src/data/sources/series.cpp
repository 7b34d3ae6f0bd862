#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "gradus/base/text.h"
#include "gradus/data/numbers.h"
#include "gradus/data/series.h"
#include "gradus/data/series_dataset.h"
#include "gradus/data/series_split.h"
#include "gradus/data/series_windows.h"
#include "gradus/data/source.h"
#include "gradus/data/table_files.h"

namespace gradus {
namespace {

struct SeriesDataParams {
  std::string format = "series";
  std::vector<std::string> source;
  ForecastParams forecast;
  Value frequency = "auto";
  std::optional<std::int64_t> season;
  CsvOptions csv;
  void fields(Fields& f) {
    f("format", format, {"series"}, "the files' format");
    f("source", source, "the table's file, or several that follow each other");
    forecast.fields(f);
    f("frequency", frequency, "a name or a number",
      "secondly, minutely, hourly, daily, weekly, monthly, quarterly, yearly or the seconds between steps (of plain "
      "numbers their distance); auto: the median distance");
    f("season", season, at_least(1),
      "steps of a season, for the seasonal naive forecast that results are compared with; left out: a day of steps "
      "shorter than one, a week of days, a year of weeks or months, 1 of plain numbers");
    csv.fields(f);
  }
};

struct SeriesPrepareParams {
  Value split;
  std::string scale = "none";
  Value scale_target;
  void fields(Fields& f) {
    f("split", split, "a table with method and shares",
      "how the latest steps are held back: { method = \"time\", validation = 0.1, test = 0.2 }");
    f("scale", scale, {"none", "normalize", "standardize"},
      "how values and features are brought to a common scale, by the steps of the training part");
    f("scale_target", scale_target, "none, standardize or normalize",
      "what the values are forecast as; losses are in that scale, forecasts and MSE, MAE, R2 in their own units");
  }
};

RowIndices first_rows(std::size_t n) {
  RowIndices rows(n);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

// A series of numbers in a table, whose next steps are forecast from the last ones.
class SeriesSource final : public Source {
 public:
  struct Params {
    SeriesDataParams data;
    SeriesPrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit SeriesSource(Params p)
      : source_(std::move(p.data.source)),
        forecast_(std::move(p.data.forecast)),
        frequency_(std::move(p.data.frequency)),
        season_(p.data.season),
        csv_(std::move(p.data.csv)),
        prepare_(std::move(p.prepare)) {}

  LoadedData load(const std::string& folder, std::uint64_t) override {
    SeriesSplit split = SeriesSplit::read(prepare_.split);
    forecast_.check();
    if (source_.empty()) throw Error(ErrorKind::config, "data.source", "is missing", "write source = \"series.csv\"");
    LoadedData out;
    Series series = read(source_, folder, "data.source", out.notes);
    known_ = series.frequency;
    SeriesBorders borders = borders_of(split, series);
    if (borders.train > 0) out.notes.push_back(count_text(borders.train, "step") + " before the others in no part");
    series.drop_before(borders.train);
    borders.validation -= borders.train;
    borders.test -= borders.train;
    out.notes.push_back(fmt::format("{} ({}) from {} to {}", count_text(series.steps(), "step"),
                                    series.frequency.text(series.has_dates), series.time_name(0),
                                    series.time_name(series.steps() - 1)));
    fit(series, borders.validation, out.notes);

    Origins train = forecast_.origins(0, borders.validation),
            validation = forecast_.origins(borders.validation, borders.test),
            test = forecast_.origins(borders.test, series.steps());
    check_part(train, borders.validation, "training");
    check_part(test, series.steps() - borders.test, "test");
    if (borders.test > borders.validation) check_part(validation, borders.test - borders.validation, "validation");
    task_.forecast = forecast_task(series, borders.validation, test);
    Tensor steps = window_steps(forecast_, series, scales_), values = target_steps(forecast_, series, task_.scales);
    out.train = windows(steps, values, train);
    out.validation = windows(steps, values, validation);
    out.test = windows(steps, values, test);
    out.task = task_;
    out.summary = summary(series, {train.count, validation.count, test.count});
    for (std::size_t t = test.first; t < test.first + test.count; ++t)
      out.test_names.push_back(series.time_name(t + test.horizon));
    return out;
  }

  Value state() const override {
    ForecastParams forecast = forecast_;
    CsvOptions csv = csv_;
    Value v = Value::table(), scales = Value::array(), reading = write_params(csv);
    for (const LinearScale& scale : scales_) scale.write(scales.as_array().emplace_back(Value::table()));
    reading.erase("types");
    v.set("forecast", write_params(forecast));
    v.set("frequency", known_->state());
    v.set("csv", std::move(reading));
    v.set("scales", std::move(scales));
    v.set("task", task_.state());
    return v;
  }

  void restore(const Value& state) override {
    read_params(forecast_, state.at("forecast"), "forecast");
    read_params(csv_, state.at("csv"), "csv");
    known_ = Frequency::restored(state.at("frequency"));
    scales_.clear();
    for (const Value& scale : state.at("scales").as_array()) scales_.push_back(LinearScale::restored(scale));
    task_ = TaskSpec::restored(state.at("task"));
    if (scales_.size() != forecast_.columns().size() ||
        task_.outputs.size() != forecast_.value.size() * static_cast<std::size_t>(forecast_.horizon))
      throw Error(ErrorKind::data, "the model's series", "damaged: columns and scales do not go together",
                  "train the model again");
  }

  OpenedData open(const std::vector<std::string>& files, bool need_target) override {
    if (files.empty()) throw Error(ErrorKind::usage, "--data", "names no file");
    OpenedData out;
    Series series = read(files, "", "--data", out.notes);
    out.has_target = need_target;
    // Without a target each step that can be an origin is one, the last one included.
    auto ahead = static_cast<std::size_t>(need_target ? 0 : forecast_.horizon);
    Origins origins = forecast_.origins(0, series.steps() + ahead);
    if (origins.count == 0)
      throw Error(ErrorKind::data, {files[0],
                                    fmt::format("at least {} steps",
                                                forecast_.first_origin() + 1 + (need_target ? forecast_.horizon : 0)),
                                    std::to_string(series.steps()),
                                    "a forecast needs its window, the longest lag before it" +
                                        std::string(need_target ? ", and its target" : "")});
    out.data =
        windows(window_steps(forecast_, series, scales_), target_steps(forecast_, series, task_.scales), origins);
    std::vector<std::string> names;
    for (std::size_t t = origins.first; t < origins.first + origins.count; ++t) names.push_back(series.time_name(t));
    if (need_target && task_.forecast && task_.forecast->season > static_cast<std::int64_t>(origins.first) + 1)
      out.notes.push_back(
          fmt::format("no seasonal naive forecasts: they look back {}, and the first forecast has {} "
                      "before it",
                      count_text(static_cast<std::uint64_t>(task_.forecast->season), "step"), origins.first + 1));
    out.echo.emplace_back("origin", std::move(names));
    return out;
  }

 private:
  Series read(const std::vector<std::string>& files, const std::string& folder, const std::string& place,
              std::vector<std::string>& notes) const {
    CsvOptions options = csv_;
    for (const std::string& name : forecast_.columns()) options.expected_kinds.emplace_back(name, ColumnKind::numeric);
    Table table = read_tables(files, folder, place, options);
    return series_of(table, {forecast_.time, forecast_.columns(), frequency_, known_, forecast_.gaps, forecast_.sort},
                     notes);
  }

  // Learns scales from the first steps.
  void fit(const Series& series, std::size_t train, std::vector<std::string>& notes) {
    RowIndices rows = first_rows(train);
    scales_.clear();
    for (std::size_t c = 0; c < series.columns.size(); ++c)
      scales_.push_back(fit_scale(prepare_.scale, series.column(c), rows, "column " + quoted(series.columns[c])));
    const std::vector<std::string>& names = forecast_.value;
    std::vector<double> values;
    for (std::size_t step = 0; step < series.steps(); ++step)
      for (std::size_t v = 0; v < names.size(); ++v) values.push_back(series.values[step * series.columns.size() + v]);
    TargetScales own = fit_target_scales(prepare_.scale_target, names, values, rows);
    std::string note = target_scale_note(prepare_.scale_target, own, names, values, rows);
    if (!note.empty()) notes.push_back(note);
    task_ = {Task::regression, {}, forecast_.outputs()};
    for (std::int64_t h = 1; h <= forecast_.horizon; ++h)
      task_.scales.insert(task_.scales.end(), own.begin(), own.end());
  }

  void check_part(const Origins& origins, std::size_t steps, const char* part) const {
    if (origins.count > 0) return;
    throw Error(
        ErrorKind::data, "prepare.split",
        fmt::format("the {} part has {} and no window: a window has {} steps, its forecast {}, and the longest "
                    "lag is {}",
                    part, count_text(steps, "step"), forecast_.window, forecast_.horizon, forecast_.longest_lag()),
        "give it a larger share, or shorten window, horizon or lags");
  }

  std::shared_ptr<const Dataset> windows(const Tensor& steps, const Tensor& values, const Origins& origins) const {
    if (origins.count == 0) return nullptr;
    return std::make_shared<const SeriesDataset>(
        steps, values,
        SeriesWindows{forecast_.window, forecast_.horizon, static_cast<std::int64_t>(origins.first),
                      static_cast<std::int64_t>(origins.count)});
  }

  // The season is what [data] says, else the usual one where the series is long enough for it.
  ForecastTask forecast_task(const Series& series, std::size_t train, const Origins& test) const {
    auto longest = static_cast<std::int64_t>(std::min(train - 1, test.first + 1));
    std::int64_t usual = series.frequency.season(series.has_dates);
    ForecastTask task{forecast_.value, forecast_.horizon, season_.value_or(usual > longest ? 1 : usual), {}};
    if (task.season > longest)
      throw Error(ErrorKind::config,
                  {"data.season", fmt::format("at most {}, the steps that can be looked back", longest),
                   std::to_string(task.season), ""});
    for (std::size_t v = 0; v < task.values.size(); ++v) {
      std::vector<double> x = series.column(v);
      task.differences.push_back(seasonal_difference(std::span(x).first(train), static_cast<std::size_t>(task.season)));
    }
    return task;
  }

  Value summary(const Series& series, const std::array<std::size_t, 3>& counts) const {
    Value v = Value::table(), parts = Value::table(), features = Value::array();
    std::vector<std::string> names = forecast_.feature_names();
    for (std::size_t c = 0; c < names.size(); ++c) {
      Value feature = Value::table();
      feature.set("name", names[c]);
      if (c < scales_.size()) scales_[c].write(feature);
      features.push_back(std::move(feature));
    }
    parts.set("train", counts[0]);
    parts.set("validation", counts[1]);
    parts.set("test", counts[2]);
    v.set("format", "series");
    v.set("task", std::string(task_name(task_.kind)));
    v.set("steps", series.steps());
    v.set("frequency", series.frequency.text(series.has_dates));
    v.set("from", series.time_name(0));
    v.set("to", series.time_name(series.steps() - 1));
    v.set("features", std::move(features));
    v.set("parts", std::move(parts));
    return v;
  }

  std::vector<std::string> source_;
  ForecastParams forecast_;
  Value frequency_;
  std::optional<std::int64_t> season_;
  CsvOptions csv_;
  SeriesPrepareParams prepare_;
  std::optional<Frequency> known_;   // of the series trained on
  std::vector<LinearScale> scales_;  // of the columns
  TaskSpec task_;
};

}  // namespace

void register_series(Catalog<Source>& catalog) {
  catalog.add<SeriesSource>("series",
                            "Time series in CSV tables: windows of the last steps to forecast the next ones.");
}

}  // namespace gradus
