#!/bin/sh
# Walks through a legacy session and a modern handle with curl.
# usage: call_with_curl.sh [URL]
set -eu
url=${1:-http://127.0.0.1:3000/mcp}

post() { # body, then more curl options
  body=$1
  shift
  curl -sS --fail-with-body "$url" \
    -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' "$@" -d "$body"
  echo
}

echo "# 2025-11-25: initialize opens a session, whose id comes in a header"
session=$(curl -sS -D - -o /dev/null "$url" \
  -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
  -d '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{
        "protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"curl","version":"8"}}}' |
  tr -d '\r' | sed -n 's/^mcp-session-id: //p')
legacy() { post "$1" -H "Mcp-Session-Id: $session" -H 'MCP-Protocol-Version: 2025-11-25'; }
legacy '{"jsonrpc":"2.0","method":"notifications/initialized"}'
legacy '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"}}}'
legacy '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"replayLastEcho"}}'
curl -sS --fail-with-body -X DELETE "$url" -H "Mcp-Session-Id: $session" -o /dev/null

echo "# 2026-07-28: the first answer carries a handle, which later calls pass on"
modern() { # tool, arguments
  post '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"'"$1"'","arguments":'"$2"',
         "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
                  "io.modelcontextprotocol/clientCapabilities":{}}}}' \
    -H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: tools/call' -H "Mcp-Name: $1"
}
answer=$(modern echo '{"message":"hello"}')
echo "$answer"
handle=$(echo "$answer" | sed -n 's/.*"handle":"\([^"]*\)".*/\1/p')
modern replayLastEcho '{"handle":"'"$handle"'"}'
