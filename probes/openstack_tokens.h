// Keeps a valid token at hand for operations on the event loop, outside of what is measured.
//
// Purpose: renews it at half of its life, and again every second until Keystone gives one. Ownership: refers to the client,
// which outlives it. Thread rule: the loop's thread.
#pragma once

#include <memory>
#include <string>

#include "probes/http_client.h"
#include "probes/openstack_identity.h"

namespace blackstart {

struct HeldToken {
  std::string id;
  Duration life{0};
  Time asked{0};  // when it was asked for, on real_clock()
};

class TokenKeeper {
 public:
  TokenKeeper(boost::asio::io_context& io, HttpClient& client, const OpenStackCredentials& credentials,
              const OpenStackToken& token, Duration request_timeout);
  ~TokenKeeper();

  const std::string& id() const;
  // A service did not take it: it may have been revoked. Asks for another, once a second at most.
  void refused();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace blackstart
