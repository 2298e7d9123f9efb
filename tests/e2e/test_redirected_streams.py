"""A stream cannot follow a redirect; what else the page sends meanwhile is sent once."""

from __future__ import annotations

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import canned_site
from tests.support.browser import Browser
from tests.support.upstreams import OK, UpstreamRequest

ROUNDS = 6
STREAM = 3  # which of a round's

SEND = """async (rounds, stream) => {
  const streams = !new Request("/", {
    method: "POST", body: new ReadableStream(), duplex: "half",
  }).headers.has("content-type");
  const fates = {};
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all([0, 1, 2, 3, 4, 5].map(async (at) => {
      const body = at === stream && streams ? new Blob(["a"]).stream() : `text ${at}`;
      const init = { method: "POST", body, duplex: "half" };
      const fate = await fetch(`/from?${round}.${at}`, init).then((found) => found.text(), String);
      (fates[at === stream ? "stream" : "text"] ??= []).push(fate);
    }));
  }
  return [streams, fates];
}"""


def _redirect(request: UpstreamRequest) -> bytes:
    query = request.target.partition("?")[2]
    line = "HTTP/1.1 308 Permanent Redirect"
    return f"{line}\r\nlocation: /to?{query}\r\ncontent-length: 0\r\n\r\n".encode()


async def test_a_stream_that_is_redirected_fails_alone(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    responses = {"/from": _redirect, "/to": OK + b"content-length: 4\r\n\r\ntext"}
    async with canned_site(shared_stack, fresh_name, responses) as site:
        tab = (await visit(browser, f"{site.url}/", "A plain page")).tab
        streams, fates = await tab.evaluate(SEND, ROUNDS, STREAM)
        arrived = [request.target for request in site.app.asked_for("/to")]
    assert fates["text"] == ["text"] * 5 * ROUNDS
    assert all(("TypeError" in fate) == streams for fate in fates["stream"])
    assert len(set(arrived)) == len(arrived) == (5 if streams else 6) * ROUNDS
