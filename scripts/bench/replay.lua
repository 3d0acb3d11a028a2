-- Sends the requests of a file, beginning at a random one, each with a random id of 16 letters put in. All that can be made
-- before is made before: what is left for each request is four look-ups and one string.
local before, after, words = {}, {}, {}
local threads = 0
local at = 0
local random = math.random

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  math.randomseed(tonumber(args[1]) * 64 + number)
  local file = assert(io.open("{{.File}}", "rb"))
  while true do
    local head, tail = file:read("*n", "*n")
    if not head then break end
    file:read(1)
    before[#before + 1] = file:read(head)
    after[#after + 1] = file:read(tail)
  end
  file:close()
  for n = 0, 65535 do
    local d = { n % 16, math.floor(n / 16) % 16, math.floor(n / 256) % 16, math.floor(n / 4096) }
    words[n + 1] = string.char(97 + d[1], 97 + d[2], 97 + d[3], 97 + d[4])
  end
  at = random(#before)
end

function request()
  at = at % #before + 1
  return before[at] .. words[random(65536)] .. words[random(65536)] .. words[random(65536)] .. words[random(65536)] .. after[at]
end
