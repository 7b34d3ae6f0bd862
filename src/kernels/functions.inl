// The elementwise functions, each with its derivative beside it. f(x) is the value; d(s) the derivative computed from
// the saved argument or result, as kSaves tells. p and q are the function's parameters.

#define GRADUS_FN static inline __attribute__((always_inline))
#define GRADUS_UNARY(Name, saved, value, derivative) \
  struct Name {                                      \
    static constexpr Saves kSaves = Saves::saved;    \
    template <class T>                               \
    GRADUS_FN T f(T x, T p, T q) {                   \
      (void)p, (void)q;                              \
      return value;                                  \
    }                                                \
    template <class T>                               \
    GRADUS_FN T d(T s, T p, T q) {                   \
      (void)s, (void)p, (void)q;                     \
      return derivative;                             \
    }                                                \
  };

template <class T>
GRADUS_FN T sigmoid_(T x) {
  return T(1) / (T(1) + exp_(-x));
}

constexpr double kSqrtHalf = 0.70710678118654752440;
constexpr double kInvSqrt2Pi = 0.39894228040143267794;
constexpr double kSqrt2OverPi = 0.79788456080286535588;
constexpr double kGeluCubic = 0.044715;

// 0.5 x (1 + tanh(u)), u = sqrt(2 / pi) (x + 0.044715 x^3)
template <class T>
GRADUS_FN T gelu_tanh_inner(T x) {
  return tanh_(T(kSqrt2OverPi) * (x + T(kGeluCubic) * x * x * x));
}
template <class T>
GRADUS_FN T gelu_tanh_slope(T x) {
  T t = gelu_tanh_inner(x);
  return T(0.5) * (T(1) + t) + T(0.5) * x * (T(1) - t * t) * T(kSqrt2OverPi) * (T(1) + T(3 * kGeluCubic) * x * x);
}
template <class T>
GRADUS_FN T silu_slope(T x) {
  T s = sigmoid_(x);
  return s * (T(1) + x * (T(1) - s));
}

GRADUS_UNARY(Identity, nothing, x, T(1))
GRADUS_UNARY(Neg, nothing, -x, T(-1))
GRADUS_UNARY(Abs, argument, abs_(x), s > T(0) ? T(1) : s < T(0) ? T(-1) : s)
GRADUS_UNARY(Sign, nothing, x > T(0) ? T(1) : x < T(0) ? T(-1) : x, T(0))
GRADUS_UNARY(Square, argument, x* x, T(2) * s)
GRADUS_UNARY(Sqrt, result, sqrt_(x), T(0.5) / s)
GRADUS_UNARY(Reciprocal, result, T(1) / x, -s* s)
GRADUS_UNARY(Exp, result, exp_(x), s)
GRADUS_UNARY(Log, argument, log_(x), T(1) / s)
GRADUS_UNARY(Sin, argument, sin_(x), cos_(s))
GRADUS_UNARY(Cos, argument, cos_(x), -sin_(s))
GRADUS_UNARY(Erf, argument, erf_(x), T(1.12837916709551257390) * exp_(-s * s))
GRADUS_UNARY(Step, nothing, x >= T(0) ? T(1) : x < T(0) ? T(0) : x, T(0))
GRADUS_UNARY(Sigmoid, result, sigmoid_(x), s*(T(1) - s))
GRADUS_UNARY(Tanh, result, tanh_(x), T(1) - s * s)
GRADUS_UNARY(Relu, result, x<T(0) ? T(0) : x, s> T(0) ? T(1) : T(0))
GRADUS_UNARY(LeakyRelu, argument, x<T(0) ? p * x : x, s> T(0) ? T(1) : p)
GRADUS_UNARY(Elu, argument, x > T(0) ? x : p * expm1_(x), s > T(0) ? T(1) : p * exp_(s))
GRADUS_UNARY(Gelu, argument, T(0.5) * x * (T(1) + erf_(x * T(kSqrtHalf))),
             T(0.5) * (T(1) + erf_(s * T(kSqrtHalf))) + s * T(kInvSqrt2Pi) * exp_(T(-0.5) * s * s))
