#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "gradus/data/volume.h"

namespace gradus {

// Types of voxels, by their numbers in the format.
enum class NiftiType : std::int16_t {
  u8 = 2,
  i16 = 4,
  i32 = 8,
  f32 = 16,
  f64 = 64,
  i8 = 256,
  u16 = 512,
  u32 = 768,
  i64 = 1024,
  u64 = 1280
};

// What stands before the voxels of a NIfTI file.
struct NiftiHeader {
  int version = 1;
  NiftiType type = NiftiType::f32;
  bool swapped = false;                              // whether its byte order is not this machine's
  Extent3 file_size = {1, 1, 1};                     // voxels along the file's axes, the fastest first
  std::uint64_t offset = 352;                        // of the first voxel
  double slope = 1, intercept = 0;                   // value = slope * stored + intercept
  std::array<std::array<double, 4>, 3> affine = {};  // from voxel numbers to mm: to the right, front and head
  std::array<int, 3> file_axis = {0, 1, 2};          // the file's axis nearest to z, y and x
  std::array<bool, 3> reversed = {};                 // whether that axis runs the other way
  std::string bytes;                                 // as they stand in the file

  // Of the volume in canonical orientation.
  Extent3 size() const;
  Spacing3 spacing() const;
};

// A scan as it is worked on, with what is needed to write results on its file's own grid.
struct NiftiImage {
  NiftiHeader header;
  Volume volume;
  std::uint64_t not_finite = 0;  // voxels that hold no finite number and were read as 0
};

// Whether a file's name says that it is NIfTI: .nii or .nii.gz.
bool is_nifti_name(std::string_view path);

// Reads the header of a NIfTI-1 or NIfTI-2 file (.nii, plain or gzipped), in either byte order. Orientation is that of
// the sform, else of the qform, else the file's axes are taken to run to the right, the front and the head; axes are
// mm where the file names no unit. Throws Error{data} for other files, ANALYZE and pairs of .hdr and .img among them,
// for headers that contradict themselves, and for several volumes in one file; Error{file} when it cannot be read.
// Format: Cox et al. 2004, "A (sort of) new image data format standard: NIfTI-1"; nifti.nimh.nih.gov.
NiftiHeader read_nifti_header(const std::string& path);

// Reads a whole file, scaled by slope and intercept and brought into canonical orientation by exchanging and reversing
// axes. Nothing is allocated that the file's own length, or what has been inflated of it, does not call for.
NiftiImage read_nifti(const std::string& path);

// Writes a volume of the size that `like` has in canonical orientation on the grid of that file: its header with
// another type of voxels, u8, i16 or f32, and no scaling. Gzipped where the name ends in .gz; atomic.
// Throws Error{shape} for another size, Error{value} for a value that the type does not hold, Error{file}.
void write_nifti(const std::string& path, const NiftiHeader& like, const Volume& volume, NiftiType type);

}  // namespace gradus
