#include "reports/rows_writer.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "reports/files.h"
#include "reports/rows_format.h"

namespace blackstart {

using namespace rows_format;

namespace {

std::filesystem::path beside(const std::filesystem::path& file) {
  std::filesystem::path path = file.string() + ".new";
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  return path;
}

char* put_signed(char* at, std::int64_t value) { return varint::put(at, varint::zigzag(static_cast<std::uint64_t>(value))); }
std::int64_t less(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

char* put_row(char* at, const PostedTransfer& t, bool again, bool planned) {
  const bool is_whole = whole(t);
  at = varint::put(at, kRow + 4 * ((again ? kAgain : 0) | (planned ? kPlanned : 0) | (is_whole ? kWhole : 0)));
  if (!planned) {
    at = varint::put(at, t.from);
    at = varint::put(at, t.to);
    at = put_signed(at, t.amount);
  }
  if (is_whole) return at;
  at = varint::put(at, t.history_rows);
  at = put_signed(at, less(t.debit, t.amount));
  return put_signed(at, less(t.credit, t.amount));
}

}  // namespace

struct RowsWriter::Impl {
  explicit Impl(const std::filesystem::path& where)
      : path(where), fresh(beside(where)), file(fresh, AppendFile::Open::must_not_exist) {
    append(head());
  }

  void append(std::string_view bytes) {
    if (int error = file.append(bytes)) throw_errno("writing the rows to " + fresh.string(), error);
    checksum = crc32c(bytes, checksum);
  }

  // Room for an entry in a block of this kind, of which `used` is the end.
  char* room(Kind wanted) {
    if (kind != wanted || used > kMostBytes - kLongest) close();
    if (used == 0) {
      kind = wanted;
      block[used++] = kind;
    }
    return block + used;
  }
  void take(const char* end) { used = static_cast<std::size_t>(end - block); }

  void close() {
    if (used == 0) return;
    const std::string_view bytes(block, used);
    const std::uint32_t sum = crc32c(bytes, checksum);
    char before[kBlockHeadBytes];
    varint::store(before, used | (std::uint64_t{sum} << 32));
    const std::string all = std::string(before, sizeof before) + std::string(bytes);
    if (int error = file.append(all)) throw_errno("writing the rows to " + fresh.string(), error);
    checksum = sum;
    used = 0;
  }

  void text(std::string_view words) {
    const std::size_t length = std::min(words.size(), kMostBytes - kLongest);
    std::memcpy(block + used, words.data(), length);
    used += length;
  }

  template <class T>
  void require_order(const std::optional<T>& before, const T& now) const {
    if (before && key_of(now) < key_of(*before))
      throw Error(ErrorKind::internal, "writing the rows to " + path.string(), "they do not come in order");
  }

  void end_run() {
    if (run == 0) return;
    take(varint::put(room(kRows), kRun + 4 * (run - 1)));
    run = 0;
  }

  void skip_to(std::uint64_t posting) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 61;
    if (posting != next) end_run();
    while (posting != next) {
      const std::uint64_t step = std::min(posting - next, kMost);
      take(varint::put(room(kRows), kSkip + 4 * (step - 1)));
      next += step;
    }
  }

  // Writes the row that waits; what comes after it is known now.
  void settle(bool alone) {
    if (!waiting) return;
    const PostedTransfer& t = *waiting;
    const bool planned = plans(accounts) && t.posting != 0 && same_transfer(t, planned_row(t.posting, accounts));
    if (!again) skip_to(t.posting);
    // The last of all postings is in no run: a run has a posting behind it.
    if (planned && alone && !again && whole(t) && t.posting != UINT64_MAX) {
      if (++run == kMostInRun) end_run();
    } else {
      end_run();
      take(put_row(room(kRows), t, again, planned));
    }
    next = t.posting + 1;
  }

  static bool same_transfer(const PostedTransfer& a, const PostedTransfer& b) {
    return a.from == b.from && a.to == b.to && a.amount == b.amount;
  }

  std::filesystem::path path, fresh;
  AppendFile file;
  bool finished = false;
  std::uint32_t checksum = 0;  // of all that was written
  Kind kind = kReplica;
  char block[kMostBytes];
  std::size_t used = 0;
  std::uint64_t accounts = 0, transfers = 0;
  std::optional<AccountBalance> last;
  std::optional<PostedTransfer> waiting;
  bool again = false;      // it stands under the posting of the row before
  std::uint64_t next = 0;  // the posting that is expected
  std::uint64_t run = 0;   // rows that were not written yet: as planned, one after the other
};

RowsWriter::RowsWriter(const std::filesystem::path& file, const std::string& replica) : impl_(std::make_unique<Impl>(file)) {
  impl_->room(kReplica);
  impl_->text(replica);
}

RowsWriter::~RowsWriter() {
  std::error_code ignored;
  if (!impl_->finished) std::filesystem::remove(impl_->fresh, ignored);
}

void RowsWriter::account(const AccountBalance& account) {
  Impl& i = *impl_;
  i.require_order(i.last, account);
  char* at = varint::put(i.room(kAccounts), account.account - (i.last ? i.last->account : 0));
  i.take(put_signed(at, account.balance));
  i.last = account;
  ++i.accounts;
}

void RowsWriter::transfer(const PostedTransfer& transfer) {
  Impl& i = *impl_;
  i.require_order(i.waiting, transfer);
  const bool again = i.waiting && i.waiting->posting == transfer.posting;
  i.settle(!again);
  i.waiting = transfer;
  i.again = again;
  ++i.transfers;
}

void RowsWriter::finish(bool complete, const std::string& problem) {
  Impl& i = *impl_;
  i.settle(true);
  i.end_run();
  char* at = varint::put(i.room(kEnd), i.transfers);
  at = varint::put(at, i.accounts);
  *at++ = complete ? 1 : 0;
  i.take(at);
  i.text(problem);
  i.close();
  if (int error = i.file.sync()) throw_errno("writing the rows to " + i.fresh.string(), error);
  std::error_code error;
  std::filesystem::rename(i.fresh, i.path, error);
  if (error) throw_errno("renaming " + i.fresh.string() + " to " + i.path.string(), error.value());
  i.finished = true;
}

}  // namespace blackstart
