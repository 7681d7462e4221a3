// cloud import.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>

#include "base/error.h"
#include "base/yaml.h"
#include "reports/files.h"
#include "runner/commands.h"
#include "runner/import_openstack.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr Duration kPatience = 60s;

void check_options(const ImportOptions& options) {
  if (options.inventory.empty() && !options.openstack && options.os_cloud.empty())
    throw Error(ErrorKind::usage, "importing a cloud", "there is nothing to import from",
                "name an inventory, or --os-cloud NAME, or --openstack, or both");
  if (options.inventory.empty() && !(options.sites.empty() && options.racks.empty()))
    throw Error(ErrorKind::usage, "importing a cloud", "--sites and --racks name groups of an inventory, and there is none");
  if (const fs::path folder = fs::absolute(options.out).parent_path(); !fs::is_directory(folder))
    throw Error(ErrorKind::usage, "importing a cloud", fmt::format("there is no folder {}", folder.string()),
                "--out names the file");
  if (fs::exists(options.out) && !options.force)
    throw Error(ErrorKind::usage, "importing a cloud", fmt::format("{} is there already", options.out),
                "--out names another file, --force replaces it");
}

std::optional<Inventory> inventory_of(const std::string& file) {
  if (file.empty()) return std::nullopt;
  if (file == "-") return parse_inventory({std::istreambuf_iterator<char>(std::cin), {}}, "standard input");
  if (fs::is_directory(file))
    throw Error(ErrorKind::bad_file, "reading the inventory " + file, "it is a folder",
                fmt::format("ansible-inventory -i {} --list | blackstart cloud import -", file));
  return parse_inventory(yaml::slurp(file), file);
}

std::string name_of(const ImportOptions& options) {
  if (!options.name.empty()) return options.name;
  if (!options.os_cloud.empty()) return options.os_cloud;
  if (options.inventory.empty() || options.inventory == "-")
    throw Error(ErrorKind::usage, "importing a cloud", "nothing says what it is called", "give --name");
  return fs::path(options.inventory).stem().string();
}

void say(const std::string& text) { std::puts(text.c_str()); }

// How many nodes want each field, and what the rest of the file wants: "site (6 nodes), ssh known-hosts".
std::string wanted(const CloudDraft& draft) {
  std::vector<std::string> words;
  for (const char* field : {"address", "site", "rack", "roles", "data", "bmc"}) {
    const auto count = std::count_if(draft.missing.begin(), draft.missing.end(), [&](const auto& missing) {
      return std::find(missing.begin(), missing.end(), field) != missing.end();
    });
    if (count > 0) words.push_back(fmt::format("{} ({} nodes)", field, count));
  }
  if (draft.cloud.nodes.empty()) words.push_back("nodes");
  if (draft.cloud.sites.empty()) words.push_back("sites");
  if (draft.cloud.ssh.user.empty()) words.push_back("ssh user");
  if (draft.cloud.ssh.key.empty()) words.push_back("ssh key");
  words.push_back("ssh known-hosts");
  return fmt::format("{}", fmt::join(words, ", "));
}

void tell(const CloudDraft& draft, const ImportOptions& options) {
  for (const std::string& sentence : draft.found) say("found: " + sentence);
  for (const std::string& sentence : draft.left_out) say("left out: " + sentence);
  say(fmt::format("wrote {}, a draft; its comments 'fill in' mark what nobody else can know:\n  {}", options.out,
                  wanted(draft)));
  say(fmt::format("then: blackstart check {}", options.out));
}

}  // namespace

int cloud_import_command(const ImportOptions& options) {
  check_options(options);
  const std::string name = name_of(options);
  const std::optional<Inventory> inventory = inventory_of(options.inventory);
  std::optional<OpenStackFacts> openstack;
  if (options.openstack || !options.os_cloud.empty()) {
    OpenStackAccess access;
    access.present = true;
    access.cloud = options.os_cloud;
    openstack = ask_openstack(access, Deadline(real_clock(), kPatience));
  }
  const CloudDraft draft =
      draft_cloud({inventory ? &*inventory : nullptr, openstack ? &*openstack : nullptr, name, options.sites, options.racks});
  write_atomically(options.out, write_draft(draft));
  tell(draft, options);
  return kPassed;
}

}  // namespace blackstart
