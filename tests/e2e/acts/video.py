"""Watching a video: it plays, and goes on from where the person drags it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.browser import Tab

# Muted, because a browser plays sound only after a click.
PLAY = """async () => {
  const video = document.querySelector("video");
  video.muted = true;
  await video.play();
  return true;
}"""
PLAYING = """at => {
  const video = document.querySelector("video");
  return video.currentTime > at && !video.paused;
}"""
SEEK = """async (share) => {
  const video = document.querySelector("video");
  const began = performance.now();
  const over = new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
  video.currentTime = share * video.duration;
  await over;
  return { ms: performance.now() - began, at: video.currentTime, duration: video.duration };
}"""


@dataclass(frozen=True, slots=True)
class Seek:
    """ms: how long it took. at, duration: seconds of the video."""

    ms: float
    at: float
    duration: float


async def play(tab: Tab) -> None:
    """Play from the beginning until the picture moves."""
    await tab.wait_for("() => document.querySelector('video') !== null")
    await tab.evaluate(PLAY)
    await tab.wait_for(PLAYING, 0.2)


async def seek(tab: Tab, share: float) -> Seek:
    """Go to `share` of the whole and play on from there for a moment."""
    done = Seek(**await tab.evaluate(SEEK, share))
    await tab.wait_for(PLAYING, done.at + 0.2)
    return done
