// A service that shrugs off SIGTERM sent to its main process: an injection of that has no effect, and its proof is waited for
// in vain for as long as it may take.
#pragma once

#include <string>

#include "tests/rehearsal/support.h"

namespace blackstart::rehearsal {

class Stubborn {
 public:
  explicit Stubborn(const std::string& node) : node_(node) {
    on_node(node_,
            "printf '[Service]\\nExecStart=/bin/sh -c \"trap : TERM; while :; do sleep 1 & wait; "
            "done\"\\nKillMode=mixed\\nTimeoutStopSec=2\\n' "
            "> /run/systemd/system/stubborn.service && systemctl daemon-reload && systemctl start stubborn.service");
  }
  ~Stubborn() {
    on_node(node_,
            "systemctl stop stubborn.service; rm /run/systemd/system/stubborn.service; systemctl daemon-reload; "
            "systemctl reset-failed stubborn.service 2>/dev/null; true");
  }
  Stubborn(const Stubborn&) = delete;
  Stubborn& operator=(const Stubborn&) = delete;

  // The step that sends it SIGTERM.
  std::string step() const {
    return "  - inject: {id: no-effect, fault: service.kill, unit: stubborn.service, signal: TERM, on: {nodes: [" + node_ +
           "]}}\n";
  }

 private:
  const std::string node_;
};

}  // namespace blackstart::rehearsal
