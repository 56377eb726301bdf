-- Uploads for wrk's time, or BENCH_COUNT of them. The answers go to BENCH_ANSWERS, each behind
-- the byte 30 (the record separator).
local here = os.getenv("BENCH_LUA")
dofile(here .. "/result.lua")
dofile(here .. "/pictures.lua")
if os.getenv("BENCH_COUNT") then dofile(here .. "/counted.lua") end
local next_picture, answers

function init()
  next_picture = pictures()
  answers = assert(io.open(os.getenv("BENCH_ANSWERS"), "wb"))
  answers:setvbuf("full", 65536)
end

function request()
  return (next_picture())
end

function response(status, _, body)
  if status >= 200 and status < 300 then
    answers:write("\30", body)
    answers:flush()
  end
  if answered then answered() end
end
