# By these functions `lab up` asks a node which of its services do not work; each says why, and fails.
service=

check() {
  service=$1; shift
  trouble=$( { state=$(systemctl is-active "$service") || { echo "$state"; exit 1; }; "$@"; } 2>&1 ) || echo "$service: $trouble"
}

http() { curl -sS -f -o /dev/null -m 5 "http://{{data}}:$1$2"; }

count() { mariadb --defaults-file=/etc/lab/openstack.cnf --connect-timeout=5 -Nse "SELECT COUNT(*) FROM $1"; }

some() {
  there=$(count "$1") || return
  [ "$there" -gt 0 ] || { echo "$2"; return 1; }
}

# Reports are due every 5 s, Neutron's every 10 s.
fresh() { some "$1 WHERE host = '{{node}}' AND \`binary\` = '$service' AND $2 > UTC_TIMESTAMP() - INTERVAL 20 SECOND" "has not reported of late"; }
nova() { fresh nova.services "COALESCE(updated_at, created_at)"; }
cinder() { fresh cinder.services "COALESCE(updated_at, created_at)"; }
neutron() { fresh neutron.agents heartbeat_timestamp; }

# Nova uses a compute host once the scheduler has found it.
compute() { nova && some "nova_api.host_mappings WHERE host = '{{node}}'" "no scheduler has found it yet"; }

broker() {
  for process in $(cat "/sys/fs/cgroup/system.slice/$service.service/cgroup.procs"); do
    if ss -Htnp state established dport = :5672 | grep -q "pid=$process,"; then return; fi
  done
  echo "not connected to the broker"
  return 1
}

# As many members run as the settings name.
rabbit() {
  ss -Hltn sport = :5672 | grep -q . || { echo "does not listen on 5672"; return 1; }
  members=$(rabbitmqctl -q eval 'length(rabbit_mnesia:cluster_nodes(running)).') || { echo "$members"; return 1; }
  wanted=$(grep -c '^cluster_formation.classic_config.nodes' /etc/rabbitmq/rabbitmq.conf)
  [ "$members" = "$wanted" ] || { echo "$members of $wanted members run"; return 1; }
}

# The primary is whole when all standbys stream from it.
postgres() {
  cd /  # where postgres may be, too
  ask="runuser -u postgres -- psql -XAtq -d postgres -c"
  standby=$($ask "SELECT pg_is_in_recovery()") || { echo "$standby"; return 1; }
  if [ "$standby" = t ]; then
    [ "$($ask "SELECT COUNT(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'")" = 1 ] || { echo "receives nothing from a primary"; return 1; }
  else
    streaming=$($ask "SELECT COUNT(*) FROM pg_stat_replication WHERE state = 'streaming'")
    [ "$streaming" = {{pg_standbys}} ] || { echo "$streaming of {{pg_standbys}} standbys stream from it"; return 1; }
  fi
}

balanced() {
  down=$(echo "show stat" | socat - /run/haproxy/admin.sock | awk -F, '$2 !~ /END$/ && $18 ~ /DOWN/ {print $1 "/" $2}')
  [ -z "$down" ] || { echo "down:" $down; return 1; }
}
