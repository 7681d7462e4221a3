#include "reports/operation_journal.h"

#include <fmt/format.h>

#include <cstring>

#include "base/units.h"
#include "reports/varint.h"

namespace blackstart {
namespace {

constexpr std::size_t kWords = 8, kBody = kWords * 8, kMostWaiting = 64 << 10;

std::string record_of(const Operation& o) {
  const std::uint64_t words[kWords] = {
      o.series | std::uint64_t{static_cast<std::uint8_t>(o.outcome)} << 16 | std::uint64_t{o.error} << 32,
      o.number,
      static_cast<std::uint64_t>(o.scheduled.count()),
      static_cast<std::uint64_t>(o.sent.count()),
      static_cast<std::uint64_t>(o.done.count()),
      o.posting,
      o.from | std::uint64_t{o.to} << 32,
      static_cast<std::uint64_t>(o.amount)};
  std::string bytes(kJournalRecord, '\0');
  for (std::size_t i = 0; i < kWords; ++i) varint::store(bytes.data() + 8 * i, words[i]);
  varint::store(bytes.data() + kBody, crc32c(std::string_view(bytes).substr(0, kBody)));
  return bytes;
}

Operation operation_of(const char* at) {
  const auto word = [at](std::size_t index) { return varint::load(at + 8 * index); };
  Operation o;
  o.series = static_cast<std::uint16_t>(word(0));
  o.outcome = static_cast<Outcome>(word(0) >> 16 & 0xFF);
  o.error = static_cast<std::uint16_t>(word(0) >> 32);
  o.number = word(1);
  o.scheduled = Time(static_cast<std::int64_t>(word(2)));
  o.sent = Time(static_cast<std::int64_t>(word(3)));
  o.done = Time(static_cast<std::int64_t>(word(4)));
  o.posting = word(5);
  o.from = static_cast<std::uint32_t>(word(6));
  o.to = static_cast<std::uint32_t>(word(6) >> 32);
  o.amount = static_cast<std::int64_t>(word(7));
  return o;
}

bool sound(std::string_view record) {
  const auto outcome = varint::load(record.data()) >> 16 & 0xFF;
  return varint::load(record.data() + kBody) == crc32c(record.substr(0, kBody)) &&
         outcome <= static_cast<std::uint64_t>(Outcome::unsent);
}

}  // namespace

OperationJournal::OperationJournal(const std::filesystem::path& file, std::uint64_t most_bytes)
    : file_(file, AppendFile::Open::must_not_exist), most_bytes_(most_bytes) {}

void OperationJournal::record(const Operation& operation) {
  if (!trouble_.empty()) return;
  if (written_ + waiting_.size() + kJournalRecord > most_bytes_) {
    flush();
    trouble_ = fmt::format("it may not take more than {} of this disk", format_size(static_cast<std::int64_t>(most_bytes_)));
    return;
  }
  waiting_ += record_of(operation);
  if (waiting_.size() >= kMostWaiting) flush();
}

void OperationJournal::flush() {
  if (waiting_.empty() || !trouble_.empty()) return;
  if (const int error = file_.append(waiting_)) trouble_ = std::string("writing operations: ") + std::strerror(error);
  written_ += waiting_.size();
  waiting_.clear();
}

JournalPart read_journal(std::string_view bytes) {
  JournalPart part;
  for (; part.bytes + kJournalRecord <= bytes.size(); part.bytes += kJournalRecord) {
    const std::string_view record = bytes.substr(part.bytes, kJournalRecord);
    if (sound(record))
      part.operations.push_back(operation_of(record.data()));
    else
      part.damaged += kJournalRecord;
  }
  return part;
}

}  // namespace blackstart
