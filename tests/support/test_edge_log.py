"""The log of what reached a server has every request, whatever came between."""

from __future__ import annotations

from pathlib import Path

from tests.support.edge_log import FILE, PIECES, EdgeLog

POST = b"POST /next HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
GET = b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n"


def _log(folder: Path, *pieces: tuple[int, bytes]) -> EdgeLog:
    (folder / FILE).write_bytes(b"".join(data for _, data in pieces))
    lines = [f"{connection} {len(data)}\n" for connection, data in pieces]
    (folder / PIECES).write_text("".join(lines))
    return EdgeLog(folder)


def test_a_request_right_behind_a_body_is_seen(tmp_path: Path) -> None:
    asked = _log(tmp_path, (1, POST), (1, GET)).asked()
    assert [(one.target, one.body) for one in asked] == [("/next", b"{}"), ("/file", b"")]


def test_a_body_that_came_between_pieces_of_others_is_whole(tmp_path: Path) -> None:
    asked = _log(tmp_path, (1, POST[:-2]), (2, GET), (1, POST[-2:])).asked()
    assert {(one.target, one.body) for one in asked} == {("/next", b"{}"), ("/file", b"")}


def test_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    log = _log(tmp_path, (1, POST))
    log.forget()
    with (tmp_path / FILE).open("ab") as raw, (tmp_path / PIECES).open("a") as pieces:
        raw.write(GET)
        pieces.write(f"1 {len(GET)}\n")
    assert [one.target for one in log.asked()] == ["/file"]
