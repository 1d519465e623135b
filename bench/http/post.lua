-- One event per request, users spread over 100,000.
local head = { ["Content-Type"] = "application/json" }
local users = 100000
local thread_number = 0

function setup(thread)
  thread:set("seed", thread_number)
  thread_number = thread_number + 1
end

function init(args)
  math.randomseed(os.time() + seed * 7919)
end

function request()
  local user = math.random(users)
  return wrk.format("POST", "/v1/events", head, string.format(
    '{"type":"user.created","data":{"userId":"u-%d","email":"user%d@example.com","username":"user%d",' ..
    '"registrationTimestamp":"2026-11-24T09:00:00.000Z","status":"active"}}', user, user, user))
end

function done(summary, latency, requests)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format("RESULT %.1f %.3f %.3f %d %d\n", summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed, summary.requests))
end
