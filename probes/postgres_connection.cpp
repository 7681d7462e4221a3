#include "probes/postgres_connection.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>

#include "probes/postgres_answer.h"
#include "probes/sql_errors.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

PGconn* begin_session(const SqlTarget& target) {
  const std::string port = std::to_string(target.port);
  const std::array<std::pair<const char*, const char*>, 8> settings{{{"hostaddr", target.address.c_str()},
                                                                     {"port", port.c_str()},
                                                                     {"user", target.user.c_str()},
                                                                     {"password", target.password.c_str()},
                                                                     {"dbname", target.database.c_str()},
                                                                     {"client_encoding", "UTF8"},
                                                                     {"gssencmode", "disable"},
                                                                     {"application_name", "blackstart"}}};
  std::array<const char*, settings.size() + 1> keys{}, values{};
  for (std::size_t i = 0; i < settings.size(); ++i) std::tie(keys[i], values[i]) = settings[i];
  PGconn* session = PQconnectStartParams(keys.data(), values.data(), 0);
  if (!session) throw std::bad_alloc();
  PQsetErrorVerbosity(session, PQERRORS_VERBOSE);  // with the SQLSTATE, see connection_failure()
  return session;
}

}  // namespace

// libpq never waits by itself in the calls used here; between two of them we wait for its socket. The handlers hold the Impl
// alive, and know by the number of their wait whether they still matter.
//
// The loop watches a descriptor of its own for the same socket: libpq closes its one inside of its calls, and another thread
// may have the number at once, so nothing could be said of it to epoll any more.
struct PostgresConnection::Impl : std::enable_shared_from_this<Impl> {
  enum class Step { none, connecting, asking };

  Impl(asio::io_context& io, const SqlTarget& target_) : socket(io), timer(io), target(target_) {}
  ~Impl() { close(); }

  void start(Step first, Duration limit, Done done_) {
    done = std::move(done_);
    answer = {};
    step = first;
    ++call;
    timer.expires_after(limit);
    timer.async_wait([self = shared_from_this(), mine = call](error_code error) {
      if (!error && mine == self->call) self->fail(kTimedOut, "no answer in time");
    });
  }

  void connect() {
    errno = 0;
    session = begin_session(target);
    const int error = errno;
    PQsetNoticeReceiver(session, &Impl::notice, this);
    if (PQstatus(session) == CONNECTION_BAD) return connection_failed(error);
    wait(false, true);  // the library asks for that before its first look
  }

  void go_on_connecting() {
    stop_watching();  // the library may close its socket and open another in this call
    errno = 0;
    const PostgresPollingStatusType status = PQconnectPoll(session);
    const int error = errno;
    switch (status) {
      case PGRES_POLLING_READING: return wait(true, false);
      case PGRES_POLLING_WRITING: return wait(false, true);
      case PGRES_POLLING_OK: break;
      default: return connection_failed(error);
    }
    if (PQsetnonblocking(session, 1) != 0) return fail(kBroken, PQerrorMessage(session));
    PQsetErrorVerbosity(session, PQERRORS_DEFAULT);
    if (open_twin()) finish();  // now, as the lack of a descriptor is ours while we connect
  }

  // Of libpq's calls only those that make a socket and connect it tell more by errno than by their text, and they leave none
  // behind when they fail.
  void connection_failed(int error) {
    answer = connection_failure(PQerrorMessage(session), PQsocket(session) < 0 ? error : 0);
    finish();
  }

  void ask(const std::string& sql) {
    if (PQsendQuery(session, sql.c_str()) == 0) return fail(kBroken, PQerrorMessage(session));
    flush();
  }

  void flush() {
    const int left = PQflush(session);
    if (left < 0) return broken();
    wait(true, left > 0);
  }

  void readable() {
    if (PQconsumeInput(session) == 0) return broken();
    hear();
  }

  // What the server said before it went is worth more than that the line is broken.
  void broken() {
    if (PQstatus(session) != CONNECTION_BAD) return fail(kBroken, PQerrorMessage(session));
    hear();
  }

  // Takes in what has come; on a broken line the library ends the call by itself.
  void hear() {
    while (PQstatus(session) == CONNECTION_BAD || PQisBusy(session) == 0) {
      const Result result(PQgetResult(session));
      if (!result) return done_asking();
      take_in(result.get(), answer);
      if (copies(result.get())) return fail(kWrongAnswer, answer.message);
    }
    flush();
  }

  // No statement of ours copies; such a result never ends by itself.
  static bool copies(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
  }

