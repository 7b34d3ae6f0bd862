#include "gradus/data/target_scale.h"

#include <cmath>

#include "../base/expect_error.h"
#include "gradus/data/source.h"
#include "temp_file.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Two targets; row 4 is not for training and would change every statistic. The first has mean 3, deviation
// sqrt((4 + 1 + 0 + 9) / 4), minimum 1 and maximum 6.
const std::vector<std::string> kNames = {"a", "b"};
const std::vector<double> kValues = {1, 50, 2, 50, 3, 50, 6, 50, 1000, 70};
const RowIndices kTrain = {0, 1, 2, 3};
const double kDeviation = std::sqrt(14 / 4.0);

TargetScales fit(const std::string& toml) { return fit_target_scales(parse_toml_value(toml), kNames, kValues, kTrain); }

std::string fit_error(const std::string& toml, ErrorKind kind) {
  return error_of(kind, [&] { fit(toml); });
}

TEST(TargetScale, StandardizesByTrainingRowsAndLeavesConstantsTheirUnit) {
  TargetScales scales = fit("\"standardize\"");
  std::vector<float> z = scaled_targets(scales, kValues);
  EXPECT_FLOAT_EQ(z[0], static_cast<float>(-2 / kDeviation));
  EXPECT_FLOAT_EQ(z[8], static_cast<float>(997 / kDeviation));
  EXPECT_EQ(z[1], 0);
  EXPECT_EQ(z[9], 20);
  unscale_targets(scales, z);
  for (std::size_t i = 0; i < z.size(); ++i) EXPECT_FLOAT_EQ(z[i], static_cast<float>(kValues[i])) << i;
}

TEST(TargetScale, NormalizesWithExceptionsByName) {
  TargetScales scales = fit("{ default = \"normalize\", columns = { b = \"none\" } }");
  EXPECT_THAT(scaled_targets(scales, kValues),
              ElementsAre(0, 50, FloatEq(0.2f), 50, FloatEq(0.4f), 50, 1, 50, FloatEq(999 / 5.0f), 70));
}

TEST(TargetScale, NoneIsNoScale) {
  for (const TargetScales& scales : {fit("\"none\""), fit_target_scales({}, kNames, kValues, kTrain)}) {
    EXPECT_THAT(scales, IsEmpty());
    EXPECT_THAT(scaled_targets(scales, kValues), SizeIs(10));
    EXPECT_EQ(scaled_targets(scales, kValues)[8], 1000);
  }
}

TEST(TargetScale, NamesMistakes) {
  EXPECT_THAT(fit_error("\"standardise\"", ErrorKind::config),
              AllOf(HasSubstr("prepare.scale_target"), HasSubstr("standardize")));
  EXPECT_THAT(fit_error("{ columns = { c = \"normalize\" } }", ErrorKind::config),
              AllOf(HasSubstr("prepare.scale_target"), HasSubstr("no target \"c\"")));
  EXPECT_THAT(error_of(ErrorKind::data,
                       [] {
                         std::vector<double> far = {-1.7e308, 1.7e308};
                         fit_target_scales("normalize", {"y"}, far, {0, 1});
                       }),
              AllOf(HasSubstr("target \"y\""), HasSubstr("beyond what can be scaled")));
}

TEST(TargetScale, ClassesAreNotScaled) {
  TaskSpec classes{Task::binary, {"no", "yes"}, {"y"}};
  std::vector<std::string> notes;
  EXPECT_THAT(error_of(ErrorKind::config, [&] { classes.fit_scales("standardize", {}, kTrain, notes); }),
              AllOf(HasSubstr("prepare.scale_target"), HasSubstr("classes"), HasSubstr("leave it out")));
  classes.fit_scales("none", {}, kTrain, notes);
  classes.fit_scales({}, {}, kTrain, notes);
  EXPECT_THAT(notes, IsEmpty());
}

TEST(TargetScale, SaysHowTargetsAreTrainedOn) {
  auto note = [](const Value& given, const std::vector<double>& values) {
    return target_scale_note(given, fit_target_scales(given, {"y"}, values, {0, 1}), {"y"}, values, {0, 1});
  };
  EXPECT_THAT(note("normalize", {10, 30}), HasSubstr("\"y\" as (y - 10) / 20"));
  EXPECT_THAT(note("normalize", {-10, 10}), HasSubstr("\"y\" as (y + 10) / 20"));
  EXPECT_THAT(note("normalize", {0, 20}), HasSubstr("\"y\" as y / 20"));
  EXPECT_THAT(note({}, {10, 90}), AllOf(HasSubstr("mean 50 and deviation 40"), HasSubstr("scale_target")));
  EXPECT_THAT(note({}, {0.01, 0.02}), HasSubstr("scale_target"));
  EXPECT_EQ(note({}, {-1, 3}), "");
  EXPECT_EQ(note("none", {10, 90}), "");
}

