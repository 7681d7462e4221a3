#include "probes/ledger_bank.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/error.h"

namespace blackstart {
namespace {

constexpr std::array kKinds{"accounts", "transfers", "history", "marks"};
// In each table's comment: what bears it may be dropped, what does not is somebody's own.
constexpr const char* kOurs = "Blackstart ledger";
constexpr std::int64_t kAccountsAtOnce = 1000;

}  // namespace

Bank::Bank(const Database& database, const LedgerSettings& settings)
    : dialect_(&dialect_of(kind_of(database))),
      schema_(database.name),
      prefix_(settings.prefix),
      accounts_(settings.accounts),
      opening_(settings.opening_balance),
      marks_(settings.reads_back()) {}

Transfer Bank::transfer(std::uint64_t number) const { return planned_transfer(number, static_cast<std::uint64_t>(accounts_)); }

std::uint32_t Bank::account(std::uint64_t number) const {
  return static_cast<std::uint32_t>(mix(number) % static_cast<std::uint64_t>(accounts_) + 1);
}

std::string Bank::work(const Transfer& t) const {
  auto change = [&](std::uint32_t id) {
    return fmt::format("UPDATE {} SET balance = balance + {} WHERE id = {}", table("accounts"),
                       id == t.from ? -t.amount : t.amount, id);
  };
  return fmt::format(
      "START TRANSACTION; INSERT INTO {} (posting, src, dst, amount) VALUES ({}, {}, {}, {}); "
      "INSERT INTO {} (posting, account, amount) VALUES ({}, {}, {}), ({}, {}, {}); {}; {}",
      table("transfers"), t.posting, t.from, t.to, t.amount, table("history"), t.posting, t.from, -t.amount, t.posting, t.to,
      t.amount, change(std::min(t.from, t.to)), change(std::max(t.from, t.to)));
}

const std::vector<std::uint64_t>& Bank::work_changes() {
  static const std::vector<std::uint64_t> changes{0, 1, 2, 1, 1};
  return changes;
}

std::string Bank::inquiry(std::uint32_t account) const {
  return fmt::format("SELECT balance FROM {} WHERE id = {}", table("accounts"), account);
}

std::string Bank::write_mark(std::uint64_t number) const {
  return fmt::format("UPDATE {0} SET n = {1} WHERE id = {2} AND n < {1}", table("marks"), mark(number), number % kMarks);
}

std::string Bank::read_mark(std::uint64_t number) const {
  return fmt::format("SELECT n FROM {} WHERE id = {}", table("marks"), number % kMarks);
}

std::string Bank::table(const std::string& kind) const {
  return dialect_->quoted(schema_) + "." + dialect_->quoted(prefix_ + kind);
}

void Bank::require_room(SqlSession& session) const {
  require_ours(session);
  dialect_->require_privileges(session, schema_);
}

void Bank::require_ours(SqlSession& session) const {
  std::vector<std::string> names;
  for (const char* kind : kKinds) names.push_back(prefix_ + kind);
  const std::string doing = fmt::format("looking for tables in schema '{}'", schema_);
  auto rows = session.ask(doing, dialect_->strange_tables(schema_, names, kOurs));
  if (!rows.empty())
    throw Error(ErrorKind::unmet, doing, fmt::format("table '{}' is there already and is not ours", rows[0][0].value_or("")),
                "give the probes a schema of their own ('name' of 'database' in cloud.yaml), or the probe a 'prefix'");
}

void Bank::create(SqlSession& session) const {
  session.ask("making the bank's schema", dialect_->make_schema(schema_));
  drop(session);
  for (const std::string kind : kKinds)
    if (kind != "marks" || marks_)
      session.ask(fmt::format("making table {}", table(kind)),
                  dialect_->make_table(kind, table(kind), fmt::format("{}: {}", kOurs, kind)));
  open_accounts(session);
  if (marks_) clear_marks(session);
}

void Bank::clear_marks(SqlSession& session) const {
  std::string rows;
  for (std::uint64_t id = 0; id < kMarks; ++id) fmt::format_to(std::back_inserter(rows), "{}({}, 0)", id == 0 ? "" : ", ", id);
  session.ask("making room for the marks", fmt::format("INSERT INTO {} (id, n) VALUES {}", table("marks"), rows));
}

void Bank::open_accounts(SqlSession& session) const {
  for (std::int64_t first = 1; first <= accounts_; first += kAccountsAtOnce) {
    std::string rows;
    for (std::int64_t id = first; id < std::min(first + kAccountsAtOnce, accounts_ + 1); ++id)
      fmt::format_to(std::back_inserter(rows), "{}({}, {})", id == first ? "" : ", ", id, opening_);
    session.ask("opening the accounts", fmt::format("INSERT INTO {} (id, balance) VALUES {}", table("accounts"), rows));
  }
}

void Bank::drop(SqlSession& session) const {
  require_ours(session);
  for (const char* kind : kKinds)
    session.ask(fmt::format("dropping table {}", table(kind)), fmt::format("DROP TABLE IF EXISTS {}", table(kind)));
}

}  // namespace blackstart
