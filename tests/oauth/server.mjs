// SPDX-License-Identifier: MIT
//
// An authorization server for tests/oauth/*.sh: oidc-provider over TLS, which checks each client as it should be.
//
//     node server.mjs --cert PEM --key PEM --station PEM [--rsa PEM]     prints "port N"; ends with its standard input
//
// Beside it, for what the tests have to do in a person's place or what oidc-provider has not:
//
//     /approve?user_code=C  /deny?user_code=C     the person's yes or no to a device
//     /introspect?token=T                         {"active": true, ...}: is it a token of this server?
//     /google/token                               the JWT bearer grant as Google has it, checked with jose
//     /odd/NAME                                   answers that are none
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { X509Certificate, webcrypto } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Provider } from 'oidc-provider';
import { jwtVerify } from 'jose';

// What node 18 (Debian 12's) has not, and oidc-provider wants.
globalThis.crypto ??= webcrypto;
URL.parse ??= (url, base) => { try { return new URL(url, base); } catch { return null; } };

const { values: args } = parseArgs({
  options: { cert: { type: 'string' }, key: { type: 'string' }, station: { type: 'string' }, rsa: { type: 'string' } },
});

const publicKey = (file) => new X509Certificate(readFileSync(file)).publicKey;
const jwk = (file) => ({ ...publicKey(file).export({ format: 'jwk' }), use: 'sig' });
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

const machine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'mail' };
const person = { grant_types: [DEVICE, 'refresh_token'], redirect_uris: [], response_types: [], scope: 'mail offline_access' };
const keyed = (id, alg, file) => ({
  ...machine, client_id: id, token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: alg,
  jwks: { keys: [jwk(file)] },
});
const clients = [
  { ...machine, client_id: 'post', client_secret: 'Pl4in-Secret', token_endpoint_auth_method: 'client_secret_post' },
  { ...machine, client_id: 'basic', client_secret: 'odd +%&=:"<>~', token_endpoint_auth_method: 'client_secret_basic' },
  keyed('es256', 'ES256', args.station), keyed('rs256', 'RS256', args.rsa), keyed('ps256', 'PS256', args.rsa),
  { ...person, client_id: 'panel', token_endpoint_auth_method: 'none' },
  { ...person, client_id: 'kept', client_secret: 'Pl4in-Secret', token_endpoint_auth_method: 'client_secret_post' },
];

function makeProvider(issuer) {
  const provider = new Provider(issuer, {
    clients,
    scopes: ['mail', 'offline_access'],
    cookies: { keys: ['for tests alone'] },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256'] },
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      devInteractions: { enabled: false },
    },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    ttl: { AccessToken: 3600, ClientCredentials: 600, DeviceCode: 60, RefreshToken: 86400, Grant: 86400 },
  });
  provider.on('server_error', (ctx, error) => console.error(error));
  return provider;
}

// --- in a person's place ---

async function decide(provider, userCode, yes) {
  const code = await provider.DeviceCode.findByUserCode(userCode.replace(/[^A-Za-z0-9]/g, '').toUpperCase(), { ignoreExpiration: true });
  if (!code) return false;
  if (yes) {
    const grant = new provider.Grant({ accountId: 'plant@example.com', clientId: code.clientId });
    grant.addOIDCScope('mail offline_access');
    code.grantId = await grant.save();
    Object.assign(code, { accountId: 'plant@example.com', scope: 'mail offline_access', authTime: Math.floor(Date.now() / 1000) });
  } else {
    Object.assign(code, { error: 'access_denied', errorDescription: 'the person said no' });
  }
  await code.save();
  return true;
}

async function introspect(provider, token) {
  for (const kind of ['AccessToken', 'ClientCredentials']) {
    const found = await provider[kind].find(token);
    if (found) return { active: true, scope: found.scope, client_id: found.clientId, username: found.accountId ?? 'plant' };
  }
  return { active: false };
}

// --- Google's grant ---

async function google(provider, issuer, form) {
  if (form.get('grant_type') !== JWT_BEARER) return [400, { error: 'unsupported_grant_type' }];
  try {
    const { payload } = await jwtVerify(form.get('assertion'), publicKey(args.rsa), {
      algorithms: ['RS256'], issuer: 'rs256', audience: `${issuer}/google/token`, maxTokenAge: '1h', requiredClaims: ['exp', 'iat', 'sub', 'scope'],
    });
    if (payload.sub !== 'plant@example.com') {
      return [401, { error: 'unauthorized_client', error_description: 'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.' }];
    }
    const client = await provider.Client.find('rs256');
    const token = new provider.ClientCredentials({ client, scope: payload.scope });
    return [200, { access_token: await token.save(), expires_in: 3599, token_type: 'Bearer' }];
  } catch (error) {
    return [400, { error: 'invalid_grant', error_description: error.code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' ? 'Invalid JWT Signature.' : String(error.message) }];
  }
}

// --- answers that are none: [status, fields, pieces]; a close without TLS's own word where there is no length ---

const odd = {
  redirect: [307, { location: 'https://localhost:1/steal' }, []],
  page: [200, { 'content-type': 'text/html' }, ['<!DOCTYPE html><title>Hotel</title>']],
  busy: [503, { 'retry-after': '120', 'content-type': 'text/plain' }, ['later']],
  huge: [200, { 'content-type': 'application/json' }, Array(160).fill('x'.repeat(65536))],
  twice: [200, { 'content-type': 'application/json' }, ['{"token_type":"Bearer","access_token":"a","access_token":"b"}']],
  nul: [200, { 'content-type': 'application/json' }, ['{"token_type":"Bearer","access_token":"a\\u0000b"}']],
  bytes: [200, { 'content-type': 'application/json' }, ['{"token_type":"Bearer",', '"access_', 'token":"in-pieces"', '}']],
};

function answerOdd(name, res) {
  if (name === 'cut') {
    res.socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"token_type":"Bearer","access_token":"a"}', () => {
      res.socket._parent?.destroy(); // the socket below TLS: no close_notify
      res.socket.destroy();
    });
    return;
  }
  if (name === 'drip') {
    res.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => res.write(' '), 100);
    res.on('close', () => clearInterval(timer));
    return;
  }
  const [status, fields, pieces] = odd[name] ?? [404, {}, []];
  res.writeHead(status, fields);
  pieces.forEach((piece) => res.write(piece));
  res.end();
}

// --- serving ---

const json = (res, status, body) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

async function readForm(req) {
  let text = '';
  for await (const piece of req) text += piece;
  return new URLSearchParams(text);
}

const server = createServer({ cert: readFileSync(args.cert), key: readFileSync(args.key) });
server.listen(0, '127.0.0.1', () => {
  const issuer = `https://localhost:${server.address().port}`;
  const provider = makeProvider(issuer);
  const callback = provider.callback();

  server.on('request', async (req, res) => {
    const url = new URL(req.url, issuer);
    const parts = url.pathname.split('/');
    if (parts[1] === 'approve' || parts[1] === 'deny') {
      json(res, 200, { found: await decide(provider, url.searchParams.get('user_code'), parts[1] === 'approve') });
    } else if (parts[1] === 'introspect') {
      json(res, 200, await introspect(provider, url.searchParams.get('token')));
    } else if (url.pathname === '/google/token') {
      json(res, ...await google(provider, issuer, await readForm(req)));
    } else if (parts[1] === 'odd') {
      answerOdd(parts[2], res);
    } else {
      callback(req, res);
    }
  });
  console.log(`port ${server.address().port}`);
});
process.stdin.resume().on('end', () => process.exit(0));
