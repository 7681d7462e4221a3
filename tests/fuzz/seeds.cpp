// fuzz_seeds FOLDER: well-formed inputs for each fuzzer, in FOLDER/<fuzzer>/.
#include <fstream>
#include <iostream>

#include "reports/rows_format.h"
#include "tests/support/certificate.h"
#include "tests/support/folder.h"
#include "tests/support/old_rows.h"
#include "tests/support/run_folder.h"

using namespace blackstart;
using namespace blackstart::trace;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds FOLDER\n";
    return 64;
  }
  Folder scratch;
  Record record = sound_and_small();
  record.calibration = calibration();
  write_run(scratch.path, record);
  std::ofstream(scratch.path / "calibration.json") << certificate_text(certificate());
  const std::filesystem::path to = argv[1];
  const std::pair<const char*, const char*> seeds[] = {{"ops/bank.ops", "operations"},
                                                       {"audit/bank/c2.rows", "rows"},
                                                       {"events.jsonl", "events"},
                                                       {"calibration.json", "certificate"}};
  for (auto [from, fuzzer] : seeds) {
    std::filesystem::create_directories(to / fuzzer);
    std::filesystem::copy_file(scratch.path / from, to / fuzzer / "seed", std::filesystem::copy_options::overwrite_existing);
  }
  // Rows as they were written before, and rows that are as planned.
  std::ofstream(to / "rows/old") << old_rows(record.probes[0].snapshots[1]);
  ReplicaSnapshot planned{"c2", true, "", {}, {{1, 0}, {2, 0}}};
  for (std::uint64_t posting : {1, 2, 3, 5, 7, 7, 8}) planned.transfers.push_back(rows_format::planned_row(posting, 2));
  write_snapshot(to / "rows/planned", planned);
}
