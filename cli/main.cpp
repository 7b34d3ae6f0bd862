#include <cstdio>
#include <exception>
#include <sstream>

#include "commands.h"
#include "gradus/base/error.h"
#include "gradus/base/version.h"
#include "output.h"

namespace {

void run(CLI::App& app, int argc, char** argv) {
  app.set_version_flag("--version", std::string("gradus ") + gradus::version());
  app.require_subcommand(1);
  gradus::cli::add_train(app);
  gradus::cli::add_evaluate(app);
  gradus::cli::add_predict(app);
  gradus::cli::add_show(app);
  gradus::cli::add_data(app);
  app.parse(argc, argv);
}

int fail(const std::exception& e, int code) {
  gradus::cli::say(std::string("gradus: ") + e.what());
  return code;
}

}  // namespace

// Exit codes: 0 done, 1 failed, 2 a mistake in the command line or the config.
int main(int argc, char** argv) try {
  CLI::App app{"From raw data to a trained, evaluated and explained model."};
  try {
    try {
      run(app, argc, argv);
    } catch (const CLI::ParseError& e) {
      std::ostringstream out, err;
      int code = app.exit(e, out, err);
      gradus::cli::print_as_is(out.str());  // --help and --version
      std::fputs(err.str().c_str(), stderr);
      if (code != 0) return 2;
    }
    gradus::cli::finish_output();
    return 0;
  } catch (const gradus::Error& e) {
    return fail(e, e.exit_code());
  } catch (const std::exception& e) {
    return fail(e, 1);
  }
} catch (...) {
  return 1;
}
