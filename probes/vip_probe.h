// The probe `vip`: who holds the virtual IP, its handovers, and whether two have it at once.
// Ownership and thread rule: as Probe; the settings are a plain value.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "probes/goals.h"
#include "probes/open_loop.h"
#include "probes/probe.h"
#include "probes/vip_looks.h"

namespace blackstart {

struct VipSettings final : ProbeSettings {
  std::string address;             // empty: the cloud's
  std::string way = "arp";         // or "nodes"
  std::string interface;           // for arp; empty: the one in the address's network
  std::vector<std::string> nodes;  // that may hold it; empty: all
  double rate = 10;                // looks a second
  Limits limits{90ms, 90ms};
  Duration two_holders{0};  // in all
  Promise promise;

  void describe(Fields& f) override;
  std::unique_ptr<Probe> make(const std::string& name, const Cloud& cloud) const override;
};

// A look is an operation; whenever it sees others than the one before, that is told, as run time from `zero`. A look at which a
// node was silent is indeterminate, unless it saw two holders.
std::unique_ptr<Workload> make_vip_workload(std::unique_ptr<VipLooks> looks, Time zero,
                                            std::function<void(const Holders&)> tell);

}  // namespace blackstart
