#include "faults/container_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"

namespace blackstart {
namespace {

using nlohmann::json;

// `docker` may be Podman's own shim: then both list the same container, and it counts once.
constexpr const char* kList =
    "for e in {}; do command -v $e >/dev/null || continue; "
    "out=$($e ps --all --no-trunc --format '{{{{.ID}}}} {{{{.Names}}}}') || {{ echo \"$e does not answer\" >&2; exit 1; }}; "
    "echo \"engine $e\"; printf '%s\\n' \"$out\"; done; echo end";

// "ID name" or, where Docker links containers, "ID name,other/alias".
bool line_has_name(const std::string& names, const std::string& name) {
  std::istringstream all(names);
  for (std::string each; std::getline(all, each, ',');)
    if (each == name) return true;
  return false;
}

struct Listing {
  std::vector<std::string> engines;
  std::map<std::string, std::string> found;  // container id → engine
};

Listing parse_list(const std::string& text, const std::string& name, const std::string& doing) {
  Listing listing;
  bool ended = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first, second;
    words >> first >> second;
    if (first == "end" && second.empty())
      ended = true;
    else if (first == "engine")
      listing.engines.push_back(second);
    else if (!listing.engines.empty() && line_has_name(second, name))
      listing.found[first] = listing.engines.back();
  }
  if (!ended) throw Error(ErrorKind::unmet, doing, "the answer was cut short");
  return listing;
}

}  // namespace

std::string ContainerState::words() const {
  return pid > 0 ? fmt::format("{}, process {}", status, pid) : fmt::format("{}, no process", status);
}

bool is_container_name(const std::string& name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 128 && plain(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '_' || c == '.' || c == '-'; });
}

ContainerState parse_inspect(const std::string& text, const std::string& name, const std::string& doing) {
  try {
    const json all = json::parse(text);
    if (!all.is_array() || all.size() != 1) throw Error(ErrorKind::unmet, doing, fmt::format("{} matches", all.size()));
    const json& state = all[0].at("State");
    ContainerState container;
    container.id = all[0].at("Id").get<std::string>();
    container.name = all[0].at("Name").get<std::string>();
    if (container.name.starts_with("/")) container.name.erase(0, 1);
    container.status = state.at("Status").get<std::string>();
    container.paused = state.at("Paused").get<bool>() || container.status == "paused";
    container.pid = state.at("Pid").get<std::int64_t>();
    container.started = state.at("StartedAt").get<std::string>();
    if (container.name != name)
      throw Error(ErrorKind::unmet, doing, "it answered for the container " + container.name,
                  "give the container's whole name");
    return container;
  } catch (const json::exception& problem) {
    throw Error(ErrorKind::unmet, doing, std::string("its answer is not understood: ") + problem.what());
  }
}

ContainerState read_container(Remote& remote, const std::string& node, const std::string& engine, const std::string& name,
                              const Deadline& deadline) {
  const std::string doing = fmt::format("asking {} on {} for the container {}", engine, node, name);
  return parse_inspect(remote.check(doing, node, fmt::format("{} inspect --type container {}", engine, name), deadline), name,
                       doing);
}

std::string find_engine(Remote& remote, const std::string& node, const std::string& engine, const std::string& name,
                        const Deadline& deadline) {
  const std::string doing = fmt::format("looking for the container {} on {}", name, node);
  const std::string ask = fmt::format(fmt::runtime(kList), engine.empty() ? "docker podman" : engine);
  const Listing listing = parse_list(remote.check(doing, node, ask, deadline), name, doing);
  if (listing.engines.empty())
    throw Error(ErrorKind::unmet, doing, fmt::format("the node has no {}", engine.empty() ? "docker and no podman" : engine));
  if (listing.found.empty())
    throw Error(ErrorKind::unmet, doing, fmt::format("{} knows no container of that name", fmt::join(listing.engines, " and ")),
                "what there is: " + listing.engines.front() + " ps --all");
  if (listing.found.size() > 1)
    throw Error(ErrorKind::unmet, doing, "docker and podman have one each", "say which one is meant: engine: podman");
  return listing.found.begin()->second;
}

}  // namespace blackstart
