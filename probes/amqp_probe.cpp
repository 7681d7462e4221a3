#include "probes/amqp_probe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <random>

#include "base/error.h"
#include "base/yaml.h"
#include "probes/amqp_consumer.h"
#include "probes/amqp_workload.h"
#include "probes/ledger_settings.h"
#include "probes/open_loop.h"

namespace blackstart {
namespace {

constexpr const char* kConsumer = "consumer";  // what the audit calls the other end of the queue
constexpr Duration kCall = 5s;                 // to connect and log in, outside of what is measured
constexpr Duration kAgainAfter = 200ms;
// Until a message that was confirmed and did not come is taken for lost: longer than a broker takes to notice that the consumer
// it gave it to is gone, by net_ticktime (60 s, and a quarter more).
constexpr Duration kQuiet = 90s;
constexpr double kMostWaiting = 20000;  // messages under way at one time, in an outage

class AmqpProbe final : public Probe {
 public:
  AmqpProbe(std::string name, const AmqpSettings& settings, AmqpCluster cluster)
      : name_(std::move(name)), settings_(settings), cluster_(std::move(cluster)) {}

  ProbeInfo info() const override;
  void preflight(const Deadline& deadline) override;
  void prepare(const Deadline& deadline) override;
  Time start(Clock& clock, Time zero, OperationSink& sink) override;
  Stopped stop() override { return loop_ ? loop_->stop() : Stopped{}; }
  // Which nodes hold the queue is the redundancy probe's to say.
  std::vector<Redundancy> await_redundancy(Time, const Deadline&, const std::stop_token&) override { return {}; }
  std::vector<ReplicaSnapshot> snapshots(const Deadline& deadline) override;
  void clean_up(const Deadline& deadline) override;

 private:
  using Work = std::function<void(AmqpConnection&)>;
  // With the first broker that does it; each is asked again until the deadline.
  void with_any_broker(const std::string& doing, const Deadline& deadline, const Work& work);
  bool drained();

