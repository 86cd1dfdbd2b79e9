"""Origins in Python. Each answers with the path that it reads: `READ:/members/secret.txt`.

python origins.py SITE: prints the ports as JSON, by name. `wsgi` is for gunicorn.
"""

import functools
import json
import posixpath
import sys
import threading
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlparse


def wsgi(environ, start_response):
    body = b"READ:" + environ["PATH_INFO"].encode("latin-1") + b"\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


class Parsed(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        try:
            path = posixpath.normpath(unquote(urlparse(self.path).path, errors="surrogateescape"))
            body = b"READ:" + path.encode("utf-8", "surrogateescape") + b"\n"
        except ValueError:
            body = b"not a path\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Static(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send_head(self):
        try:
            return super().send_head()
        except ValueError:  # a NUL in a name
            self.send_error(400)
            return None

    def log_message(self, *args):
        pass


def flask_server():
    import logging

    from flask import Flask, request
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = Flask(__name__)

    @app.route("/")
    @app.route("/<path:name>")
    def read(name=""):
        return f"READ:{request.path}\n"

    return make_server("127.0.0.1", 0, app, threaded=True)


def main(site):
    servers = {
        "python http.server": ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Static, directory=site)),
        "python urlparse": ThreadingHTTPServer(("127.0.0.1", 0), Parsed),
        "flask": flask_server(),
    }
    for server in servers.values():
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({name: server.server_address[1] for name, server in servers.items()}), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
