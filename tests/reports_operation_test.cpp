// The format of files of operations: docs/record.md.
#include <boost/crc.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "reports/crc_word.h"
#include "reports/files.h"
#include "reports/varint.h"
#include "tests/support/approved.h"
#include "tests/support/folder.h"
#include "tests/support/operations.h"
#include "tests/support/trace.h"

using namespace blackstart;

namespace {

constexpr std::size_t kHead = 16, kPage = 65536;
constexpr std::uint64_t kMost = ~0ULL;

std::vector<Operation> some() { return trace::probe(trace::down_between(20s, 30s)).operations.kept(); }

std::string file_of(const std::vector<Operation>& operations, const std::vector<SeriesPlan>& plans = {}) {
  Folder folder;
  write_operations(folder.path / "x.ops", operations, plans);
  return read_whole(folder.path / "x.ops");
}

OperationLog read(const std::string& bytes) {
  Folder folder;
  std::ofstream(folder.path / "x.ops", std::ios::binary) << bytes;
  return read_operations(folder.path / "x.ops");
}

std::vector<Operation> kept(std::vector<Operation> operations) {
  for (Operation& o : operations) o = as_kept(o);
  return operations;
}

std::string number(std::uint64_t value) {
  char bytes[32];
  return {bytes, static_cast<std::size_t>(varint::put(bytes, value) - bytes)};
}

// The whole of a page: its head, and these records.
std::string page(const std::string& records) {
  std::string head(8, '\0');
  varint::store(head.data(), records.size() | (std::uint64_t{crc32c(records)} << 32));
  return head + records;
}

std::string with_head(const std::string& pages) { return std::string("BLKSTOPS\x02\0\0\0\0\0\x01\0", 16) + pages; }

// As Blackstart wrote it before: 72 bytes a record.
std::string old_record(const Operation& o) {
  std::string body;
  const auto put = [&](auto value, int bytes) {
    for (int i = 0; i < bytes; ++i) body += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  };
  put(o.series, 2), put(o.error, 2), put(o.number, 8), put(o.scheduled.count(), 8), put(o.sent.count(), 8);
  put(o.done.count(), 8), put(o.posting, 8), put(o.from, 4), put(o.to, 4), put(o.amount, 8);
  put(static_cast<int>(o.outcome), 8);
  const std::uint32_t crc = crc32c(body);
  std::string record;
  for (int i = 0; i < 4; ++i) record += static_cast<char>(crc >> (8 * i));
  return record + body;
}

std::string old_file(const std::vector<Operation>& operations) {
  std::string bytes("BLKSTOPS\x01\0\0\0\x48\0\0\0", 16);
  for (const Operation& o : operations) bytes += old_record(o);
  return bytes;
}

// One of each kind of record that there is, so that the format can't change unseen.
const std::vector<SeriesPlan> kPlans{{1000, 100}, {3, 0}, {0.1, 7}};
std::vector<Operation> one_of_each() {
  std::vector<Operation> all;
  const auto add = [&](std::uint16_t series, std::uint64_t k, Outcome outcome, std::uint16_t error, Time due, Time sent,
                       Time done) {
    all.push_back({series, k, outcome, error, due, sent, done, 0, 0, 0, 0});
    if (series == 0) post(all.back(), planned_transfer(k, 100));
    if (series == 2) post(all.back(), planned_transfer(k, 7));
  };
  add(0, 0, Outcome::ok, 0, 10ms, 10'050us, 14ms);                                   // opens its series
  add(0, 2, Outcome::ok, 0, 12ms, 12'100us, 14'500us);                               // out of turn
  add(0, 1, Outcome::ok, 0, 11ms, 11'000us, 14'600us);                               // and back
  add(1, 0, Outcome::ok, 200, 10ms, 10'200us, 300ms);                                // a series without postings
  add(1, 1, Outcome::ok, 200, 343'333'333ns, 343'400'000ns, 344'000'001ns);          // a third of a second later
  add(2, 5, Outcome::ok, 0, 50s, 50'000'100us, 51s);                                 // does not begin with its first
  add(0, 90, Outcome::failed, 1205, 100ms, 100'100us, 2100ms);                       // far out of turn, failed
  add(0, 91, Outcome::indeterminate, kTimedOut, 101ms, 101'100us, 2101ms);           // no answer
  add(0, 92, Outcome::unsent, 0, 102ms, Time(-1), Time(-1));                         // never sent
  add(0, 93, Outcome::failed, kBroken, 103ms, 103'050us, Time(-1));                  // no end
  add(0, 94, Outcome::failed, kBroken, 104ms, Time(-1), 105ms);                      // no begin
  add(0, 95, Outcome::ok, 0, 105'000'001ns, 105'100'000ns, 106ms);                   // not when its schedule says
  add(0, 96, Outcome::ok, 0, 106'000'001ns, 106'100'000ns, 400s);                    // took long
  add(0, 97, Outcome::ok, 0, 107'000'001ns, 107'000'000ns, 106'999'999ns);           // times that go back
  all.push_back({0, 98, Outcome::ok, 0, 108'000'001ns, 109ms, 110ms, 99, 3, 2, 1});  // not what the plan posts
  all.push_back({1, 2, Outcome::ok, 200, 676'666'666ns, 676'700'000ns, 680ms, 1, 2, 3, -4});
  add(65535, kMost, Outcome::ok, 0, Time(INT64_MIN), Time(INT64_MAX), Time(INT64_MIN));
  return all;
}

}  // namespace

TEST_CASE("operations are read back as they were written") {
  auto operations = some();
  operations[5] = {7, ~0ULL, Outcome::indeterminate, kTimedOut, Time(1), Time(-1), Time(INT64_MAX), ~0ULL, ~0U, 1, INT64_MIN};
  OperationLog log = read(file_of(operations));
  REQUIRE(log.operations == operations);
  REQUIRE(log.damaged_bytes == 0);
}

TEST_CASE("a file holds what docs/record.md says, byte by byte") {
  const std::vector<Operation> operations{{0, 0, Outcome::ok, 0, 5ms, 5'100'400ns, 7'000'100ns},
                                          {0, 1, Outcome::ok, 0, 6ms, 6ms, 6'100'000ns},
                                          {0, 3, Outcome::failed, kRefused, 8ms, 8'002us, 9'002us}};
  const std::string bytes = file_of(operations, {{1000}});
  const std::string records(
      "\x01\x42\xA2\x0F\x03\x01\x08\x68\x89\x09\xC9\xB6\x1D"  // flags: opens, scheduled; 1000 in 1 s, no bank; +5 ms, 100, 1901
                                                              // µs
      "\x00\x01\xC9"                                          // as expected; 0, 100 µs
      "\x11\x01\xAC\x4C\x1D\x05\xA2\x0F",                     // one further; flags: outcome; failed, 60005; 2, 1000 µs
      24);
  REQUIRE(bytes.substr(0, 16) == std::string("BLKSTOPS\x02\0\0\0\0\0\x01\0", 16));
  REQUIRE(bytes.substr(16, 4) == std::string("\x18\0\0\0", 4));
  REQUIRE(bytes.substr(24) == records);
  REQUIRE(bytes == with_head(page(records)));
}

TEST_CASE("each kind of record is read back, and written as ever") {
  const auto operations = one_of_each();
  const std::string bytes = file_of(operations, kPlans);
  check_approved("operations.ops", bytes);
  OperationLog log = read(read_whole(std::filesystem::path(BLACKSTART_SOURCE_DIR) / "tests/approved/operations.ops"));
  REQUIRE(log.operations == kept(operations));
  REQUIRE(log.damaged_bytes == 0);
}

TEST_CASE("numbers have the bytes that they need") {
  REQUIRE(number(0) == "\x01");
  REQUIRE(number(127) == "\xFF");
  REQUIRE(number(128) == std::string("\x02\x02", 2));
  REQUIRE(number((1ULL << 56) - 1) == std::string("\x80\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8));
  REQUIRE(number(1ULL << 56) == std::string("\0\0\0\0\0\0\0\0\x01", 9));
  for (int bits = 0; bits < 64; ++bits)
    for (std::uint64_t value : {1ULL << bits, (1ULL << bits) - 1, (1ULL << bits) + 1, ~0ULL << bits}) {
      const std::string bytes = number(value);
      varint::Reader whole(bytes), torn(std::string_view(bytes).substr(0, bytes.size() - 1));
      REQUIRE((whole.number() == value && whole.left() == 0 && !whole.failed()));
      REQUIRE((torn.number() == 0 && torn.failed()));
      REQUIRE(varint::unzigzag(varint::zigzag(value)) == value);
    }
  REQUIRE(varint::zigzag(kMost) == 1);
  REQUIRE(varint::zigzag(2) == 4);
}

TEST_CASE("the checksum is CRC-32C, whole or piece by piece, by instruction or by table") {
  REQUIRE(crc32c("123456789") == 0xE3069283);
  REQUIRE(crc32c("") == 0);
  std::mt19937_64 random(3);
  for (std::size_t length = 0; length < 200; ++length) {
    std::string text(length, '\0');
    for (char& c : text) c = static_cast<char>(random());
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> other;
    other.process_bytes(text.data(), text.size());
    REQUIRE(crc32c(text) == other.checksum());
    REQUIRE(crc32c_by_table(text) == other.checksum());
    const std::size_t cut = random() % (length + 1), word = std::min<std::size_t>(length - cut, 1 + length % 8);
    const std::string_view first = std::string_view(text).substr(0, cut), rest = std::string_view(text).substr(cut);
    REQUIRE(crc32c(rest, crc32c(first)) == other.checksum());
    REQUIRE(crc32c_by_table(rest, crc32c_by_table(first)) == other.checksum());
    if (word == 0) continue;
    std::string padded(rest.substr(0, word));
    padded.resize(8, '\x55');
    const std::uint64_t bytes = varint::load(padded.data());
    const std::uint32_t whole = crc32c(rest.substr(0, word), crc32c(first));
    REQUIRE(crc32c(bytes, static_cast<unsigned>(word), crc32c(first)) == whole);
    REQUIRE(crc32c_by_table(bytes, static_cast<unsigned>(word), crc32c(first)) == whole);
  }
}

TEST_CASE("whatever is recorded is read back to the microsecond") {
  const std::int64_t pool[] = {-1,
                               0,
                               1,
                               -2,
                               999,
                               1000,
                               1001,
                               5'000'000,
                               86'400'000'000'000,
                               4'000'000'000'000'000'000,
                               4'000'000'000'000'000'001,
                               INT64_MAX,
                               INT64_MIN,
                               INT64_MAX - 999};
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t limit) { return random() % limit; };
    const auto wide = [&] { return random() >> below(64); };
    const double rates[] = {0, 1000, 3, 1.0 / 6, 33.3, 1e6, -1, 1e300, std::nan("")};
    std::vector<SeriesPlan> plans(below(6));
    for (SeriesPlan& plan : plans) plan = {rates[below(9)], below(2) == 0 ? 0 : 1 + wide() % 0xFFFFFFFF};
    std::vector<Operation> operations(below(3000));
    std::uint64_t next[8] = {};
    for (Operation& o : operations) {
      o.series = static_cast<std::uint16_t>(below(50) == 0 ? wide() : below(8));
      o.number = below(20) == 0 || o.series > 7 ? wide() : next[o.series]++;
      o.outcome = static_cast<Outcome>(below(4));
      o.error = static_cast<std::uint16_t>(below(3) == 0 ? wide() : 0);
      o.scheduled = Time(static_cast<std::int64_t>(o.number % 1'000'000'000 * 1'000'000));
      o.sent = o.scheduled + Time(static_cast<std::int64_t>(random() >> (64 - below(40) - 1)));
      o.done = o.sent + Time(static_cast<std::int64_t>(random() >> (64 - below(50) - 1)));
      for (Time* time : {&o.scheduled, &o.sent, &o.done})
        if (below(10) == 0) *time = Time(pool[below(std::size(pool))]);
      if (below(2) == 0) post(o, planned_transfer(o.number, 2 + below(200)));
      if (o.series < plans.size() && plans[o.series].accounts > 1)
        post(o, planned_transfer(o.number, plans[o.series].accounts));
      if (below(10) == 0)
        post(o, {wide(), static_cast<std::uint32_t>(wide()), static_cast<std::uint32_t>(wide()),
                 static_cast<std::int64_t>(wide())});
    }
    OperationLog log = read(file_of(operations, plans));
    INFO("seed " << seed);
    REQUIRE(log.damaged_bytes == 0);
    REQUIRE(log.operations.size() == operations.size());
    REQUIRE(log.operations == kept(operations));
  }
}

TEST_CASE("times at the edge of what a short record tells are kept as any others") {
  constexpr std::int64_t kSent = 1000LL << 21, kDone = 1000 * ((1LL << 28) - 1);  // ns: more takes another byte
  std::vector<std::int64_t> edges{-1, 0, 1, 127'000, 128'000, 16'383'000, 16'384'000};
  for (std::int64_t edge : {std::int64_t{1000}, kSent, kDone, 1000 * (kDone / 1000 + 1)})
    for (std::int64_t beside : {-1, 0, 1}) edges.push_back(edge + beside);
  std::vector<Operation> operations;
  for (const Time first : {0ns, Time(4'000'000'000'000'000'000 - kDone), Time(4'000'000'000'000'000'000 - kDone + 1)})
    for (const std::int64_t sent : edges)
      for (const std::int64_t done : edges) {
        Operation& o = operations.emplace_back();
        o.number = operations.size() - 1;
        o.outcome = Outcome::ok;
        o.scheduled = first;
        o.sent = sent < 0 ? Time(-1) : first + Time(sent);
        o.done = done < 0 ? Time(-1) : first + Time(done);
      }
  OperationLog log = read(file_of(operations, {{0}}));
  REQUIRE(log.operations == kept(operations));
  REQUIRE(log.damaged_bytes == 0);
}

TEST_CASE("what is written the short way and what is not are read as the same") {
  // From the fourth series on there are no short records.
  const auto records = [](std::uint16_t series) {
    auto operations = operations_of({}, 5000);
    for (Operation& o : operations) o.series = series;
    return read(file_of(operations, {{1000, 100}, {}, {}, {1000, 100}})).operations;
  };
  auto of_first = records(0), of_fourth = records(3);
  for (Operation& o : of_fourth) o.series = 0;
  REQUIRE(of_first == of_fourth);
}

TEST_CASE("a bank's operations need less than six bytes each") {
  const auto operations = operations_of({}, 100'000);
  const std::string bytes = file_of(operations, {{1000, 100}});
  CHECK(static_cast<double>(bytes.size()) / 100'000 < 6);
  OperationLog log = read(bytes);
  REQUIRE(log.operations == kept(operations));
  REQUIRE(log.damaged_bytes == 0);
}

TEST_CASE("when operations are due costs nothing, whatever the rate") {
  for (double rate : {1000.0, 40.0, 3.0, 1.0 / 6, 33.3, 1999.0}) {
    std::vector<Operation> operations(20'000);
    // As the schedules of probes have it (probes/schedule.h): rounded down, so that the distances differ by a nanosecond.
    for (std::size_t k = 0; k < operations.size(); ++k) {
      Operation& o = operations[k];
      o.number = k;
      o.outcome = Outcome::ok;
      o.scheduled = 12'345'678ns + Time(static_cast<std::int64_t>(std::floor(
                                       static_cast<long double>(k) * 1e9L / static_cast<long double>(rate) + 1e-6L)));
      o.sent = o.done = o.scheduled;
    }
    INFO("rate " << rate);
    CHECK(file_of(operations, {{rate}}).size() < kHead + 8 + 3 * operations.size() + 40);
  }
}

TEST_CASE("each prefix of a file is read as far as it goes, and nothing is made up") {
  const auto operations = one_of_each();
  const std::string bytes = file_of(operations, kPlans);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    if (length < kHead) {
      REQUIRE_THROWS_AS(read(bytes.substr(0, length)), Error);
      continue;
    }
    OperationLog log = read(bytes.substr(0, length));
    REQUIRE(log.operations.empty());
    REQUIRE(log.damaged_bytes == length - kHead);
  }
}

TEST_CASE("a torn page costs what it held, not the pages before it") {
  const auto operations = operations_of({}, 40'000);
  const std::string bytes = file_of(operations, {{1000, 100}});
  REQUIRE(bytes.size() > 2 * kPage);
  OperationLog log = read(bytes.substr(0, 2 * kPage - 200));  // there may be nothing at a page's end
  REQUIRE(log.damaged_bytes == kPage - 200);
  REQUIRE(log.operations.size() > 1000);
  REQUIRE(log.operations ==
          kept({operations.begin(), operations.begin() + static_cast<std::ptrdiff_t>(log.operations.size())}));
}

TEST_CASE("a flipped bit in any byte costs its page, and is counted") {
  const std::string bytes = file_of(one_of_each(), kPlans);
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      if (at < kHead) {
        REQUIRE_THROWS_AS(read(damaged), Error);
        continue;
      }
      OperationLog log = read(damaged);
      REQUIRE(log.operations.empty());
      REQUIRE(log.damaged_bytes == bytes.size() - kHead);
    }
}

TEST_CASE("a damaged page costs no other page") {
  const auto operations = kept(operations_of({}, 60'000));
  const std::string bytes = file_of(operations, {{1000, 100}});
  const std::size_t pages = (bytes.size() + kPage - 1) / kPage;
  REQUIRE(pages >= 4);
  for (std::size_t p = 0; p < pages; ++p)
    for (std::size_t at : {0, 1, 4, 7, 8, 100, 1000}) {
      const std::size_t begin = p == 0 ? kHead : p * kPage;
      if (begin + at >= bytes.size()) continue;
      std::string damaged = bytes;
      damaged[begin + at] = static_cast<char>(damaged[begin + at] ^ 4);
      OperationLog log = read(damaged);
      REQUIRE(log.damaged_bytes == std::min((p + 1) * kPage, bytes.size()) - begin);
      // All but one stretch of them, in their order.
      const auto lost = std::mismatch(log.operations.begin(), log.operations.end(), operations.begin()).first;
      REQUIRE(log.operations.size() < operations.size());
      REQUIRE(std::equal(lost, log.operations.end(), operations.end() - (log.operations.end() - lost)));
    }
}

TEST_CASE("zeros are what was never written at the end, and damage before it") {
  const auto operations = operations_of({}, 30'000);
  const std::string bytes = file_of(operations, {{1000, 100}});
  const std::string crashed = bytes + std::string(3 * kPage - bytes.size() % kPage, '\0');
  REQUIRE(read(crashed).operations.size() == operations.size());
  REQUIRE(read(crashed).damaged_bytes == 0);
  std::string hole = bytes;
  hole.replace(kHead, kPage - kHead, kPage - kHead, '\0');
  REQUIRE(read(hole).damaged_bytes == kPage - kHead);
  REQUIRE(read(hole).operations.size() < operations.size());
  REQUIRE(read(with_head("")).operations.empty());
  REQUIRE(read(with_head(std::string(100, '\0'))).damaged_bytes == 0);
}

TEST_CASE("bytes that make no sense are damage, though their checksum is right") {
  const std::string opens("\x01\x40\xA2\x0F\x03\x01\x01\x01", 8);  // series 0, number 0, ok, due at 0, sent and done at once
  const std::string more("\x00\x01\x01", 3);                       // and one more
  REQUIRE(read(with_head(page(opens + more))).operations.size() == 2);
  const auto flags = [](unsigned value) { return std::string{'\x01', static_cast<char>(value)}; };
  const std::string bad[] = {
      more.substr(0, 2),                                                // cut short
      flags(0x80) + "\x01\x01",                                         // an unknown flag
      flags(0x40) + number(1000) + number(1) + number(0) + "\x01\x01",  // opens what is open
      "\x02\x01\x01",                                                   // series 1, which was not opened
      "\x06" + number(65533) + "\x01\x01",                              // a series beyond all
      "\x07\x40" + number(65533) + number(0) + number(0) + number(0) + "\x01\x01",
      "\x07\x40" + number(kMost) + number(0) + number(0) + number(0) + "\x01\x01",
      "\x03\x40" + number(0) + number(1) + number(0) + "\x01\x01",           // no operations in a second
      "\x03\x40" + number(1) + number(0) + number(0) + "\x01\x01",           // operations in no time
      "\x03\x40" + number(1) + number(1ULL << 34) + number(0) + "\x01\x01",  // a period beyond 64 bits
      "\x03\x40" + number(1ULL << 63) + number(1) + number(0) + "\x01\x01",
      "\x03\x40" + number(1) + number(1) + number(1) + "\x01\x01",           // a bank of one account
      "\x03\x40" + number(1) + number(1) + number(1ULL << 32) + "\x01\x01",  // of too many
      flags(0x01) + number(4 * 65536) + "\x01\x01",                          // an error beyond 16 bits
      std::string(1, '\0') + number(4'000'000'000'000'001) + "\x01",         // sent after 126 years
      std::string(1, '\0') + "\x01" + number(kMost),                         // done after all time
      flags(0x02) + number(3'999'999) + "\x01\x01",                          // due before the run's zero, but sent in order
      flags(0x20) + "\x01\x01" + number(1) + number(1ULL << 32) + number(1) + number(1),  // from an account beyond 32 bits
      flags(0x20) + "\x01\x01" + number(1) + number(1) + number(1ULL << 32) + number(1),
  };
  for (const std::string& record : bad) {
    OperationLog log = read(with_head(page(opens + record)));
    INFO("record " << (&record - bad));
    REQUIRE(log.operations.size() == 1);
    REQUIRE(log.damaged_bytes == record.size());
    REQUIRE(read(with_head(page(opens + record + more))).operations.size() == 1);
  }
}

TEST_CASE("a file of version 1 is read as ever") {
  auto operations = some();
  operations[5] = {7, ~0ULL, Outcome::indeterminate, kTimedOut, Time(1), Time(-1), Time(INT64_MAX), ~0ULL, ~0U, 1, INT64_MIN};
  operations[6].done += 1ns;
  std::string bytes = old_file(operations);
  REQUIRE(bytes.size() == 16 + 72 * operations.size());
  REQUIRE(read(bytes).operations == operations);
  REQUIRE(read(bytes).damaged_bytes == 0);
  REQUIRE(read(bytes.substr(0, bytes.size() - 10)).operations.size() == operations.size() - 1);
  REQUIRE(read(bytes.substr(0, bytes.size() - 10)).damaged_bytes == 62);
  for (std::size_t byte : {0UL, 4UL, 40UL, 64UL, 71UL}) bytes[16 + 72 * (2 * byte) + byte] ^= '\x5A';
  REQUIRE(read(bytes).operations.size() == operations.size() - 5);
  REQUIRE(read(bytes).damaged_bytes == 5 * 72);
  REQUIRE(read(old_file({}) + std::string(3 * 72, '\0')).damaged_bytes == 3 * 72);
}

TEST_CASE("what is no file of operations is refused with words") {
  Folder folder;
  REQUIRE_THROWS_WITH(read_operations(folder.path / "none.ops"), Catch::Contains("no such file"));
  REQUIRE_THROWS_WITH(read("this is a text that is longer than a header"), Catch::Contains("no file of operations"));
  REQUIRE_THROWS_WITH(read(std::string("BLKSTOPS\x02\0\0\0\x48\0\0\0", 16)), Catch::Contains("version"));
  REQUIRE_THROWS_WITH(read(std::string("BLKSTOPS\x03\0\0\0\0\0\x01\0", 16)), Catch::Contains("version"));
  REQUIRE_THROWS_AS(read_operations(folder.path), Error);
}
