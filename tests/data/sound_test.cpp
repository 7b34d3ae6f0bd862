#include <sndfile.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "../base/expect_error.h"
#include "gradus/base/file.h"
#include "gradus/data/readers/sound.h"
#include "gradus/data/resample.h"
#include "gradus/data/sound_features.h"
#include "gradus/data/source.h"
#include "temp_file.h"
#include "temp_folder.h"
#include "wav_file.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr double kTurn = 2 * std::numbers::pi;

// ---- transforms

std::vector<double> tone(double hertz, int rate, std::size_t n) {
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = std::sin(kTurn * hertz * static_cast<double>(i) / rate + 0.4);
  return x;
}

// The largest difference away from the ends, where the silence beyond them shows.
double difference(const std::vector<double>& a, const std::vector<double>& b) {
  double most = 0;
  for (std::size_t i = 200; i + 200 < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

// A tone is the same tone at any rate.
TEST(Resample, TonesKeepTheirShape) {
  const std::pair<int, int> rates[] = {{8000, 16000}, {44100, 16000}, {16000, 44100}, {48000, 16000}, {11025, 16000}};
  for (const auto& [from, to] : rates) {
    const double lower = std::min(from, to) / 2.0;
    for (double share : {0.01, 0.3, 0.6, 0.8}) {
      const std::vector<double> out = resampled(tone(share * lower, from, 8000), from, to);
      ASSERT_EQ(out.size(), static_cast<std::size_t>(std::ceil(8000.0 * to / from)));
      EXPECT_LT(difference(out, tone(share * lower, to, out.size())), 3e-4) << from << " " << to << " " << share;
    }
  }
}

TEST(Resample, WhatTheNewRateCannotHoldIsGone) {
  for (double hertz : {8100.0, 9000.0, 15000.0, 21000.0}) {
    const std::vector<double> out = resampled(tone(hertz, 44100, 20000), 44100, 16000);
    EXPECT_LT(difference(out, std::vector<double>(out.size())), 1e-4) << hertz;
  }
}

TEST(Resample, TheSameRateChangesNothing) {
  const std::vector<double> x = tone(100, 8000, 300);
  EXPECT_EQ(resampled(x, 8000, 8000), x);
  EXPECT_EQ(resampled(std::vector<double>{1}, 8000, 24000).size(), 3u);
}

// ---- features

// tests/oracles/sounds.py made the expected numbers.
TEST(SoundFeatures, SpectraAreThoseOfSciPy) {
  const Value oracle = parse_json(read_file(TEST_DATA "/oracles/sounds.json"), "sounds.json");
  std::vector<double> sound;
  for (const Value& s : oracle.at("samples").as_array()) sound.push_back(s.as_real() / 32768);
  for (const Value& c : oracle.at("cases").as_array()) {
    SCOPED_TRACE(to_json(c.at("params"), -1));
    SoundParams params;
    read_params(params, c.at("params"), "params");
    const SoundFeatures features(params);
    const std::vector<double> values = features.of(sound);
    const Value::Array &shape = c.at("shape").as_array(), &expected = c.at("values").as_array();
    EXPECT_EQ(static_cast<std::int64_t>(features.width()), shape[1].as_integer());
    EXPECT_EQ(static_cast<std::int64_t>(features.frames(sound.size())), shape[0].as_integer());
    ASSERT_EQ(values.size(), expected.size());
    for (std::size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(values[i], expected[i].as_real(), 1e-8) << i;
  }
}

TEST(SoundFeatures, AShortSoundIsOneFrame) {
  SoundParams params;
  params.rate = 1000;
  params.features = "spectrogram";
  params.window = 0.008;
  params.hop = 0.004;
  const SoundFeatures features(params);
  EXPECT_EQ(features.frames(3), 1u);
  EXPECT_EQ(features.frames(8), 1u);
  EXPECT_EQ(features.frames(11), 1u);
  EXPECT_EQ(features.frames(12), 2u);
  // Sample 1 alone under the window: 0.5 - 0.5 cos(2 pi / 8), whose power is the same at all frequencies.
  const double weight = 0.5 - 0.5 * std::cos(kTurn / 8);
  const std::vector<double> values = features.of(std::vector<double>{0, 1, 0});
  ASSERT_EQ(values.size(), 5u);
  for (double v : values) EXPECT_NEAR(v, std::log(weight * weight), 1e-12);
  EXPECT_THAT(features.names(), ElementsAre("0 Hz", "125 Hz", "250 Hz", "375 Hz", "500 Hz"));
  EXPECT_DOUBLE_EQ(features.of(std::vector<double>(8))[0], std::log(1e-10)) << "silence";
  params.window = 0.002;  // two samples, of which the window takes the second alone
  const std::vector<double> pair = SoundFeatures(params).of(std::vector<double>{5, 3});
  ASSERT_EQ(pair.size(), 2u);
  for (double v : pair) EXPECT_NEAR(v, std::log(9), 1e-12);
}

TEST(SoundFeatures, MistakesAreNamed) {
  auto refused = [](auto change) {
    SoundParams params;
    change(params);
    return error_of(ErrorKind::config, [&] { SoundFeatures features(params); });
  };
  EXPECT_THAT(refused([](SoundParams& p) { p.window = 1e-6; }), AllOf(HasSubstr("data.window"), HasSubstr("got 0")));
  EXPECT_THAT(refused([](SoundParams& p) { p.hop = 1e9; }), HasSubstr("data.hop"));
  EXPECT_THAT(refused([](SoundParams& p) { p.high = 9000; }), AllOf(HasSubstr("data.high"), HasSubstr("(8000)")));
  EXPECT_THAT(refused([](SoundParams& p) { p.low = 8000; }), HasSubstr("data.high"));
  EXPECT_THAT(refused([](SoundParams& p) { p.mel_bins = 300; }),
              AllOf(HasSubstr("data.mel_bins"), HasSubstr("holds none"), HasSubstr("a longer window")));
  EXPECT_THAT(refused([](SoundParams& p) {
                p.features = "mfcc";
                p.coefficients = 41;
              }),
              AllOf(HasSubstr("data.coefficients"), HasSubstr("40")));
  EXPECT_THAT(refused([](SoundParams& p) { p.coefficients = 13; }),
              AllOf(HasSubstr("data.coefficients"), HasSubstr("features = \"mfcc\"")));
  EXPECT_THAT(refused([](SoundParams& p) {
                p.features = "spectrogram";
                p.mel_bins = 40;
              }),
              AllOf(HasSubstr("data.mel_bins"), HasSubstr("features = \"spectrogram\"")));
}

// ---- files

TEST(Sound, ChannelsBecomeTheirMean) {
  const TempFile mono(wav_bytes({0, 16384, -32768}, 8000), ".wav");
  const Sound sound = read_sound(mono.path());
  EXPECT_EQ(sound.rate, 8000);
  EXPECT_THAT(sound.samples, ElementsAre(0, 0.5, -1));
  const TempFile stereo(wav_bytes({0, 16384, -32768, 0}, 44100, 2), ".wav");
  EXPECT_THAT(read_sound(stereo.path()).samples, ElementsAre(0.25, -0.5));
}

TEST(Sound, FlacFilesAreRead) {
  const TempFolder folder;
  SF_INFO info{};
  info.samplerate = 22050;
  info.channels = 1;
  info.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
  SNDFILE* file = sf_open(folder.path("a.flac").c_str(), SFM_WRITE, &info);
  ASSERT_NE(file, nullptr);
  std::vector<short> samples(5000);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<short>(7 * i % 1000);
  sf_write_short(file, samples.data(), 5000);
  sf_close(file);
  const Sound sound = read_sound(folder.path("a.flac"));
  ASSERT_EQ(sound.samples.size(), 5000u);
  for (std::size_t i = 0; i < samples.size(); ++i) ASSERT_EQ(sound.samples[i], samples[i] / 32768.0);
  std::string bytes = read_file(folder.path("a.flac"));
  folder.write("cut.flac", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { read_sound(folder.path("cut.flac")); }), HasSubstr("cut.flac"));
}

TEST(Sound, DamagedFilesAreNamed) {
  auto refused = [](const std::string& bytes) {
    const TempFile file(bytes, ".wav");
    return error_of(ErrorKind::data, [&] { read_sound(file.path()); });
  };
  const std::string whole = wav_bytes(std::vector<std::int16_t>(1000, 5), 8000);
  EXPECT_THAT(refused(whole.substr(0, 1000)), AllOf(HasSubstr(".wav"), HasSubstr("cut off, with 956 of 2000 bytes")));
  EXPECT_THAT(refused(whole.substr(0, 30)), HasSubstr("no samples"));
  EXPECT_THAT(refused(wav_bytes({}, 8000)), HasSubstr("no samples"));
  EXPECT_THAT(refused(""), HasSubstr("no header"));
  EXPECT_THAT(refused("this is a text, and not a sound at all"), HasSubstr("is no sound that can be read"));
  std::string fast = whole;
  fast[22] = 0;  // channels
  EXPECT_THAT(refused(fast), HasSubstr(".wav"));
  std::string still = whole, racing = whole;
  still.replace(24, 4, std::string(4, '\0'));  // samples a second
  racing.replace(24, 4, std::string(4, '\xEE'));
  EXPECT_THAT(refused(still), HasSubstr("says 0 samples a second"));
  EXPECT_THAT(refused(racing), HasSubstr("says 4008636142 samples a second"));
  EXPECT_THAT(error_of(ErrorKind::file, [] { read_sound("/none.wav"); }), HasSubstr("/none.wav"));
}

TEST(Sound, SamplesThatAreNoNumbersAreRefused) {
  const TempFolder folder;
  SF_INFO info{};
  info.samplerate = 8000;
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
  SNDFILE* file = sf_open(folder.path("nan.wav").c_str(), SFM_WRITE, &info);
  ASSERT_NE(file, nullptr);
  const std::vector<float> samples = {0, 0.5f, NAN, 0};
  sf_write_float(file, samples.data(), 4);
  sf_close(file);
  EXPECT_THAT(error_of(ErrorKind::data, [&] { read_sound(folder.path("nan.wav")); }),
              HasSubstr("sample 2 (the first is 0) is no finite number"));
}

// ---- the source

const char* const kHalves = "split = { method = \"stratified\", train = 0.5, test = 0.5 }\n";

std::unique_ptr<Source> source_of(const std::string& data, const std::string& prepare = kHalves) {
  return make_source({parse_toml("format = \"wav\"\n" + data, ""), parse_toml(prepare, "")});
}

// Tones of 440 and 1000 Hz, four each and of different lengths, at 8000 samples a second.
void write_tones(const TempFolder& folder) {
  std::string list = "file,label,voice\n";
  for (int i = 0; i < 8; ++i) {
    const bool is_high = i % 2 == 1;
    std::vector<std::int16_t> samples;
    for (double x : tone(is_high ? 1000 : 440, 8000, static_cast<std::size_t>(800 + 80 * i)))
      samples.push_back(static_cast<std::int16_t>(10000 * x));
    const std::string name = std::string(is_high ? "high" : "low") + "/" + std::to_string(i) + ".wav";
    folder.write("tones/" + name, wav_bytes(samples, 8000));
    list += "tones/" + name + "," + (is_high ? "high" : "low") + ",v" + std::to_string(i / 4) + "\n";
  }
  folder.write("list.csv", list);
}

TEST(WavSource, AFolderOfClassesBecomesFrames) {
  const TempFolder folder;
  write_tones(folder);
  const LoadedData data = source_of("source = \"tones\"\nrate = 8000\nmel_bins = 20\n")->load(folder.path(), 1);
  EXPECT_THAT(data.task.classes, ElementsAre("high", "low"));
  // 1360 samples: 1 + (1360 - 200) / 80 frames.
  EXPECT_EQ(data.train->input_shape(), (Shape{15, 20}));
  EXPECT_THAT(data.notes, Contains("8 sequences of 8 to 15 steps (mean 11.5), 20 numbers each"));
  EXPECT_EQ(data.test_names.size(), static_cast<std::size_t>(data.test->size()));
  EXPECT_THAT(data.test_names, Each(EndsWith(".wav"))) << "sounds are known by their files";
  // Standardised by the training part: mean 0 and deviation 1 of each feature.
  std::vector<double> sum(20), squares(20);
  double count = 0;
  for (std::uint32_t i = 0; i < data.train->size(); ++i) {
    const std::vector<float> x = data.train->fetch(std::vector<std::uint32_t>{i}).inputs.to_vector<float>();
    for (std::size_t j = 0; j < x.size(); ++j) {
      sum[j % 20] += static_cast<double>(x[j]);
      squares[j % 20] += static_cast<double>(x[j] * x[j]);
    }
    count += static_cast<double>(x.size()) / 20;
  }
  for (std::size_t f = 0; f < 20; ++f) {
    EXPECT_NEAR(sum[f] / count, 0, 1e-5);
    EXPECT_NEAR(squares[f] / count, 1, 1e-4);
  }
}

TEST(WavSource, SoundsMayBeCutToOneLength) {
  const TempFolder folder;
  write_tones(folder);
  const LoadedData data = source_of("source = \"tones\"\nrate = 16000\nseconds = 0.12\n")->load(folder.path(), 1);
  const Batch batch = data.train->fetch(std::vector<std::uint32_t>{0, 1});
  EXPECT_EQ(batch.inputs.shape(), (Shape{2, 10, 40})) << "1920 samples at the new rate: 1 + 1520 / 160";
  EXPECT_FALSE(batch.lengths.defined());
}

TEST(WavSource, AVoiceIsInOnePart) {
  const TempFolder folder;
  write_tones(folder);
  const LoadedData data = source_of("source = \"list.csv\"\nrate = 8000\n",
                                    "split = { method = \"group\", column = \"voice\", train = 0.5, test = 0.5 }\n")
                              ->load(folder.path(), 1);
  std::vector<std::int32_t> frames;
  for (std::uint32_t i = 0; i < 4; ++i)
    frames.push_back(data.train->fetch(std::vector<std::uint32_t>{i}).lengths.to_vector<std::int32_t>()[0]);
  EXPECT_TRUE(frames == std::vector<std::int32_t>({8, 9, 10, 11}) ||
              frames == std::vector<std::int32_t>({12, 13, 14, 15}))
      << "the first four sounds, or the last";
}

TEST(WavSource, BrokenSoundsAreNamedOrLeftOut) {
  const TempFolder folder;
  write_tones(folder);
  folder.write("tones/low/bad.wav", "no sound");
  EXPECT_THAT(error_of(ErrorKind::data, [&] { source_of("source = \"tones\"\n")->load(folder.path(), 1); }),
              AllOf(HasSubstr("tones/low/bad.wav"), HasSubstr("on_broken = \"skip\"")));
  const LoadedData data = source_of("source = \"tones\"\non_broken = \"skip\"\n")->load(folder.path(), 1);
  EXPECT_THAT(data.notes, Contains(AllOf(HasSubstr("1 sound is broken and left out"), HasSubstr("low/bad.wav"))));
  EXPECT_EQ(data.train->size() + data.test->size(), 8);
}

TEST(WavSource, ATrainedModelOpensNewSounds) {
  const TempFolder folder;
  write_tones(folder);
  auto source = source_of("source = \"tones\"\nrate = 8000\nfeatures = \"mfcc\"\n");
  const LoadedData data = source->load(folder.path(), 1);
  auto restored = source_of("");
  restored->restore(parse_json(to_json(source->state()), "state"));
  const OpenedData opened = restored->open({folder.path("tones/low/0.wav")}, false);
  EXPECT_THAT(opened.echo, ElementsAre(Pair("file", ElementsAre(folder.path("tones/low/0.wav")))));
  const std::vector<std::uint32_t> first = {0};
  const std::vector<float> x = opened.data->fetch(first).inputs.to_vector<float>();
  ASSERT_EQ(x.size(), 8u * 13u);
  bool seen = false;
  for (const Dataset* part : {data.train.get(), data.test.get()})
    for (std::uint32_t i = 0; i < part->size(); ++i)
      seen = seen || part->fetch(std::vector<std::uint32_t>{i}).inputs.to_vector<float>() == x;
  EXPECT_TRUE(seen) << "the same numbers as in training";
  EXPECT_EQ(restored->open({folder.path("tones")}, false).data->size(), 8);
  EXPECT_THAT(restored->open({folder.path("list.csv")}, true).data->fetch(first).target.to_vector<std::int32_t>(),
              ElementsAre(1));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { restored->open({folder.path("tones/low/0.wav")}, true); }),
              HasSubstr("got a sound"));
  EXPECT_THAT(error_of(ErrorKind::file, [&] { restored->open({"/none.wav"}, false); }), HasSubstr("/none.wav"));
}

