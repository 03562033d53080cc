// Signs in with the TypeScript SDK and calls a tool; somebody else plays the browser.
// usage: node foreign_client.mjs URL auto|legacy MESSAGE; prints `authorize ADDRESS`, reads where the browser was sent to,
// prints `answer TEXT`. Module resolution starts in the current directory.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline/promises';
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.cwd()}/package.json`);
const { Client, StreamableHTTPClientTransport, UnauthorizedError } = await import(
  pathToFileURL(require.resolve('@modelcontextprotocol/client'))
);
const [address, mode, message] = process.argv.slice(2);
const redirect = 'http://127.0.0.1:49152/callback';

class Provider {
  #kept = {};
  redirectUrl = redirect;
  clientMetadata = { client_name: 'typescript', redirect_uris: [redirect], token_endpoint_auth_method: 'none' };
  state() {
    this.#kept.state ??= randomUUID();
    return this.#kept.state;
  }
  clientInformation = () => this.#kept.client;
  saveClientInformation = (client) => { this.#kept.client = client; };
  tokens = () => this.#kept.tokens;
  saveTokens = (tokens) => { this.#kept.tokens = tokens; };
  saveCodeVerifier = (verifier) => { this.#kept.verifier = verifier; };
  codeVerifier = () => this.#kept.verifier;
  redirectToAuthorization(url) {
    console.log(`authorize ${url}`);
  }
}

const authProvider = new Provider();
const connect = async () => {
  const client = new Client({ name: 'typescript', version: '2' }, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL(address), { authProvider });
  try {
    await client.connect(transport);
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    return { transport };
  }
  return { client, transport };
};

const first = await connect();
if (first.client) throw new Error('connected without a token');
const lines = createInterface({ input: process.stdin });
const landed = new URL(await lines[Symbol.asyncIterator]().next().then(({ value }) => value));
lines.close();
if (landed.searchParams.get('state') !== authProvider.state()) throw new Error('another state came back');
await first.transport.finishAuth(landed.searchParams);

const { client } = await connect();
const result = await client.callTool({ name: 'echo', arguments: { message } });
console.log(`version ${client.getNegotiatedProtocolVersion()}`);
console.log(`answer ${result.content[0].text}`);
await client.close();
// All is said and closed. What the HTTP library makes of a connection that the edge closes at the same moment is not asked.
process.exit(0);
