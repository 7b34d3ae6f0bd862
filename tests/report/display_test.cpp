#include "gradus/report/display.h"

#include <gtest/gtest.h>

#include <limits>

namespace gradus {
namespace {

TEST(Display, EscapesWhatHtmlReads) {
  EXPECT_EQ(escape_html("<b a=\"1\" c='2'>&amp;</b>"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;&lt;/b&gt;");
  EXPECT_EQ(escape_html("déjà vu, 東京 🙂"), "déjà vu, 東京 🙂");
}

TEST(Display, DropsControlCharactersAndKeepsLines) {
  EXPECT_EQ(clean_text("a\x1b[31mb\x07\x7f\r\n\tc"), "a[31mb\n\tc");
  EXPECT_EQ(clean_text("a\u009bb"), "ab");  // the one-character terminal escape
  EXPECT_EQ(clean_text(std::string("a\0b", 3)), "ab");
}

TEST(Display, ReplacesInvalidUtf8) {
  EXPECT_EQ(clean_text("a\xff"), "a\uFFFD");
  EXPECT_EQ(clean_text("\xc3"), "\uFFFD");                                // cut short
  EXPECT_EQ(clean_text("\xc0\xaf"), "\uFFFD\uFFFD");                      // overlong /
  EXPECT_EQ(clean_text("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");            // surrogate
  EXPECT_EQ(clean_text("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // past U+10FFFF
}

TEST(Display, ShortensByCharactersNotBytes) {
  EXPECT_EQ(text_length("é東🙂"), 3u);
  EXPECT_EQ(shorten("ééééé", 5), "ééééé");
  EXPECT_EQ(shorten("éééééé", 5), "éééé…");
  EXPECT_EQ(shorten("", 5), "");
}

TEST(Display, Numbers) {
  EXPECT_EQ(format_number(0), "0");
  EXPECT_EQ(format_number(-0.0), "0");
  EXPECT_EQ(format_number(12), "12");
  EXPECT_EQ(format_number(1234567), "1,234,567");
  EXPECT_EQ(format_number(-1234.5), "-1,235");
  EXPECT_EQ(format_number(0.96666), "0.9667");
  EXPECT_EQ(format_number(0.00012345), "0.0001234");
  EXPECT_EQ(format_number(0.000012), "1.2·10⁻⁵");
  EXPECT_EQ(format_number(1e-10), "10⁻¹⁰");
  EXPECT_EQ(format_number(2.5e12), "2.5·10¹²");
  EXPECT_EQ(format_number(std::numeric_limits<double>::quiet_NaN()), "not a number");
  EXPECT_EQ(format_number(-std::numeric_limits<double>::infinity()), "-infinite");
  EXPECT_EQ(format_figure(0.923), "0.9230");
  EXPECT_EQ(format_figure(41.9), "41.90");
  EXPECT_EQ(format_figure(1), "1.000");
  EXPECT_EQ(format_figure(0), "0");
  EXPECT_EQ(format_figure(2712.4), "2,712");
  EXPECT_EQ(format_count(-1234567), "-1,234,567");
  EXPECT_EQ(format_count(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(Display, SharesSizesAndTimes) {
  EXPECT_EQ(format_share(0.1234), "12.3 %");
  EXPECT_EQ(format_share(1), "100 %");
  EXPECT_EQ(format_share(0.99999), "100 %");
  EXPECT_EQ(format_share(0), "0 %");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1500), "1.5 kB");
  EXPECT_EQ(format_bytes(25'000'000'000), "25 GB");
  EXPECT_EQ(format_duration(0.0412), "41 ms");
  EXPECT_EQ(format_duration(9.96), "10 s");
  EXPECT_EQ(format_duration(59.6), "1 min 0 s");
  EXPECT_EQ(format_duration(7800), "2 h 10 min");
}

}  // namespace
}  // namespace gradus
