#include "probes/openstack_task.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "probes/http_outcome.h"

namespace blackstart {

bool succeeded(const HttpAnswer& answer) { return answer.ok() && answer.status >= 200 && answer.status < 300; }

OpenStackTask::OpenStackTask(OpenStackCaller& caller, bool fresh, const Deadline& deadline, Workload::Done done)
    : caller_(caller), fresh_(fresh), deadline_(deadline), done_(std::move(done)), end_(caller.io), pause_(caller.io) {}

void OpenStackTask::begin() {
  end_.expires_after(deadline_.left());
  end_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled) self->fail(kTimedOut);
  });
  first();
}

void OpenStackTask::ask(const char* method, ApiService service, const std::string& path, Then then, Body body) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (!body.version.empty()) headers.emplace_back("OpenStack-API-Version", "compute " + body.version);
  caller_.ask(
      method, service, path, fresh_, std::min(deadline_.left(), caller_.settings.request_timeout),
      [self = shared_from_this(), then = std::move(then)](const HttpAnswer& answer) {
        if (self->done_) then(answer);
      },
      std::move(body.text), body.type, std::move(headers));
}

void OpenStackTask::ask(const char* method, ApiService service, const std::string& path, Then then) {
  ask(method, service, path, std::move(then), Body());
}

void OpenStackTask::after_pause(std::function<void()> next) {
  pause_.expires_after(caller_.settings.poll);
  pause_.async_wait([self = shared_from_this(), next = std::move(next)](boost::system::error_code cancelled) {
    if (!cancelled && self->done_) next();
  });
}

void OpenStackTask::fail_by(const HttpAnswer& answer) { fail(outcome_of(true, answer, false).error); }

void OpenStackTask::finish(Workload::Result result) {
  if (!done_) return;
  end_.cancel();
  pause_.cancel();
  ended();
  std::exchange(done_, nullptr)(result);
}

}  // namespace blackstart
