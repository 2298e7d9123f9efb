"""Films by nginx: one file of 200 MB that is sought in, and one cut up for HLS and for DASH."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run
from tests.e2e.table.entry import SOURCES, Entry
from tests.e2e.table.nginx_site import ffmpeg, nginx_command
from tests.support.browser import Tab

HLS_JS = "1.7.4"
DASH_JS = "5.2.1"
LENGTH_S = 60
# So many bits that the whole is some 200 MB; the picture is cheap to make.
RATE = str(200 * 8 * 10**6 // LENGTH_S)
PICTURE = ("-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=24:duration={LENGTH_S}")
SOUND = ("-f", "lavfi", "-i", f"sine=frequency=440:duration={LENGTH_S}")
CODED = (
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-pix_fmt",
    "yuv420p",
    "-g",
    "48",
    "-c:a",
    "aac",
)
FILLED = ("-b:v", RATE, "-minrate", RATE, "-maxrate", RATE, "-bufsize", RATE)
FILLED += ("-x264-params", "nal-hrd=cbr:force-cfr=1", "-movflags", "+faststart")
TYPES = """        location ~ \\.m3u8$ { types { application/vnd.apple.mpegurl m3u8; } }
        location ~ \\.mpd$ { types { application/dash+xml mpd; } }
        location ~ \\.m4s$ { types { video/iso.segment m4s; } }"""


def _make_film(folder: Path) -> None:
    (folder / "www").mkdir()
    shutil.copy(SOURCES / "film.html", folder / "www" / "index.html")
    run(*ffmpeg(*PICTURE, *SOUND, *CODED, *FILLED, "www/film.mp4"), cwd=folder)


def _make_streams(folder: Path) -> None:
    www = folder / "www"
    for part in ("hls", "dash"):
        (www / part).mkdir(parents=True)
    both = (*PICTURE, *SOUND, *CODED, "-b:v", "1500k")
    hls = ("-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod")
    run(*ffmpeg(*both, *hls, "hls/film.m3u8"), cwd=www)
    run(*ffmpeg(*both, "-f", "dash", "-seg_duration", "2", "dash/film.mpd"), cwd=www)
    players = (f"hls.js@{HLS_JS}", f"dashjs@{DASH_JS}")
    run("npm", "install", "--no-audit", "--no-fund", *players, cwd=folder)
    modules = folder / "node_modules"
    shutil.copy(modules / "hls.js" / "dist" / "hls.min.js", www)
    shutil.copy(modules / "dashjs" / "dist" / "modern" / "umd" / "dash.all.min.js", www)
    for name in ("hls", "dash"):
        shutil.copy(SOURCES / f"{name}.html", www / f"{name}.html")


async def _play_and_seek(tab: Tab) -> None:
    """It plays; it plays on after a jump near its end, and after one back to the middle."""
    state = "() => JSON.stringify(window.states ?? [])"
    await tab.wait_for("() => document.querySelector('video')?.readyState >= 2", timeout_s=60)
    await tab.evaluate("() => document.querySelector('video').play()")
    for place_s in (0, 0.9 * LENGTH_S, 0.5 * LENGTH_S):
        await tab.evaluate("s => { document.querySelector('video').currentTime = s; }", place_s)
        await tab.wait_for(
            """s => {
              const { currentTime, seeking, error } = document.querySelector('video');
              if (error) throw new Error(error.message);
              return !seeking && currentTime > s + 0.5;
            }""",
            place_s,
            timeout_s=40,
        )
    size = await tab.evaluate("() => document.querySelector('video').videoWidth")
    assert size == 1280, (size, await tab.evaluate(state))


async def use_film(tab: Tab, app: ForeignApp) -> str:
    await _play_and_seek(tab)
    size = (app.folder / "www" / "film.mp4").stat().st_size
    assert size > 150 * 10**6, size
    return f"{size // 10**6} MB, played at its start, at 90 %, at 50 %"


async def use_stream(tab: Tab, app: ForeignApp) -> str:
    await _play_and_seek(tab)
    failed = await tab.evaluate("() => window.failed ?? ''")
    assert not failed, failed
    return "played at its start, at 90 %, at 50 %"


def _serve(folder: Path, port: int) -> list[str]:
    return nginx_command(folder, port, server=TYPES)


_STREAMS = f"{HLS_JS}-{DASH_JS}-1"
ENTRIES = (
    Entry(ForeignApp("film", "1", _make_film, _serve), use_film, limit_s=180),
    Entry(ForeignApp("hls", _STREAMS, _make_streams, _serve), use_stream, "/hls.html", 180),
    Entry(ForeignApp("dash", _STREAMS, _make_streams, _serve), use_stream, "/dash.html", 180),
)
