#include "probes/ledger_operation.h"

#include "base/units.h"
#include "probes/ledger_read_back.h"
#include "probes/sql_errors.h"
#include "probes/sql_pool.h"

namespace blackstart {
namespace {

constexpr std::uint16_t kTransfers = 0, kReadBacks = 2;

// Of the operations that share connections.
double pooled_rate(const LedgerSettings& settings) {
  return settings.transfers + (settings.fresh_inquiries() ? 0 : settings.inquiries);
}

class LedgerWorkload final : public Workload {
 public:
  LedgerWorkload(boost::asio::io_context& io, const SqlTarget& endpoint, const Bank& bank, const LedgerSettings& settings)
      : io_(io),
        endpoint_(endpoint),
        bank_(bank),
        connect_timeout_(settings.connect_timeout),
        fresh_inquiries_(settings.fresh_inquiries()),
        pool_(io, endpoint, static_cast<std::size_t>(settings.connections), pooled_rate(settings)),
        read_backs_(io, endpoint, bank, settings.connect_timeout) {}

  Operation plan(std::uint16_t series, std::uint64_t number) override;
  void send(const Operation& operation, const Deadline& deadline, Done done) override;

 private:
  class Run;
  boost::asio::io_context& io_;
  SqlTarget endpoint_;
  Bank bank_;
  Duration connect_timeout_;
  bool fresh_inquiries_;
  SqlPool pool_;
  ReadBacks read_backs_;
};

// One operation under way; the callback that waits for its next answer holds it alive.
class LedgerWorkload::Run : public std::enable_shared_from_this<Run> {
 public:
  Run(LedgerWorkload& workload, const Operation& operation, const Deadline& deadline, Done done)
      : workload_(workload), operation_(operation), deadline_(deadline), done_(std::move(done)) {}

  void begin() {
    const Duration limit = std::min(workload_.connect_timeout_, deadline_.left());
    if (fresh()) {
      connection_ = make_sql_connection(workload_.io_, workload_.endpoint_);
      return connection_->connect(limit, then(&Run::connected));
    }
    connection_ = workload_.pool_.take();
    if (connection_) return work();
    workload_.pool_.want(limit,
                         [self = shared_from_this()](std::unique_ptr<SqlConnection> connection, const SqlAnswer& answer) {
                           self->connection_ = std::move(connection);
                           self->connected(answer);
                         });
  }

 private:
  bool transfer() const { return operation_.series == kTransfers; }
  bool fresh() const { return !transfer() && workload_.fresh_inquiries_; }

  SqlConnection::Done then(void (Run::*next)(const SqlAnswer&)) {
    return [self = shared_from_this(), next](const SqlAnswer& answer) { ((*self).*next)(answer); };
  }

  void connected(const SqlAnswer& answer) {
    if (answer.ok()) return work();
    finish(Stage::connecting, connect_error(answer, deadline_));
  }

  void work() {
    if (!transfer()) return ask(workload_.bank_.inquiry(workload_.bank_.account(operation_.number)), &Run::inquired);
    ask(workload_.bank_.work({operation_.posting, operation_.from, operation_.to, operation_.amount}), &Run::worked);
  }

  void ask(const std::string& sql, void (Run::*next)(const SqlAnswer&)) {
    connection_->query(sql, deadline_.left(), then(next));
  }

  void inquired(const SqlAnswer& answer) {
    bool right =
        answer.rows.size() == 1 && answer.rows[0].size() == 1 && answer.rows[0][0] && parse_integer(*answer.rows[0][0]);
    finish(Stage::working, answer.ok() && !right ? std::uint16_t{kWrongAnswer} : answer.error);
  }

  void worked(const SqlAnswer& answer) {
    if (!answer.ok()) return finish(Stage::working, answer.error);
    // Without an open transaction each statement may have been committed by itself: then its effect can't be ruled out.
    if (!answer.in_transaction) return finish(Stage::committing, kWrongAnswer);
    if (answer.changed != Bank::work_changes()) return finish(Stage::working, kWrongAnswer);
    if (deadline_.passed()) return finish(Stage::working, kTimedOut);
    ask("COMMIT", &Run::committed);
  }

  void committed(const SqlAnswer& answer) { finish(Stage::committing, answer.error); }

  // First of all it is told, and stamped: what follows is work for others.
  void finish(Stage stage, std::uint16_t error) {
    const bool kept = error == 0 && !fresh();
    if (error != 0) {
      connection_.reset();  // closed, so an open transaction is rolled back
      if (stage != Stage::connecting && !fresh()) workload_.pool_.forget_all();
    }
    // What others who want it then do must not delay the moment that is recorded here.
    const bool wanted = kept && workload_.pool_.wanted();
    if (kept && !wanted) workload_.pool_.give_back(std::move(connection_));
    done_(outcome_of(workload_.endpoint_.kind, stage, error));
    if (wanted) workload_.pool_.give_back(std::move(connection_));
  }

  LedgerWorkload& workload_;
  Operation operation_;
  Deadline deadline_;
  Done done_;
  std::unique_ptr<SqlConnection> connection_;
};

Operation LedgerWorkload::plan(std::uint16_t series, std::uint64_t number) {
  Operation operation = Workload::plan(series, number);
  if (series != kTransfers) return operation;
  auto transfer = bank_.transfer(number);
  operation.posting = transfer.posting;
  operation.from = transfer.from;
  operation.to = transfer.to;
  operation.amount = transfer.amount;
  return operation;
}

void LedgerWorkload::send(const Operation& operation, const Deadline& deadline, Done done) {
  if (operation.series == kReadBacks) return read_backs_.send(operation, deadline, std::move(done));
  std::make_shared<Run>(*this, operation, deadline, std::move(done))->begin();
}

}  // namespace

Workload::Result outcome_of(SqlKind kind, Stage stage, std::uint16_t error) {
  if (error == 0) return {Outcome::ok, 0};
  const SqlSense sense = sense_of(kind, error);
  if (stage == Stage::connecting && sense.ours) return {Outcome::unsent, error};
  if (stage == Stage::committing && !sense.undone) return {Outcome::indeterminate, error};
  return {Outcome::failed, error};
}

std::uint16_t connect_error(const SqlAnswer& answer, const Deadline& deadline) {
  const bool early = answer.error == kTimedOut && !deadline.passed();
  return early ? std::uint16_t{kNoConnection} : answer.error;
}

std::unique_ptr<Workload> make_ledger_workload(boost::asio::io_context& io, const SqlTarget& endpoint, const Bank& bank,
                                               const LedgerSettings& settings) {
  return std::make_unique<LedgerWorkload>(io, endpoint, bank, settings);
}

}  // namespace blackstart
