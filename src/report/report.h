#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gradus/base/value.h"
#include "gradus/report/png.h"

namespace gradus {

// One figure of every epoch, from the first; not a number where it was not measured. Names are "PART.METRIC"
// ("train.loss", "validation.accuracy") or the figure's own ("lr", "seconds").
struct EpochSeries {
  std::string name;
  std::vector<double> values;
};

// One output of a regression: what the data say and what the model said, row by row.
struct Fit {
  std::string name;
  std::vector<double> truth;
  std::vector<double> predicted;
};

// A picture that the model got wrong; the worst come first.
struct Mistake {
  Picture picture;  // or several side by side, as RunReport::mistakes_explanation says
  std::string truth;
  std::string predicted;
  double confidence = 0;  // the probability it gave to its wrong answer
};

// A text or a sequence that the model got wrong; the worst come first.
struct TextMistake {
  std::string text;  // or what the data call it
  std::string truth;
  std::string predicted;
  double confidence = 0;  // the probability it gave to its wrong answer
};

// One value of a series at successive steps beside what was forecast so many steps before, and the naive forecasts.
struct ForecastCurves {
  std::string value;
  std::int64_t horizon = 1;
  std::vector<std::string> times;                           // of the steps
  std::vector<double> truth, model, naive, seasonal_naive;  // of each step; the naive ones may be empty
};

// Other pictures, such as samples of the data, under a heading of their own.
struct Gallery {
  struct Item {
    Picture picture;
    std::string caption;  // what follows a line's end is set smaller
  };
  struct Meaning {
    Rgb color;
    std::string name;
  };
  std::string title;
  std::string explanation;  // one sentence
  std::vector<Item> items;
  int tile = 0;  // above 0: the pictures are sheets of tiles with this longest side, shown one below the other
  std::vector<Meaning> legend = {};
};

struct ModelRow {
  std::string layer;  // its name
  std::string type;   // "linear"
  std::string shape;  // of its output: "[batch, 128]"
  std::int64_t parameters = 0;
  std::int64_t multiply_adds = 0;  // forward, one example
  std::int64_t bytes = 0;          // memory of one training step
};

// A text that the model made during training.
struct TextSample {
  std::int64_t epoch = 0;  // after which
  std::string text;
};

// What a model looked at while it made a text of another: weights [made, given], each row's sum 1.
struct AttentionMap {
  std::vector<std::string> given, made;  // symbols
  std::vector<double> weights;
};

// All that a training run's report shows. Whatever is empty is left out of the report.
struct RunReport {
  std::string name;
  std::string date;     // as it should be read
  std::string version;  // of gradus
  std::string task;     // "classification in 3 classes"

  // Facts about the run, shown as they are: the keys of metrics.json's `run` (epochs, steps, seconds,
  // examples_per_second, threads, stopped) are given readable names and units.
  Value run;

  // {train, validation, test}, each a table of numbers such as loss, accuracy, macro_f1, mse, mae, r2. Also read:
  // confusion = [[count, ...], ...], the true class first, from which the figures of each class are computed; and
  // arrays of tables such as per_output = [{output, mse, mae, r2}, ...], shown as tables; and of forecasts naive,
  // seasonal_naive, per_value and per_horizon as docs/methods/metrics.md has them. All else is skipped.
  Value metrics;
  std::vector<std::string> classes;

  std::vector<EpochSeries> history;
  std::optional<int> kept_epoch;  // whose weights were kept, counted from 1; else the best validation loss is marked

  std::vector<Fit> fits;
  std::string fits_part;                  // "test"
  std::vector<ForecastCurves> forecasts;  // of the end of the test part
  std::vector<TextMistake> text_mistakes;
  std::vector<Mistake> mistakes;
  std::string mistakes_explanation;  // a sentence on what is shown beside them
  std::vector<Gallery> galleries;
  std::vector<TextSample> samples;
  std::string samples_hint;  // how they were made
  std::vector<AttentionMap> attention;
  std::vector<double> gradient_by_distance;  // how far back a network over sequences looks, by steps

  // Shown as facts (single values) and tables (arrays of tables, and tables of tables): what describe() gives of a
  // table, its columns under `column` or `columns`; `classes` = {class = {train = rows, ...}, ...}; and
  // `parts` = {train = rows, ...}, which is drawn as one bar. `notes` and `warnings` are lists of sentences.
  Value data;

  std::vector<ModelRow> model;
  std::string config;  // TOML
  std::vector<std::string> commands;
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
};

// The report as one HTML page that needs no network: figures inline, readable on a phone and a desktop, on light and
// dark screens, and on paper. Throws Error{shape} where sizes disagree (classes and confusion, a fit's two lists).
std::string html_report(const RunReport& report);

}  // namespace gradus
