#include "probes/vip_probe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/asio/io_context.hpp>
#include <cstring>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/units.h"
#include "lab/ssh.h"
#include "probes/arp_looks.h"
#include "probes/plain_probe.h"
#include "probes/vip_looks.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;

constexpr int kAttempts = 3;        // of preflight: one lost frame is no reason to refuse
constexpr Duration kLearn = 500ms;  // for the nodes to answer for their own addresses
constexpr double kNodeRate = 1;     // each look is an SSH command on every node
constexpr Duration kNodeDeadline = 1s, kFirstLogin = 10s;

class VipWorkload final : public Workload {
 public:
  using Tell = std::function<void(const Holders&)>;
  VipWorkload(std::unique_ptr<VipLooks> looks, Time zero, Tell tell)
      : looks_(std::move(looks)), zero_(zero), tell_(std::move(tell)) {}

  void send(const Operation& operation, const Deadline& deadline, Done done) override {
    looks_->look(deadline, [this, sent = operation.sent, deadline, done = std::move(done)](const VipSeen& seen) {
      if (tells(seen)) compare(seen.holders, sent, deadline.clock().now() - zero_);
      done(outcome_of(seen));
    });
  }

 private:
  static Result outcome_of(const VipSeen& seen) {
    if (seen.trouble != 0) return {Outcome::unsent, kNoSocket};
    if (!seen.silent.empty() && seen.holders.size() < 2) return {Outcome::indeterminate, kTimedOut};
    if (seen.holders.empty()) return {Outcome::failed, kTimedOut};
    return seen.holders.size() == 1 ? Result{Outcome::ok, 0} : Result{Outcome::failed, kTwoHolders};
  }

  // A look at which a node was silent shows who has the address. It does not show that nobody has, or that two have it no more.
  bool tells(const VipSeen& seen) const {
    if (seen.trouble != 0) return false;
    return seen.silent.empty() || seen.holders.size() > 1 || (seen.holders.size() == 1 && holders_.size() < 2);
  }

  void compare(const std::vector<std::string>& holders, Time sent, Time done) {
    if (last_.count() < 0 || holders != holders_) tell_({"", holders, {last_.count() < 0 ? sent : last_, done}});
    holders_ = holders;
    last_ = sent;
  }

  std::unique_ptr<VipLooks> looks_;
  Time zero_;
  Tell tell_;
  std::vector<std::string> holders_;
  Time last_{-1};  // when the latest look was sent
};

class VipProbe final : public PlainProbe {
 public:
  VipProbe(std::string name, const VipSettings& settings, const Cloud& cloud, std::vector<Node> nodes)
      : name_(std::move(name)), settings_(settings), cloud_(cloud), nodes_(std::move(nodes)) {}
  ~VipProbe() override { end_loop(); }

  ProbeInfo info() const override;
  void preflight(const Deadline& deadline) override;
  Time start(Clock& clock, Time zero, OperationSink& sink) override {
    zero_ = zero;
    return PlainProbe::start(clock, zero, sink);
  }

 protected:
  std::unique_ptr<Workload> make_workload(asio::io_context& io) override {
    return make_vip_workload(looks(io), zero_, [this](const Holders& seen) { tell_holders(seen); });
  }

 private:
  bool by_arp() const { return settings_.way == "arp"; }
  std::unique_ptr<VipLooks> looks(asio::io_context& io);
  std::vector<std::string> names() const;
  VipSeen look_once(const Deadline& deadline);

  std::string name_;
  VipSettings settings_;
  Cloud cloud_;
  std::vector<Node> nodes_;
  MacNames known_;
  std::unique_ptr<Remote> ssh_;
  Time zero_{0};
};

std::vector<std::string> VipProbe::names() const {
  std::vector<std::string> names;
  for (const Node& node : nodes_) names.push_back(node.name);
  return names;
}

ProbeInfo VipProbe::info() const {
  ProbeInfo info;
  info.name = name_;
  info.kind = "vip";
  info.description = by_arp() ? fmt::format("who answers ARP for {}", settings_.address)
                              : fmt::format("which of {} has {}, asked over SSH", fmt::join(names(), ", "), settings_.address);
  info.series = {{"holder", settings_.rate, settings_.limits.deadline, settings_.limits.good_within, false}};
  info.two_holders = settings_.two_holders;
  settings_.promise.fill(info);
  return info;
}

std::unique_ptr<VipLooks> VipProbe::looks(asio::io_context& io) {
  if (by_arp()) return make_arp_looks(io, settings_.interface, settings_.address, known_);
  if (!ssh_) ssh_ = make_ssh(cloud_);
  return make_node_looks(io, *ssh_, settings_.address, names());
}

