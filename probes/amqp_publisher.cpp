#include "probes/amqp_publisher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/error.h"

namespace blackstart {
namespace {

using Fate = AmqpMessage::Fate;

constexpr int kLookAgain = 500;  // ms; heartbeats go out and are missed while something looks

// Returns when either has something to read, at the latest after kLookAgain.
void wait_for(int connection, int wake) {
  std::array<pollfd, 2> both{{{connection, POLLIN, 0}, {wake, POLLIN, 0}}};
  ::poll(both.data(), both.size(), kLookAgain);
  std::uint64_t count = 0;
  if ((both[1].revents & POLLIN) != 0 && ::read(wake, &count, sizeof count) < 0) throw_errno("waiting for messages", errno);
}

}  // namespace

AmqpPublisher::AmqpPublisher(AmqpCluster cluster)
    : AmqpClient(std::move(cluster), 0), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0) throw_errno("making an eventfd", errno);
  start("amqp-publisher");
}

AmqpPublisher::~AmqpPublisher() {
  halt();
  ::close(wake_);
}

void AmqpPublisher::publish(std::shared_ptr<AmqpMessage> message) {
  {
    std::lock_guard lock(waiting_mutex_);
    waiting_.push_back(std::move(message));
  }
  ::eventfd_write(wake_, 1);
}

AmqpPublisher::Messages AmqpPublisher::take_waiting() {
  std::lock_guard lock(waiting_mutex_);
  return std::exchange(waiting_, {});
}

void AmqpPublisher::use(AmqpConnection& connection, const std::stop_token& stop) {
  const std::stop_callback stopped(stop, [this] { ::eventfd_write(wake_, 1); });
  connection.ask_for_confirms();
  while (!stop.stop_requested()) {
    send(connection);
    while (const auto event = connection.next(0s)) take(*event);
    wait_for(connection.handle(), wake_);
  }
}

// One that could not be written to its end may have arrived all the same; those behind it wait for the next connection.
void AmqpPublisher::send(AmqpConnection& connection) {
  Messages messages = take_waiting();
  for (auto message = messages.begin(); message != messages.end(); ++message) {
    if (!(*message)->send()) continue;
    try {
      sent_.emplace(connection.publish(cluster().queue, (*message)->body()), *message);
    } catch (const Error&) {
      (*message)->tell(Fate::broken);
      std::lock_guard lock(waiting_mutex_);
      waiting_.insert(waiting_.begin(), message + 1, messages.end());
      throw;
    }
  }
}

// A message that was returned is confirmed as well, afterwards: by then it is forgotten here.
void AmqpPublisher::take(const AmqpConnection::Event& event) {
  using Kind = AmqpConnection::Event::Kind;
  if (event.kind == Kind::returned) {
    const auto found =
        std::find_if(sent_.begin(), sent_.end(), [&](const auto& one) { return one.second->body() == event.body; });
    if (found == sent_.end()) return;
    found->second->tell(Fate::returned);
    sent_.erase(found);
    return;
  }
  const auto begin = event.up_to ? sent_.begin() : sent_.lower_bound(event.number), end = sent_.upper_bound(event.number);
  for (auto one = begin; one != end; ++one) one->second->tell(event.kind == Kind::confirmed ? Fate::confirmed : Fate::refused);
  sent_.erase(begin, end);
}

void AmqpPublisher::lost() {
  for (const auto& [number, message] : sent_) message->tell(Fate::broken);
  sent_.clear();
}

}  // namespace blackstart
