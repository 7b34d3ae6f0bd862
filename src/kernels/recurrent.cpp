#include "gradus/kernels/recurrent.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "gradus/kernels/loops.h"
#include "gradus/kernels/matmul.h"
#include "gradus/kernels/packed_product.h"

namespace gradus::kernels {
namespace {

using I = std::int64_t;

// One product of a step: the weights' blocks [from, from + blocks), into an array of sums that is as wide.
struct Part {
  enum class Of : std::uint8_t { input, state, reset } of;
  int from, blocks, array;
  bool add;
};

std::span<const Part> parts(Cell c) {
  using enum Part::Of;
  static constexpr Part kRnn[] = {{input, 0, 1, 0, false}, {state, 0, 1, 0, true}};
  static constexpr Part kLstm[] = {{input, 0, 4, 0, false}, {state, 0, 4, 0, true}};
  static constexpr Part kGru[] = {{input, 0, 3, 0, false}, {state, 0, 3, 1, false}};
  static constexpr Part kReset[] = {{input, 0, 3, 0, false}, {state, 0, 2, 1, false}, {reset, 2, 1, 2, false}};
  switch (c) {
    case Cell::lstm:
      return kLstm;
    case Cell::gru:
      return kGru;
    case Cell::gru_reset_before:
      return kReset;
    default:
      return kRnn;
  }
}

// Blocks of the arrays before one.
int blocks_before(Cell c, int array) {
  int blocks = 0, next = 0;
  for (const Part& p : parts(c))
    if (p.array == next && next++ < array) blocks += p.blocks;
  return blocks;
}

// Rows in all, up to which weights are not packed.
constexpr I kFewRows = 4;

bool is_gru(Cell c) { return c == Cell::gru || c == Cell::gru_reset_before; }

PackedShape product_of(const RecurrentShape& s, const Part& p, RecurrentPass pass) {
  I rows = p.of == Part::Of::input ? s.in : s.units, columns = p.blocks * s.units;
  return pass == RecurrentPass::forward ? PackedShape{rows, columns} : PackedShape{columns, rows};
}

// Elements of a packed part, whole cache lines.
template <class T>
I packed_room(const RecurrentShape& s, const Part& p, RecurrentPass pass) {
  constexpr I line = 64 / sizeof(T);
  return (static_cast<I>(packed_elements<T>(product_of(s, p, pass))) + line - 1) / line * line;
}

// Which rows run at which step, the longest first. Step t has the rows [0, running(t)) of `order`, and its first row
// lies at begin[t] of the packed buffers.
struct Schedule {
  std::vector<std::int32_t> order;
  std::vector<I> begin;

  void set(const RecurrentShape& s, const std::int32_t* lengths) {
    order.resize(static_cast<std::size_t>(s.n));
    std::iota(order.begin(), order.end(), 0);
    begin.assign(static_cast<std::size_t>(s.time) + 1, 0);
    if (lengths != nullptr)
      std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return lengths[a] > lengths[b]; });
    I running = s.n;
    for (I t = 0; t < s.time; ++t) {
      while (lengths != nullptr && running > 0 && lengths[order[static_cast<std::size_t>(running - 1)]] <= t) --running;
      begin[static_cast<std::size_t>(t) + 1] = begin[static_cast<std::size_t>(t)] + running;
    }
  }
  I first(I t) const { return begin[static_cast<std::size_t>(t)]; }
  I running(I t) const { return t + 1 < static_cast<I>(begin.size()) ? first(t + 1) - first(t) : 0; }
  I row(I r) const { return order[static_cast<std::size_t>(r)]; }
};

// A thread's own, so that a warm step allocates nothing.
Schedule& schedule_of(const RecurrentShape& s, const std::int32_t* lengths) {
  static thread_local Schedule schedule;
  schedule.set(s, lengths);
  return schedule;
}

