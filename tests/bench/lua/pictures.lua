-- Ready requests that upload pictures, no two of them the same: each line of BENCH_REQUESTS names
-- a file with a whole request and the offset in it where a salt belongs; BENCH_SALTS holds the
-- salts, of BENCH_SALT bytes each. BENCH_FIRST is the number of the first picture.
local ffi = require("ffi")

local function contents(path)
  local file = assert(io.open(path, "rb"))
  local data = file:read("*a")
  file:close()
  return data
end

function pictures()
  local templates = {}
  for path, offset in contents(os.getenv("BENCH_REQUESTS")):gmatch("([^\n]+) (%d+)\n") do
    local text = contents(path)
    -- A string is changed in place, which Lua does not know of. Nothing compares these, and wrk
    -- copies a request before the next is made; anything else copies megabytes more than once.
    local place = ffi.cast("char *", ffi.cast("const char *", text)) + tonumber(offset)
    templates[#templates + 1] = { text = text, place = place }
  end
  local salts, length = contents(os.getenv("BENCH_SALTS")), tonumber(os.getenv("BENCH_SALT"))
  local first_salt, count = ffi.cast("const char *", salts), #salts / length
  local number = tonumber(os.getenv("BENCH_FIRST"))
  return function()
    local salt = math.floor(number / #templates)
    if salt >= count then error("every picture was uploaded already") end
    local template = templates[number % #templates + 1]
    ffi.copy(template.place, first_salt + salt * length, length)
    number = number + 1
    return template.text, salts -- the second only so that it is kept
  end
end