VipSeen VipProbe::look_once(const Deadline& deadline) {
  asio::io_context io{1};
  const std::unique_ptr<VipLooks> all = looks(io);
  std::optional<VipSeen> seen;
  all->look(deadline, [&](const VipSeen& told) { seen = told; });
  while (!seen) io.run_one();
  return *seen;
}

void VipProbe::preflight(const Deadline& deadline) {
  const std::string doing = fmt::format("looking who holds {}", settings_.address);
  if (by_arp()) {
    if (settings_.interface.empty()) settings_.interface = interface_towards(settings_.address);
    known_ = learn_names(settings_.interface, nodes_, std::min(kLearn, deadline.left()));
  }
  VipSeen seen;
  for (int attempt = 0; attempt < kAttempts && (seen.holders.empty() || !seen.silent.empty()); ++attempt)
    seen = look_once(deadline.sooner(by_arp() ? settings_.limits.deadline : kFirstLogin));
  if (seen.trouble != 0) throw Error(ErrorKind::unmet, doing, std::strerror(seen.trouble), "look at the probe's interface");
  if (!seen.silent.empty())
    throw Error(ErrorKind::unreachable, doing, fmt::format("{} did not say whether they have it", fmt::join(seen.silent, ", ")),
                "look whether SSH gets there, and in which time; 'nodes' names those that are to be asked");
  if (seen.holders.empty())
    throw Error(ErrorKind::unreachable, doing,
                by_arp() ? "nobody answers ARP for it on " + settings_.interface : "no node has it",
                by_arp() ? "look at keepalived on the nodes; where switches let no foreign MAC through, use 'way: nodes'"
                         : "look at keepalived on the nodes");
  if (seen.holders.size() > 1)
    throw Error(ErrorKind::unmet, doing, fmt::format("{} have it at once", fmt::join(seen.holders, ", ")),
                "look at keepalived on the nodes; nothing was injected");
}

[[noreturn]] void refuse(const std::string& why, const std::string& hint) {
  throw Error(ErrorKind::unmet, "preparing a vip probe", why, hint);
}

std::vector<Node> nodes_of(const VipSettings& settings, const Cloud& cloud) {
  if (settings.nodes.empty()) return cloud.nodes;
  std::vector<std::string> known;
  for (const Node& node : cloud.nodes) known.push_back(node.name);
  std::vector<Node> nodes;
  for (const std::string& name : settings.nodes) {
    const Node* node = cloud.find(name);
    if (!node) refuse(fmt::format("cloud '{}' has no node '{}'", cloud.name, name), suggestion(name, known));
    nodes.push_back(*node);
  }
  return nodes;
}

}  // namespace

std::unique_ptr<Workload> make_vip_workload(std::unique_ptr<VipLooks> looks, Time zero,
                                            std::function<void(const Holders&)> tell) {
  return std::make_unique<VipWorkload>(std::move(looks), zero, std::move(tell));
}

void VipSettings::describe(Fields& f) {
  f.text({"address", "the virtual IP, IPv4; without it, the cloud file's 'vip'"}, address);
  f.choice({"way",
            "arp: who answers for it on its network, where this machine must stand; nodes: which nodes have it, asked over SSH "
            "(then 'rate' is 1/s, and 'deadline' and 'good-within' are 1s, unless given)"},
           way, {"arp", "nodes"});
  if (f.reading() && way == "nodes") {
    rate = kNodeRate;
    limits = {kNodeDeadline, kNodeDeadline};
  }
  f.text({"interface",
          "for arp: this machine's interface in the network of the virtual IP; without it, the one that has an "
          "address there"},
         interface);
  f.texts({"nodes", "those that may hold it; without it, all nodes"}, nodes);
  f.rate({"rate", "looks"}, rate, {0.01, 50});
  limits.describe(f);
  f.duration({"two-holders", "for how long, in all, more than one may hold it; a rehearsal that saw more has failed"},
             two_holders, {0s, 1h});
  promise.describe(f);
  const double busy = rate * std::chrono::duration<double>(limits.deadline).count();
  if (f.reading() && busy > 1)
    f.problem("deadline", fmt::format("{} is longer than the time between two looks: an answer must belong to one of them",
                                      format_duration(limits.deadline)));
}

std::unique_ptr<Probe> VipSettings::make(const std::string& name, const Cloud& cloud) const {
  VipSettings settings = *this;
  if (settings.address.empty()) settings.address = cloud.vip;
  if (settings.address.empty()) refuse("the cloud file names no 'vip'", "add 'vip: ADDRESS' to it, or 'address' to the probe");
  return std::make_unique<VipProbe>(name, settings, cloud, nodes_of(settings, cloud));
}

}  // namespace blackstart