TEST(TargetScale, TravelsWithTheTask) {
  TaskSpec task{Task::regression, {}, kNames, fit("\"standardize\"")};
  Value state = parse_json(to_json(task.state()), "state");
  TaskSpec restored = TaskSpec::restored(state);
  EXPECT_EQ(scaled_targets(restored.scales, kValues), scaled_targets(task.scales, kValues));
  Value one = state;
  one.set("outputs", Value(Value::Array{"a"}));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { TaskSpec::restored(one); }), HasSubstr("one for each of 1 target"));
  Value zero = state;
  zero.set("scales", parse_json("[{\"shift\": 0, \"divisor\": 0}, {\"shift\": 0, \"divisor\": 1}]", "scales"));
  EXPECT_THAT(error_of(ErrorKind::data, [&] { TaskSpec::restored(zero); }), HasSubstr("divisor"));
}

// The first four rows with a target train: 10, 20, 30, 40, with mean 25 and deviation sqrt(125), whatever they weigh.
const char* const kTable = "x,w,y\n1,1,10\n2,9,20\n9,1,\n3,1,30\n4,1,40\n5,1,100\n";

std::unique_ptr<Source> source(const std::string& format, const std::string& data, const std::string& scale_target) {
  Value both = Value::table();
  both.set("data", parse_toml_value(data));
  both.set("prepare",
           parse_toml_value("{ split = { method = \"contiguous\", train = 0.8, test = 0.2 }, scale_target = " +
                            scale_target + " }"));
  return sources().make(format, both, "data");
}

std::vector<float> targets_of(const Dataset& data) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < data.size(); ++i) rows.push_back(i);
  return data.fetch(rows).target.to_vector<float>();
}

const float kDeviationOfTable = std::sqrt(125.0f);

TEST(TargetScale, OfATableComesFromTheTrainingPart) {
  TempFile file(kTable);
  auto table =
      source("csv", "{ source = \"" + file.path() + "\", target = \"y\", weight = \"w\", task = \"regression\" }",
             "\"standardize\"");
  LoadedData loaded = table->load("", 0);
  EXPECT_THAT(targets_of(*loaded.train),
              ElementsAre(FloatNear(-15 / kDeviationOfTable, 1e-6f), FloatNear(-5 / kDeviationOfTable, 1e-6f),
                          FloatNear(5 / kDeviationOfTable, 1e-6f), FloatNear(15 / kDeviationOfTable, 1e-6f)));
  EXPECT_THAT(targets_of(*loaded.test), ElementsAre(FloatNear(75 / kDeviationOfTable, 1e-6f)));
  EXPECT_THAT(loaded.notes, Contains(HasSubstr("\"y\" as (y - 25) / 11.18")));
  EXPECT_THAT(loaded.task.scales, SizeIs(1));

  auto restored = sources().make("csv", Value::table(), "data");
  restored->restore(parse_json(to_json(table->state()), "state"));
  TempFile other("x,w,y\n7,1,25\n8,1,100\n");
  EXPECT_THAT(targets_of(*restored->open({other.path()}, true).data),
              ElementsAre(0, FloatNear(75 / kDeviationOfTable, 1e-6f)));
}

TEST(TargetScale, OfArraysComesFromTheTrainingPart) {
  auto words = [](std::initializer_list<char> low) {
    std::string bytes;
    for (char c : low) bytes += std::string("\0\0\0", 3) + c;
    return bytes;
  };
  std::string head = std::string("\0\0\x0C\x01\0\0\0\x05", 8);
  TempFile values(head + words({1, 2, 3, 4, 5}), ".idx"), labels(head + words({10, 20, 30, 40, 100}), ".idx");
  auto arrays =
      source("idx", "{ train = [\"" + values.path() + "\", \"" + labels.path() + "\"], task = \"regression\" }",
             "\"normalize\"");
  LoadedData loaded = arrays->load("", 0);
  EXPECT_THAT(targets_of(*loaded.train), ElementsAre(0, FloatEq(1 / 3.0f), FloatEq(2 / 3.0f), 1));
  EXPECT_THAT(targets_of(*loaded.test), ElementsAre(3));

  auto restored = sources().make("idx", Value::table(), "data");
  restored->restore(parse_json(to_json(arrays->state()), "state"));
  EXPECT_THAT(targets_of(*restored->open({values.path(), labels.path()}, true).data),
              ElementsAre(0, FloatEq(1 / 3.0f), FloatEq(2 / 3.0f), 1, 3));
}

}  // namespace
}  // namespace gradus
