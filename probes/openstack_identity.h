// Keystone v3: asking for a token, and what comes with it.
//
// Purpose: the request by password or application credential, the answer's token, its life, and where the services are.
// Secrets go into requests only, never into an Error. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "lab/openstack_credentials.h"
#include "probes/http_client.h"

namespace blackstart {

// What the probes ask; names in messages and in the table of operations.
enum class ApiService { identity, compute, image, network, volume, placement };
const char* name_of(ApiService service);

struct OpenStackToken {
  std::string id;
  Duration life{0};  // from its issue to its expiry, both by Keystone's clock
  std::string project;
  struct Endpoint {
    std::string type, interface, region, url;
  };
  std::vector<Endpoint> catalog;
};

// Throws Error(unmet) when auth_url is no address.
HttpRequest token_request(const OpenStackCredentials& credentials);
// Is it the answer to that request that holds a token?
bool holds_token(const HttpAnswer& answer);
// Throws Error(unmet) with what is wrong: credentials, scope, not Keystone; Error(unreachable) when there was no answer, or
// 5xx.
OpenStackToken token_of(const OpenStackCredentials& credentials, const HttpAnswer& answer);

// Where the service is, version included. Throws Error(unmet): not in the catalogue, no such region or interface.
Url endpoint_of(const OpenStackCredentials& credentials, const OpenStackToken& token, ApiService service);

// An OpenStack error's own words, out of whatever form it has; "" when there are none.
std::string message_in(const std::string& body);

}  // namespace blackstart
