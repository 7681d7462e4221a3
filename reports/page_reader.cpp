#include "reports/files.h"
#include "reports/operation_page.h"
#include "reports/varint.h"

namespace blackstart::operation_page {
namespace {

constexpr std::uint64_t kMost16 = UINT16_MAX, kMost32 = UINT32_MAX;

Time time_of(std::uint64_t nanoseconds) { return Time(static_cast<std::int64_t>(nanoseconds)); }

}  // namespace

// One record that is being read. The functions return false at bytes that make no sense.
class PageReader::Record {
 public:
  Record(PageReader& page, varint::Reader& bytes) : page_(page), bytes_(bytes) {}

  bool read() {
    Series* series = find_series();
    if (series == nullptr) return false;
    Expected& expected = series->expected;
    operation.number = expected.number + varint::unzigzag(step_);
    const std::uint64_t due = expected.due(operation.number);
    if (!read_outcome(expected)) return false;
    operation.scheduled = time_of(has(kScheduled) ? due + varint::unzigzag(bytes_.number()) : due);
    if (!(has(kExact) ? read_exact_times() : read_times()) || !read_posting(series->accounts) || bytes_.failed()) return false;
    expected.learn(operation, due);
    return true;
  }

  Operation operation;

 private:
  bool has(unsigned flag) const { return (flags_ & flag) != 0; }

  Series* find_series() {
    const unsigned first = bytes_.byte();
    if ((first & kHasFlags) != 0) flags_ = bytes_.byte();
    std::uint64_t beyond = 0, index = (first >> kSeriesShift) & kSeriesBeyond;
    if (index == kSeriesBeyond) beyond = bytes_.number();
    step_ = first >> kStepShift;
    if (step_ == kStepBeyond) step_ += bytes_.number();
    if (bytes_.failed() || has(kUnknown) || beyond > kMost16 - kSeriesBeyond) return nullptr;
    index += beyond;
    operation.series = static_cast<std::uint16_t>(index);
    if (index >= page_.series_.size()) page_.series_.resize(index + 1);
    Series& series = page_.series_[index];
    if ((series.page != page_.page_) != has(kOpens)) return nullptr;
    return !has(kOpens) || open(series) ? &series : nullptr;
  }

  bool open(Series& series) {
    const std::uint64_t operations = bytes_.number(), seconds = bytes_.number();
    series.accounts = bytes_.number();
    if (!Pace::possible(operations, seconds) || series.accounts == 1 || series.accounts > kMost32) return false;
    series.page = page_.page_;
    series.expected = {Pace(operations, seconds)};
    return true;
  }

  bool read_outcome(const Expected& expected) {
    operation.outcome = expected.outcome;
    operation.error = expected.error;
    if (!has(kOutcome)) return true;
    const std::uint64_t both = bytes_.number();
    operation.outcome = static_cast<Outcome>(both % 4);
    operation.error = static_cast<std::uint16_t>(both / 4);
    return both / 4 <= kMost16;
  }

  bool read_times() {
    auto at = static_cast<std::uint64_t>(operation.scheduled.count());
    return (has(kNotSent) || read_time(at, operation.sent)) && (has(kNotDone) || read_time(at, operation.done));
  }

  bool read_time(std::uint64_t& at, Time& time) {
    const std::uint64_t micros = bytes_.number();
    if (at > static_cast<std::uint64_t>(kLatest) || micros > kLatestMicros) return false;
    at += 1000 * micros;
    time = time_of(at);
    return true;
  }

  bool read_exact_times() {
    const auto scheduled = static_cast<std::uint64_t>(operation.scheduled.count());
    if (!has(kNotSent)) operation.sent = time_of(scheduled + varint::unzigzag(bytes_.number()));
    if (!has(kNotDone)) operation.done = time_of(scheduled + varint::unzigzag(bytes_.number()));
    return true;
  }

  bool read_posting(std::uint64_t accounts) {
    Transfer posted;
    if (has(kPosting)) {
      posted.posting = bytes_.number();
      const std::uint64_t from = bytes_.number(), to = bytes_.number();
      if (from > kMost32 || to > kMost32) return false;
      posted.from = static_cast<std::uint32_t>(from);
      posted.to = static_cast<std::uint32_t>(to);
      posted.amount = static_cast<std::int64_t>(varint::unzigzag(bytes_.number()));
    } else if (accounts != 0) {
      posted = planned_transfer(operation.number, accounts);
    }
    operation.posting = posted.posting;
    operation.from = posted.from;
    operation.to = posted.to;
    operation.amount = posted.amount;
    return true;
  }

  PageReader& page_;
  varint::Reader& bytes_;
  unsigned flags_ = 0;
  std::uint64_t step_ = 0;
};

std::size_t PageReader::read(std::string_view page, std::vector<Operation>& to) {
  ++page_;
  if (page.size() < kHeadBytes) return page.size();
  const std::uint64_t head = varint::load(page.data()), used = head & kMost32;
  if (used > page.size() - kHeadBytes) return page.size();
  const std::string_view records = page.substr(kHeadBytes, used);
  if (crc32c(records) != head >> 32) return page.size();
  varint::Reader bytes(records);
  while (bytes.left() > 0) {
    const std::size_t left = bytes.left();
    Record record(*this, bytes);
    if (!record.read()) return left;
    to.push_back(record.operation);
  }
  return 0;
}

}  // namespace blackstart::operation_page
