#include "probes/amqp_connection.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace blackstart {
namespace {

constexpr amqp_channel_t kChannel = 1;
constexpr int kFrame = 131072;        // bytes, RabbitMQ's own limit
constexpr Duration kCallLimit = 10s;  // of what a broker answers at once, or not at all: a queue is declared in a second
constexpr unsigned kSilence = 1000;   // ms; what py-amqp sets, OpenStack's client: data that nobody acknowledges ends it
constexpr std::int32_t kExpires = 24 * 3600 * 1000;  // ms
constexpr std::uint8_t kPersistent = 2;
constexpr std::size_t kMostBody = 64 << 10;  // bytes of a foreign message: enough to know that it is none of ours

timeval timeval_of(Duration limit) {
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(std::max(limit, Duration{0})).count();
  return {whole / 1000000, whole % 1000000};
}

amqp_bytes_t bytes_of(const std::string& text) { return {text.size(), const_cast<char*>(text.data())}; }
std::string text_of(amqp_bytes_t bytes) { return {static_cast<const char*>(bytes.bytes), bytes.len}; }

// Why a broker closed the channel or the connection; empty when `id` is another method.
std::string closed_by_broker(amqp_method_number_t id, const void* decoded) {
  if (id == AMQP_CONNECTION_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_connection_close_t*>(decoded);
    return fmt::format("{} {}", close->reply_code, text_of(close->reply_text));
  }
  if (id == AMQP_CHANNEL_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_channel_close_t*>(decoded);
    return fmt::format("{} {}", close->reply_code, text_of(close->reply_text));
  }
  if (id == AMQP_BASIC_CANCEL_METHOD) return "it cancelled the consumer: the queue is gone";
  return "";
}

}  // namespace

struct AmqpConnection::Impl {
  using State = std::unique_ptr<amqp_connection_state_t_, int (*)(amqp_connection_state_t)>;

  explicit Impl(const AmqpBroker& broker_) : broker(broker_) {}

  [[noreturn]] void fail(ErrorKind kind, const std::string& doing, const std::string& why, const std::string& hint = "") const {
    throw Error(kind, fmt::format("{} at the broker on {} ({}:{})", doing, broker.node, broker.host, broker.port), why, hint);
  }

  void need(int status, const std::string& doing) const {
    if (status < 0) fail(ErrorKind::unreachable, doing, amqp_error_string2(status));
  }

  // What the broker said to the last call.
  void need_reply(const amqp_rpc_reply_t& reply, const std::string& doing, const std::string& hint = "") const {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION)
      fail(ErrorKind::unmet, doing, closed_by_broker(reply.reply.id, reply.reply.decoded), hint);
    fail(ErrorKind::unreachable, doing, amqp_error_string2(reply.library_error));
  }
  void need_reply(const std::string& doing, const std::string& hint = "") const {
    need_reply(amqp_get_rpc_reply(state.get()), doing, hint);
  }

  void open(const Deadline& deadline, Duration heartbeat) {
    const timeval limit = timeval_of(deadline.left());
    need(amqp_socket_open_noblock(amqp_tcp_socket_new(state.get()), broker.host.c_str(), static_cast<int>(broker.port), &limit),
         "connecting");
    ::setsockopt(amqp_get_sockfd(state.get()), IPPROTO_TCP, TCP_USER_TIMEOUT, &kSilence, sizeof kSilence);
    const timeval left = timeval_of(deadline.left());
    amqp_set_handshake_timeout(state.get(), &left);
    const int seconds = static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(heartbeat).count());
    need_reply(amqp_login(state.get(), broker.vhost.c_str(), 0, kFrame, seconds, AMQP_SASL_METHOD_PLAIN, broker.user.c_str(),
                          broker.password.c_str()),
               "logging in as " + broker.user, "check user, password and vhost under 'messaging' in the cloud file");
    const timeval call = timeval_of(kCallLimit);
    amqp_set_rpc_timeout(state.get(), &call);
    open_channel();
  }

  void open_channel() const {
    amqp_channel_open(state.get(), kChannel);
    need_reply("opening a channel");
  }

  // The next part of a message: on our only channel nothing else can come before it is over.
  amqp_frame_t part(std::uint8_t type, const Deadline& deadline, const std::string& doing) const {
    amqp_frame_t frame;
    const timeval left = timeval_of(deadline.left());
    need(amqp_simple_wait_frame_noblock(state.get(), &frame, &left), doing);
    if (frame.frame_type == type && frame.channel == kChannel) return frame;
    const bool method = frame.frame_type == AMQP_FRAME_METHOD;
    const std::string why = method ? closed_by_broker(frame.payload.method.id, frame.payload.method.decoded) : "";
    fail(ErrorKind::unreachable, doing, why.empty() ? "it broke a message off" : why);
  }

  // The broker names the size, so the library's own reader would take as much memory as it likes. None of ours is longer than
  // what is kept here.
  std::string read_body(const std::string& doing) const {
    const Deadline deadline(real_clock(), kCallLimit);
    std::uint64_t left = part(AMQP_FRAME_HEADER, deadline, doing).payload.properties.body_size;
    std::string body;
    while (left > 0) {
      const amqp_bytes_t bytes = part(AMQP_FRAME_BODY, deadline, doing).payload.body_fragment;
      if (bytes.len > left) fail(ErrorKind::unreachable, doing, "a message is longer than was said");
      left -= bytes.len;
      if (body.size() < kMostBody) body += text_of(bytes);
      amqp_maybe_release_buffers_on_channel(state.get(), kChannel);
    }
    return body;
  }

  std::optional<Event> event_of(const amqp_method_t& method) const {
    using Kind = Event::Kind;
    switch (method.id) {
      case AMQP_BASIC_ACK_METHOD: {
        const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
        return Event{Kind::confirmed, ack->delivery_tag, ack->multiple != 0, ""};
      }
      case AMQP_BASIC_NACK_METHOD: {
        const auto* nack = static_cast<const amqp_basic_nack_t*>(method.decoded);
        return Event{Kind::refused, nack->delivery_tag, nack->multiple != 0, ""};
      }
      case AMQP_BASIC_RETURN_METHOD: return Event{Kind::returned, 0, false, read_body("taking back a message")};
      case AMQP_BASIC_DELIVER_METHOD: {
        const std::uint64_t number = static_cast<const amqp_basic_deliver_t*>(method.decoded)->delivery_tag;
        return Event{Kind::delivered, number, false, read_body("receiving a message")};
      }
      default: break;
    }
    const std::string why = closed_by_broker(method.id, method.decoded);
    if (!why.empty()) fail(ErrorKind::unreachable, "waiting for messages", why);
    return std::nullopt;  // none that matters here
  }

  AmqpBroker broker;
  State state{amqp_new_connection(), amqp_destroy_connection};
  std::uint64_t published = 0;
};

