"""The film: a crab walks along a shore while a clock counts, so that every jump can be seen.

VP9 in WebM, which both Chromium and Firefox play in builds without patented codecs; a keyframe
every second and an index in front, so that a jump asks for little more than what it shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.filter

from scripts.sample_media.sprites import CRAB, FONT, Canvas

WIDTH, HEIGHT = 640, 360
FRAMES_PER_S = 24
SECONDS = 20
BITS_PER_S = 600_000

# An animated sky of four colours, drawn by FFmpeg's own `gradients` source.
SKY = (
    f"size={WIDTH}x{HEIGHT}:rate={FRAMES_PER_S}:duration={SECONDS}:seed=7:speed=0.012:nb_colors=4"
    ":c0=0x14304f:c1=0xc8452c:c2=0x0f7c8a:c3=0xf2b263"
)

# Y, Cb, Cr (ITU-R BT.601, limited range).
INK = (28, 130, 126)
SAND = (196, 104, 140)
FOAM = (228, 126, 128)
SHELL = (108, 92, 192)
SHORE_Y = 284
BAR_Y = 344


def make_film(path: Path) -> None:
    """Encode the film to path; about two seconds of one core for each MB."""
    options = {"cues_to_front": "1", "reserve_index_space": "4096"}
    with av.open(str(path), "w", format="webm", options=options) as container:
        stream = container.add_stream("libvpx-vp9", rate=FRAMES_PER_S)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = BITS_PER_S
        stream.gop_size = FRAMES_PER_S
        stream.options = {"deadline": "realtime", "cpu-used": "8", "row-mt": "1"}
        for frame in _frames():
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def make_poster(path: Path) -> None:
    """The frame at five seconds, as a JPEG."""
    frame = next(frame for frame in _frames() if frame.pts == 5 * FRAMES_PER_S)
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _frames() -> Iterator[av.VideoFrame]:
    for number, sky in enumerate(_sky()):
        canvas = Canvas(WIDTH, HEIGHT, [bytearray(plane) for plane in sky.planes])
        _draw(canvas, number)
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane, content in zip(frame.planes, canvas.planes, strict=True):
            plane.update(bytes(content))
        frame.pts = number
        frame.time_base = Fraction(1, FRAMES_PER_S)
        yield frame


def _sky() -> Iterator[av.VideoFrame]:
    graph = av.filter.Graph()
    source = graph.add("gradients", SKY)
    pixels = graph.add("format", "pix_fmts=yuv420p")
    sink = graph.add("buffersink")
    source.link_to(pixels)
    pixels.link_to(sink)
    graph.configure()
    for _ in range(FRAMES_PER_S * SECONDS):
        frame = graph.pull()
        assert isinstance(frame, av.VideoFrame)
        yield frame


def _draw(canvas: Canvas, number: int) -> None:
    moment = number / FRAMES_PER_S
    canvas.fill(0, SHORE_Y, WIDTH, HEIGHT - SHORE_Y, SAND)
    for wave in range(0, WIDTH, 80):
        canvas.fill((wave + 2 * number) % WIDTH, SHORE_Y + 6 * (wave // 80 % 2), 48, 4, FOAM)

    text = f"{int(moment):02d}.{number % FRAMES_PER_S * 100 // FRAMES_PER_S:02d}"
    scale = 12
    left = (WIDTH - canvas.width_of(text, scale, FONT)) // 2 & ~1
    canvas.text(text, left + 6, 86, scale, FONT, INK)
    canvas.text(text, left, 80, scale, FONT, FOAM)

    # It walks the whole way once; a step is a pixel of the sprite up and down.
    x = int((WIDTH - 96) * moment / SECONDS) & ~1
    step = 6 if number // 6 % 2 else 0
    canvas.sprite(CRAB, x, SHORE_Y - 48 + step, 6, {"#": SHELL, "o": FOAM})

    canvas.fill(20, BAR_Y, 600, 6, INK)
    canvas.fill(20, BAR_Y, int(600 * moment / SECONDS) & ~1, 6, SHELL)
