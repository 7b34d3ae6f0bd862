#include "gradus/data/readers/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "../base/expect_error.h"
#include "gradus/base/file.h"
#include "gradus/base/value.h"
#include "gradus/data/image_form.h"
#include "idx_bytes.h"
#include "temp_file.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kFolder = TEST_DATA "/images/";

// The pixels that Pillow decodes: tests/oracles/pictures.py.
TEST(Image, PixelsAreThoseOfPillow) {
  Value cases = parse_json(read_file(TEST_DATA "/images.json"), "images.json");
  for (const Value& c : cases.at("images").as_array()) {
    std::string file = kFolder + c.at("file").as_string();
    Image image = read_image(file);
    EXPECT_EQ(image.height, c.at("height").as_integer()) << file;
    EXPECT_EQ(image.width, c.at("width").as_integer()) << file;
    ASSERT_EQ(image.channels, c.at("channels").as_integer()) << file;
    const Value::Array& expected = c.at("values").as_array();
    ASSERT_EQ(image.values.size(), expected.size()) << file;
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_LE(std::abs(image.values[i] - expected[i].as_integer()), c.at("tolerance").as_integer())
          << file << " value " << i;
    ImageHeader header = read_image_header(file);
    EXPECT_EQ(header.height, image.height) << file;
    EXPECT_EQ(header.width, image.width) << file;
    EXPECT_EQ(header.channels, image.channels <= 2 ? 1 : 3) << file;
  }
}

TEST(Image, MasksAreNumbersNotColours) {
  EXPECT_THAT(read_label_image(kFolder + "palette.png").values, ElementsAre(0, 1, 2, 3, 2, 1));
  EXPECT_THAT(read_label_image(kFolder + "grey4.png").values, ElementsAre(0, 5, 15, 3, 1, 2, 9, 8));
  std::vector<std::uint16_t> wide = read_label_image(kFolder + "grey16.png").values;
  std::vector<std::uint8_t> rounded = read_image(kFolder + "grey16.png").values;
  for (std::size_t i = 0; i < wide.size(); ++i) EXPECT_EQ(std::lround(wide[i] / 257.0), rounded[i]);
  EXPECT_THAT(error_of(ErrorKind::data, [] { read_label_image(kFolder + "rgb.png"); }),
              AllOf(HasSubstr("rgb.png"), HasSubstr("grey or palette PNG"), HasSubstr("colours")));
  EXPECT_THAT(error_of(ErrorKind::data, [] { read_label_image(kFolder + "grey.jpg"); }), HasSubstr("got a JPEG"));
}

TEST(Image, OtherFilesAreNamed) {
  TempFile text("hello", ".png"), empty("", ".jpg");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { read_image(text.path()); }),
              AllOf(HasSubstr(text.path()), HasSubstr("a PNG, JPEG or WebP"), HasSubstr("68 65 6c 6c")));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { read_image(empty.path()); }), HasSubstr("an empty file"));
  EXPECT_THAT(error_of(ErrorKind::data, [] { read_image(kFolder + "cmyk.jpg"); }), HasSubstr("CMYK"));
  EXPECT_TRUE(has_image_name("a/b.JPeG"));
  EXPECT_FALSE(has_image_name("png"));
  EXPECT_FALSE(has_image_name("a.png.txt"));
}

TEST(Image, WhatIsCutOffIsRefusedWhereverItIsCut) {
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    std::string bytes = read_file(entry.path());
    for (std::size_t n = 0; n + 1 < bytes.size(); ++n) {  // a WebP may end in a byte that only fills up
      TempFile cut(bytes.substr(0, n), ".img");
      EXPECT_THAT(error_of(ErrorKind::data, [&] { read_image(cut.path()); }), HasSubstr(cut.path()))
          << entry.path() << " cut at " << n;
    }
  }
}

TEST(Image, AnyOtherByteGivesAnImageOrAnError) {
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    std::string bytes = read_file(entry.path());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string other = bytes;
      other[i] = static_cast<char>(other[i] ^ 0x55);
      TempFile file(other, ".img");
      try {
        Image image = read_image(file.path());
        EXPECT_EQ(image.values.size(), static_cast<std::size_t>(image.height) * image.width * image.channels);
      } catch (const Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::data);
      }
    }
  }
}

