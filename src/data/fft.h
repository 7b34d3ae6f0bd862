#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

namespace gradus {

// The discrete Fourier transform of n numbers, n a power of two: X[k] = sum_j x[j] exp(-2 pi i j k / n). (J. W. Cooley
// and J. W. Tukey, "An algorithm for the machine calculation of complex Fourier series", Mathematics of Computation 19,
// 1965.) Safe to use from several threads.
class Fft {
 public:
  // Throws Error{value} unless n is a power of two.
  explicit Fft(std::size_t n);
  std::size_t size() const { return order_.size(); }
  // Transforms `x` [n] in place.
  void transform(std::span<std::complex<double>> x) const;
  // |X[k]|^2 of real x [n] for k = 0 .. n / 2; `work` is overwritten.
  void power(std::span<const double> x, std::span<double> out, std::vector<std::complex<double>>& work) const;

 private:
  std::vector<std::size_t> order_;           // bits reversed
  std::vector<std::complex<double>> turns_;  // exp(-2 pi i k / n), k < n / 2
};

}  // namespace gradus