AmqpConnection::AmqpConnection(const AmqpBroker& broker, Duration limit, Duration heartbeat)
    : impl_(std::make_unique<Impl>(broker)) {
  impl_->open(Deadline(real_clock(), limit), heartbeat);
}

AmqpConnection::~AmqpConnection() = default;

std::optional<AmqpConnection::QueueState> AmqpConnection::queue(const std::string& name) {
  const auto* found = amqp_queue_declare(impl_->state.get(), kChannel, bytes_of(name), 1, 0, 0, 0, amqp_empty_table);
  if (found != nullptr) return QueueState{found->message_count, found->consumer_count};
  const amqp_rpc_reply_t reply = amqp_get_rpc_reply(impl_->state.get());
  const bool closed = reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD;
  if (!closed || static_cast<const amqp_channel_close_t*>(reply.reply.decoded)->reply_code != AMQP_NOT_FOUND)
    impl_->need_reply(reply, "looking at queue " + name);
  amqp_channel_close_ok_t farewell{};
  impl_->need(amqp_send_method(impl_->state.get(), kChannel, AMQP_CHANNEL_CLOSE_OK_METHOD, &farewell), "looking at a queue");
  impl_->open_channel();
  return std::nullopt;
}

void AmqpConnection::declare(const std::string& name, const std::string& type) {
  std::array<amqp_table_entry_t, 2> arguments{};
  arguments[0].key = amqp_cstring_bytes("x-queue-type");
  arguments[0].value.kind = AMQP_FIELD_KIND_UTF8;
  arguments[0].value.value.bytes = bytes_of(type);
  arguments[1].key = amqp_cstring_bytes("x-expires");
  arguments[1].value.kind = AMQP_FIELD_KIND_I32;
  arguments[1].value.value.i32 = kExpires;
  const amqp_table_t table{static_cast<int>(arguments.size()), arguments.data()};
  amqp_queue_declare(impl_->state.get(), kChannel, bytes_of(name), 0, 1, 0, 0, table);
  impl_->need_reply(fmt::format("making {} queue {}", type, name), "the user needs the right to configure it");
}

void AmqpConnection::remove(const std::string& name) {
  amqp_queue_delete(impl_->state.get(), kChannel, bytes_of(name), 0, 0);
  impl_->need_reply("removing queue " + name);
}

void AmqpConnection::ask_for_confirms() {
  amqp_confirm_select(impl_->state.get(), kChannel);
  impl_->need_reply("asking for publisher confirms");
}

std::uint64_t AmqpConnection::publish(const std::string& queue, const std::string& body) {
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.delivery_mode = kPersistent;
  impl_->need(
      amqp_basic_publish(impl_->state.get(), kChannel, amqp_empty_bytes, bytes_of(queue), 1, 0, &properties, bytes_of(body)),
      "publishing");
  return ++impl_->published;
}

void AmqpConnection::consume(const std::string& queue, std::uint16_t unacknowledged) {
  amqp_basic_qos(impl_->state.get(), kChannel, 0, unacknowledged, 0);
  impl_->need_reply("bounding deliveries");
  amqp_basic_consume(impl_->state.get(), kChannel, bytes_of(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  impl_->need_reply("consuming from queue " + queue);
}

void AmqpConnection::acknowledge(std::uint64_t number) {
  impl_->need(amqp_basic_ack(impl_->state.get(), kChannel, number, 0), "acknowledging");
}

std::optional<AmqpConnection::Event> AmqpConnection::next(Duration limit) {
  const Deadline deadline(real_clock(), limit);
  do {
    amqp_frame_t frame;
    amqp_maybe_release_buffers_on_channel(impl_->state.get(), kChannel);
    const timeval left = timeval_of(deadline.left());
    const int status = amqp_simple_wait_frame_noblock(impl_->state.get(), &frame, &left);
    if (status == AMQP_STATUS_TIMEOUT) return std::nullopt;
    impl_->need(status, "waiting for messages");
    if (frame.frame_type != AMQP_FRAME_METHOD) continue;
    if (auto event = impl_->event_of(frame.payload.method)) return event;
  } while (!deadline.passed() || has_more());
  return std::nullopt;
}

int AmqpConnection::handle() const { return amqp_get_sockfd(impl_->state.get()); }

bool AmqpConnection::has_more() const {
  return amqp_frames_enqueued(impl_->state.get()) != 0 || amqp_data_in_buffer(impl_->state.get()) != 0;
}

}  // namespace blackstart
