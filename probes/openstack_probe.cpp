#include "probes/openstack_probe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "base/error.h"
#include "probes/open_files.h"
#include "probes/openstack_ground.h"
#include "probes/openstack_workload.h"
#include "probes/plain_probe.h"

namespace blackstart {
namespace {

constexpr Duration kOneTry = 10s, kTryAgain = 500ms;

class OpenStackProbe final : public PlainProbe {
 public:
  OpenStackProbe(const std::string& name, const OpenStackSettings& settings, const OpenStackCredentials& credentials)
      : name_(name), settings_(settings), credentials_(credentials) {}

  ProbeInfo info() const override;
  void preflight(const Deadline& deadline) override;
  void prepare(const Deadline& deadline) override;
  void clean_up(const Deadline& deadline) override;

 protected:
  std::unique_ptr<Workload> make_workload(boost::asio::io_context& io) override;

 private:
  std::map<ApiService, Url> endpoints(const OpenStackApi& api) const;
  // Removes all that is ours and waits until it is gone; throws Error(unmet) that names what is still there.
  void sweep(const std::string& doing, const Deadline& deadline) const;

  std::string name_;
  OpenStackSettings settings_;
  OpenStackCredentials credentials_;
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
  settings_.promise.fill(info);
  return info;
}

std::map<ApiService, Url> OpenStackProbe::endpoints(const OpenStackApi& api) const {
  std::map<ApiService, Url> all;
  for (const auto& line : settings_.operations) all[line.what().service] = api.endpoint(line.what().service);
  return all;
}

void OpenStackProbe::preflight(const Deadline& deadline) {
  require_open_files(settings_.most_in_flight(), "an openstack probe with these rates");
  OpenStackApi api(credentials_, deadline);
  endpoints(api);
  const OpenStackGround ground = find_ground(api, settings_);
  require_services(api, settings_);
  require_quota(api, settings_, ground);
}

void OpenStackProbe::prepare(const Deadline& deadline) {
  sweep(fmt::format("removing what an earlier run of probe '{}' left behind", name_), deadline);
  OpenStackApi api(credentials_, deadline);
  OpenStackGround ground = find_ground(api, settings_);
  make_standing(api, settings_, ground);
  start_ = OpenStackStart{credentials_, api.token(), ground, endpoints(api)};
}

std::unique_ptr<Workload> OpenStackProbe::make_workload(boost::asio::io_context& io) {
  if (!start_) throw Error(ErrorKind::internal, fmt::format("starting probe '{}'", name_), "it was not prepared");
  return make_openstack_workload(io, settings_, *start_);
}

void OpenStackProbe::clean_up(const Deadline& deadline) {
  sweep(fmt::format("removing what probe '{}' made", name_), deadline);
}

// The cloud may still be ailing: what doesn't answer is asked again.
void OpenStackProbe::sweep(const std::string& doing, const Deadline& deadline) const {
  if (!settings_.makes_anything()) return;
  std::vector<std::string> left;
  const auto removed = [&] {
    try {
      OpenStackApi api(credentials_, deadline.sooner(kOneTry));
      left = remove_ours(api, settings_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unreachable) throw;
      // That the time was up says less than what was seen before.
      if (left.empty() || !deadline.passed()) left = {error.what()};
    }
    return left.empty();
  };
  if (!wait_until(removed, deadline, kTryAgain))
    throw Error(ErrorKind::unmet, doing, fmt::format("{}", fmt::join(left, "; ")),
                "remove it by hand once the cloud is well, and give the probe another 'prefix' until then");
}

}  // namespace

std::unique_ptr<Probe> make_openstack(const std::string& name, const OpenStackSettings& settings, const Cloud& cloud) {
  if (!cloud.openstack.present)
    throw Error(ErrorKind::unmet, fmt::format("making probe '{}' (openstack)", name),
                fmt::format("cloud '{}' says nothing of OpenStack", cloud.name), "add 'openstack' to cloud.yaml");
  return std::make_unique<OpenStackProbe>(name, settings, read_credentials(cloud.openstack));
}

}  // namespace blackstart
