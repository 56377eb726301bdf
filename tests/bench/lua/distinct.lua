-- A GET that was never asked before: a number is added to the query.
dofile(os.getenv("BENCH_LUA") .. "/result.lua")
local number = tonumber(os.getenv("BENCH_FIRST"))
local threads = 0

function setup(thread)
  thread:set("offset", threads * 1e9)
  threads = threads + 1
end

function request()
  number = number + 1
  return string.format("GET %s&n=%d HTTP/1.1\r\nHost: %s\r\n\r\n", wrk.path, offset + number, wrk.headers["Host"])
end
