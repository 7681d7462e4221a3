#include "probes/mariadb_connection.h"

#include <errmsg.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <mysql.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "probes/deadlines.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};

std::vector<SqlRow> rows_of(MYSQL_RES* result) {
  std::vector<SqlRow> rows;
  unsigned columns = mysql_num_fields(result);
  rows.reserve(mysql_num_rows(result));
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    const unsigned long* lengths = mysql_fetch_lengths(result);
    SqlRow& cells = rows.emplace_back(columns);
    for (unsigned i = 0; i < columns; ++i)
      if (row[i]) cells[i].emplace(row[i], lengths[i]);
  }
  return rows;
}

MYSQL* new_session() {
  static std::once_flag once;  // the library's own first initialisation is not safe between threads
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
  MYSQL* session = mysql_init(nullptr);
  if (!session) throw std::bad_alloc();
  unsigned off = 0;
  mysql_optionsv(session, MYSQL_OPT_NONBLOCK, nullptr);
  mysql_optionsv(session, MYSQL_OPT_LOCAL_INFILE, &off);  // a server may not ask for our files
  mysql_optionsv(session, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  return session;
}

// Connector/C 3.3 looks into the server's version when it gets error 65535, the number of a progress report; also when that is
// the first that a server says and there is no version yet. So there is always one. The library frees it.
[[gnu::noinline]] char* version_before_greeting() {
  char* none = ::strdup("");
  if (!none) throw std::bad_alloc();
  return none;
}

// No socket, port or memory on this machine. The library has one number for that and for a server that refuses; the errno
// stands only at the end of its message: "Can't connect to server on '10.0.0.1' (99)".
bool is_for_want_of_a_socket(unsigned number, const std::string& message) {
  const std::size_t at = message.rfind('(');
  if ((number != CR_CONNECTION_ERROR && number != CR_CONN_HOST_ERROR) || at == std::string::npos) return false;
  const int own_error = std::atoi(message.c_str() + at + 1);
  return own_error == EADDRNOTAVAIL || own_error == EMFILE || own_error == ENFILE || own_error == ENOBUFS ||
         own_error == ENOMEM;
}

// One list of deadlines, so mostly no timer to be set, for all connections on a loop.
struct LoopDeadlines final : asio::execution_context::service {
  using key_type = LoopDeadlines;
  static inline asio::execution_context::id id;
  explicit LoopDeadlines(asio::io_context& io) : service(io), all(std::make_shared<Deadlines>(io)) {}
  void shutdown() override { all.reset(); }
  std::shared_ptr<Deadlines> all;
};

}  // namespace

// A call of the library runs until it would block and returns what it waits for; `resume` lets it go on. The handlers hold
// the Impl alive, and know by the number of their wait whether they still matter.
struct MariadbConnection::Impl final : Deadlines::Waiting, std::enable_shared_from_this<Impl> {
  enum class Step { none, connecting, asking, fetching, advancing };

  Impl(asio::io_context& io_, const SqlTarget& target_)
      : io(io_), deadlines(asio::use_service<LoopDeadlines>(io).all), socket(io), target(target_), session(new_session()) {}
  ~Impl() override { close(); }

  // What is due goes out before anything else is done.
  void start(Step first, Duration limit, Done done_) {
    done = std::move(done_);
    answer = {};
    ++call;
    const auto end = Deadlines::Clock::now() + limit;
    const int waits = begin(first);
    place = deadlines->add(end, *this);
    pressed = starting = true;
    proceed(waits);
    starting = false;
  }

  void too_late() override {
    const auto self = shared_from_this();
    pressed = false;
    give_up(kTimedOut, "no answer in time");
  }

  void wait_no_more() {
    if (std::exchange(pressed, false)) deadlines->remove(place);
  }

  int begin(Step next) {
    step = next;
    switch (step) {
      case Step::connecting:
        session->server_version = no_version = version_before_greeting();
        return greeted(mysql_real_connect_start(&connected, session, target.address.c_str(), target.user.c_str(),
                                                target.password.c_str(), nullptr, static_cast<unsigned>(target.port), nullptr,
                                                CLIENT_MULTI_STATEMENTS));
      case Step::asking: return mysql_real_query_start(&failed, session, sql.data(), sql.size());
      case Step::fetching: return mysql_store_result_start(&result, session);
      case Step::advancing: return mysql_next_result_start(&failed, session);
      case Step::none: break;
    }
    return 0;
  }

  int resume(int events) {
    switch (step) {
      case Step::connecting: return greeted(mysql_real_connect_cont(&connected, session, events));
      case Step::asking: return mysql_real_query_cont(&failed, session, events);
      case Step::fetching: return mysql_store_result_cont(&result, session, events);
      case Step::advancing: return mysql_next_result_cont(&failed, session, events);
      case Step::none: break;
    }
    return 0;
  }

  // Gives version_before_greeting() back when the server's own has taken its place. Where there is none any more either, the
  // library has freed one of the two: the server's when it had read on to the number of the thread.
  int greeted(int waits) {
    if (no_version == nullptr || session->server_version == no_version) return waits;
    if (session->server_version != nullptr || session->thread_id != 0) std::free(no_version);
    no_version = nullptr;
    return waits;
  }

  // `waits`: what the library waits for, 0 when the step is complete.
  void proceed(int waits) {
    while (waits == 0) {
      Step next = after(step);
      if (next == Step::none) return finish();
      waits = begin(next);
    }
    wait(waits);
  }