std::string png_that_claims(std::uint32_t width, std::uint32_t height) {
  std::string bytes = read_file(kFolder + "grey.png");
  return bytes.substr(0, 16) + be32(width) + be32(height) + bytes.substr(24);
}

TEST(Image, HugeClaimsAreRefusedByTheHeader) {
  TempFile png(png_that_claims(100000, 100000), ".png"), unbacked(png_that_claims(9000, 9000), ".png");
  for (auto read : {+[](const std::string& p) { read_image(p); }, +[](const std::string& p) { read_image_header(p); }})
    EXPECT_THAT(error_of(ErrorKind::data, [&] { read(png.path()); }),
                AllOf(HasSubstr(png.path()), HasSubstr("100 million pixels"), HasSubstr("100000 x 100000")));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { read_image(unbacked.path()); }), HasSubstr("cut off"));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { read_label_image(unbacked.path()); }), HasSubstr("cut off"));

  std::string jpeg = read_file(kFolder + "grey.jpg");
  std::size_t frame = jpeg.find("\xff\xc0");
  for (auto [side, said] : {std::pair{"\xff\xdc\xff\xdc", "100 million pixels"}, {"\x23\x28\x23\x28", "cut off"}}) {
    TempFile file(jpeg.substr(0, frame + 5) + side + jpeg.substr(frame + 9), ".jpg");
    EXPECT_THAT(error_of(ErrorKind::data, [&] { read_image(file.path()); }), HasSubstr(said));
  }
  std::string webp = read_file(kFolder + "lossless.webp");
  std::size_t size = webp.find('\x2f') + 1;  // 14 bits of each side less 1
  TempFile file(webp.substr(0, size) + "\xff\xff\xff\x0f" + webp.substr(size + 4), ".webp");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { read_image(file.path()); }), HasSubstr("16384 x 16384"));
}

Image grey(int height, int width, std::vector<std::uint8_t> values) { return {height, width, 1, std::move(values)}; }

// By hand: a pixel of two takes in one and a half of three.
TEST(ImageForm, ShrinkingAveragesTheAreaThatAPixelCovers) {
  EXPECT_THAT(resized(grey(1, 3, {0, 90, 30}), 1, 2).values, ElementsAre(30, 50));
  EXPECT_THAT(resized(grey(3, 1, {0, 90, 30}), 2, 1).values, ElementsAre(30, 50));
  EXPECT_THAT(resized(grey(2, 4, {1, 2, 3, 4, 5, 6, 7, 9}), 1, 2).values, ElementsAre(4, 6)) << "3.5 and 5.75";
  EXPECT_THAT(resized({1, 2, 3, {10, 20, 30, 20, 40, 60}}, 1, 1).values, ElementsAre(15, 30, 45));
}

// By hand: the centres of four pixels lie at -1/4, 1/4, 3/4 and 5/4 of two.
TEST(ImageForm, GrowingInterpolatesBetweenCentres) {
  EXPECT_THAT(resized(grey(1, 2, {0, 100}), 1, 4).values, ElementsAre(0, 25, 75, 100));
  EXPECT_THAT(resized(grey(1, 1, {7}), 2, 2).values, ElementsAre(7, 7, 7, 7));
  EXPECT_THAT(resized(grey(2, 4, {0, 8, 0, 8, 100, 108, 100, 108}), 4, 2).values,
              ElementsAre(4, 4, 29, 29, 79, 79, 104, 104));
}

TEST(ImageForm, OtherSizesAreFittedAsAsked) {
  Image image = grey(2, 4, {1, 2, 3, 4, 5, 6, 7, 8});
  LabelImage labels{2, 4, {1, 2, 3, 4, 5, 6, 7, 8}};
  ImageForm form{2, 2, 1, "stretch", 0};
  EXPECT_THAT(form.apply(image, ""), ElementsAre(2, 4, 6, 8)) << "of 1.5, 3.5, 5.5, 7.5";
  EXPECT_THAT(form.apply(labels, ""), ElementsAre(2, 4, 6, 8));
  form.fit = "crop";
  EXPECT_THAT(form.apply(image, ""), ElementsAre(2, 3, 6, 7));
  EXPECT_THAT(form.apply(labels, ""), ElementsAre(2, 3, 6, 7));
  form.fit = "pad";
  form.background = 255;
  EXPECT_THAT(form.apply(image, ""), ElementsAre(4, 6, 255, 255)) << "of 3.5 and 5.5";
  EXPECT_THAT(form.apply(labels, ""), ElementsAre(6, 8, 0, 0));
  form.fit = "refuse";
  EXPECT_THAT(error_of(ErrorKind::data, [&] { form.apply(image, "a.png"); }),
              AllOf(HasSubstr("a.png"), HasSubstr("2 x 2"), HasSubstr("got 2 x 4")));
  EXPECT_EQ(ImageForm::restored(form.state()).state(), form.state());
  Value damaged = form.state();
  damaged.set("width", -1);
  EXPECT_THROW(ImageForm::restored(damaged), Error);
}

