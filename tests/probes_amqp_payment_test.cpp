// Payments as messages, and the books of both ends of a queue.
#include "probes/amqp_payment.h"

#include <catch2/catch.hpp>

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

AmqpPayment payment(std::uint64_t posting, bool booked = true) { return {"r1", booked, posting, 3, 8, 250}; }

}  // namespace

TEST_CASE("a payment comes out of its message as it went in", "[amqp]") {
  for (const bool booked : {true, false}) CHECK(payment_of(body_of(payment(17, booked))) == payment(17, booked));
}

TEST_CASE("what is no payment is none", "[amqp]") {
  for (const char* body : {"", "r1", "r1 payment 17 3 8", "r1 payment 17 3 8 250 more", "r1 gift 17 3 8 250",
                           "r1 payment x 3 8 250", "r1 payment 17 3 99999999999 250"})
    CHECK_FALSE(payment_of(body));
}

TEST_CASE("every delivery of a payment is in the books, samples are not", "[amqp]") {
  AmqpBooks books;
  for (const std::uint64_t posting : {2U, 1U, 2U}) books.delivered(payment(posting));
  books.delivered(payment(9, false));
  const ReplicaSnapshot snapshot = books.snapshot("consumer");
  CHECK(snapshot.replica == "consumer");
  CHECK(snapshot.complete);
  REQUIRE(snapshot.transfers.size() == 3);
  CHECK(snapshot.transfers[0] == PostedTransfer{1, 3, 8, 250, 2, 250, 250});
  CHECK(snapshot.transfers[1] == snapshot.transfers[2]);
}

TEST_CASE("what was confirmed and did not come is missing, whatever else came", "[amqp]") {
  AmqpBooks books;
  CHECK(books.missing() == 0);
  for (const std::uint64_t posting : {1U, 2U, 3U}) books.confirmed(posting);
  books.delivered(payment(2));
  books.delivered(payment(4));
  books.delivered(payment(3, false));
  CHECK(books.missing() == 2);
}

TEST_CASE("messages of others make the books incomplete", "[amqp]") {
  AmqpBooks books;
  books.foreign();
  CHECK_FALSE(books.snapshot("consumer").complete);
  CHECK_THAT(books.snapshot("consumer").problem, Contains("messages of others were in the queue: 1"));
}
