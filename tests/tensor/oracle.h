#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "gradus/base/file.h"
#include "gradus/base/parallel.h"
#include "gradus/base/value.h"
#include "gradus/tensor/tensor.h"

// The files of expected values that tests/oracles/ makes, and what tests of tensors share.
namespace gradus {

// Restores the number of threads when a test is done.
struct Threads {
  int before = threads();
  ~Threads() { set_threads(before); }
};

struct Array {
  Shape shape;
  std::vector<double> data;
};

struct Case {
  std::string name, op;
  Value params;
  std::vector<std::string> input_names;
  std::map<std::string, Array> inputs, outputs, grad_outputs, grads;
};

inline Array read_array(const Value& v) {
  std::vector<std::int64_t> dims;
  for (const Value& d : v.at("shape").as_array()) dims.push_back(d.as_integer());
  Array a{Shape(dims), {}};
  for (const Value& x : v.at("data").as_array()) a.data.push_back(x.as_real());
  return a;
}

inline std::vector<Case> read_cases(const std::string& path) {
  Value file = parse_json(read_file(path), path);
  std::vector<Case> cases;
  for (const Value& c : file.at("cases").as_array()) {
    Case out{c.at("name").as_string(), c.at("op").as_string(), c.at("params"), {}, {}, {}, {}, {}};
    for (auto [part, arrays] : {std::pair{"inputs", &out.inputs},
                                {"outputs", &out.outputs},
                                {"grad_outputs", &out.grad_outputs},
                                {"grads", &out.grads}})
      for (const auto& [name, value] : c.at(part).as_table()) {
        (*arrays)[name] = read_array(value);
        if (arrays == &out.inputs) out.input_names.push_back(name);
      }
    cases.push_back(std::move(out));
  }
  return cases;
}

inline Tensor tensor_of(const Array& a, Dtype dtype) { return Tensor::from(a.data, a.shape).to(dtype); }

inline std::vector<double> values_of(const Tensor& t) { return t.to(Dtype::f64).to_vector<double>(); }

// |a - b| <= tolerance * max(1, |b|) everywhere.
inline void expect_close(const std::vector<double>& got, const std::vector<double>& expected, double tolerance,
                         const std::string& what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    double allowed = tolerance * std::max(1.0, std::abs(expected[i]));
    ASSERT_TRUE(std::abs(got[i] - expected[i]) <= allowed)
        << what << " [" << i << "]: got " << got[i] << ", expected " << expected[i];
  }
}

inline void expect_close(const Tensor& got, const Array& expected, double tolerance, const std::string& what) {
  ASSERT_TRUE(got.defined()) << what << " is undefined";
  ASSERT_EQ(got.shape().text(), expected.shape.text()) << what;
  expect_close(values_of(got), expected.data, tolerance, what);
}

}  // namespace gradus
