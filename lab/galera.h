// What a lab's database says over SQL, asked from the host as the user bank.
//
// Purpose: is a replica in sync, does the endpoint serve. Ownership: nothing outlives a call. Thread rule: any thread.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

namespace blackstart {

struct GaleraStatus {
  std::string state;     // wsrep_local_state_comment: "Synced"; or why there was no answer
  bool primary = false;  // it belongs to the part that may write
  int size = 0;          // members of its cluster
  bool ready = false;    // takes queries
  bool answered = false;
  bool synced() const { return ready && primary && state == "Synced"; }
};

// One connection, at most `limit` for each of connecting, reading and writing.
GaleraStatus ask_galera(const std::string& host, const std::string& password, Duration limit);

// Nullopt when `host` lets bank in and runs an empty transaction, else why not.
std::optional<std::string> sql_trouble(const std::string& host, const std::string& password, Duration limit);

// Statements that make the schema bank and its user, on any replica, as often as one likes.
std::string bank_statements(const std::string& password);

}  // namespace blackstart
