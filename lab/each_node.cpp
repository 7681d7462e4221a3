#include "lab/each_node.h"

#include <future>

namespace blackstart {

void for_each_node(const std::vector<LabNode>& nodes, const std::function<void(const LabNode&)>& work) {
  std::vector<std::future<void>> all;
  for (const LabNode& node : nodes) all.push_back(std::async(std::launch::async, [&work, &node] { work(node); }));
  for (auto& each : all) each.get();
}

}  // namespace blackstart
