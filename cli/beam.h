#pragma once

#include <CLI/CLI.hpp>

#include "gradus/train/trained_model.h"

namespace gradus::cli {

// The flag --beam of commands that let a model make texts of lines.
void add_beam(CLI::App& command, TranslateOptions& options);
// Throws Error{usage} where it was given for a model that makes none.
void check_beam(const TrainedModel& model, const TranslateOptions& options);

}  // namespace gradus::cli
