#include "beam.h"

#include "gradus/base/error.h"

namespace gradus::cli {

void add_beam(CLI::App& command, TranslateOptions& options) {
  command
      .add_option("--beam", options.beam,
                  "Of models that make a text of each line: follow so many of the most probable ones; default 1.")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1000}))
      ->type_name("N");
}

void check_beam(const TrainedModel& model, const TranslateOptions& options) {
  if (options.beam != TranslateOptions().beam && !model.task().translation)
    throw Error(ErrorKind::usage, "--beam", "this model makes no text of a line", "leave it out");
}

}  // namespace gradus::cli
