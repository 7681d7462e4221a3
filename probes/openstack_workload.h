// The operations of the probe `openstack` on the event loop.
//
// Ownership: the workload owns its client, its token and its list of leftovers, and outlives its operations. Thread rule: the
// loop's thread.
#pragma once

#include <map>
#include <memory>

#include "probes/open_loop.h"
#include "probes/openstack_settings.h"
#include "probes/openstack_tokens.h"

namespace blackstart {

class OpenStackBook;

struct OpenStackSeries {
  OpenStackSettings::Line line;
  bool fresh = true;
  std::string name() const { return line.operation + (fresh ? "" : "-persistent"); }
};
// One for each operation and way of connecting, in the order of the scenario.
std::vector<OpenStackSeries> series_of(const OpenStackSettings& settings);

// What the workload starts from; made by the probe's set-up.
struct OpenStackStart {
  OpenStackCredentials credentials;
  OpenStackToken token;
  OpenStackGround ground;
  std::map<ApiService, Url> endpoints;
  std::shared_ptr<OpenStackBook> book = {};
  std::vector<HeldToken> ring = {};  // with token-validate: probes/openstack_ring.h
};
std::unique_ptr<Workload> make_openstack_workload(boost::asio::io_context& io, const OpenStackSettings& settings,
                                                  const OpenStackStart& start);

// What operations share: the client, the token, the addresses.
struct OpenStackCaller {
  OpenStackCaller(boost::asio::io_context& io_, const OpenStackSettings& settings_, const OpenStackStart& start_);
  // With the token; a 401 makes the keeper look for another.
  void ask(const std::string& method, ApiService service, const std::string& path, bool fresh, Duration limit,
           HttpClient::Done done, std::string body = "", const std::string& type = "application/json",
           std::vector<std::pair<std::string, std::string>> headers = {});

  boost::asio::io_context& io;
  OpenStackSettings settings;
  OpenStackStart start;
  HttpClient client;
  TokenKeeper token;
  std::map<std::string, Time> leaving = {};  // servers that were told to leave their host, and when that was
};

}  // namespace blackstart