// A walk over the steps of the sequences of one shard.
template <class T>
class Walk {
  using A = Arithmetic<T>;

 public:
  Walk(const RecurrentShape& s, const RecurrentSteps<T>& steps)
      : s_(s),
        steps_(steps),
        schedule_(schedule_of(s, steps.lengths)),
        cells_(kernels::cells<T>()),
        parts_(parts(s.cell)) {}

  void forward(const RecurrentForward<T>& f) const {
    begin(f);
    for (I t = 0; t < s_.time; ++t) step(f, t);
    clear_padding(f.y, s_.units);
  }

  void backward(const RecurrentBackward<T>& b) const {
    spread(b.dh_last, b.dh);
    if (s_.cell == Cell::lstm) spread(b.dc_last, b.dc);
    for (I t = s_.time; t-- > 0;) step_back(b, t);
    if (b.dx != nullptr) clear_padding(b.dx, s_.in);
    collect(b.dh, b.dh0);
    if (s_.cell == Cell::lstm) collect(b.dc, b.dc0);
    weight_gradients(b);
  }

 private:
  I rows() const { return schedule_.first(s_.time); }
  // Where row r of step t stands in arrays [n, time]: position in all of them.
  I place(I t, I r) const {
    I row = schedule_.row(r), length = steps_.lengths != nullptr ? steps_.lengths[row] : s_.time;
    return row * s_.time + (s_.reverse ? length - 1 - t : t);
  }
  T* at(T* buffer, I t, I width) const { return buffer + schedule_.first(t) * width; }
  // Blocks of an array of sums, and where it begins for rows of step t among what is kept, and in a step's own sums.
  int blocks(int array) const {
    for (const Part& p : parts_)
      if (p.array == array) return p.blocks;
    return 0;
  }
  T* kept(int array, I t) const {
    return steps_.gates +
           (s_.n * s_.time * blocks_before(s_.cell, array) + schedule_.first(t) * blocks(array)) * s_.units;
  }
  A* sums(A* z, int array) const { return z + s_.n * blocks_before(s_.cell, array) * s_.units; }

  // Puts what is given by sequence in the order of rows; null gives 0.
  void spread(const A* by_sequence, A* by_row) const {
    for (I r = 0; r < s_.n; ++r)
      if (by_sequence != nullptr)
        std::copy_n(by_sequence + schedule_.row(r) * s_.units, s_.units, by_row + r * s_.units);
      else
        std::fill_n(by_row + r * s_.units, s_.units, A(0));
  }
  void collect(const A* by_row, A* by_sequence) const {
    if (by_sequence == nullptr) return;
    for (I r = 0; r < s_.n; ++r)
      std::copy_n(by_row + r * s_.units, s_.units, by_sequence + schedule_.row(r) * s_.units);
  }
  void clear_padding(T* y, I width) const {
    if (steps_.lengths == nullptr) return;
    for (I i = 0; i < s_.n; ++i)
      std::fill(y + (i * s_.time + steps_.lengths[i]) * width, y + (i + 1) * s_.time * width, T(0));
  }
  // The states of some rows as the products see them.
  void mask_states(I t, I count) const {
    if (steps_.mask == nullptr) return;
    T *from = at(steps_.unmasked, t, s_.units), *to = at(steps_.states, t, s_.units);
    for (I r = 0; r < count; ++r)
      cells_.scale(from + r * s_.units, steps_.mask + schedule_.row(r) * s_.units, to + r * s_.units, s_.units);
  }

  void begin(const RecurrentForward<T>& f) const {
    for (I t = 0; t < s_.time; ++t)
      for (I r = 0; r < schedule_.running(t); ++r)
        std::copy_n(f.x + place(t, r) * s_.in, s_.in, at(steps_.inputs, t, s_.in) + r * s_.in);
    for (I r = 0; r < s_.n; ++r) {
      T* h = steps_.unmasked + r * s_.units;
      if (f.h0 != nullptr)
        cells_.store(f.h0 + schedule_.row(r) * s_.units, h, s_.units);
      else
        std::fill_n(h, s_.units, T(0));
    }
    if (s_.cell == Cell::lstm) spread(f.c0, steps_.cells);
    mask_states(0, s_.n);
  }

