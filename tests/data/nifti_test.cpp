#include "gradus/data/readers/nifti.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "../base/expect_error.h"
#include "nifti_file.h"
#include "temp_file.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string read_error(const std::string& bytes) {
  TempFile file(bytes, ".nii");
  std::string message = error_of(ErrorKind::data, [&] { read_nifti(file.path()); });
  EXPECT_THAT(message, HasSubstr(file.path()));
  return message;
}

Extent3 extent_in(const Value& list) {
  Extent3 out;
  for (std::size_t a = 0; a < 3; ++a) out[a] = list.as_array()[a].as_integer();
  return out;
}

Spacing3 spacing_in(const Value& list) {
  Spacing3 out;
  for (std::size_t a = 0; a < 3; ++a) out[a] = list.as_array()[a].as_real();
  return out;
}

// Values, sizes and spacings by nibabel.
TEST(Nifti, FilesOfAllTypesOrdersAndOrientationsAreReadAsNibabelReadsThem) {
  for (const Value& c : nifti_cases("files")) {
    SCOPED_TRACE(c.at("name").as_string());
    TempFile file(from_base64(c.at("file").as_string()), ".nii");
    NiftiImage image = read_nifti(file.path());
    EXPECT_EQ(image.volume.size, extent_in(c.at("size")));
    EXPECT_EQ(image.volume.values, floats_in(c.at("values")));
    for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(image.volume.spacing[a], spacing_in(c.at("spacing"))[a], 1e-6) << a;
    EXPECT_EQ(read_nifti_header(file.path()).size(), image.volume.size);
  }
}

// What was read comes out voxel by voxel as it stood in the file, whatever its orientation and byte order.
TEST(Nifti, AVolumeIsWrittenOnTheGridOfItsFile) {
  for (const char* name : {"tilted", "qform_only", "i16_big_endian_las", "nifti2_big_endian"}) {
    SCOPED_TRACE(name);
    std::string bytes = from_base64(nifti_case(name).at("file").as_string());
    TempFile file(bytes, ".nii"), written("", ".nii");
    NiftiImage image = read_nifti(file.path());
    write_nifti(written.path(), image.header, image.volume, NiftiType::i16);
    std::string out = read_file(written.path());
    ASSERT_EQ(out.size(), bytes.size());
    std::size_t start = image.header.offset;
    EXPECT_EQ(out.substr(start), bytes.substr(start));
    EXPECT_EQ(read_nifti(written.path()).header.affine, image.header.affine);
  }
}

TEST(Nifti, LabelsAreWrittenGzippedWithoutScaleOrExtensions) {
  for (const char* name : {"i8_scaled", "extension", "f32_coronal"}) {
    SCOPED_TRACE(name);
    TempFile file(from_base64(nifti_case(name).at("file").as_string()), ".nii"), written("", ".nii.gz");
    NiftiImage image = read_nifti(file.path());
    for (float& v : image.volume.values) v = std::fmod(std::abs(std::floor(v)), 7.0f);
    write_nifti(written.path(), image.header, image.volume, NiftiType::u8);
    EXPECT_EQ(read_file(written.path()).substr(0, 2), "\x1f\x8b");
    NiftiImage again = read_nifti(written.path());
    EXPECT_EQ(again.volume.values, image.volume.values);
    EXPECT_EQ(again.header.type, NiftiType::u8);
    EXPECT_EQ(again.header.slope, 1);
    EXPECT_EQ(again.header.offset, 352u);
  }
}

TEST(Nifti, WhatATypeDoesNotHoldIsNotWritten) {
  TempFile file(nifti_bytes(2, 1, 1, {1, 2}), ".nii"), out("old", ".nii");
  NiftiImage image = read_nifti(file.path());
  image.volume.values = {0.5f, 300};
  EXPECT_THAT(error_of(ErrorKind::value, [&] { write_nifti(out.path(), image.header, image.volume, NiftiType::u8); }),
              AllOf(HasSubstr("8 bits"), HasSubstr("0.5")));
  image.volume.values = {0, 300};
  EXPECT_THAT(error_of(ErrorKind::value, [&] { write_nifti(out.path(), image.header, image.volume, NiftiType::u8); }),
              HasSubstr("300"));
  EXPECT_EQ(read_file(out.path()), "old");
  image.volume.size = {1, 2, 1};
  error_of(ErrorKind::shape, [&] { write_nifti(out.path(), image.header, image.volume, NiftiType::f32); });
}

