#include "probes/openstack_ring.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/error.h"
#include "probes/openstack_api.h"

namespace blackstart {
namespace {

constexpr int kTokens = 30;
constexpr Duration kLookAgain = 1s;

struct Held : HeldToken {
  bool lost = false;
  Duration age() const { return real_clock().now() - asked; }
  bool due() const { return age() >= life / 2; }
  // Somewhat early: an answer that is under way when its life ends must not count as a loss.
  bool over() const { return age() >= life / 10 * 9; }
};

}  // namespace

struct TokenRing::Impl : std::enable_shared_from_this<Impl> {
  explicit Impl(OpenStackCaller& caller_) : caller(caller_), timer(caller_.io) {
    for (const HeldToken& token : caller.start.ring) all.push_back({token});
  }

  void look_later() {
    timer.expires_after(kLookAgain);
    timer.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled) self->renew_next();
    });
  }

  // One request at a time, so that it is no load worth speaking of.
  void renew_next() {
    auto next = std::find_if(all.begin(), all.end(), [](const Held& one) { return one.due() && !one.lost; });
    if (next == all.end()) return look_later();
    next->over() ? issue(*next) : look_at(*next);
  }

  // First: one that was lost since its last turn must not be renewed unseen.
  void look_at(Held& one) {
    caller.ask("GET", ApiService::identity, "auth/tokens", true, caller.settings.request_timeout,
               [self = shared_from_this(), &one](const HttpAnswer& answer) {
                 self->note(one, answer);
                 answer.ok() && answer.status == 200 ? self->issue(one) : self->look_later();
               },
               "", "", {{"X-Subject-Token", one.id}});
  }

  void issue(Held& one) {
    const Time asked = real_clock().now();
    caller.client.send(token_request(caller.start.credentials), HttpClient::Connection::fresh, caller.settings.request_timeout,
                       [self = shared_from_this(), &one, asked](const HttpAnswer& answer) {
                         self->take(one, answer, asked) ? self->renew_next() : self->look_later();
                       });
  }

  bool take(Held& one, const HttpAnswer& answer, Time asked) {
    try {
      const OpenStackToken token = token_of(caller.start.credentials, answer);
      one = {{token.id, token.life, asked}};
      return true;
    } catch (const Error&) {  // what it means for customers, the operations show
      return false;
    }
  }

  static void note(Held& one, const HttpAnswer& answer) {
    if (answer.ok() && answer.status == 200) one.lost = false;
    if (answer.ok() && answer.status == 404 && !one.over()) one.lost = true;
  }

  OpenStackCaller& caller;
  boost::asio::steady_timer timer;
  std::vector<Held> all;
};

std::vector<HeldToken> issue_ring(OpenStackApi& api) {
  std::vector<HeldToken> ring;
  for (int i = 0; i < kTokens; ++i) {
    const Time asked = real_clock().now();
    const OpenStackToken token = api.another_token();
    ring.push_back({token.id, token.life, asked});
  }
  return ring;
}

TokenRing::TokenRing(OpenStackCaller& caller) : impl_(std::make_shared<Impl>(caller)) {
  if (!impl_->all.empty()) impl_->look_later();
}

TokenRing::~TokenRing() { impl_->timer.cancel(); }

std::string TokenRing::turn(std::uint64_t number) const {
  const std::vector<Held>& all = impl_->all;
  std::vector<const Held*> lost;
  for (const Held& one : all)
    if (one.lost) lost.push_back(&one);
  // The other half of the ring's places in every other round, so that each has its turn.
  if (!lost.empty() && (number + number / all.size()) % 2 == 0) return lost[number / 2 % lost.size()]->id;
  const Held& one = all[number % all.size()];
  // Keystone has given no other for half a life, and need not know this one any more.
  return one.over() && !one.lost ? impl_->caller.token.id() : one.id;
}

void TokenRing::answered(const std::string& id, const HttpAnswer& answer) {
  for (Held& one : impl_->all)
    if (one.id == id) Impl::note(one, answer);
}

}  // namespace blackstart
