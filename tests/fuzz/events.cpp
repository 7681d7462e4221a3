// RUN/events.jsonl: any bytes are read or refused with an Error; whatever they hold can be judged and written about.
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "reports/reports.h"
#include "tests/fuzz/memory_file.h"
#include "tests/support/folder.h"
#include "tests/support/run_folder.h"

using namespace blackstart;

namespace {

// A run folder whose other files are sound, so that only the events decide.
std::filesystem::path sound_folder() {
  static const Folder folder;
  trace::write_run(folder.path, trace::sound_and_small());
  return folder.path;
}

// What no record may lack that passes.
bool could_pass(const Record& r) {
  bool undone = true;
  for (const Injection& i : r.injections) undone &= i.undone.count() >= 0 && !i.evidence.empty() && i.problem.empty();
  return r.finished && undone && r.torn_events == 0 && r.problems.empty() && !r.probes.empty() && !r.injections.empty();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::filesystem::path folder = sound_folder();
  std::ofstream(folder / "events.jsonl", std::ios::binary) << fuzz::text_of(data, size);
  Record record;
  try {
    record = read_record(folder);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_file) std::abort();
    return 0;
  }
  Judgement judgement = judge(record);
  if (judgement.verdict == Verdict::passed && !could_pass(record)) std::abort();
  for (auto* write : {text_summary, junit_xml, record_json, html_report, prometheus_text})
    if (write(record, judgement).empty()) std::abort();
  return 0;
}
