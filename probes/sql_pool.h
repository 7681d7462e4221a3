// The connections that the operations of a ledger share: kept open between operations, and opened where none is idle.
//
// Purpose: who finds none idle has one opened at once, as no operation is to wait for earlier ones, and takes what comes first:
// that one, or one that was given back. But to open one costs a server far more than a transfer does (PostgreSQL forks a
// process and checks a password), and at thousands a second one that stood still for a moment would be kept down by all who
// then come at once. So at rates over kMostStrict, and while the server answers, only a few are opened at one time, and who
// finds none idle waits for one of these or one that is given back; not for long, whatever others do, and first come is first
// served.
// Ownership: owns what is idle or being opened; the event loop outlives it. It outlives who waits for it, or goes without
// another word to them. Thread rule: the loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "probes/sql_connection.h"

namespace blackstart {

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

class SqlPool {
 public:
  static constexpr double kMostStrict = 1000;  // operations a second
  // Over that, while the server answers, so many are opened at one time. One that takes longer than kSlow doesn't count any
  // more: it hangs, and must not be in the way of others.
  static constexpr std::size_t kAtOnce = 2;
  static constexpr Duration kSlow = 40ms;
  // Who has waited for so long has one opened all the same: an operation must not fail of our own patience.
  static constexpr Duration kPatience = 80ms;
  static constexpr Duration kSilence = 250ms;  // without an answer for so long a server counts as one that does not answer

  // `most`: that are kept idle. `rate`: operations a second that use it.
  SqlPool(boost::asio::io_context& io, const SqlTarget& target, std::size_t most, double rate);
  ~SqlPool();

  // An idle one; null when there is none.
  std::unique_ptr<SqlConnection> take();
  // Called once: with a connection that is open and idle, or with null and why there is none. From the loop, never from inside
  // of want(), `limit` after it at the latest.
  using Taken = std::function<void(std::unique_ptr<SqlConnection> connection, const SqlAnswer& answer)>;
  void want(Duration limit, Taken taken);
  // One that was answered well, and is idle.
  void give_back(std::unique_ptr<SqlConnection> connection);
  // Whether somebody takes what is given back at once.
  bool wanted() const;
  // As in KeptConnections.
  void forget_all();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace blackstart
