#include "reports/operation.h"

#include <array>
#include <cstring>

#include "base/error.h"
#include "reports/files.h"

namespace blackstart {
namespace {

// docs/record.md has the layout byte by byte.
constexpr std::string_view kMagic = "BLKSTOPS";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kRecordBytes = 72;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kBufferBytes = 1024 * kRecordBytes;

// Little-endian whatever the machine is; the compiler turns the loops into one move.
class Packer {
 public:
  explicit Packer(char* at) : at_(at) {}
  template <class T>
  void put(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) *at_++ = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  }

 private:
  char* at_;
};

class Unpacker {
 public:
  explicit Unpacker(const char* at) : at_(at) {}
  template <class T>
  T get() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(*at_++)) << (8 * i);
    return static_cast<T>(value);
  }

 private:
  const char* at_;
};

std::string header() {
  std::string bytes(kHeaderBytes, '\0');
  bytes.replace(0, kMagic.size(), kMagic);
  Packer rest(bytes.data() + kMagic.size());
  rest.put(kVersion);
  rest.put(static_cast<std::uint32_t>(kRecordBytes));
  return bytes;
}

std::array<char, kRecordBytes> encode(const Operation& o) {
  std::array<char, kRecordBytes> bytes{};
  Packer body(bytes.data() + kChecksumBytes);
  body.put(o.series);
  body.put(o.error);
  body.put(o.number);
  body.put(o.scheduled.count());
  body.put(o.sent.count());
  body.put(o.done.count());
  body.put(o.posting);
  body.put(o.from);
  body.put(o.to);
  body.put(o.amount);
  body.put(static_cast<std::uint8_t>(o.outcome));
  Packer(bytes.data()).put(crc32c({bytes.data() + kChecksumBytes, kRecordBytes - kChecksumBytes}));
  return bytes;
}

// False when the checksum is wrong or the outcome is none that we know.
bool decode(const char* bytes, Operation& o) {
  Unpacker body(bytes);
  if (body.get<std::uint32_t>() != crc32c({bytes + kChecksumBytes, kRecordBytes - kChecksumBytes})) return false;
  o.series = body.get<std::uint16_t>();
  o.error = body.get<std::uint16_t>();
  o.number = body.get<std::uint64_t>();
  o.scheduled = Time(body.get<std::int64_t>());
  o.sent = Time(body.get<std::int64_t>());
  o.done = Time(body.get<std::int64_t>());
  o.posting = body.get<std::uint64_t>();
  o.from = body.get<std::uint32_t>();
  o.to = body.get<std::uint32_t>();
  o.amount = body.get<std::int64_t>();
  auto outcome = body.get<std::uint8_t>();
  o.outcome = static_cast<Outcome>(outcome);
  return outcome <= static_cast<std::uint8_t>(Outcome::unsent);
}

void check_header(const std::filesystem::path& file, std::string_view bytes) {
  if (bytes.substr(0, kHeaderBytes) == header()) return;
  bool ours = bytes.substr(0, kMagic.size()) == kMagic && bytes.size() >= kHeaderBytes;
  throw Error(ErrorKind::bad_file, "reading the operations in " + file.string(),
              ours ? "the file has a version or record size that this Blackstart doesn't know" : "it is no file of operations",
              ours ? "use the version of Blackstart that wrote it; events.jsonl names it" : "");
}

}  // namespace

bool answered(const Operation& operation) {
  if (operation.outcome == Outcome::ok) return true;
  if (operation.outcome == Outcome::unsent) return false;
  const bool client = operation.error >= 2000 && operation.error < 3000, ours = operation.error >= kTimedOut;
  return operation.error != 0 && !client && !ours;
}

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return "ok";
    case Outcome::failed: return "failed";
    case Outcome::indeterminate: return "indeterminate";
    case Outcome::unsent: return "unsent";
  }
  return "unknown";
}

struct OperationFile::Impl {
  explicit Impl(const std::filesystem::path& where) : path(where), file(where, AppendFile::Open::must_not_exist) {
    buffer.reserve(kBufferBytes);
  }

  std::filesystem::path path;
  AppendFile file;
  std::string buffer;
  int error = 0;  // the first one; nothing is written after it, lest a record stand at a place that is none
};

OperationFile::OperationFile(const std::filesystem::path& file) : impl_(std::make_unique<Impl>(file)) {
  if (int error = impl_->file.append(header())) throw_errno("writing " + file.string(), error);
}

OperationFile::~OperationFile() { flush(); }

void OperationFile::record(const Operation& operation) {
  auto bytes = encode(operation);
  impl_->buffer.append(bytes.data(), bytes.size());  // never reallocates: a full buffer is flushed
  if (impl_->buffer.size() + kRecordBytes > kBufferBytes) flush();
}

void OperationFile::flush() {
  if (!impl_->error && !impl_->buffer.empty()) impl_->error = impl_->file.append(impl_->buffer);
  impl_->buffer.clear();
}

void OperationFile::close() {
  flush();
  if (!impl_->error) impl_->error = impl_->file.sync();
  if (impl_->error) throw_errno("writing the operations to " + impl_->path.string(), impl_->error);
}

OperationLog read_operations(const std::filesystem::path& file) {
  std::string bytes = read_whole(file);
  check_header(file, bytes);
  OperationLog log;
  log.operations.reserve((bytes.size() - kHeaderBytes) / kRecordBytes);
  std::size_t at = kHeaderBytes;
  for (; at + kRecordBytes <= bytes.size(); at += kRecordBytes) {
    Operation operation;
    if (decode(bytes.data() + at, operation))
      log.operations.push_back(operation);
    else
      log.damaged_bytes += kRecordBytes;
  }
  log.damaged_bytes += bytes.size() - at;
  return log;
}

}  // namespace blackstart
