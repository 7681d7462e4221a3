#include "probes/openstack_leftovers.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <nlohmann/json.hpp>

#include "probes/openstack_book.h"
#include "probes/openstack_ground.h"
#include "probes/openstack_life.h"

namespace blackstart {
namespace {

constexpr Duration kBetweenRounds = 1s;
constexpr int kMostLooks = 60;  // for one that has only a name

struct Leftover {
  const ResourceKind* kind;
  std::string id, name;
  int looks = 0;
};

}  // namespace

// One request at a time, so that it is no load worth speaking of.
struct Leftovers::Impl : std::enable_shared_from_this<Impl> {
  explicit Impl(OpenStackCaller& caller_) : caller(caller_), timer(caller_.io) {}

  void begin_round() {
    busy = true;
    timer.expires_after(kBetweenRounds);
    timer.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (cancelled) return;
      self->round = self->all.size();
      self->next();
    });
  }

  void next() {
    if (all.empty()) return void(busy = false);
    if (round == 0) return begin_round();
    --round;
    Leftover one = all.front();
    all.pop_front();
    one.id.empty() ? look_for(one) : remove(one);
  }

  void ask(const char* method, const Leftover& one, const std::string& path,
           const std::function<void(const HttpAnswer&)>& then) {
    caller.ask(method, one.kind->service, path, true, caller.settings.request_timeout,
               [self = shared_from_this(), then](const HttpAnswer& answer) {
                 then(answer);
                 self->next();
               });
  }

  // Deleting goes on until nothing is there.
  void remove(const Leftover& one) {
    caller.start.book->deleting(one.name);
    ask("DELETE", one, fmt::format("{}/{}", one.kind->collection, url_encoded(one.id)), [this, one](const HttpAnswer& answer) {
      note_deletion(*caller.start.book, one.name, answer);
      if (!answer.ok() || answer.status != 404) all.push_back(one);
    });
  }

  void look_for(Leftover one) {
    ++one.looks;
    ask("GET", one, fmt::format("{}?name={}", one.kind->collection, url_encoded(one.name)),
        [this, one](const HttpAnswer& answer) {
          const auto body = answer.ok() ? nlohmann::json::parse(answer.body, nullptr, false) : nlohmann::json();
          bool there = false;
          if (const auto* found = list_in(body, one.kind->collection))
            for (const auto& resource : *found)
              // A server's name is a pattern to Nova: "…-1" finds "…-12" too.
              if (text_of(resource, "name") == one.name) take(one, text_of(resource, "id")), there = true;
          if (!there && one.looks < kMostLooks) all.push_back(one);
        });
  }

  void take(const Leftover& one, const std::string& id) {
    caller.start.book->seen(one.name, id);
    all.push_back({one.kind, id, one.name});
  }

  OpenStackCaller& caller;
  boost::asio::steady_timer timer;
  std::deque<Leftover> all;
  std::size_t round = 0;
  bool busy = false;
};

Leftovers::Leftovers(OpenStackCaller& caller) : impl_(std::make_shared<Impl>(caller)) {}

Leftovers::~Leftovers() { impl_->timer.cancel(); }

void Leftovers::add(const ResourceKind& kind, const std::string& id, const std::string& name) {
  if (impl_->caller.start.book->keep(name)) return;
  impl_->all.push_back({&kind, id, name});
  if (!impl_->busy) impl_->begin_round();
}

}  // namespace blackstart
