// Operations that are fetched piece by piece: none is lost, none is taken for another.
#include "reports/operation_journal.h"

#include <catch2/catch.hpp>

#include "tests/support/folder.h"

namespace blackstart {
namespace {

Operation operation(std::uint64_t number) {
  Operation o;
  o.series = static_cast<std::uint16_t>(number % 3);
  o.number = number;
  o.outcome = static_cast<Outcome>(number % 4);
  o.error = static_cast<std::uint16_t>(60000 + number % 12);
  o.scheduled = 123'456'789'012'345ns + number * 20ms;
  o.sent = number % 4 == 3 ? Time(-1) : o.scheduled + 17ns;
  o.done = o.scheduled + 2ms;
  o.posting = 1000 + number;
  o.from = 0xFFFFFFF0u + static_cast<std::uint32_t>(number % 8);
  o.to = static_cast<std::uint32_t>(number);
  o.amount = -static_cast<std::int64_t>(number);
  return o;
}

std::string journal_of(const std::filesystem::path& file, std::uint64_t count) {
  OperationJournal journal(file, 1 << 20);
  for (std::uint64_t k = 0; k < count; ++k) journal.record(operation(k));
  journal.flush();
  CHECK(journal.trouble().empty());
  return read_whole(file);
}

TEST_CASE("what was recorded is read back, whatever pieces it comes in", "[journal]") {
  const Folder folder;
  const std::string bytes = journal_of(folder.path / "operations", 50);
  REQUIRE(bytes.size() == 50 * kJournalRecord);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{71}, std::size_t{72}, std::size_t{1000}, bytes.size()}) {
    std::vector<Operation> all;
    std::string waiting;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      waiting += bytes.substr(at, piece);
      const JournalPart part = read_journal(waiting);
      all.insert(all.end(), part.operations.begin(), part.operations.end());
      waiting.erase(0, part.bytes);
      REQUIRE(part.damaged == 0);
    }
    REQUIRE(all.size() == 50);
    for (std::uint64_t k = 0; k < 50; ++k) REQUIRE(all[k] == operation(k));
  }
}

TEST_CASE("a changed byte costs its record and no other, and is said", "[journal]") {
  const Folder folder;
  const std::string good = journal_of(folder.path / "operations", 5);
  for (std::size_t at = 2 * kJournalRecord; at < 3 * kJournalRecord; ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x20);
    const JournalPart part = read_journal(bad);
    REQUIRE(part.damaged == kJournalRecord);
    REQUIRE(part.operations.size() == 4);
    REQUIRE(part.operations[2] == operation(3));
  }
}

TEST_CASE("beyond its room on the disk nothing is written, and that is said", "[journal]") {
  const Folder folder;
  OperationJournal journal(folder.path / "operations", 10 * kJournalRecord + 5);
  for (std::uint64_t k = 0; k < 30; ++k) journal.record(operation(k));
  journal.flush();
  CHECK_THAT(journal.trouble(), Catch::Contains("may not take more than"));
  const JournalPart part = read_journal(read_whole(folder.path / "operations"));
  REQUIRE(part.operations.size() == 10);
  CHECK(part.operations.back() == operation(9));
}

}  // namespace
}  // namespace blackstart
