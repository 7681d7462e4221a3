// What a MySQL server says, as bytes: for stand-ins that fuzzers and benchmarks talk to.
//
// Only what is needed to be taken for a server: protocol 10, mysql_native_password, no TLS. From the MariaDB Knowledge Base,
// "Clients & Utilities / Client-server protocol". Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace blackstart::mysql_words {

inline constexpr std::uint16_t kInTransaction = 1, kAutocommit = 2, kMoreResults = 8;  // of a server's status

// `value` in so many bytes, the lowest first.
inline std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

inline std::string packet(std::uint8_t sequence, std::string_view payload) {
  return number(payload.size(), 3) + static_cast<char>(sequence) + std::string(payload);
}

// `changed` and the rest below 251, where a length-encoded number is one byte.
inline std::string ok(std::uint8_t changed = 0, std::uint16_t status = kAutocommit) {
  return std::string(1, '\0') + number(changed, 1) + number(0, 1) + number(status, 2) + number(0, 2);
}

inline std::string error(std::uint16_t code, const std::string& message) {
  return "\xFF" + number(code, 2) + "#HY000" + message;
}

inline std::string end(std::uint16_t status = kAutocommit) { return "\xFE" + number(0, 2) + number(status, 2); }

inline std::string greeting() {
  // LONG_PASSWORD, LONG_FLAG, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, MULTI_STATEMENTS, MULTI_RESULTS,
  // PLUGIN_AUTH
  constexpr std::uint32_t kAbilities = 0x000BA20D;
  return "\x0A" + std::string("5.5.5-10.11.6-MariaDB") + '\0' + number(1, 4) + "abcdefgh" + '\0' +
         number(kAbilities & 0xFFFF, 2) + number(45, 1) + number(kAutocommit, 2) + number(kAbilities >> 16, 2) + number(21, 1) +
         std::string(10, '\0') + "ijklmnopqrst" + '\0' + "mysql_native_password" + '\0';
}

// Text of up to 250 bytes.
inline std::string text(std::string_view words) { return number(words.size(), 1) + std::string(words); }

// Column `name`, a VARCHAR in utf8mb4.
inline std::string column(std::string_view name) {
  return text("def") + text("") + text("") + text("") + text(name) + text(name) + number(12, 1) + number(45, 2) +
         number(1024, 4) + number(0xFD, 1) + number(0, 2) + number(0, 1) + number(0, 2);
}

// From the server's greeting to the end of the log-in.
inline std::string logged_in() { return packet(0, greeting()) + packet(2, ok()); }

}  // namespace blackstart::mysql_words
