// OpenStack's APIs for looks that come again and again: one token for all of them.
//
// Purpose: a look costs its questions, and no new token each time. Ownership: owns its credentials and its token. Thread rule:
// any thread; looks of several threads go side by side.
#pragma once

#include <functional>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "lab/openstack_credentials.h"
#include "probes/openstack_identity.h"

namespace blackstart {

class OpenStackApi;

class RedundancyApi {
 public:
  // Nullopt: this cloud has no OpenStack, and every question is an Error(unmet).
  explicit RedundancyApi(std::optional<OpenStackCredentials> credentials) : credentials_(std::move(credentials)) {}

  // Runs `questions` with a token that is good for a while; after an Error the next look gets a new one. Throws what they
  // throw.
  void ask(const Deadline& deadline, const std::function<void(OpenStackApi&)>& questions);

 private:
  OpenStackToken token(const Deadline& deadline);
  void forget(const std::string& id);

  const std::optional<OpenStackCredentials> credentials_;
  std::mutex mutex_;
  OpenStackToken token_;
  Time renew_at_{-1};
};

}  // namespace blackstart
