// Where the runner keeps what must outlive it, and the claims it lays on a cloud.
//
// Purpose: the state folder, the lease (one rehearsal at a time per cloud) and the kill switch.
// Each throws Error(usage) for a name that no cloud can have: files are named after clouds.
// Ownership: a Lease holds its cloud until it goes. Thread rule: plain functions; a Lease belongs to one thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace blackstart {

// $BLACKSTART_STATE, or /var/lib/blackstart for root, or ~/.local/state/blackstart.
std::filesystem::path state_folder();
// The same, made if it is not there. Throws Error(unmet).
std::filesystem::path made_state_folder();

class Lease {
 public:
  // Throws Error(unmet) that names the holder when another process has it. The kernel gives it back when the holder ends,
  // however.
  Lease(const std::string& cloud, const std::string& holder);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  int descriptor_ = -1;
};
// Who holds the lease now; nullopt: nobody.
std::optional<std::string> lease_holder(const std::string& cloud);

// The clouds that STATE/<kind> has a file of, `lease` or `halt`, by name; a lease that is there need not be held.
std::vector<std::string> clouds_with(const char* kind);

// The kill switch: stops the running rehearsal of the cloud and blocks new ones until lifted.
void halt_cloud(const std::string& cloud, const std::string& reason);
bool lift_halt(const std::string& cloud);  // false: there was none
std::optional<std::string> halt_reason(const std::string& cloud);

}  // namespace blackstart
