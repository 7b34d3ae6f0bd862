#include "gradus/train/train_params.h"

namespace gradus {

void EarlyStoppingParams::fields(Fields& f) {
  f("monitor", monitor, "the number watched: validation.loss, validation.accuracy, train.loss ...");
  f("patience", patience, at_least(1), "epochs without improvement before training stops");
  f("min_delta", min_delta, at_least(0), "smallest change that counts as an improvement");
  f("restore_best", restore_best, "go back to the weights of the best epoch");
}

void TrainParams::fields(Fields& f) {
  f("epochs", epochs, at_least(1), "passes over the training data");
  f("batch_size", batch_size, "a number or \"all\"",
    "examples per step: 1 is stochastic, \"all\" full-batch gradient descent");
  f("optimizer", optimizer, "a name or a table", "what moves the weights: { type = \"adam\", lr = 0.001 }");
  f("schedule", schedule, "a name or a table", "the learning rate over time: { type = \"cosine\", warmup = 0.1 }");
  f("precision", precision, {"f32", "bf16"},
    "bf16: products of weights and activations in bf16, weights and all sums in f32; a processor without it stays in "
    "f32");
  f("seed", seed, at_least(0), "for shuffling and initial weights; left out: the experiment's");
  f("sequence_length", sequence_length, at_least(1),
    "of one long text: steps that gradients go back through; the state goes on from batch to batch");
  f("group_by_length", group_by_length,
    "where lengths differ, batches are made of examples alike in length, in random order: less padding");
  f("l1", l1, at_least(0), "penalty l1 |w| on weights (not biases)");
  f("l2", l2, at_least(0), "penalty l2 / 2 w^2 on weights (not biases)");
  f("clip_norm", clip_norm, at_least(0), "largest Euclidean norm of the gradient; 0: no limit");
  f("clip_value", clip_value, at_least(0), "largest size of a gradient element; 0: no limit");
  f("early_stopping", early_stopping, "true or a table", "stop when a monitored number no longer improves");
  f("min_gradient_norm", min_gradient_norm, at_least(0), "stop when the gradient's norm falls below this; 0: never");
  f("max_seconds", max_seconds, at_least(0), "stop after this much training time; 0: never");
  f("class_weights", class_weights, "\"balanced\" or a table", "weight of each class in the loss");
  f("checkpoint_seconds", checkpoint_seconds, above(0), "seconds between checkpoints; one is always made at the end");
  f("checkpoint_steps", checkpoint_steps, at_least(0),
    "steps between checkpoints, besides those by time; 0: by time alone");
}

}  // namespace gradus
