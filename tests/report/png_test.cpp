#include "gradus/report/png.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <array>

#include "gradus/base/error.h"

namespace gradus {
namespace {

std::uint32_t be32(const std::string& s, std::size_t at) {
  std::uint32_t v = 0;
  for (int i = 0; i < 4; ++i) v = v << 8 | static_cast<unsigned char>(s[at + i]);
  return v;
}

// The checksum bit by bit, as the standard's annex defines it.
std::uint32_t crc_of(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

struct Decoded {
  int width = 0, height = 0, depth = 0, color_type = 0;
  std::string rows;  // filter byte and pixels of each
  std::string palette;
};

Decoded decode(const std::string& png) {
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  Decoded out;
  std::string order;
  for (std::size_t at = 8; at < png.size();) {
    std::uint32_t length = be32(png, at);
    std::string type = png.substr(at + 4, 4), data = png.substr(at + 8, length);
    EXPECT_EQ(be32(png, at + 8 + length), crc_of(type + data)) << type;
    order += type + " ";
    if (type == "IHDR") {
      out = {static_cast<int>(be32(data, 0)), static_cast<int>(be32(data, 4)), data[8], data[9], "", ""};
      EXPECT_EQ(data.substr(10), std::string(3, '\0'));
    }
    if (type == "PLTE") out.palette = data;
    if (type == "IDAT") {
      constexpr int kBytes[] = {1, 0, 3, 1, 2, 0, 4};  // of a pixel, by colour type
      uLongf size = static_cast<uLongf>(out.height) * (1 + out.width * kBytes[static_cast<int>(out.color_type)]);
      out.rows.resize(size);
      EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(out.rows.data()), &size,
                           reinterpret_cast<const Bytef*>(data.data()), data.size()),
                Z_OK);
      EXPECT_EQ(size, out.rows.size());
    }
    at += 12 + length;
  }
  EXPECT_EQ(order, out.color_type == 3 ? "IHDR PLTE IDAT IEND " : "IHDR IDAT IEND ");
  return out;
}

TEST(Png, GreyPixelsComeBack) {
  Decoded d = decode(encode_png({3, 2, 1, {0, 1, 2, 253, 254, 255}}));
  EXPECT_EQ(d.width, 3);
  EXPECT_EQ(d.height, 2);
  EXPECT_EQ(d.depth, 8);
  EXPECT_EQ(d.color_type, 0);
  EXPECT_EQ(d.rows, std::string("\0\0\1\2\0\xfd\xfe\xff", 8));
}

TEST(Png, ColorPixelsComeBack) {
  Decoded d = decode(encode_png({1, 2, 3, {10, 20, 30, 40, 50, 60}}));
  EXPECT_EQ(d.color_type, 2);
  EXPECT_EQ(d.rows, std::string("\0\x0a\x14\x1e\0\x28\x32\x3c", 8));
}

TEST(Png, TransparentPixelsComeBack) {
  Decoded grey = decode(encode_png({1, 1, 2, {10, 20}})), color = decode(encode_png({1, 1, 4, {1, 2, 3, 4}}));
  EXPECT_EQ(grey.color_type, 4);
  EXPECT_EQ(grey.rows, std::string("\0\x0a\x14", 3));
  EXPECT_EQ(color.color_type, 6);
  EXPECT_EQ(color.rows, std::string("\0\1\2\3\4", 5));
}

std::array<std::uint8_t, 3> parts(Rgb c) { return {c.red, c.green, c.blue}; }

TEST(Png, MasksKeepTheirNumbersAndShowColors) {
  Decoded d = decode(encode_mask_png(3, 1, {0, 1, 255}));
  EXPECT_EQ(d.color_type, 3);
  EXPECT_EQ(d.depth, 8);
  EXPECT_EQ(d.rows, std::string("\0\0\1\xff", 4));
  ASSERT_EQ(d.palette.size(), 256u * 3);
  EXPECT_EQ(d.palette.substr(0, 3), std::string(3, '\0'));
  for (int i = 0; i < 256; ++i)
    for (int part = 0; part < 3; ++part)
      EXPECT_EQ(static_cast<std::uint8_t>(d.palette[i * 3 + part]), parts(class_color(i))[part]) << i;
  EXPECT_THROW(encode_mask_png(2, 2, {1}), Error);
  EXPECT_THROW(encode_mask_png(0, 0, {}), Error);
}

TEST(Png, ColorsOfTheFirstClassesAreFarApart) {
  for (int a = 0; a < 12; ++a)
    for (int b = 0; b < a; ++b) {
      int apart = 0;
      for (int part = 0; part < 3; ++part) apart += std::abs(parts(class_color(a))[part] - parts(class_color(b))[part]);
      EXPECT_GT(apart, 60) << a << " " << b;
    }
}

TEST(Png, RefusesPixelsThatDoNotFit) {
  try {
    encode_png({2, 2, 3, {1, 2, 3}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::AllOf(testing::HasSubstr("picture"), testing::HasSubstr("3 bytes for 2 x 2 x 3")));
  }
  EXPECT_THROW(encode_png({1, 1, 5, {1, 2, 3, 4, 5}}), Error);
  EXPECT_THROW(encode_png({0, 0, 1, {}}), Error);
}

TEST(Png, ShrinkAveragesBlocks) {
  Picture p{4, 3, 1, {10, 20, 1, 3, 30, 40, 5, 7, 100, 101, 0, 9}};
  Picture half = shrink(p, 2);
  EXPECT_EQ(half.width, 2);
  EXPECT_EQ(half.height, 2);
  EXPECT_THAT(half.pixels, testing::ElementsAre(25, 4, 101, 5));  // the last row's blocks hold two pixels each
  EXPECT_EQ(shrink(p, 4).pixels, p.pixels);
}

TEST(Png, Base64VectorsOfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xfb\xff"), "+/8=");
}

}  // namespace
}  // namespace gradus
