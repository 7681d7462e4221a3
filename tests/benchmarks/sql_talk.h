// The receiver's half of a conversation with a MySQL client: everybody may log in, every query has the same answer.
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/support/mysql_words.h"

namespace blackstart::benchmark {

struct SqlReply {
  std::string_view bytes;  // empty: hang up
  bool counts = false;     // it was a request: a query, but for the second half of a transfer, its COMMIT
};

// The first packet in `text`, with its head; nothing when it has not come to its end.
inline std::optional<std::string_view> first_packet(std::string_view text) {
  constexpr std::size_t kHead = 4;
  if (text.size() < kHead) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 3; i-- > 0;) length = length << 8 | static_cast<unsigned char>(text[i]);
  if (text.size() < kHead + length) return std::nullopt;
  return text.substr(0, kHead + length);
}

inline std::string_view balance() {
  using namespace mysql_words;
  static const std::string bytes =
      packet(1, number(1, 1)) + packet(2, column("balance")) + packet(3, end()) + packet(4, text("100000")) + packet(5, end());
  return bytes;
}

// Of the five statements that are a transfer's work.
inline std::string_view worked() {
  using namespace mysql_words;
  constexpr std::uint16_t kOn = kInTransaction | kAutocommit, kMore = kOn | kMoreResults;
  static const std::string bytes = packet(1, ok(0, kMore)) + packet(2, ok(1, kMore)) + packet(3, ok(2, kMore)) +
                                   packet(4, ok(1, kMore)) + packet(5, ok(1, kOn));
  return bytes;
}

inline SqlReply reply_to(std::string_view packet) {
  static const std::string logged_in = mysql_words::packet(2, mysql_words::ok());
  static const std::string fine = mysql_words::packet(1, mysql_words::ok());
  constexpr char kQuit = 1, kQuery = 3;
  if (packet[3] != 0) return {logged_in};  // in answer to the greeting; a command is the first of its conversation
  const std::string_view command = packet.substr(4);
  if (command.empty() || command[0] == kQuit) return {};
  if (command[0] != kQuery) return {fine};
  if (command.substr(1).starts_with("SELECT")) return {balance(), true};
  if (command.substr(1).starts_with("START TRANSACTION")) return {worked(), true};
  return {fine};
}

}  // namespace blackstart::benchmark
