// The Error that a call throws, to look at its kind and words.
#pragma once

#include <catch2/catch.hpp>
#include <stdexcept>

#include "base/error.h"

namespace blackstart {

template <class Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no Error was thrown");
  throw std::logic_error("not reached");
}

}  // namespace blackstart
