#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.h"
#include "reports/files.h"
#include "reports/rows_format.h"
#include "reports/rows_reader.h"
#include "reports/rows_writer.h"
#include "reports/snapshot.h"
#include "tests/support/folder.h"
#include "tests/support/trace.h"

using namespace blackstart;
using Catch::Contains;

namespace {

// A bank whose transfers are as planned, but for those that `keep` turns down.
ReplicaSnapshot planned(std::uint64_t transfers, const std::function<bool(std::uint64_t)>& keep) {
  ReplicaSnapshot snapshot{"c1", true, "", {}, {}};
  for (std::uint32_t a = 1; a <= 10; ++a) snapshot.accounts.push_back({a, 100'000});
  for (std::uint64_t posting = 1; posting <= transfers; ++posting)
    if (keep(posting)) snapshot.transfers.push_back(rows_format::planned_row(posting, 10));
  return snapshot;
}

// Everything that a file can hold, in a few bytes: runs, gaps, what stands twice, what is altered, and the last of all
// postings.
ReplicaSnapshot varied() {
  ReplicaSnapshot snapshot = planned(60, [](std::uint64_t posting) { return posting % 20 != 0; });
  snapshot.problem = "of no importance";
  auto& rows = snapshot.transfers;
  rows.insert(rows.begin() + 7, rows[7]);
  rows[30].amount += 1;
  rows[40].history_rows = 1, rows[40].credit = 0;
  rows.insert(rows.begin(), {0, 1, 2, 3, 2, 3, 3});
  rows.push_back({1'000'000'000'000, 0, 0, 0, 2, 9, 9});
  rows.push_back({~0ULL, ~0U, 0, INT64_MIN, 7, INT64_MAX, -1});
  rows.push_back({~0ULL, ~0U, 0, INT64_MAX, 7, INT64_MIN, -1});
  snapshot.accounts.push_back({~0U, -5});
  return snapshot;
}

// Many rows of which none is as planned: several blocks.
ReplicaSnapshot long_one() {
  ReplicaSnapshot snapshot{"c1", true, "", {}, {}};
  for (std::uint64_t posting = 1; posting <= 40'000; ++posting) snapshot.transfers.push_back({posting, 1, 2, 3, 2, 3, 3});
  return snapshot;
}

std::string bytes_of(const ReplicaSnapshot& snapshot) {
  const Folder folder;
  write_snapshot(folder.path / "c1.rows", snapshot);
  return read_whole(folder.path / "c1.rows");
}

ReplicaSnapshot snapshot_of(const std::string& bytes) {
  static const Folder folder;
  std::ofstream(folder.path / "c1.rows", std::ios::binary) << bytes;
  return read_snapshot(folder.path / "c1.rows");
}

// The blocks of a file, each with its head.
std::vector<std::string> blocks_of(const std::string& bytes) {
  std::vector<std::string> blocks;
  for (std::size_t at = rows_format::kHeadBytes; at < bytes.size(); at += blocks.back().size())
    blocks.push_back(bytes.substr(at, rows_format::kBlockHeadBytes + (varint::load(bytes.data() + at) & UINT32_MAX)));
  return blocks;
}
std::string file_of(const std::vector<std::string>& blocks) {
  std::string bytes = rows_format::head();
  for (const std::string& block : blocks) bytes += block;
  return bytes;
}
// The same with the checksums that they should have.
std::string file_with_checksums(const std::vector<std::string>& blocks) {
  std::string bytes = rows_format::head();
  std::uint32_t sum = crc32c(bytes);
  for (std::string block : blocks) {
    const std::string_view content = std::string_view(block).substr(rows_format::kBlockHeadBytes);
    sum = crc32c(content, sum);
    varint::store(block.data(), content.size() | (std::uint64_t{sum} << 32));
    bytes += block;
  }
  return bytes;
}
std::string block(const std::string& content) { return std::string(rows_format::kBlockHeadBytes, '\0') + content; }

}  // namespace

TEST_CASE("a snapshot is read back as it was written") {
  for (const ReplicaSnapshot& snapshot : {varied(), long_one(), planned(10'000, [](std::uint64_t p) { return p % 97 != 0; }),
                                          ReplicaSnapshot{"", true, "", {}, {}}})
    REQUIRE(snapshot_of(bytes_of(snapshot)) == snapshot);
}

TEST_CASE("a snapshot that could not be taken is read back with its problem") {
  const ReplicaSnapshot snapshot{"c 2", false, "two lines,\nwith a \\ and a \\n", {}, {}};
  REQUIRE(snapshot_of(bytes_of(snapshot)) == snapshot);
}

TEST_CASE("a snapshot is written in order, whatever the order of its rows") {
  ReplicaSnapshot snapshot = varied();
  std::reverse(snapshot.transfers.begin(), snapshot.transfers.end());
  std::reverse(snapshot.accounts.begin(), snapshot.accounts.end());
  REQUIRE(snapshot_of(bytes_of(snapshot)) == varied());
}

TEST_CASE("a file of rows has the bytes that docs/record.md tells of") {
  ReplicaSnapshot snapshot = planned(5, [](std::uint64_t posting) { return posting != 4; });
  snapshot.accounts.resize(2);
  for (PostedTransfer& row : snapshot.transfers) row = rows_format::planned_row(row.posting, 2);
  snapshot.transfers.push_back({5, 1, 2, 77'777, 1, 77'777, 0});
  const std::string bytes = bytes_of(snapshot);
  std::string told;
  for (const std::string& one : blocks_of(bytes)) {
    for (unsigned char byte : one.substr(rows_format::kBlockHeadBytes)) told += fmt::format("{:02X} ", byte);
    told += "| ";
  }
  CHECK(bytes.substr(0, 16) == std::string("BLKSTROW\2\0\0\0\0\0\1\0", 16));
  CHECK(told ==
        "01 63 31 | 02 03 04 6A 18 03 04 6A 18 | "
        "03 03 11 03 05 03 05 14 FD 12 03 01 0C FD 12 3D | 04 0B 05 01 | ");
}

TEST_CASE("rows that are as planned take next to no room") {
  REQUIRE(bytes_of(planned(100'000, [](std::uint64_t) { return true; })).size() < 300);
  REQUIRE(bytes_of(planned(100'000, [](std::uint64_t posting) { return posting % 100 != 0; })).size() < 4000);
}

TEST_CASE("a file of rows that is cut short anywhere is not complete, and what stands before is read") {
  const std::string bytes = bytes_of(varied());
  REQUIRE(snapshot_of(bytes).complete);
  for (std::size_t length = rows_format::kHeadBytes; length < bytes.size(); ++length) {
    const ReplicaSnapshot snapshot = snapshot_of(bytes.substr(0, length));
    REQUIRE_FALSE(snapshot.complete);
    REQUIRE_THAT(snapshot.problem, Contains("cut short"));
  }
  const std::string more = bytes_of(long_one());
  const ReplicaSnapshot half = snapshot_of(more.substr(0, more.size() / 2));
  REQUIRE_FALSE(half.complete);
  REQUIRE(half.transfers.size() > 5'000);
  REQUIRE(std::equal(half.transfers.begin(), half.transfers.end(), long_one().transfers.begin()));
}

TEST_CASE("a file of rows with any bit changed is not complete, or is refused") {
  const std::string bytes = bytes_of(varied());
  std::size_t sound = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    try {
      if (snapshot_of(changed).complete) ++sound;
    } catch (const Error& error) {
      if (bit >= 8 * rows_format::kHeadBytes) throw;
    }
  }
  REQUIRE(sound == 0);
}

TEST_CASE("blocks of rows that are missing, twice, exchanged or followed by others make a snapshot incomplete") {
  const std::vector<std::string> blocks = blocks_of(bytes_of(long_one()));
  REQUIRE(blocks.size() >= 5);  // name, rows, rows, rows, end
  REQUIRE(snapshot_of(file_of(blocks)).complete);
  REQUIRE(snapshot_of(file_with_checksums(blocks)).complete);
  auto damage = [&](const std::function<void(std::vector<std::string>&)>& change) {
    auto changed = blocks;
    change(changed);
    // With the checksums mended, what its end says still tells, or the order of postings does.
    return !snapshot_of(file_of(changed)).complete && !snapshot_of(file_with_checksums(changed)).complete;
  };
  CHECK(damage([](auto& b) { b.erase(b.begin() + 2); }));
  CHECK(damage([](auto& b) { b.insert(b.begin() + 2, b[2]); }));
  CHECK(damage([](auto& b) { b.pop_back(); }));
  CHECK(damage([](auto& b) { b.push_back(b.back()); }));
  CHECK(damage([](auto& b) { b.push_back(block("x")); }));
  CHECK(damage([](auto& b) { b.insert(b.begin() + 1, b[0]); }));
  CHECK(damage([](auto& b) { std::swap(b[b.size() - 1], b[b.size() - 2]); }));
}

TEST_CASE("rows that make no sense are not taken, even with a checksum that is right") {
  const std::string name = block("\1c1"), accounts = block(std::string("\2\3\1\3\1", 5)), end = block("\4\1\5\1");
  auto problem = [&](const std::string& rows, const std::string& front) {
    const ReplicaSnapshot snapshot = snapshot_of(file_with_checksums({name, front, block("\3" + rows), end}));
    return snapshot.complete ? "" : snapshot.problem;
  };
  CHECK_THAT(problem("\x07", accounts), Contains("no sense"));          // no such entry
  CHECK_THAT(problem("\x01", accounts), Contains("no sense"));          // a run from posting 0
  CHECK_THAT(problem("\x03\x01\x1D", accounts), Contains("no sense"));  // again after a run
  CHECK_THAT(problem(std::string("\0\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10), accounts), Contains("no sense"));
  CHECK_THAT(problem(std::string("\3\4\0\2", 4), accounts), Contains("no sense"));         // more than the longest run
  CHECK_THAT(problem("\x03\x01", block(std::string("\2\3\1", 3))), Contains("no sense"));  // a plan of one account
  CHECK_THAT(problem("\x25\x05\x07\x03", accounts), Contains("what its end says"));  // one row, from 2 to 3: but 0 are told
  CHECK_THAT(problem("\x25\x05", accounts), Contains("no sense"));                   // breaks off
  CHECK_THAT(problem("\x03\x01", block(std::string("\2\5\1\0\xff\xff\xff\xff\xff\xff\xff\xff\1", 12))), Contains("accounts"));
}

TEST_CASE("a writer takes rows in order only, and one that does not finish leaves nothing behind") {
  const Folder folder;
  {
    RowsWriter writer(folder.path / "c1.rows", "c1");
    writer.account({2, 5});
    CHECK_THROWS_WITH(writer.account({1, 5}), Contains("order"));
    writer.transfer({2, 1, 2, 3, 2, 3, 3});
    CHECK_THROWS_WITH(writer.transfer({1, 1, 2, 3, 2, 3, 3}), Contains("order"));
  }
  REQUIRE(std::filesystem::is_empty(folder.path));
  REQUIRE_THROWS_AS(RowsWriter(folder.path / "none/c1.rows", "c1"), Error);
}

TEST_CASE("a file of rows that changes after it was opened is not taken for what it was") {
  const Folder folder;
  write_snapshot(folder.path / "c1.rows", varied());
  const ReplicaSnapshot opened = open_snapshot(folder.path / "c1.rows");
  REQUIRE(opened.transfers.empty());
  REQUIRE(opened.rows_in_file == varied().transfers.size());
  write_snapshot(folder.path / "c1.rows", long_one());
  REQUIRE_THROWS_WITH(with_transfers(opened), Contains("changes"));
}

TEST_CASE("what is no file of rows is refused") {
  const Folder folder;
  REQUIRE_THROWS_WITH(read_snapshot(folder.path / "none.rows"), Contains("no such file"));
  for (const char* text : {"", "\n", "replica c1\n", "blackstart rows 2\nend 0 0 0\n", "BLKSTROW"})
    REQUIRE_THROWS_WITH(snapshot_of(text), Contains("no file of a replica's rows"));
  std::string later = bytes_of(varied());
  later[8] = 3;
  REQUIRE_THROWS_WITH(snapshot_of(later), Contains("that this Blackstart knows"));
}
