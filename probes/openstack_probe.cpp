#include "probes/openstack_probe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "probes/openstack_audit.h"
#include "probes/openstack_book.h"
#include "probes/openstack_ground.h"
#include "probes/openstack_groups.h"
#include "probes/openstack_ring.h"
#include "probes/openstack_workload.h"
#include "probes/plain_probe.h"
#include "probes/room.h"

namespace blackstart {
namespace {

constexpr Duration kOneTry = 10s, kTryAgain = 500ms, kOneServer = 10s, kOneRemoval = 10s;
constexpr Duration kCleanUp = 60s;     // and that much more for each that has to go
constexpr Duration kNoProgress = 60s;  // what doesn't go for so long is stuck, and none of the rest needs the time

// Whether anything changes while things are removed.
class Progress {
 public:
  explicit Progress(Clock& clock) : clock_(clock), since_(clock.now()) {}
  bool is_stuck(std::size_t left, std::size_t asked) {
    if (std::exchange(last_, std::pair(left, asked)) != std::pair(left, asked)) since_ = clock_.now();
    return clock_.now() - since_ > kNoProgress;
  }

 private:
  Clock& clock_;
  Time since_;
  std::pair<std::size_t, std::size_t> last_;
};

class OpenStackProbe final : public PlainProbe {
 public:
  OpenStackProbe(const std::string& name, const OpenStackSettings& settings, const OpenStackCredentials& credentials,
                 std::vector<Controller> controllers)
      : name_(name),
        settings_(settings),
        credentials_(credentials),
        control_plane_(settings, credentials, std::move(controllers)) {}

  ProbeInfo info() const override;
  Room room() const override { return {settings_.most_in_flight(), {}}; }
  void preflight(const Deadline& deadline) override;
  void prepare(const Deadline& deadline) override;
  Duration prepare_limit() const override { return Probe::prepare_limit() + settings_.pool() * kOneServer; }
  Time start(Clock& clock, Time zero, OperationSink& sink) override;
  std::optional<ResourceEvidence> resources(const Deadline& deadline) override;
  void clean_up(const Deadline& deadline) override;
  Duration clean_up_limit() const override;

 protected:
  std::unique_ptr<Workload> make_workload(boost::asio::io_context& io) override;

 private:
  std::map<ApiService, Url> endpoints(const OpenStackApi& api) const;
  // The ids of the servers that were made, as far as they are known.
  std::set<std::string> servers() const;
  // What prepare() made.
  void write_down(OpenStackBook& book) const;
  // Removes all that is ours and waits until it is gone; throws Error(unmet) that names what is still there.
  void sweep(const std::string& doing, const Deadline& deadline) const;

