// What became of an HTTP request, as an operation's outcome, and as an Error where nobody may go on without an answer.
// Pure functions; any thread.
#pragma once

#include <string>

#include "base/error.h"
#include "probes/http_client.h"
#include "probes/open_loop.h"

namespace blackstart {

// `right`: it is the answer that was wanted. A write that was sent and not answered may have been done; so may one that was
// answered 5xx, as a proxy says 502 or 504 of what it has handed on. Every other failure certainly had no effect.
Workload::Result outcome_of(bool writes, const HttpAnswer& answer, bool right);

// For preflight: the request got no answer. Kind unreachable, or unmet when the certificate is not trusted.
Error no_answer(const std::string& doing, const HttpAnswer& answer);

}  // namespace blackstart
