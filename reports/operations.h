// All operations of a probe, in the order of completion: kept in memory, or read from their file each time they are asked for.
//
// Purpose: a record of any length is judged in bounded memory, and whoever goes over it need not know where it is.
// Ownership: a value; of those in a file it holds the file's name, and the file must stay while it is used. Thread rule: plain
// data; several threads may go over the same ones.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <memory>
#include <vector>

#include "reports/operation.h"

namespace blackstart {

struct OperationSurvey;

class Operations {
 public:
  Operations() = default;
  Operations(std::vector<Operation> all) : kept_(std::move(all)) {}  // NOLINT: they are the same, in memory

  // Goes over the file once, for what survey() and damaged_bytes() tell. Throws Error(bad_file) when it is missing or is none
  // of ours. What is appended to it later is not seen.
  static Operations in_file(const std::filesystem::path& file);

  // One way through all of them. Those in a file are read a page at a time, and Error(bad_file) is thrown where it no longer
  // holds what it held.
  class Iterator;
  Iterator begin() const;
  std::default_sentinel_t end() const { return {}; }

  std::uint64_t size() const;
  bool empty() const { return size() == 0; }
  OperationSurvey survey() const;
  std::uint64_t damaged_bytes() const;  // of their file

  // To change them: those of a file are taken into memory first, however many they are.
  std::vector<Operation>& kept();
  auto begin() { return kept().begin(); }
  auto end() { return kept().end(); }
  Operation& operator[](std::size_t at) { return kept()[at]; }
  Operation& back() { return kept().back(); }
  void push_back(const Operation& operation) { kept().push_back(operation); }
  void pop_back() { kept().pop_back(); }
  void resize(std::size_t size) { kept().resize(size); }
  void clear() { *this = {}; }

 private:
  struct InFile;
  struct Pages;
  std::vector<Operation> kept_;
  std::shared_ptr<const InFile> file_;  // null: they are in memory
};

class Operations::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Operation;
  using difference_type = std::ptrdiff_t;
  using pointer = const Operation*;
  using reference = const Operation&;

  Iterator() = default;
  reference operator*() const { return *at_; }
  pointer operator->() const { return at_; }
  Iterator& operator++() {
    if (++at_ == end_ && pages_) turn();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const Iterator& i, std::default_sentinel_t) { return i.at_ == i.end_; }

 private:
  friend class Operations;
  Iterator(const Operation* at, const Operation* end) : at_(at), end_(end) {}
  explicit Iterator(std::shared_ptr<Pages> pages) : pages_(std::move(pages)) { turn(); }
  void turn();  // to the next page, or the end

  const Operation* at_ = nullptr;
  const Operation* end_ = nullptr;
  std::shared_ptr<Pages> pages_;  // null: they are in memory
};

bool operator==(const Operations& a, const Operations& b);
template <class Predicate>
std::size_t erase_if(Operations& operations, Predicate predicate) {
  return std::erase_if(operations.kept(), predicate);
}

}  // namespace blackstart
