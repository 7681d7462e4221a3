// What a message broker says, as bytes (AMQP 0-9-1): for stand-ins that fuzzers talk to.
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace blackstart::amqp_words {

inline constexpr char kMethod = 1, kHeader = 2, kBody = 3;
inline constexpr char kFrameEnd = '\xCE';

// `value` in so many bytes, the highest first.
inline std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

inline std::string brief(std::string_view words) { return number(words.size(), 1) + std::string(words); }
inline std::string text(std::string_view words) { return number(words.size(), 4) + std::string(words); }

inline std::string frame(char type, std::uint16_t channel, std::string_view payload) {
  return type + number(channel, 2) + text(payload) + kFrameEnd;
}

inline std::string method(std::uint16_t channel, std::uint16_t group, std::uint16_t id, const std::string& arguments = "") {
  return frame(kMethod, channel, number(group, 2) + number(id, 2) + arguments);
}

// From the first frame until a channel is open.
inline std::string logged_in() {
  return method(0, 10, 10, number(9, 2) + text("") + text("PLAIN") + text("en_US")) +  // connection.start
         method(0, 10, 30, number(2047, 2) + number(131072, 4) + number(60, 2)) +      // connection.tune
         method(0, 10, 41, brief("")) +                                                // connection.open-ok
         method(1, 20, 11, text(""));                                                  // channel.open-ok
}

inline std::string queue_declared(std::string_view name, std::uint32_t ready) {
  return method(1, 50, 11, brief(name) + number(ready, 4) + number(1, 4));
}
inline std::string confirms_selected() { return method(1, 85, 11); }
inline std::string bounded() { return method(1, 60, 11); }
inline std::string consuming() { return method(1, 60, 21, brief("consumer")); }
inline std::string confirmed(std::uint64_t number_) { return method(1, 60, 80, number(number_, 8) + number(0, 1)); }
inline std::string delivered(std::uint64_t number_, std::string_view body) {
  return method(1, 60, 60, brief("consumer") + number(number_, 8) + number(0, 1) + brief("") + brief("queue")) +
         frame(kHeader, 1, number(60, 2) + number(0, 2) + number(body.size(), 8) + number(0, 2)) + frame(kBody, 1, body);
}

}  // namespace blackstart::amqp_words
