#include "probes/openstack_tokens.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/error.h"

namespace blackstart {
namespace {

constexpr Duration kTryAgain = 1s;

}  // namespace

struct TokenKeeper::Impl : std::enable_shared_from_this<Impl> {
  Impl(boost::asio::io_context& io, HttpClient& client_, const OpenStackCredentials& credentials_, const OpenStackToken& token_,
       Duration request_timeout)
      : client(client_), credentials(credentials_), token(token_), timeout(request_timeout), timer(io) {}

  void renew_after(Duration wait) {
    due = wait;
    timer.expires_after(wait);
    timer.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled) self->renew();
    });
  }

  void renew() {
    asking = true;
    client.send(token_request(credentials), HttpClient::Connection::fresh, timeout,
                [self = shared_from_this()](const HttpAnswer& answer) { self->renewed(answer); });
  }

  void renewed(const HttpAnswer& answer) {
    asking = false;
    try {
      token = token_of(credentials, answer);
      renew_after(token.life / 2);
    } catch (const Error&) {  // what it means for customers, the operations show
      renew_after(kTryAgain);
    }
  }

  HttpClient& client;
  OpenStackCredentials credentials;
  OpenStackToken token;
  Duration timeout, due{0};
  boost::asio::steady_timer timer;
  bool asking = false;
};

TokenKeeper::TokenKeeper(boost::asio::io_context& io, HttpClient& client, const OpenStackCredentials& credentials,
                         const OpenStackToken& token, Duration request_timeout)
    : impl_(std::make_shared<Impl>(io, client, credentials, token, request_timeout)) {
  impl_->renew_after(token.life / 2);
}

TokenKeeper::~TokenKeeper() { impl_->timer.cancel(); }

const std::string& TokenKeeper::id() const { return impl_->token.id; }

void TokenKeeper::refused() {
  if (!impl_->asking && impl_->due > kTryAgain) impl_->renew_after(kTryAgain);
}

}  // namespace blackstart
