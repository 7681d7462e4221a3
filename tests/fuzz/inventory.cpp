// Ansible's inventories: any text is read or refused with a reason, and the draft of a cloud file that follows is sound YAML in
// which nothing of the text has become a key or a node of its own.
#include <cstdlib>

#include "base/error.h"
#include "lab/cloud_draft.h"
#include "tests/fuzz/memory_file.h"

using namespace blackstart;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void look_at(const Inventory& inventory) {
  const CloudDraft draft = draft_cloud({&inventory, nullptr, "north", {}, {}});
  std::vector<yaml::Problem> problems;
  const yaml::Value tree = yaml::parse(write_draft(draft), "cloud.yaml", problems);
  require(problems.empty() && tree.entries.size() <= 6);
  const yaml::Value* nodes = tree.find("nodes");
  require(nodes != nullptr && nodes->items.size() == draft.cloud.nodes.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  for (const char* file : {"inventory", "inventory.yml"}) try {
      look_at(parse_inventory(text, file));
    } catch (const Error& error) {
      require(error.kind() == ErrorKind::bad_file && !error.why().empty());
    }
  return 0;
}
