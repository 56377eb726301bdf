-- Sends each of the DELETE requests in BENCH_REQUESTS once; each stands behind the byte 30.
local here = os.getenv("BENCH_LUA")
dofile(here .. "/result.lua")
dofile(here .. "/counted.lua")
local requests, number = {}, -1 -- wrk makes one request more than it sends, to have a look at it

function init()
  for text in io.open(os.getenv("BENCH_REQUESTS"), "rb"):read("*a"):gmatch("[^\30]+") do
    requests[#requests + 1] = text
  end
end

function request()
  number = number + 1
  return requests[math.max(number, 1)]
end

function response()
  answered()
end
