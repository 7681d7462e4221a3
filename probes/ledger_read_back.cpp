#include "probes/ledger_read_back.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/units.h"

namespace blackstart {
namespace {

// Used by turns, two at a time: with an odd number each is paired with two others, so that one pair at least leads to two
// servers if the five do.
constexpr std::size_t kKept = 5;
// After so many operations new ones are opened: after a fault all may lead to the one server that was left, and a proxy gives
// only new connections to those that are back.
constexpr std::uint64_t kLife = 64;

}  // namespace

// One operation under way; the callback that waits for its next answer holds it alive.
class ReadBacks::Run : public std::enable_shared_from_this<Run> {
 public:
  Run(ReadBacks& all, const Operation& operation, const Deadline& deadline, Workload::Done done)
      : all_(all), number_(operation.number), deadline_(deadline), done_(std::move(done)), keeps_(all.spread()) {}

  void gather() {
    if (reader_) return write();
    auto& next = writer_ ? reader_ : writer_;
    if (keeps_) next = all_.kept_.take();
    if (next) return gather();
    next = make_sql_connection(all_.io_, all_.endpoint_);
    next->connect(std::min(all_.connect_timeout_, deadline_.left()), then(&Run::connected));
  }

 private:
  SqlConnection::Done then(void (Run::*next)(const SqlAnswer&)) {
    return [self = shared_from_this(), next](const SqlAnswer& answer) { ((*self).*next)(answer); };
  }

  void connected(const SqlAnswer& answer) {
    if (!answer.ok()) return fail(Stage::connecting, connect_error(answer, deadline_));
    gather();
  }

  void write() { writer_->query(all_.bank_.write_mark(number_), deadline_.left(), then(&Run::written)); }

  void written(const SqlAnswer& answer) {
    if (!answer.ok()) return fail(Stage::working, answer.error);
    // In a transaction it is not acknowledged yet.
    if (answer.in_transaction || answer.changed != std::vector<std::uint64_t>{1}) return fail(Stage::working, kWrongAnswer);
    reader_->query(all_.bank_.read_mark(number_), deadline_.left(), then(&Run::read));
  }

  void read(const SqlAnswer& answer) {
    if (!answer.ok()) return fail(Stage::working, answer.error);
    const auto found = mark_in(answer);
    if (!found) return fail(Stage::working, kWrongAnswer);
    all_.kept_.give_back(std::move(writer_));
    all_.kept_.give_back(std::move(reader_));
    end({Outcome::ok, *found < Bank::mark(number_) ? std::uint16_t{kStale} : std::uint16_t{0}});
  }

  // Nothing when it is none that this row can hold.
  std::optional<std::uint64_t> mark_in(const SqlAnswer& answer) const {
    if (answer.rows.size() != 1 || answer.rows[0].size() != 1 || !answer.rows[0][0]) return std::nullopt;
    const auto read = parse_integer(*answer.rows[0][0]);
    if (!read || *read < 0) return std::nullopt;
    const auto mark = static_cast<std::uint64_t>(*read);
    const bool ours = mark == 0 || (mark <= all_.newest_ && mark % Bank::kMarks == Bank::mark(number_) % Bank::kMarks);
    return ours ? std::optional(mark) : std::nullopt;
  }

  void fail(Stage stage, std::uint16_t error) {
    writer_.reset();
    reader_.reset();
    if (stage != Stage::connecting) all_.kept_.forget_all();
    end(outcome_of(all_.endpoint_.kind, stage, error));
  }

  void end(const Workload::Result& result) {
    --all_.under_way_;
    done_(result);
  }

  ReadBacks& all_;
  std::uint64_t number_;
  Deadline deadline_;
  Workload::Done done_;
  bool keeps_;
  std::unique_ptr<SqlConnection> writer_, reader_;
};

ReadBacks::ReadBacks(boost::asio::io_context& io, const SqlTarget& endpoint, const Bank& bank, Duration connect_timeout)
    : io_(io), endpoint_(endpoint), bank_(bank), connect_timeout_(connect_timeout), kept_(kKept) {}

bool ReadBacks::spread() const { return kept_.idle() + 2 * under_way_ >= kKept; }

void ReadBacks::send(const Operation& operation, const Deadline& deadline, Workload::Done done) {
  newest_ = std::max(newest_, Bank::mark(operation.number));
  auto run = std::make_shared<Run>(*this, operation, deadline, std::move(done));
  ++under_way_;
  if (operation.number % kLife == kLife - 1) kept_.forget_all();
  run->gather();
}

}  // namespace blackstart
