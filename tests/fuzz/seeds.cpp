// fuzz_seeds FOLDER: well-formed inputs for each fuzzer, in FOLDER/<fuzzer>/.
#include <fstream>
#include <iostream>

#include "tests/support/certificate.h"
#include "tests/support/folder.h"
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
}
