#include "probes/openstack_ground.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/error.h"
#include "probes/openstack_groups.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;
using Form = OpenStackOperation::Form;

constexpr int kPage = 500, kMostTries = 10;
constexpr Duration kLookAgain = 500ms, kAskAgain = 10s;

// A collection as one client asks for it.
struct Collection {
  OpenStackApi& api;
  ApiService service;
  const std::string &path, &key;
  Paging paging;
};

// What follows `all`. Throws Error(unreachable) for an answer without the list: it must not pass for an empty one.
Json next_page(const Collection& of, const std::vector<Json>& all) {
  std::string query = fmt::format("{}{}limit={}", of.path, of.path.find('?') == of.path.npos ? '?' : '&', kPage);
  if (!all.empty())
    query += of.paging == Paging::marker ? "&marker=" + url_encoded(text_of(all.back(), "id"))
                                         : fmt::format("&offset={}", all.size());
  const Json answer = of.api.get(of.service, query);
  if (const Json* list = list_in(answer, of.key.c_str())) return *list;
  throw Error(ErrorKind::unreachable, fmt::format("listing {} ({})", of.key, query),
              fmt::format("the answer has no '{}'", of.key), "is the catalogue right, and is this the service's address?");
}

// A service may have shorter pages than were asked for: only an empty one is the end. Nothing when `again` allows another try
// and one is needed: resources that come and go in between push others to another page, and the one to go on from may be gone.
std::optional<std::vector<Json>> pages(const Collection& of, bool again) {
  std::vector<Json> all;
  std::set<std::string> ids;
  for (;;) {
    Json page;
    try {
      page = next_page(of, all);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unmet || all.empty() || !again) throw;
      return std::nullopt;
    }
    if (page.empty()) return all;
    for (Json& resource : page) {
      if (!ids.insert(text_of(resource, "id")).second) {
        if (again) return std::nullopt;
        throw Error(ErrorKind::unreachable, fmt::format("listing {} page by page", of.key), "one page repeats another");
      }
      all.push_back(std::move(resource));
    }
  }
}

// By id, then by name; the id.
std::string id_of(OpenStackApi& api, ApiService service, const std::string& what, const std::string& wanted) {
  if (wanted.empty()) return "";
  if (api.find(service, show_path(what, url_encoded(wanted)))) return wanted;
  std::vector<std::string> ids, names;
  each_of(api, service, what + "s", list_key(what), [&](const Json& resource) {
    names.push_back(text_of(resource, "name"));
    if (names.back() == wanted) ids.push_back(text_of(resource, "id"));
  });
  if (ids.size() == 1) return ids[0];
  const std::string doing = fmt::format("looking for the {} '{}'", what, wanted);
  if (ids.empty()) throw Error(ErrorKind::unmet, doing, "there is none of this name or id", suggestion(wanted, names));
  throw Error(ErrorKind::unmet, doing, fmt::format("{} have this name", ids.size()), "give its id instead");
}

std::string path_of(const ResourceKind& kind, const std::string& id) {
  return fmt::format("{}/{}", kind.collection, url_encoded(id));
}

std::string told_of_removal(const std::string& why, const std::string& state) {
  return why.empty() ? "asked to go, its state was " + state : why;
}

std::string begin_one(OpenStackApi& api, const OpenStackGround& ground, const ResourceKind& kind, const std::string& name,
                      const std::string& group = "") {
  const Json made = api.create(kind.service, kind.collection, create_body(kind, name, ground, group));
  const std::string id = text_of(part_of(made, kind.envelope), "id");
  if (id.empty())
    throw Error(ErrorKind::unmet, fmt::format("making the {} '{}'", kind.name, name), "the service's answer has no id");
  return id;
}

void await_one(OpenStackApi& api, const ResourceKind& kind, const std::string& name, const std::string& id) {
  const std::string doing = fmt::format("making the {} '{}'", kind.name, name);
  std::string status;
  const bool reached = wait_until(
      [&] {
        try {
          status = text_of(part_of(api.get(kind.service, path_of(kind, id)), kind.envelope), "status");
        } catch (const Error&) {
          // That the time was up says less than what was seen before.
          if (status.empty() || !api.deadline().passed()) throw;
        }
        if (status.compare(0, std::string(kind.broken).size(), kind.broken) == 0)
          throw Error(ErrorKind::unmet, doing, fmt::format("it went into the state {}", status), "does it work by hand?");
        return status == kind.reached[0];
      },
      api.deadline(), kLookAgain);
  if (!reached)
    throw Error(ErrorKind::unmet, doing, fmt::format("its state is still {}, not {}", status, kind.reached[0]),
                "does it work by hand?");
}

