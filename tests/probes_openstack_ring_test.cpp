// Tokens that were issued before the fault: `token-validate` must not pass on a cloud that has lost some.
#include <catch2/catch.hpp>
#include <set>

#include "probes/openstack_ring.h"
#include "tests/support/openstack_site.h"

using namespace blackstart;
using namespace blackstart::test;

namespace {

const std::string kValidate = "{token-validate: {rate: 60/s}}";
// By the fake's count: preflight's, the caller's, then the ring.
constexpr int kCaller = 2, kFirst = 3, kLast = 32;

std::size_t failed_with(const std::vector<Operation>& operations, int error, std::size_t of_last) {
  const auto from = operations.end() - static_cast<std::ptrdiff_t>(std::min(of_last, operations.size()));
  return static_cast<std::size_t>(std::count_if(
      from, operations.end(), [&](const Operation& o) { return o.outcome == Outcome::failed && o.error == error; }));
}

}  // namespace

TEST_CASE("openstack: tokens that were issued before the fault are validated in turn", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  std::set<std::string> asked_for, callers;
  fake.intercept = [&](const HttpSeen& seen) -> std::optional<HttpReply> {
    if (auto token = seen.headers.find("x-subject-token"); token != seen.headers.end()) {
      asked_for.insert(token->second);
      callers.insert(seen.headers.at("x-auth-token"));
    }
    return std::nullopt;
  };
  CHECK(all_ok(run(*site.probe(settings_of(kValidate)), 700ms)));
  CHECK(asked_for.size() == 30);
  CHECK((callers == std::set<std::string>{"token-2"} && asked_for.count("token-2") == 0));
  CHECK(fake.tokens() == kLast);
}

TEST_CASE("openstack: lost tokens fail again and again, and are not replaced", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  const auto operations = run(*site.probe(settings_of(kValidate)), 1500ms, [&] {
    for (int number = kFirst; number < kFirst + 10; ++number) fake.lose_token(number);
  });
  CHECK(fake.tokens() == kLast);
  CHECK(failed_with(operations, 404, 20) >= 10);
  CHECK(outcomes(operations)[{Outcome::ok, 0}] >= 20);  // the others are good
}

TEST_CASE("openstack: one lost token of thirty is no stray failure, and one that is known again counts no more",
          "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  const auto lost = run(*site.probe(settings_of(kValidate)), 1500ms, [&] { fake.lose_token(kFirst + 7); });
  const std::int64_t failed = failed_with(lost, 404, 20);
  CHECK((failed >= 8 && failed <= 10));  // each second one, but for those that a busy machine leaves unsent
  const auto found = run(*site.probe(settings_of(kValidate)), 1s, [&] {
    for (int number = kLast + kFirst; number <= kLast + kLast; ++number) fake.lose_token(number);
    real_clock().pause(500ms);
    fake.find_tokens_again();
  });
  CHECK(failed_with(found, 404, found.size()) >= 20);
  CHECK(failed_with(found, 404, 20) == 0);
}

TEST_CASE("openstack: the caller's own token is renewed when it is refused, the others stay", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  const auto operations = run(*site.probe(settings_of(kValidate)), 1800ms, [&] { fake.lose_token(kCaller); });
  CHECK(failed_with(operations, 401, operations.size()) >= 20);
  CHECK(operations.back().outcome == Outcome::ok);
  CHECK(fake.tokens() == kLast + 1);
}

TEST_CASE("openstack: at half of their life tokens are renewed, but for those that are lost", "[openstack]") {
  FakeOpenStack fake;
  fake.token_life = 4;
  ApiSite site(fake);
  const auto operations = run(*site.probe(settings_of(kValidate)), 4500ms, [&] {
    auto guard = fake.lock();
    fake.intercept = [&](const HttpSeen& seen) -> std::optional<HttpReply> {
      const auto token = seen.headers.find("x-subject-token");
      if (token == seen.headers.end() || token->second != "token-3") return std::nullopt;
      return HttpReply{404, "{}"};
    };
  });
  CHECK(fake.tokens() >= kLast + 1 + 29);
  CHECK(failed_with(operations, 404, 20) == 10);  // beyond its own life, too
}

TEST_CASE("openstack: tokens that ran out while Keystone gave no others are no loss", "[openstack]") {
  FakeOpenStack fake;
  fake.token_life = 1;
  ApiSite site(fake);
  const auto operations = run(*site.probe(settings_of(kValidate)), 2500ms, [&] {
    const auto break_off = [&](FakeOpenStack::Intercept intercept) {
      auto guard = fake.lock();
      fake.intercept = std::move(intercept);
      fake.token_life = 3600;
    };
    break_off([](const HttpSeen&) { return std::optional(HttpReply{503, ""}); });
    real_clock().pause(1100ms);
    fake.revoke_tokens();
    break_off(nullptr);
  });
  CHECK(failed_with(operations, 503, operations.size()) >= 20);
  CHECK(failed_with(operations, 404, operations.size()) == 0);
  CHECK(operations.back().outcome == Outcome::ok);
}

TEST_CASE("openstack: no tokens are asked for where none are validated", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  run(*site.probe(settings_of("{flavor-list: {rate: 10/s}}")), 100ms);
  CHECK(fake.tokens() == kCaller);
}
