// The steps of recurrent cells, see cells.h; included by loops.inl. S is how states and gates are stored, T what is
// computed in.

template <class T>
static inline T value(const T* p, I i) {
  return p[i];
}
template <class T>
static inline T value(const bf16* p, I i) {
  return T(__builtin_bit_cast(float, std::uint32_t(p[i].bits) << 16));
}

template <class T>
static inline void keep(T* p, I i, T v) {
  p[i] = v;
}
template <class T>
static inline void keep(bf16* p, I i, T v) {
  float f = float(v);
  std::uint32_t u = __builtin_bit_cast(std::uint32_t, f), rounded = u + 0x7fff + (u >> 16 & 1);
  p[i].bits = std::uint16_t((f != f ? u | 0x400000 : rounded) >> 16);
}

template <class S, class T>
void add_kept(const S* GRADUS_RESTRICT x, T* GRADUS_RESTRICT y, I n) {
  for (I i = 0; i < n; ++i) y[i] += value<T>(x, i);
}

template <class S, class T>
void load_kept(const S* GRADUS_RESTRICT x, T* GRADUS_RESTRICT y, I n) {
  for (I i = 0; i < n; ++i) y[i] = value<T>(x, i);
}

template <class S, class T>
void store_kept(const T* GRADUS_RESTRICT x, S* GRADUS_RESTRICT y, I n) {
  for (I i = 0; i < n; ++i) keep(y, i, x[i]);
}

template <class S, class T>
void scale_kept(const S* GRADUS_RESTRICT x, const T* GRADUS_RESTRICT by, S* GRADUS_RESTRICT y, I n) {
  for (I i = 0; i < n; ++i) keep(y, i, value<T>(x, i) * by[i]);
}

template <class S, class T>
void rnn_cell(const T* GRADUS_RESTRICT z, const T* GRADUS_RESTRICT bias, S* GRADUS_RESTRICT h, I rows, I units,
              bool relu) {
  for (I r = 0; r < rows; ++r, z += units, h += units)
    if (relu)
      for (I j = 0; j < units; ++j) keep(h, j, z[j] + bias[j] < T(0) ? T(0) : z[j] + bias[j]);
    else
      for (I j = 0; j < units; ++j) keep(h, j, tanh_(z[j] + bias[j]));
}

template <class S, class T>
void rnn_cell_backward(S* GRADUS_RESTRICT h, const T* GRADUS_RESTRICT dh, I rows, I units, bool relu) {
  for (I i = 0; i < rows * units; ++i) {
    T y = value<T>(h, i), slope = relu ? (y > T(0) ? T(1) : T(0)) : T(1) - y * y;
    keep(h, i, dh[i] * slope);
  }
}

// A row's blocks are arguments of their own: that they do not overlap is what lets the compiler take many units at
// once.
#define GRADUS_ROW            \
  template <class S, class T> \
  static __attribute__((noinline)) void
#define GRADUS_IN(type, name) const type* GRADUS_RESTRICT name
#define GRADUS_OUT(type, name) type* GRADUS_RESTRICT name

GRADUS_ROW lstm_row(GRADUS_IN(T, zi), GRADUS_IN(T, zf), GRADUS_IN(T, zg), GRADUS_IN(T, zo), GRADUS_IN(T, bias),
                    GRADUS_IN(T, before), GRADUS_OUT(S, ki), GRADUS_OUT(S, kf), GRADUS_OUT(S, kg), GRADUS_OUT(S, ko),
                    GRADUS_OUT(T, c), GRADUS_OUT(S, h), I units) {
  for (I j = 0; j < units; ++j) {
    T i = sigmoid_(zi[j] + bias[j]), f = sigmoid_(zf[j] + bias[units + j]), g = tanh_(zg[j] + bias[2 * units + j]),
      o = sigmoid_(zo[j] + bias[3 * units + j]);
    T now = f * before[j] + i * g;
    c[j] = now;
    keep(h, j, o * tanh_(now));
    keep(ki, j, i);
    keep(kf, j, f);
    keep(kg, j, g);
    keep(ko, j, o);
  }
}

template <class S, class T>
void lstm_cell(const T* z, const T* bias, const T* c_prev, S* gates, T* c, S* h, I rows, I units) {
  for (I r = 0; r < rows; ++r, z += 4 * units, gates += 4 * units)
    lstm_row(z, z + units, z + 2 * units, z + 3 * units, bias, c_prev + r * units, gates, gates + units,
             gates + 2 * units, gates + 3 * units, c + r * units, h + r * units, units);
}

