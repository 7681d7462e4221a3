#include "probes/openstack_life.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "probes/http_outcome.h"
#include "probes/openstack_book.h"
#include "probes/openstack_ground.h"
#include "probes/openstack_task.h"

namespace blackstart {
namespace {

class Life final : public OpenStackTask {
 public:
  Life(OpenStackCaller& caller, Leftovers& leftovers, const ResourceKind& kind, const std::string& name, bool fresh,
       const Deadline& deadline, Workload::Done done)
      : OpenStackTask(caller, fresh, deadline, std::move(done)),
        leftovers_(leftovers),
        book_(*caller.start.book),
        kind_(kind),
        name_(name) {}

 private:
  void first() override {
    // Until its answer is here, nobody knows whether there is something of that name.
    maybe_made_ = true;
    book_.creating(kind_, name_);
    ask("POST", kind_.service, kind_.collection, [this](const HttpAnswer& answer) { created(answer); },
        {create_body(kind_, name_, caller_.start.ground), "application/json", ""});
  }

  void ended() override {
    if (maybe_made_) leftovers_.add(kind_, id_, name_);
  }

  std::string path() const { return std::string(kind_.collection) + "/" + url_encoded(id_); }

  void created(const HttpAnswer& answer) {
    id_ = succeeded(answer) ? text_of(resource_in(kind_, answer.body), "id") : "";
    if (!id_.empty()) {
      book_.created(name_, id_);
      return kind_.upload ? upload() : look();
    }
    const Workload::Result result = outcome_of(true, answer, false);
    maybe_made_ = result.outcome == Outcome::indeterminate;
    if (!maybe_made_) book_.refused(name_);
    finish(result);
  }

  void upload() {
    ask("PUT", kind_.service, path() + "/file",
        [this](const HttpAnswer& answer) { succeeded(answer) ? look() : fail_by(answer); },
        {std::string(static_cast<std::size_t>(caller_.start.ground.image_size), '\0'), "application/octet-stream", ""});
  }

  void look() {
    ask("GET", kind_.service, path(), [this](const HttpAnswer& answer) { seen(answer); });
  }

  void seen(const HttpAnswer& answer) {
    // It was acknowledged, and nobody has deleted it.
    if (answer.ok() && answer.status == 404) return fail(404);
    const std::string state = succeeded(answer) ? text_of(resource_in(kind_, answer.body), "status") : "";
    const auto is_state = [&](const char* wanted) { return state == wanted; };
    if (std::any_of(kind_.reached.begin(), kind_.reached.end(), is_state)) return remove();
    if (!state.empty() && state.rfind(kind_.broken, 0) == 0) return fail(kWrongAnswer);
    after_pause([this] { look(); });
  }

  void remove() {
    book_.deleting(name_);
    ask("DELETE", kind_.service, path(), [this](const HttpAnswer& answer) { removed(answer); });
  }

  void removed(const HttpAnswer& answer) {
    note_deletion(book_, name_, answer);
    succeeded(answer) ? look_whether_gone() : fail_by(answer);
  }

  void look_whether_gone() {
    ask("GET", kind_.service, path(), [this](const HttpAnswer& answer) {
      if (!answer.ok() || answer.status != 404) return after_pause([this] { look_whether_gone(); });
      maybe_made_ = false;
      finish({Outcome::ok, 0});
    });
  }

  Leftovers& leftovers_;
  OpenStackBook& book_;
  const ResourceKind& kind_;
  std::string name_, id_;
  bool maybe_made_ = false;
};

}  // namespace

void note_deletion(OpenStackBook& book, const std::string& name, const HttpAnswer& answer) {
  if (succeeded(answer)) return book.deleted(name);
  if (answer.ok() && answer.status == 404) return book.not_there(name);
  if (outcome_of(true, answer, false).outcome == Outcome::failed) book.not_deleted(name);
}

void begin_life(OpenStackCaller& caller, Leftovers& leftovers, const ResourceKind& kind, const std::string& name, bool fresh,
                const Deadline& deadline, Workload::Done done) {
  std::make_shared<Life>(caller, leftovers, kind, name, fresh, deadline, std::move(done))->begin();
}

}  // namespace blackstart
