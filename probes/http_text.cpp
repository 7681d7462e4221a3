#include "probes/http_text.h"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>
#include <utility>

namespace blackstart {

namespace http = boost::beast::http;

std::string text_of(HttpRequest request, bool keep) {
  http::request<http::string_body> message;
  message.method_string(request.method);
  message.target(request.url.path);
  message.set(http::field::host, request.url.authority());
  message.set(http::field::user_agent, "blackstart");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.keep_alive(keep);
  const bool writes = request.writes() || !request.body.empty();
  message.body() = std::move(request.body);
  if (writes) message.prepare_payload();
  std::ostringstream head;
  head << message.base();
  return std::move(head).str() + message.body();
}

HttpAnswerParser::HttpAnswerParser(HttpAnswer& into, bool headers, bool body) : into_(into), headers_(headers), body_(body) {
  eager(true);
}

void HttpAnswerParser::on_field_impl(http::field, string_view name, string_view value, error_code&) {
  if (headers_) into_.headers.emplace_back(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
}

std::size_t HttpAnswerParser::take(string_view body) {
  if (body_) into_.body.append(body.data(), body.size());
  return body.size();
}

}  // namespace blackstart
