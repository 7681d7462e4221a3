// One request of a probe, and the append-only file that holds all of them.
//
// Purpose: the fact from which every outage, RTO and RPO is computed later; probes write it, reports read it.
// Ownership: plain values. Thread rule: an OperationFile belongs to one thread; reading is a pure function of the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/clock.h"

namespace blackstart {

enum class Outcome : std::uint8_t {
  ok,             // acknowledged
  failed,         // certainly had no effect
  indeterminate,  // may or may not have had its effect: no answer after COMMIT was sent
  unsent,         // the generator never sent it: a fault of ours, never of the cloud's
};
const char* name_of(Outcome outcome);

// Times are nanoseconds since the run's zero (RunInfo::zero), on the runner's monotonic clock. A file keeps `sent` and `done`
// in whole microseconds after `scheduled`, sent rounded down and done rounded up: an operation in the record is never shorter,
// and the cloud never faster, than it was.
struct Operation {
  std::uint16_t series = 0;  // index into ProbeInfo::series
  std::uint64_t number = 0;  // its place in the series' schedule: 0, 1, 2, … with none missing
  Outcome outcome = Outcome::unsent;
  std::uint16_t error = 0;  // the protocol's error code (MySQL errno, HTTP status), or an OperationError; 0 if none
  Time scheduled{0};
  Time sent{-1};  // when the generator started it; -1: never
  Time done{-1};  // when its outcome was known; -1: never
  // What the audit needs; 0 where a series posts nothing.
  std::uint64_t posting = 0;  // the client-made unique id of the transfer
  std::uint32_t from = 0, to = 0;
  std::int64_t amount = 0;  // in cents

  bool operator==(const Operation&) const = default;
};

// Our own codes, above every protocol's.
enum OperationError : std::uint16_t {
  kTimedOut = 60001,      // the deadline passed
  kNoConnection = 60002,  // none within the limit for connecting
  kWrongAnswer = 60003,   // an answer that makes no sense, or not the one that is wanted
  kStopped = 60004,
  kRefused = 60005,     // the connection was refused, or there is no way to the host
  kBroken = 60006,      // the connection broke
  kUntrusted = 60007,   // TLS: the certificate, the host's name in it, or the handshake
  kNoName = 60008,      // the host's name could not be looked up
  kNoSocket = 60009,    // this machine has no socket, port or memory left: a fault of ours
  kTwoHolders = 60010,  // more than one holds what only one may
  kStale = 60011,       // acknowledged, and the next read did not show it; such an operation is ok
};

// The service itself said what became of it: neither silence, nor an error of our side of the connection (our own codes and
// MariaDB's 2000 to 2999), nor a proxy that has no server to ask (8000 to 9999).
bool answered(const Operation& operation);

// Receives each operation when its outcome is known. Called on the probe's own thread; returns fast, never throws.
class OperationSink {
 public:
  virtual ~OperationSink() = default;
  virtual void record(const Operation& operation) = 0;
  // The probe's event loop is about to wait: kill -9 of the runner loses nothing of what was recorded until now.
  virtual void flush() = 0;
};

// What a series' operations are by its plan, and a file of operations therefore need not say of each. A plan that is not kept
// costs room, nothing else.
struct SeriesPlan {
  double rate = 0;             // number k is due k / rate seconds after number 0; 0: not known
  std::uint64_t accounts = 0;  // number k posts planned_transfer(k, accounts) (reports/transfer_plan.h); 0: posts nothing
};

// Creates `file` (it must not exist yet) and appends. What record() was given is in the file when it returns, with no call of
// the kernel: the file is memory of this process, a mapped window that moves along, and stays when the process dies.
// Format: docs/record.md. Throws Error(internal) from the constructor and from close(); an error in between (a full disk) is
// kept and thrown by close(): what was recorded before it stays.
class OperationFile final : public OperationSink {
 public:
  // `plans`: one for each series; those of series beyond are not known.
  explicit OperationFile(const std::filesystem::path& file, const std::vector<SeriesPlan>& plans = {});
  ~OperationFile() override;
  void record(const Operation& operation) override;
  void flush() override {}
  void close();  // cuts the file to what it holds, fsyncs; nothing may be recorded after it

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct OperationLog {
  std::vector<Operation> operations;  // in the order of the file, which is that of completion
  std::uint64_t damaged_bytes = 0;  // a torn tail, or pages (records, in old files) whose checksum is wrong: skipped, and said
};
// Reads files of this version and of the one before. Throws Error(bad_file) when the file is missing or is none of ours.
OperationLog read_operations(const std::filesystem::path& file);

}  // namespace blackstart
