// `blackstart dump`: what stands in the record, for auditors who have a spreadsheet.
#include <catch2/catch.hpp>
#include <filesystem>

#include "base/process.h"
#include "reports/files.h"
#include "tests/support/folder.h"
#include "tests/support/old_rows.h"
#include "tests/support/run_folder.h"

using namespace blackstart;
using Catch::Contains;
using Catch::StartsWith;

namespace {

ProcessResult dump(const std::filesystem::path& file, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{BLACKSTART_BINARY, "dump", file.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_process(arguments, 30s, {});
}

}  // namespace

TEST_CASE("operations and rows of a record are printed as comma-separated values") {
  const Folder folder;
  trace::write_run(folder.path, trace::sound_and_small());
  const auto operations = dump(folder.path / "ops/bank.ops");
  CHECK(operations.exit_code == 0);
  CHECK_THAT(operations.out, StartsWith("series,number,outcome,error,scheduled,sent,done,posting,from,to,amount\n"
                                        "0,0,ok,0,0,0,2000000,1,1,4,1\n0,1,ok,0,1000000000,1000000000,1002000000,2,2,5,2\n"));
  CHECK(std::count(operations.out.begin(), operations.out.end(), '\n') == 61);
  const auto rows = dump(folder.path / "audit/bank/c2.rows");
  CHECK(rows.exit_code == 0);
  CHECK_THAT(rows.out, StartsWith("posting,from,to,amount,history_rows,debit,credit\n1,1,4,1,2,1,1\n2,2,5,2,2,2,2\n"));
  CHECK(std::count(rows.out.begin(), rows.out.end(), '\n') == 61);
  const auto accounts = dump(folder.path / "audit/bank/c2.rows", {"--accounts"});
  CHECK(accounts.exit_code == 0);
  CHECK_THAT(accounts.out, StartsWith("account,balance\n1,"));
  CHECK(std::count(accounts.out.begin(), accounts.out.end(), '\n') == 11);
  CHECK(dump(folder.path / "ops/bank.ops", {"--accounts"}).exit_code == 64);
}

TEST_CASE("rows of the format before are printed the same") {
  const Folder folder;
  const Record record = trace::sound_and_small();
  trace::write_run(folder.path, record);
  write_atomically(folder.path / "old.rows", old_rows(record.probes[0].snapshots[1]));
  CHECK(dump(folder.path / "old.rows").out == dump(folder.path / "audit/bank/c2.rows").out);
}

TEST_CASE("of a damaged file what can be read is printed, and the exit code is 65") {
  const Folder folder;
  trace::write_run(folder.path, trace::sound_and_small());
  std::filesystem::resize_file(folder.path / "audit/bank/c2.rows",
                               std::filesystem::file_size(folder.path / "audit/bank/c2.rows") - 1);
  const auto rows = dump(folder.path / "audit/bank/c2.rows");
  CHECK(rows.exit_code == 65);
  CHECK_THAT(rows.out, Contains("\n60,"));
  CHECK_THAT(rows.err, Contains("c2.rows is not complete") && Contains("cut short"));
  CHECK(dump(folder.path / "events.jsonl").exit_code == 65);
  CHECK(dump(folder.path / "none").exit_code == 65);
}
