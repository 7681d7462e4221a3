// What failed operations may have left in the cloud, removed while the schedule goes on.
//
// Purpose: an outage must not fill the project's quota, or creating would go on failing after the cloud has recovered. Outside
// of what is measured; what it doesn't get done is left to the probe's clean-up. Ownership: refers to the caller, which
// outlives it. Thread rule: the loop's thread.
#pragma once

#include <memory>
#include <string>

#include "probes/openstack_workload.h"

namespace blackstart {

class Leftovers {
 public:
  explicit Leftovers(OpenStackCaller& caller);
  ~Leftovers();

  // A few of those whose creation was acknowledged stay, for the audit to see what became of them. Without an id it is looked
  // for by its name for a while: its creation may still be under way.
  void add(const ResourceKind& kind, const std::string& id, const std::string& name);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace blackstart