  std::string name_;
  OpenStackSettings settings_;
  OpenStackCredentials credentials_;
  ControlPlane control_plane_;
  std::optional<OpenStackStart> start_;
};

ProbeInfo OpenStackProbe::info() const {
  ProbeInfo info;
  info.name = name_;
  info.kind = "openstack";
  info.description = fmt::format("OpenStack at {}", credentials_.auth_url);
  for (const OpenStackSeries& series : series_of(settings_))
    info.series.push_back(
        {series.name(), series.line.rate, series.line.limits.deadline, series.line.limits.good_within, false});
  info.controllers = control_plane_.names();
  if (!info.controllers.empty()) info.description += fmt::format(", audited on {}", fmt::join(info.controllers, ", "));
  if (!control_plane_.without_allocations().empty())
    info.description += fmt::format(" (without allocations: {})", control_plane_.without_allocations());
  settings_.promise.fill(info);
  return info;
}

std::map<ApiService, Url> OpenStackProbe::endpoints(const OpenStackApi& api) const {
  std::map<ApiService, Url> all;
  for (const auto& line : settings_.operations) all[line.what().service] = api.endpoint(line.what().service);
  return all;
}

void OpenStackProbe::preflight(const Deadline& deadline) {
  make_room({{name_, room()}});
  OpenStackApi api(credentials_, deadline);
  endpoints(api);
  const OpenStackGround ground = find_ground(api, settings_);
  require_services(api, settings_);
  require_quota(api, settings_, ground);
  control_plane_.require(api);
}

void OpenStackProbe::prepare(const Deadline& deadline) {
  sweep(fmt::format("removing what an earlier run of probe '{}' left behind", name_), deadline);
  OpenStackApi api(credentials_, deadline);
  OpenStackGround ground = find_ground(api, settings_);
  make_standing(api, settings_, ground);
  start_ = OpenStackStart{credentials_, api.token(), ground, endpoints(api)};
  if (settings_.uses(OpenStackOperation::Form::validate, "")) start_->ring = issue_ring(api);
}

std::unique_ptr<Workload> OpenStackProbe::make_workload(boost::asio::io_context& io) {
  if (!start_) throw Error(ErrorKind::internal, fmt::format("starting probe '{}'", name_), "it was not prepared");
  return make_openstack_workload(io, settings_, *start_);
}

Time OpenStackProbe::start(Clock& clock, Time zero, OperationSink& sink) {
  if (start_) {
    start_->book = std::make_shared<OpenStackBook>(clock, zero, settings_.most_kept());
    write_down(*start_->book);
  }
  return PlainProbe::start(clock, zero, sink);
}

void OpenStackProbe::write_down(OpenStackBook& book) const {
  const OpenStackGround& ground = start_->ground;
  for (const auto& [what, id] : {std::pair{"server", ground.server}, std::pair{"volume", ground.volume}})
    if (!id.empty()) book.stands(resource_kind(what), id, standing_name(ground.prefix, what));
  for (std::size_t i = 0; i < ground.pool.size(); ++i)
    book.stands(resource_kind("server"), ground.pool[i], pool_name(ground.prefix, i));
}

std::set<std::string> OpenStackProbe::servers() const {
  if (!start_) return {};
  std::set<std::string> ids;
  if (start_->book) ids = servers_of(start_->book->read());
  ids.insert(start_->ground.pool.begin(), start_->ground.pool.end());
  if (!start_->ground.server.empty()) ids.insert(start_->ground.server);
  return ids;
}

std::optional<ResourceEvidence> OpenStackProbe::resources(const Deadline& deadline) {
  if (control_plane_.names().empty()) return std::nullopt;
  return control_plane_.read(name_, start_->book->read(), deadline);
}

void OpenStackProbe::clean_up(const Deadline& deadline) {
  sweep(fmt::format("removing what probe '{}' made", name_), deadline);
}

Duration OpenStackProbe::clean_up_limit() const {
  std::int64_t most = 0;
  for (const ResourceKind& kind : resource_kinds()) most += settings_.most_of(kind.name);
  return kCleanUp + most * kOneRemoval;
}

// The cloud may still be ailing: what doesn't answer is asked again.
void OpenStackProbe::sweep(const std::string& doing, const Deadline& deadline) const {
  if (!settings_.makes_anything()) return;
  std::vector<std::string> left;
  AskedToGo asked;
  const std::set<std::string> made = servers();
  const auto removed = [&] {
    try {
      const Deadline one_try = deadline.sooner(kOneTry);
      OpenStackApi api(credentials_, one_try);
      left = remove_ours(api, settings_, asked, one_try);
      if (!left.empty()) return false;
      left = remove_ports_of(api, made);
      // After the servers, each of which needs its group as long as it is there. Also those of a run that had another 'apart'.
      if (settings_.pool() > 0)
        for (std::string& group : remove_groups(api, settings_.prefix)) left.push_back(std::move(group));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unreachable) throw;
      // That the time was up says less than what was seen before.
      if (left.empty() || !deadline.passed()) left = {error.what()};
    }
    return left.empty();
  };
  Progress progress(deadline.clock());
  wait_until([&] { return removed() || progress.is_stuck(left.size(), asked.size()); }, deadline, kTryAgain);
  if (!left.empty())
    throw Error(ErrorKind::unmet, doing, fmt::format("{}", fmt::join(left, "; ")),
                "remove it by hand once the cloud is well, and give the probe another 'prefix' until then");
}

}  // namespace

std::unique_ptr<Probe> make_openstack(const std::string& name, const OpenStackSettings& settings, const Cloud& cloud) {
  if (!cloud.openstack.present)
    throw Error(ErrorKind::unmet, fmt::format("making probe '{}' (openstack)", name),
                fmt::format("cloud '{}' says nothing of OpenStack", cloud.name), "add 'openstack' to cloud.yaml");
  return std::make_unique<OpenStackProbe>(name, settings, read_credentials(cloud.openstack), controllers_of(settings, cloud));
}

}  // namespace blackstart
