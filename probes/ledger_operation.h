// The ledger's operations on the event loop, and the rule that makes outcomes of answers.
//
// Ownership: the workload owns its kept connections and outlives its operations. Thread rule: the loop's thread.
#pragma once

#include <deque>
#include <memory>

#include "probes/ledger_bank.h"
#include "probes/open_loop.h"

namespace blackstart {

// How far an operation had come when it got its last answer, or none.
enum class Stage {
  connecting,  // no connection yet
  working,     // before COMMIT was sent, or in an inquiry: nothing that happened so far can stay
  committing,  // COMMIT was given to the network
};
// `error` as in SqlAnswer.
Workload::Result outcome_of(SqlKind kind, Stage stage, std::uint16_t error);
// The error of a connection that did not come about: before the deadline it was the time for connecting that ran out.
std::uint16_t connect_error(const SqlAnswer& answer, const Deadline& deadline);

// Connections that are kept open between operations, used in turn.
class KeptConnections {
 public:
  explicit KeptConnections(std::size_t most) : most_(most) {}
  // One that is alive as far as its socket tells; null when there is none.
  std::unique_ptr<SqlConnection> take();
  void give_back(std::unique_ptr<SqlConnection> connection);
  // A connection broke: those that stood beside it lead to the same server and go as well, as in SQLAlchemy's pool.
  void forget_all() { idle_.clear(); }
  std::size_t idle() const { return idle_.size(); }

 private:
  std::size_t most_;
  std::deque<std::unique_ptr<SqlConnection>> idle_;
};

// Series 0 is transfers, series 1 inquiries, series 2 read-backs.
std::unique_ptr<Workload> make_ledger_workload(boost::asio::io_context& io, const SqlTarget& endpoint, const Bank& bank,
                                               const LedgerSettings& settings);

}  // namespace blackstart
