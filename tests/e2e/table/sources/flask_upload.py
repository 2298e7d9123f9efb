"""Takes a file and says what it was."""

import hashlib

from flask import Flask, request

app = Flask(__name__)
PAGE = """<!doctype html><title>Upload</title><h1>Send a file</h1>
<form method=post action=/take?way=form enctype=multipart/form-data>
<input id=file type=file name=file><button id=form>form</button></form>
<button id=fetch>fetch</button><button id=xhr>xhr</button><pre id=out></pre><script>
const out = (text) => { document.querySelector("#out").textContent += text + "\\n"; };
const body = () => {
  const form = new FormData();
  form.append("file", document.querySelector("#file").files[0]);
  return form;
};
document.querySelector("#fetch").onclick = async () =>
  out(await (await fetch("/take?way=fetch", { method: "POST", body: body() })).text());
document.querySelector("#xhr").onclick = () => {
  const xhr = new XMLHttpRequest();
  window.steps = { count: 0 };
  xhr.upload.onprogress = (event) => {
    steps.count += 1;
    steps.first ??= event.loaded;
    steps.last = event.loaded;
  };
  xhr.onload = () => out(xhr.responseText);
  xhr.open("POST", "/take?way=xhr");
  xhr.send(body());
};
</script>"""


@app.get("/")
def page() -> str:
    return PAGE


@app.post("/take")
def take() -> str:
    sha, length = hashlib.sha256(), 0
    while piece := request.files["file"].stream.read(1 << 20):
        sha.update(piece)
        length += len(piece)
    return f"{request.args['way']} {length} {sha.hexdigest()}"
