// What one look at a component saw, and what of it is missing.
//
// Purpose: the one rule of "whole", the same for every component. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace blackstart {

// A member of the component: a Galera node, a queue, a backend of HAProxy, an agent.
struct RedundancyPart {
  std::string name;   // "nova-compute on k1"; unique within the component
  bool good = false;  // does its work now
  std::string says;   // what it says of itself: "down since 12:03"
  // When those that it is made of last reported, by their names, where others tell of it; they are alive only when that
  // changes.
  std::map<std::string, std::string> signs = {};
  int copies = -1;         // how many places serve it now; -1: that makes no sense for it
  int wanted = 2;          // fewer copies are too few even when all is well
  int most = -1;           // as many copies as it could have by now; -1: as many as ever
  bool set_aside = false;  // by its operator (disabled, in maintenance): not demanded if it was so from the beginning
};

struct RedundancyLook {
  std::vector<RedundancyPart> parts;
  std::string trouble = {};  // what is wrong with the whole: "c1 and c2 both hold 198.18.71.10"
  const RedundancyPart* find(const std::string& name) const;
};

// What is missing now, in words, compared with the time before anything was injected; empty: it is whole. With
// `comes_and_goes`, parts that are new or gone are none of ours: users make and remove them.
std::vector<std::string> missing_in(const RedundancyLook& now, const RedundancyLook& before, bool comes_and_goes);
// Parts that have fewer copies than wanted.
std::vector<std::string> single_in(const RedundancyLook& look);

// "a; b; c and 4 more"
std::string some_of(const std::vector<std::string>& words);

}  // namespace blackstart
