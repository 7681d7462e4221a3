// Sends HTTP requests that were prepared before: what an open loop asks a million times is put into words once.
//
// Purpose: what HttpClient is made of, for those who send the same request again and again and want little of its answers.
// Nothing waits for the loop that can be done at once, and nobody is asked what the loop will tell anyhow. Ownership: owns its
// idle connections; requests under way hold what they need, and end with the loop. Thread rule: everything on the thread that
// runs the io_context, which must outlive it.
#pragma once

#include <memory>

#include "probes/http_client.h"

namespace blackstart {

class HttpSender {
 public:
  // Of an answer, besides its status. The rest is read and checked all the same, but not kept.
  struct Wanted {
    bool headers = true, body = true;
  };
  struct Prepared;

  // Throws Error(bad_file) when the CA file can't be used.
  HttpSender(boost::asio::io_context& io, const HttpSettings& settings);
  ~HttpSender();
  HttpSender(const HttpSender&) = delete;
  HttpSender& operator=(const HttpSender&) = delete;

  std::shared_ptr<const Prepared> prepare(HttpRequest request, HttpClient::Connection connection, const Wanted& wanted);
  // As HttpClient::send(). The request was prepared by this sender.
  void send(std::shared_ptr<const Prepared> request, Duration limit, HttpClient::Done done);

 private:
  struct Impl;
  class Exchange;
  std::shared_ptr<Impl> impl_;
};

}  // namespace blackstart
