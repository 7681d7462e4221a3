#include "probes/openstack_book.h"

namespace blackstart {

void OpenStackBook::stands(const ResourceKind& kind, const std::string& id, const std::string& name) {
  all_[name].what = {kind.name, id, name, Told::yes, Told::no, Time(-1), Time(-1)};
}

void OpenStackBook::creating(const ResourceKind& kind, const std::string& name) {
  all_[name].what = {kind.name, "", name, Told::maybe, Told::no, Time(-1), Time(-1)};
}

void OpenStackBook::created(const std::string& name, const std::string& id) {
  BelievedResource& what = all_[name].what;
  what.id = id;
  what.created = Told::yes;
  what.created_at = now();
}

void OpenStackBook::refused(const std::string& name) { all_[name].what.created = Told::no; }

void OpenStackBook::seen(const std::string& name, const std::string& id) { all_[name].what.id = id; }

// One that was acknowledged stays so, whatever becomes of a second request.
void OpenStackBook::deleting(const std::string& name) {
  Entry& entry = all_[name];
  ++entry.asked_to_go;
  if (entry.what.deleted == Told::no) entry.what.deleted = Told::maybe;
}

void OpenStackBook::deleted(const std::string& name) {
  BelievedResource& what = all_[name].what;
  if (what.deleted != Told::yes) what.deleted_at = now();
  what.deleted = Told::yes;
}

void OpenStackBook::not_deleted(const std::string& name) {
  Entry& entry = all_[name];
  if (entry.asked_to_go == 1) entry.what.deleted = Told::no;  // an earlier request may still have its effect
}

// Of what was asked to go once, and for the first time: nobody had deleted it, so it was lost.
void OpenStackBook::not_there(const std::string& name) {
  Entry& entry = all_[name];
  const bool lost = entry.asked_to_go == 1 && entry.what.created == Told::yes && entry.what.deleted != Told::yes;
  lost ? not_deleted(name) : deleted(name);
}

bool OpenStackBook::keep(const std::string& name) {
  const BelievedResource& what = all_[name].what;
  return what.created == Told::yes && kept_[what.kind]++ < most_kept_;
}

ResourceBook OpenStackBook::read() const {
  ResourceBook book{true, "", {}};
  for (const auto& [name, entry] : all_) book.resources.push_back(entry.what);
  return book;
}

}  // namespace blackstart
