// The ledger's operations on the event loop, and the rule that makes outcomes of answers.
//
// Ownership: the workload owns its pool of connections and outlives its operations. Thread rule: the loop's thread.
#pragma once

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

// Series 0 is transfers, series 1 inquiries, series 2 read-backs.
std::unique_ptr<Workload> make_ledger_workload(boost::asio::io_context& io, const SqlTarget& endpoint, const Bank& bank,
                                               const LedgerSettings& settings);

}  // namespace blackstart