  const T* operand(Part::Of of, I t) const {
    if (of == Part::Of::input) return at(steps_.inputs, t, s_.in);
    return at(of == Part::Of::state ? steps_.states : steps_.resets, t, s_.units);
  }

  // Each part takes all blocks of its weights.
  void multiply_plain(const RecurrentForward<T>& f, const Part& p, I t) const {
    if constexpr (!std::is_same_v<T, bf16>) {
      PackedShape shape = product_of(s_, p, RecurrentPass::forward);
      const I count = schedule_.running(t) * shape.out;
      T *z = sums(f.z, p.array), *own = p.add ? room(count) : z;
      matmul({schedule_.running(t), shape.out, shape.in}, operand(p.of, t),
             p.of == Part::Of::input ? f.of_input : f.of_state, own);
      if (p.add) loops<T>().axpy(T(1), own, z, count);
    }
  }

  void multiply(const RecurrentForward<T>& f, Part::Of of, I t) const {
    if (f.packed == nullptr) {
      for (const Part& p : parts_)
        if (p.of == of) multiply_plain(f, p, t);
      return;
    }
    const T* packed = f.packed;
    for (const Part& p : parts_) {
      PackedShape shape = product_of(s_, p, RecurrentPass::forward);
      if (p.of == of) packed_product<T>(shape, schedule_.running(t), p.add, operand(of, t), packed, sums(f.z, p.array));
      packed += packed_room<T>(s_, p, RecurrentPass::forward);
    }
  }

  void step(const RecurrentForward<T>& f, I t) const {
    const I count = schedule_.running(t), units = s_.units;
    if (count == 0) return;
    multiply(f, Part::Of::input, t);
    multiply(f, Part::Of::state, t);
    T *gates = kept(0, t), *before = at(steps_.unmasked, t, units), *h = before + count * units;
    A *c = nullptr, *c_before = nullptr;
    if (s_.cell == Cell::lstm) {
      c_before = steps_.cells + schedule_.first(t) * units;
      c = c_before + count * units;
    }
    switch (s_.cell) {
      case Cell::lstm:
        cells_.lstm(f.z, f.bias, c_before, gates, c, h, count, units);
        break;
      case Cell::gru:
        cells_.gru(f.z, sums(f.z, 1), f.bias, before, gates, kept(1, t), h, count, units);
        break;
      case Cell::gru_reset_before:
        cells_.gru_reset(f.z, sums(f.z, 1), f.bias, at(steps_.states, t, units), gates, at(steps_.resets, t, units),
                         count, units);
        multiply(f, Part::Of::reset, t);
        cells_.gru_output(f.z, sums(f.z, 2), f.bias, before, gates, h, count, units);
        break;
      default:
        cells_.rnn(f.z, f.bias, h, count, units, s_.cell == Cell::rnn_relu);
        std::copy_n(h, count * units, gates);
    }
    mask_states(t + 1, count);
    for (I r = 0; r < count; ++r) std::copy_n(h + r * units, units, f.y + place(t, r) * units);
    for (I r = schedule_.running(t + 1); r < count; ++r) {
      cells_.load(h + r * units, f.h_last + schedule_.row(r) * units, units);
      if (c != nullptr) std::copy_n(c + r * units, units, f.c_last + schedule_.row(r) * units);
    }
  }

  // The gradient at what a product multiplied, for rows of step t: dz of its blocks times its weights.
  void multiply_back(const RecurrentBackward<T>& b, Part::Of of, I t, A* to, bool add) const {
    const T* packed = b.packed;
    for (const Part& p : parts_) {
      PackedShape shape = product_of(s_, p, RecurrentPass::backward);
      if (p.of == of) {
        packed_product<T>(shape, schedule_.running(t), add, kept(p.array, t), packed, to);
        add = true;
      }
      packed += packed_room<T>(s_, p, RecurrentPass::backward);
    }
  }

