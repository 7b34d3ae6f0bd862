// Pooling; included by loops.inl after rows.inl, whose S and T are the same.

// Of one window, by axis: where tap 0 lies, maybe outside x, and the taps [from, to) that lie inside.
struct Taps {
  I start[3], from[3], to[3];
};

// Calls f(example, offset in y, taps) for each window, in order.
template <class F>
static void for_windows(const Pooling& p, F f) {
  const Window& q = p.window;
  I y = 0;
  for (I n = 0; n < p.n; ++n)
    for (I a = 0; a < p.result[0]; ++a)
      for (I b = 0; b < p.result[1]; ++b)
        for (I c = 0; c < p.result[2]; ++c, y += p.channels) {
          I at[] = {a, b, c};
          Taps t;
          for (int i = 0; i < 3; ++i) {
            t.start[i] = at[i] * q.stride[i] - q.before[i];
            t.from[i] = t.start[i] < 0 ? -t.start[i] : 0;
            t.to[i] = smaller(q.kernel[i], q.size[i] - t.start[i]);
          }
          f(n, y, t);
        }
}

// Calls f(offset in x, number of the tap) for each of a window's taps that is there.
template <class F>
static void for_taps(const Pooling& p, I n, const Taps& t, F f) {
  const Window& q = p.window;
  for (I a = t.from[0]; a < t.to[0]; ++a)
    for (I b = t.from[1]; b < t.to[1]; ++b)
      for (I c = t.from[2]; c < t.to[2]; ++c) {
        I position = ((n * q.size[0] + t.start[0] + a) * q.size[1] + t.start[1] + b) * q.size[2] + t.start[2] + c;
        f(position * p.channels, (a * q.kernel[1] + b) * q.kernel[2] + c);
      }
}

static I taps_there(const Taps& t) { return (t.to[0] - t.from[0]) * (t.to[1] - t.from[1]) * (t.to[2] - t.from[2]); }

// Calls f(p of one example, where its results begin, its part of dx, zeroed) for each example: what has just been
// zeroed is in the cache when it is added to.
template <class T, class F>
static void each_example(const Pooling& p, T* dx, F f) {
  Pooling one = p;
  one.n = 1;
  const I size = p.window.size[0] * p.window.size[1] * p.window.size[2] * p.channels,
          results = p.result[0] * p.result[1] * p.result[2] * p.channels;
  for (I n = 0; n < p.n; ++n) {
    T* own = dx + n * size;
    for (I i = 0; i < size; ++i) own[i] = T(0);
    f(one, n * results, own);
  }
}

// The larger number, m of equal ones, and where it is; a NaN is larger than all. One condition at a time, so that the
// compiler vectorises it.
template <class T>
static inline T larger(T m, T x) {
  T of_numbers = x <= m ? m : x;
  return m != m ? m : of_numbers;
}
template <class T>
static inline std::int32_t where_larger(T m, T x, std::int32_t at_m, std::int32_t at_x) {
  std::int32_t of_numbers = x <= m ? at_m : at_x;
  return m != m ? at_m : of_numbers;
}

// The same of numbers met one after the other, side by side.
template <class T, int W>
struct Most {
  Wide<T, W> value;
  Wide<std::int32_t, W> where;
  void meet(Wide<T, W> x, Wide<std::int32_t, W> at) {
    auto stays = (x <= value) | (value != value);
    value = stays ? value : x;
    where = __builtin_convertvector(stays, Wide<std::int32_t, W>) ? where : at;
  }
};

// The maximum of a window of four taps, the commonest, in one pass.
template <class S, class T>
static void max_of_four(const S* const* v, I channels, S* most, std::int32_t* where) {
  for_columns<T>(channels, [&]<int W>(Width<W>, I c) {
    using Number = Wide<std::int32_t, W>;
    Most<T, W> m{load<T, W>(v[0] + c), Number{}}, upper{load<T, W>(v[2] + c), Number{} + 2};
    m.meet(load<T, W>(v[1] + c), Number{} + 1);
    upper.meet(load<T, W>(v[3] + c), Number{} + 3);
    m.meet(upper.value, upper.where);
    store<T, W>(most + c, m.value);
    store<std::int32_t, W>(where + c, m.where);
  });
}

