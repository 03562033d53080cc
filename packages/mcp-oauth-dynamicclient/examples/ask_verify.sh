#!/bin/sh
# Asks the authorization server about a request, as an edge proxy does.
#
#     sh ask_verify.sh https://auth.example.org https://service.example.org/mcp TOKEN
set -eu
server=$1 target=$2 token=$3
scheme=${target%%://*} rest=${target#*://}
host=${rest%%/*}
curl -sS -i "$server/verify" \
  -H "Authorization: Bearer $token" \
  -H "X-Forwarded-Method: POST" \
  -H "X-Forwarded-Proto: $scheme" \
  -H "X-Forwarded-Host: $host" \
  -H "X-Forwarded-Uri: ${rest#"$host"}"
