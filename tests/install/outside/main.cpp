#include <cstdio>

#include "gradus/base/error.h"
#include "gradus/base/value.h"

int main() {
  const gradus::Value config = gradus::parse_toml("[train]\nepochs = 5\n", "outside.toml");
  if (config.at("train").at("epochs").as_integer() != 5) {
    std::puts("parse_toml gave another value than was written");
    return 1;
  }
  try {
    gradus::parse_toml("epochs = ", "outside.toml");
  } catch (const gradus::Error& error) {
    return error.exit_code() == 2 ? 0 : 1;
  }
  std::puts("parse_toml took text that is not TOML");
  return 1;
}
