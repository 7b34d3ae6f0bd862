#include <memory>

#include "commands.h"
#include "gradus/data/describe.h"
#include "gradus/data/readers/csv.h"
#include "output.h"

namespace gradus::cli {

void add_data(CLI::App& app) {
  struct Arguments {
    std::string file, target;
    bool json = false;
  };
  auto a = std::make_shared<Arguments>();
  CLI::App* group = app.add_subcommand("data", "Look at data files.");
  group->require_subcommand(1);
  CLI::App* c = group->add_subcommand("describe", "What a table holds: columns, missing values, ranges, oddities.");
  c->add_option("file", a->file, "A CSV or TSV file.")->required();
  c->add_option("--target", a->target, "The column to predict, for warnings about columns that give it away.");
  c->add_flag("--json", a->json, "Print one JSON document.");
  c->callback([a] {
    Value v = describe(read_csv(a->file), a->target);
    if (a->json)
      print_json(v);
    else
      print(describe_text(v));
  });
}

}  // namespace gradus::cli
