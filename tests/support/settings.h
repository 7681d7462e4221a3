// Live settings and situations made by hand, for tests of what they let expect.
#pragma once

#include <string>
#include <vector>

#include "reports/predict.h"

namespace blackstart::test {

inline LiveSettings galera_on(const std::string& node, const std::string& suspect = "5s") {
  return {"galera",
          node,
          {{"", "evs.suspect_timeout", suspect, "the running server"},
           {"", "evs.inactive_check_period", "500ms", "the running server"},
           {"", "evs.keepalive_period", "1s", "the running server"}},
          ""};
}

inline LiveSettings haproxy_on(const std::string& node, const std::string& inter = "2s", const std::string& fall = "3") {
  LiveSettings all{"haproxy", node, {}, ""};
  for (const char* server : {"sql/c1", "sql/c2"})
    for (const LiveSetting& one : std::vector<LiveSetting>{{server, "node", std::string(server).substr(4), "cloud.yaml"},
                                                           {server, "inter", inter, "/etc/haproxy/haproxy.cfg"},
                                                           {server, "fall", fall, "/etc/haproxy/haproxy.cfg"}})
      all.settings.push_back(one);
  return all;
}

inline LiveSettings keepalived_on(const std::string& node, int priority, const std::string& version = "2",
                                  const std::string& advert = "1s") {
  const std::string from = "/etc/keepalived/keepalived.conf";
  return {"keepalived",
          node,
          {{"vip", "virtual_ipaddress", "198.18.71.10", from},
           {"vip", "advert_int", advert, from},
           {"vip", "priority", std::to_string(priority), from},
           {"vip", "vrrp_version", version, from},
           {"vip", "track_script", "haproxy_answers", from},
           {"haproxy_answers", "interval", "2s", from},
           {"haproxy_answers", "fall", "3", from},
           {"haproxy_answers", "weight", "0", from},
           {"haproxy_answers", "watches", "haproxy", from}},
          ""};
}

inline Injection injected(const std::string& fault, const std::string& target, const std::string& unit = "") {
  Injection one;
  one.id = "fault";
  one.fault = fault;
  one.targets = {target};
  one.effect = {20s, 20s + 20ms};
  if (!unit.empty()) one.parameters = {{"unit", unit}};
  return one;
}

}  // namespace blackstart::test
