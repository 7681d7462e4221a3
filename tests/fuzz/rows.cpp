// RUN/audit/<probe>/<replica>.rows: any bytes are read or refused with an Error; whatever they hold can be audited.
#include <algorithm>

#include "base/error.h"
#include "reports/files.h"
#include "reports/reports.h"
#include "reports/rows_format.h"
#include "tests/fuzz/memory_file.h"
#include "tests/support/trace.h"

using namespace blackstart;
using namespace blackstart::rows_format;

namespace {

constexpr std::uint64_t kMostRows = 20'000;

void read_and_judge(const std::string& text) {
  static const Record sound = trace::sound_and_small();
  fuzz::MemoryFile file(text);
  Record record = sound;
  ReplicaSnapshot& snapshot = record.probes[0].snapshots[1];
  try {
    snapshot = open_snapshot(file.path());
    snapshot.replica = "c2";
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_file) std::abort();
    return;
  }
  // A few bytes may claim thousands of rows: to judge these takes its time, and finds nothing that a few would not.
  if (snapshot.rows_in_file > kMostRows) return;
  // Only the rows that were acknowledged, on a replica that was read to its end, may pass.
  auto rows = with_transfers(snapshot).transfers;
  if (rows.size() < snapshot.rows_in_file) std::abort();
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return key_of(a) < key_of(b); });
  bool same = snapshot.complete && rows == sound.probes[0].snapshots[1].transfers;
  if (judge(record).verdict == Verdict::passed && !same) std::abort();
}

// Gives each block the checksum that it should have: else hardly an input gets beyond it.
std::string with_checksums(std::string bytes) {
  bytes.resize(std::max(bytes.size(), kHeadBytes));
  bytes.replace(0, kHeadBytes, head());
  std::uint32_t sum = crc32c(head());
  for (std::size_t at = kHeadBytes; at + kBlockHeadBytes < bytes.size();) {
    const std::uint64_t left = bytes.size() - at - kBlockHeadBytes;
    const std::uint64_t length = std::clamp<std::uint64_t>(varint::load(bytes.data() + at) & 0xFFFFFFFF, 1, left);
    sum = crc32c(std::string_view(bytes).substr(at + kBlockHeadBytes, length), sum);
    varint::store(bytes.data() + at, length | (std::uint64_t{sum} << 32));
    at += kBlockHeadBytes + length;
  }
  return bytes;
}

// Of the text that was written before: replaces the last line by the one that the rows before it should have.
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
  read_and_judge(with_checksums(text));
  return 0;
}