GRADUS_ROW lstm_row_backward(GRADUS_OUT(S, ki), GRADUS_OUT(S, kf), GRADUS_OUT(S, kg), GRADUS_OUT(S, ko),
                             GRADUS_IN(T, before), GRADUS_IN(T, dh), GRADUS_OUT(T, dc), I units) {
  for (I j = 0; j < units; ++j) {
    T i = value<T>(ki, j), f = value<T>(kf, j), g = value<T>(kg, j), o = value<T>(ko, j);
    T t = tanh_(f * before[j] + i * g), at_c = dc[j] + dh[j] * o * (T(1) - t * t);
    keep(ki, j, at_c * g * i * (T(1) - i));
    keep(kf, j, at_c * before[j] * f * (T(1) - f));
    keep(kg, j, at_c * i * (T(1) - g * g));
    keep(ko, j, dh[j] * t * o * (T(1) - o));
    dc[j] = at_c * f;
  }
}

template <class S, class T>
void lstm_cell_backward(S* gates, const T* c_prev, const T* dh, T* dc, I rows, I units) {
  for (I r = 0; r < rows; ++r, gates += 4 * units)
    lstm_row_backward(gates, gates + units, gates + 2 * units, gates + 3 * units, c_prev + r * units, dh + r * units,
                      dc + r * units, units);
}

GRADUS_ROW gru_row(GRADUS_IN(T, xr), GRADUS_IN(T, xz), GRADUS_IN(T, xn), GRADUS_IN(T, sr), GRADUS_IN(T, sz),
                   GRADUS_IN(T, sn), GRADUS_IN(T, bias), GRADUS_IN(S, before), GRADUS_OUT(S, kr), GRADUS_OUT(S, kz),
                   GRADUS_OUT(S, kn), GRADUS_OUT(S, kq), GRADUS_OUT(S, h), I units) {
  for (I j = 0; j < units; ++j) {
    T r = sigmoid_(xr[j] + sr[j] + bias[j]), z = sigmoid_(xz[j] + sz[j] + bias[units + j]),
      q = sn[j] + bias[3 * units + j];
    T n = tanh_(xn[j] + bias[2 * units + j] + r * q);
    keep(h, j, n + z * (value<T>(before, j) - n));
    keep(kr, j, r);
    keep(kz, j, z);
    keep(kn, j, n);
    keep(kq, j, q);
  }
}

template <class S, class T>
void gru_cell(const T* x, const T* s, const T* bias, const S* h_prev, S* kept_x, S* kept_s, S* h, I rows, I units) {
  for (I row = 0; row < rows; ++row, x += 3 * units, s += 3 * units, kept_x += 3 * units, kept_s += 3 * units)
    gru_row(x, x + units, x + 2 * units, s, s + units, s + 2 * units, bias, h_prev + row * units, kept_x,
            kept_x + units, kept_x + 2 * units, kept_s + 2 * units, h + row * units, units);
}

GRADUS_ROW gru_row_backward(GRADUS_OUT(S, kr), GRADUS_OUT(S, kz), GRADUS_OUT(S, kn), GRADUS_OUT(S, sr),
                            GRADUS_OUT(S, sz), GRADUS_OUT(S, kq), GRADUS_IN(S, before), GRADUS_OUT(T, dh), I units) {
  for (I j = 0; j < units; ++j) {
    T r = value<T>(kr, j), z = value<T>(kz, j), n = value<T>(kn, j), q = value<T>(kq, j);
    T dn = dh[j] * (T(1) - z) * (T(1) - n * n), dr = dn * q * r * (T(1) - r),
      dz = dh[j] * (value<T>(before, j) - n) * z * (T(1) - z);
    keep(kr, j, dr);
    keep(kz, j, dz);
    keep(kn, j, dn);
    keep(sr, j, dr);
    keep(sz, j, dz);
    keep(kq, j, dn * r);
    dh[j] *= z;
  }
}

template <class S, class T>
void gru_cell_backward(S* kept_x, S* kept_s, const S* h_prev, T* dh, I rows, I units) {
  for (I row = 0; row < rows; ++row, kept_x += 3 * units, kept_s += 3 * units)
    gru_row_backward(kept_x, kept_x + units, kept_x + 2 * units, kept_s, kept_s + units, kept_s + 2 * units,
                     h_prev + row * units, dh + row * units, units);
}