TEST(Nifti, ASlopeOfZeroIsNoScale) {
  std::string bytes = nifti_bytes(2, 1, 1, {5, -6});
  TempFile none(with_field(bytes, 116, 9.0f), ".nii"),
      scaled(with_field(with_field(bytes, 112, 0.5f), 116, 1.0f), ".nii"),
      nan(with_field(bytes, 112, std::nanf("")), ".nii");
  EXPECT_THAT(read_nifti(none.path()).volume.values, ElementsAre(5, -6));
  EXPECT_THAT(read_nifti(nan.path()).volume.values, ElementsAre(5, -6));
  EXPECT_THAT(read_nifti(scaled.path()).volume.values, ElementsAre(3.5f, -2));
}

TEST(Nifti, VoxelsWithoutANumberAreZeroAndCounted) {
  std::string bytes = with_field(nifti_bytes(1, 1, 2, {0, 0}), 70, std::int16_t{16});
  bytes = with_field(bytes + "1234", 352, std::nanf(""));
  TempFile file(with_field(bytes, 356, 2.5f), ".nii");
  NiftiImage image = read_nifti(file.path());
  EXPECT_THAT(image.volume.values, ElementsAre(0, 2.5f));
  EXPECT_EQ(image.not_finite, 1u);
}

TEST(Nifti, HeadersLargerThanTheirFileAreRefused) {
  std::string bytes = nifti_bytes(2, 2, 2, std::vector<std::int16_t>(8));
  EXPECT_THAT(read_error(with_field(bytes, 42, std::int16_t{3})),
              AllOf(HasSubstr("expected 376 bytes"), HasSubstr("got 368")));
  std::string huge = bytes;
  for (std::size_t at : {42, 44, 46}) huge = with_field(huge, at, std::int16_t{32767});
  EXPECT_THAT(read_error(huge), HasSubstr("the file is cut off or its header damaged"));
  EXPECT_THAT(read_error(gzipped(huge)), HasSubstr("gzipped, too few for that"));
  EXPECT_THAT(read_error(gzipped(with_field(bytes, 42, std::int16_t{3}))), HasSubstr("expected 376 bytes"));
  std::string cut = gzipped(bytes);
  EXPECT_THAT(read_error(cut.substr(0, cut.size() - 12)), HasSubstr("too early"));
  EXPECT_THAT(read_error(bytes.substr(0, 300)), HasSubstr("348 bytes"));
  EXPECT_THAT(read_error(""), HasSubstr("got 0 bytes"));
}

TEST(Nifti, SizesWhoseProductOverflowsAreRefused) {
  std::string bytes = from_base64(nifti_case("nifti2").at("file").as_string());
  for (std::size_t at : {24, 32, 40}) bytes = with_field(bytes, at, std::int64_t{1} << 40);
  EXPECT_THAT(read_error(bytes), HasSubstr("sizes that a file can have"));
  bytes = from_base64(nifti_case("nifti2").at("file").as_string());
  EXPECT_THAT(read_error(with_field(bytes, 168, std::int64_t{1} << 50)), HasSubstr("cut off"));
  EXPECT_THAT(read_error(bytes.substr(0, 500)), HasSubstr("expected 540 bytes"));
}

