#include "gradus/data/times.h"

#include "../base/expect_error.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

double seconds_of(const std::string& text) {
  double seconds = -1;
  EXPECT_TRUE(parse_time(text, seconds)) << text;
  return seconds;
}

// Python's datetime gives these numbers.
TEST(Times, DatesAndTimesAreSecondsSince1970) {
  EXPECT_EQ(seconds_of("1970-01-01"), 0);
  EXPECT_EQ(seconds_of("2000-02-29T12:30:05.25"), 951827405.25);
  EXPECT_EQ(seconds_of("2000-02-29 12:30:05.25Z"), 951827405.25);
  EXPECT_EQ(seconds_of("2014-03-31T23:59:59+02:00"), 1396303199);
  EXPECT_EQ(seconds_of("2024-12-31T00:00-11:30"), 1735644600);
  EXPECT_EQ(seconds_of("1749-01"), -6974035200.0);
  EXPECT_EQ(seconds_of("2000/02/29 12:30:05.25"), 951827405.25);
  EXPECT_EQ(seconds_of("1900-03-01"), -2203891200.0);
  EXPECT_EQ(seconds_of("0001-01-01"), -62135596800.0);
}

TEST(Times, WhatIsNoTimeIsRefused) {
  for (const char* text : {"",
                           "2014",
                           "2014-",
                           "2014-1",
                           "2014-13",
                           "2014-00-01",
                           "2014-02-29",
                           "1900-02-29",
                           "2014-02-28T",
                           "2014-02-28x",
                           "2014-02-28T24:00",
                           "2014-02-28T12",
                           "2014-02-28T12:60",
                           "2014-02-28T12:00:60",
                           "2014-02-28T12:00:00.",
                           "2014-02-28T12:00+2",
                           "2014-02-28T12:00 ",
                           "2014-02T12:00",
                           "31.12.2014",
                           "12/31/2014",
                           "2014-02-28T12:00ZZ"}) {
    double seconds = 7;
    EXPECT_FALSE(parse_time(text, seconds)) << text;
    EXPECT_EQ(seconds, 7) << text;
  }
}

TEST(Times, TimesAreWrittenAsShortAsTheyAre) {
  for (const char* text : {"1749-01-01", "2014-03-31", "2014-03-31T12:30", "2014-03-31T12:30:05", "0001-01-01T00:01"})
    EXPECT_EQ(time_text(seconds_of(text)), text);
}

TEST(Times, AColumnHoldsNumbersOrTimes) {
  EXPECT_THAT(times_of(Column::numeric("t", {3, 1.5}), "x.csv"), ElementsAre(3, 1.5));
  EXPECT_THAT(times_of(Column::texts("t", {"1970-01-02", "1970-01-01"}), "x.csv"), ElementsAre(86400, 0));
  EXPECT_THAT(error_of(ErrorKind::data,
                       [] {
                         times_of(Column::texts("t", {"1970-01-02", "soon"}), "x.csv");
                       }),
              AllOf(HasSubstr("x.csv: column \"t\", row 2"), HasSubstr("got \"soon\"")));
  EXPECT_THAT(error_of(ErrorKind::data, [] { times_of(Column::texts("t", {""}), "x.csv"); }),
              HasSubstr("got no value"));
  EXPECT_THAT(error_of(ErrorKind::data, [] { times_of(Column::numeric("t", {INFINITY}), "x.csv"); }),
              HasSubstr("got \"inf\""));
}

}  // namespace
}  // namespace gradus
