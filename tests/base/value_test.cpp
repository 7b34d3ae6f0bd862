#include "gradus/base/value.h"

#include <cmath>
#include <limits>

#include "expect_error.h"

namespace gradus {
namespace {

using ::testing::HasSubstr;

Value placed(Value v) {
  v.set_location({"iris.toml", 12, 3});
  return v;
}

TEST(Value, KnowsItsType) {
  EXPECT_EQ(Value().type(), Value::Type::null);
  EXPECT_EQ(Value(true).type(), Value::Type::boolean);
  EXPECT_EQ(Value(3).type(), Value::Type::integer);
  EXPECT_EQ(Value(std::size_t{3}).type(), Value::Type::integer);
  EXPECT_EQ(Value(3.0).type(), Value::Type::real);
  EXPECT_EQ(Value("3").type(), Value::Type::string);
  EXPECT_EQ(Value::array().type(), Value::Type::array);
  EXPECT_EQ(Value::table().type(), Value::Type::table);
  EXPECT_EQ(type_name(Value(3).type()), "integer");
}

TEST(Value, ConvertsBetweenNumbersOnlyWithoutLoss) {
  EXPECT_EQ(Value(3).as_real(), 3.0);
  EXPECT_EQ(Value(3.0).as_integer(), 3);
  EXPECT_EQ(Value(-0x1p63).as_integer(), INT64_MIN);
  EXPECT_EQ(error_of(ErrorKind::config, [] { Value(2.5).as_integer("n"); }), "n: expected an integer, got 2.5");
  EXPECT_EQ(error_of(ErrorKind::config, [] { Value(0x1p63).as_integer("n"); }),
            "n: expected an integer, got 9.223372036854776e+18");
  EXPECT_EQ(error_of(ErrorKind::config, [] { Value(std::nan("")).as_integer("n"); }),
            "n: expected an integer, got nan");
}

TEST(Value, TypeErrorsNameLocationPlaceExpectedAndGiven) {
  EXPECT_EQ(error_of(ErrorKind::config, [] { placed("ten").as_integer("train.epochs"); }),
            "iris.toml:12:3: train.epochs: expected an integer, got a string \"ten\"");
  EXPECT_EQ(error_of(ErrorKind::config, [] { placed(1).as_string(); }), "iris.toml:12:3: expected a string, got 1");
  EXPECT_EQ(error_of(ErrorKind::config, [] { Value(1).as_bool("x"); }), "x: expected true or false, got 1");
  EXPECT_EQ(error_of(ErrorKind::config, [] { Value(false).as_real("x"); }), "x: expected a number, got false");
  EXPECT_EQ(error_of(ErrorKind::config, [] { Value::table().as_array("x"); }), "x: expected a list, got a table");
  EXPECT_EQ(error_of(ErrorKind::config,
                     [] {
                       Value(Value::Array{1, 2}).as_table("x");
                     }),
            "x: expected a table, got a list of 2");
  EXPECT_EQ(error_of(ErrorKind::config, [] { Value().as_real("x"); }), "x: expected a number, got nothing");
  EXPECT_EQ(error_of(ErrorKind::config, [] { placed(Value::table()).at("target"); }),
            "iris.toml:12:3: expected a key \"target\", got none");
}

TEST(Value, ErrorsShowStringsCutAndEscaped) {
  EXPECT_EQ(describe("a\"b\n\x1b[31m"), "a string \"a\\\"b\\n\\u001b[31m\"");
  EXPECT_EQ(describe(std::string(1000, 'x')), "a string \"" + std::string(60, 'x') + "\"...");
}

TEST(Value, TablesSetFindAndEraseInWrittenOrder) {
  Value t;
  t.set("b", 1);
  t.set("a", "two").as_string();
  t.set("b", 3);
  ASSERT_EQ(t.as_table().size(), 2u);
  EXPECT_EQ(t.as_table()[0].first, "b");
  EXPECT_EQ(t.at("b").as_integer(), 3);
  EXPECT_EQ(t.find("c"), nullptr);
  EXPECT_EQ(Value(1).find("c"), nullptr);
  t.erase("b");
  t.erase("missing");
  EXPECT_EQ(t.find("b"), nullptr);
  EXPECT_EQ(error_of(ErrorKind::config, [] { Value("x").set("k", 1); }), "k: expected a table, got a string \"x\"");
  Value list;
  list.push_back(1);
  list.push_back("x");
  EXPECT_EQ(list.as_array().size(), 2u);
}

TEST(Value, PathsReachThroughTablesAndLists) {
  Value config = parse_toml("[model]\nlayers = [ { units = 16 }, { units = [ 1, 2 ] } ]\n[train]\nlr = 0.1\n", "c");
  EXPECT_EQ(config.find_path("train.lr")->as_real(), 0.1);
  EXPECT_EQ(config.find_path("model.layers[0].units")->as_integer(), 16);
  EXPECT_EQ(config.find_path("model.layers[1].units[1]")->as_integer(), 2);
  for (const char* absent : {"", "none", "train.none", "train.lr.x", "model.layers[2]", "train[0]", "model.layers[x]"})
    EXPECT_EQ(config.find_path(absent), nullptr) << absent;

  config.set_path("model.layers[0].units", 32);
  config.set_path("train.optimizer.lr", 0.5);
  EXPECT_EQ(config.find_path("model.layers[0].units")->as_integer(), 32);
  EXPECT_EQ(config.find_path("train.optimizer.lr")->as_real(), 0.5);
  EXPECT_EQ(error_of(ErrorKind::config, [&] { config.set_path("train.lr.x", 1); }),
            "c:4:1: train.lr: expected a table, got 0.1");
  EXPECT_EQ(error_of(ErrorKind::config, [&] { config.set_path("model.layers[2].units", 1); }),
            "c:2:1: model.layers: expected an index below 2, got 2; elements count from 0");
  EXPECT_THAT(error_of(ErrorKind::config, [&] { config.set_path("model.layers.x.units", 1); }), HasSubstr("got \"x\""));
  config.set_path("model.layers.1.units[0]", 7);
  EXPECT_EQ(config.find_path("model.layers[1].units.0")->as_integer(), 7);
  EXPECT_EQ(config.find_path("model.layers.2"), nullptr);
}

TEST(Value, EqualityIgnoresOrderAndLocationButNotContent) {
  EXPECT_EQ(parse_toml("a = 1\nb = 2", "x"), parse_toml("\nb = 2.0\na = 1", "y"));
  EXPECT_NE(parse_toml("a = 1", "x"), parse_toml("a = 2", "x"));
  EXPECT_NE(parse_toml("a = 1", "x"), parse_toml("b = 1", "x"));
  EXPECT_NE(parse_toml("a = 1", "x"), parse_toml("a = 1\nb = 1", "x"));
  EXPECT_NE(Value(Value::Array{1, 2}), Value(Value::Array{2, 1}));
  EXPECT_EQ(Value(std::nan("")), Value(std::nan("")));
  EXPECT_NE(Value(1), Value(true));
  EXPECT_NE(Value(1), Value("1"));
  EXPECT_NE(Value(9007199254740993), Value(9007199254740992.0)) << "a real must not stand for another integer";
  EXPECT_NE(Value(INT64_MAX), Value(0x1p63));
}

}  // namespace
}  // namespace gradus
