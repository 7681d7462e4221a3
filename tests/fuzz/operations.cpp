// RUN/ops/<probe>.ops: any bytes are read or refused with an Error; whatever they hold can be judged.
#include "base/error.h"
#include "reports/files.h"
#include "reports/reports.h"
#include "tests/fuzz/memory_file.h"
#include "tests/support/trace.h"

using namespace blackstart;

namespace {

constexpr std::size_t kHeader = 16, kRecord = 72;

// Gives each record the checksum that it should have: else hardly an input gets beyond it.
std::string with_checksums(std::string bytes) {
  for (std::size_t at = kHeader; at + kRecord <= bytes.size(); at += kRecord) {
    std::uint32_t right = crc32c(std::string_view(bytes).substr(at + 4, kRecord - 4));
    for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(right >> (8 * i));
  }
  return bytes;
}

void read_and_judge(std::string_view bytes) {
  static const Record sound = trace::sound_and_small();
  fuzz::MemoryFile file(bytes);
  Record record = sound;
  try {
    OperationLog log = read_operations(file.path());
    record.probes[0].operations = log.operations;
    record.probes[0].damaged_bytes = log.damaged_bytes;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_file) std::abort();
    return;
  }
  // Fewer operations than were planned never pass.
  bool all = record.probes[0].operations.size() >= sound.probes[0].operations.size();
  if (judge(record).verdict == Verdict::passed && !all) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_and_judge(fuzz::text_of(data, size));
  read_and_judge(with_checksums(std::string(fuzz::text_of(data, size))));
  return 0;
}
