// The floor of the benchmark `cost`: one connection, a write and a read for each request, nothing parsed and nothing kept.
//
//   bare_client PORT REQUESTS
// takes the length of the first answer for that of all. Exit code 1 when one is missing.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <string>
#include <string_view>

#include "base/error.h"

namespace {

using namespace blackstart;

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: blackstart\r\n\r\n";
constexpr std::string_view kLength = "Content-Length: ";

int open_connection(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) throw_errno("connecting", errno);
  return fd;
}

void ask(int fd) {
  if (::send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(kRequest.size()))
    throw_errno("sending a request", errno);
}

std::size_t receive(int fd, char* bytes, std::size_t most) {
  const ssize_t size = ::recv(fd, bytes, most, 0);
  if (size <= 0) throw_errno("waiting for an answer", size == 0 ? ECONNRESET : errno);
  return static_cast<std::size_t>(size);
}

// Of the first answer, its body included.
std::size_t length_of_answer(int fd) {
  char bytes[4096];
  std::string text;
  std::size_t end;
  while ((end = text.find("\r\n\r\n")) == std::string::npos) text.append(bytes, receive(fd, bytes, sizeof bytes));
  const std::size_t length = text.find(kLength);
  if (length >= end) throw Error(ErrorKind::unmet, "reading the first answer", "it has no Content-Length");
  const std::size_t whole = end + 4 + std::stoul(text.substr(length + kLength.size()));
  while (text.size() < whole) text.append(bytes, receive(fd, bytes, sizeof bytes));
  return whole;
}

void run(std::uint16_t port, std::uint64_t requests) {
  const int fd = open_connection(port);
  ask(fd);
  const std::size_t length = length_of_answer(fd);
  char bytes[4096];
  for (std::uint64_t number = 1; number < requests; ++number) {
    ask(fd);
    for (std::size_t got = 0; got < length;) got += receive(fd, bytes, sizeof bytes);
  }
  ::close(fd);
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::cerr << "bare_client PORT REQUESTS\n";
    return kUsage;
  }
  try {
    run(static_cast<std::uint16_t>(std::stoul(words[1])), std::stoull(words[2]));
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
