// What the probe `openstack` asked the cloud to make and to remove, and what it was told: the audit's side of the truth.
//
// Purpose: the belief that the control plane's audit compares with each controller. Ownership: owned by the probe, outlives its
// workload. Thread rule: the loop's thread while the schedule runs, any other before and after.
#pragma once

#include <map>
#include <string>

#include "probes/openstack_operations.h"
#include "reports/resources.h"

namespace blackstart {

class OpenStackBook {
 public:
  // `zero`: the run's zero on `clock`. `most_kept`: how many leftovers of each kind shall stay for the audit.
  OpenStackBook(Clock& clock, Time zero, int most_kept) : clock_(clock), zero_(zero), most_kept_(most_kept) {}

  // Made before the schedule began.
  void stands(const ResourceKind& kind, const std::string& id, const std::string& name);

  // Names are those that creating() was told.
  void creating(const ResourceKind& kind, const std::string& name);
  void created(const std::string& name, const std::string& id);
  void refused(const std::string& name);                      // certainly not made
  void seen(const std::string& name, const std::string& id);  // nobody acknowledged it, but there it is
  void deleting(const std::string& name);
  void deleted(const std::string& name);      // acknowledged
  void not_deleted(const std::string& name);  // certainly refused
  void not_there(const std::string& name);    // said of it after it was asked to go

  // Shall this leftover stay until the audit has seen it? Only what was acknowledged, and no more than a few of each kind.
  bool keep(const std::string& name);

  ResourceBook read() const;

 private:
  struct Entry {
    BelievedResource what;
    int asked_to_go = 0;
  };
  Time now() const { return clock_.now() - zero_; }
  Clock& clock_;
  Time zero_;
  int most_kept_;
  std::map<std::string, int> kept_;   // by kind
  std::map<std::string, Entry> all_;  // by name
};

}  // namespace blackstart
