// A blocking HTTP client, for everything that is not on a schedule: preflight, set-up, clean-up.
//
// Purpose: ask and get the answer; the deadline holds whatever the server does. Ownership: owns its connections.
// Thread rule: one thread at a time.
#pragma once

#include <memory>

#include "probes/http_client.h"

namespace blackstart {

class HttpSession {
 public:
  // Throws Error(bad_file) when the CA file can't be used.
  HttpSession(const HttpSettings& settings, const Deadline& deadline);
  ~HttpSession();

  // One request on a kept connection. No answer is an answer too: see HttpAnswer::error.
  HttpAnswer ask(const HttpRequest& request);
  const Deadline& deadline() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace blackstart
