-- Of 50 requests 45 are for a picture (the paths in BENCH_PATHS in turn), 4 for a list (BENCH_LIST)
-- and one is an upload, always in the same order.
local here = os.getenv("BENCH_LUA")
dofile(here .. "/result.lua")
dofile(here .. "/pictures.lua")
local gets, list, next_picture = {}, nil, nil
local number, got = 0, 0

local function get(path)
  return string.format("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, wrk.headers["Host"])
end

function init()
  for path in io.lines(os.getenv("BENCH_PATHS")) do gets[#gets + 1] = get(path) end
  list = get(os.getenv("BENCH_LIST"))
  next_picture = pictures()
end

function request()
  number = number + 1
  local place = number % 50
  if place == 0 then return (next_picture()) end
  if place % 12 == 6 then return list end
  got = got + 1
  return gets[got % #gets + 1]
end
