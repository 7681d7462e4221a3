#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "reports/files.h"
#include "reports/operation.h"
#include "tests/support/folder.h"
#include "tests/support/trace.h"

using namespace blackstart;

namespace {

constexpr std::size_t kHeader = 16, kRecord = 72;

std::vector<Operation> some() { return trace::probe(trace::down_between(20s, 30s)).operations; }

void write(const std::filesystem::path& file, const std::vector<Operation>& operations) {
  OperationFile out(file);
  for (const Operation& operation : operations) out.record(operation);
  out.close();
}

void change(const std::filesystem::path& file, std::size_t at, char value) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(value);
}

}  // namespace

TEST_CASE("operations are read back as they were written") {
  Folder folder;
  auto operations = some();
  operations[5] = {7, ~0ULL, Outcome::indeterminate, kTimedOut, Time(1), Time(-1), Time(INT64_MAX), ~0ULL, ~0U, 1, INT64_MIN};
  write(folder.path / "bank.ops", operations);
  OperationLog log = read_operations(folder.path / "bank.ops");
  REQUIRE(log.operations == operations);
  REQUIRE(log.damaged_bytes == 0);
  REQUIRE(std::filesystem::file_size(folder.path / "bank.ops") == kHeader + kRecord * operations.size());
}

TEST_CASE("the bytes of a record stand where docs/record.md says") {
  Folder folder;
  write(folder.path / "x.ops", {{0x0102, 3, Outcome::unsent, 0x0405, Time(6), Time(-1), Time(8), 9, 10, 11, -12}});
  std::string bytes = read_whole(folder.path / "x.ops");
  REQUIRE(bytes.substr(0, 16) == std::string("BLKSTOPS\x01\0\0\0\x48\0\0\0", 16));
  REQUIRE(bytes.substr(20, 4) == "\x02\x01\x05\x04");
  REQUIRE(bytes[24] == 3);
  REQUIRE(bytes[32] == 6);
  REQUIRE(bytes.substr(40, 8) == std::string(8, '\xFF'));
  REQUIRE(bytes[48] == 8);
  REQUIRE(bytes[56] == 9);
  REQUIRE(bytes[64] == 10);
  REQUIRE(bytes[68] == 11);
  REQUIRE(bytes[72] == '\xF4');
  REQUIRE(bytes.substr(80, 8) == std::string("\x03\0\0\0\0\0\0\0", 8));
}

TEST_CASE("the checksum is CRC-32C") { REQUIRE(crc32c("123456789") == 0xE3069283); }

TEST_CASE("a torn tail is counted and the rest is read") {
  Folder folder;
  auto file = folder.path / "bank.ops";
  auto operations = some();
  write(file, operations);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 10);
  OperationLog log = read_operations(file);
  REQUIRE(log.operations.size() == operations.size() - 1);
  REQUIRE(log.damaged_bytes == kRecord - 10);
}

TEST_CASE("a damaged record is skipped and counted, those after it are read") {
  Folder folder;
  auto file = folder.path / "bank.ops";
  auto operations = some();
  write(file, operations);
  for (std::size_t byte : {0UL, 4UL, 40UL, 64UL, 71UL}) change(file, kHeader + kRecord * (2 * byte) + byte, '\x5A');
  OperationLog log = read_operations(file);
  REQUIRE(log.operations.size() == operations.size() - 5);
  REQUIRE(log.damaged_bytes == 5 * kRecord);
  REQUIRE(log.operations.back() == operations.back());
}

TEST_CASE("a tail of zeros, as a power cut leaves it, is damage and no operations") {
  Folder folder;
  auto file = folder.path / "bank.ops";
  write(file, {});
  std::filesystem::resize_file(file, kHeader + 3 * kRecord);
  OperationLog log = read_operations(file);
  REQUIRE(log.operations.empty());
  REQUIRE(log.damaged_bytes == 3 * kRecord);
}

TEST_CASE("what is flushed is in the file though it was never closed") {
  Folder folder;
  OperationFile out(folder.path / "bank.ops");
  out.record(some()[0]);
  REQUIRE(read_operations(folder.path / "bank.ops").operations.empty());
  out.flush();
  REQUIRE(read_operations(folder.path / "bank.ops").operations.size() == 1);
}

TEST_CASE("a file of operations is never overwritten") {
  Folder folder;
  write(folder.path / "bank.ops", some());
  REQUIRE_THROWS_AS(OperationFile(folder.path / "bank.ops"), Error);
  REQUIRE(read_operations(folder.path / "bank.ops").operations.size() == some().size());
}

TEST_CASE("a full disk is told when the file is closed, and does not stop the probe") {
  Folder folder;
  // The header goes to the file, everything after it to a device that is full.
  OperationFile out(folder.path / "bank.ops");
  int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  REQUIRE(redirect(folder.path / "bank.ops", full));
  ::close(full);
  for (const Operation& operation : some()) out.record(operation);
  REQUIRE_THROWS_WITH(out.close(), Catch::Contains("No space left"));
}

TEST_CASE("what is no file of operations is refused with words") {
  Folder folder;
  REQUIRE_THROWS_WITH(read_operations(folder.path / "none.ops"), Catch::Contains("no such file"));
  std::ofstream(folder.path / "text.ops") << "this is a text that is longer than a header";
  REQUIRE_THROWS_WITH(read_operations(folder.path / "text.ops"), Catch::Contains("no file of operations"));
  std::ofstream(folder.path / "new.ops", std::ios::binary) << std::string("BLKSTOPS\x02\0\0\0\x48\0\0\0", 16);
  REQUIRE_THROWS_WITH(read_operations(folder.path / "new.ops"), Catch::Contains("version"));
  REQUIRE_THROWS_AS(read_operations(folder.path), Error);
}
