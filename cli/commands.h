#pragma once

#include <CLI/CLI.hpp>

namespace gradus::cli {

// What --set does, for help.
inline constexpr const char* kSetHelp =
    "Override a key of the config; may be repeated, later ones count: train.epochs=5, model.layers.0.units=32, "
    "train.optimizer.lr=0.1. Relative paths start at the config's folder.";

// Each adds its subcommand to the program.
void add_train(CLI::App& app);
void add_evaluate(CLI::App& app);
void add_predict(CLI::App& app);
void add_generate(CLI::App& app);
void add_show(CLI::App& app);
void add_data(CLI::App& app);

}  // namespace gradus::cli
