// What a probe reads of its replicas, in memory.
#pragma once

#include "probes/probe.h"
#include "reports/files.h"
#include "tests/support/folder.h"

namespace blackstart {

inline std::vector<ReplicaSnapshot> snapshots_of(Probe& probe, const Deadline& deadline) {
  const Folder folder;
  probe.keep_rows([&](const std::string& replica) { return folder.path / (file_name_of(replica) + ".rows"); });
  std::vector<ReplicaSnapshot> all;
  for (ReplicaSnapshot& snapshot : probe.snapshots(deadline)) all.push_back(with_transfers(std::move(snapshot)));
  return all;
}

}  // namespace blackstart
