// Each optimizer on a narrow valley in two dimensions, and what momentum changes.
#include <gradus/gradus.h>

#include <cmath>
#include <cstdio>

using namespace gradus;

namespace {

constexpr int kSteps = 80;
constexpr double kSteep = 20;  // how much steeper the valley is across than along

// A valley turned by 25 degrees, so that no weight lies along it. Its minimum, (1, 0.5), is not the origin, towards
// which AdamW's weight decay pulls.
Tensor valley(const Tensor& x, const Tensor& y) {
  const double c = std::cos(0.436), s = std::sin(0.436);
  Tensor u = x - 1, v = y - 0.5;
  return 0.5 * square(u * c + v * s) + 0.5 * kSteep * square(v * c - u * s);
}

double height(double x, double y) {
  return valley(Tensor::scalar(x, Dtype::f64), Tensor::scalar(y, Dtype::f64)).item();
}

struct Walk {
  std::vector<double> x, y;
};

Walk descend(const std::string& name, const Value& settings, double rate) {
  std::vector<Parameter> p = {{"x", Tensor::scalar(-3, Dtype::f64).set_requires_grad()},
                              {"y", Tensor::scalar(1, Dtype::f64).set_requires_grad()}};
  auto optimizer = optimizers().make(name, settings, name);
  Walk walk;
  for (int i = 0; i <= kSteps; ++i) {
    walk.x.push_back(p[0].value.item());
    walk.y.push_back(p[1].value.item());
    optimizer->step(p, backward(valley(p[0].value, p[1].value)), rate);
  }
  return walk;
}

struct Case {
  std::string title, optimizer;
  double rate;
  Value settings;
};

void draw(const std::string& file, const std::vector<Case>& cases) {
  std::vector<double> levels;
  for (int i = 1; i <= 9; ++i) levels.push_back(0.5 * i * i);
  std::vector<Plot> pictures;
  for (const Case& c : cases) {
    Walk walk = descend(c.optimizer, c.settings, c.rate);
    std::printf("%-34s %12.2g\n", c.title.c_str(), height(walk.x.back(), walk.y.back()));
    pictures.push_back(Plot(c.title)
                           .contours(height, -4, 5, -2.5, 3, levels)
                           .path("", walk.x, walk.y)
                           .color(1)
                           .x_axis("weight 1")
                           .y_axis("weight 2"));
  }
  write_file(file, svg_file(pictures));
}

Value momentum(double m, bool nesterov = false) { return Value::Table{{"momentum", m}, {"nesterov", nesterov}}; }

}  // namespace

int main() {
  std::printf("%-34s %12s\n", "", "cost after 80");
  const double rate = 0.02;  // descent without momentum is stable below 2 / kSteep = 0.1
  draw("momentum.svg", {{"Momentum 0, rate 0.02", "sgd", rate, Value::table()},
                        {"Momentum 0.5", "sgd", rate, momentum(0.5)},
                        {"Momentum 0.8", "sgd", rate, momentum(0.8)},
                        {"Momentum 0.95", "sgd", rate, momentum(0.95)}});
  draw("optimizers.svg", {{"Gradient descent, rate 0.09", "sgd", 0.09, Value::table()},
                          {"Momentum 0.8, rate 0.02", "sgd", rate, momentum(0.8)},
                          {"Nesterov momentum 0.8, rate 0.02", "sgd", rate, momentum(0.8, true)},
                          {"Adagrad, rate 0.5", "adagrad", 0.5, Value::table()},
                          {"Adadelta, rate 20", "adadelta", 20, Value::table()},
                          {"RMSprop, rate 0.1", "rmsprop", 0.1, Value::table()},
                          {"Adam, rate 0.2", "adam", 0.2, Value::table()},
                          {"AdamW, rate 0.2", "adamw", 0.2, Value::table()}});
}
