#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/params.h"

template <typename Real>
class kissfft;

namespace gradus {

// What is taken from a sound, piece by piece.
struct SoundParams {
  std::int64_t rate = 16000;
  std::string features = "mel";
  double window = 0.025, hop = 0.01, floor = 1e-10;
  std::optional<std::int64_t> mel_bins, coefficients;  // 40 and 13
  std::optional<double> low, high, seconds;            // low: 0
  void fields(Fields& f);
};

// Frames of a sound at `rate` and what they hold. Frame i is the window samples from i hop on, as many as lie in the
// sound (a shorter sound is one frame, filled up with silence), under a periodic Hann window and filled up with zeros
// to n, the next power of two from 2 on. Its power spectrum is P[k] = |X[k]|^2, k = 0 .. n / 2, at the frequencies k
// rate / n.
// - spectrogram: ln max(P[k], floor)
// - mel: ln max(M[b], floor), M[b] = sum_k P[k] triangle_b(k rate / n); the triangles rise from 0 at a corner to 1 at
//   the next and fall to 0 at the one after it, where mel_bins + 2 corners lie at equal distances between `low` and
//   `high` (rate / 2) on the scale 2595 lg(1 + f / 700) (D. O'Shaughnessy, "Speech communication", 1987)
// - mfcc: the first `coefficients` of the orthonormal DCT-II of the mel features (S. Davis and P. Mermelstein,
//   "Comparison of parametric representations for monosyllabic word recognition", IEEE Transactions on Acoustics,
//   Speech and Signal Processing 28, 1980)
class SoundFeatures {
 public:
  // Throws Error{config} for a window or hop of no sample, a frequency beyond rate / 2, more coefficients than mel
  // bins, a mel bin so narrow that no frequency lies in it, and what is said of mel bins or coefficients where the
  // features have none.
  explicit SoundFeatures(const SoundParams& params);

  std::size_t width() const { return names_.size(); }  // numbers of a frame
  const std::vector<std::string>& names() const { return names_; }
  std::size_t frames(std::size_t samples) const;
  // The frames of a sound at the rate, [frames, width], row-major.
  std::vector<double> of(std::span<const double> sound) const;

 private:
  struct Triangle {
    std::size_t first = 0;  // of the spectrum
    std::vector<double> weights;
  };
  void check_needed() const;
  void make_triangles();
  void make_cosines();
  void make_names();
  // Of a frame [n] the n / 2 + 1 values P[k]; `x` [n / 2] is overwritten.
  void power(const std::vector<double>& frame, std::vector<double>& out, std::vector<std::complex<double>>& x) const;

  SoundParams params_;
  std::size_t window_, hop_, size_;  // size_: n
  std::shared_ptr<const kissfft<double>> transform_;
  std::vector<double> hann_;
  std::vector<Triangle> triangles_;
  std::vector<double> cosines_;  // [coefficients, mel bins]
  std::vector<std::string> names_;
};

}  // namespace gradus
