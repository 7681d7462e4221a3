#include "base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <boost/process/v2.hpp>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "base/error.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
namespace process = boost::process::v2;

constexpr std::size_t kMostOutput = 64 << 20;

bool executable(const std::string& file) {
  std::error_code ignored;
  return access(file.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(file, ignored);
}

std::string find_program(const std::string& name) {
  if (name.empty()) return "";
  if (name.find('/') != std::string::npos) return executable(name) ? name : "";
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path ? path : "") + ":/usr/sbin:/usr/bin:/sbin:/bin";
  for (std::size_t at = 0; at < folders.size();) {
    std::size_t end = std::min(folders.find(':', at), folders.size());
    std::string candidate = folders.substr(at, end - at) + "/" + name;
    if (end > at && executable(candidate)) return candidate;
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

// What process_environment would do, whose body Boost 1.81 leaves out of its headers.
struct OwnEnvironment {
  std::vector<std::string> entries;
  std::vector<const char*> pointers = {};

  template <class Launcher>
  boost::system::error_code on_setup(Launcher& launcher, const process::filesystem::path&, const char* const*) {
    for (const auto& entry : entries) pointers.push_back(entry.c_str());
    pointers.push_back(nullptr);
    launcher.env = pointers.data();
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
      text.append(chunk.data(), std::min(count, kMostOutput - text.size()));
      tell_lines(static_cast<bool>(error));
      if (error)
        open = false;
      else
        read();
    });
  }
  void tell_lines(bool last) {
    if (!on_line) return;
    for (std::size_t end; (end = text.find('\n', told)) != std::string::npos; told = end + 1)
      on_line(text.substr(told, end - told));
    if (last && told < text.size()) on_line(text.substr(std::exchange(told, text.size())));
  }
};

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

// The parent's and the child's ends of its three streams.
struct Streams {
  explicit Streams(asio::io_context& io) : out(io), err(io), in_end(io), in(io), out_end(io), err_end(io) {
    connect(out, out_end);
    connect(err, err_end);
    connect(in_end, in);
  }
  void close_child_ends() {
    in_end.close();
    out_end.close();
    err_end.close();
  }

  asio::readable_pipe out, err, in_end;
  asio::writable_pipe in, out_end, err_end;

 private:
  static void connect(asio::readable_pipe& from, asio::writable_pipe& to) {
    asio::connect_pipe(from, to);
    for (int fd : {from.native_handle(), to.native_handle()}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
};

process::process launch(asio::io_context& io, const std::string& program, const std::vector<std::string>& argv,
                        Streams& streams, const ProcessOptions& options) {
  try {
    return process::process(io, program, std::vector<std::string>(argv.begin() + 1, argv.end()),
                            process::process_stdio{streams.in_end, streams.out_end, streams.err_end},
                            OwnEnvironment{environment_with(options.extra_environment)}, OwnGroup{});
  } catch (const boost::system::system_error& problem) {
    throw Error(ErrorKind::unmet, "starting " + argv[0], problem.code().message());
  }
}

// A child that another thread starts between a pipe's making and its close-on-exec mark would inherit that pipe and keep it
// open: one launch at a time (Boost's own pipe, by which a failed exec is told, has the same gap).
std::mutex launching;

void write_input(asio::writable_pipe& pipe, const std::string& input) {
  asio::async_write(pipe, asio::buffer(input), [&pipe](boost::system::error_code, std::size_t) {
    boost::system::error_code ignored;  // the child may have closed its end already
    pipe.close(ignored);
  });
}

void note_end(ProcessResult& result, int native) {
  if (WIFSIGNALED(native))
    result.signal = WTERMSIG(native);
  else
    result.exit_code = WEXITSTATUS(native);
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
  std::string how = timed_out ? "no end within its time"
                    : signal  ? fmt::format("ended by signal {}", signal)
                              : fmt::format("exit code {}", exit_code);
  return words.empty() ? how : how + ": " + words;
}

ProcessResult run_process(const std::vector<std::string>& argv, Duration limit, const ProcessOptions& options) {
  std::string program = find_program(argv.at(0));
  if (program.empty()) throw Error(ErrorKind::unmet, "starting " + argv[0], "there is no such program", "install it");
  ::signal(SIGPIPE, SIG_IGN);
  ProcessResult result;
  asio::io_context io;
  std::unique_lock one_launch(launching);
  Streams streams(io);
  process::process child = launch(io, program, argv, streams, options);
  streams.close_child_ends();
  one_launch.unlock();
  write_input(streams.in, options.input);
  Reader readers[] = {{std::move(streams.out), result.out, options.on_line},
                      {std::move(streams.err), result.err, options.on_line}};
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