  void done_asking() {
    if (PQstatus(session) == CONNECTION_BAD && answer.ok()) {
      answer.error = kBroken;
      answer.message = PQerrorMessage(session);
    }
    // Without a transaction COMMIT is answered with success and a warning.
    if (answer.ok() && no_transaction) {
      answer.error = kWrongAnswer;
      answer.message = "there was no transaction to commit (SQLSTATE 25P01)";
    }
    answer.in_transaction = PQtransactionStatus(session) == PQTRANS_INTRANS;
    finish();
  }

  // A commit whose wait for standbys was cancelled comes with a warning too, and is acknowledged all the same: what a failover
  // then loses of it counts as lost.
  static void notice(void* self, const PGresult* result) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state && std::string_view(state) == "25P01") static_cast<Impl*>(self)->no_transaction = true;
  }

  void wait(bool for_reading, bool for_writing) {
    if (PQsocket(session) < 0) return fail(kBroken, "the connection has no socket any more");
    if (!socket.is_open() && !open_twin()) return;
    ++waiting;
    both = for_reading && for_writing;
    if (for_reading) watch(asio::posix::descriptor_base::wait_read);
    if (for_writing) watch(asio::posix::descriptor_base::wait_write);
  }

  bool open_twin() {
    const int twin = ::fcntl(PQsocket(session), F_DUPFD_CLOEXEC, 0);
    error_code error(twin < 0 ? errno : 0, boost::system::system_category());
    if (!error) socket.assign(twin, error);
    if (!error) return true;
    if (twin >= 0) ::close(twin);
    fail(kNoSocket, "watching the connection: " + error.message());
    return false;
  }

  void watch(asio::posix::descriptor_base::wait_type what) {
    socket.async_wait(what, [self = shared_from_this(), mine = waiting, what](error_code error) {
      if (error || mine != self->waiting) return;
      ++self->waiting;
      if (self->both) self->socket.cancel();  // the other wait
      if (self->step == Step::connecting) return self->go_on_connecting();
      what == asio::posix::descriptor_base::wait_read ? self->readable() : self->flush();
    });
  }

  void stop_watching() {
    ++waiting;
    // Not socket.close(), which leaves it to the kernel to take the entry out of epoll: that doesn't while libpq's is open.
    if (socket.is_open()) ::close(socket.release());
  }

  void fail(std::uint16_t error, const std::string& why) {
    answer = {};
    answer.error = error;
    answer.message = why;
    finish();
  }

  void finish() {
    // A broken line's socket is closed by the library, now or at the next call.
    if (!answer.ok() || PQstatus(session) == CONNECTION_BAD) stop_watching();
    ready = answer.ok();
    step = Step::none;
    ++call;
    timer.cancel();
    asio::post(timer.get_executor(), [self = shared_from_this(), mine = call] {
      if (mine == self->call) std::exchange(self->done, nullptr)(std::exchange(self->answer, {}));
    });
  }

  void close() {
    ++call;
    done = nullptr;
    stop_watching();
    if (!session) return;
    // A farewell to a server that doesn't listen must not wait.
    if (const int handle = PQsocket(session); !ready && handle >= 0) ::shutdown(handle, SHUT_RDWR);
    PQfinish(std::exchange(session, nullptr));
  }

  asio::posix::stream_descriptor socket;  // a twin of the library's; open from the first wait to the end or an error
  asio::steady_timer timer;
  SqlTarget target;
  PGconn* session = nullptr;
  Step step = Step::none;
  bool ready = false, both = false, no_transaction = false;
  std::uint64_t call = 0, waiting = 0;
  SqlAnswer answer;
  Done done;
};

PostgresConnection::PostgresConnection(asio::io_context& io, const SqlTarget& target)
    : impl_(std::make_shared<Impl>(io, target)) {}

PostgresConnection::~PostgresConnection() {
  impl_->timer.cancel();
  impl_->close();
}

void PostgresConnection::connect(Duration limit, Done done) {
  impl_->start(Impl::Step::connecting, limit, std::move(done));
  impl_->connect();
}

void PostgresConnection::query(const std::string& sql, Duration limit, Done done) {
  impl_->ready = false;
  impl_->no_transaction = false;
  impl_->start(Impl::Step::asking, limit, std::move(done));
  impl_->ask(sql);
}

bool PostgresConnection::usable() const { return impl_->ready && is_silent(PQsocket(impl_->session)); }

}  // namespace blackstart
