// What the nodes' services were set to when the rehearsal began, as read from them: what predicted bands are computed from.
//
// Purpose: the schema of `live_settings` in the record (docs/record.md). Ownership: plain values. Thread rule: plain data.
#pragma once

#include <string>
#include <vector>

namespace blackstart {

struct LiveSetting {
  std::string of;     // what of the component: HAProxy's "sql/c1", a VRRP instance; empty: the whole
  std::string name;   // as the component calls it: "evs.suspect_timeout"
  std::string value;  // times as format_duration writes them ("500ms"), all else as it was read
  std::string from;   // "/etc/haproxy/haproxy.cfg", "the running server", "default (HAProxy: defaults.h)"
  bool operator==(const LiveSetting&) const = default;
};

// Of one component on one node.
struct LiveSettings {
  std::string component, node;  // "galera", "haproxy", "keepalived", "rabbitmq", "nova", "neutron"
  std::vector<LiveSetting> settings;
  std::string problem;  // why they could not be read; then there are none, and nothing is guessed
  bool operator==(const LiveSettings&) const = default;
};

}  // namespace blackstart
