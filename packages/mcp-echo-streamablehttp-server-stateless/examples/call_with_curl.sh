#!/bin/sh
# Calls a running echo server with curl, over the stateless revision and over one with a handshake.
# usage: call_with_curl.sh [URL]
set -eu
url=${1:-http://127.0.0.1:3000/mcp}

echo "# 2026-07-28: one self-contained request"
curl -sS --fail-with-body "$url" \
  -H 'Content-Type: application/json' \
  -H 'Accept: application/json' \
  -H 'MCP-Protocol-Version: 2026-07-28' \
  -H 'Mcp-Method: tools/call' \
  -H 'Mcp-Name: echo' \
  -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{
        "name":"echo","arguments":{"message":"hello"},
        "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
                 "io.modelcontextprotocol/clientCapabilities":{}}}}'
echo

echo "# 2025-11-25: this server needs no session, so the handshake may be left out"
curl -sS --fail-with-body "$url" \
  -H 'Content-Type: application/json' \
  -H 'Accept: application/json' \
  -H 'MCP-Protocol-Version: 2025-11-25' \
  -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"}}}'
echo
