#include "reports/old_rows.h"

#include <fmt/format.h>

#include <charconv>

#include "reports/files.h"

namespace blackstart {
namespace {

std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool pair = text[i] == '\\' && i + 1 < text.size();
    result += !pair ? text[i] : text[++i] == 'n' ? '\n' : text[i];
  }
  return result;
}

template <class T>
bool number(std::string_view& line, T& value) {
  if (!line.starts_with(' ')) return false;
  auto [end, error] = std::from_chars(line.data() + 1, line.data() + line.size(), value);
  if (error != std::errc()) return false;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return true;
}

template <class... T>
bool numbers(std::string_view line, T&... values) {
  return (number(line, values) && ...) && line.empty();
}

// Reads line after line; everything up to the "end" line goes into the checksum.
class Reader {
 public:
  Reader(const std::string& name, std::string_view text) : name_(name), text_(text), rest_(text) {}

  ReplicaSnapshot read() {
    std::string_view line;
    next(line);  // the first one
    while (next(line))
      if (!take(line)) return cut(fmt::format("line {} of {} can't be read", line_, name_));
    return ended_ ? std::move(snapshot_) : cut(name_ + " is cut short: its last line is missing");
  }

 private:
  bool next(std::string_view& line) {
    auto end = rest_.find('\n');
    if (end == std::string_view::npos || ended_) return false;
    line = rest_.substr(0, end);
    before_ = static_cast<std::size_t>(rest_.data() - text_.data());
    rest_.remove_prefix(end + 1);
    ++line_;
    return true;
  }

  bool take(std::string_view line) {
    std::string_view after = line.size() > 1 ? line.substr(1) : std::string_view();
    if (line.starts_with("T ")) return transfer(after);
    if (line.starts_with("A ")) return account(after);
    if (line.starts_with("replica ")) return snapshot_.replica = unescaped(line.substr(8)), true;
    if (line.starts_with("problem ")) return snapshot_.problem = unescaped(line.substr(8)), true;
    if (line == "complete") return snapshot_.complete = true;
    return line.starts_with("end ") && end(line.substr(3));
  }

  bool transfer(std::string_view line) {
    PostedTransfer t;
    if (!numbers(line, t.posting, t.from, t.to, t.amount, t.history_rows, t.debit, t.credit)) return false;
    snapshot_.transfers.push_back(t);
    return true;
  }

  bool account(std::string_view line) {
    AccountBalance a;
    if (!numbers(line, a.account, a.balance)) return false;
    snapshot_.accounts.push_back(a);
    return true;
  }

  bool end(std::string_view line) {
    std::size_t transfers = 0, accounts = 0;
    std::uint32_t checksum = 0;
    ended_ = numbers(line, transfers, accounts, checksum) && transfers == snapshot_.transfers.size() &&
             accounts == snapshot_.accounts.size() && checksum == crc32c(text_.substr(0, before_)) && rest_.empty();
    return ended_;
  }

  ReplicaSnapshot cut(const std::string& why) {
    snapshot_.complete = false;
    snapshot_.problem += (snapshot_.problem.empty() ? "" : "; ") + why;
    return std::move(snapshot_);
  }

  const std::string& name_;
  std::string_view text_, rest_;
  std::size_t before_ = 0;  // bytes before the current line
  std::size_t line_ = 0;
  bool ended_ = false;
  ReplicaSnapshot snapshot_;
};

}  // namespace

ReplicaSnapshot read_old_rows(const std::string& name, std::string_view text) { return Reader(name, text).read(); }

}  // namespace blackstart