  // What follows a complete step; none at the end and after an error.
  Step after(Step finished) {
    switch (finished) {
      case Step::connecting: return connected ? Step::none : fail();
      case Step::asking: return failed ? fail() : take_in();
      case Step::fetching: return keep_rows();
      case Step::advancing: return failed > 0 ? fail() : failed < 0 ? Step::none : take_in();
      case Step::none: break;
    }
    return Step::none;
  }

  Step take_in() {
    if (mysql_field_count(session) > 0) return Step::fetching;
    answer.changed.push_back(mysql_affected_rows(session));
    return more();
  }

  Step keep_rows() {
    if (!result) return fail();
    answer.rows = rows_of(std::unique_ptr<MYSQL_RES, FreeResult>(std::exchange(result, nullptr)).get());
    return more();
  }

  Step more() const { return mysql_more_results(session) ? Step::advancing : Step::none; }

  // A refusal without a number must not look like success. Before the first wait no server can have said anything: only then is
  // the number surely the library's own, and no proxy's that quotes it.
  Step fail() {
    const unsigned number = mysql_errno(session);
    answer.error = number == 0 ? std::uint16_t{kWrongAnswer} : static_cast<std::uint16_t>(number);
    answer.message = number == 0 ? "it refuses without saying why" : fmt::format("{} (error {})", mysql_error(session), number);
    if (starting && step == Step::connecting && is_for_want_of_a_socket(number, mysql_error(session))) answer.error = kNoSocket;
    return Step::none;
  }

  void wait(int waits) {
    // The library may close its socket in any call, so it is watched only between two calls: an epoll entry left behind
    // would later be taken for that of a newer socket with the same number.
    error_code error;
    socket.assign(mysql_get_socket(session), error);
    if (error) return give_up(CR_OUT_OF_MEMORY, "watching the connection: " + error.message());
    if (step == Step::connecting) ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    watch(waits & MYSQL_WAIT_READ, asio::posix::descriptor_base::wait_read, MYSQL_WAIT_READ);
    watch(waits & MYSQL_WAIT_WRITE, asio::posix::descriptor_base::wait_write, MYSQL_WAIT_WRITE);
    watch(waits & MYSQL_WAIT_EXCEPT, asio::posix::descriptor_base::wait_error, MYSQL_WAIT_EXCEPT);
  }

  void watch(bool wanted, asio::posix::descriptor_base::wait_type what, int event) {
    if (!wanted) return;
    socket.async_wait(what, [self = shared_from_this(), mine = waiting, event](error_code error) {
      if (error || mine != self->waiting) return;
      self->stop_watching();
      self->proceed(self->resume(event));
    });
  }

  void stop_watching() {
    ++waiting;
    if (socket.is_open()) socket.release();
  }

  void give_up(std::uint16_t error, const std::string& why) {
    abandon();
    answer = {};
    answer.error = error;
    answer.message = why;
    finish();
  }

  void finish() {
    answer.in_transaction = session->server_status & SERVER_STATUS_IN_TRANS;
    ready = answer.ok();
    step = Step::none;
    ++call;
    wait_no_more();
    if (!starting) return tell();
    asio::post(io, [self = shared_from_this(), mine = call] {
      if (mine == self->call) self->tell();
    });
  }

  // Whoever is told may ask the next question at once, or let go of the connection.
  void tell() { std::exchange(done, nullptr)(std::exchange(answer, {})); }

  // Ends the outstanding call at once. The library is told of a timeout on a socket that is shut down, so it unwinds by itself
  // without waiting and gives back all it holds; closing the session under a call that hangs would lose its socket.
  void abandon() {
    stop_watching();
    cut();
    for (int tries = 0; step != Step::none && tries < 100; ++tries)
      if (resume(MYSQL_WAIT_TIMEOUT) == 0) step = Step::none;
    if (result) mysql_free_result(std::exchange(result, nullptr));
  }

  void cut() {
    if (int handle = mysql_get_socket(session); handle >= 0) ::shutdown(handle, SHUT_RDWR);
  }

  void close() {
    if (!session) return;
    ++call;
    done = nullptr;
    wait_no_more();
    if (step != Step::none) abandon();
    if (!ready) cut();  // a farewell to a server that doesn't listen might block
    mysql_close(std::exchange(session, nullptr));
  }

  asio::io_context& io;
  const std::shared_ptr<Deadlines> deadlines;
  Deadlines::Place place{};  // while `pressed`: a call is under way
  bool pressed = false;
  bool starting = false;                  // start() has not returned: nobody may be told from inside it
  asio::posix::stream_descriptor socket;  // open only while we wait; the library owns it
  SqlTarget target;
  MYSQL* session;
  char* no_version = nullptr;  // until the server has greeted us
  MYSQL* connected = nullptr;
  MYSQL_RES* result = nullptr;
  int failed = 0;
  Step step = Step::none;
  bool ready = false;
  std::uint64_t call = 0, waiting = 0;
  std::string sql;
  SqlAnswer answer;
  Done done;
};

MariadbConnection::MariadbConnection(asio::io_context& io, const SqlTarget& target)
    : impl_(std::make_shared<Impl>(io, target)) {}

MariadbConnection::~MariadbConnection() {
  impl_->stop_watching();
  impl_->close();
}

void MariadbConnection::connect(Duration limit, Done done) { impl_->start(Impl::Step::connecting, limit, std::move(done)); }

void MariadbConnection::query(const std::string& sql, Duration limit, Done done) {
  impl_->sql = sql;
  impl_->ready = false;
  impl_->start(Impl::Step::asking, limit, std::move(done));
}

bool MariadbConnection::usable() const { return impl_->ready && is_silent(mysql_get_socket(impl_->session)); }

}  // namespace blackstart
