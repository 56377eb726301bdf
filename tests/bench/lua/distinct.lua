-- A list that nobody ever asked for. BENCH_WHERE=host: under a host name of its own. What an answer
-- says of its own address depends on that, so that no cache has it, and each may be put into one.
-- BENCH_WHERE=query: with a parameter that means nothing.
dofile(os.getenv("BENCH_LUA") .. "/result.lua")
local number = tonumber(os.getenv("BENCH_FIRST"))
local form = ({
  host = "GET %s HTTP/1.1\r\nHost: %s%d.example\r\n\r\n",
  query = "GET %s&%s=%d HTTP/1.1\r\nHost: localhost\r\n\r\n",
})[os.getenv("BENCH_WHERE")]
local threads = 0

function setup(thread)
  thread:set("letter", string.char(97 + threads))
  threads = threads + 1
end

function request()
  number = number + 1
  return string.format(form, wrk.path, letter or "a", number)
end
