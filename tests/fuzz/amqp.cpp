// What a message broker says, byte by byte: a message's fate, a payment, or an error of ours.
//
// The first byte of an input is what asks, the second how the rest is said: 0: all of it as it is, 1: after a log-in that went
// well; 2: after that, in frames: a type, a length of one byte, then so many bytes.
#include <cstdlib>

#include "base/error.h"
#include "probes/amqp_connection.h"
#include "probes/amqp_payment.h"
#include "tests/fuzz/memory_file.h"
#include "tests/support/amqp_words.h"
#include "tests/support/speaker.h"

using namespace blackstart;

namespace {

constexpr Duration kLimit = 5s;
constexpr int kMostEvents = 50;
constexpr std::string_view kTypes = "\1\2\3\10";

void require(bool holds) {
  if (!holds) std::abort();
}

std::string in_frames(std::string_view rest) {
  std::string said = amqp_words::logged_in();
  while (rest.size() >= 2) {
    const std::string_view payload = rest.substr(2, static_cast<unsigned char>(rest[1]));
    said += amqp_words::frame(kTypes[static_cast<unsigned char>(rest[0]) % kTypes.size()], rest[0] & 0x40 ? 0 : 1, payload);
    rest.remove_prefix(2 + payload.size());
  }
  return said;
}

std::string said_of(char how, std::string_view rest) {
  if (how % 3 == 0) return std::string(rest);
  if (how % 3 == 1) return amqp_words::logged_in() + std::string(rest);
  return in_frames(rest);
}

void take(const AmqpConnection::Event& event, AmqpBooks& books) {
  using Kind = AmqpConnection::Event::Kind;
  require(event.body.empty() || event.kind == Kind::returned || event.kind == Kind::delivered);
  if (event.kind != Kind::delivered) return;
  const auto payment = payment_of(event.body);
  if (!payment) return books.foreign();
  require(payment_of(body_of(*payment)) == payment);
  books.delivered(*payment);
}

void listen(AmqpConnection& connection, AmqpBooks& books) {
  for (int i = 0; i < kMostEvents; ++i) {
    const auto event = connection.next(kLimit);
    if (!event) return;
    take(*event, books);
    if (event->kind == AmqpConnection::Event::Kind::delivered) connection.acknowledge(event->number);
  }
}

void use(AmqpConnection& connection, int what, AmqpBooks& books) {
  if (what % 4 == 0) connection.queue("payments");
  if (what % 4 == 1) connection.declare("payments", "quorum"), connection.remove("payments");
  if (what % 4 == 2) connection.ask_for_confirms(), connection.publish("payments", "one");
  if (what % 4 == 3) connection.consume("payments", 100);
  listen(connection, books);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static test::Speaker speaker;
  speaker.say(said_of(static_cast<char>(data[1]), fuzz::text_of(data, size).substr(2)));
  AmqpBooks books;
  try {
    AmqpConnection connection({"c1", "127.0.0.1", speaker.port(), "bank", "secret", "/"}, kLimit, 10s);
    use(connection, data[0], books);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::unmet || error.kind() == ErrorKind::unreachable);
    require(!error.doing().empty() && !error.why().empty());
  }
  books.snapshot("consumer");
  return 0;
}
