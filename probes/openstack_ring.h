// Tokens that were issued before the fault, as customers hold them: what `token-validate` asks about.
//
// Purpose: a cloud that keeps its tokens in one place loses some together with it. A token that is issued afterwards does not
// show that, so these are kept: only one that was good at half of its life is renewed. Ownership: refers to the caller, which
// outlives it. Thread rule: issue_ring() any; TokenRing the loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "probes/openstack_workload.h"

namespace blackstart {

class OpenStackApi;

// Thirty of them. Of tokens that are spread over three servers the loss of one takes a third: that none of thirty is among them
// has a probability of (2/3)^30, five in a million. Throws as OpenStackApi does.
std::vector<HeldToken> issue_ring(OpenStackApi& api);

class TokenRing {
 public:
  explicit TokenRing(OpenStackCaller& caller);
  ~TokenRing();

  // The token that operation `number` of a series validates: one after the other. While some are lost every second operation
  // asks for one of those: among thirty a single one would pass for a stray failure.
  std::string turn(std::uint64_t number) const;
  // What Keystone says of it. Unknown before its time is over (404): it is lost, until Keystone knows it again.
  void answered(const std::string& id, const HttpAnswer& answer);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace blackstart
