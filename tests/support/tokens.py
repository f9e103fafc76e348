# SPDX-License-Identifier: MIT
"""A token endpoint whose tokens are known again: tokens.py CERTIFICATES KEY ACCESS REFRESH. Says its port.

/token gives the access token, and each time another refresh token: REFRESH and a number; a refresh token that is not the last one
given, or the first one, is invalid. /echo refuses, and repeats all that it was told in its answer; /page as a page of HTML."""
import http.server
import json
import ssl
import sys
import urllib.parse

given = None
count = 0


class Endpoint(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global given, count
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = dict(urllib.parse.parse_qsl(body))
        told = " ".join([body, str(fields), str(self.headers.get("Authorization"))])
        kind = "application/json"
        if self.path == "/page":
            status, kind, answer = 500, "text/html", "<p>" + told + "</p>"
        elif self.path == "/echo":
            status, answer = 401, json.dumps({"error": "invalid_client", "error_description": told})
        elif given and fields.get("refresh_token") != given:
            status, answer = 400, json.dumps({"error": "invalid_grant", "error_description": "this token is not the last one"})
        else:
            count += 1
            given = sys.argv[4] + str(count)
            status, answer = 200, json.dumps({"access_token": sys.argv[3], "token_type": "Bearer", "expires_in": 600,
                                              "refresh_token": given})
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *words):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Endpoint)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print("port", server.server_port, flush=True)
server.serve_forever()
