// What each part of a component said of itself, whenever that was something else than before.
//
// Purpose: the record's sayings out of single looks, as brackets that certainly hold the true moments. Ownership: a plain
// value. Thread rule: one thread at a time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "probes/redundancy_look.h"
#include "reports/record.h"

namespace blackstart {

class PartHistory {
 public:
  // A look that began and ended at these times. Looks come in their order; a part that is not in one of them said nothing.
  void add(Time began, Time ended, const RedundancyLook& look);
  // The first 5,000: a cloud that changes all the time does not fill the record.
  const std::vector<Redundancy::Saying>& sayings() const { return sayings_; }

 private:
  struct Last {
    std::string says;
    bool good = false;
    Time heard{-1};  // when the last look that heard it began
  };
  std::map<std::string, Last> last_;
  std::vector<Redundancy::Saying> sayings_;
};

}  // namespace blackstart