  void step_back(const RecurrentBackward<T>& b, I t) const {
    const I count = schedule_.running(t), units = s_.units;
    if (count == 0) return;
    if (b.dy != nullptr)
      for (I r = 0; r < count; ++r) cells_.add(b.dy + place(t, r) * units, b.dh + r * units, units);
    T *gates = kept(0, t), *before = at(steps_.unmasked, t, units);
    // What goes to the state through products: by itself where a mask comes between.
    A* through = steps_.mask != nullptr ? b.through : b.dh;
    if (steps_.mask != nullptr) std::fill_n(through, count * units, A(0));
    switch (s_.cell) {
      case Cell::lstm:
        cells_.lstm_backward(gates, steps_.cells + schedule_.first(t) * units, b.dh, b.dc, count, units);
        break;
      case Cell::gru:
        cells_.gru_backward(gates, kept(1, t), before, b.dh, count, units);
        break;
      case Cell::gru_reset_before:
        cells_.gru_output_backward(gates, kept(2, t), before, b.dh, count, units);
        multiply_back(b, Part::Of::reset, t, b.dc, false);
        cells_.gru_reset_backward(gates, kept(1, t), at(steps_.states, t, units), b.dc, through, count, units);
        break;
      default:
        cells_.rnn_backward(gates, b.dh, count, units, s_.cell == Cell::rnn_relu);
    }
    multiply_back(b, Part::Of::state, t, through, is_gru(s_.cell));
    if (steps_.mask != nullptr) through_mask(b, count);
    if (b.dx == nullptr) return;
    multiply_back(b, Part::Of::input, t, b.dinput, false);
    for (I r = 0; r < count; ++r) cells_.store(b.dinput + r * s_.in, b.dx + place(t, r) * s_.in, s_.in);
  }

  void through_mask(const RecurrentBackward<T>& b, I count) const {
    for (I r = 0; r < count; ++r) {
      const A* mask = steps_.mask + schedule_.row(r) * s_.units;
      A *d = b.dh + r * s_.units, *through = b.through + r * s_.units;
      for (I j = 0; j < s_.units; ++j) d[j] = (is_gru(s_.cell) ? d[j] : A(0)) + mask[j] * through[j];
    }
  }

  void weight_gradients(const RecurrentBackward<T>& b) const {
    const I count = rounded_rows();
    for (const Part& p : parts_)
      if (A* dw = p.of == Part::Of::input ? b.of_input : b.of_state; dw != nullptr) weight_gradient(p, count, dw);
    if (b.bias == nullptr) return;
    column_sums(0, b.bias);
    if (s_.cell != Cell::gru) return;
    A* of_state = room(3 * s_.units);
    column_sums(1, of_state);
    std::copy_n(of_state + 2 * s_.units, s_.units, b.bias + 3 * s_.units);
  }
  // All rows, and where lengths vary rows of zeros up to a round number: the library makes a kernel for each number.
  I rounded_rows() const {
    constexpr I kRound = 64;
    const I all = rows();
    if (steps_.lengths == nullptr) return all;
    const I rounded = std::min((all + kRound - 1) / kRound * kRound, s_.n * s_.time), more = rounded - all;
    auto clear = [&](T* behind, I width) { std::fill_n(behind, more * width, T(0)); };
    clear(at(steps_.inputs, s_.time, s_.in), s_.in);
    clear(at(steps_.states, s_.time, s_.units), s_.units);
    if (steps_.resets != nullptr) clear(at(steps_.resets, s_.time, s_.units), s_.units);
    for (const Part& p : parts_) clear(kept(p.array, s_.time), p.blocks * s_.units);
    return rounded;
  }
  void weight_gradient(const Part& p, I count, A* dw) const {
    PackedShape shape = product_of(s_, p, RecurrentPass::forward);
    const I ldw = weight_blocks(s_.cell) * s_.units;
    A* own = shape.out == ldw ? dw : room(shape.in * shape.out);
    contract_rows<T>(shape, count, operand(p.of, 0), kept(p.array, 0), own);
    for (I i = 0; own != dw && i < shape.in; ++i)
      std::copy_n(own + i * shape.out, shape.out, dw + i * ldw + p.from * s_.units);
  }
  void column_sums(int array, A* sums) const {
    T* d = kept(array, 0);
    loops<T>().activation_bias_backward(nullptr, d, d, sums, rows(), blocks(array) * s_.units, Unary::identity, A(0),
                                        A(0));
  }
  static A* room(I count) {
    static thread_local std::vector<A> numbers;
    if (static_cast<I>(numbers.size()) < count) numbers.resize(static_cast<std::size_t>(count));
    return numbers.data();
  }

