// The amqp probe's operations on the event loop, and the rule that makes outcomes of fates.
//
// Ownership: owns the publisher; consumer and books outlive it. Thread rule: the loop's thread.
#pragma once

#include <memory>
#include <string>

#include "probes/amqp_consumer.h"
#include "probes/amqp_publisher.h"
#include "probes/open_loop.h"

namespace blackstart {

// Series 0: payments, good when confirmed; series 1: samples, good when delivered.
constexpr std::uint16_t kAmqpPublish = 0, kAmqpDeliver = 1;

// AMQP's own numbers for what a broker says without an error (its reply codes).
constexpr std::uint16_t kAmqpNoRoute = 312, kAmqpRefused = 541;

// Of a payment that was sent.
Workload::Result outcome_of(AmqpMessage::Fate fate);

std::unique_ptr<Workload> make_amqp_workload(boost::asio::io_context& io, const AmqpCluster& cluster, const std::string& run,
                                             AmqpConsumer& consumer, AmqpBooks& books);

}  // namespace blackstart
