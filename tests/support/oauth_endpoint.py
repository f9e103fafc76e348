# SPDX-License-Identifier: MIT
"""What stands in for an authorization server in tests/live (tests/support/oauth.sh):

    oauth_endpoint.py INTROSPECTION-PORT TOKEN-PORT CERTIFICATE KEY

POST /introspect (plain HTTP, for Dovecot) says what a token is worth, by the word that it begins with: "good" is the
token of plant, "other" that of somebody else, all others are worth nothing. POST /token (HTTPS) gives out the client's
secret as its token; or, for a refresh token, a good one, which lives as many seconds as the client's id says. Refresh
tokens are NAME-0, NAME-1...: each is good for one use, which takes a while and has the next one in its answer; a second
use ends all of that name (RFC 9700 4.14.2). A line for each on standard output; it ends with its standard input.
"""
import base64
import json
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote_plus


def introspect(form, _):
    token = form.get("token", [""])[0]
    user = {"good": "plant", "other": "somebody"}.get(token.split("-")[0])
    print("introspect", token.split("-")[0], len(token), flush=True)
    return {"active": True, "username": user, "scope": "mail"} if user else {"active": False}


def give(form, authorization):
    secret = form.get("client_secret", [""])[0]
    if authorization.startswith("Basic "):
        secret = unquote_plus(base64.b64decode(authorization[6:]).decode().split(":", 1)[1])
    print("token", secret.split("-")[0], len(secret), flush=True)
    return {"access_token": secret, "token_type": "Bearer", "expires_in": 3600}


expected = {}  # name of refresh tokens: the number that is good; -1: none any more
lock = threading.Lock()


def refresh(form, _):
    name, number = form["refresh_token"][0].rsplit("-", 1)
    with lock:
        good = expected.setdefault(name, 0) == int(number)
        expected[name] = int(number) + 1 if good else -1
    print("refresh", name, number, "ok" if good else "no", flush=True)
    time.sleep(0.2)
    if not good:
        return {"error": "invalid_grant"}
    return {"access_token": "good-" + "t" * 20, "token_type": "Bearer", "expires_in": int(form["client_id"][0]),
            "refresh_token": f"{name}-{int(number) + 1}"}


def token(form, authorization):
    return (refresh if form["grant_type"][0] == "refresh_token" else give)(form, authorization)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        answer = {"/introspect": introspect, "/token": token}[self.path](form, self.headers.get("Authorization", ""))
        body = json.dumps(answer).encode()
        self.send_response(400 if "error" in answer else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(port, context):
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(sys.argv[3], sys.argv[4])
serve(int(sys.argv[1]), None)
serve(int(sys.argv[2]), tls)
print("listening", flush=True)
sys.stdin.read()
