#include "gradus/data/sound_features.h"

#include <fmt/format.h>
#include <kissfft/kissfft.hh>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "gradus/base/error.h"
#include "gradus/data/numbers.h"

namespace gradus {

void SoundParams::fields(Fields& f) {
  f("rate", rate, between(1000, 384000), "samples a second that every sound is brought to");
  f("features", features, {"mel", "mfcc", "spectrogram"},
    "of each frame the logarithms of its power spectrum (spectrogram), or of that in mel bins, or their cepstrum "
    "(mfcc)");
  f("window", window, above(0), "length of a frame in seconds");
  f("hop", hop, above(0), "seconds from one frame to the next");
  f("mel_bins", mel_bins, between(2, 512), "number of mel bins; left out: 40");
  f("coefficients", coefficients, between(1, 512), "number of cepstral coefficients of mfcc; left out: 13");
  f("low", low, at_least(0), "frequency in Hz at which the mel bins begin; left out: 0");
  f("high", high, above(0), "frequency in Hz at which they end; left out: half the rate");
  f("floor", floor, above(0), "the least power that a logarithm is taken of");
  f("seconds", seconds, above(0), "every sound is cut to this length or filled up with silence; left out: as it is");
}

namespace {

std::size_t samples_in(double seconds, const SoundParams& p, const char* key) {
  double samples = std::round(seconds * static_cast<double>(p.rate));
  if (samples >= 1 && samples <= 1 << 24) return static_cast<std::size_t>(samples);
  throw Error(ErrorKind::config,
              {std::string("data.") + key, fmt::format("from 1 to 16,777,216 samples at {} a second", p.rate),
               fmt::format("{:.0f}", samples), ""});
}

double mel_of(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double hertz_of(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

}  // namespace

SoundFeatures::SoundFeatures(const SoundParams& params)
    : params_(params),
      window_(samples_in(params.window, params, "window")),
      hop_(samples_in(params.hop, params, "hop")),
      size_(std::max<std::size_t>(2, std::bit_ceil(window_))),
      transform_(std::make_shared<kissfft<double>>(size_ / 2, false)),
      hann_(window_) {
  for (std::size_t i = 0; i < window_; ++i)
    hann_[i] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(window_));
  check_needed();
  if (params_.features != "spectrogram") make_triangles();
  if (params_.features == "mfcc") make_cosines();
  make_names();
}

void SoundFeatures::check_needed() const {
  const bool has_bins = params_.features != "spectrogram", has_cepstrum = params_.features == "mfcc";
  auto refuse = [&](const char* key, const char* features) {
    throw Error(ErrorKind::config, {std::string("data.") + key, std::string("features = ") + features,
                                    "features = \"" + params_.features + "\"", "leave it out"});
  };
  if (params_.coefficients && !has_cepstrum) refuse("coefficients", "\"mfcc\"");
  if (has_bins) return;
  if (params_.mel_bins) refuse("mel_bins", "\"mel\" or \"mfcc\"");
  if (params_.low) refuse("low", "\"mel\" or \"mfcc\"");
  if (params_.high) refuse("high", "\"mel\" or \"mfcc\"");
}

void SoundFeatures::make_triangles() {
  const double half = static_cast<double>(params_.rate) / 2, low = params_.low.value_or(0),
               high = params_.high.value_or(half);
  const std::int64_t bins = params_.mel_bins.value_or(40);
  if (!(low < high) || high > half)
    throw Error(ErrorKind::config, {"data.high",
                                    fmt::format("a frequency above low ({}) and up to half the rate ({})",
                                                number_text(low), number_text(half)),
                                    number_text(high), ""});
  std::vector<double> corners;
  double from = mel_of(low), to = mel_of(high);
  for (std::int64_t i = 0; i < bins + 2; ++i)
    corners.push_back(hertz_of(from + (to - from) * static_cast<double>(i) / static_cast<double>(bins + 1)));
  double distance = static_cast<double>(params_.rate) / static_cast<double>(size_);
  for (std::size_t b = 0; b + 2 < corners.size(); ++b) {
    Triangle t;
    for (std::size_t k = 0; k <= size_ / 2; ++k) {
      double f = static_cast<double>(k) * distance;
      double weight = std::min((f - corners[b]) / (corners[b + 1] - corners[b]),
                               (corners[b + 2] - f) / (corners[b + 2] - corners[b + 1]));
      if (weight <= 0) continue;
      if (t.weights.empty()) t.first = k;
      t.weights.push_back(weight);
    }
    if (t.weights.empty())
      throw Error(ErrorKind::config, "data.mel_bins",
                  fmt::format("bin {} (the first is 0), from {:.1f} to {:.1f} Hz, holds none of the frequencies, which "
                              "are {:.1f} Hz apart",
                              b, corners[b], corners[b + 2], distance),
                  "use fewer bins or a longer window");
    triangles_.push_back(std::move(t));
  }
}

void SoundFeatures::make_cosines() {
  const auto count = static_cast<std::int64_t>(triangles_.size()), coefficients = params_.coefficients.value_or(13);
  if (coefficients > count)
    throw Error(ErrorKind::config,
                {"data.coefficients", fmt::format("at most the {} mel bins", count), std::to_string(coefficients), ""});
  const auto bins = static_cast<double>(count);
  for (std::int64_t c = 0; c < coefficients; ++c)
    for (std::int64_t b = 0; b < count; ++b)
      cosines_.push_back(std::sqrt((c == 0 ? 1 : 2) / bins) *
                         std::cos(std::numbers::pi * static_cast<double>(c) * (static_cast<double>(b) + 0.5) / bins));
}

void SoundFeatures::make_names() {
  bool is_spectrogram = params_.features == "spectrogram";
  std::size_t n = is_spectrogram     ? size_ / 2 + 1
                  : cosines_.empty() ? triangles_.size()
                                     : cosines_.size() / triangles_.size();
  for (std::size_t i = 0; i < n; ++i)
    names_.push_back(is_spectrogram
                         ? fmt::format("{:.0f} Hz", static_cast<double>(i) * static_cast<double>(params_.rate) /
                                                        static_cast<double>(size_))
                         : fmt::format("{} {}", params_.features, i));
}

std::size_t SoundFeatures::frames(std::size_t samples) const {
  return samples <= window_ ? 1 : 1 + (samples - window_) / hop_;
}

void SoundFeatures::power(const std::vector<double>& frame, std::vector<double>& out,
                          std::vector<std::complex<double>>& x) const {
  transform_->transform_real(frame.data(), x.data());
  out[0] = x[0].real() * x[0].real();
  out[size_ / 2] = x[0].imag() * x[0].imag();  // X[0] and X[n / 2] are real and stand together
  for (std::size_t k = 1; k < size_ / 2; ++k) out[k] = std::norm(x[k]);
}

std::vector<double> SoundFeatures::of(std::span<const double> sound) const {
  std::vector<double> out, frame(size_), spectrum(size_ / 2 + 1), mel(triangles_.size());
  std::vector<std::complex<double>> work(size_ / 2);
  auto log_of = [&](double p) { return std::log(std::max(p, params_.floor)); };
  std::size_t count = frames(sound.size());
  out.reserve(count * width());
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < window_; ++j)
      frame[j] = i * hop_ + j < sound.size() ? hann_[j] * sound[i * hop_ + j] : 0;
    power(frame, spectrum, work);
    if (triangles_.empty()) {
      for (double p : spectrum) out.push_back(log_of(p));
      continue;
    }
    for (std::size_t b = 0; b < mel.size(); ++b) {
      const Triangle& t = triangles_[b];
      double sum = 0;
      for (std::size_t k = 0; k < t.weights.size(); ++k) sum += t.weights[k] * spectrum[t.first + k];
      mel[b] = log_of(sum);
    }
    if (cosines_.empty()) out.insert(out.end(), mel.begin(), mel.end());
    for (std::size_t c = 0; c < cosines_.size(); c += mel.size()) {
      double sum = 0;
      for (std::size_t b = 0; b < mel.size(); ++b) sum += cosines_[c + b] * mel[b];
      out.push_back(sum);
    }
  }
  return out;
}

}  // namespace gradus
