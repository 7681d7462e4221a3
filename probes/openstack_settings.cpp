#include "probes/openstack_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "probes/openstack_probe.h"
#include "probes/room.h"

namespace blackstart {
namespace {

using Form = OpenStackOperation::Form;

constexpr std::int64_t kMostInFlight = 4000;
constexpr std::size_t kShortestPrefix = 4;
constexpr int kMostKept = 5;
// A closed connection keeps its local port for a minute, and Linux has 28,232 of them. The ports of other probes are counted in
// preflight, with this machine's own limits (room.h): those know before they ask the catalogue where their connections go.
constexpr double kMostFresh = 400;  // a second

void describe_line(const std::string& name, Fields& f, OpenStackSettings& s) {
  OpenStackSettings::Line line;
  line.operation = name;
  const OpenStackOperation* known = find_operation(name);
  if (known) line.limits = {known->deadline, known->good_within};
  f.rate({"rate", "operations of each of its series"}, line.rate, {0.001, 500});
  describe_connections(f, line.connections);
  line.limits.describe(f);
  if (line.connections != "persistent" && line.rate > kMostFresh)
    f.problem("rate", fmt::format("{}/s fresh connections would use up this machine's ports", format_number(line.rate)),
              fmt::format("at most {}/s, or 'connections: persistent'", format_number(kMostFresh)));
  if (known) s.operations.push_back(line);
  if (!known && f.reading())
    f.problem("rate", fmt::format("there is no operation '{}'", name), suggestion(name, operation_names()));
}

void describe_ground(Fields& f, OpenStackSettings& s) {
  f.text({"flavor", "name or id; for server-boot, server-show, flavor-show"}, s.flavor);
  f.text({"image", "name or id; for server-boot, server-show, image-show"}, s.image);
  f.text({"network", "name or id; for server-boot, server-show, port-create, network-show"}, s.network);
  f.text({"availability-zone", "where servers are made; without it, Nova chooses"}, s.availability_zone);
  f.name({"prefix", "begins the names of all it makes; what has this prefix and says that it is ours is removed"}, s.prefix);
  f.integer({"volume-size", "GiB of each volume"}, s.volume_size, {1, 1000});
  f.size({"image-size", "of each image"}, s.image_size);
}

void need(Fields& f, const char* field, const std::string& value, const char* operation) {
  if (value.empty()) f.problem("operations", fmt::format("{} needs '{}'", operation, field), "name it beside 'operations'");
}

void check_ground(Fields& f, const OpenStackSettings& s) {
  for (const auto& line : s.operations) {
    const OpenStackOperation& what = line.what();
    const std::string resource = what.resource;
    const bool server = resource == "server" && what.form != Form::list;
    const bool shows = what.form == Form::show;
    if (server || (shows && resource == "flavor")) need(f, "flavor", s.flavor, what.name);
    if (server || (shows && resource == "image")) need(f, "image", s.image, what.name);
    if (server || (shows && resource == "network") || resource == "port") need(f, "network", s.network, what.name);
  }
}

// Nova's own quota is 10 members of a group.
void check_groups(Fields& f, const OpenStackSettings& s) {
  const bool asked =
      std::any_of(s.operations.begin(), s.operations.end(), [](const auto& line) { return line.what().form == Form::served; });
  if (asked && s.apart == 0) f.problem("operations", "groups-served needs 'apart'", "say how many servers make a group");
  if (s.apart == 0) return;
  if (s.apart == 1) f.problem("apart", "one server alone is apart from nothing", "0 for no groups, else 2 to 10");
  if (s.pool() == 0) f.problem("apart", "no operation here works on standing servers", "groups-served and servers-home do");
  if (s.servers % s.apart != 0)
    f.problem("servers", fmt::format("{} servers don't make groups of {}", s.servers, s.apart), "a multiple of 'apart'");
  if (s.availability_zone.find(':') != std::string::npos)
    f.problem("availability-zone", "it names one host, and servers on one host don't stand apart");
}

void check(Fields& f, const OpenStackSettings& s) {
  check_ground(f, s);
  check_groups(f, s);
  if (f.has("operations") && s.operations.empty()) f.problem("operations", "it names none");
  if (s.prefix.size() < kShortestPrefix) f.problem("prefix", "it is too short to tell what is ours: at least 4 characters");
  if (s.prefix.size() > 32) f.problem("prefix", "it is longer than 32 characters");
  if (s.image_size < 1 || s.image_size > (64 << 20)) f.problem("image-size", "it must lie between 1B and 64MiB");
  for (const auto& line : s.operations)
    if (line.what().form == Form::migrate && line.most_in_flight() > s.servers)
      f.problem("servers",
                fmt::format("in an outage up to {} migrations would be under way at one time, and there are {} servers",
                            line.most_in_flight(), s.servers),
                "more servers, a shorter deadline, or a lower rate");
  if (s.most_in_flight() > kMostInFlight)
    f.problem("operations",
              fmt::format("with these rates up to {} operations would wait at one time in an outage, more than {}",
                          s.most_in_flight(), kMostInFlight),
              "lower the deadlines or the rates");
}

}  // namespace

std::int64_t OpenStackSettings::Line::most_in_flight() const {
  return most_under_way(rate, limits.deadline) * (connections == "both" ? 2 : 1);
}

void OpenStackSettings::describe(Fields& f) {
  f.map({"operations", "what is done, by name: token-issue, server-list, server-boot, … (docs/probes.md has all)",
         Field::required},
        [&](const std::string& key, Fields& line) { describe_line(key, line, *this); });
  describe_ground(f, *this);
  f.duration({"connect-timeout", "limit for looking a name up, TCP and TLS together"}, connect_timeout, {10ms, 30s});
  f.duration({"request-timeout", "limit for one request of an operation that has several"}, request_timeout, {1s, 10min});
  f.duration({"poll", "how often a state is asked for until it is reached"}, poll, {50ms, 1min});
  f.integer({"servers", "standing servers for live-migrate, evacuate, servers-home and groups-served"}, servers, {1, 200});
  f.integer(
      {"apart", "they stand in server groups of so many with anti-affinity, as instances of one application do; 0: in none"},
      apart, {0, 10});
  f.choice(
      {"audit", "whom the control plane's audit asks: each node with the role controller, the catalogue's endpoint, or nobody"},
      audit, {"controllers", "endpoint", "none"});
  f.choice({"controllers-speak", "at a controller's own address: as the catalogue says, or http where TLS ends before them"},
           controllers_speak, {"catalogue", "http"});
  f.duration({"audit-patience", "for how long the audit looks again before what it finds counts"}, audit_patience, {0s, 4min});
  promise.describe(f);
  if (f.reading()) check(f, *this);
}

std::unique_ptr<Probe> OpenStackSettings::make(const std::string& name, const Cloud& cloud) const {
  return make_openstack(name, *this, cloud);
}

// Open at its end: all names that begin with the prefix are meant, those with a longer one among them.
std::string OpenStackSettings::stands_on() const { return makes_anything() ? "OpenStack resources named " + prefix : ""; }

bool OpenStackSettings::uses(Form form, const std::string& resource) const {
  return std::any_of(operations.begin(), operations.end(),
                     [&](const Line& line) { return line.what().form == form && line.what().resource == resource; });
}

bool OpenStackSettings::makes_anything() const {
  return std::any_of(resource_kinds().begin(), resource_kinds().end(),
                     [&](const ResourceKind& kind) { return most_of(kind.name) > 0; });
}

std::int64_t OpenStackSettings::most_in_flight() const {
  std::int64_t all = 0;
  for (const Line& line : operations) all += line.most_in_flight();
  return all;
}

std::int64_t OpenStackSettings::pool() const {
  const bool used =
      std::any_of(operations.begin(), operations.end(), [](const Line& line) { return uses_pool(line.what().form); });
  return used ? servers : 0;
}

int OpenStackSettings::most_kept() const { return audit == "none" ? 0 : kMostKept; }

std::int64_t OpenStackSettings::most_of(const std::string& resource) const {
  const bool stands = (resource == "server" || resource == "volume") && uses(Form::show, resource);
  std::int64_t all = stands ? 1 : 0;
  if (resource == "server") all += pool();
  bool lives = false;
  for (const Line& line : operations)
    if (line.what().form == Form::life && line.what().resource == resource) {
      all += line.most_in_flight();
      lives = true;
    }
  return all + (lives ? most_kept() : 0);
}

}  // namespace blackstart
