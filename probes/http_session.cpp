#include "probes/http_session.h"

#include <boost/asio/io_context.hpp>
#include <optional>

namespace blackstart {

struct HttpSession::Impl {
  Impl(const HttpSettings& settings, const Deadline& deadline_) : deadline(deadline_), client(io, settings) {}
  Deadline deadline;
  boost::asio::io_context io{1};
  HttpClient client;
};

HttpSession::HttpSession(const HttpSettings& settings, const Deadline& deadline)
    : impl_(std::make_unique<Impl>(settings, deadline)) {}

HttpSession::~HttpSession() = default;

// The client's own timer ends the wait in time.
HttpAnswer HttpSession::ask(const HttpRequest& request) {
  std::optional<HttpAnswer> answer;
  // Nobody has turned the loop since: has the kept connection ended? It stands still again when there is nothing to wait for.
  impl_->io.restart();
  impl_->io.poll();
  impl_->io.restart();
  impl_->client.send(request, HttpClient::Connection::kept, impl_->deadline.left(),
                     [&answer](HttpAnswer given) { answer = std::move(given); });
  while (!answer) impl_->io.run_one();
  return std::move(*answer);
}

const Deadline& HttpSession::deadline() const { return impl_->deadline; }

}  // namespace blackstart
