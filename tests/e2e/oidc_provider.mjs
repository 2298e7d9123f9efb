// A real provider of OpenID Connect (node-oidc-provider, certified) on a port of its own: prints its
// issuer, and ends with its standard input. Whoever types an address is logged in as that address.
// Arguments: the redirect URI of the one client, and "query" if it shall know of no fragments.

import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const [redirect, modes] = process.argv.slice(2);
const keys = ["rsa", "ec"].map((kind, number) => ({
  ...generateKeyPairSync(kind, { modulusLength: 2048, namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
  kid: `key-${number}`,
  use: "sig",
}));

const page = (body) => `<!doctype html><meta name="viewport" content="width=device-width">
<title>Provider</title><h1>Provider</h1>${body}`;

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      { client_id: "box", client_secret: "secret of the box", redirect_uris: [redirect] },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    cookies: { keys: ["for a test"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    jwks: { keys },
    pkce: { required: () => true },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: id, email_verified: !id.startsWith("unverified") }),
    }),
    // Nobody is asked what the box may know.
    loadExistingGrant: async ({ oidc }) => {
      const { accountId } = oidc.session;
      const grant = new oidc.provider.Grant({ accountId, clientId: oidc.client.clientId });
      grant.addOIDCScope("openid email");
      await grant.save();
      return grant;
    },
  });
  const handle = provider.callback();
  server.on("request", (request, response) => {
    if (request.url.startsWith("/interaction/")) void interact(provider, request, response);
    else {
      if (modes === "query" && request.url.endsWith("openid-configuration")) withoutFragments(response);
      handle(request, response);
    }
  });
  console.log(issuer);
});
process.stdin.resume().on("end", () => process.exit());

async function interact(provider, request, response) {
  if (request.method === "GET") {
    response.setHeader("content-type", "text/html; charset=utf-8");
    // No provider lets itself be framed.
    response.setHeader("content-security-policy", "frame-ancestors 'none'");
    response.end(page('<form method="post"><input name="login"><button>Log in</button></form>'));
    return;
  }
  let body = "";
  for await (const piece of request) body += piece;
  const accountId = new URLSearchParams(body).get("login");
  const result = accountId ? { login: { accountId } } : { error: "access_denied", error_description: "given up" };
  await provider.interactionFinished(request, response, result);
}

function withoutFragments(response) {
  const end = response.end.bind(response);
  response.end = (content) => {
    const document = { ...JSON.parse(content), response_modes_supported: ["query"] };
    const changed = JSON.stringify(document);
    response.setHeader("content-length", Buffer.byteLength(changed));
    return end(changed);
  };
}
