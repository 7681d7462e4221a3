#include "probes/openstack_life.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "probes/http_outcome.h"
#include "probes/openstack_ground.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

bool succeeded(const HttpAnswer& answer) { return answer.ok() && answer.status >= 200 && answer.status < 300; }

class Life : public std::enable_shared_from_this<Life> {
 public:
  Life(OpenStackCaller& caller, Leftovers& leftovers, const ResourceKind& kind, const std::string& name, bool fresh,
       const Deadline& deadline, Workload::Done done)
      : caller_(caller),
        leftovers_(leftovers),
        kind_(kind),
        name_(name),
        fresh_(fresh),
        deadline_(deadline),
        done_(std::move(done)),
        end_(caller.io),
        pause_(caller.io) {}

  void begin() {
    end_.expires_after(deadline_.left());
    end_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled) self->fail(kTimedOut);
    });
    // Until its answer is here, nobody knows whether there is something of that name.
    maybe_made_ = true;
    ask("POST", kind_.collection, &Life::created, create_body(kind_, name_, caller_.start.ground));
  }

 private:
  using Next = void (Life::*)(const HttpAnswer&);

  void ask(const char* method, const std::string& path, Next next, std::string body = "",
           const char* type = "application/json") {
    caller_.ask(
        method, kind_.service, path, fresh_, std::min(deadline_.left(), caller_.settings.request_timeout),
        [self = shared_from_this(), next](const HttpAnswer& answer) {
          if (self->done_) ((*self).*next)(answer);
        },
        std::move(body), type);
  }

  std::string path() const { return std::string(kind_.collection) + "/" + url_encoded(id_); }

  void created(const HttpAnswer& answer) {
    id_ = succeeded(answer) ? text_of(resource_in(kind_, answer.body), "id") : "";
    if (!id_.empty()) return kind_.upload ? upload() : look();
    const Workload::Result result = outcome_of(true, answer, false);
    maybe_made_ = result.outcome == Outcome::indeterminate;
    finish(result);
  }

  void upload() {
    ask("PUT", path() + "/file", &Life::uploaded, std::string(static_cast<std::size_t>(caller_.start.ground.image_size), '\0'),
        "application/octet-stream");
  }

  void uploaded(const HttpAnswer& answer) { succeeded(answer) ? look() : fail_by(answer); }

  void look() { ask("GET", path(), &Life::seen); }

  void seen(const HttpAnswer& answer) {
    // It was acknowledged, and nobody has deleted it.
    if (answer.ok() && answer.status == 404) return fail(404);
    const std::string state = succeeded(answer) ? text_of(resource_in(kind_, answer.body), "status") : "";
    const auto is_state = [&](const char* wanted) { return state == wanted; };
    if (std::any_of(kind_.reached.begin(), kind_.reached.end(), is_state)) return remove();
    if (!state.empty() && state.rfind(kind_.broken, 0) == 0) return fail(kWrongAnswer);
    after_pause(&Life::look);
  }

  void remove() { ask("DELETE", path(), &Life::removed); }

  void removed(const HttpAnswer& answer) { succeeded(answer) ? look_whether_gone() : fail_by(answer); }

  void look_whether_gone() { ask("GET", path(), &Life::seen_after); }

  void seen_after(const HttpAnswer& answer) {
    if (!answer.ok() || answer.status != 404) return after_pause(&Life::look_whether_gone);
    maybe_made_ = false;
    finish({Outcome::ok, 0});
  }

  void after_pause(void (Life::*next)()) {
    pause_.expires_after(caller_.settings.poll);
    pause_.async_wait([self = shared_from_this(), next](boost::system::error_code cancelled) {
      if (!cancelled && self->done_) ((*self).*next)();
    });
  }

  void fail_by(const HttpAnswer& answer) { fail(outcome_of(true, answer, false).error); }
  void fail(std::uint16_t error) { finish({Outcome::indeterminate, error}); }

  void finish(Workload::Result result) {
    if (!done_) return;
    end_.cancel();
    pause_.cancel();
    if (maybe_made_) leftovers_.add(kind_, id_, name_);
    std::exchange(done_, nullptr)(result);
  }

  OpenStackCaller& caller_;
  Leftovers& leftovers_;
  const ResourceKind& kind_;
  std::string name_, id_;
  const bool fresh_;
  Deadline deadline_;
  Workload::Done done_;
  boost::asio::steady_timer end_, pause_;
  bool maybe_made_ = false;
};

}  // namespace

void begin_life(OpenStackCaller& caller, Leftovers& leftovers, const ResourceKind& kind, const std::string& name, bool fresh,
                const Deadline& deadline, Workload::Done done) {
  std::make_shared<Life>(caller, leftovers, kind, name, fresh, deadline, std::move(done))->begin();
}

}  // namespace blackstart