template <class S, class T>
void max_pool(const Pooling& p, const S* x, S* y, std::int32_t* tap) {
  const Window& q = p.window;
  const bool four = q.kernel[0] * q.kernel[1] * q.kernel[2] == 4;
  for_windows(p, [&](I n, I out, const Taps& t) {
    S* most = y + out;
    std::int32_t* where = tap + out;
    if (four && taps_there(t) == 4) {
      const S* v[4];
      for_taps(p, n, t, [&](I at, I number) { v[number] = x + at; });
      return max_of_four<S, T>(v, p.channels, most, where);
    }
    bool first = true;
    for_taps(p, n, t, [&](I at, I number) {
      for_columns<T>(p.channels, [&]<int W>(Width<W>, I c) {
        Most<T, W> m{load<T, W>(x + at + c), Wide<std::int32_t, W>{} + static_cast<std::int32_t>(number)};
        if (!first) {
          Most<T, W> before{load<T, W>(most + c), load<std::int32_t, W>(where + c)};
          before.meet(m.value, m.where);
          m = before;
        }
        store<T, W>(most + c, m.value);
        store<std::int32_t, W>(where + c, m.where);
      });
      first = false;
    });
  });
}

// max_pool_backward where windows tile x: each place is written once.
template <class S, class T>
void spread_maxima(const Pooling& p, const S* dy, const std::int32_t* tap, S* dx) {
  for_windows(p, [&](I n, I out, const Taps& t) {
    for_taps(p, n, t, [&](I at, I number) {
      for_columns<T>(p.channels, [&]<int W>(Width<W>, I c) {
        auto own = load<std::int32_t, W>(tap + out + c) == static_cast<std::int32_t>(number);
        auto mask = __builtin_convertvector(own, decltype(Wide<T, W>{} < T(0)));
        store<T, W>(dx + at + c, mask ? load<T, W>(dy + out + c) : Wide<T, W>{});
      });
    });
  });
}

template <class T>
void max_pool_backward(const Pooling& p, const T* dy, const std::int32_t* tap, T* dx) {
  if (p.tiles()) return spread_maxima<T, T>(p, dy, tap, dx);
  each_example(p, dx, [&](const Pooling& one, I first, T* zeroed) {
    for_windows(one, [&](I, I out, const Taps& t) {
      const T* GRADUS_RESTRICT d = dy + first + out;
      const std::int32_t* GRADUS_RESTRICT where = tap + first + out;
      for_taps(one, 0, t, [&](I at, I number) {
        T* GRADUS_RESTRICT to = zeroed + at;
        const auto own = static_cast<std::int32_t>(number);
        for (I c = 0; c < p.channels; ++c) to[c] += where[c] == own ? d[c] : T(0);
      });
    });
  });
}

template <class T>
void average_pool(const Pooling& p, I divisor, const T* x, T* y) {
  for_windows(p, [&](I n, I out, const Taps& t) {
    T* GRADUS_RESTRICT sum = y + out;
    for (I c = 0; c < p.channels; ++c) sum[c] = T(0);
    for_taps(p, n, t, [&](I at, I) {
      const T* GRADUS_RESTRICT v = x + at;
      for (I c = 0; c < p.channels; ++c) sum[c] += v[c];
    });
    T scale = T(1) / static_cast<T>(divisor > 0 ? divisor : taps_there(t));
    for (I c = 0; c < p.channels; ++c) sum[c] *= scale;
  });
}

template <class T>
void average_pool_backward(const Pooling& p, I divisor, const T* dy, T* dx) {
  each_example(p, dx, [&](const Pooling& one, I first, T* zeroed) {
    for_windows(one, [&](I, I out, const Taps& t) {
      const T* GRADUS_RESTRICT d = dy + first + out;
      T scale = T(1) / static_cast<T>(divisor > 0 ? divisor : taps_there(t));
      for_taps(one, 0, t, [&](I at, I) {
        T* GRADUS_RESTRICT to = zeroed + at;
        for (I c = 0; c < p.channels; ++c) to[c] += scale * d[c];
      });
    });
  });
}
