// One connection of an HttpSender, plain or with TLS, and the pool of those that are idle.
//
// Purpose: what stands between HTTP messages and a socket; included by http_sender.cpp and http_wire.cpp only, as it brings
// Asio and Beast along. From the first request on one read is always under way, so that the end of an idle connection is seen
// when it comes, without asking. Ownership: a wire owns its socket; the read holds the wire, and the wire whoever asks on it.
// Thread rule: the loop's thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probes/http_url.h"
#include "probes/tcp_dial.h"

namespace blackstart {

// Of a connection that was open.
TcpTrouble trouble_of(const boost::system::error_code& error);

// Whom to trust; throws Error(bad_file) for a CA file that can't be used. Empty: those that this machine trusts. They are some
// hundred and a millisecond's work for every ten, so they are read once for all threads, by whoever asks first.
std::shared_ptr<boost::asio::ssl::context> trusting(const std::string& ca_file);

class HttpWire : public std::enable_shared_from_this<HttpWire> {
 public:
  using error_code = boost::system::error_code;
  using time_point = std::chrono::steady_clock::time_point;

  class Asker {
   public:
    virtual ~Asker() = default;
    // More has come, see heard(), or the connection has ended with this error. From the loop, never from inside ask().
    virtual void hear(const error_code& error) = 0;
  };

  // `trust` may be null for an address without TLS.
  HttpWire(boost::asio::io_context& io, const Url& url, boost::asio::ssl::context* trust);

  // Connects, and shakes hands where the URL wants TLS.
  boost::asio::awaitable<TcpTrouble> open();
  // Sends `text`; what comes goes to `asker`, until rest() or close().
  void ask(std::shared_ptr<Asker> asker, std::shared_ptr<const std::string> text);
  // What has come and was not consumed yet.
  boost::beast::flat_buffer& heard() { return heard_; }
  // The whole request has gone out.
  bool sent() const { return !writing_ && !unsent_; }
  // Why it could not go out; none: it has, or is on its way.
  const error_code& unsent() const { return unsent_; }
  // Nobody asks on it for now. What comes next comes unasked, and closes it.
  void rest(time_point now);
  bool closed() const { return dial_.closed(); }
  // It rests, and the other side has neither closed it nor said anything since, as far as can be known here.
  bool usable(time_point now);
  // Ends whatever is under way.
  void close();

 private:
  boost::asio::awaitable<TcpTrouble> shake_hands();
  std::size_t send_now(const std::string& text);
  void send_rest(std::shared_ptr<const std::string> text, std::size_t from);
  void read();
  void came(const error_code& error, std::size_t count);
  bool quiet();

  Url url_;
  TcpDial dial_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  boost::beast::flat_buffer heard_;
  std::size_t at_once_ = 4096;  // bytes that the next read may bring; thousands of connections may wait for a small answer
  std::shared_ptr<Asker> asker_;
  error_code unsent_;
  bool writing_ = false, reading_ = false;
  time_point resting_since_;
};

// Idle connections by origin; the one that came last goes first.
class HttpPool {
 public:
  using Idle = std::vector<std::shared_ptr<HttpWire>>;
  using time_point = HttpWire::time_point;

  explicit HttpPool(std::size_t most) : most_(most) {}
  ~HttpPool();
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;

  // Those of one origin; the place is there as long as the pool.
  Idle& of(const std::string& origin) { return idle_[origin]; }
  // Null when there is none whose server is still there, as far as is known here.
  static std::shared_ptr<HttpWire> take(Idle& idle, time_point now);
  void give_back(Idle& idle, std::shared_ptr<HttpWire> wire, time_point now) const;

 private:
  std::size_t most_;
  std::map<std::string, Idle> idle_;
};

}  // namespace blackstart
