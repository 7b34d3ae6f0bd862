#include <algorithm>
#include <exception>
#include <new>
#include <sstream>

#include "commands.h"
#include "gradus/base/error.h"
#include "gradus/base/params.h"
#include "gradus/base/text.h"
#include "gradus/base/version.h"
#include "output.h"

namespace {

void run(CLI::App& app, int argc, char** argv) {
  app.set_version_flag("--version", std::string("gradus ") + gradus::version());
  app.require_subcommand(1);
  gradus::cli::add_train(app);
  gradus::cli::add_evaluate(app);
  gradus::cli::add_predict(app);
  gradus::cli::add_generate(app);
  gradus::cli::add_show(app);
  gradus::cli::add_data(app);
  app.parse(argc, argv);
}

int fail(const std::string& message, int code) {
  gradus::cli::say("gradus: " + message);
  return code;
}

// The subcommand that the arguments were read for ("show model"), its name added to `path`.
const CLI::App& innermost(const CLI::App& app, std::string& path) {
  auto chosen = app.get_subcommands();
  if (chosen.empty()) return app;
  path += " " + chosen[0]->get_name();
  return innermost(*chosen[0], path);
}

std::string without_period(std::string text) {
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

// What was asked for and is not there: a misspelt command or option, or one argument too many.
std::string unknown_text(const std::string& word, const std::vector<std::string>& commands,
                         const std::vector<std::string>& options) {
  const bool is_option = word.rfind('-', 0) == 0;
  std::string close = gradus::nearest(word, is_option ? options : commands);
  const char* kind = is_option ? "no option " : commands.empty() ? "no argument " : "no command ";
  return "there is " + (kind + gradus::shown(word)) + (close.empty() ? "" : "; did you mean " + close + "?");
}

// A mistake in the arguments, told as all others are; CLI11 knows what is wrong, not what was meant.
std::string explained(const CLI::ParseError& e, const CLI::App& app) {
  std::string path;
  const CLI::App& command = innermost(app, path);
  std::vector<std::string> commands, options, extras = app.remaining(true);
  for (const CLI::App* c : command.get_subcommands([](const CLI::App*) { return true; }))
    commands.push_back(c->get_name());
  for (const CLI::Option* o : command.get_options())
    if (!o->get_lnames().empty()) options.push_back("--" + o->get_lnames()[0]);
  std::string text = e.what();
  const CLI::Option* blamed = command.get_option_no_throw(text.substr(0, text.find(':')));
  if (!extras.empty()) {
    text = unknown_text(extras[0], commands, options);
  } else if (!commands.empty()) {
    text = "say what to do: " + gradus::comma_list(commands);
  } else if (e.get_name() == "ArgumentMismatch" && blamed != nullptr) {
    text = blamed->get_name() + (blamed->count() > 1 ? " is given more than once: " : " needs a value: ") +
           without_period(blamed->get_description());
  } else if (e.get_name() == "RequiredError") {
    auto all = command.get_options();
    auto o =
        std::find_if(all.begin(), all.end(), [](auto* each) { return each->get_required() && each->count() == 0; });
    if (o != all.end())
      text = ((*o)->get_positional() ? "" : (*o)->get_name() + " ") + (*o)->get_type_name() +
             " is missing: " + without_period((*o)->get_description());
  }
  if (!path.empty()) text = path.substr(1) + ": " + text;
  return text + "; see gradus" + path + " --help";
}

}  // namespace

// Exit codes: 0 done, 1 failed, 2 a mistake in the command line or the config.
int main(int argc, char** argv) try {
  CLI::App app{"From raw data to a trained, evaluated and explained model."};
  try {
    try {
      run(app, argc, argv);
    } catch (const CLI::ParseError& e) {
      if (e.get_exit_code() != 0) return fail(explained(e, app), 2);
      std::ostringstream out;  // --help and --version
      app.exit(e, out, out);
      gradus::cli::print_as_is(out.str());
    }
    gradus::cli::finish_output();
    return 0;
  } catch (const gradus::Error& e) {
    return fail(e.what(), e.exit_code());
  } catch (const std::bad_alloc&) {
    return fail("there is not enough memory; use smaller batches or layers, or fewer data", 1);
  } catch (const std::exception& e) {
    return fail(e.what(), 1);
  }
} catch (...) {
  return 1;
}
