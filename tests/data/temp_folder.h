#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/report/png.h"

namespace gradus {

// A folder that lives as long as the object.
class TempFolder {
 public:
  TempFolder() {
    static int count = 0;
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "gradus_" + test->test_suite_name() + "_" + test->name() + std::to_string(count++);
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string path(const std::string& name) const { return path_ + "/" + name; }

  void write(const std::string& name, std::string_view bytes) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << bytes;
  }
  // A grey picture, or one of colours.
  void write_png(const std::string& name, int height, int width, const std::vector<std::uint8_t>& pixels) const {
    write(name, encode_png({width, height, static_cast<int>(pixels.size()) / (height * width), pixels}));
  }

 private:
  std::string path_;
};

}  // namespace gradus
