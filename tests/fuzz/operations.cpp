// RUN/ops/<probe>.ops: any bytes are read or refused with an Error; whatever they hold can be judged.
#include "base/error.h"
#include "reports/files.h"
#include "reports/operation_format.h"
#include "reports/operation_page.h"
#include "reports/reports.h"
#include "reports/varint.h"
#include "tests/fuzz/memory_file.h"
#include "tests/support/trace.h"

using namespace blackstart;
using operation_format::kHeadBytes;

namespace {

constexpr std::size_t kOldRecord = 72;

// Gives each page the head that it should have, down to the checksum: else hardly an input gets beyond it.
std::string with_checksums(std::string bytes) {
  bytes.resize(std::max(bytes.size(), kHeadBytes));
  bytes.replace(0, kHeadBytes, operation_format::head(operation_format::kVersion, operation_page::kBytes));
  for (std::size_t at = kHeadBytes, end = operation_page::kBytes; at + operation_page::kHeadBytes <= bytes.size();
       at = end, end += operation_page::kBytes) {
    const std::string_view records = std::string_view(bytes).substr(0, end).substr(at + operation_page::kHeadBytes);
    const std::uint64_t used = std::min<std::uint64_t>(varint::load(bytes.data() + at) & 0xFFFFFFFF, records.size());
    varint::store(bytes.data() + at, used | (std::uint64_t{crc32c(records.substr(0, used))} << 32));
  }
  return bytes;
}

// The same of version 1, where each record has its own.
std::string as_version_1(std::string bytes) {
  bytes.resize(std::max(bytes.size(), kHeadBytes));
  bytes.replace(0, kHeadBytes, operation_format::head(1, kOldRecord));
  for (std::size_t at = kHeadBytes; at + kOldRecord <= bytes.size(); at += kOldRecord) {
    std::uint32_t right = crc32c(std::string_view(bytes).substr(at + 4, kOldRecord - 4));
    for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(right >> (8 * i));
  }
  return bytes;
}

void read_and_judge(std::string_view bytes) {
  static const Record sound = trace::sound_and_small();
  fuzz::MemoryFile file(bytes);
  Record record = sound;
  try {
    record.probes[0].operations = Operations::in_file(file.path());
    record.probes[0].damaged_bytes = record.probes[0].operations.damaged_bytes();
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
  const std::string bytes(fuzz::text_of(data, size));
  read_and_judge(bytes);
  read_and_judge(with_checksums(bytes));
  read_and_judge(as_version_1(bytes));
  return 0;
}
