#include "reports/operations.h"

#include <algorithm>

#include "base/error.h"
#include "reports/operation_reader.h"
#include "reports/operation_survey.h"

namespace blackstart {

void OperationSurvey::see(const Operation& o) {
  last_scheduled = std::max(last_scheduled, o.scheduled);
  if (const Time last = std::max(o.scheduled, o.done); last <= kLongestRun) last_moment = std::max(last_moment, last);
  if (o.series >= series.size()) series.resize(o.series + std::size_t{1});
  Series& mine = series[o.series];
  const std::uint64_t place = operations++;
  if (!mine.first) mine.first = place;
  if (!plausible(o)) {
    if (!mine.impossible) mine.impossible_at = place;
    if (!mine.impossible) mine.impossible = o.number;
    return;
  }
  if (mine.operations++ == 0 || o.number > mine.highest)
    mine.highest = o.number;
  else
    mine.displaced = std::max(mine.displaced, mine.highest - o.number);
}

struct Operations::InFile {
  std::filesystem::path file;
  OperationSurvey survey;
  std::uint64_t damaged_bytes = 0;
};

struct Operations::Pages {
  std::filesystem::path file;
  OperationReader reader;
  std::uint64_t left;  // of those that were there at first
};

void Operations::Iterator::turn() {
  at_ = end_ = nullptr;
  if (pages_->left == 0) return;
  const std::vector<Operation>& page = pages_->reader.next();
  if (page.empty())
    throw Error(ErrorKind::bad_file, "reading " + pages_->file.string() + " once more",
                "it no longer holds the operations that it held", "judge the run when nothing writes into its folder");
  const std::uint64_t count = std::min<std::uint64_t>(pages_->left, page.size());
  at_ = page.data();
  end_ = at_ + count;
  pages_->left -= count;
}

Operations Operations::in_file(const std::filesystem::path& file) {
  auto all = std::make_shared<InFile>();
  all->file = file;
  OperationReader reader(file);
  for (const auto* page = &reader.next(); !page->empty(); page = &reader.next())
    for (const Operation& operation : *page) all->survey.see(operation);
  all->damaged_bytes = reader.damaged_bytes();
  Operations operations;
  operations.file_ = std::move(all);
  return operations;
}

Operations::Iterator Operations::begin() const {
  if (file_ == nullptr) return {kept_.data(), kept_.data() + kept_.size()};
  return Iterator(std::make_shared<Pages>(Pages{file_->file, OperationReader(file_->file), file_->survey.operations}));
}

std::uint64_t Operations::size() const { return file_ ? file_->survey.operations : kept_.size(); }
std::uint64_t Operations::damaged_bytes() const { return file_ ? file_->damaged_bytes : 0; }

OperationSurvey Operations::survey() const {
  if (file_) return file_->survey;
  OperationSurvey survey;
  for (const Operation& operation : kept_) survey.see(operation);
  return survey;
}

std::vector<Operation>& Operations::kept() {
  if (file_) {
    const Operations& all = *this;
    std::vector<Operation> read;
    read.reserve(all.size());
    for (const Operation& operation : all) read.push_back(operation);
    *this = std::move(read);
  }
  return kept_;
}

bool operator==(const Operations& a, const Operations& b) {
  auto other = b.begin();
  for (const Operation& operation : a) {
    if (other == b.end() || operation != *other) return false;
    ++other;
  }
  return other == b.end();
}

}  // namespace blackstart
