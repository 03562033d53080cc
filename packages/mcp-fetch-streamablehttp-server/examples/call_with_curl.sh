#!/bin/sh
# Calls a running fetch server with curl over the stateless revision.
# usage: call_with_curl.sh [URL [PAGE]]
set -eu
url=${1:-http://127.0.0.1:3000/mcp}
page=${2:-https://example.com/}

curl -sS --fail-with-body "$url" \
  -H 'Content-Type: application/json' \
  -H 'Accept: application/json, text/event-stream' \
  -H 'MCP-Protocol-Version: 2026-07-28' \
  -H 'Mcp-Method: tools/call' \
  -H 'Mcp-Name: fetch' \
  -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{
        "name":"fetch","arguments":{"url":"'"$page"'"},
        "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
                 "io.modelcontextprotocol/clientCapabilities":{}}}}'
echo
