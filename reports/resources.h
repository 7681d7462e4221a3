// What a probe made through OpenStack's APIs, and what each controller says is there after recovery.
//
// Purpose: the raw evidence of the control plane's audit; `blackstart judge` audits again from these files alone.
// Ownership: plain values. Thread rule: pure functions of the files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"

namespace blackstart {

// What the client was told of something that it asked for.
enum class Told {
  no,     // never asked, or refused for certain
  maybe,  // asked, but the answer never came or says nothing
  yes     // acknowledged
};

// One resource that the probe asked for.
struct BelievedResource {
  std::string kind;  // "server"
  std::string id;    // empty: its creation was never acknowledged, and nobody has seen it
  std::string name;  // of its own among all that the probe made
  Told created = Told::no, deleted = Told::no;
  Time created_at{-1}, deleted_at{-1};  // when that was known; -1: never, or before the schedule
  bool operator==(const BelievedResource&) const = default;
};

// One resource as a controller lists it.
struct ListedResource {
  std::string kind;   // as above, or "allocation" of Placement
  std::string id;     // of an allocation: of whom it is
  std::string name;   // of an allocation: where it is
  std::string state;  // the API's word: "ACTIVE", "available"
  std::string task;   // what Nova is at: "deleting"; empty: nothing
  std::string owner;  // of a port: the id of its server
  bool operator==(const ListedResource&) const = default;
};

struct ResourceListing {
  std::string controller;
  bool complete = false;  // false: it could not be read to the end
  std::string problem;    // why not
  std::vector<ListedResource> resources;
  std::string not_looked_at = {};  // "allocations: it answers 403": what may not be asked for, and why; empty: nothing
  bool operator==(const ResourceListing&) const = default;
};

struct ResourceBook {
  bool complete = false;  // false: it could not be read
  std::string problem;
  std::vector<BelievedResource> resources;
  bool operator==(const ResourceBook&) const = default;
};

// All that the audit of the control plane stands on.
struct ResourceEvidence {
  ResourceBook book;
  std::vector<ResourceListing> listings;  // one for each controller
  bool operator==(const ResourceEvidence&) const = default;
};

// JSON, written in one piece: a file cut short is none. Format: docs/record.md.
void write_book(const std::filesystem::path& file, const ResourceBook& book);
void write_listing(const std::filesystem::path& file, const ResourceListing& listing);
// What can't be read is not complete, and says why.
ResourceBook read_book(const std::filesystem::path& file);
ResourceListing read_listing(const std::filesystem::path& file, const std::string& controller);

}  // namespace blackstart
