#include "reports/operation_reader.h"

#include <utility>

#include "base/error.h"
#include "reports/files.h"
#include "reports/operation_format.h"

namespace blackstart {
namespace {

using operation_format::kHeadBytes;

// Version 1: every record of the same length, with a checksum of its own.
constexpr std::size_t kOldBytes = 72, kOldChecksum = 4;
constexpr std::size_t kOldAtOnce = 900;  // records; about a page of today

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

bool is_unwritten(std::string_view page) {
  return page.substr(0, operation_page::kHeadBytes).find_first_not_of('\0') == std::string_view::npos;
}

[[noreturn]] void refuse(const std::filesystem::path& file, std::string_view bytes) {
  const bool ours = bytes.substr(0, operation_format::kMagic.size()) == operation_format::kMagic && bytes.size() >= kHeadBytes;
  throw Error(ErrorKind::bad_file, "reading the operations in " + file.string(),
              ours ? "the file has a version or page size that this Blackstart doesn't know" : "it is no file of operations",
              ours ? "use the version of Blackstart that wrote it; events.jsonl names it" : "");
}

}  // namespace

OperationReader::OperationReader(const std::filesystem::path& file) : file_(file), stream_(file, std::ios::binary) {
  std::error_code error;
  if (!stream_ || !std::filesystem::is_regular_file(file, error))
    throw Error(ErrorKind::bad_file, "reading " + file.string(), "there is no such file, or it may not be read");
  const std::string_view head = take(kHeadBytes);
  old_ = head == operation_format::head(1, kOldBytes);
  if (!old_ && head != operation_format::head(operation_format::kVersion, operation_page::kBytes)) refuse(file, head);
}

const std::vector<Operation>& OperationReader::next() {
  operations_.clear();
  while (operations_.empty() && (old_ ? read_old() : read_page())) continue;
  return operations_;
}

std::string_view OperationReader::take(std::size_t bytes) {
  bytes_.resize(bytes);
  stream_.read(bytes_.data(), static_cast<std::streamsize>(bytes));
  if (stream_.bad()) throw Error(ErrorKind::bad_file, "reading " + file_.string(), "the disk reports an error");
  return std::string_view(bytes_).substr(0, static_cast<std::size_t>(stream_.gcount()));
}

bool OperationReader::read_page() {
  const std::string_view page = take(operation_page::kBytes - (std::exchange(first_, false) ? kHeadBytes : 0));
  if (page.empty()) return false;
  if (is_unwritten(page))
    unwritten_ += page.size();
  else
    damaged_ += std::exchange(unwritten_, 0) + pages_.read(page, operations_);
  return true;
}

bool OperationReader::read_old() {
  std::string_view records = take(kOldAtOnce * kOldBytes);
  if (records.empty()) return false;
  for (; records.size() >= kOldBytes; records.remove_prefix(kOldBytes)) {
    Operation operation;
    if (decode_old(records.substr(0, kOldBytes), operation))
      operations_.push_back(operation);
    else
      damaged_ += kOldBytes;
  }
  damaged_ += records.size();
  return true;
}

OperationLog read_operations(const std::filesystem::path& file) {
  OperationReader reader(file);
  OperationLog log;
  for (const auto* page = &reader.next(); !page->empty(); page = &reader.next())
    log.operations.insert(log.operations.end(), page->begin(), page->end());
  log.damaged_bytes = reader.damaged_bytes();
  return log;
}

}  // namespace blackstart
