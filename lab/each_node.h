// The same work on many nodes (or domains) of a lab, side by side.
//
// Purpose: what waits (for SSH, for libvirt, for SQL) is not done one node after the other. Ownership: none; returns when all
// threads have ended. Thread rule: any thread; `work` is called on several at once.
#pragma once

#include <future>
#include <vector>

namespace blackstart {

// Throws what `work` threw, of the first item in order that it failed for.
template <class Item, class Work>
void for_each_at_once(const std::vector<Item>& items, const Work& work) {
  std::vector<std::future<void>> all;
  for (const Item& item : items) all.push_back(std::async(std::launch::async, [&work, &item] { work(item); }));
  for (auto& each : all) each.get();
}

}  // namespace blackstart
