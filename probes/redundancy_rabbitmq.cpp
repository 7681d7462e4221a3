// RabbitMQ: its members and its queues, as each node sees them.
//
// Asked by erl_call, which talks to the running node: some milliseconds, where rabbitmqctl starts an Erlang of its own and
// takes one to two seconds of CPU. Where there is no erl_call, rabbitmqctl has to do.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/process.h"
#include "probes/redundancy_check.h"

namespace blackstart {
namespace {

// Each line is a string of the list that comes back. Queues that come and go by themselves (exclusive, auto-delete, expiring)
// are not meant to last. Only what the node knows without asking others: where its leader is, whether its own replica runs.
// A node that is still starting is left alone: questions to it then can keep it from ever getting up (in 3.10 two processes
// that load the table of feature flags at the same time wait for each other for ever, with a processor each).
constexpr const char* kExpression = R"(
case lists:keymember(rabbit, 1, application:which_applications()) of false -> ["starting"]; true ->
Nodes = try rabbit_nodes:list_members() catch error:undef -> rabbit_nodes:all() end,
Running = try rabbit_nodes:list_running() catch error:undef -> rabbit_nodes:all_running() end,
Text = fun(Items) -> lists:join(",", [atom_to_list(I) || I <- lists:sort(Items)]) end,
Passing = fun(Q) -> is_pid(amqqueue:get_exclusive_owner(Q)) orelse amqqueue:is_auto_delete(Q)
  orelse lists:keymember(<<"x-expires">>, 1, amqqueue:get_arguments(Q)) end,
Mirrors = fun(Q) -> try length(amqqueue:get_sync_slave_pids(Q)) catch _:_ -> 0 end end,
Queue = fun(Q) ->
  {resource, Vhost, queue, Name} = amqqueue:get_name(Q),
  case {amqqueue:get_type(Q), Passing(Q)} of
    {rabbit_quorum_queue, false} ->
      {Local, _} = amqqueue:get_pid(Q),
      Leader = try ra_leaderboard:lookup_leader(Local) of {_, On} -> On; _ -> none catch _:_ -> none end,
      Here = is_pid(whereis(Local)),
      Members = maps:get(nodes, amqqueue:get_type_state(Q), []),
      [io_lib:format("quorum ~ts ~s ~s ~ts ~ts", [Text(Members), Leader, Here, Vhost, Name])];
    {rabbit_classic_queue, false} -> [io_lib:format("classic ~b ~ts ~ts", [1 + Mirrors(Q), Vhost, Name])];
    _ -> []
  end
end,
Plain = fun(Line) -> [if C < 128 -> C; true -> $? end || C <- unicode:characters_to_list(Line)] end,
[Plain(Line) || Line <- [["members ", Text(Nodes)], ["running ", Text(Running)] | lists:append([Queue(Q) || Q <- rabbit_amqqueue:list()])]]
end.
)";

// The node's name as RabbitMQ's own scripts find it; erl_call finds the cookie in the home folder. Its own name is one of a few
// (the broker remembers each for ever), and not always the same: the broker refuses one that another erl_call has.
std::string command() {
  return fmt::format(
      "cd / && export HOME=/var/lib/rabbitmq && if [ -r /etc/rabbitmq/rabbitmq-env.conf ]; then . "
      "/etc/rabbitmq/rabbitmq-env.conf; fi; long=${{RABBITMQ_USE_LONGNAME:-$USE_LONGNAME}}; "
      "if [ \"$long\" = true ]; then kind=-name host=$(hostname -f); else kind=-sname host=$(hostname -s); fi; "
      "asked={}; if command -v erl_call >/dev/null; then printf %s \"$asked\" | erl_call -h blackstart$(($$ % 100)) $kind "
      "\"${{RABBITMQ_NODENAME:-${{NODENAME:-rabbit@$host}}}}\" -e; else rabbitmqctl -q eval \"$asked\"; fi",
      shell_quote(kExpression));
}

// The strings of an Erlang list. Parts of one that is broken over lines stand side by side without a comma.
std::vector<std::string> strings_in(const std::string& text) {
  std::vector<std::string> strings;
  bool inside = false, next = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!inside && c == ',') next = true;
    if (!inside && c == '"') {
      if (next) strings.emplace_back();
      next = false;
    }
    if (c == '"') {
      inside = !inside;
    } else if (inside && c == '\\' && i + 1 < text.size()) {
      strings.back() += text[++i];
    } else if (inside) {
      strings.back() += c;
    }
  }
  return strings;
}

std::set<std::string> names_in(const std::string& list) {
  std::set<std::string> names;
  std::istringstream in(list);
  for (std::string name; std::getline(in, name, ',');) names.insert(name);
  return names;
}

struct Queue {
  std::set<std::string> members;  // configured
  std::string leader;
  bool here = false;  // the asked node's own replica runs
  int copies = 0;     // of a classic one: with its synced mirrors
  bool quorum = false;
};

