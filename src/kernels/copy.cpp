#include "gradus/kernels/copy.h"

#include <cstring>

namespace gradus::kernels {
namespace {

template <class T>
void copy_line(const char* from, char* to, std::int64_t n, std::int64_t step) {
  const T* a = reinterpret_cast<const T*>(from);
  T* b = reinterpret_cast<T*>(to);
  for (std::int64_t i = 0; i < n; ++i) b[i] = a[i * step];
}

void copy_line(const char* from, char* to, std::int64_t n, std::int64_t step, std::size_t item) {
  if (step == 1)
    std::memcpy(to, from, n * item);
  else if (item == 4)
    copy_line<std::uint32_t>(from, to, n, step);
  else if (item == 8)
    copy_line<std::uint64_t>(from, to, n, step);
  else if (item == 2)
    copy_line<std::uint16_t>(from, to, n, step);
  else
    copy_line<std::uint8_t>(from, to, n, step);
}

}  // namespace

void copy_strided(const char* from, char* to, int rank, const std::int64_t* size, const std::int64_t* step,
                  std::size_t item) {
  if (rank == 0) {
    std::memcpy(to, from, item);
    return;
  }
  std::int64_t index[8] = {}, lines = 1, n = size[rank - 1];
  for (int i = 0; i + 1 < rank; ++i) lines *= size[i];
  for (std::int64_t l = 0; l < lines; ++l, to += n * item) {
    copy_line(from, to, n, step[rank - 1], item);
    for (int i = rank - 2; i >= 0; --i) {
      from += step[i] * static_cast<std::int64_t>(item);
      if (++index[i] < size[i]) break;
      from -= step[i] * size[i] * static_cast<std::int64_t>(item);
      index[i] = 0;
    }
  }
}

}  // namespace gradus::kernels
