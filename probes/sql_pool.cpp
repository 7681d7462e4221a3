#include "probes/sql_pool.h"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <list>
#include <utility>

#include "probes/deadlines.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

using Steady = Deadlines::Clock;

}  // namespace

std::unique_ptr<SqlConnection> KeptConnections::take() {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.front());
    idle_.pop_front();
    if (connection->usable()) return connection;
  }
  return nullptr;
}

void KeptConnections::give_back(std::unique_ptr<SqlConnection> connection) {
  if (idle_.size() < most_) idle_.push_back(std::move(connection));
}

struct SqlPool::Impl {
  // Somebody for whom none is being opened yet.
  struct Waiter final : Deadlines::Waiting {
    Waiter(Impl& pool_, Steady::time_point since_, Duration limit, Taken taken_)
        : pool(pool_), since(since_), until(since_ + limit), taken(std::move(taken_)) {}
    void too_late() override { pool.waited_long(self); }
    Impl& pool;
    Steady::time_point since, until;
    Taken taken;
    Deadlines::Place place;
    std::list<Waiter>::iterator self;
  };
  struct Opening {
    std::unique_ptr<SqlConnection> connection;
    Taken taken;  // empty: who it was begun for has got another one
  };
  using Openings = std::list<Opening>;

  Impl(boost::asio::io_context& io_, const SqlTarget& target_, std::size_t most_, double rate)
      : io(io_),
        target(target_),
        most(most_),
        strict(rate <= kMostStrict),
        kept(most_),
        deadlines(std::make_shared<Deadlines>(io_)) {}

  bool few_opening(Steady::time_point now) const {
    return opening.size() + spare.size() < kAtOnce || now - begun[next_begun] >= kSlow;
  }
  bool may_open(Steady::time_point now) const { return strict || few_opening(now) || now - heard >= kSilence; }

  void want(Duration limit, Taken taken) {
    const auto now = Steady::now();
    if (waiting.empty() && may_open(now)) return open(now + limit, std::move(taken));
    Waiter& waiter = waiting.emplace_back(*this, now, limit, std::move(taken));
    waiter.self = std::prev(waiting.end());
    let_wait(waiter, now);
    open_next();
  }

  // Until its time is up, with a look now and then whether one may be opened for it.
  void let_wait(Waiter& waiter, Steady::time_point now) {
    waiter.place = deadlines->add(std::min(waiter.until, now + kSlow), waiter);
  }

  void waited_long(std::list<Waiter>::iterator waiter) {
    const auto now = Steady::now();
    if (now < waiter->until) {
      let_wait(*waiter, now);
      return open_next();
    }
    Taken taken = std::move(waiter->taken);
    waiting.erase(waiter);
    SqlAnswer answer;
    answer.error = kTimedOut;
    answer.message = "no connection in time";
    taken(nullptr, answer);
  }

  void open(Steady::time_point until, Taken taken) {
    const auto now = Steady::now();
    begun[std::exchange(next_begun, (next_begun + 1) % kAtOnce)] = now;
    opening.push_back({make_sql_connection(io, target), std::move(taken)});
    opening.back().connection->connect(
        std::max<Duration>(until - now, Duration::zero()),
        [this, self = std::prev(opening.end())](const SqlAnswer& answer) { opened(self, answer); });
  }

  void opened(Openings::iterator self, const SqlAnswer& answer) {
    Opening done = std::move(*self);
    (done.taken ? opening : spare).erase(self);
    if (answer.ok()) heard = Steady::now();
    if (done.taken)
      done.taken(answer.ok() ? std::move(done.connection) : nullptr, answer);
    else if (answer.ok())
      offer(std::move(done.connection));
    open_next();
  }

  // Whoever has waited longest comes first, also when somebody else looked whether one may be opened.
  void open_next() {
    for (auto now = Steady::now(); !waiting.empty() && (may_open(now) || now - waiting.front().since >= kPatience);) {
      const auto until = waiting.front().until;
      open(until, leave_queue());
    }
  }

  Taken leave_queue() {
    deadlines->remove(waiting.front().place);
    Taken taken = std::move(waiting.front().taken);
    waiting.pop_front();
    return taken;
  }

  // To whoever has waited longest: those for whom one is being opened came before the others.
  void offer(std::unique_ptr<SqlConnection> connection) {
    Taken taken;
    if (!opening.empty()) {
      taken = std::exchange(opening.front().taken, nullptr);
      spare.splice(spare.end(), opening, opening.begin());
    } else if (!waiting.empty()) {
      taken = leave_queue();
    } else {
      kept.give_back(std::move(connection));
    }
    // What is being opened for nobody is welcome as long as it will be kept.
    while (!spare.empty() && kept.idle() + spare.size() > most) spare.pop_back();
    open_next();
    if (taken) taken(std::move(connection), {});
  }

  boost::asio::io_context& io;
  SqlTarget target;
  std::size_t most;
  bool strict;  // nobody ever waits
  KeptConnections kept;
  std::shared_ptr<Deadlines> deadlines;
  std::list<Waiter> waiting;
  Openings opening, spare;
  std::array<Steady::time_point, kAtOnce> begun{};  // when the last so many were, by turns
  std::size_t next_begun = 0;                       // the first of them
  Steady::time_point heard = Steady::now();         // of the server; before its first answer it has as long as after one
};

SqlPool::SqlPool(boost::asio::io_context& io, const SqlTarget& target, std::size_t most, double rate)
    : impl_(std::make_unique<Impl>(io, target, most, rate)) {}

SqlPool::~SqlPool() = default;

std::unique_ptr<SqlConnection> SqlPool::take() { return impl_->kept.take(); }

void SqlPool::want(Duration limit, Taken taken) { impl_->want(limit, std::move(taken)); }

void SqlPool::give_back(std::unique_ptr<SqlConnection> connection) {
  impl_->heard = Steady::now();
  impl_->offer(std::move(connection));
}

bool SqlPool::wanted() const { return !impl_->opening.empty() || !impl_->waiting.empty(); }

void SqlPool::forget_all() { impl_->kept.forget_all(); }

}  // namespace blackstart
