// What an HTTP client sends and what it hears, as bytes: the text of a request, and an answer taken apart as it comes in.
//
// Included by http_sender.cpp and http_text.cpp only, as it brings Beast along. Ownership: a parser writes into an answer that
// outlives it. Thread rule: no shared state.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <string>

#include "probes/http_client.h"

namespace blackstart {

// keep: the connection is to stay open.
std::string text_of(HttpRequest request, bool keep);

// Beast's parser, without its containers for what nobody asks for.
class HttpAnswerParser final : public boost::beast::http::basic_parser<false> {
 public:
  HttpAnswerParser(HttpAnswer& into, bool headers, bool body);

 private:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view, int, error_code&) override { into_.status = code; }
  void on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code&) override;
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return take(body); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override { return take(body); }
  void on_finish_impl(error_code&) override {}

  std::size_t take(string_view body);

  HttpAnswer& into_;
  const bool headers_, body_;
};

}  // namespace blackstart
