#include <limits>
#include <memory>

#include "commands.h"
#include "gradus/base/parallel.h"
#include "gradus/train/trained_model.h"
#include "output.h"

namespace gradus::cli {
namespace {

struct GenerateArguments {
  std::string run;
  GenerateOptions options;
  int threads = 1;  // one symbol at a time leaves nothing to share
  bool json = false;
};

void generate(const GenerateArguments& a) {
  set_threads(a.threads);
  TrainedModel model(a.run);
  std::string text;
  model.generate(a.options, [&](const std::string& more) {
    if (a.json) {
      text += more;
    } else {
      print_as_is(more);
      finish_output();  // each piece as it is made
    }
    return true;
  });
  if (!a.json) return print("");
  Value out = Value::table();
  out.set("text", text);
  print_json(out);
}

}  // namespace

void add_generate(CLI::App& app) {
  auto a = std::make_shared<GenerateArguments>();
  CLI::App* c = app.add_subcommand("generate", "Go on with a text, as a model of its next symbols would.");
  c->add_option("run", a->run, "A run folder or a model file.")->required()->type_name("RUN");
  c->add_option("--prompt", a->options.prompt, "The text to go on with.")->type_name("TEXT");
  c->add_option("--length", a->options.length, "Symbols to add; default 200.")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40))
      ->type_name("N");
  c->add_option("--temperature", a->options.temperature,
                "Below 1 the probable becomes more so, 0 takes the best alone; default 1.")
      ->check(CLI::Range(0.0, 1e6))
      ->type_name("T");
  c->add_option("--top-k", a->options.top_k, "Draw from so many of the most probable symbols; default all.")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->type_name("K");
  c->add_option("--seed", a->options.seed, "Of the draws; default 0.")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->type_name("S");
  c->add_option("--threads", a->threads, "Threads to use; default 1.")->check(CLI::Range(1, 1024))->type_name("N");
  c->add_flag("--json", a->json, "Print one JSON document.");
  c->callback([a] { generate(*a); });
}

}  // namespace gradus::cli
