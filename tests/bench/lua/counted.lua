-- For runs of so many requests instead of so many seconds, with one thread: who includes this
-- has at most BENCH_COUNT of its requests sent, and calls `answered` for each answer.
local ffi = require("ffi")
ffi.cdef [[
  int getpid(void);
  int kill(int pid, int signal);
  struct moment { long seconds; long nanoseconds; };
  int clock_gettime(int clock, struct moment *moment);
]]
local MONOTONIC, SIGINT, FOREVER = 1, 2, 3600 * 1000
local limit = tonumber(os.getenv("BENCH_COUNT"))
local sent, back, began = 0, 0, nil
local worker

local function now()
  local moment = ffi.new("struct moment")
  ffi.C.clock_gettime(MONOTONIC, moment)
  return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

function setup(thread)
  worker = thread
end

-- wrk asks this before each request: milliseconds to wait. A connection that has nothing left to
-- send waits for the end.
function delay()
  if sent >= limit then return FOREVER end
  began = began or now()
  sent = sent + 1
  return 0
end

function answered()
  back = back + 1
  if back == limit then
    took = now() - began
    ffi.C.kill(ffi.C.getpid(), SIGINT) -- which wrk takes for the end of its time
  end
end

function elapsed()
  return worker:get("took")
end
