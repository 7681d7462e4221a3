#include "reports/resources.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "reports/files.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;

// docs/record.md has the format.
constexpr const char* kFormat = "blackstart-resources";
constexpr int kVersion = 1;
constexpr std::pair<Told, const char*> kTold[] = {{Told::no, "no"}, {Told::maybe, "maybe"}, {Told::yes, "yes"}};

}  // namespace

// A word that is unknown makes the file unreadable: to take it for another one would judge by the wrong belief.
void to_json(Json& j, Told told) {
  for (auto [value, name] : kTold)
    if (value == told) j = name;
}
void from_json(const Json& j, Told& told) {
  for (auto [value, name] : kTold)
    if (j.get<std::string>() == name) return void(told = value);
  throw std::invalid_argument("unknown answer of an API");
}

void to_json(Json& j, const BelievedResource& r) {
  j = {{"kind", r.kind},
       {"id", r.id},
       {"name", r.name},
       {"created", r.created},
       {"deleted", r.deleted},
       {"created_at", r.created_at.count()},
       {"deleted_at", r.deleted_at.count()}};
}
void from_json(const Json& j, BelievedResource& r) {
  r = {j.at("kind"),
       j.at("id"),
       j.at("name"),
       j.at("created").get<Told>(),
       j.at("deleted").get<Told>(),
       Time(j.at("created_at").get<std::int64_t>()),
       Time(j.at("deleted_at").get<std::int64_t>())};
}
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ListedResource, kind, id, name, state, task, owner)

namespace {

void write(const std::filesystem::path& file, Json json) {
  json["format"] = kFormat;
  json["version"] = kVersion;
  write_atomically(file, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

// Fills `what` by `take`; whatever is wrong with the file becomes its problem.
template <class What, class Take>
What read(const std::filesystem::path& file, What what, Take take) {
  try {
    const Json json = Json::parse(read_whole(file));
    if (json.at("format") != kFormat || json.at("version") != kVersion) throw std::invalid_argument("another format");
    What found = what;
    found.complete = json.at("complete");
    found.problem = json.at("problem");
    take(json, found);
    return found;
  } catch (const Error& error) {
    what.problem = error.what();
  } catch (const std::exception&) {
    what.problem = file.filename().string() + " is no file of resources, or a damaged one";
  }
  return what;
}

}  // namespace

void write_book(const std::filesystem::path& file, const ResourceBook& book) {
  write(file, {{"complete", book.complete}, {"problem", book.problem}, {"resources", book.resources}});
}

void write_listing(const std::filesystem::path& file, const ResourceListing& listing) {
  write(file, {{"controller", listing.controller},
               {"complete", listing.complete},
               {"problem", listing.problem},
               {"resources", listing.resources},
               {"not_looked_at", listing.not_looked_at}});
}

ResourceBook read_book(const std::filesystem::path& file) {
  return read(file, ResourceBook{}, [](const Json& json, ResourceBook& book) {
    book.resources = json.at("resources").get<std::vector<BelievedResource>>();
  });
}

ResourceListing read_listing(const std::filesystem::path& file, const std::string& controller) {
  return read(file, ResourceListing{controller, false, "", {}}, [&](const Json& json, ResourceListing& listing) {
    listing.resources = json.at("resources").get<std::vector<ListedResource>>();
    listing.not_looked_at = json.value("not_looked_at", "");
    if (const std::string whose = json.at("controller"); whose != controller)
      listing = {controller, false, "the file holds what '" + whose + "' lists", {}};
  });
}

}  // namespace blackstart
