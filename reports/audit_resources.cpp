#include "reports/audit_resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "reports/words.h"

namespace blackstart {
namespace {

using Kind = ResourceFinding::Kind;
using Key = std::pair<std::string, std::string>;  // kind, and id or name

constexpr const char* kAllocation = "allocation";

// States that something goes through and must not stay in: the words of Nova, Neutron, Cinder and Glance.
const std::set<Key>& passing_states() {
  static const std::set<Key> all{
      {"server", "BUILD"},       {"server", "MIGRATING"}, {"server", "REBUILD"},      {"server", "REBOOT"},
      {"server", "HARD_REBOOT"}, {"server", "RESIZE"},    {"server", "PASSWORD"},     {"server", "REVERT_RESIZE"},
      {"port", "BUILD"},         {"network", "BUILD"},    {"volume", "creating"},     {"volume", "deleting"},
      {"volume", "attaching"},   {"volume", "detaching"}, {"volume", "extending"},    {"volume", "downloading"},
      {"volume", "uploading"},   {"volume", "retyping"},  {"image", "queued"},        {"image", "saving"},
      {"image", "uploading"},    {"image", "importing"},  {"image", "pending_delete"}};
  return all;
}

bool passing(const ListedResource& r) { return !r.task.empty() || passing_states().count({r.kind, r.state}) > 0; }
// "ERROR", "error", "error_deleting", "killed".
bool in_error(const ListedResource& r) {
  return r.state.rfind("ERROR", 0) == 0 || r.state.rfind("error", 0) == 0 || r.state == "killed";
}
bool going(const ListedResource& r) {
  return r.task == "deleting" || r.task == "soft-deleting" || r.state == "deleting" || r.state == "pending_delete";
}

std::string state_of(const ListedResource& r) {
  const std::string state = r.state.empty() ? "there" : r.state;
  return r.task.empty() ? state : fmt::format("{} ({})", state, r.task);
}

std::string named(const std::string& kind, const std::string& name, const std::string& id) {
  return fmt::format("{} {}{}", kind, name.empty() ? "" : "'" + name + "' ",
                     id.empty() ? "(its id was never told)" : "(" + id + ")");
}
std::string named(const BelievedResource& r) { return named(r.kind, r.name, r.id); }
std::string named(const ListedResource& r) {
  return r.kind == kAllocation ? fmt::format("allocation of server {} on {}", r.id, r.name) : named(r.kind, r.name, r.id);
}

std::string told_at(Time at) { return at.count() < 0 ? "before the schedule began" : "at " + time_text(at); }

// What one controller lists, by id and by name.
class Listed {
 public:
  explicit Listed(const ResourceListing& listing) {
    for (const ListedResource& r : listing.resources) {
      by_id_.emplace(Key{r.kind, r.id}, &r);
      by_name_.emplace(Key{r.kind, r.name}, &r);
    }
  }
  const ListedResource* find(const std::string& kind, const std::string& id) const { return in(by_id_, {kind, id}); }
  const ListedResource* find(const BelievedResource& r) const {
    return r.id.empty() ? in(by_name_, {r.kind, r.name}) : in(by_id_, {r.kind, r.id});
  }

 private:
  using Map = std::map<Key, const ListedResource*>;
  static const ListedResource* in(const Map& map, const Key& key) {
    auto found = map.find(key);
    return found == map.end() ? nullptr : found->second;
  }
  Map by_id_, by_name_;
};

class Auditor {
 public:
  explicit Auditor(const ResourceEvidence& evidence) : evidence_(evidence) {
    for (const BelievedResource& r : evidence.book.resources) {
      if (r.kind == "server" && !r.id.empty()) servers_.insert(r.id);
      names_.insert({r.kind, r.name});
    }
  }

  void look_at(const ResourceListing& listing, ResourceAudit& audit) {
    const Listed listed(listing);
    std::uint64_t broken = 0;
    std::set<Key> asked_for;
    for (const BelievedResource& one : evidence_.book.resources) {
      const ListedResource* there = listed.find(one);
      if (there) asked_for.insert({there->kind, there->id});
      there ? present(listing.controller, one, *there, audit) : absent(listing.controller, one, audit);
      if (there && in_error(*there)) ++broken;
    }
    for (const ListedResource& r : listing.resources) {
      orphan(listing.controller, r, listed, audit);
      if (!asked_for.count({r.kind, r.id})) unasked(listing.controller, r, audit);
    }
    audit.in_error = std::max(audit.in_error, broken);
  }

  // What one of them lists otherwise than the first, unless it is known to be wrong already.
  void compare(const ResourceListing& a, const ResourceListing& b, ResourceAudit& audit) {
    const auto states = states_of(a), others = states_of(b);
    for (const auto& [what, state] : states)
      differ(what, a.controller, state, b.controller, others.count(what) ? others.at(what) : "not there", audit);
    for (const auto& [what, state] : others)
      if (!states.count(what)) differ(what, a.controller, "not there", b.controller, state, audit);
  }

 private:
  void found(Kind kind, const std::string& controller, const std::string& what, const std::string& why, ResourceAudit& audit) {
    wrong_.insert(what);
    for (ResourceFinding& known : audit.findings)
      if (known.kind == kind && known.what == what && known.why == why) {
        known.controller += ", " + controller;
        return;
      }
    audit.findings.push_back({kind, controller, what, why});
  }

  void absent(const std::string& controller, const BelievedResource& one, ResourceAudit& audit) {
    if (one.created == Told::yes && one.deleted == Told::no)
      found(Kind::lost, controller, named(one),
            fmt::format("its creation was acknowledged {}, nobody deleted it, and it is not there", told_at(one.created_at)),
            audit);
  }

