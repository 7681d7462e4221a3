// When bytes arrived at a socket: as the kernel took them, before anybody was woken for them.
//
// Purpose: a receiver that sleeps needs some tens of microseconds to wake up, which are no fault of the sender. Linux stamps
// what comes over TCP too (SO_TIMESTAMPING, Documentation/networking/timestamping.rst). Ownership: none. Thread rule: no shared
// state.
#pragma once

#include <linux/net_tstamp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>

#include "base/clock.h"
#include "base/error.h"

namespace blackstart::benchmark {

// Also for the connections that a listening socket accepts.
inline void stamp_arrivals(int fd) {
  const int what = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  if (::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &what, sizeof what) != 0)
    throw_errno("asking the kernel for the times of arrival", errno);
}

// The kernel stamps in CLOCK_REALTIME. The two clocks run alike; what lies between them only a step of the time changes.
inline Time real_minus_monotonic() {
  timespec real{}, monotonic{};
  ::clock_gettime(CLOCK_REALTIME, &real);
  ::clock_gettime(CLOCK_MONOTONIC, &monotonic);
  return std::chrono::seconds(real.tv_sec - monotonic.tv_sec) + std::chrono::nanoseconds(real.tv_nsec - monotonic.tv_nsec);
}

struct Received {
  ssize_t size = 0;          // as recv(2) says
  std::optional<Time> came;  // of the last bytes, CLOCK_MONOTONIC; nothing when the kernel didn't tell
};

inline Received receive(int fd, char* bytes, std::size_t room, Time offset) {
  iovec into{bytes, room};
  alignas(cmsghdr) std::array<char, 128> control;
  msghdr message{};
  message.msg_iov = &into;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  Received received{::recvmsg(fd, &message, 0), {}};
  for (cmsghdr* one = CMSG_FIRSTHDR(&message); received.size > 0 && one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_TIMESTAMPING) continue;
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(one), sizeof stamp);  // the first of three is the software's
    if (stamp.tv_sec != 0)
      received.came = std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec) - offset;
  }
  return received;
}

}  // namespace blackstart::benchmark
