#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/process.h"
#include "lab/lab.h"
#include "lab/lab_folder.h"

namespace blackstart {
namespace {

const LabNode& node_of(const LabFile& lab, const std::string& name) {
  if (const LabNode* node = lab.find(name)) return *node;
  std::vector<std::string> names;
  for (const LabNode& node : lab.nodes) names.push_back(node.name);
  throw Error(ErrorKind::usage, fmt::format("looking for the node '{}' in the lab {}", name, lab.name), "there is no such node",
              suggestion(name, names));
}

}  // namespace

std::vector<std::string> lab_ssh_command(const std::string& name, const std::string& node,
                                         const std::vector<std::string>& command) {
  const LabFile lab = made_lab(name);
  const LabFolder folder(name);
  std::vector<std::string> argv = {"ssh", "-F", "none", "-i", folder.key().string()};
  for (const std::string& option :
       {"UserKnownHostsFile=" + folder.known_hosts().string(), std::string("GlobalKnownHostsFile=/dev/null"),
        std::string("StrictHostKeyChecking=yes"), std::string("IdentitiesOnly=yes"), std::string("BatchMode=yes"),
        std::string("ConnectTimeout=5"), std::string("LogLevel=ERROR")})
    argv.insert(argv.end(), {"-o", option});
  argv.push_back("root@" + node_of(lab, node).address);
  std::string words;
  for (const std::string& word : command) words += (words.empty() ? "" : " ") + shell_quote(word);
  if (!words.empty()) argv.insert(argv.end(), {"--", words});
  return argv;
}

void lab_exec(const std::string& name, const std::string& node, const std::vector<std::string>& command) {
  const auto argv = lab_ssh_command(name, node, command);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  throw Error(ErrorKind::unmet, "starting ssh", std::generic_category().message(errno),
              "install openssh-client: lab/prepare-host lab");
}

}  // namespace blackstart
