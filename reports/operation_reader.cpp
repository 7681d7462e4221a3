#include "base/error.h"
#include "reports/files.h"
#include "reports/operation.h"
#include "reports/operation_format.h"
#include "reports/operation_page.h"

namespace blackstart {
namespace {

using operation_format::kHeadBytes;

// Version 1: every record of the same length, with a checksum of its own.
constexpr std::size_t kOldBytes = 72, kOldChecksum = 4;

class Unpacker {
 public:
  explicit Unpacker(const char* at) : at_(at) {}
  template <class T>
  T get() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(*at_++)) << (8 * i);
    return static_cast<T>(value);
  }

 private:
  const char* at_;
};

// False when the checksum is wrong or the outcome is none that we know.
bool decode_old(std::string_view bytes, Operation& o) {
  Unpacker body(bytes.data());
  if (body.get<std::uint32_t>() != crc32c(bytes.substr(kOldChecksum))) return false;
  o.series = body.get<std::uint16_t>();
  o.error = body.get<std::uint16_t>();
  o.number = body.get<std::uint64_t>();
  o.scheduled = Time(body.get<std::int64_t>());
  o.sent = Time(body.get<std::int64_t>());
  o.done = Time(body.get<std::int64_t>());
  o.posting = body.get<std::uint64_t>();
  o.from = body.get<std::uint32_t>();
  o.to = body.get<std::uint32_t>();
  o.amount = body.get<std::int64_t>();
  auto outcome = body.get<std::uint8_t>();
  o.outcome = static_cast<Outcome>(outcome);
  return outcome <= static_cast<std::uint8_t>(Outcome::unsent);
}

OperationLog read_old(std::string_view bytes) {
  OperationLog log;
  log.operations.reserve(bytes.size() / kOldBytes);
  for (; bytes.size() >= kOldBytes; bytes.remove_prefix(kOldBytes)) {
    Operation operation;
    if (decode_old(bytes.substr(0, kOldBytes), operation))
      log.operations.push_back(operation);
    else
      log.damaged_bytes += kOldBytes;
  }
  log.damaged_bytes += bytes.size();
  return log;
}

bool is_unwritten(std::string_view page) {
  return page.substr(0, operation_page::kHeadBytes).find_first_not_of('\0') == std::string_view::npos;
}

OperationLog read_pages(std::string_view bytes) {
  OperationLog log;
  operation_page::PageReader reader;
  std::uint64_t unwritten = 0;  // bytes of pages that are empty: damaged when one follows that is not
  for (std::size_t at = kHeadBytes, end = operation_page::kBytes; at < bytes.size(); at = end, end += operation_page::kBytes) {
    const std::string_view page = bytes.substr(at, end - at);
    if (is_unwritten(page)) {
      unwritten += page.size();
      continue;
    }
    log.damaged_bytes += unwritten + reader.read(page, log.operations);
    unwritten = 0;
    // Pages are much alike, so this is about the room that all will need.
    if (at == kHeadBytes) log.operations.reserve(log.operations.size() * (bytes.size() / operation_page::kBytes + 1));
  }
  return log;
}

[[noreturn]] void refuse(const std::filesystem::path& file, std::string_view bytes) {
  const bool ours = bytes.substr(0, operation_format::kMagic.size()) == operation_format::kMagic && bytes.size() >= kHeadBytes;
  throw Error(ErrorKind::bad_file, "reading the operations in " + file.string(),
              ours ? "the file has a version or page size that this Blackstart doesn't know" : "it is no file of operations",
              ours ? "use the version of Blackstart that wrote it; events.jsonl names it" : "");
}

}  // namespace

OperationLog read_operations(const std::filesystem::path& file) {
  const std::string bytes = read_whole(file);
  const std::string_view head = std::string_view(bytes).substr(0, kHeadBytes);
  if (head == operation_format::head(operation_format::kVersion, operation_page::kBytes)) return read_pages(bytes);
  if (head == operation_format::head(1, kOldBytes)) return read_old(std::string_view(bytes).substr(kHeadBytes));
  refuse(file, bytes);
}

}  // namespace blackstart
