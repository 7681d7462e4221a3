#include "lab/openstack_secrets.h"

#include <crypt.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <sstream>

#include "base/error.h"
#include "base/yaml.h"
#include "lab/lab_folder.h"

namespace blackstart {
namespace {

constexpr std::size_t kPasswordLength = 24;
constexpr unsigned long kHashRounds = 4;  // as a power of two: the least there is
const char* const kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// 32 random bytes in base64 for URLs: the last of 43 letters has but four bits.
std::string fernet_key() { return random_word(42, kBase64) + random_word(1, "AEIMQUYcgkosw048") + "="; }

}  // namespace

Values new_openstack_secrets() {
  Values secrets;
  for (const char* name : {"service_password", "user_password"}) secrets[name] = random_word(kPasswordLength);
  for (const char* name : {"fernet_0", "fernet_1", "credential_0", "credential_1"}) secrets[name] = fernet_key();
  return secrets;
}

std::string write_secrets(const Values& secrets) {
  std::string text;
  for (const auto& [name, value] : secrets) text += name + ": " + value + "\n";
  return text;
}

Values read_secrets(const std::filesystem::path& file) {
  Values secrets;
  std::istringstream lines(yaml::slurp(file));
  for (std::string name, value; lines >> name >> value;) secrets[name.substr(0, name.find(':'))] = value;
  return secrets;
}

std::string keystone_hash(const std::string& password) {
  const auto data = std::make_unique<crypt_data>();
  std::memset(data.get(), 0, sizeof *data);
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  if (!crypt_gensalt_rn("$2b$", kHashRounds, nullptr, 0, setting, sizeof setting)) throw_errno("making a salt", errno);
  const char* hash = crypt_r(password.c_str(), setting, data.get());
  if (!hash || *hash == '*') throw_errno("hashing a password", errno);
  return hash;
}

}  // namespace blackstart