// What one node says.
struct View {
  std::string node, trouble;
  std::set<std::string> members, running;
  std::map<std::string, Queue> queues;
};

void read_queue(const std::string& line, View& view) {
  std::istringstream in(line);
  Queue queue;
  std::string kind, members, here, vhost, name;
  in >> kind;
  queue.quorum = kind == "quorum";
  if (queue.quorum)
    in >> members >> queue.leader >> here;
  else
    in >> queue.copies;
  in >> vhost >> std::ws;
  std::getline(in, name);
  queue.members = names_in(members);
  queue.here = here == "true";
  view.queues[vhost == "/" ? name : vhost + "/" + name] = std::move(queue);
}

View view_of(const NodeAnswer& answer) {
  View view{answer.node, answer.trouble, {}, {}, {}};
  for (const std::string& line : strings_in(answer.out)) {
    if (line == "starting") view.trouble = "RabbitMQ is not up there";
    if (line.rfind("members ", 0) == 0) view.members = names_in(line.substr(8));
    if (line.rfind("running ", 0) == 0) view.running = names_in(line.substr(8));
    if (line.rfind("quorum ", 0) == 0 || line.rfind("classic ", 0) == 0) read_queue(line, view);
  }
  if (view.trouble.empty() && view.members.empty()) view.trouble = "its answer makes no sense: " + answer.out.substr(0, 100);
  return view;
}

std::vector<View> views(const RedundancyWays& ways, const Deadline& deadline) {
  static const std::string asked = command();
  std::vector<View> all;
  for (const NodeAnswer& answer : ask_nodes(ways, "messaging", asked, deadline)) all.push_back(view_of(answer));
  return all;
}

// Of a name such as rabbit@c1.
std::string host_of(const std::string& member) { return member.substr(member.find('@') + 1); }

class MembersCheck final : public RedundancyCheck {
 public:
  explicit MembersCheck(const RedundancyWays& ways) : ways_(ways) {}
  RedundancyLook look(const Deadline& deadline) override {
    RedundancyLook look;
    for (const View& view : views(ways_, deadline)) look.parts.push_back(part_of(view));
    return look;
  }

 private:
  static RedundancyPart part_of(const View& view) {
    if (!view.trouble.empty()) return {view.node, false, view.trouble};
    std::vector<std::string> missed;
    std::set_difference(view.members.begin(), view.members.end(), view.running.begin(), view.running.end(),
                        std::back_inserter(missed));
    for (std::string& name : missed) name = host_of(name) + " does not run";
    // A node that left the cluster is alone and sees nobody missing: how many there are is compared with before.
    return {view.node,
            missed.empty(),
            missed.empty() ? fmt::format("sees {} run", view.running.size()) : some_of(missed),
            {},
            static_cast<int>(view.running.size())};
  }

  RedundancyWays ways_;
};

class QueuesCheck final : public RedundancyCheck {
 public:
  explicit QueuesCheck(const RedundancyWays& ways) : ways_(ways) {}

  RedundancyLook look(const Deadline& deadline) override {
    const std::vector<View> all = views(ways_, deadline);
    if (std::all_of(all.begin(), all.end(), [](const View& view) { return !view.trouble.empty(); }))
      throw Error(ErrorKind::unreachable, "asking RabbitMQ for its queues",
                  all.empty() ? "no node has the role 'messaging'" : all[0].trouble);
    std::map<std::string, Queue> queues;
    for (const View& view : all) queues.insert(view.queues.begin(), view.queues.end());
    RedundancyLook look;
    for (const auto& [name, queue] : queues)
      look.parts.push_back(queue.quorum ? quorum_part(name, queue, all) : classic_part(name, queue));
    return look;
  }

 private:
  static RedundancyPart classic_part(const std::string& name, const Queue& queue) {
    return {
        name, true, fmt::format("a classic queue with {} of it", queue.copies == 1 ? "one copy" : "mirrors"), {}, queue.copies};
  }

  // A replica works when its own node says so; a leader is there when a node that runs knows it.
  static RedundancyPart quorum_part(const std::string& name, const Queue& queue, const std::vector<View>& all) {
    int online = 0;
    bool led = false;
    for (const View& view : all) {
      const auto found = view.queues.find(name);
      if (!view.trouble.empty() || found == view.queues.end()) continue;
      online += found->second.here;
      led = led || view.running.count(found->second.leader) > 0;
    }
    const int members = static_cast<int>(queue.members.size());
    std::string says = fmt::format("{} of {} replicas online", online, members) + (led ? "" : ", no leader");
    return {name, led && online == members, std::move(says), {}, members};
  }

  RedundancyWays ways_;
};

}  // namespace

std::unique_ptr<RedundancyCheck> make_rabbitmq_check(const RedundancyWays& ways) {
  return std::make_unique<MembersCheck>(ways);
}
std::unique_ptr<RedundancyCheck> make_queues_check(const RedundancyWays& ways) { return std::make_unique<QueuesCheck>(ways); }

}  // namespace blackstart
