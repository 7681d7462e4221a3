#include <algorithm>
#include <atomic>

#include "base/fraction.h"
#include "reports/files.h"
#include "reports/operation_page.h"
#include "reports/varint.h"

namespace blackstart::operation_page {
namespace {

constexpr std::int64_t kNever = -1;

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
  return varint::zigzag(static_cast<std::uint64_t>(time.count()) - static_cast<std::uint64_t>(o.scheduled.count()));
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
  for (const SeriesPlan& plan : plans) {
    Series& series = series_.emplace_back();
    series.pace = pace_of(plan.rate);
    if (plan.accounts >= 2 && plan.accounts <= UINT32_MAX) series.accounts = plan.accounts;
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
  if (flags != 0 || !put_short(operation, step)) put_long(operation, series, step, due, flags);
  series.expected.learn(operation, due);
  publish();
}

PageWriter::Series& PageWriter::series_of(std::uint16_t index) {
  if (index >= series_.size()) series_.resize(index + std::size_t{1});
  return series_[index];
}

unsigned PageWriter::flags_of(const Operation& o, const Series& series, std::uint64_t due) {
  unsigned flags = 0;
  if (o.outcome != series.expected.outcome || o.error != series.expected.error) flags |= kOutcome;
  if (static_cast<std::uint64_t>(o.scheduled.count()) != due) flags |= kScheduled;
  if (o.sent.count() == kNever) flags |= kNotSent;
  if (o.done.count() == kNever) flags |= kNotDone;
  if (!in_order(o.scheduled.count(), o.sent.count(), o.done.count())) flags |= kExact;
  const Transfer planned = series.accounts != 0 ? planned_transfer(o.number, series.accounts) : Transfer{};
  if (planned != Transfer{o.posting, o.from, o.to, o.amount}) flags |= kPosting;
  return flags;
}

// What has no flags is nearly every record, and mostly fits one word: it is written, and its checksum computed, at once.
bool PageWriter::put_short(const Operation& o, std::uint64_t step) {
  const Micros micros = micros_of(o);
  const std::uint64_t wait = micros.done - micros.sent;
  if (o.series >= kSeriesBeyond || step >= kStepBeyond || micros.sent >> 21 != 0 || wait >> 28 != 0) return false;
  const varint::Bytes lag = varint::bytes_of(micros.sent), answer = varint::bytes_of(wait);
  const std::uint64_t word = (std::uint64_t{o.series} << kSeriesShift) | (step << kStepShift) | (lag.word << 8) |
                             (answer.word << (8 + 8 * lag.length));
  const unsigned length = 1 + lag.length + answer.length;
  varint::store(at_, word);
  crc_ = crc32c(word, length, crc_);
  at_ += length;
  return true;
}

void PageWriter::put_long(const Operation& o, const Series& series, std::uint64_t step, std::uint64_t due, unsigned flags) {
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
  if ((flags & kScheduled) != 0) at = varint::put(at, varint::zigzag(static_cast<std::uint64_t>(o.scheduled.count()) - due));
  at = put_times(at, o, flags);
  if ((flags & kPosting) != 0) at = put_posting(at, o);
  crc_ = crc32c({at_, static_cast<std::size_t>(at - at_)}, crc_);
  at_ = at;
}

// Both halves of the page's head in one store, after the record: whoever finds the one finds the other.
void PageWriter::publish() {
  const auto used = static_cast<std::uint64_t>(at_ - head_) - kHeadBytes;
  std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(head_))
      .store(varint::little(used | (std::uint64_t{crc_} << 32)), std::memory_order_release);
}

}  // namespace blackstart::operation_page
