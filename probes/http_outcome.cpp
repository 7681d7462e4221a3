#include "probes/http_outcome.h"

#include "reports/operation.h"

namespace blackstart {
namespace {

std::string hint_for(std::uint16_t error) {
  switch (error) {
    case kUntrusted:
      return "name the CA that signed the server's certificate as 'cacert', and use the host name it was made for";
    case kNoName: return "check the host name, and this machine's name servers";
    case kNoSocket: return "raise 'ulimit -n'";
    case kWrongAnswer: return "is this an HTTP server, and is it http or https?";
    default: return "is the service up, and may this machine reach it?";
  }
}

}  // namespace

Workload::Result outcome_of(bool writes, const HttpAnswer& answer, bool right) {
  if (answer.error == kNoSocket) return {Outcome::unsent, answer.error};
  if (!answer.ok()) return {writes && answer.sent ? Outcome::indeterminate : Outcome::failed, answer.error};
  if (right) return {Outcome::ok, 0};
  const bool refused = answer.status >= 400 && answer.status < 500;
  const auto error = answer.status >= 300 ? static_cast<std::uint16_t>(answer.status) : std::uint16_t{kWrongAnswer};
  return {writes && !refused ? Outcome::indeterminate : Outcome::failed, error};
}

Error no_answer(const std::string& doing, const HttpAnswer& answer) {
  const ErrorKind kind = answer.error == kUntrusted || answer.error == kNoSocket ? ErrorKind::unmet : ErrorKind::unreachable;
  return Error(kind, doing, answer.message, hint_for(answer.error));
}

}  // namespace blackstart
