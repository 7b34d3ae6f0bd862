#pragma once

#include <CLI/CLI.hpp>

namespace gradus::cli {

// Each adds its subcommand to the program.
void add_train(CLI::App& app);
void add_evaluate(CLI::App& app);
void add_predict(CLI::App& app);
void add_show(CLI::App& app);
void add_data(CLI::App& app);

}  // namespace gradus::cli
