#include "probes/http_client.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include "probes/http_sender.h"

namespace blackstart {
namespace {

bool same_letters(std::string_view a, std::string_view b) {
  const auto low = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return low(x) == low(y); });
}

}  // namespace

std::string HttpAnswer::header(const std::string& name) const {
  for (const auto& [key, value] : headers)
    if (same_letters(key, name)) return value;
  return "";
}

struct HttpClient::Impl {
  Impl(boost::asio::io_context& io, const HttpSettings& settings) : sender(io, settings) {}
  HttpSender sender;
};

HttpClient::HttpClient(boost::asio::io_context& io, const HttpSettings& settings)
    : impl_(std::make_shared<Impl>(io, settings)) {}

HttpClient::~HttpClient() = default;

void HttpClient::send(HttpRequest request, Connection connection, Duration limit, Done done) {
  impl_->sender.send(impl_->sender.prepare(std::move(request), connection, {}), limit, std::move(done));
}

}  // namespace blackstart