std::string make_one(OpenStackApi& api, const OpenStackGround& ground, const std::string& what) {
  const ResourceKind& kind = resource_kind(what);
  const std::string name = standing_name(ground.prefix, what), id = begin_one(api, ground, kind, name);
  await_one(api, kind, name, id);
  return id;
}

// One after the other: schedulers that don't know of each other's choice put all onto the same host, and a fault on another one
// would then meet nobody. Of a group, Nova would have to begin anew.
std::vector<std::string> make_pool(OpenStackApi& api, const OpenStackGround& ground, std::size_t servers) {
  const ResourceKind& kind = resource_kind("server");
  std::vector<std::string> ids;
  while (ids.size() < servers) {
    const std::string name = pool_name(ground.prefix, ids.size());
    ids.push_back(begin_one(api, ground, kind, name, ground.group_of(ids.size())));
    await_one(api, kind, name, ids.back());
  }
  return ids;
}

// Moving servers is for administrators, and needs somewhere to go: those that stand apart, a host more than they are.
void require_hosts(OpenStackApi& api, const OpenStackSettings& settings) {
  const Json all = api.get(ApiService::compute, "os-services?binary=nova-compute");
  std::vector<std::string> up, down;
  for (const Json& service : all.value("services", Json::array()))
    if (text_of(service, "status") != "disabled")  // by its operator: Nova puts nothing there
      (text_of(service, "state") == "up" ? up : down).push_back(text_of(service, "host"));
  if (up.size() < 2)
    throw Error(ErrorKind::unmet, "looking for hosts that servers can move to",
                fmt::format("nova-compute is up on {}", up.empty() ? "none" : "one only: " + up.front()),
                "'openstack compute service list' says why");
  const bool moves = settings.uses(Form::migrate, "server") || settings.uses(Form::evacuate, "server");
  const std::int64_t needed = settings.apart + (settings.apart > 0 && moves ? 1 : 0);
  if (static_cast<std::int64_t>(up.size()) < needed)
    throw Error(ErrorKind::unmet, "looking for hosts for groups whose servers stand apart",
                fmt::format("nova-compute is up on {} of them, and 'apart' is {}{}", up.size(), settings.apart,
                            moves ? ", and who moves needs one more" : ""),
                "lower 'apart'");
  if (!down.empty())
    throw Error(ErrorKind::unmet, "looking whether all compute hosts are up",
                fmt::format("nova-compute is down on {}", fmt::join(down, ", ")),
                "mend it first, or take the service out of Nova");
}

}  // namespace

std::string url_encoded(const std::string& text) {
  std::string out;
  for (unsigned char c : text)
    out += std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~' ? std::string(1, static_cast<char>(c))
                                                                           : fmt::format("%{:02X}", c);
  return out;
}

void each_of(OpenStackApi& api, ApiService service, const std::string& path, const std::string& key,
             const std::function<void(const Json&)>& take, Paging paging) {
  const Collection of{api, service, path, key, paging};
  std::optional<std::vector<Json>> all;
  for (int tries = 1; !all; ++tries) all = pages(of, tries < kMostTries);
  for (const Json& resource : *all) take(resource);
}

std::vector<Ours> with_prefix(OpenStackApi& api, const OpenStackSettings& settings) {
  std::vector<Ours> found;
  for (const ResourceKind& kind : resource_kinds()) {
    if (settings.most_of(kind.name) == 0) continue;
    const bool detailed = kind.service == ApiService::compute || kind.service == ApiService::volume;
    each_of(api, kind.service, std::string(kind.collection) + (detailed ? "/detail" : ""), kind.collection,
            [&](const Json& resource) {
              const std::string name = text_of(resource, "name");
              if (name.compare(0, settings.prefix.size(), settings.prefix) != 0) return;
              found.push_back({&kind, text_of(resource, "id"), name, text_of(resource, "status"),
                               text_of(resource, "OS-EXT-STS:task_state"), text_of(resource, "device_id"),
                               is_ours(kind, resource)});
            });
  }
  return found;
}

