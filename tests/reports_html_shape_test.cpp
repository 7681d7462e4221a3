// The fuzzers' look at a page: words that became markup must show.
#include <catch2/catch.hpp>

#include "tests/fuzz/html_shape.h"

using blackstart::fuzz::shape_of;
using Tags = std::set<std::string>;

TEST_CASE("a page's shape is its tags with the names of their attributes", "[fuzz]") {
  const auto shape =
      shape_of("<p class=\"a b\">one<br></p>\n<script type=\"application/json\" id=\"d\">{\"a\": \"<b>\"}</script>");
  REQUIRE(shape);
  CHECK(shape->tags == Tags{"p class", "br", "/p", "script type id", "/script"});
  CHECK(shape->data == "{\"a\": \"<b>\"}");
}

TEST_CASE("a word that breaks out of its place changes a page's shape", "[fuzz]") {
  CHECK(shape_of("<p>a<b onclick=\"x\"></p>").value().tags.count("b onclick") == 1);
  CHECK(shape_of("<td data-label=\"a\" onload=\"x\">").value().tags.count("td data-label onload") == 1);
  CHECK_FALSE(shape_of("<td data-label=\"a\"b\"\">"));
  CHECK_FALSE(shape_of("<p title='a'>"));
  CHECK_FALSE(shape_of("a < b"));
  CHECK_FALSE(shape_of("<script>while"));
}
