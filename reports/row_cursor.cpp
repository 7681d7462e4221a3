#include "reports/row_cursor.h"

#include <algorithm>

#include "base/error.h"
#include "reports/rows_format.h"

namespace blackstart {
namespace {

bool before(const PostedTransfer& a, const PostedTransfer& b) { return key_of(a) < key_of(b); }

}  // namespace

RowCursor::RowCursor(const ReplicaSnapshot& snapshot) : snapshot_(snapshot) {
  if (!snapshot.file.empty()) {
    file_.emplace(snapshot.file);
  } else {
    const std::vector<PostedTransfer>* rows = &snapshot.transfers;
    if (!std::is_sorted(rows->begin(), rows->end(), before)) {
      sorted_ = *rows;
      std::sort(sorted_.begin(), sorted_.end(), before);
      rows = &sorted_;
    }
    here_ = rows->data();
    end_ = here_ + rows->size();
  }
  load();
}

// What the file or the vector has next.
void RowCursor::load() {
  planned_until_ = 0;
  made_.reset();
  if (!file_) {
    done_ = here_ == end_;
    if (!done_) posting_ = here_->posting;
    return;
  }
  done_ = !file_->next(run_);
  if (done_) {
    if (file_->rows() != snapshot_.rows_in_file)
      throw Error(ErrorKind::bad_file, "reading the rows in " + snapshot_.file.string(), "the file changes while it is read");
    return;
  }
  posting_ = run_.first;
  if (run_.planned) planned_until_ = run_.first + run_.count;
}

const PostedTransfer& RowCursor::row() {
  if (!file_) return *here_;
  if (!run_.planned) return run_.row;
  if (!made_) made_ = rows_format::planned_row(posting_, plan());
  return *made_;
}

void RowCursor::next() {
  if (planned_until_ > posting_) return skip_to(posting_ + 1);
  if (!file_) ++here_;
  load();
}

std::uint64_t RowCursor::plan() const { return file_ ? file_->accounts().size() : 0; }

void RowCursor::skip_to(std::uint64_t posting) {
  made_.reset();
  posting_ = posting;
  if (posting_ >= planned_until_) load();
}

}  // namespace blackstart
