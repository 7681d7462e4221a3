#include "probes/amqp_workload.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <utility>

#include "probes/ledger_bank.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
using Fate = AmqpMessage::Fate;

class AmqpWorkload final : public Workload {
 public:
  AmqpWorkload(asio::io_context& io, const AmqpCluster& cluster, std::string run, AmqpConsumer& consumer, AmqpBooks& books)
      : io_(io), run_(std::move(run)), consumer_(consumer), books_(books), publisher_(cluster) {
    consumer_.on_delivery([this](const AmqpPayment& payment) {
      if (!payment.booked)
        asio::post(io_, [this, key = Key{kAmqpDeliver, payment.posting - 1}] { finish(key, {Outcome::ok, 0}); });
    });
  }
  ~AmqpWorkload() override { consumer_.on_delivery(nullptr); }

  Operation plan(std::uint16_t series, std::uint64_t number) override;
  void send(const Operation& operation, const Deadline& deadline, Done done) override;

 private:
  using Key = std::pair<std::uint16_t, std::uint64_t>;  // series and number
  struct Waiting {
    Waiting(asio::io_context& io, Done done_) : end(io), done(std::move(done_)) {}
    asio::steady_timer end;
    Done done;
    std::shared_ptr<AmqpMessage> message;
  };

  std::shared_ptr<AmqpMessage> message_of(const Operation& operation);
  void told(const Key& key, Fate fate);
  void too_late(const Key& key);
  void finish(const Key& key, Result result);

  asio::io_context& io_;
  std::string run_;
  AmqpConsumer& consumer_;
  AmqpBooks& books_;
  Bank bank_{Database{}, LedgerSettings{}};  // who pays whom: as in the ledger
  std::map<Key, Waiting> waiting_;
  AmqpPublisher publisher_;  // its thread tells us: it goes first
};

Operation AmqpWorkload::plan(std::uint16_t series, std::uint64_t number) {
  Operation operation = Workload::plan(series, number);
  if (series != kAmqpPublish) return operation;
  const Transfer transfer = bank_.transfer(number);
  operation.posting = transfer.posting;
  operation.from = transfer.from;
  operation.to = transfer.to;
  operation.amount = transfer.amount;
  return operation;
}

std::shared_ptr<AmqpMessage> AmqpWorkload::message_of(const Operation& o) {
  const Key key{o.series, o.number};
  const AmqpPayment payment{run_, o.series == kAmqpPublish, o.number + 1, o.from, o.to, o.amount};
  return std::make_shared<AmqpMessage>(body_of(payment),
                                       [this, key](Fate fate) { asio::post(io_, [this, key, fate] { told(key, fate); }); });
}

void AmqpWorkload::send(const Operation& operation, const Deadline& deadline, Done done) {
  const Key key{operation.series, operation.number};
  Waiting& waiting = waiting_.try_emplace(key, io_, std::move(done)).first->second;
  waiting.message = message_of(operation);
  waiting.end.expires_after(deadline.left());
  waiting.end.async_wait([this, key](boost::system::error_code cancelled) {
    if (!cancelled) too_late(key);
  });
  publisher_.publish(waiting.message);
}

void AmqpWorkload::told(const Key& key, Fate fate) {
  if (key.first == kAmqpPublish) return finish(key, outcome_of(fate));
  // Confirmed or not, a sample counts when it is delivered; one that was returned never will be.
  if (fate == Fate::returned) finish(key, {Outcome::failed, kAmqpNoRoute});
}

void AmqpWorkload::too_late(const Key& key) {
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) return;
  if (found->second.message->take_back()) return finish(key, {Outcome::failed, kNoConnection});
  finish(key, {key.first == kAmqpPublish ? Outcome::indeterminate : Outcome::failed, kTimedOut});
}

void AmqpWorkload::finish(const Key& key, Result result) {
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) return;
  if (key.first == kAmqpPublish && result.outcome == Outcome::ok) books_.confirmed(key.second + 1);
  const Done done = std::move(found->second.done);
  waiting_.erase(found);
  done(result);
}

}  // namespace

Workload::Result outcome_of(AmqpMessage::Fate fate) {
  switch (fate) {
    case Fate::confirmed: return {Outcome::ok, 0};
    case Fate::returned: return {Outcome::failed, kAmqpNoRoute};
    // Why it could not take it is not said; some of its replicas may have it.
    case Fate::refused: return {Outcome::indeterminate, kAmqpRefused};
    case Fate::broken: break;
  }
  return {Outcome::indeterminate, kBroken};
}

std::unique_ptr<Workload> make_amqp_workload(asio::io_context& io, const AmqpCluster& cluster, const std::string& run,
                                             AmqpConsumer& consumer, AmqpBooks& books) {
  return std::make_unique<AmqpWorkload>(io, cluster, run, consumer, books);
}

}  // namespace blackstart
