// An operation of the probe `openstack` that takes several requests: asks, waits, asks again, until it is done or its deadline
// has passed.
//
// Ownership: what is under way holds itself alive; the caller outlives it. Thread rule: the loop's thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "probes/open_loop.h"
#include "probes/openstack_workload.h"

namespace blackstart {

class OpenStackTask : public std::enable_shared_from_this<OpenStackTask> {
 public:
  OpenStackTask(OpenStackCaller& caller, bool fresh, const Deadline& deadline, Workload::Done done);
  virtual ~OpenStackTask() = default;
  // Runs it; at the deadline it is indeterminate, whatever it waits for.
  void begin();

 protected:
  using Then = std::function<void(const HttpAnswer&)>;  // may use `this`
  struct Body {
    std::string text = {};
    std::string type = "application/json";
    std::string version = {};  // Nova's micro-version; empty: its oldest
  };
  virtual void first() = 0;
  virtual void ended() {}  // before the outcome is told

  // An answer that comes after the end is dropped.
  void ask(const char* method, ApiService service, const std::string& path, Then then, Body body);
  void ask(const char* method, ApiService service, const std::string& path, Then then);
  void after_pause(std::function<void()> next);
  void finish(Workload::Result result);
  void fail(std::uint16_t error) { finish({Outcome::indeterminate, error}); }
  void fail_by(const HttpAnswer& answer);

  OpenStackCaller& caller_;

 private:
  const bool fresh_;
  Deadline deadline_;
  Workload::Done done_;
  boost::asio::steady_timer end_, pause_;
};

bool succeeded(const HttpAnswer& answer);

}  // namespace blackstart
