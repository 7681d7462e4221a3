#include "probes/redundancy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <future>

#include "base/error.h"
#include "lab/ssh.h"
#include "probes/redundancy_watch.h"

namespace blackstart {
namespace {

using RedundancyWatches = std::vector<RedundancyWatch*>;

constexpr Duration kBaseline = 15s;  // what an earlier run has broken may just be coming back
constexpr Duration kAskAgainAfter = 200ms, kLookAgainAfter = 1s;

// What is not whole now, a line for each component. All are looked at at the same time.
std::vector<std::string> not_whole(const RedundancyWatches& watches, const Deadline& deadline) {
  std::vector<std::future<std::vector<std::string>>> looks;
  for (RedundancyWatch* watch : watches)
    looks.push_back(std::async(std::launch::async, [watch, deadline] { return watch->baseline(deadline); }));
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < looks.size(); ++i)
    if (const auto missing = looks[i].get(); !missing.empty())
      lines.push_back(fmt::format("{}: {}", watches[i]->kind().name, some_of(missing)));
  return lines;
}

class RedundancyProbe final : public Probe {
 public:
  RedundancyProbe(const std::string& name, const RedundancySettings& settings, const Cloud& cloud,
                  const std::function<std::unique_ptr<Remote>()>& remote, std::optional<OpenStackCredentials> credentials)
      : name_(name), settings_(settings), cloud_(cloud), api_(std::move(credentials)) {
    for (const RedundancyKind& kind : redundancy_kinds()) {
      if (!wanted(kind)) continue;
      remotes_.push_back(remote());
      const RedundancyWays ways{cloud_, *remotes_.back(), api_, settings_.haproxy_socket, settings_.spread};
      watches_.push_back(std::make_unique<RedundancyWatch>(kind, ways));
    }
  }

  ProbeInfo info() const override;
  void preflight(const Deadline& deadline) override;
  void prepare(const Deadline&) override {}
  Time start(Clock& clock, Time zero, OperationSink& sink) override;
  Stopped stop() override;
  std::vector<Redundancy> await_redundancy(Time since, const Deadline& deadline, const std::stop_token& stop) override;
  bool whole(Time since) const override;
  std::vector<ReplicaSnapshot> snapshots(const Deadline&) override { return {}; }
  void clean_up(const Deadline&) override {}

 private:
  bool named(const RedundancyKind& kind) const {
    const auto& chosen = settings_.components;
    return std::find(chosen.begin(), chosen.end(), kind.name) != chosen.end();
  }
  bool wanted(const RedundancyKind& kind) const { return settings_.components.empty() ? kind.in(cloud_) : named(kind); }
  RedundancyWatches watches(const std::function<bool(const RedundancyWatch&)>& which) const;
  // Looks at them until they are whole: what is there then must be there later. Throws Error(unmet) with what is missing.
  void require_whole(const RedundancyWatches& which, const Deadline& deadline) const;
  void require_some(const RedundancyWatches& which) const;