  void present(const std::string& controller, const BelievedResource& one, const ListedResource& there, ResourceAudit& audit) {
    if (one.created == Told::no)
      return found(Kind::phantom, controller, named(one), "its creation was refused, and it is there: " + state_of(there),
                   audit);
    if (one.deleted == Told::yes)
      return found(
          going(there) ? Kind::stuck : Kind::resurrected, controller, named(one),
          fmt::format("its deletion was acknowledged {}, and it is there: {}", told_at(one.deleted_at), state_of(there)),
          audit);
    if (passing(there)) found(Kind::stuck, controller, named(one), "it stays in the state " + state_of(there), audit);
  }

  void orphan(const std::string& controller, const ListedResource& r, const Listed& listed, ResourceAudit& audit) {
    const std::string& server = r.kind == kAllocation ? r.id : r.owner;
    if (servers_.count(server) && !listed.find("server", server))
      found(Kind::orphaned, controller, named(r), fmt::format("its server {} is not there", server), audit);
  }

  // Ports of our servers are Nova's to make; what has no name is not ours; without the book nothing is known of what was asked.
  void unasked(const std::string& controller, const ListedResource& r, ResourceAudit& audit) {
    if (!evidence_.book.complete || r.kind == kAllocation || r.name.empty() || servers_.count(r.owner)) return;
    const char* why = names_.count({r.kind, r.name}) ? "one of this name was asked for, and here is a second one: "
                                                     : "nobody asked for it, and it is there: ";
    found(Kind::phantom, controller, named(r), why + state_of(r), audit);
  }

  static std::map<std::string, std::string> states_of(const ResourceListing& listing) {
    std::map<std::string, std::string> states;
    for (const ListedResource& r : listing.resources) states.emplace(named(r), state_of(r));
    return states;
  }

  void differ(const std::string& what, const std::string& a, const std::string& state, const std::string& b,
              const std::string& other, ResourceAudit& audit) const {
    if (state != other && !wrong_.count(what))
      audit.findings.push_back({Kind::differs, "", what, fmt::format("{} on {}, {} on {}", state, a, other, b)});
  }

  const ResourceEvidence& evidence_;
  std::set<std::string> servers_, wrong_;
  std::set<Key> names_;
};

// In the order of the controllers that must be read, then those that nobody asked for.
std::vector<ResourceListing> in_order(const std::vector<std::string>& controllers, const ResourceEvidence& evidence) {
  std::vector<ResourceListing> all;
  const auto add = [&](const std::string& name) {
    for (const ResourceListing& listing : evidence.listings)
      if (listing.controller == name) return all.push_back(listing);
    all.push_back({name, false, "it was not read", {}});
  };
  for (const std::string& name : controllers) add(name);
  for (const ResourceListing& listing : evidence.listings)
    if (std::find(controllers.begin(), controllers.end(), listing.controller) == controllers.end()) all.push_back(listing);
  return all;
}

void count(const ResourceBook& book, ResourceAudit& audit) {
  for (const BelievedResource& r : book.resources) {
    if (r.created == Told::yes) ++audit.created;
    if (r.deleted == Told::yes) ++audit.deleted;
    if (r.created == Told::maybe || r.deleted == Told::maybe) ++audit.unclear;
  }
}

// Each once, in the order of the controllers.
std::string not_looked_at(const std::vector<ResourceListing>& listings) {
  std::vector<std::string> all;
  for (const ResourceListing& listing : listings)
    if (const std::string& one = listing.not_looked_at; !one.empty() && std::find(all.begin(), all.end(), one) == all.end())
      all.push_back(one);
  return joined(all, "; ");
}

std::string why_of(bool complete, const std::string& problem) {
  return complete ? "" : problem.empty() ? "it was not read to its end" : problem;
}

void check_whole(const ResourceEvidence& evidence, ResourceAudit& audit) {
  std::vector<std::string> why;
  if (const std::string book = why_of(evidence.book.complete, evidence.book.problem); !book.empty())
    why.push_back("what the probe made: " + book);
  for (const auto& controller : audit.controllers)
    if (const std::string one = why_of(controller.complete, controller.problem); !one.empty())
      why.push_back(fmt::format("controller {}: {}", controller.name, one));
  if (audit.controllers.empty()) why.emplace_back("no controller was read");
  if (why.empty() && audit.created == 0) why.emplace_back("no creation was acknowledged, so none could be looked for");
  audit.problem = joined(why, "; ");
  audit.complete = why.empty();
}

}  // namespace

const char* name_of(ResourceFinding::Kind kind) {
  switch (kind) {
    case Kind::lost: return "lost";
    case Kind::resurrected: return "resurrected";
    case Kind::phantom: return "phantom";
    case Kind::stuck: return "stuck";
    case Kind::orphaned: return "orphaned";
    case Kind::differs: break;
  }
  return "differs";
}

ResourceAudit audit_resources(const std::string& probe, const std::vector<std::string>& controllers,
                              const ResourceEvidence& evidence) {
  ResourceAudit audit;
  audit.probe = probe;
  count(evidence.book, audit);
  const auto listings = in_order(controllers, evidence);
  Auditor auditor(evidence);
  const ResourceListing* first = nullptr;
  for (const ResourceListing& listing : listings) {
    audit.controllers.push_back({listing.controller, listing.complete, listing.problem, listing.resources.size()});
    if (listing.complete) auditor.look_at(listing, audit);
  }
  for (const ResourceListing& listing : listings) {
    if (!listing.complete) continue;
    if (first) auditor.compare(*first, listing, audit);
    if (!first) first = &listing;
  }
  audit.not_looked_at = not_looked_at(listings);
  check_whole(evidence, audit);
  return audit;
}

}  // namespace blackstart
