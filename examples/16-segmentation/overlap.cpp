// How masks are compared, by hand: IoU and Dice of a mask of 4 x 4, and what cross-entropy and the Dice loss make of a
// small object in a large background.
#include <gradus/gradus.h>

#include <cmath>
#include <cstdio>

using namespace gradus;

namespace {

using Mask = std::vector<std::int32_t>;

const Mask kTruth = {0, 0, 0, 0,  //
                     0, 1, 1, 0,  //
                     0, 1, 1, 0,  //
                     0, 0, 0, 0};

struct Answer {
  const char* name;
  Mask mask;
};

const Answer kAnswers[] = {
    {"one pixel missed", {0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}},
    {"moved to the right", {0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0}},
    {"the whole image", {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
    {"nothing but background", Mask(16, 0)},
};

bool near(double a, double b) { return std::abs(a - b) < 1e-12; }

// Prints one answer's counts and scores; whether mask_metrics agrees.
bool compare(const Answer& answer) {
  int both = 0, truth = 0, said = 0, right = 0;
  for (std::size_t i = 0; i < kTruth.size(); ++i) {
    both += kTruth[i] == 1 && answer.mask[i] == 1;
    truth += kTruth[i] == 1;
    said += answer.mask[i] == 1;
    right += kTruth[i] == answer.mask[i];
  }
  double accuracy = right / 16.0, iou = static_cast<double>(both) / (truth + said - both),
         dice = 2.0 * both / (truth + said);
  std::printf("%-24s %5d %5d %5d   %2d/16 = %.3f   %d/%-2d = %.3f   %d/%-2d = %.3f\n", answer.name, both, truth, said,
              right, accuracy, both, truth + said - both, iou, 2 * both, truth + said, dice);
  ConfusionMatrix confusion(2);
  confusion.add(kTruth, answer.mask);
  MaskMetrics metrics = mask_metrics(confusion, /*background=*/0);
  return near(metrics.accuracy, accuracy) && near(metrics.mean_iou, iou) && near(metrics.mean_dice, dice) &&
         near(dice, 2 * iou / (1 + iou));
}

// An object of 3 x 3 pixels in an image of 32 x 32.
constexpr std::int64_t kSide = 32, kObject = 3;

Tensor object_mask() {
  Mask mask(kSide * kSide, 0);
  for (std::int64_t row = 0; row < kObject; ++row)
    for (std::int64_t column = 0; column < kObject; ++column)
      mask[static_cast<std::size_t>((10 + row) * kSide + 10 + column)] = 1;
  return Tensor::from(mask, {1, kSide, kSide});
}

// Scores that give the object's pixels the probability `object` of being the object, the others `background`.
Tensor scores(double object, double background) {
  Tensor inside = expand_dims(object_mask().to(Dtype::f32), 3);
  double high = std::log(object / (1 - object)), low = std::log(background / (1 - background));
  Tensor z = inside * (high - low) + low;
  return concatenate({Tensor::zeros(z.shape()), z}, 3);
}

// The share of the gradient (sum of sizes) that comes from the object's nine pixels, when all are taken for either.
double share_of_object(const Loss& loss) {
  Tensor z = scores(0.5, 0.5).set_requires_grad();
  Tensor g = abs(backward(loss(z, object_mask()))[z]);
  return sum(g * expand_dims(object_mask().to(Dtype::f32), 3)).item() / sum(g).item();
}

}  // namespace

int main() {
  std::printf("%-24s %5s %5s %5s   %-13s   %-12s  %s\n", "object of 2 x 2 in 4 x 4", "both", "true", "said", "accuracy",
              "IoU", "Dice");
  bool right = true;
  for (const Answer& answer : kAnswers) right = compare(answer) && right;

  auto entropy = make_loss("cross_entropy", "loss");
  auto dice = make_loss(Value(Value::Table{{"type", "dice"}, {"background", false}}), "loss");
  std::printf("\n%-44s %13s %9s\n", "object of 3 x 3 in 32 x 32, the probability of it", "cross-entropy", "Dice loss");
  for (auto [object, background] : {std::pair{0.5, 0.5}, {0.01, 0.01}, {0.5, 0.01}, {0.99, 0.01}}) {
    Tensor z = scores(object, background);
    std::printf("  %.2f on it, %.2f elsewhere %37.4f %9.4f\n", object, background, (*entropy)(z, object_mask()).item(),
                (*dice)(z, object_mask()).item());
  }
  std::printf("\nof the gradient at 0.5 everywhere the object's 9 of 1024 pixels (%.1f %%) make up\n", 900.0 / 1024);
  std::printf("  %.1f %% under cross-entropy, %.1f %% under the Dice loss\n", 100 * share_of_object(*entropy),
              100 * share_of_object(*dice));
  return right ? 0 : 1;
}
