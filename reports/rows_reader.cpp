#include "reports/rows_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "reports/files.h"
#include "reports/rows_format.h"

namespace blackstart {

using namespace rows_format;

namespace {

std::int64_t sum(std::int64_t a, std::uint64_t b) { return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + b); }
std::uint64_t signed_number(varint::Reader& bytes) { return varint::unzigzag(bytes.number()); }

}  // namespace

RowsReader::RowsReader(const std::filesystem::path& file)
    : name_(file.filename().string()), stream_(file, std::ios::binary), block_(kHeadBytes, '\0') {
  const std::string doing = "reading the rows in " + file.string();
  if (!stream_) throw Error(ErrorKind::bad_file, doing, "there is no such file, or it may not be read");
  stream_.read(block_.data(), kHeadBytes);
  if (stream_.gcount() != kHeadBytes || block_.substr(0, kMagic.size()) != kMagic)
    throw Error(ErrorKind::bad_file, doing, "it is no file of a replica's rows");
  if (block_ != head())
    throw Error(ErrorKind::bad_file, doing, "it is no file of a replica's rows that this Blackstart knows",
                "use the version of Blackstart that wrote it; events.jsonl names it");
  checksum_ = crc32c(block_);
  read_front();
}

void RowsReader::read_front() {
  if (!load()) return;
  if (kind_ != kReplica) {
    fail("does not begin with the replica's name");
    return;
  }
  replica_ = block_.substr(1);
  while (load()) {
    if (kind_ == kAccounts ? !read_accounts() : !follows()) return;
    if (kind_ != kAccounts) return;
  }
}

// Behind the accounts there are rows, and behind these the end.
bool RowsReader::follows() { return kind_ == kRows || kind_ == kEnd || fail("has its parts in a wrong order"); }

bool RowsReader::load() {
  if (ended_) return false;
  char before[kBlockHeadBytes];
  stream_.read(before, sizeof before);
  if (stream_.gcount() != sizeof before) return fail("is cut short: its end is missing");
  const std::uint64_t both = varint::load(before), length = both & UINT32_MAX;
  if (length == 0 || length > kMostBytes) return fail("is damaged");
  block_.resize(length);
  stream_.read(block_.data(), static_cast<std::streamsize>(length));
  if (stream_.gcount() != static_cast<std::streamsize>(length)) return fail("is cut short: its end is missing");
  checksum_ = crc32c(block_, checksum_);
  if (checksum_ != both >> 32) return fail("is damaged");
  kind_ = block_[0];
  bytes_ = varint::Reader(std::string_view(block_).substr(1));
  return true;
}

bool RowsReader::read_accounts() {
  while (bytes_.left() > 0) {
    const std::uint64_t step = bytes_.number();
    AccountBalance account;
    account.balance = static_cast<std::int64_t>(signed_number(bytes_));
    const std::uint64_t number = (accounts_.empty() ? 0 : accounts_.back().account) + std::min(step, std::uint64_t{1} << 32);
    account.account = static_cast<std::uint32_t>(number);
    if (bytes_.failed() || number > UINT32_MAX || (!accounts_.empty() && key_of(account) < key_of(accounts_.back())))
      return fail("has accounts that make no sense");
    accounts_.push_back(account);
  }
  return true;
}

bool RowsReader::next(RowRun& run) {
  while (!ended_) {
    if (kind_ == kEnd) {
      read_end();
    } else if (bytes_.left() == 0) {
      if (!load() || !follows()) return false;
    } else {
      run.count = 0;
      if (!read_entry(run)) return fail("has rows that make no sense");
      rows_ += run.count;
      if (run.count > 0) return true;
    }
  }
  return false;
}

bool RowsReader::read_entry(RowRun& run) {
  const std::uint64_t entry = bytes_.number(), value = entry >> 2;
  if (bytes_.failed()) return false;
  switch (entry & 3) {
    case kRun: return read_run(value + 1, run);
    case kSkip: return read_skip(value);
    case kRow: return read_row(value, run);
    default: return false;
  }
}

bool RowsReader::read_run(std::uint64_t rows, RowRun& run) {
  if (exhausted_ || rows > kMostInRun || next_ == 0 || rows > UINT64_MAX - next_ || !plans(accounts_.size())) return false;
  run.first = next_;
  run.count = rows;
  run.planned = true;
  pass(next_ + (rows - 1));
  again_allowed_ = false;
  return true;
}

bool RowsReader::read_skip(std::uint64_t postings) {
  if (exhausted_ || postings >= UINT64_MAX - next_) return false;
  next_ += postings + 1;
  return true;
}

bool RowsReader::read_row(std::uint64_t flags, RowRun& run) {
  const bool again = (flags & kAgain) != 0;
  if (flags > (kAgain | kPlanned | kWhole) || (again ? !again_allowed_ : exhausted_)) return false;
  PostedTransfer& row = run.row;
  row = {};
  row.posting = again ? last_.posting : next_;
  if ((flags & kPlanned) != 0) {
    if (row.posting == 0 || !plans(accounts_.size())) return false;
    row = planned_row(row.posting, accounts_.size());
  } else {
    const std::uint64_t from = bytes_.number(), to = bytes_.number();
    if (from > UINT32_MAX || to > UINT32_MAX) return false;
    row.from = static_cast<std::uint32_t>(from);
    row.to = static_cast<std::uint32_t>(to);
    row.amount = static_cast<std::int64_t>(signed_number(bytes_));
  }
  row.history_rows = 2;
  row.debit = row.credit = row.amount;
  if ((flags & kWhole) == 0) {
    const std::uint64_t history = bytes_.number();
    if (history > UINT32_MAX) return false;
    row.history_rows = static_cast<std::uint32_t>(history);
    row.debit = sum(row.amount, signed_number(bytes_));
    row.credit = sum(row.amount, signed_number(bytes_));
  }
  if (bytes_.failed() || (again && key_of(row) < key_of(last_))) return false;
  run.first = row.posting;
  run.count = 1;
  run.planned = false;
  last_ = row;
  again_allowed_ = true;
  pass(row.posting);
  return true;
}

void RowsReader::pass(std::uint64_t posting) {
  exhausted_ = posting == UINT64_MAX;
  next_ = posting + 1;
}

void RowsReader::read_end() {
  const std::uint64_t rows = bytes_.number(), accounts = bytes_.number();
  const unsigned complete = bytes_.byte();
  const std::string said = block_.substr(block_.size() - bytes_.left());
  if (bytes_.failed() || complete > 1 || rows != rows_ || accounts != accounts_.size() ||
      stream_.peek() != std::ifstream::traits_type::eof()) {
    fail("does not hold what its end says");
    return;
  }
  complete_ = complete == 1;
  problem_ = said;
  ended_ = true;
}

bool RowsReader::fail(const std::string& why) {
  if (!ended_) problem_ = fmt::format("{} {}", name_, why);
  ended_ = true;
  return false;
}

}  // namespace blackstart
