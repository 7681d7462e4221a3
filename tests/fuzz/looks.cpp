// What nodes print and what OpenStack's APIs say of the components that the probe `redundancy` looks at: any answer is a look
// or an error of ours, and a part that is not there is never whole.
//
// The first byte of an input is the component, the second means nothing; then come the answers, zero bytes between them.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "probes/openstack_identity.h"
#include "tests/fuzz/memory_file.h"
#include "tests/support/redundancy_ground.h"
#include "tests/support/speaker.h"

using namespace blackstart;

namespace {

constexpr Duration kLimit = 500ms;  // a list that goes on for ever is read as long
constexpr std::array kOnNodes{"rabbitmq", "rabbitmq-queues", "haproxy", "keepalived"};
constexpr std::array kOfApis{"nova", "neutron", "cinder", "dhcp", "anti-affinity"};

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string> answers_in(std::string_view text) {
  std::vector<std::string> answers;
  for (std::size_t end; (end = text.find('\0')) != text.npos; text.remove_prefix(end + 1))
    answers.emplace_back(text.substr(0, end));
  answers.emplace_back(text);
  return answers;
}

std::string http(const std::string& head, const std::string& body) {
  return "HTTP/1.1 " + head + "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string token(std::int64_t port) {
  nlohmann::json catalog = nlohmann::json::array();
  for (const char* type : {"compute", "network", "volumev3", "placement", "image"}) {
    const nlohmann::json endpoint = {
        {"interface", "public"}, {"region", "R1"}, {"url", fmt::format("http://127.0.0.1:{}/", port)}};
    catalog.push_back({{"type", type}, {"endpoints", {endpoint}}});
  }
  const nlohmann::json whole = {{"token", {{"expires_at", "2099-01-01T00:00:00.000000Z"}, {"catalog", catalog}}}};
  return http("201 Created\r\nX-Subject-Token: secret", whole.dump());
}

OpenStackCredentials credentials(std::int64_t port) {
  OpenStackCredentials all;
  all.source = "the fuzzer";
  all.auth_url = fmt::format("http://127.0.0.1:{}/v3", port);
  all.user = all.password = all.project = "bank";
  all.user_domain = all.project_domain = "Default";
  return all;
}

void look(test::RedundancyGround& ground, const std::string& component) {
  const auto check = ground.check(component);
  try {
    const RedundancyLook seen = check->look(Deadline(real_clock(), kLimit));
    for (const RedundancyPart& part : seen.parts) require(seen.find(part.name) != nullptr);
    const bool sound = std::all_of(seen.parts.begin(), seen.parts.end(),
                                   [](const RedundancyPart& part) { return part.good || part.set_aside || part.copies >= 0; });
    require(sound || !missing_in(seen, seen, false).empty());
    single_in(seen);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::unmet || error.kind() == ErrorKind::unreachable);
    require(!error.doing().empty() && !error.why().empty());
  }
}

void look_at_nodes(const std::string& component, const std::vector<std::string>& answers) {
  test::RedundancyGround ground;
  std::atomic<std::size_t> asked = 0;
  ground.remote.on("", [&](const auto&, const auto&) { return answered(answers[asked++ % answers.size()]); });
  look(ground, component);
}

void look_at_api(const std::string& component, const std::vector<std::string>& answers) {
  static test::Speaker speaker;
  std::vector<std::string> said{token(speaker.port())};
  for (const std::string& answer : answers) said.push_back(http("200 OK", answer));
  speaker.say(said);
  test::RedundancyGround ground(credentials(speaker.port()));
  look(ground, component);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t which = data[0] % (kOnNodes.size() + kOfApis.size());
  const auto answers = answers_in(fuzz::text_of(data, size).substr(2));
  if (which < kOnNodes.size())
    look_at_nodes(kOnNodes[which], answers);
  else
    look_at_api(kOfApis[which - kOnNodes.size()], answers);
  return 0;
}