GRADUS_UNARY(GeluTanh, argument, T(0.5) * x * (T(1) + gelu_tanh_inner(x)), gelu_tanh_slope(s))
GRADUS_UNARY(Silu, argument, x* sigmoid_(x), silu_slope(s))
GRADUS_UNARY(Softplus, argument, (x > T(0) ? x : T(0)) + log1p_unit(exp_(-abs_(x))), sigmoid_(s))
GRADUS_UNARY(Clamp, argument, x<p ? p : x> q ? q : x, s >= p && s <= q ? T(1) : T(0))

#undef GRADUS_UNARY

// Calls body with the function named by f.
template <class B>
static inline auto with_unary(Unary f, B&& body) {
  switch (f) {
    case Unary::identity:
      return body(Identity{});
    case Unary::neg:
      return body(Neg{});
    case Unary::abs:
      return body(Abs{});
    case Unary::sign:
      return body(Sign{});
    case Unary::square:
      return body(Square{});
    case Unary::sqrt:
      return body(Sqrt{});
    case Unary::reciprocal:
      return body(Reciprocal{});
    case Unary::exp:
      return body(Exp{});
    case Unary::log:
      return body(Log{});
    case Unary::sin:
      return body(Sin{});
    case Unary::cos:
      return body(Cos{});
    case Unary::erf:
      return body(Erf{});
    case Unary::step:
      return body(Step{});
    case Unary::sigmoid:
      return body(Sigmoid{});
    case Unary::tanh:
      return body(Tanh{});
    case Unary::relu:
      return body(Relu{});
    case Unary::leaky_relu:
      return body(LeakyRelu{});
    case Unary::elu:
      return body(Elu{});
    case Unary::gelu:
      return body(Gelu{});
    case Unary::gelu_tanh:
      return body(GeluTanh{});
    case Unary::silu:
      return body(Silu{});
    case Unary::softplus:
      return body(Softplus{});
    case Unary::clamp:
      return body(Clamp{});
  }
  __builtin_unreachable();
}

struct Add {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return a + b;
  }
};
struct Sub {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return a - b;
  }
};
struct Mul {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return a * b;
  }
};
struct Div {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return a / b;
  }
};
struct Pow {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return pow_(a, b);
  }
};
// A NaN on either side is the result.
struct Maximum {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return a != a ? a : a > b ? a : b;
  }
};
struct Minimum {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return a != a ? a : a < b ? a : b;
  }
};
struct Less {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return a < b ? T(1) : T(0);
  }
};
struct LessEqual {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return a <= b ? T(1) : T(0);
  }
};
struct Greater {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return a > b ? T(1) : T(0);
  }
};
struct GreaterEqual {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return a >= b ? T(1) : T(0);
  }
};
struct Equal {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return a == b ? T(1) : T(0);
  }
};
struct NotEqual {
  template <class T>
  GRADUS_FN T f(T a, T b) {
    return a != b ? T(1) : T(0);
  }
};

template <class B>
static inline auto with_binary(Binary f, B&& body) {
  switch (f) {
    case Binary::add:
      return body(Add{});
    case Binary::sub:
      return body(Sub{});
    case Binary::mul:
      return body(Mul{});
    case Binary::div:
      return body(Div{});
    case Binary::pow:
      return body(Pow{});
    case Binary::maximum:
      return body(Maximum{});
    case Binary::minimum:
      return body(Minimum{});
    case Binary::less:
      return body(Less{});
    case Binary::less_equal:
      return body(LessEqual{});
    case Binary::greater:
      return body(Greater{});
    case Binary::greater_equal:
      return body(GreaterEqual{});
    case Binary::equal:
      return body(Equal{});
    case Binary::not_equal:
      return body(NotEqual{});
  }
  __builtin_unreachable();
}

#undef GRADUS_FN
