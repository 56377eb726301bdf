-- What every script ends with: one line that the runner reads. `elapsed`, if there is such a
-- function, says how many seconds a script took that ends before wrk's time is over.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,'
      .. '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
    summary.requests, elapsed and elapsed() or summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
