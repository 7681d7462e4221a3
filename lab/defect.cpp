#include "lab/defect.h"

#include <fmt/format.h>

#include <set>

#include "base/error.h"
#include "lab/service.h"

namespace blackstart {
namespace {

void check_path(Fields& f, const std::string& file) {
  if (!file.empty() && file.front() != '/') f.problem("file", fmt::format("'{}' is no absolute path", file));
}

void describe_edit(Fields& f, std::vector<Defect::Edit>& edits) {
  Defect::Edit edit;
  f.text({"file", "absolute path on the node", Field::required}, edit.file);
  f.text({"find", "what stands there now, exactly", Field::required}, edit.find);
  f.text({"with", "what is to stand there instead; nothing, unless given"}, edit.with);
  check_path(f, edit.file);
  edits.push_back(edit);
}

void describe_new_file(Fields& f, std::vector<Defect::NewFile>& files) {
  Defect::NewFile made;
  f.text({"file", "absolute path on the node; nothing may be there before", Field::required}, made.file);
  f.text({"text", "what stands in it", Field::required}, made.text);
  check_path(f, made.file);
  files.push_back(made);
}

// Taking a new file away and putting a sound one back contradict each other.
void check_files(Fields& f, const Defect& defect) {
  std::set<std::string> made;
  for (const Defect::NewFile& one : defect.files)
    if (!made.insert(one.file).second) f.problem("files", fmt::format("{} is there twice", one.file));
  for (const Defect::Edit& edit : defect.edits)
    if (made.count(edit.file)) f.problem("files", fmt::format("{} is new, and changed by 'edits' too", edit.file));
}

void check_services(Fields& f, const std::vector<std::string>& services) {
  std::vector<std::string> known;
  for (const Service& service : all_services()) known.emplace_back(service.name);
  for (const std::string& name : services)
    if (!find_service(name))
      f.problem("services", fmt::format("'{}' is no service that a lab knows", name), suggestion(name, known));
}

}  // namespace

void Defect::describe(Fields& f) {
  f.name({"defect", "its name", Field::required}, name);
  f.text({"mistake", "what is wrong, and why people do it", Field::required}, mistake);
  f.texts({"scenario", "files of the scenarios that must fail on it", Field::required}, scenario);
  f.text({"report", "the part that their reports must name", Field::required}, report);
  f.texts({"services", "services of the lab that read the files: changed on the nodes that run one, and started anew there",
           Field::required},
          services);
  f.list({"edits", "what is changed in their files"}, [&](Fields& item) { describe_edit(item, edits); });
  f.list({"files", "new files beside them"}, [&](Fields& item) { describe_new_file(item, files); });
  f.text({"after", "command for a shell on the first of these nodes, when the services work again"}, after);
  f.text({"after-removal", "the same when the defect is taken out"}, after_removal);
  if (f.reading() && services.empty()) f.problem("services", "a defect without services changes no node");
  if (f.reading() && edits.empty() && files.empty() && after.empty())
    f.problem("edits", "a defect without edits, files and 'after' changes nothing");
  check_files(f, *this);
  check_services(f, services);
}

Defect read_defect(const std::filesystem::path& file) {
  Defect defect;
  read_file(file.string(), [&](Fields& f) { defect.describe(f); });
  return defect;
}

std::string with_mistakes(const Defect& defect, const std::string& file, std::string text) {
  for (const Defect::Edit& edit : defect.edits) {
    if (edit.file != file) continue;
    std::size_t at = text.find(edit.find);
    if (at == std::string::npos)
      throw Error(ErrorKind::unmet, fmt::format("planting {}", defect.name),
                  fmt::format("{} does not have '{}'", file, edit.find),
                  "the defect was written for other settings of the lab");
    for (; at != std::string::npos; at = text.find(edit.find, at + edit.with.size()))
      text.replace(at, edit.find.size(), edit.with);
  }
  return text;
}

}  // namespace blackstart
