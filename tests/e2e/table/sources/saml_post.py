"""Two servers: the app, and the other site that says who somebody is."""

import base64
import json
import socket
import sys
import threading

from flask import Flask, redirect, request, session
from markupsafe import escape
from werkzeug.serving import make_server

app = Flask("app")
app.secret_key = "of claws"
other = Flask("other")
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    OTHER = f"http://127.0.0.1:{probe.getsockname()[1]}"


@app.get("/", defaults={"path": ""})
@app.get("/<path:path>")
def page(path: str):
    if "name" not in session:
        # The page knows the public address of the app, as its settings would.
        here = json.dumps(request.full_path.rstrip("?"))
        return f"""<!doctype html><title>App</title><a id=sign-in>sign in</a><script>
        const acs = encodeURIComponent(location.origin + "/acs");
        document.querySelector("#sign-in").href =
          "{OTHER}/sso?acs=" + acs + "&relay=" + encodeURIComponent({here});</script>"""
    return f"<p>signed in as {escape(session['name'])}<p>went to {escape(request.full_path)}"


@app.post("/acs")
def acs():
    claims = json.loads(base64.b64decode(request.form["SAMLResponse"]))
    session["name"] = claims["name"]
    return redirect(request.form["RelayState"], code=303)


@other.get("/sso")
def sso():
    fields = "".join(
        f'<input type=hidden name={name} value="{escape(request.args[name])}">'
        for name in ("acs", "relay")
    )
    return f"""<h1>The other site</h1><form method=post action=/in>{fields}
    <input id=name name=name><button id=let-in>in</button></form>"""


@other.post("/in")
def let_in():
    response = base64.b64encode(json.dumps({"name": request.form["name"]}).encode()).decode()
    return f"""<form method=post action="{escape(request.form["acs"])}">
    <input type=hidden name=SAMLResponse value="{response}">
    <input type=hidden name=RelayState value="{escape(request.form["relay"])}"></form>
    <script>document.forms[0].submit()</script>"""


port = int(OTHER.rpartition(":")[2])
aside = make_server("127.0.0.1", port, other, threaded=True)
threading.Thread(target=aside.serve_forever, daemon=True).start()
make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True).serve_forever()
