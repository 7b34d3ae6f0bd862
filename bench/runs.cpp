// Times whole training runs, from files to steps, as gradus train does them.
// Usage: bench_runs WORKLOAD THREADS [SECONDS [f32 | bf16]]      prints microseconds a step
//   resnet128       ResNet-20, 32x32x3, batch 128, momentum, flips and crops, from an IDX file
//   cnn128          the 2-convolution net, 28x28, batch 128, Adam, from an IDX file
//   cnn128_files    the same from a folder of PNG files, decoded (the first epoch alone counts), rotated and cropped
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "gradus/gradus.h"
#include "gradus/report/png.h"

namespace {

using namespace gradus;

constexpr int kImages = 12800, kBatch = 128, kClasses = 10;

// Random pixels of image `i`.
Picture picture(int i, int side, int channels) {
  Picture p{side, side, channels, std::vector<std::uint8_t>(static_cast<std::size_t>(side * side * channels))};
  std::vector<float> values =
      Tensor::uniform({side * side * channels}, 0, 255, {static_cast<std::uint64_t>(i), 0, 0}).to_vector<float>();
  for (std::size_t k = 0; k < values.size(); ++k) p.pixels[k] = static_cast<std::uint8_t>(values[k]);
  return p;
}

std::string idx_header(std::initializer_list<int> sizes) {
  std::string h = {0, 0, 8, static_cast<char>(sizes.size())};
  for (int n : sizes)
    for (int shift = 24; shift >= 0; shift -= 8) h += static_cast<char>(n >> shift & 255);
  return h;
}

void write_idx(const std::string& folder, int side, int channels) {
  std::string images = idx_header({kImages, side, side, channels}), labels = idx_header({kImages});
  for (int i = 0; i < kImages; ++i) {
    Picture p = picture(i, side, channels);
    images.append(p.pixels.begin(), p.pixels.end());
    labels += static_cast<char>(i % kClasses);
  }
  write_file(folder + "/images.idx", images);
  write_file(folder + "/labels.idx", labels);
}

// Training pictures in one folder, a few others to test on in another.
void write_pngs(const std::string& folder, int side, int channels) {
  for (int i = 0; i < kImages + kClasses; ++i) {
    std::string own = folder + (i < kImages ? "/pictures" : "/others") + "/class" + std::to_string(i % kClasses);
    std::filesystem::create_directories(own);
    write_file(own + "/" + std::to_string(i) + ".png", encode_png(picture(i, side, channels)));
  }
}

std::string config_of(const std::string& workload, const std::string& precision) {
  bool resnet = workload == "resnet128", files = workload == "cnn128_files";
  std::string data =
      files ? "format = \"folder\"\ntrain = \"pictures\"\ntest = \"others\"\n"
              "augment = [{ type = \"rotate\" }, { type = \"crop\", padding = 2 }]\n"
            : "format = \"idx\"\ntrain = [\"images.idx\", \"labels.idx\"]\ntest = [\"images.idx\", \"labels.idx\"]\n";
  if (resnet) data += "augment = [{ type = \"flip_horizontal\" }, { type = \"crop\", padding = 4 }]\n";
  return "name = \"bench\"\n[data]\n" + data +
         "[prepare]\nsplit = { method = \"files\" }\n[model]\ntype = " + (resnet ? "\"resnet20\"" : "\"small_cnn\"") +
         "\n[train]\nepochs = 1000\nbatch_size = 128\ncheckpoint_seconds = 1e6\nprecision = \"" + precision +
         "\"\noptimizer = " + (resnet ? "{ type = \"sgd\", momentum = 0.9, lr = 0.001 }" : "\"adam\"") + "\n";
}

double microseconds(const std::string& workload, double seconds, const std::string& precision,
                    const std::string& folder) {
  if (workload == "cnn128_files")
    write_pngs(folder, 28, 1);
  else if (workload == "resnet128")
    write_idx(folder, 32, 3);
  else if (workload == "cnn128")
    write_idx(folder, 28, 1);
  else
    throw Error(ErrorKind::usage, workload, "no such workload");
  using Clock = std::chrono::steady_clock;
  std::atomic<bool> stop{false};
  std::int64_t steps = 0;
  Clock::time_point begin, end;
  RunOptions options;
  options.out = folder + "/run";
  options.stop = &stop;
  options.progress = [&](const Progress&) {
    constexpr int kWarm = 6;
    if (++steps == kWarm) begin = Clock::now();
    if (steps <= kWarm) return;
    end = Clock::now();
    bool decoded = workload == "cnn128_files" && steps == kImages / kBatch;
    stop = decoded || (std::chrono::duration<double>(end - begin).count() > seconds && steps > 2 * kWarm);
    if (stop) steps -= kWarm;
  };
  run_experiment(experiment_of(parse_toml(config_of(workload, precision), "bench"), folder), options);
  return std::chrono::duration<double, std::micro>(end - begin).count() / static_cast<double>(steps);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: bench_runs WORKLOAD THREADS [SECONDS [f32 | bf16]]\n"), 2;
  gradus::set_threads(std::atoi(argv[2]));
  std::string folder = std::filesystem::temp_directory_path() / ("gradus-bench-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  int code = 0;
  try {
    std::printf("%.3f\n", microseconds(argv[1], argc > 3 ? std::atof(argv[3]) : 5, argc > 4 ? argv[4] : "f32", folder));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    code = 1;
  }
  std::filesystem::remove_all(folder);
  return code;
}
