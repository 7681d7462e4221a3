// What the faults that load a node (cpu, memory, io, disk) have in common.
//
// Purpose: a Load says what its unit on the node does and how its effect is seen; LoadFault takes it through the fault
// contract. Ownership: LoadFault owns its Load. Thread rule: as TargetFault's.
#pragma once

#include <memory>
#include <string>

#include "faults/fault.h"

namespace blackstart {

class Load {
 public:
  virtual ~Load() = default;
  virtual std::string words() const = 0;     // "4 busy processes"
  virtual std::string expected() const = 0;  // "the cores of c1 are busy with it"
  // The folder in which a file of ours lies as long as the unit runs; empty: none.
  virtual std::string folder() const { return ""; }
  // The mount point of that folder's file system; valid after check().
  virtual std::string mount() const { return ""; }
  // Reads only: throws Error(unmet) where it can't be done, or not without harm.
  virtual void check(FaultContext context, const std::string& node, const Deadline& deadline) = 0;
  // What the unit runs; valid after check(). `file` is ours, in folder().
  virtual std::string script(const std::string& file) const = 0;
  // Looks once, after the unit was started; as Piece::look.
  virtual bool look(FaultContext context, const std::string& node, Evidence& evidence, const Deadline& deadline) = 0;
  // From now on it is looked at whether the load is still there: what it did until now is no proof of that.
  virtual void begin_again() {}
};

std::unique_ptr<TargetFault> make_load_fault(std::unique_ptr<Load> load, const Node& node, FaultContext context);

}  // namespace blackstart