// By hand; what crop cut off is class 0, and what pad put around is gone.
TEST(ImageForm, MasksGoBackToTheirOwnSize) {
  LabelImage mask{2, 2, {1, 2, 3, 4}};
  ImageForm form{2, 2, 1, "stretch", 0};
  EXPECT_THAT(form.undone(mask, 2, 2).values, ElementsAre(1, 2, 3, 4));
  LabelImage wide = form.undone(mask, 2, 4);
  EXPECT_EQ(wide.height, 2);
  EXPECT_EQ(wide.width, 4);
  EXPECT_THAT(wide.values, ElementsAre(1, 1, 2, 2, 3, 3, 4, 4));
  form.fit = "crop";
  EXPECT_THAT(form.undone(mask, 2, 4).values, ElementsAre(0, 1, 2, 0, 0, 3, 4, 0));
  EXPECT_THAT(form.undone(mask, 3, 1).values, ElementsAre(0, 4, 0)) << "of four equally near the last";
  form.fit = "pad";
  EXPECT_THAT(form.undone(mask, 2, 4).values, ElementsAre(1, 1, 2, 2, 1, 1, 2, 2)) << "the second row was put around";
  EXPECT_THAT(form.undone(mask, 4, 2).values, ElementsAre(1, 1, 1, 1, 3, 3, 3, 3)) << "the second column was";
}

// A mask that is brought to a form and back keeps its size, and where nothing was cut off its classes but at borders.
TEST(ImageForm, WhatIsUndoneLiesWhereItLay) {
  for (const char* fit : {"stretch", "pad", "crop"})
    for (auto [height, width] : {std::pair{40, 24}, {24, 40}, {33, 35}}) {
      SCOPED_TRACE(std::string(fit) + " " + std::to_string(height) + " x " + std::to_string(width));
      LabelImage mask{height, width, {}};
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
          mask.values.push_back(std::abs(2 * y - height) < 12 && std::abs(2 * x - width) < 12);
      ImageForm form{32, 32, 1, fit, 0};
      LabelImage back = form.undone({32, 32, form.apply(mask, "")}, height, width);
      ASSERT_EQ(back.height, height);
      ASSERT_EQ(back.width, width);
      ASSERT_EQ(back.values.size(), mask.values.size());
      int differ = 0;
      for (std::size_t i = 0; i < mask.values.size(); ++i) differ += back.values[i] != mask.values[i];
      EXPECT_LE(differ, 4 * 12) << "of the square's border";
    }
}

// 0.299 x 255 = 76.2, 0.587 x 255 = 149.7, 0.114 x 255 = 29.1; 200 x 51 / 255 = 40, and 255 x 204 / 255 = 204 of white.
TEST(ImageForm, ChannelsAreThoseAskedFor) {
  Image colours{1, 3, 3, {255, 0, 0, 0, 255, 0, 0, 0, 255}};
  EXPECT_THAT(with_channels(colours, 1).values, ElementsAre(76, 150, 29));
  EXPECT_THAT(with_channels(grey(1, 2, {9, 8}), 3).values, ElementsAre(9, 9, 9, 8, 8, 8));
  Image thin{1, 1, 2, {200, 51}};
  EXPECT_THAT(with_channels(thin, 1, 0).values, ElementsAre(40));
  EXPECT_THAT(with_channels(thin, 1, 255).values, ElementsAre(244));
  EXPECT_THAT(with_channels({1, 1, 4, {200, 100, 0, 0}}, 3, 255).values, ElementsAre(255, 255, 255));
}

}  // namespace
}  // namespace gradus
