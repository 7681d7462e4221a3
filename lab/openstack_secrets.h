// What only one lab with OpenStack knows: passwords and keys.
//
// Purpose: made once per lab, kept in its folder, filled into templates by their names. Ownership: plain values. Thread rule:
// any thread.
#pragma once

#include <filesystem>
#include <string>

#include "lab/template.h"

namespace blackstart {

// service_password (of the services, the database, the broker and the user admin), user_password (of the user demo), fernet_0,
// fernet_1, credential_0 and credential_1 (Keystone's keys).
Values new_openstack_secrets();
// One "name: value" a line.
std::string write_secrets(const Values& secrets);
// Those in `file`; throws Error(internal) when it can't be read.
Values read_secrets(const std::filesystem::path& file);
// bcrypt's, as Keystone stores a password; another one at each call. Its price is the lowest, see lab/services.
std::string keystone_hash(const std::string& password);

}  // namespace blackstart