  std::string name_;
  AmqpSettings settings_;
  AmqpCluster cluster_;
  AmqpBooks books_;
  std::optional<AmqpConsumer> consumer_;
  std::unique_ptr<OpenLoop> loop_;
};

ProbeInfo AmqpProbe::info() const {
  ProbeInfo info;
  info.name = name_;
  info.kind = "amqp";
  const Limits& limits = settings_.limits;
  info.series = {{"publish", settings_.publish, limits.deadline, limits.good_within, true},
                 {"deliver", settings_.deliver, limits.deadline, limits.good_within, false}};
  settings_.promise.fill(info);
  info.audited = true;
  info.at_least_once = true;
  info.accounts = static_cast<std::uint64_t>(LedgerSettings{}.accounts);  // of the bank that the workload plans with
  info.replicas = {kConsumer};
  std::vector<std::string> nodes;
  for (const AmqpBroker& broker : cluster_.brokers) nodes.push_back(broker.node);
  info.description = fmt::format("payments through the {} queue {} of the brokers on {}, audited at its consumer",
                                 settings_.queue_type, cluster_.queue, fmt::join(nodes, ", "));
  return info;
}

// Reads only: every broker lets us in, and nobody else uses the queue.
void AmqpProbe::preflight(const Deadline& deadline) {
  for (const AmqpBroker& broker : cluster_.brokers) {
    AmqpConnection connection(broker, std::min(kCall, deadline.left()), cluster_.heartbeat);
    const auto queue = connection.queue(cluster_.queue);
    if (queue && queue->consumers > 0)
      throw Error(ErrorKind::unmet, fmt::format("looking at queue {} on {}", cluster_.queue, broker.node),
                  "somebody consumes from it", "does another rehearsal run? Otherwise give the probe another 'prefix'");
  }
}

void AmqpProbe::with_any_broker(const std::string& doing, const Deadline& deadline, const Work& work) {
  std::size_t next = 0;
  std::string last;
  auto done = [&] {
    try {
      AmqpConnection connection(cluster_.brokers[next++ % cluster_.brokers.size()], std::min(kCall, deadline.left()),
                                cluster_.heartbeat);
      work(connection);
      return true;
    } catch (const Error& error) {
      if (last != error.what()) say(fmt::format("trying again: {}", error.what()));
      last = error.what();
      return false;
    }
  };
  if (!wait_until(done, deadline, kAgainAfter)) throw Error(ErrorKind::unreachable, doing, last, "look at the brokers");
}

void AmqpProbe::prepare(const Deadline& deadline) {
  with_any_broker("making the queue of probe " + name_, deadline, [&](AmqpConnection& connection) {
    if (connection.queue(cluster_.queue)) connection.remove(cluster_.queue);
    connection.declare(cluster_.queue, settings_.queue_type);
  });
}

Time AmqpProbe::start(Clock& clock, Time zero, OperationSink& sink) {
  const std::string run = fmt::format("{:08x}{:08x}", std::random_device{}(), std::random_device{}());
  consumer_.emplace(cluster_, run, books_);
  loop_ = std::make_unique<OpenLoop>(clock, zero, sink, info().series);
  return loop_->start(make_amqp_workload(loop_->io(), cluster_, run, *consumer_, books_));
}

// Nothing waits in the queue, and what was confirmed has come or will not come any more.
bool AmqpProbe::drained() {
  bool empty = false;
  for (const AmqpBroker& broker : cluster_.brokers) {
    try {
      AmqpConnection connection(broker, cluster_.connect_timeout, cluster_.heartbeat);
      const auto queue = connection.queue(cluster_.queue);
      empty = !queue || queue->ready == 0;
      break;
    } catch (const Error&) {  // the next one may know
    }
  }
  return empty && (books_.missing() == 0 || real_clock().now() - books_.last_delivery() > kQuiet);
}

std::vector<ReplicaSnapshot> AmqpProbe::snapshots(const Deadline& deadline) {
  const bool whole = wait_until([&] { return drained(); }, deadline, kAgainAfter);
  ReplicaSnapshot snapshot = books_.snapshot(kConsumer);
  if (!whole) {
    snapshot.complete = false;
    snapshot.problem =
        fmt::format("the queue was not seen to be empty, and {} confirmed messages were still to come", books_.missing());
  }
  return {snapshot};
}

void AmqpProbe::clean_up(const Deadline& deadline) {
  loop_.reset();  // its workload listens to the consumer
  consumer_.reset();
  with_any_broker("removing the queue of probe " + name_, deadline, [&](AmqpConnection& connection) {
    if (connection.queue(cluster_.queue)) connection.remove(cluster_.queue);
  });
}

[[noreturn]] void refuse(const std::string& name, const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::unmet, fmt::format("making probe '{}' (amqp)", name), why, hint);
}

AmqpCluster cluster_of(const std::string& name, const AmqpSettings& settings, const Cloud& cloud) {
  const Messaging& messaging = cloud.messaging;
  if (!messaging.present())
    refuse(name, fmt::format("cloud '{}' has no message broker", cloud.name), "add 'messaging' to cloud.yaml");
  AmqpCluster cluster;
  cluster.queue = settings.queue();
  cluster.connect_timeout = settings.connect_timeout;
  cluster.heartbeat = settings.heartbeat;
  std::string password = yaml::slurp(messaging.password_file);
  password.erase(std::min(password.find_first_of("\r\n"), password.size()));
  std::vector<std::string> names = messaging.nodes;
  for (const Node& node : cloud.nodes)
    if (messaging.nodes.empty() && node.has_role("messaging")) names.push_back(node.name);
  for (const std::string& node : names)
    cluster.brokers.push_back(
        {node, cloud.find(node)->data_address(), messaging.port, messaging.user, password, messaging.vhost});
  if (cluster.brokers.empty())
    refuse(name, fmt::format("no node of cloud '{}' has the role 'messaging'", cloud.name), "name 'nodes' under 'messaging'");
  return cluster;
}

}  // namespace

void AmqpSettings::describe(Fields& f) {
  f.rate({"publish", "payments: a message each, good when the broker has confirmed it"}, publish, {0.01, 1000});
  f.rate({"deliver", "samples: a message each, good when it has reached the consumer"}, deliver, {0.01, 1000});
  f.choice({"queue-type", "quorum: replicated on a majority of brokers; classic: on one"}, queue_type, {"quorum", "classic"});
  f.name({"prefix", "in the queue's name; two such probes in one rehearsal need different ones"}, prefix);
  limits.describe(f);
  f.duration({"connect-timeout", "opening a connection, login included; then the next broker is tried"}, connect_timeout,
             {50ms, 60s});
  f.duration({"heartbeat", "a broker that is silent for two of these is gone; whole seconds"}, heartbeat, {1s, 10min});
  promise.describe(f);
  const double waiting = (publish + deliver) * std::chrono::duration<double>(limits.deadline).count();
  if (f.reading() && waiting > kMostWaiting)
    f.problem("deadline", fmt::format("up to {:.0f} messages would wait at one time in an outage, more than {:.0f}", waiting,
                                      kMostWaiting));
}

std::string AmqpSettings::queue() const { return fmt::format("blackstart-{}payments", prefix); }

std::string AmqpSettings::stands_on() const { return "queue " + queue(); }

std::unique_ptr<Probe> AmqpSettings::make(const std::string& name, const Cloud& cloud) const {
  return std::make_unique<AmqpProbe>(name, *this, cluster_of(name, *this, cloud));
}

}  // namespace blackstart
