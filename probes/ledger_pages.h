// One table of the bank read in order, a page at a time.
//
// Purpose: the audit reads tables that may be larger than memory, and knows that it has missed none of their rows. Ownership:
// refers to the session, which outlives it. Thread rule: the session's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "probes/sql_session.h"

namespace blackstart {

class LedgerPages {
 public:
  struct Table {
    std::string name;     // full and quoted
    std::string key;      // its primary key, by which rows of one posting are read
    std::string columns;  // to be read as well; the last one is `amount`
  };
  // Reads the first page. Throws SqlError, as next() does; Error(unmet) when a row makes no sense or comes out of order.
  LedgerPages(SqlSession& session, const Table& table);

  bool done() const { return row_ == rows_.size(); }
  // Of the current row; `column` counts from 0. Only when not done.
  std::uint64_t posting() const { return posting_; }
  std::int64_t cell(std::size_t column) const;
  void next();

  // After the last row: asks the server once more how many rows there are, and what their amounts add up to, without the index
  // that they were read by. Throws Error(unmet) when that is not what was read.
  void require_all() const;

 private:
  void turn();  // to the next page
  void look();  // at the current row

  SqlSession& session_;
  Table table_;
  std::string doing_;
  SqlRows rows_;
  std::size_t row_ = 0;
  bool begun_ = false;
  std::uint64_t posting_ = 0;
  std::int64_t key_ = 0;
  __extension__ __int128 sum_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace blackstart
