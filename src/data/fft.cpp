#include "gradus/data/fft.h"

#include <bit>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "gradus/base/error.h"

namespace gradus {

Fft::Fft(std::size_t n) : order_(n), turns_(n / 2) {
  if (!std::has_single_bit(n)) throw Error(ErrorKind::value, {"fft", "a power of two", std::to_string(n), ""});
  for (std::size_t i = 1; i < n; ++i) order_[i] = order_[i / 2] / 2 + (i % 2 == 1 ? n / 2 : 0);
  for (std::size_t k = 0; k < turns_.size(); ++k)
    turns_[k] = std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n));
}

void Fft::transform(std::span<std::complex<double>> x) const {
  std::size_t n = size();
  for (std::size_t i = 0; i < n; ++i)
    if (order_[i] > i) std::swap(x[i], x[order_[i]]);
  for (std::size_t half = 1; half < n; half *= 2)
    for (std::size_t begin = 0; begin < n; begin += 2 * half)
      for (std::size_t k = 0; k < half; ++k) {
        std::complex<double> turn = turns_[k * (n / 2 / half)], &a = x[begin + k], &b = x[begin + half + k];
        // Written out: the operator looks for infinities first.
        std::complex<double> turned(b.real() * turn.real() - b.imag() * turn.imag(),
                                    b.real() * turn.imag() + b.imag() * turn.real());
        b = a - turned;
        a += turned;
      }
}

void Fft::power(std::span<const double> x, std::span<double> out, std::vector<std::complex<double>>& work) const {
  work.assign(x.begin(), x.end());
  transform(work);
  for (std::size_t k = 0; k <= size() / 2; ++k) out[k] = std::norm(work[k]);
}

}  // namespace gradus
