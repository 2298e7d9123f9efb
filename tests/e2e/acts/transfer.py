"""Large bodies, down and up, from within the app's page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.support.browser import Tab

# Leaves window.<name> = {total, wrong, done, error}; `wrong` is the place of the first byte that is
# not what tests/e2e/probe_app.py gives there.
START_DOWNLOAD = """(name, path) => {
  const state = (window[name] = { total: 0, wrong: -1, done: false, error: "" });
  const numberByte = (at, inside) =>
    inside < 6 ? Math.floor(Math.floor(at / 65536) / 256 ** inside) & 255 : 0;
  const check = (bytes) => {
    for (let i = 0, at = state.total; i < bytes.length; i++, at++) {
      const inside = at & 65535;
      const right = inside < 8 ? numberByte(at, inside) : at & 255;
      if (bytes[i] !== right && state.wrong < 0) state.wrong = at;
    }
    state.total += bytes.length;
  };
  (async () => {
    const reader = (await fetch(path)).body.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      check(value);
    }
    state.done = true;
  })().catch((error) => { state.error = String(error); });
}"""

# With an XMLHttpRequest, because it alone reports how far an upload is.
UPLOAD = """(selector, path) => new Promise((resolve) => {
  const request = new XMLHttpRequest();
  const progress = [];
  request.upload.onprogress = (event) => progress.push(event.loaded);
  request.onloadend = () => resolve({
    status: request.status, text: request.responseText, progress,
  });
  request.open("POST", path);
  request.send(document.querySelector(selector).files[0]);
})"""


@dataclass(frozen=True, slots=True)
class Download:
    """total: bytes read so far. wrong: where the first wrong byte is, or -1."""

    total: int
    wrong: int
    done: bool
    error: str


async def start_download(tab: Tab, path: str, *, name: str = "testDownload") -> None:
    """Begin to read `path`; the page checks every byte while it goes on."""
    await tab.evaluate(START_DOWNLOAD, name, path)


async def download_so_far(tab: Tab, *, name: str = "testDownload") -> Download:
    return Download(**await tab.evaluate("name => window[name]", name))


async def finish_download(
    tab: Tab, *, name: str = "testDownload", timeout_s: float = 100
) -> Download:
    """Wait until the download is over, one way or the other."""
    over = "name => window[name].done || window[name].error"
    await tab.wait_for(over, name, timeout_s=timeout_s)
    return await download_so_far(tab, name=name)


@dataclass(frozen=True, slots=True)
class Upload:
    """text: what the app sent back. progress: the bytes that each progress event named."""

    status: int
    text: str
    progress: list[int]


async def upload(
    tab: Tab, path: str, file: Path, *, chooser: str = "#chosen", timeout_s: float = 100
) -> Upload:
    """Choose `file` in the page and send it to `path`."""
    await tab.upload(chooser, file)
    return Upload(**await tab.evaluate(UPLOAD, chooser, path, timeout_s=timeout_s))
