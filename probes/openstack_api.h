// OpenStack's APIs for what is not on a schedule: preflight, set-up, clean-up. Blocking.
//
// Purpose: JSON in, JSON out, and an Error in people's words for everything else. Ownership: owns its connections and its
// token. Thread rule: one thread at a time.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "probes/http_session.h"
#include "probes/openstack_identity.h"

namespace blackstart {

// Where services are asked: the catalogue's addresses, or the same ports and paths of one host.
struct ApiAt {
  std::string host;    // empty: the catalogue's
  bool plain = false;  // without TLS, whatever the catalogue says
};

class OpenStackApi {
 public:
  // Gets a token; everything it does has to be done by `deadline`. Throws Error(unmet, unreachable, bad_file).
  OpenStackApi(const OpenStackCredentials& credentials, const Deadline& deadline);
  // With a token that the caller has. Throws Error(bad_file).
  OpenStackApi(const OpenStackCredentials& credentials, OpenStackToken token, const Deadline& deadline, ApiAt at = {});

  const OpenStackToken& token() const { return token_; }
  // One beside it. Throws Error(unmet, unreachable).
  OpenStackToken another_token();
  const Deadline& deadline() const { return session_.deadline(); }
  Url endpoint(ApiService service) const;

  // Each throws Error(unmet) with the service's own words when it refuses, Error(unreachable) when it doesn't answer or says
  // 5xx.
  nlohmann::json get(ApiService service, const std::string& path);
  // Nothing for 404.
  std::optional<nlohmann::json> find(ApiService service, const std::string& path);
  nlohmann::json create(ApiService service, const std::string& path, const std::string& body);
  // False when it was gone already.
  bool remove(ApiService service, const std::string& path);

 private:
  HttpAnswer ask(const std::string& method, ApiService service, const std::string& path, const std::string& body = "");
  [[noreturn]] void refuse(const std::string& doing, const HttpAnswer& answer) const;
  nlohmann::json json_of(const std::string& doing, const HttpAnswer& answer) const;

  OpenStackCredentials credentials_;
  HttpSession session_;
  OpenStackToken token_;
  ApiAt at_ = {};
};

}  // namespace blackstart
