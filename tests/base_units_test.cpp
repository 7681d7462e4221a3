#include "base/units.h"

#include <catch2/catch.hpp>
#include <random>

namespace blackstart {
namespace {

TEST_CASE("a duration needs a plain number and a unit that is known") {
  auto [text, expected] = GENERATE(table<const char*, Duration>({{"1ns", 1ns},
                                                                 {"15us", 15us},
                                                                 {"250ms", 250ms},
                                                                 {"1.5s", 1500ms},
                                                                 {"5 s", 5s},
                                                                 {"0s", 0s},
                                                                 {"010s", 10s},
                                                                 {"2min", 2min},
                                                                 {"1h", 1h},
                                                                 {"3660d", 3660 * 24h},
                                                                 {"0.000000001s", 1ns}}));
  CAPTURE(text);
  CHECK(parse_duration(text) == expected);
}

TEST_CASE("what is no duration is refused") {
  auto text =
      GENERATE("", " ", "s", "5", "5 ", "5  s", " 5s", "5s ", "-5s", "+5s", "5S", "5sec", "5m", "1e3s", "0x10s", ".5s", "5.s",
               "1.2.3s", "1,5s", "infs", "nans", "3661d", "99999999999999999999999999999999d", "5s5s", "٥s", "5\ns");
  CAPTURE(text);
  CHECK_FALSE(parse_duration(text));
}

TEST_CASE("a number of a thousand digits is refused, not wrapped") {
  CHECK_FALSE(parse_duration(std::string(1000, '9') + "ns"));
  CHECK_FALSE(parse_size(std::string(1000, '9') + "B"));
  CHECK_FALSE(parse_integer(std::string(1000, '9')));
  CHECK_FALSE(parse_rate(std::string(1000, '9') + "/s"));
}

TEST_CASE("a share is in percent, from 0 to 100") {
  CHECK(parse_ratio("99.9%") == Approx(0.999).epsilon(1e-12));
  CHECK(parse_ratio("0%") == 0.0);
  CHECK(parse_ratio("100%") == 1.0);
  CHECK(parse_ratio("50 %") == 0.5);
  for (const char* bad : {"0.999", "100.1%", "-1%", "%", "50", "50%%", "50 percent"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_ratio(bad));
  }
}

TEST_CASE("a rate is over 0 and at most a million a second") {
  CHECK(parse_rate("50/s") == 50.0);
  CHECK(parse_rate("3000/min") == 50.0);
  CHECK(parse_rate("0.5/s") == 0.5);
  CHECK(parse_rate("1000000/s") == 1e6);
  for (const char* bad : {"0/s", "1000001/s", "50", "50/h", "50Hz", "-1/s", "/s", "60000001/min"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rate(bad));
  }
}

TEST_CASE("sizes are in powers of 1024") {
  CHECK(parse_size("0B") == 0);
  CHECK(parse_size("1.5KiB") == 1536);
  CHECK(parse_size("512MiB") == 512ll << 20);
  CHECK(parse_size("2GiB") == 2ll << 30);
  CHECK(parse_size("1TiB") == 1ll << 40);
  for (const char* bad : {"1", "1K", "1KB", "1GB", "-1B", "10000000TiB"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad));
  }
}

TEST_CASE("whole numbers are decimal and nothing else") {
  CHECK(parse_integer("0") == 0);
  CHECK(parse_integer("-7") == -7);
  CHECK(parse_integer("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_integer("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  for (const char* bad :
       {"", "-", "010", "00", "0x1", "1.0", "1e3", "+1", " 1", "1 ", "9223372036854775808", "1_000", "--1", "true"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_integer(bad));
  }
}

TEST_CASE("durations are written as people would") {
  CHECK(format_duration(0s) == "0s");
  CHECK(format_duration(1ns) == "1ns");
  CHECK(format_duration(1500ns) == "1.5us");
  CHECK(format_duration(250ms) == "250ms");
  CHECK(format_duration(1500ms) == "1.5s");
  CHECK(format_duration(90s) == "90s");
  CHECK(format_duration(10min) == "10min");
  CHECK(format_duration(1h) == "1h");
  CHECK(format_duration(48h) == "2d");
  CHECK(format_duration(100000s) == "100000s");
  CHECK(format_duration(1000001s) == "1000001s");
}

TEST_CASE("every duration is read back exactly as it was written") {
  std::mt19937_64 random(1);
  const std::int64_t longest = Duration(3660 * 24h).count();
  for (int bits = 1; bits < 60; ++bits)
    for (int i = 0; i < 200; ++i) {
      const Duration value(static_cast<std::int64_t>(random() & ((1ull << bits) - 1)) % (longest + 1));
      const std::string text = format_duration(value);
      CAPTURE(value.count(), text);
      REQUIRE(parse_duration(text) == value);
    }
}

TEST_CASE("round durations of any length are read back exactly") {
  for (std::int64_t scale : {1ll, 1000ll, 1'000'000ll, 1'000'000'000ll, 60'000'000'000ll})
    for (std::int64_t n : {1ll, 9ll, 99ll, 1000ll, 100'000ll, 5'000'000ll}) {
      const Duration value(scale * n);
      CAPTURE(value.count(), format_duration(value));
      REQUIRE(parse_duration(format_duration(value)) == value);
    }
}

TEST_CASE("numbers carry no exponent where people would write none, and read back as the same double") {
  CHECK(format_number(100000) == "100000");
  CHECK(format_number(1e6) == "1000000");
  CHECK(format_number(0.1) == "0.1");
  CHECK(format_number(0.001) == "0.001");
  CHECK(format_number(0.00001) == "0.00001");
  CHECK(format_number(-2.5) == "-2.5");
  CHECK(format_number(0) == "0");
  for (double value : {1.0 / 3, 1e300, 3e-300, 123456789.123, 2.0 / 7 * 1e-5, 1e15 + 0.5})
    CHECK(std::stod(format_number(value)) == value);
}

TEST_CASE("the formats for reports") {
  CHECK(format_seconds(4417ms) == "4.417 s");
  CHECK(format_seconds(4417ms, 1) == "4.4 s");
  CHECK(format_ratio(0.999) == "99.9%");
  CHECK(format_ratio(1) == "100%");
  CHECK(format_size(0) == "0B");
  CHECK(format_size(1536) == "1536B");
  CHECK(format_size(2048) == "2KiB");
  CHECK(format_size(1ll << 40) == "1TiB");
  CHECK(format_utc(0) == "1970-01-01T00:00:00.000Z");
  CHECK(format_utc(1'795'243'588'123'456'789) == "2026-11-21T06:46:28.123Z");
  CHECK(format_utc(1'795'243'588'123'456'789, false) == "2026-11-21T06:46:28Z");
}

TEST_CASE("a rate, a share and a size that were written are read back") {
  for (double rate : {0.5, 50.0, 100000.0, 1e6}) CHECK(parse_rate(format_number(rate) + "/s") == rate);
  for (double share : {0.0, 0.5, 0.999, 0.99999, 1.0}) CHECK(parse_ratio(format_ratio(share)) == Approx(share).epsilon(1e-12));
  for (std::int64_t size : {0ll, 1ll, 1536ll, 1ll << 20, 3ll << 40}) CHECK(parse_size(format_size(size)) == size);
}

}  // namespace
}  // namespace blackstart
