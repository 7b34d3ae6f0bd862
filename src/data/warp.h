#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gradus {

struct AugmentedExample;

// What stands beyond the edge of a picture: black, the nearest pixel, or the picture mirrored there (abc|cba).
enum class Fill { black, edge, reflect };
Fill fill_of(const std::string& name);
inline const std::vector<std::string> kFills = {"black", "edge", "reflect"};

// Where place `at` of an axis with n places is read: itself, or where the fill finds it; -1 is black.
std::int64_t filled_place(std::int64_t at, std::int64_t n, Fill fill);

// An affine map of places (y, x), in pixels from a picture's middle: place p of the result is read at linear p + shift.
struct Affine {
  std::array<double, 4> linear = {1, 0, 0, 1};  // rows y and x, columns y and x
  std::array<double, 2> shift = {0, 0};
};

// The maps under which what is seen moves down and right, turns counter-clockwise, grows, or leans to the right by
// `degrees` with its upper half. Multiples of 90 degrees are exact.
Affine moved(double down, double right);
Affine turned(double degrees);
Affine grown(double factor_y, double factor_x);
Affine leaning(double degrees);

// Changes of place in the plane of height and width, put together so that pixels are interpolated once: an affine map
// and, where one was given, a displacement of each place.
class Warp {
 public:
  // Begins anew, for examples of this size.
  void begin(std::int64_t height, std::int64_t width);
  bool is_identity() const { return is_identity_; }

  // Adds a change to what the changes so far have made.
  void add(const Affine& change);
  // The same for displacements of each place, in pixels: place (y, x) is read at (y + down[i], x + right[i]).
  void add(std::span<const float> down, std::span<const float> right);

  // Reads the example anew: values and target pictures bilinearly, masks from the nearest place; beyond the edge black
  // is `low`, and class 0. Target pictures of another size change in proportion.
  void apply(AugmentedExample& example, Fill fill) const;

 private:
  using Place = std::array<double, 2>;  // (y, x), or a way from there
  struct Planes {
    std::int64_t depth, height, width, channels;
  };
  Place displacement(double y, double x) const;  // between places of the grid
  template <class PlaceOf>
  void remap(const PlaceOf& place_of);  // the displacements become those at place_of(i, y, x)
  // Where row y of a picture [height, width] is read.
  void sources(std::int64_t height, std::int64_t width, std::int64_t y, float* down, float* right) const;
  template <class Take>
  void each_row(std::int64_t height, std::int64_t width, const Take& take) const;
  void resample(std::span<float> values, const Planes& planes, float black, Fill fill) const;
  void resample(std::span<std::int32_t> mask, const Planes& planes, Fill fill) const;

  std::int64_t height_ = 0, width_ = 0;
  bool is_identity_ = true;
  Affine affine_;
  std::vector<float> down_, right_;  // [height, width]; empty: none
};

}  // namespace gradus
