-- Sends the targets of a file, one a line, and reports what came back as one line of JSON.
-- wrk … -- FILE MODE LIMIT HOST
--   MODE   cycle: over and over; once: each target one time, read as it goes, then the end
--   LIMIT  ends after so many requests; 0 for none

local ffi = require("ffi")
ffi.cdef("int getpid(void); int kill(int process, int signal);")

local lines, limit, suffix
local targets, place = nil, 0
local sent, ended = 0, false

function init(args)
   local path, mode = args[1], args[2]
   limit = tonumber(args[3])
   suffix = " HTTP/1.1\r\nHost: " .. args[4] .. "\r\n\r\n"
   lines = assert(io.lines(path))
   if mode == "cycle" then
      targets = {}
      for line in lines do targets[#targets + 1] = "GET " .. line .. suffix end
   end
end

-- Ends this thread, and by SIGINT the sleep of wrk's main thread.
local function stop()
   if not ended then
      ended = true
      wrk.thread:stop()
      ffi.C.kill(ffi.C.getpid(), 2)
   end
end

local next_line

function request()
   if limit > 0 and sent >= limit then stop() end
   sent = sent + 1
   if targets then
      place = place % #targets + 1
      return targets[place]
   end
   -- wrk calls this once without sending, to see whether it works: that link comes again.
   local line = (sent ~= 2 and not ended) and lines() or nil
   if line then
      next_line = "GET " .. line .. suffix
   elseif sent ~= 2 then
      stop()
   end
   return next_line
end

function done(summary, latency, requests)
   local errors = summary.errors
   print(string.format(
      '{"requests": %d, "bytes": %d, "microseconds": %d, "denied": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}',
      summary.requests, summary.bytes, summary.duration,
      errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
