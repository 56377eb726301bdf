-- The same GET again and again: no Lua runs for a request.
dofile(os.getenv("BENCH_LUA") .. "/result.lua")
