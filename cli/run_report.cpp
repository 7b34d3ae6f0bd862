#include "run_report.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>
#include <numeric>

#include "gradus/base/text.h"
#include "gradus/base/version.h"
#include "gradus/data/numbers.h"
#include "gradus/data/text/tokenizer.h"
#include "gradus/data/text/utf8.h"
#include "gradus/explain/attribution.h"
#include "gradus/explain/galleries.h"
#include "gradus/explain/mistakes.h"
#include "gradus/train/translate.h"

namespace gradus::cli {
namespace {

constexpr std::size_t kMistakes = 24;

std::string today() {
  char text[64];
  std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
  return text;
}

std::string task_text(const TaskSpec& task) {
  if (task.language) return "the next of " + std::to_string(task.classes.size()) + " symbols";
  if (task.translation) return "lines made of lines, in " + std::to_string(task.classes.size()) + " symbols";
  if (task.per_step && task.classifies())
    return "one of " + std::to_string(task.classes.size()) + " classes at each step";
  if (task.per_place && task.classifies()) return "masks of " + std::to_string(task.classes.size()) + " classes";
  if (task.per_place) return "pictures from pictures";
  if (task.classifies()) return "classification in " + std::to_string(task.classes.size()) + " classes";
  if (task.forecast)
    return "forecasts of " + comma_list(task.forecast->values) + ", " +
           count_text(static_cast<std::uint64_t>(task.forecast->horizon), "step") + " ahead";
  return task.outputs.size() == 1 ? "regression" : "regression of " + std::to_string(task.outputs.size()) + " outputs";
}

std::vector<EpochSeries> series(const std::vector<EpochRecord>& history) {
  std::vector<EpochSeries> all = {{"train.loss", {}}};
  if (history.empty()) return {};
  for (const auto& [name, value] : history[0].validation) all.push_back({"validation." + name, {}});
  all.push_back({"lr", {}});
  bool norms = history[0].gradient_norm >= 0;
  if (norms) all.push_back({"gradient_norm", {}});
  for (const EpochRecord& r : history) {
    std::size_t i = 0;
    all[i++].values.push_back(r.train_loss);
    for (const auto& [name, value] : r.validation) all[i++].values.push_back(value);
    all[i++].values.push_back(r.lr);
    if (norms) all[i].values.push_back(r.gradient_norm);
  }
  return all;
}

// Wrong predictions, the most confident first, with what the answers come from.
void add_mistakes(const Evaluation& e, const ImageModel& model, const Dataset& data, RunReport& report) {
  std::vector<std::uint32_t> wrong = worst_mistakes(e, kMistakes);
  if (wrong.empty()) return;
  std::vector<std::int32_t> answers;
  for (std::uint32_t i : wrong) answers.push_back(e.predicted[i]);
  std::vector<Picture> pictures = explained_pictures(model, data, wrong, answers);
  for (std::size_t m = 0; m < pictures.size(); ++m) {
    std::uint32_t i = wrong[m];
    report.mistakes.push_back(
        {std::move(pictures[m]), e.task.classes[e.truth[i]], e.task.classes[e.predicted[i]], confidence(e, i)});
  }
  report.mistakes_explanation = explanation_of_pictures(model, data.input_shape());
}

// The same of texts and sequences, as people read them.
void add_text_mistakes(const Evaluation& e, const std::vector<std::string>& names, RunReport& report) {
  if (names.size() != e.truth.size()) return;
  for (std::uint32_t i : worst_mistakes(e, kMistakes))
    report.text_mistakes.push_back(
        {names[i], e.task.classes[e.truth[i]], e.task.classes[e.predicted[i]], confidence(e, i)});
}

// Truth and forecasts of each value over the last steps of the test part, one step ahead and as far as is forecast.
void add_forecasts(const Evaluation& e, const std::vector<std::string>& times, RunReport& report) {
  constexpr std::size_t kLeast = 60, kSeasons = 3, kMost = 150;  // steps that are shown
  const ForecastTask& task = *e.task.forecast;
  std::size_t horizon = static_cast<std::size_t>(task.horizon), width = task.values.size(), n = times.size(),
              shown = std::clamp(kSeasons * static_cast<std::size_t>(task.season), kLeast, kMost);
  for (std::size_t v = 0; v < width; ++v)
    for (std::size_t h : horizon > 1 ? std::vector<std::size_t>{1, horizon} : std::vector<std::size_t>{1}) {
      // Example i forecasts, h steps ahead, the time of which example i - ahead forecasts the last step.
      std::size_t ahead = horizon - h, first = std::max(ahead, n > shown ? n - shown : 0);
      ForecastCurves curves{task.values[v], static_cast<std::int64_t>(h), {}, {}, {}, {}, {}};
      auto curve = [&](const std::vector<float>& outputs) {
        std::vector<double> out;
        for (std::size_t i = first; i < n && !outputs.empty(); ++i)
          out.push_back(static_cast<double>(outputs[(i * horizon + h - 1) * width + v]));
        return out;
      };
      for (std::size_t i = first; i < n; ++i) curves.times.push_back(times[i - ahead]);
      curves.truth = curve(e.true_values);
      curves.model = curve(e.predicted_values);
      curves.naive = curve(e.naive_values);
      curves.seasonal_naive = curve(e.seasonal_naive_values);
      report.forecasts.push_back(std::move(curves));
    }
}

void add_pictures(const Prepared& p, const Evaluation* test, RunReport& report) {
  std::optional<ImageFormat> format = p.source->image_format();
  if (!format) return;
  ImageModel model{*p.network, *p.loss, p.data.task, *format};
  if (test != nullptr && p.data.task.classifies() && !p.data.task.per_place)
    add_mistakes(*test, model, *p.data.test, report);
  report.galleries = image_galleries(model, *p.data.train, p.data.test);
}

bool is_recurrent(const Network& network) {
  for (std::size_t i = 0; i < network.size(); ++i)
    for (const char* type : {"rnn", "gru", "lstm"})
      if (network.layer(i).type() == type) return true;
  return false;
}

// Of networks over sequences, on data they were not trained on.
void add_reach(const Prepared& p, RunReport& report) {
  constexpr std::int64_t kSequences = 16;
  const Dataset& data = p.data.validation ? *p.data.validation : p.data.test ? *p.data.test : *p.data.train;
  if (!is_recurrent(*p.network)) return;
  std::vector<std::uint32_t> rows(
      static_cast<std::size_t>(std::min(data.streams() > 0 ? data.streams() : data.size(), kSequences)));
  std::iota(rows.begin(), rows.end(), 0U);
  report.gradient_by_distance = gradient_by_distance(*p.network, *p.loss, data.fetch(rows));
}

std::vector<std::string> symbol_names(const Tokenizer& tokenizer, std::span<const std::int32_t> symbols) {
  std::vector<std::string> names;
  for (std::int32_t s : symbols) names.push_back(repaired_utf8(tokenizer.token(s)));
  return names;
}

// What a decoder looks at while it makes a text of each of a few lines that it was not trained on: of the first ones
// the longest whose maps can be read.
void add_attention(const Prepared& p, RunReport& report) {
  constexpr std::size_t kMaps = 4;
  constexpr std::int64_t kLines = 100, kMost = 20;  // symbols of a line
  if (!p.data.task.translation) return;
  const Dataset& data = p.data.test ? *p.data.test : p.data.validation ? *p.data.validation : *p.data.train;
  std::vector<std::uint32_t> lines(static_cast<std::size_t>(std::min(data.size(), kLines)));
  std::iota(lines.begin(), lines.end(), 0U);
  std::ranges::stable_sort(lines, std::greater<>(), [&](std::uint32_t i) { return data.length(i); });
  for (std::uint32_t i : lines) {
    if (report.attention.size() == kMaps) return;
    if (data.length(i) > kMost) continue;
    Batch batch = data.fetch({&i, 1});
    if (batch.inputs.size() > kMost) continue;
    std::vector<std::int32_t> made = translate(*p.network, batch, {})[0];
    if (made.empty() || static_cast<std::int64_t>(made.size()) > kMost) continue;
    std::vector<std::string> rows = symbol_names(*p.source->target_tokenizer(), made);
    made.insert(made.begin(), kBegin);
    made.pop_back();
    batch.shown = Tensor::from(made, {1, static_cast<std::int64_t>(made.size())});
    batch.shown_lengths = Tensor::from(std::vector<std::int32_t>{static_cast<std::int32_t>(made.size())}, {1});
    Tensor weights = attention_map(*p.network, batch);
    if (!weights.defined()) return;
    const std::int32_t* given = batch.inputs.data<std::int32_t>();
    std::vector<float> values = weights.to_vector<float>();
    report.attention.push_back(
        {symbol_names(*p.source->tokenizer(), {given, static_cast<std::size_t>(batch.inputs.size())}),
         std::move(rows),
         {values.begin(), values.end()}});
  }
}

std::vector<Fit> fits(const Evaluation& e) {
  std::vector<Fit> all;
  std::size_t width = e.task.outputs.size();
  for (std::size_t o = 0; o < width; ++o) {
    Fit fit{e.task.outputs[o], {}, {}};
    for (std::size_t i = o; i < e.true_values.size(); i += width) {
      fit.truth.push_back(e.true_values[i]);
      fit.predicted.push_back(e.predicted_values[i]);
    }
    all.push_back(std::move(fit));
  }
  return all;
}

std::string batch_shape(const Shape& s) {
  std::string text = s.text();
  return s.rank() == 0 ? "[batch]" : "[batch, " + text.substr(1);
}

std::vector<ModelRow> model_rows(const Network& network, const Shape& input, std::int64_t batch) {
  std::vector<ModelRow> rows;
  for (const Network::LayerRow& r : network.table(input))
    rows.push_back(
        {r.name, r.type, batch_shape(r.output), r.cost.parameters, r.cost.multiply_adds, r.cost.step_bytes(batch)});
  return rows;
}

}  // namespace

RunReport run_report(const Experiment& e, const RunOutcome& outcome, std::vector<std::string> commands) {
  RunReport report;
  const Prepared& p = outcome.prepared;
  report.name = e.params.name;
  report.date = today();
  report.version = version();
  report.task = task_text(p.data.task);
  report.run = outcome.metrics.at("run");
  report.run.set("hash", outcome.metrics.at("model").at("hash"));
  report.metrics = outcome.metrics.at("metrics");
  if (!p.data.task.makes_text()) report.classes = p.data.task.classes;
  report.history = series(outcome.training.history);
  if (outcome.training.best_epoch > 0 && outcome.training.restored_best)
    report.kept_epoch = static_cast<int>(outcome.training.best_epoch);
  if (outcome.test && !p.data.task.classifies() && !p.data.task.per_place) {
    report.fits_part = "test";
    report.fits = fits(*outcome.test);
  }
  if (outcome.test && p.data.task.forecast) add_forecasts(*outcome.test, p.data.test_names, report);
  if (outcome.test && p.data.task.classifies()) add_text_mistakes(*outcome.test, p.data.test_names, report);
  add_pictures(p, outcome.test.get(), report);
  add_reach(p, report);
  add_attention(p, report);
  report.samples_hint =
      p.data.task.translation
          ? "Lines that the model was not trained on, and what it made of them after these epochs."
          : "Made after these epochs, a symbol at a time, each drawn by the model's own probabilities.";
  for (const MadeText& m : outcome.samples) report.samples.push_back({m.epoch, m.text});
  report.data = p.data.summary;
  const Value& size = e.params.train.batch_size;
  std::int64_t batch = size.is_number() ? size.as_integer() : p.data.train->size();
  report.model = model_rows(*p.network, p.input, batch);
  report.config = to_toml(outcome.config);
  report.commands = std::move(commands);
  for (const std::string& n : outcome.notes) {
    if (n.rfind("warning: ", 0) == 0)
      report.warnings.push_back(n.substr(9));
    else
      report.notes.push_back(n);
  }
  return report;
}

}  // namespace gradus::cli
