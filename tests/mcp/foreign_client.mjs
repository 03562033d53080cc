// Lists and calls every tool of an echo or fetch server with the TypeScript SDK.
// usage: node foreign_client.mjs URL legacy|auto EXPECTED_VERSION PAGE_TO_FETCH; module resolution starts in the current directory.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.cwd()}/package.json`);
const { Client, StreamableHTTPClientTransport } = await import(
  pathToFileURL(require.resolve('@modelcontextprotocol/client'))
);
const [url, mode, expected, page] = process.argv.slice(2);
const claims = Buffer.from(JSON.stringify({ sub: 'alice', name: 'Alice' })).toString('base64url');
const headers = { Authorization: `Bearer e30.${claims}.not-a-signature` };

const client = new Client({ name: 'typescript', version: '2' }, { versionNegotiation: { mode } });
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
const version = client.getNegotiatedProtocolVersion();
if (version !== expected) throw new Error(`negotiated ${version}, not ${expected}`);

const { tools } = await client.listTools();
const required = { echo: { message: 'hello' }, fetch: { url: page } };
let handle;
for (const tool of tools) {
  const args = { ...required[tool.name] };
  if (handle !== undefined && 'handle' in tool.inputSchema.properties) args.handle = handle;
  const result = await client.callTool({ name: tool.name, arguments: args });
  if (result.isError) throw new Error(`${tool.name}: ${result.content[0].text}`);
  handle ??= result.structuredContent?.handle;
}
await client.close();
console.log(`${tools.length} tools called over ${version}`);
