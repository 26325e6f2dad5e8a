// A provider to sign in with, told by a line of standard input what it is; says "ready" and listens until that closes, as
// it does when the test is killed.
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Provider, errors } from "oidc-provider";

URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null); // which early versions of Node 20 lack

const lines = createInterface({ input: process.stdin }).on("close", () => process.exit());
const told = JSON.parse((await once(lines, "line"))[0]);

const provider = new Provider(told.issuer, {
  jwks: { keys: told.keys },
  clients: told.clients,
  cookies: { keys: ["of a test"] },
  pkce: { required: () => true },
  enabledJWA: { idTokenSigningAlgValues: [told.algorithm] },
  ttl: { AccessToken: 600, ClientCredentials: 600, IdToken: 600, Interaction: 600, Session: 600, Grant: 600, RefreshToken: 600 },
  // Whoever types a name is that person.
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // A service asks for nothing in particular and gets a token for the only place there is.
      defaultResource: (context) => (context.oidc.params.grant_type === "client_credentials" ? told.resource : undefined),
      getResourceServerInfo: (_, resource) => {
        if (resource !== told.resource) throw new errors.InvalidTarget();
        return { scope: "", audience: told.audience, accessTokenFormat: "jwt", jwt: { sign: { alg: told.algorithm } } };
      },
    },
  },
});

provider.listen(told.port, "127.0.0.1", () => console.log("ready"));