  const RecurrentShape& s_;
  const RecurrentSteps<T>& steps_;
  const Schedule& schedule_;
  const CellLoops<T, A>& cells_;
  std::span<const Part> parts_;
};

}  // namespace

int weight_blocks(Cell c) { return c == Cell::lstm ? 4 : is_gru(c) ? 3 : 1; }
int bias_blocks(Cell c) { return c == Cell::gru ? 4 : weight_blocks(c); }
int step_blocks(Cell c) { return is_gru(c) ? 6 : weight_blocks(c); }

template <class T>
std::size_t packed_elements(const RecurrentShape& s, RecurrentPass pass) {
  I count = 0;
  for (const Part& p : parts(s.cell)) count += packed_room<T>(s, p, pass);
  return static_cast<std::size_t>(count);
}

template <class T>
void pack_weights(const RecurrentShape& s, RecurrentPass pass, const Arithmetic<T>* of_input,
                  const Arithmetic<T>* of_state, T* packed) {
  const I ld = weight_blocks(s.cell) * s.units;
  for (const Part& p : parts(s.cell)) {
    const Arithmetic<T>* w = (p.of == Part::Of::input ? of_input : of_state) + p.from * s.units;
    pack_weights<T>(product_of(s, p, pass), w, pass == RecurrentPass::forward ? Steps{ld, 1} : Steps{1, ld}, packed);
    packed += packed_room<T>(s, p, pass);
  }
}

template <class T>
bool takes_plain_weights(const RecurrentShape& s) {
  return !std::is_same_v<T, bf16> && s.cell != Cell::gru_reset_before && s.n * s.time <= kFewRows;
}

template <class T>
void recurrent_forward(const RecurrentShape& s, const RecurrentSteps<T>& steps, const RecurrentForward<T>& f) {
  Walk<T>(s, steps).forward(f);
}
template <class T>
void recurrent_backward(const RecurrentShape& s, const RecurrentSteps<T>& steps, const RecurrentBackward<T>& b) {
  Walk<T>(s, steps).backward(b);
}

#define GRADUS_INSTANTIATE(T)                                                                                          \
  template std::size_t packed_elements<T>(const RecurrentShape&, RecurrentPass);                                       \
  template void pack_weights<T>(const RecurrentShape&, RecurrentPass, const Arithmetic<T>*, const Arithmetic<T>*, T*); \
  template bool takes_plain_weights<T>(const RecurrentShape&);                                                         \
  template void recurrent_forward<T>(const RecurrentShape&, const RecurrentSteps<T>&, const RecurrentForward<T>&);     \
  template void recurrent_backward<T>(const RecurrentShape&, const RecurrentSteps<T>&, const RecurrentBackward<T>&);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
GRADUS_INSTANTIATE(bf16)
#undef GRADUS_INSTANTIATE

}  // namespace gradus::kernels
