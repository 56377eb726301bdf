-- A list under a host name that nobody ever used before. What an answer says of its own address
-- depends on the name, so that no cache can have it, and each may be put into one.
dofile(os.getenv("BENCH_LUA") .. "/result.lua")
local number = tonumber(os.getenv("BENCH_FIRST"))
local threads = 0

function setup(thread)
  thread:set("letter", string.char(97 + threads))
  threads = threads + 1
end

function request()
  number = number + 1
  return string.format("GET %s HTTP/1.1\r\nHost: %s%d.example\r\n\r\n", wrk.path, letter or "a", number)
end