TEST(Nifti, DamagedFieldsAreNamed) {
  std::string bytes = nifti_bytes(2, 2, 2, std::vector<std::int16_t>(8));
  EXPECT_THAT(read_error(with_field(bytes, 40, std::int16_t{0})), HasSubstr("1 to 7 dimensions, got 0"));
  EXPECT_THAT(read_error(with_field(bytes, 40, std::int16_t{8})), HasSubstr("1 to 7 dimensions, got 8"));
  EXPECT_THAT(read_error(with_field(bytes, 44, std::int16_t{-2})), HasSubstr("dimension 2 of at least 1, got -2"));
  EXPECT_THAT(read_error(with_field(bytes, 46, std::int16_t{0})), HasSubstr("dimension 3 of at least 1, got 0"));
  for (float offset : {12.0f, -352.0f, 352.5f, std::nanf(""), INFINITY})
    EXPECT_THAT(read_error(with_field(bytes, 108, offset)), HasSubstr("voxels that begin at byte 352")) << offset;
  EXPECT_THAT(read_error(with_field(bytes, 108, 1e6f)), HasSubstr("cut off"));
  EXPECT_THAT(read_error(gzipped(with_field(bytes, 108, 8000.0f))), HasSubstr("cut off"));
  std::string sform = with_field(bytes, 254, std::int16_t{1});
  EXPECT_THAT(read_error(sform), HasSubstr("axes of a finite length above 0"));
  EXPECT_THAT(read_error(with_field(sform, 280, std::nanf(""))), HasSubstr("nan mm along dimension 1"));
}

TEST(Nifti, OtherFilesAreToldApart) {
  std::string bytes = nifti_bytes(2, 2, 2, std::vector<std::int16_t>(8));
  EXPECT_THAT(read_error(std::string(bytes).replace(344, 3, "ni1")), HasSubstr("pair of .hdr and .img"));
  EXPECT_THAT(read_error(std::string(bytes).replace(344, 3, 3, '\0')), HasSubstr("ANALYZE"));
  EXPECT_THAT(read_error(std::string(400, 'x')), HasSubstr("got something else"));
  EXPECT_THAT(read_error(with_field(bytes, 70, std::int16_t{128})), HasSubstr("128 (colour)"));
  EXPECT_THAT(read_error(with_field(bytes, 70, std::int16_t{32})), HasSubstr("complex"));
  std::string series = with_field(with_field(bytes, 40, std::int16_t{4}), 48, std::int16_t{2});
  EXPECT_THAT(read_error(series), AllOf(HasSubstr("one volume"), HasSubstr("2 along dimension 4")));
  EXPECT_THAT(error_of(ErrorKind::file, [] { read_nifti("/none/scan.nii"); }), HasSubstr("/none/scan.nii"));
}

// Arrays by SciPy's map_coordinates.
TEST(Volume, IsResampledAsSciPyDoes) {
  for (const Value& c : nifti_cases("resampled")) {
    SCOPED_TRACE(c.at("name").as_string());
    Volume volume{extent_in(c.at("size")), spacing_in(c.at("spacing")), floats_in(c.at("values"))};
    Spacing3 wanted = spacing_in(c.at("wanted"));
    Extent3 size = resampled_size(volume.size, volume.spacing, wanted);
    EXPECT_EQ(size, extent_in(c.at("to")));
    bool nearest = c.at("nearest").as_bool();
    Volume out = resampled(volume, size, wanted, nearest ? Interpolation::nearest : Interpolation::linear);
    std::vector<float> expected = floats_in(c.at("out"));
    ASSERT_EQ(out.values.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(out.values[i], expected[i], nearest ? 0 : 1e-4) << i;
  }
}

// Worked by hand.
TEST(Volume, IsCutAndPaddedAboutItsMiddle) {
  Volume row{{1, 1, 5}, {1, 1, 1}, {1, 2, 3, 4, 5}};
  EXPECT_THAT(cropped(row, {1, 1, 3}, 0).values, ElementsAre(2, 3, 4));
  EXPECT_THAT(cropped(row, {1, 1, 2}, 0).values, ElementsAre(2, 3));
  EXPECT_THAT(cropped(row, {1, 1, 7}, 9).values, ElementsAre(9, 1, 2, 3, 4, 5, 9));
  EXPECT_THAT(cropped(row, {1, 1, 8}, 9).values, ElementsAre(9, 1, 2, 3, 4, 5, 9, 9));
  EXPECT_THAT(cropped(row, {2, 1, 1}, 9).values, ElementsAre(3, 9));
  EXPECT_EQ(cropped(cropped(row, {1, 1, 8}, 9), row.size, 0).values, row.values) << "what was padded is cut off again";
  error_of(ErrorKind::value, [] { places({1 << 20, 1 << 20, 1 << 20}); });
  error_of(ErrorKind::value, [] { places({1, 0, 1}); });
}

}  // namespace
}  // namespace gradus
