// The ledger's read-backs: a mark is written over one connection and, as soon as that is acknowledged, read over another.
//
// Purpose: behind a proxy that gives the two to different servers the read may come before the write has arrived there. Both
// are open before the write, as they are in applications: to connect takes so long that nobody would be behind any more.
// Ownership: owns its connections; the event loop outlives it, and it outlives its operations. Thread rule: the loop's thread.
#pragma once

#include "probes/ledger_bank.h"
#include "probes/ledger_operation.h"
#include "probes/open_loop.h"
#include "probes/sql_pool.h"

namespace blackstart {

class ReadBacks {
 public:
  ReadBacks(boost::asio::io_context& io, const SqlTarget& endpoint, const Bank& bank, Duration connect_timeout);
  // As Workload::send(). Outcome ok when both were answered, with kStale when the read did not show the mark. Everything else
  // has failed, also a write of which nobody knows whether it came about: nothing but later marks stands on it.
  void send(const Operation& operation, const Deadline& deadline, Workload::Done done);

 private:
  class Run;
  // True when there are as many connections as shall be kept: before that each operation opens its own.
  bool spread() const;

  boost::asio::io_context& io_;
  SqlTarget endpoint_;
  Bank bank_;
  Duration connect_timeout_;
  KeptConnections kept_;
  std::size_t under_way_ = 0;  // operations
  std::uint64_t newest_ = 0;   // the highest mark that was given out
};

}  // namespace blackstart
