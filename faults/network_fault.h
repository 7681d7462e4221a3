// What all faults of the network have in common: the way from preflight to evidence.
//
// Purpose: a fault says what is its own (checks, order, what the target shows); the witnesses and the waiting are here.
// Ownership: refers to the context's parts, owns its ThirdParty. Thread rule: as TargetFault.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/third_party.h"

namespace blackstart {

class NetworkFault : public TargetFault {
 public:
  NetworkFault(Node node, FaultContext context, std::unique_ptr<ThirdParty> third)
      : node_(std::move(node)), context_(context), third_(std::move(third)) {}

  void preflight(const Deadline& deadline) final;
  UndoRecord undo_record() const final;
  void stage(const Deadline& deadline) final;
  void fire(const Deadline& deadline) final;
  std::vector<Evidence> confirm(const Deadline& deadline) final;
  bool looks_again() const final { return true; }
  // By the target alone: connections that witnesses held open may have ended for other reasons since.
  std::vector<Evidence> look_again(const Deadline& deadline) final;

 protected:
  // Reads only; throws Error(unmet) for what must not be touched.
  virtual void check(const Deadline& deadline) = 0;
  virtual UndoRecord own_record() const = 0;
  virtual void prepare(const Deadline&) {}
  virtual std::string doing() const = 0;  // "cutting data0 of c1 off"
  virtual void give_order(const Deadline& deadline);
  virtual std::string order() const { return ""; }  // a shell command for the node
  // The target's own side: who is asked, what must be seen there, and one look; throws Error when it can't be read.
  virtual std::string observer() const { return node_.name; }
  virtual std::string expected() const = 0;
  virtual bool look(std::string& observed, const Deadline& deadline) = 0;
  // The same just before the undo, when all that counts is whether what we did is still there.
  virtual bool lasts(std::string& observed, const Deadline& deadline) { return look(observed, deadline); }

  // The data address of a witness: somebody whom the fault concerns. Empty when there is none. Valid after preflight.
  std::string witness_address() const;

  const Node node_;
  FaultContext context_;

 private:
  bool went_with_a_restart(std::string& observed, const Deadline& deadline) const;

  Time fired_{0};
  std::unique_ptr<ThirdParty> third_;                  // until confirm() is through
  std::map<std::string, std::string> facts_of_third_;  // since preflight
};

}  // namespace blackstart
