// RUN/audit/<probe>/<replica>.rows: any bytes are read or refused with an Error; whatever they hold can be audited.
#include "base/error.h"
#include "reports/files.h"
#include "reports/reports.h"
#include "tests/fuzz/memory_file.h"
#include "tests/support/trace.h"

using namespace blackstart;

namespace {

void read_and_judge(const std::string& text) {
  static const Record sound = trace::sound_and_small();
  fuzz::MemoryFile file(text);
  Record record = sound;
  try {
    ReplicaSnapshot snapshot = read_snapshot(file.path());
    snapshot.replica = "c2";
    record.probes[0].snapshots[1] = snapshot;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_file) std::abort();
    return;
  }
  auto before = [](const PostedTransfer& a, const PostedTransfer& b) { return a.posting < b.posting; };
  auto& rows = record.probes[0].snapshots[1].transfers;
  std::sort(rows.begin(), rows.end(), before);
  // Only the rows that were acknowledged, on a replica that was read to its end, may pass.
  bool same = record.probes[0].snapshots[1].complete && rows == sound.probes[0].snapshots[1].transfers;
  if (judge(record).verdict == Verdict::passed && !same) std::abort();
}

// Replaces the last line by the one that the rows before it should have.
std::string with_end(const std::string& text) {
  std::string body = text.substr(0, text.rfind("\nend ") + 1);
  std::size_t transfers = 0, accounts = 0;
  for (std::size_t at = 0; (at = body.find('\n', at)) != std::string::npos; ++at) {
    transfers += body.compare(at + 1, 2, "T ") == 0;
    accounts += body.compare(at + 1, 2, "A ") == 0;
  }
  return body + "end " + std::to_string(transfers) + " " + std::to_string(accounts) + " " + std::to_string(crc32c(body)) + "\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(fuzz::text_of(data, size));
  read_and_judge(text);
  read_and_judge(with_end(text));
  return 0;
}