  std::string name_;
  RedundancySettings settings_;
  Cloud cloud_;
  std::vector<std::unique_ptr<Remote>> remotes_;  // one for each of the watches
  RedundancyApi api_;
  std::vector<std::unique_ptr<RedundancyWatch>> watches_;
  Clock* clock_ = nullptr;
  Time zero_{0};
};

ProbeInfo RedundancyProbe::info() const {
  ProbeInfo info;
  info.name = name_;
  info.kind = "redundancy";
  info.hold = settings_.hold;
  for (const auto& watch : watches_) info.components.push_back(watch->kind().name);
  info.description = fmt::format("is each of {} whole", fmt::join(info.components, ", "));
  return info;
}

RedundancyWatches RedundancyProbe::watches(const std::function<bool(const RedundancyWatch&)>& which) const {
  RedundancyWatches some;
  for (const auto& watch : watches_)
    if (which(*watch)) some.push_back(watch.get());
  return some;
}

void RedundancyProbe::require_whole(const RedundancyWatches& which, const Deadline& deadline) const {
  std::vector<std::string> broken;
  const auto whole = [&] { return (broken = not_whole(which, deadline)).empty(); };
  if (!wait_until(whole, deadline.sooner(kBaseline), kLookAgainAfter))
    throw Error(ErrorKind::unmet, fmt::format("checking for probe '{}' that the cloud is whole", name_),
                fmt::format("{}", fmt::join(broken, "; ")), "mend it first, or name 'components' without that part");
}

// Nothing is lost of nothing: to watch it would prove nothing.
void RedundancyProbe::require_some(const RedundancyWatches& which) const {
  for (const RedundancyWatch* watch : which)
    if (watch->empty() && named(watch->kind()))
      throw Error(ErrorKind::unmet, fmt::format("checking for probe '{}' what there is to watch", name_),
                  fmt::format("'{}': the cloud has no {}", watch->kind().name, watch->kind().parts),
                  fmt::format("leave '{}' out of its 'components'", watch->kind().name));
}

void RedundancyProbe::preflight(const Deadline& deadline) {
  require_whole(watches([](const RedundancyWatch&) { return true; }), deadline);
  require_some(watches([](const RedundancyWatch& watch) { return !watch.kind().made_here; }));
  std::erase_if(watches_, [&](const auto& watch) { return watch->empty() && !named(watch->kind()); });
  if (watches_.empty())
    throw Error(ErrorKind::unmet, fmt::format("checking for probe '{}' what there is to watch", name_), "there is nothing");
}

Time RedundancyProbe::start(Clock& clock, Time zero, OperationSink&) {
  clock_ = &clock;
  zero_ = zero;
  // By now all probes are prepared.
  const RedundancyWatches made = watches([](const RedundancyWatch& watch) { return watch.kind().made_here; });
  require_whole(made, Deadline(clock, kBaseline));
  require_some(made);
  for (const auto& watch : watches_) watch->start(clock, zero);
  return clock.now() - zero;
}

Probe::Stopped RedundancyProbe::stop() {
  for (const auto& watch : watches_) watch->stop();
  return {clock_ != nullptr ? clock_->now() - zero_ : Time(0), {}};
}

bool RedundancyProbe::whole(Time since) const {
  return std::all_of(watches_.begin(), watches_.end(),
                     [&](const auto& watch) { return watch->whole_for(settings_.hold, since); });
}

std::vector<Redundancy> RedundancyProbe::await_redundancy(Time since, const Deadline& deadline, const std::stop_token& stop) {
  wait_until([&] { return whole(since); }, deadline, kAskAgainAfter, stop);
  std::vector<Redundancy> all;
  for (const auto& watch : watches_) {
    all.push_back(watch->redundancy(settings_.hold, since));
    all.back().probe = name_;
    if (!settings_.second) all.back().single.clear();
  }
  return all;
}

}  // namespace

void RedundancySettings::describe(Fields& f) {
  std::vector<std::string> names;
  for (const RedundancyKind& kind : redundancy_kinds()) names.push_back(kind.name);
  f.texts(
      {"components",
       "what is looked at: galera, postgresql, rabbitmq, rabbitmq-queues, haproxy, keepalived, nova, neutron, cinder, dhcp, "
       "anti-affinity; without it, all of these that the cloud file speaks of"},
      components);
  f.duration({"hold", "a component must be seen whole for this long to count as whole again"}, hold, {1s, 10min});
  f.flag({"second", "what has no second copy even when all is well fails the rehearsal"}, second);
  f.text({"haproxy-socket", "path of HAProxy's statistics socket on the controllers"}, haproxy_socket);
  f.texts({"spread", "instances whose names begin with one of these must not all be on one host, group or not"}, spread);
  if (!f.reading()) return;
  for (const std::string& name : components)
    if (find_redundancy_kind(name) == nullptr)
      f.problem("components", fmt::format("'{}' is none of the components", name), suggestion(name, names));
}

std::unique_ptr<Probe> RedundancySettings::make(const std::string& name, const Cloud& cloud) const {
  std::optional<OpenStackCredentials> credentials;
  if (cloud.openstack.present) credentials = read_credentials(cloud.openstack);
  return make_redundancy(
      name, *this, cloud, [&] { return make_ssh(cloud); }, std::move(credentials));
}

std::unique_ptr<Probe> make_redundancy(const std::string& name, const RedundancySettings& settings, const Cloud& cloud,
                                       const std::function<std::unique_ptr<Remote>()>& remote,
                                       std::optional<OpenStackCredentials> credentials) {
  auto probe = std::make_unique<RedundancyProbe>(name, settings, cloud, remote, std::move(credentials));
  if (probe->info().components.empty())
    throw Error(ErrorKind::unmet, fmt::format("making probe '{}' (redundancy)", name),
                fmt::format("cloud '{}' has none of the components", cloud.name),
                "its file must speak of a database, of OpenStack, or of nodes with the roles controller or messaging");
  return probe;
}

}  // namespace blackstart
