#include "gradus/data/image_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "temp_folder.h"

namespace gradus {
namespace {

using ::testing::ElementsAre;

// Runs work(thread) on four threads of their own at once.
template <class F>
void at_once(F work) {
  std::vector<std::thread> all;
  for (int t = 0; t < 4; ++t) all.emplace_back([&work, t] { work(t); });
  for (std::thread& t : all) t.join();
}

TEST(ByteCache, HoldsTheFirstExamplesOnce) {
  ByteCache cache(2, 3);
  EXPECT_EQ(cache.examples(), 2u);
  EXPECT_EQ(cache.find(1), nullptr);
  cache.keep(1, std::vector<std::uint8_t>{1, 2, 3});
  cache.keep(1, std::vector<std::uint8_t>{7, 8, 9});
  ASSERT_NE(cache.find(1), nullptr);
  EXPECT_THAT(std::vector<std::uint8_t>(cache.find(1), cache.find(1) + 3), ElementsAre(1, 2, 3));
  EXPECT_EQ(cache.find(0), nullptr);
  cache.keep(2, std::vector<std::uint8_t>{1, 2, 3});  // beyond what it has room for
  EXPECT_EQ(cache.find(2), nullptr);
}

TEST(ByteCache, WhatIsFoundIsWholeWhileOthersWrite) {
  constexpr std::size_t kExamples = 200, kBytes = 1000;
  for (int round = 0; round < 5; ++round) {
    ByteCache cache(kExamples, kBytes);
    std::atomic<int> torn = 0;
    at_once([&](int t) {
      for (std::size_t k = 0; k < 2 * kExamples; ++k) {
        std::size_t i = (k + 50 * static_cast<std::size_t>(t)) % kExamples;
        std::vector<std::uint8_t> bytes(kBytes, static_cast<std::uint8_t>(i + 1));
        if (const std::uint8_t* held = cache.find(i))
          torn += !std::equal(bytes.begin(), bytes.end(), held);
        else
          cache.keep(i, bytes);
      }
    });
    EXPECT_EQ(torn, 0);
    for (std::size_t i = 0; i < kExamples; ++i) ASSERT_NE(cache.find(i), nullptr) << i;
  }
}

// Images, masks and target pictures that nobody has read yet, by several threads at once.
TEST(FileImages, AreReadFromSeveralThreads) {
  TempFolder f;
  constexpr std::size_t kImages = 12;
  std::vector<ImageFiles> files;
  for (std::size_t i = 0; i < kImages; ++i) {
    auto value = static_cast<std::uint8_t>(10 * i);
    std::string name = std::to_string(i) + ".png";
    f.write_png("i" + name, 5, 6, std::vector<std::uint8_t>(30, value));
    f.write_png("m" + name, 5, 6, std::vector<std::uint8_t>(30, static_cast<std::uint8_t>(i % 2)));
    f.write_png("t" + name, 3, 2, std::vector<std::uint8_t>(6, static_cast<std::uint8_t>(value + 1)));
    files.push_back({f.path("i" + name), f.path("m" + name), f.path("t" + name)});
  }
  FileImages::Parts parts;
  parts.files = files;
  parts.image.height = 5;
  parts.image.width = 6;
  parts.target.emplace().height = 3;
  parts.target->width = 2;
  parts.mask.emplace(std::vector<std::int64_t>{}, 2);
  for (ImageStream stream : {ImageStream::never, ImageStream::always}) {
    parts.stream = stream;
    FileImages images(parts);
    EXPECT_EQ(images.held(), stream == ImageStream::never ? kImages : 0);
    EXPECT_EQ(images.is_slow(), stream == ImageStream::always);
    std::atomic<int> wrong = 0;
    at_once([&](int t) {
      std::vector<float> values(30), target(6);
      std::vector<std::int32_t> mask(30);
      for (std::size_t k = 0; k < 2 * kImages; ++k) {
        std::size_t i = (k * 5 + 3 * static_cast<std::size_t>(t)) % kImages;
        auto at = static_cast<std::int64_t>(i);
        images.read(at, values);
        images.read_mask(at, mask);
        images.read_target(at, target);
        auto value = static_cast<float>(10 * i);
        wrong += values != std::vector<float>(30, value) || target != std::vector<float>(6, value + 1) ||
                 mask != std::vector<std::int32_t>(30, static_cast<std::int32_t>(i % 2));
      }
    });
    EXPECT_EQ(wrong, 0);
  }
}

}  // namespace
}  // namespace gradus
