#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>

#include "commands.h"
#include "forecasts.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/parallel.h"
#include "gradus/data/numbers.h"
#include "gradus/train/experiment.h"
#include "gradus/train/run_folder.h"
#include "output.h"
#include "profile.h"
#include "progress.h"
#include "run_report.h"

namespace gradus::cli {
namespace {

std::atomic<bool> stop_requested{false};

struct TrainArguments {
  std::string file, out;
  std::vector<std::string> set;
  int threads = 0;
  bool resume = false, overwrite = false, quiet = false, json = false, profile = false;
};

std::string quoted(const std::string& s) {
  if (s.find_first_of(" '\"$&;|<>()*?[]{}\\#~") == std::string::npos) return s;
  std::string out = "'";
  for (char c : s) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string command_line(const TrainArguments& a) {
  std::string line = "gradus train " + quoted(a.file);
  for (const std::string& s : a.set) line += " --set " + quoted(s);
  if (!a.out.empty()) line += " --out " + quoted(a.out);
  return line;
}

// The number that people follow, by task.
bool is_score(const std::string& name) {
  return name == "accuracy" || name == "mean_dice" || name == "r2" || name == "psnr";
}

std::string epoch_line(const EpochRecord& r, std::int64_t epochs) {
  std::string line =
      "epoch " + std::to_string(r.epoch) + "/" + std::to_string(epochs) + "  loss " + short_number(r.train_loss);
  for (const auto& [name, value] : r.validation)
    if (name == "loss" || is_score(name)) line += "  validation " + name + " " + short_number(value);
  return line + "  " + duration(r.seconds);
}

// Examples a second, from the first step's end on.
class Speed {
 public:
  // "" while there is little to tell it from.
  std::string text(std::int64_t examples) {
    auto now = std::chrono::steady_clock::now();
    if (first_ < 0) {
      first_ = examples;
      begin_ = now;
    }
    double spent = std::chrono::duration<double>(now - begin_).count();
    if (spent < 1) return "";
    return grouped(static_cast<std::int64_t>(static_cast<double>(examples - first_) / spent)) + " examples/s";
  }

 private:
  std::int64_t first_ = -1;
  std::chrono::steady_clock::time_point begin_;
};

std::string result_line(const Value& part) {
  std::string line;
  for (const char* name :
       {"bleu", "accuracy", "macro_f1", "mean_dice", "mean_iou", "psnr", "ssim", "r2", "mae", "mse", "loss"})
    if (const Value* v = part.find(name); v != nullptr && v->is_number())
      line += (line.empty() ? "" : ", ") + std::string(name) + " " + short_number(v->as_real());
  return line;
}

// The first signal asks training to stop at the next step; a second one ends the program as usual. A terminal that
// closes may hang up twice, from the shell and from the system.
void on_interrupt(int) {
  stop_requested = true;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGHUP, SIG_IGN);
}

// Messages go to a reader that may leave before training ends (a pipe, a terminal that closes): that ends no training.
void handle_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow further is an error of that write
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  if (std::signal(SIGHUP, on_interrupt) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);  // started by nohup
}

void train(const TrainArguments& a) {
  if (a.threads > 0) set_threads(a.threads);
  Experiment experiment = read_experiment(a.file, a.set);
  bool talks = !a.quiet;
  ProgressBar bar(talks && interactive());
  RunOptions options;
  options.out = a.out;
  options.resume = a.resume;
  options.overwrite = a.overwrite;
  options.stop = &stop_requested;
  handle_signals();
  if (talks)
    options.note = [&](const std::string& text) {
      bar.clear();
      say(text);
    };
  StepProfile profile;
  if (a.profile) options.profile = &profile;
  std::int64_t epochs = experiment.params.train.epochs, current = 0;
  Speed speed;
  std::string score;  // of the last epoch on the validation part
  if (talks)
    options.progress = [&](const Progress& p) {
      if (p.epoch != current) bar.start("epoch " + std::to_string(p.epoch) + "/" + std::to_string(epochs), p.steps);
      current = p.epoch;
      bar.update(p.step, {"loss " + short_number(p.loss), score, speed.text(p.examples)});
    };
  if (talks)
    options.epoch_end = [&](const EpochRecord& r) {
      bar.clear();
      say(epoch_line(r, epochs));
      for (const auto& [name, value] : r.validation)
        if (is_score(name)) score = "validation " + name + " " + short_number(value);
    };
  RunOutcome outcome = run_experiment(experiment, options);
  if (outcome.training.stopped == Stopped::interrupted) {
    say("stopped after " + std::to_string(outcome.training.steps) + " steps; go on with: " + command_line(a) +
        " --resume");
    throw Error(ErrorKind::state, outcome.folder, "interrupted", "the checkpoint is complete");
  }
  RunFolder folder(outcome.folder);
  write_file(folder.file(RunFolder::kReport),
             html_report(run_report(experiment, outcome,
                                    {"cd " + quoted(std::filesystem::current_path().string()), command_line(a)})),
             Durable::in_time);
  if (a.json) print_json(outcome.metrics);
  if (a.profile) say(profile_text(profile));
  if (const Value* w = outcome.metrics.at("run").find("warning")) say("warning: " + w->as_string());
  if (!talks) return;
  say("trained " + count_text(static_cast<std::uint64_t>(outcome.training.epochs), "epoch") + " in " +
      duration(outcome.training.seconds) + " (" + stopped_name(outcome.training.stopped) + ")");
  for (const char* part : {"validation", "test"})
    if (const Value* v = outcome.metrics.at("metrics").find(part)) {
      say(std::string(part) + ": " + result_line(*v));
      if (std::string forecasts = forecast_table(*v); !forecasts.empty()) say(forecasts);
    }
  say("report: " + folder.file(RunFolder::kReport));
}

}  // namespace

void add_train(CLI::App& app) {
  auto a = std::make_shared<TrainArguments>();
  CLI::App* c = app.add_subcommand("train", "Train the model of a config and write a run folder.");
  c->add_option("file", a->file, "The config, a TOML file.")->required()->type_name("FILE");
  c->add_option("--out", a->out, "Run folder; default runs/NAME.")->type_name("DIR");
  c->add_option("--set", a->set, kSetHelp)->expected(1)->take_all()->allow_extra_args(false)->type_name("KEY=VALUE");
  c->add_option("--threads", a->threads, "Threads to use; default all cores. Results do not depend on it.")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  CLI::Option* resume = c->add_flag("--resume", a->resume, "Go on from the folder's last checkpoint.");
  c->add_flag("--overwrite", a->overwrite, "Replace the run in the folder.")->excludes(resume);
  c->add_flag("--quiet", a->quiet, "No progress and no messages but errors, and doubts about the result.");
  c->add_flag("--json", a->json, "Print metrics.json on standard output.");
  c->add_flag("--profile", a->profile,
              "Print, on standard error, where the time of a training step goes and what the engine did.");
  c->callback([a] { train(*a); });
}

}  // namespace gradus::cli
