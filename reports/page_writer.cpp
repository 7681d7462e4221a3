#include <algorithm>
#include <atomic>

#include "base/fraction.h"
#include "reports/crc_word.h"
#include "reports/files.h"
#include "reports/operation_page.h"
#include "reports/varint.h"

namespace blackstart::operation_page {
namespace {

constexpr std::int64_t kNever = -1;

// A record without flags, in one word: its first byte, three for when it was sent, four for when it was done. In nanoseconds
// after the scheduled time; times that are not in order, or not there, are beyond.
constexpr std::uint64_t kShortSent = 1000 * (1ULL << 21), kShortDone = 1000 * ((1ULL << 28) - 1);
constexpr std::uint64_t kShortScheduled = kLatest - kShortDone;

std::uint64_t nanoseconds(Time time) { return static_cast<std::uint64_t>(time.count()); }

// What is asked of each operation that is recorded is put into its caller: together they are as long as a few calls.
[[gnu::always_inline]] inline bool as_planned(const Operation& o, std::uint64_t accounts) {
  const Transfer posted{o.posting, o.from, o.to, o.amount};
  return accounts != 0 ? posted == planned_transfer(o.number, accounts) : posted == Transfer{};
}

[[gnu::always_inline]] inline bool as_expected(const Operation& o, const Expected& expected) {
  return o.outcome == expected.outcome && o.error == expected.error && expected.pace.near(o.number) &&
         nanoseconds(o.scheduled) == expected.due(o.number);
}

// Whole microseconds can tell both times: each is no earlier than the one before it.
bool in_order(std::int64_t scheduled, std::int64_t sent, std::int64_t done) {
  const std::int64_t begun = sent == kNever ? scheduled : sent;
  return scheduled >= 0 && begun >= scheduled && (done == kNever || done >= begun) && std::max(sent, done) <= kLatest;
}

Pace pace_of(double rate) {
  if (!(rate > 0 && rate <= 1e9)) return {};
  const Fraction fraction = fraction_of(rate);
  return Pace::possible(fraction.over, fraction.under) ? Pace(fraction.over, fraction.under) : Pace();
}

// Microseconds since it was scheduled: until it was sent, rounded down, and until it was done, rounded up.
struct Micros {
  std::uint64_t sent = 0, done = 0;
};
Micros micros_of(const Operation& o) {
  Micros micros;
  if (o.sent.count() != kNever) micros.sent = static_cast<std::uint64_t>((o.sent - o.scheduled).count()) / 1000;
  if (o.done.count() != kNever) micros.done = (static_cast<std::uint64_t>((o.done - o.scheduled).count()) + 999) / 1000;
  return micros;
}

std::uint64_t after_schedule(Time time, const Operation& o) {
  return varint::zigzag(nanoseconds(time) - nanoseconds(o.scheduled));
}

char* put_exact_times(char* at, const Operation& o, unsigned flags) {
  if ((flags & kNotSent) == 0) at = varint::put(at, after_schedule(o.sent, o));
  if ((flags & kNotDone) == 0) at = varint::put(at, after_schedule(o.done, o));
  return at;
}

char* put_times(char* at, const Operation& o, unsigned flags) {
  if ((flags & kExact) != 0) return put_exact_times(at, o, flags);
  const Micros micros = micros_of(o);
  if ((flags & kNotSent) == 0) at = varint::put(at, micros.sent);
  if ((flags & kNotDone) == 0) at = varint::put(at, micros.done - micros.sent);
  return at;
}

char* put_posting(char* at, const Operation& o) {
  at = varint::put(at, o.posting);
  at = varint::put(at, o.from);
  at = varint::put(at, o.to);
  return varint::put(at, varint::zigzag(static_cast<std::uint64_t>(o.amount)));
}

}  // namespace

PageWriter::PageWriter(const std::vector<SeriesPlan>& plans) {
  series_.resize(std::max<std::size_t>(plans.size(), kSeriesBeyond));
  for (std::size_t i = 0; i < plans.size(); ++i) {
    series_[i].pace = pace_of(plans[i].rate);
    if (plans[i].accounts >= 2 && plans[i].accounts <= UINT32_MAX) series_[i].accounts = plans[i].accounts;
  }
}

void PageWriter::begin(char* at, std::size_t bytes) {
  head_ = at;
  at_ = at + kHeadBytes;
  end_ = at + bytes;
  crc_ = 0;
  ++page_;
}

void PageWriter::put(const Operation& operation) {
  if (!put_short(operation)) put_any(operation);
}

// Nearly every record is as expected and fits one word: it is written, and its checksum computed, at once.
[[gnu::always_inline]] bool PageWriter::put_short(const Operation& o) {
  if (o.series >= kSeriesBeyond) return false;
  Series& series = series_[o.series];
  const std::uint64_t step = varint::zigzag(o.number - series.expected.number);
  const std::uint64_t scheduled = nanoseconds(o.scheduled), sent = nanoseconds(o.sent) - scheduled,
                      done = nanoseconds(o.done) - scheduled;
  if (series.page != page_ || step >= kStepBeyond || !as_expected(o, series.expected)) return false;
  if (scheduled > kShortScheduled || sent > done || sent >= kShortSent || done > kShortDone) return false;
  if (!as_planned(o, series.accounts)) return false;
  const std::uint64_t lag = sent / 1000;
  const varint::Bytes first = varint::bytes_of(lag), second = varint::bytes_of((done + 999) / 1000 - lag);
  const std::uint64_t word = (std::uint64_t{o.series} << kSeriesShift) | (step << kStepShift) | (first.word << 8) |
                             (second.word << (8 + 8 * first.length));
  series.expected.number = o.number + 1;  // the rest was expected
  append(word, 1 + first.length + second.length);
  return true;
}

void PageWriter::append(std::uint64_t word, unsigned length) {
  varint::store(at_, word);
  crc_ = crc32c(word, length, crc_);
  at_ += length;
  publish();
}

void PageWriter::put_any(const Operation& operation) {
  Series& series = series_of(operation.series);
  unsigned flags = 0;
  if (series.page != page_) {
    series.page = page_;
    series.expected = {series.pace};
    flags = kOpens;
  }
  const std::uint64_t due = series.expected.due(operation.number);
  const std::uint64_t step = varint::zigzag(operation.number - series.expected.number);
  flags |= flags_of(operation, series, due);
  write(operation, series, step, due, flags);
  series.expected.learn(operation, due);
}

PageWriter::Series& PageWriter::series_of(std::uint16_t index) {
  if (index >= series_.size()) series_.resize(index + std::size_t{1});
  return series_[index];
}

unsigned PageWriter::flags_of(const Operation& o, const Series& series, std::uint64_t due) {
  unsigned flags = 0;
  if (o.outcome != series.expected.outcome || o.error != series.expected.error) flags |= kOutcome;
  if (nanoseconds(o.scheduled) != due) flags |= kScheduled;
  if (o.sent.count() == kNever) flags |= kNotSent;
  if (o.done.count() == kNever) flags |= kNotDone;
  if (!in_order(o.scheduled.count(), o.sent.count(), o.done.count())) flags |= kExact;
  if (!as_planned(o, series.accounts)) flags |= kPosting;
  return flags;
}

void PageWriter::write(const Operation& o, const Series& series, std::uint64_t step, std::uint64_t due, unsigned flags) {
  const std::uint64_t index = std::min<std::uint64_t>(o.series, kSeriesBeyond),
                      near = std::min<std::uint64_t>(step, kStepBeyond);
  char* at = at_;
  *at++ = static_cast<char>((flags != 0 ? kHasFlags : 0U) | (index << kSeriesShift) | (near << kStepShift));
  if (flags != 0) *at++ = static_cast<char>(flags);
  if (index == kSeriesBeyond) at = varint::put(at, o.series - kSeriesBeyond);
  if (near == kStepBeyond) at = varint::put(at, step - kStepBeyond);
  if ((flags & kOpens) != 0) {
    at = varint::put(at, series.pace.operations());
    at = varint::put(at, series.pace.seconds());
    at = varint::put(at, series.accounts);
  }
  if ((flags & kOutcome) != 0) at = varint::put(at, std::uint64_t{o.error} * 4 + static_cast<std::uint64_t>(o.outcome));
  if ((flags & kScheduled) != 0) at = varint::put(at, varint::zigzag(nanoseconds(o.scheduled) - due));
  at = put_times(at, o, flags);
  if ((flags & kPosting) != 0) at = put_posting(at, o);
  crc_ = crc32c({at_, static_cast<std::size_t>(at - at_)}, crc_);
  at_ = at;
  publish();
}

// Both halves of the page's head in one store, after the record: whoever finds the one finds the other.
void PageWriter::publish() {
  const auto used = static_cast<std::uint64_t>(at_ - head_) - kHeadBytes;
  std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(head_))
      .store(varint::little(used | (std::uint64_t{crc_} << 32)), std::memory_order_release);
}

}  // namespace blackstart::operation_page