OpenStackGround find_ground(OpenStackApi& api, const OpenStackSettings& settings) {
  OpenStackGround ground;
  ground.flavor = id_of(api, ApiService::compute, "flavor", settings.flavor);
  ground.image = id_of(api, ApiService::image, "image", settings.image);
  ground.network = id_of(api, ApiService::network, "network", settings.network);
  ground.availability_zone = settings.availability_zone;
  ground.prefix = settings.prefix;
  ground.volume_size = settings.volume_size;
  ground.image_size = settings.image_size;
  return ground;
}

void require_services(OpenStackApi& api, const OpenStackSettings& settings) {
  for (const auto& line : settings.operations) {
    const OpenStackOperation& what = line.what();
    if (what.form != Form::list) continue;
    if (!api.get(what.service, list_path(what.resource)).contains(list_key(what.resource)))
      throw Error(ErrorKind::unmet, fmt::format("trying {}", what.name),
                  fmt::format("the answer has no '{}'", list_key(what.resource)));
  }
  if (settings.pool() > 0) require_hosts(api, settings);
  for (const Ours& one : with_prefix(api, settings))
    if (!one.marked)
      throw Error(ErrorKind::unmet, fmt::format("looking for resources with the prefix '{}'", settings.prefix),
                  fmt::format("the {} '{}' ({}) was not made by Blackstart", one.kind->name, one.name, one.id),
                  "give the probe another 'prefix'");
}

void make_standing(OpenStackApi& api, const OpenStackSettings& settings, OpenStackGround& ground) {
  if (settings.uses(Form::show, "server")) ground.server = make_one(api, ground, "server");
  if (settings.uses(Form::show, "volume")) ground.volume = make_one(api, ground, "volume");
  ground.groups = make_groups(api, settings.prefix, settings.groups());
  ground.pool = make_pool(api, ground, static_cast<std::size_t>(settings.pool()));
}

std::string remove_one(OpenStackApi& api, ApiService service, const std::string& path) {
  try {
    api.remove(service, path);
    return "";
  } catch (const Error& error) {
    return error.why();
  }
}

namespace {

std::vector<Ours> longest_unasked_first(std::vector<Ours> all, const AskedToGo& asked) {
  const auto when = [&](const Ours& one) {
    const auto found = asked.find(one.id);
    return found == asked.end() ? std::optional<Time>() : found->second;
  };
  std::stable_sort(all.begin(), all.end(), [&](const Ours& a, const Ours& b) { return when(a) < when(b); });
  return all;
}

// Returns what became of it.
std::string ask_to_go(OpenStackApi& api, const Ours& one, AskedToGo& asked, const Deadline& deadline) {
  const auto before = asked.find(one.id);
  const Time now = deadline.clock().now();
  if (before != asked.end() && (now - before->second < kAskAgain || deadline.passed()))
    return "asked to go, its state is " + one.status;
  if (deadline.passed()) return "not yet asked to go, there was no time left";
  const std::string why = remove_one(api, one.kind->service, path_of(*one.kind, one.id));
  if (why.empty()) asked[one.id] = now;
  return told_of_removal(why, one.status);
}

}  // namespace

std::vector<std::string> remove_ours(OpenStackApi& api, const OpenStackSettings& settings, AskedToGo& asked,
                                     const Deadline& deadline) {
  std::vector<std::string> there;
  for (const Ours& one : longest_unasked_first(with_prefix(api, settings), asked)) {
    if (!one.marked) continue;
    there.push_back(fmt::format("{} '{}' ({}): {}", one.kind->name, one.name, one.id, ask_to_go(api, one, asked, deadline)));
  }
  return there;
}

void each_port_of(OpenStackApi& api, const std::set<std::string>& servers, const std::function<void(const Json&)>& take) {
  each_of(api, ApiService::network, "ports", "ports", [&](const Json& port) {
    if (servers.count(text_of(port, "device_id"))) take(port);
  });
}

std::vector<std::string> remove_ports_of(OpenStackApi& api, const std::set<std::string>& servers) {
  std::vector<std::string> there;
  if (servers.empty()) return there;
  each_port_of(api, servers, [&](const Json& port) {
    const std::string id = text_of(port, "id"), project = text_of(port, "project_id");
    const std::string done =
        project == api.token().project
            ? told_of_removal(remove_one(api, ApiService::network, path_of(resource_kind("port"), id)), text_of(port, "status"))
            : fmt::format("it is left alone: it belongs to project '{}', not to ours", project);
    there.push_back(fmt::format("port ({}) of our server {}, which is gone: {}", id, text_of(port, "device_id"), done));
  });
  return there;
}

}  // namespace blackstart
