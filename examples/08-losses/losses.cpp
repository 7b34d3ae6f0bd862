// Losses for numbers, for two classes and for several, as curves, with the course's worked numbers.
#include <gradus/gradus.h>

#include <cmath>
#include <cstdio>

using namespace gradus;

namespace {

double cost(const Loss& loss, double prediction, double truth) {
  return loss(Tensor::full({1, 1}, prediction), Tensor::full({1, 1}, truth)).item();
}

// The cost of giving probability p to the first of two classes, when q is its true probability.
double cost_of_probability(const Loss& loss, double p, float q) {
  Tensor scores = Tensor::from({static_cast<float>(std::log(p / (1 - p))), 0.0f}, {1, 2});
  return loss(scores, Tensor::from({q, 1 - q}, {1, 2})).item();
}

// The cost of a score for the first of three classes, the true one, when the others score 0 and 1.
double cost_of_three(const Loss& loss, double score) {
  Tensor scores = Tensor::from({static_cast<float>(score), 0.0f, 1.0f}, {1, 3});
  return loss(scores, Tensor::from(std::vector<std::int32_t>{0}, {1})).item();
}

}  // namespace

int main() {
  auto mse = make_loss("mse", "loss"), mae = make_loss("mae", "loss"), huber = make_loss("huber", "loss");
  auto bce = make_loss("binary_cross_entropy", "loss"), hinge = make_loss("hinge", "loss");
  auto entropy = make_loss("cross_entropy", "loss"), divergence = make_loss("kl_divergence", "loss");

  std::printf("squared error of 0.79 for 1.0: %.4f\n", cost(*mse, 0.79, 1));
  std::printf("squared error of 0.34 for 1.0: %.4f\n\n", cost(*mse, 0.34, 1));
  std::printf("an error of   squared   absolute   Huber\n");
  for (double e : {0.1, 1.0, 10.0})
    std::printf("%11.1f %9.3f %10.3f %7.3f\n", e, cost(*mse, e, 0), cost(*mae, e, 0), cost(*huber, e, 0));
  std::printf("\na score of   cross-entropy   hinge   (the truth is class 1)\n");
  for (double z : {-3.0, 0.0, 0.5, 3.0}) std::printf("%10.1f %15.4f %7.2f\n", z, cost(*bce, z, 1), cost(*hinge, z, 1));
  std::printf("\na score of   cross-entropy   hinge   (three classes; the others score 0 and 1)\n");
  for (double z : {-3.0, 0.0, 1.5, 3.0})
    std::printf("%10.1f %15.4f %7.2f\n", z, cost_of_three(*entropy, z), cost_of_three(*hinge, z));
  std::printf("\nprobability   cross-entropy   Kullback-Leibler   (the true one is 0.7)\n");
  for (double p : {0.1, 0.5, 0.7, 0.9})
    std::printf("%11.1f %15.4f %18.4f\n", p, cost_of_probability(*entropy, p, 0.7f),
                cost_of_probability(*divergence, p, 0.7f));

  Plot numbers("Numbers"), two("Two classes, the truth is 1"), three("Three classes, the others score 0 and 1"),
      spread("A distribution: 0.7 and 0.3");
  numbers.x_axis("prediction - truth").y_axis("loss").y_range(0, 5);
  numbers.curve(
      "squared", [&](double e) { return cost(*mse, e, 0); }, -3, 3);
  numbers.curve(
      "absolute", [&](double e) { return cost(*mae, e, 0); }, -3, 3);
  numbers.curve(
      "Huber", [&](double e) { return cost(*huber, e, 0); }, -3, 3);
  two.x_axis("score z").y_axis("loss");
  two.curve(
      "binary cross-entropy", [&](double z) { return cost(*bce, z, 1); }, -3, 3);
  two.curve(
      "hinge", [&](double z) { return cost(*hinge, z, 1); }, -3, 3);
  three.x_axis("score of the true class").y_axis("loss");
  three.curve(
      "cross-entropy", [&](double z) { return cost_of_three(*entropy, z); }, -3, 4);
  three.curve(
      "hinge", [&](double z) { return cost_of_three(*hinge, z); }, -3, 4);
  spread.x_axis("predicted probability of the first").y_axis("loss").y_range(0, 2.5);
  spread.curve(
      "cross-entropy", [&](double p) { return cost_of_probability(*entropy, p, 0.7f); }, 0.005, 0.995);
  spread.curve(
      "Kullback-Leibler", [&](double p) { return cost_of_probability(*divergence, p, 0.7f); }, 0.005, 0.995);
  write_file("losses.svg", svg_file({numbers, two, three, spread}));
}
