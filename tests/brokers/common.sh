# What the start and stop scripts of brokers share; sourced, with `kind` set. A broker's folder DIR keeps its pid, port and log.

die() { echo "$kind: $*" >&2; exit 1; }

# By command line, so that neither a reused pid nor a dead process that nobody has waited for counts as our broker.
is_ours() { grep -qaF "$1" "/proc/$2/cmdline" 2>/dev/null; }
is_running() { [[ -f $1/pid ]] && is_ours "$1" "$(<"$1/pid")"; }

# Below the range the kernel gives to outgoing connections: a broker that was killed must get its port back.
free_port() {
  local low _ port
  read -r low _ </proc/sys/net/ipv4/ip_local_port_range
  for _ in {1..200}; do
    port=$((10000 + (RANDOM * 32768 + RANDOM) % (low - 10000)))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  die "no free port"
}

# Starts `launch DIR PORT` (which leaves its pid in $pid) and waits for `is_ready DIR PORT`; three times, if somebody takes the port.
start_broker() { # DIR [PORT]
  local dir attempt port
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  is_running "$dir" && { cat "$dir/port"; return; }
  for attempt in 1 2 3; do
    if [[ -n ${2:-} ]]; then port=$2; elif [[ -f $dir/port ]]; then port=$(<"$dir/port"); else port=$(free_port); fi
    : >"$dir/log"
    launch "$dir" "$port"
    echo "$pid" >"$dir/pid"
    disown
    for _ in {1..300}; do
      is_ready "$dir" "$port" && { echo "$port" | tee "$dir/port"; return; }
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.05
    done
    stop_broker "$dir" --kill
  done
  die "did not start: $(tail -3 "$dir/log")"
}

stop_broker() { # DIR [--kill]
  local dir pid
  [[ -d $1 ]] || return 0
  dir=$(cd "$1" && pwd)
  is_running "$dir" || { rm -f "$dir/pid"; return 0; }
  pid=$(<"$dir/pid")
  if [[ ${2:-} == --kill ]]; then kill -KILL "$pid"; else kill -TERM "$pid"; fi
  for _ in {1..600}; do
    is_ours "$dir" "$pid" || { rm -f "$dir/pid"; return 0; }
    sleep 0.05
  done
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$dir/pid"
}
