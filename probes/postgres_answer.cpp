#include "probes/postgres_answer.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string_view>

#include "base/units.h"
#include "probes/sql_errors.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

constexpr std::size_t kStateLength = 5;

std::string trimmed(std::string text) {
  text.erase(std::find_if(text.rbegin(), text.rend(), [](unsigned char c) { return std::isspace(c) == 0; }).base(), text.end());
  return text;
}

bool is_state(std::string_view text) {
  return text.size() == kStateLength &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

void take_rows(const PGresult* result, SqlAnswer& answer) {
  const int rows = PQntuples(result), columns = PQnfields(result);
  answer.rows.clear();
  answer.rows.reserve(static_cast<std::size_t>(rows));
  for (int row = 0; row < rows; ++row) {
    SqlRow& cells = answer.rows.emplace_back(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column)
      if (PQgetisnull(result, row, column) == 0)
        cells[static_cast<std::size_t>(column)].emplace(PQgetvalue(result, row, column),
                                                        static_cast<std::size_t>(PQgetlength(result, row, column)));
  }
}

std::uint64_t changed_by(const PGresult* result) {
  const auto number = parse_integer(PQcmdTuples(const_cast<PGresult*>(result)));  // libpq's own slip: it changes nothing
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

void take_error(const PGresult* result, SqlAnswer& answer) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* said = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  answer.error = state ? sqlstate(state) : std::uint16_t{kBroken};
  answer.message =
      state ? fmt::format("{} (SQLSTATE {})", said ? said : "no words", state) : trimmed(PQresultErrorMessage(result));
}

void take_command(const PGresult* result, SqlAnswer& answer) {
  // COMMIT in a transaction that has failed is answered with success, and with the word ROLLBACK.
  if (std::strcmp(PQcmdStatus(const_cast<PGresult*>(result)), "ROLLBACK") == 0) {
    answer.error = sqlstate("25P02");
    answer.message = "the server has rolled the transaction back (SQLSTATE 25P02)";
    return;
  }
  answer.changed.push_back(changed_by(result));
}

bool is_our_fault(int own_error) {
  constexpr std::array kErrors{EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL};
  return std::find(kErrors.begin(), kErrors.end(), own_error) != kErrors.end();
}

// What the kernel learnt of a connection that it was still making is only in libpq's text. Its words for that are strerror's,
// in the same thread and so in the same language as ours here.
bool was_refused(const std::string& text) {
  constexpr std::array kErrors{ECONNREFUSED, EHOSTUNREACH, ENETUNREACH};
  return std::any_of(kErrors.begin(), kErrors.end(),
                     [&](int error) { return text.find(std::strerror(error)) != std::string::npos; });
}

}  // namespace

void take_in(const PGresult* result, SqlAnswer& answer) {
  if (!answer.ok()) return;
  switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK: return take_rows(result, answer);
    case PGRES_COMMAND_OK: return take_command(result, answer);
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE: return take_error(result, answer);
    default: break;
  }
  answer.error = kWrongAnswer;
  answer.message = fmt::format("an answer that makes no sense: {}", PQresStatus(PQresultStatus(result)));
}

SqlAnswer connection_failure(const std::string& text, int own_error) {
  SqlAnswer answer;
  answer.message = trimmed(text.substr(0, text.find("\nLOCATION:")));
  answer.error = is_our_fault(own_error) ? kNoSocket : was_refused(text) ? kRefused : kBroken;
  if (answer.error == kNoSocket) return answer;
  // "FATAL:  28P01: words"; the word before it depends on the server's language.
  for (std::size_t at = text.find(":  "); at != std::string::npos; at = text.find(":  ", at + 1)) {
    const std::string state = text.substr(at + 3, kStateLength);
    if (!is_state(state) || text.substr(at + 3 + kStateLength, 2) != ": ") continue;
    answer.error = sqlstate(state);
    const std::size_t begin = at + 3 + kStateLength + 2;
    answer.message = fmt::format("{} (SQLSTATE {})", text.substr(begin, text.find('\n', begin) - begin), state);
    break;
  }
  return answer;
}

}  // namespace blackstart
