#include "gradus/nn/running.h"

#include "gradus/tensor/impl.h"

namespace gradus {

void follow(Tensor& running, const Tensor& batch, double share, double scale) {
  dispatch(running.dtype(), "running statistics", [&]<class T>(T) {
    T* r = buffer<T>(running);
    const T* b = batch.data<T>();
    for (std::int64_t i = 0; i < running.size(); ++i) r[i] = static_cast<T>((1 - share) * r[i] + share * scale * b[i]);
  });
}

}  // namespace gradus