GRADUS_ROW gru_reset_row(GRADUS_IN(T, xr), GRADUS_IN(T, xz), GRADUS_IN(T, sr), GRADUS_IN(T, sz), GRADUS_IN(T, bias),
                         GRADUS_IN(S, before), GRADUS_OUT(S, kr), GRADUS_OUT(S, kz), GRADUS_OUT(S, after), I units) {
  for (I j = 0; j < units; ++j) {
    T r = sigmoid_(xr[j] + sr[j] + bias[j]);
    keep(after, j, r * value<T>(before, j));
    keep(kr, j, r);
    keep(kz, j, sigmoid_(xz[j] + sz[j] + bias[units + j]));
  }
}

template <class S, class T>
void gru_reset(const T* x, const T* s, const T* bias, const S* h_prev, S* kept, S* reset_state, I rows, I units) {
  for (I row = 0; row < rows; ++row, x += 3 * units, s += 2 * units, kept += 3 * units)
    gru_reset_row(x, x + units, s, s + units, bias, h_prev + row * units, kept, kept + units, reset_state + row * units,
                  units);
}

GRADUS_ROW gru_output_row(GRADUS_IN(T, xn), GRADUS_IN(T, pn), GRADUS_IN(T, bn), GRADUS_IN(S, before), GRADUS_IN(S, kz),
                          GRADUS_OUT(S, kn), GRADUS_OUT(S, h), I units) {
  for (I j = 0; j < units; ++j) {
    T n = tanh_(xn[j] + pn[j] + bn[j]);
    keep(h, j, n + value<T>(kz, j) * (value<T>(before, j) - n));
    keep(kn, j, n);
  }
}

template <class S, class T>
void gru_output(const T* x, const T* p, const T* bias, const S* h_prev, S* kept, S* h, I rows, I units) {
  for (I row = 0; row < rows; ++row, kept += 3 * units)
    gru_output_row(x + (3 * row + 2) * units, p + row * units, bias + 2 * units, h_prev + row * units, kept + units,
                   kept + 2 * units, h + row * units, units);
}

GRADUS_ROW gru_output_row_backward(GRADUS_OUT(S, kz), GRADUS_OUT(S, kn), GRADUS_OUT(S, dp), GRADUS_IN(S, before),
                                   GRADUS_OUT(T, dh), I units) {
  for (I j = 0; j < units; ++j) {
    T n = value<T>(kn, j), z = value<T>(kz, j), dn = dh[j] * (T(1) - z) * (T(1) - n * n);
    keep(kn, j, dn);
    keep(dp, j, dn);
    keep(kz, j, dh[j] * (value<T>(before, j) - n) * z * (T(1) - z));
    dh[j] *= z;
  }
}

template <class S, class T>
void gru_output_backward(S* kept, S* dp, const S* h_prev, T* dh, I rows, I units) {
  for (I row = 0; row < rows; ++row, kept += 3 * units)
    gru_output_row_backward(kept + units, kept + 2 * units, dp + row * units, h_prev + row * units, dh + row * units,
                            units);
}

GRADUS_ROW gru_reset_row_backward(GRADUS_OUT(S, kr), GRADUS_IN(S, kz), GRADUS_OUT(S, sr), GRADUS_OUT(S, sz),
                                  GRADUS_IN(S, before), GRADUS_IN(T, dreset), GRADUS_OUT(T, dh), I units) {
  for (I j = 0; j < units; ++j) {
    T r = value<T>(kr, j), dr = dreset[j] * value<T>(before, j) * r * (T(1) - r);
    keep(kr, j, dr);
    keep(sr, j, dr);
    keep(sz, j, value<T>(kz, j));
    dh[j] += dreset[j] * r;
  }
}

template <class S, class T>
void gru_reset_backward(S* kept, S* ds, const S* h_prev, const T* dreset, T* dh, I rows, I units) {
  for (I row = 0; row < rows; ++row, kept += 3 * units, ds += 2 * units)
    gru_reset_row_backward(kept, kept + units, ds, ds + units, h_prev + row * units, dreset + row * units,
                           dh + row * units, units);
}

#undef GRADUS_ROW
#undef GRADUS_IN
#undef GRADUS_OUT

template <class S, class T>
constexpr CellLoops<S, T> make_cells() {
  return {add_kept<S, T>,
          load_kept<S, T>,
          store_kept<S, T>,
          scale_kept<S, T>,
          rnn_cell<S, T>,
          rnn_cell_backward<S, T>,
          lstm_cell<S, T>,
          lstm_cell_backward<S, T>,
          gru_cell<S, T>,
          gru_cell_backward<S, T>,
          gru_reset<S, T>,
          gru_output<S, T>,
          gru_output_backward<S, T>,
          gru_reset_backward<S, T>};
}
