"""The film and the pictures of the sample app, as they are in the repository."""

from __future__ import annotations

import av

from p2claw.demo_app.server import MEDIA_DIR, MEDIA_FILES

# WebM element ids: the index (Cues) and the first run of frames (Cluster).
CUES, CLUSTER = b"\x1c\x53\xbb\x6b", b"\x1f\x43\xb6\x75"


def test_all_media_together_are_small() -> None:
    assert sum((MEDIA_DIR / name).stat().st_size for name in MEDIA_FILES) < 2_000_000


def test_the_film_is_twenty_seconds_of_vp9() -> None:
    with av.open(str(MEDIA_DIR / "film.webm")) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("vp9", 640, 360)
        assert film.duration == 20_000_000


def test_the_index_of_the_film_stands_in_front_of_its_frames() -> None:
    film = (MEDIA_DIR / "film.webm").read_bytes()
    assert 0 < film.find(CUES) < film.find(CLUSTER)


def test_a_jump_lands_on_a_keyframe_of_that_second() -> None:
    with av.open(str(MEDIA_DIR / "film.webm")) as film:
        film.seek(13_000_000)
        frame = next(film.decode(video=0))
        assert (frame.time, frame.key_frame) == (13.0, True)


def test_the_pictures_are_whole() -> None:
    for name in ("dusk.png", "reef.png"):
        with av.open(str(MEDIA_DIR / name)) as picture:
            frame = next(picture.decode(video=0))
            assert (frame.width, frame.height) == (960, 600)
