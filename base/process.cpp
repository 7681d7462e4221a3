#include "base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <boost/process/v2.hpp>
#include <cstdlib>

#include "base/error.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
namespace process = boost::process::v2;

constexpr std::size_t kMostOutput = 64 << 20;

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path ? path : "") + ":/usr/sbin:/usr/bin:/sbin:/bin";
  for (std::size_t at = 0; at < folders.size();) {
    std::size_t end = std::min(folders.find(':', at), folders.size());
    std::string candidate = folders.substr(at, end - at) + "/" + name;
    if (end > at && access(candidate.c_str(), X_OK) == 0) return candidate;
    at = end + 1;
  }
  return "";
}

// The child leads a process group of its own, so that its whole tree can be ended with it.
struct OwnGroup {
  template <class Launcher>
  boost::system::error_code on_exec_setup(Launcher&, const process::filesystem::path&, const char* const*) const {
    ::setpgid(0, 0);
    return {};
  }
};

// Collects one stream, hands out whole lines.
struct Reader {
  asio::readable_pipe pipe;
  std::string& text;
  const std::function<void(const std::string&)>& on_line;
  std::array<char, 16384> chunk{};
  std::size_t told = 0;
  bool open = true;

  void read() {
    pipe.async_read_some(asio::buffer(chunk), [this](boost::system::error_code error, std::size_t count) {
      if (text.size() < kMostOutput) text.append(chunk.data(), count);
      tell_lines(static_cast<bool>(error));
      if (error) open = false;
      else read();
    });
  }
  void tell_lines(bool last) {
    if (!on_line) return;
    for (std::size_t end; (end = text.find('\n', told)) != std::string::npos; told = end + 1)
      on_line(text.substr(told, end - told));
    if (last && told < text.size()) on_line(text.substr(std::exchange(told, text.size())));
  }
};

void close_on_exec(int fd) { ::fcntl(fd, F_SETFD, FD_CLOEXEC); }

std::vector<std::string> environment_with(const std::vector<std::string>& extra) {
  std::vector<std::string> all;
  for (char** each = environ; *each; ++each) {
    std::string entry = *each;
    std::string prefix = entry.substr(0, entry.find('=') + 1);
    bool replaced = std::any_of(extra.begin(), extra.end(), [&](const auto& e) { return e.starts_with(prefix); });
    if (!replaced) all.push_back(std::move(entry));
  }
  all.insert(all.end(), extra.begin(), extra.end());
  return all;
}

void write_input(asio::writable_pipe& pipe, const std::string& input) {
  asio::async_write(pipe, asio::buffer(input), [&pipe](boost::system::error_code, std::size_t) {
    boost::system::error_code ignored;  // the child may have closed its end already
    pipe.close(ignored);
  });
}

void note_end(ProcessResult& result, int native) {
  if (WIFSIGNALED(native)) result.signal = WTERMSIG(native);
  else result.exit_code = WEXITSTATUS(native);
}

std::string last_line(const std::string& text) {
  std::size_t end = text.find_last_not_of(" \n\r\t");
  if (end == std::string::npos) return "";
  std::size_t begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1, end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

}  // namespace

std::string ProcessResult::trouble() const {
  std::string words = last_line(err.empty() ? out : err);
  std::string how = timed_out ? "no end within its time" : signal ? fmt::format("ended by signal {}", signal)
                                                                  : fmt::format("exit code {}", exit_code);
  return words.empty() ? how : how + ": " + words;
}

ProcessResult run_process(const std::vector<std::string>& argv, Duration limit, const ProcessOptions& options) {
  std::string program = find_program(argv.at(0));
  if (program.empty()) throw Error(ErrorKind::unmet, "starting " + argv[0], "there is no such program", "install it");
  ::signal(SIGPIPE, SIG_IGN);
  ProcessResult result;
  asio::io_context io;
  asio::readable_pipe out(io), err(io);
  asio::writable_pipe in(io), out_end(io), err_end(io);
  asio::readable_pipe in_end(io);
  asio::connect_pipe(out, out_end);
  asio::connect_pipe(err, err_end);
  asio::connect_pipe(in_end, in);
  for (int fd : {out.native_handle(), err.native_handle(), in.native_handle(), out_end.native_handle(), err_end.native_handle(),
                 in_end.native_handle()})
    close_on_exec(fd);
  process::process child(io, program, std::vector<std::string>(argv.begin() + 1, argv.end()),
                         process::process_stdio{in_end, out_end, err_end},
                         process::process_environment(environment_with(options.extra_environment)), OwnGroup{});
  in_end.close();
  out_end.close();
  err_end.close();
  write_input(in, options.input);
  Reader readers[] = {{std::move(out), result.out, options.on_line}, {std::move(err), result.err, options.on_line}};
  for (auto& reader : readers) reader.read();
  bool ended = false;
  asio::steady_timer timer(io, limit);
  timer.async_wait([&](boost::system::error_code error) {
    if (error || ended) return;
    result.timed_out = true;
    ::kill(-child.id(), SIGKILL);
    ::kill(child.id(), SIGKILL);
  });
  child.async_wait([&](boost::system::error_code, int) {
    ended = true;
    timer.cancel();
    note_end(result, child.native_exit_code());
    // A grandchild may keep the pipes open for ever; what the child itself wrote is there already.
    timer.expires_after(std::chrono::milliseconds(200));
    timer.async_wait([&](boost::system::error_code error) {
      if (!error) io.stop();
    });
  });
  while (!(ended && !readers[0].open && !readers[1].open) && io.run_one() > 0) {
  }
  return result;
}

std::string run_checked(const std::string& doing, const std::vector<std::string>& argv, Duration limit,
                        const ProcessOptions& options) {
  ProcessResult result = run_process(argv, limit, options);
  if (!result.ok()) throw Error(ErrorKind::internal, doing, argv[0] + ": " + result.trouble());
  return result.out;
}

std::string shell_quote(const std::string& text) {
  std::string quoted = "'";
  for (char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace blackstart
