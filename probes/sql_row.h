// What a database answers: rows of cells, as many and as wide as the server likes.
//
// Purpose: whoever asked for three columns and gets two, or no row at all, is told so and does not read what isn't there: the
// other side may be a proxy, or another server than one thinks. Ownership: plain values. Thread rule: no shared state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace blackstart {

using SqlCell = std::optional<std::string>;  // NULL is nullopt

// A vector that checks each place: Error(unmet) for one that it doesn't have.
template <class One>
class SqlList : public std::vector<One> {
 public:
  using std::vector<One>::vector;
  SqlList(std::vector<One> all) : std::vector<One>(std::move(all)) {}
  const One& operator[](std::size_t place) const {
    need(place);
    return std::vector<One>::operator[](place);
  }
  One& operator[](std::size_t place) {
    need(place);
    return std::vector<One>::operator[](place);
  }

 private:
  void need(std::size_t place) const {
    if (place >= this->size())
      throw Error(ErrorKind::unmet, "reading the database's answer", "there is less in it than was asked for",
                  "does a database answer there, and nothing else?");
  }
};

using SqlRow = SqlList<SqlCell>;
using SqlRows = SqlList<SqlRow>;

}  // namespace blackstart
