#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "reports/mapped_file.h"
#include "reports/operation.h"
#include "reports/operation_format.h"
#include "reports/operation_page.h"

namespace blackstart {

struct OperationFile::Impl {
  Impl(const std::filesystem::path& where, const std::vector<SeriesPlan>& plans) : path(where), file(where), writer(plans) {
    if (int problem = file.advance())
      throw Error(ErrorKind::internal, "making room for the operations in " + path.string(), std::strerror(problem),
                  "let --out name a folder with room, on a file system that can map files into memory");
    page = file.window();
    file.fetch(page, operation_page::kBytes);
    const std::string head = operation_format::head(operation_format::kVersion, operation_page::kBytes);
    std::memcpy(page, head.data(), head.size());
    writer.begin(page + head.size(), operation_page::kBytes - head.size());
  }

  // To the next page; false when there is none, now or since earlier. Rare: not to be put into record().
  [[gnu::noinline]] bool turn() {
    if (error == 0 && file.lost()) error = EIO;
    if (error != 0 || closed) return false;
    char* next = page + operation_page::kBytes;
    if (next == file.window() + MappedFile::kWindow) {
      error = file.advance();
      if (error != 0) return false;
      next = file.window();
    }
    page = next;
    file.fetch(page, operation_page::kBytes);
    writer.begin(page, operation_page::kBytes);
    return true;
  }

  std::uint64_t length() const { return file.offset() + static_cast<std::uint64_t>(writer.end() - file.window()); }

  std::filesystem::path path;
  MappedFile file;
  operation_page::PageWriter writer;
  char* page = nullptr;
  int error = 0;  // the first one; nothing is written after it
  bool closed = false;
};

OperationFile::OperationFile(const std::filesystem::path& file, const std::vector<SeriesPlan>& plans)
    : impl_(std::make_unique<Impl>(file, plans)) {}

OperationFile::~OperationFile() {
  if (!impl_->closed) impl_->file.cut(impl_->length());
}

void OperationFile::record(const Operation& operation) {
  Impl& i = *impl_;
  if (!i.writer.full()) return i.writer.put(operation);
  if (i.turn()) i.writer.put(operation);
}

void OperationFile::close() {
  Impl& i = *impl_;
  if (i.error == 0 && i.file.lost()) i.error = EIO;
  const int cut = i.file.cut(i.length()), synced = i.file.sync();
  i.closed = true;
  i.writer.finish();  // what is beyond the file's end must not be stored into
  for (int problem : {i.error, cut, synced})
    if (problem != 0) throw_errno("writing the operations to " + i.path.string(), problem);
}

}  // namespace blackstart
