// Gradient descent in one dimension: the path down a curve for three learning rates, and from many starts.
#include <gradus/gradus.h>

#include <cmath>
#include <cstdio>

using namespace gradus;

namespace {

using Curve = Tensor (*)(const Tensor&);

// One minimum: the slope is negative left of w = 1 and positive right of it.
Tensor bowl(const Tensor& w) { return square(w - 1) * 0.5 + 0.2; }
// Several minima; the lowest is near w = -0.5.
Tensor hills(const Tensor& w) { return square(w) * 0.08 + sin(3 * w) + 1.5; }

double value(Curve curve, double w) { return curve(Tensor::scalar(w, Dtype::f64)).item(); }

struct Walk {
  std::vector<double> w, cost, slope;
  bool arrived = false;
};

// Steps against the gradient until |dC/dw| is below a threshold.
Walk descend(Curve curve, double start, double rate, int most_steps) {
  constexpr double kThreshold = 0.001;
  std::vector<Parameter> parameters = {{"w", Tensor::scalar(start, Dtype::f64).set_requires_grad()}};
  auto descent = optimizers().make("sgd", Value::table(), "sgd");
  Walk walk;
  for (int i = 0; i <= most_steps; ++i) {
    const Tensor& w = parameters[0].value;
    Tensor cost = curve(w);
    walk.w.push_back(w.item());
    walk.cost.push_back(cost.item());
    Gradients gradients = backward(cost);
    walk.slope.push_back(gradients[w].item());
    walk.arrived = std::abs(walk.slope.back()) < kThreshold;
    if (walk.arrived) break;
    descent->step(parameters, gradients, rate);
  }
  return walk;
}

// The weight and the slope there at iterations 0, 1, 2, 8 and the last.
void print(const Walk& walk, double rate) {
  const std::size_t last = walk.w.size() - 1;
  std::printf("\nrate %.4g from %.4g: %zu steps%s\n", rate, walk.w[0], last, walk.arrived ? "" : ", never arrives");
  std::printf("iteration %10d %10d %10d %10d %10zu\n%-9s", 0, 1, 2, 8, last, "w");
  for (std::size_t i : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{8}, last})
    std::printf(" %10.4g", walk.w[i]);
  std::printf("\n%-9s", "slope");
  for (std::size_t i : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{8}, last})
    std::printf(" %10.4g", walk.slope[i]);
  std::printf("\n");
}

Plot draw(const std::string& title, Curve curve, double low, double high) {
  Plot plot(title);
  plot.x_axis("weight w").y_axis("cost C(w)").x_range(low, high);
  plot.curve(
          "", [curve](double w) { return value(curve, w); }, low, high)
      .color(5);
  return plot;
}

}  // namespace

int main() {
  std::vector<Plot> pictures;
  std::printf("C(w) = (w - 1)^2 / 2 + 0.2, slope dC/dw = w - 1\n");
  struct Case {
    const char* name;
    double rate;
    std::vector<double> starts;
  };
  for (const auto& [name, rate, starts] :
       {Case{"too small", 0.02, {-3}}, Case{"good", 0.5, {-3, 5}}, Case{"too large", 2.05, {-3}}}) {
    std::string title = std::string("Rate ") + name + ": " + std::to_string(rate).substr(0, 4);
    Plot plot = draw(title, bowl, -7, 9).y_range(0, 32);
    for (std::size_t i = 0; i < starts.size(); ++i) {
      Walk walk = descend(bowl, starts[i], rate, 1000);
      print(walk, rate);
      std::size_t shown = std::min<std::size_t>(walk.w.size(), 13);
      walk.w.resize(shown);
      walk.cost.resize(shown);
      plot.path("", walk.w, walk.cost).color(i == 0 ? 1 : 4);
    }
    pictures.push_back(plot);
  }

  Plot many = draw("Many starts, several minima", hills, -5, 5);
  std::printf("\nC(w) = 0.08 w^2 + sin(3 w) + 1.5\n%9s %9s %9s\n", "start", "end", "cost");
  for (int i = 0; i < 9; ++i) {
    double start = -4.8 + 1.15 * i;
    Walk walk = descend(hills, start, 0.05, 1000);
    std::printf("%9.2f %9.3f %9.4f\n", start, walk.w.back(), walk.cost.back());
    many.path("", walk.w, walk.cost).color(i % 2 ? 4 : 1);
  }
  pictures.push_back(many);
  write_file("descent.svg", svg_file(pictures));
}
