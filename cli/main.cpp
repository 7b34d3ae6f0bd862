#include <exception>

#include "commands.h"
#include "gradus/base/error.h"
#include "gradus/base/version.h"
#include "output.h"

// Exit codes: 0 done, 1 failed, 2 a mistake in the command line or the config.
int main(int argc, char** argv) {
  CLI::App app{"From raw data to a trained, evaluated and explained model."};
  app.set_version_flag("--version", std::string("gradus ") + gradus::version());
  app.require_subcommand(1);
  app.fallthrough(false);
  gradus::cli::add_train(app);
  gradus::cli::add_evaluate(app);
  gradus::cli::add_predict(app);
  gradus::cli::add_show(app);
  gradus::cli::add_data(app);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    app.exit(e);
    return 2;
  } catch (const gradus::Error& e) {
    gradus::cli::say(std::string("gradus: ") + e.what());
    return e.exit_code();
  } catch (const std::exception& e) {
    gradus::cli::say(std::string("gradus: ") + e.what());
    return 1;
  }
}
