// Lists the tools behind a proxy with one of the TypeScript SDKs.
// usage: node proxy_client.mjs URL v1|v2-default|v2-auto EXPECTED_VERSION; module resolution starts in the current directory.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.cwd()}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const [url, which, expected] = process.argv.slice(2);
const info = { name: 'typescript', version: '1' };

let client, transport;
if (which === 'v1') {
  const { Client } = await load('@modelcontextprotocol/sdk/client/index.js');
  const { StreamableHTTPClientTransport } = await load('@modelcontextprotocol/sdk/client/streamableHttp.js');
  transport = new StreamableHTTPClientTransport(new URL(url));
  client = new Client(info);
} else {
  const { Client, StreamableHTTPClientTransport } = await load('@modelcontextprotocol/client');
  transport = new StreamableHTTPClientTransport(new URL(url));
  client = new Client(info, which === 'v2-auto' ? { versionNegotiation: { mode: 'auto' } } : {});
}
await client.connect(transport);
const version = which === 'v1' ? transport.protocolVersion : client.getNegotiatedProtocolVersion();
if (version !== expected) throw new Error(`negotiated ${version}, not ${expected}`);
const { tools } = await client.listTools();
if (tools.length === 0) throw new Error('no tools');
if (which !== 'v2-auto') await transport.terminateSession();
await client.close();
console.log(`${tools.length} tools over ${version}`);