TEST(WavSource, MistakesAreNamed) {
  const TempFolder folder;
  write_tones(folder);
  folder.write("bad.csv", "file,label\nnone.wav,a\n");
  folder.write("empty/a/x.txt", "");
  auto refused = [&](ErrorKind kind, const std::string& data, const std::string& prepare = kHalves) {
    return error_of(kind, [&] { source_of(data, prepare)->load(folder.path(), 1); });
  };
  EXPECT_THAT(refused(ErrorKind::file, "source = \"bad.csv\"\n"), AllOf(HasSubstr("row 1"), HasSubstr("none.wav")));
  EXPECT_THAT(refused(ErrorKind::data, "source = \"empty\"\n"), HasSubstr("a folder without any"));
  EXPECT_THAT(refused(ErrorKind::config, "source = \"tones\"\n",
                      "split = { method = \"group\", column = \"voice\", train = 0.5, test = 0.5 }\n"),
              AllOf(HasSubstr("prepare.split"), HasSubstr("voice")));
  EXPECT_THAT(refused(ErrorKind::config, "source = \"tones\"\nlabel = [\"a\", \"b\"]\n"), HasSubstr("data.label"));
  EXPECT_THAT(refused(ErrorKind::data, "source = \"list.csv\"\nlabel = \"speaker\"\n"), HasSubstr("speaker"));
  folder.write("twice.csv", "file,label\ntones/low/0.wav,low\ntones/low/../low/0.wav,high\n");
  EXPECT_THAT(refused(ErrorKind::config, "source = \"twice.csv\"\n"),
              AllOf(HasSubstr("data.source"), HasSubstr("low/0.wav twice")));
  EXPECT_THAT(refused(ErrorKind::config, "source = \"tones\"\nseconds = 1e15\n"), HasSubstr("data.seconds"));
}

}  // namespace
}  // namespace gradus
