"""Bodies of responses: lengths, codings, charsets, streams, and bodies that break off (RFC 9112 §6, Fetch §5)."""

from __future__ import annotations

import bz2
import gzip
import json
import zlib
from collections.abc import Iterator

from tests.parity.cases import Case, case
from tests.parity.upstream.plays import End, Pause, Play, chunked, closed, head, reply

TEXT = b"The quick brown fox jumps over the lazy dog. " * 40
READS = ("arrayBuffer", "blob", "bytes", "formData", "json", "text")


def coded(coding: str, data: bytes, **more: str) -> Play:
    return reply(200, [("Content-Encoding", coding), *more.items()], data)


def cases() -> Iterator[Case]:
    for name, play in SHAPES.items():
        yield case(f"bodies/shape/{name}", "fetch", play)
        yield case(f"bodies/shape-xhr/{name}", "xhr", play)
        yield case(f"bodies/shape-stream/{name}", "stream", play)
        yield case(f"bodies/shape-frame/{name}", "frame", play, wait=1200)
    for name, play in CODED.items():
        yield case(f"bodies/coding/{name}", "fetch", play)
        yield case(f"bodies/coding-xhr/{name}", "xhr", play)
        yield case(f"bodies/coding-frame/{name}", "frame", play, wait=1200)
    for name, (kind, data) in TYPED.items():
        for read in READS:
            yield case(f"bodies/read/{name}-{read}", "fetch", reply(200, body=data, kind=kind), read=read, brief=True)
        for type in ("", "text", "arraybuffer", "blob", "json", "document"):
            yield case(f"bodies/read-xhr/{name}-{type or 'none'}", "xhr", reply(200, body=data, kind=kind), type=type, brief=True)
        yield case(f"bodies/read-frame/{name}", "frame", reply(200, body=data, kind=kind), whole=True, wait=1200)
    for charset, data in CHARSETS.items():
        for where in ("text", "html", "xml"):
            kind = f"{'application' if where == 'xml' else 'text'}/{'plain' if where == 'text' else where}; charset={charset}"
            body = data if where == "text" else b"<p>" + data + b"</p>"
            yield case(f"bodies/charset/{charset}-{where}", "xhr", reply(200, body=body, kind=kind), brief=True)
            yield case(f"bodies/charset-frame/{charset}-{where}", "frame", reply(200, body=body, kind=kind))
        yield case(f"bodies/charset-mime/{charset}", "xhr", reply(200, body=data), mime=f"text/plain; charset={charset}", brief=True)
    big = bytes(range(256)) * 4000
    for length in (0, 1, 100, 10_000, 65_535, 65_536, 65_537, 1_000_000):
        yield case(f"bodies/size/{length}", "fetch", reply(body=big[:length]), brief=True)
        yield case(f"bodies/size-xhr/{length}", "xhr", reply(body=big[:length]), type="arraybuffer")
        yield case(f"bodies/size-chunked/{length}", "fetch", chunked(*(big[:length][i : i + 9999] for i in range(0, length, 9999))), brief=True)
        for byob in (False, True):
            yield case(f"bodies/size-stream/{length}-{byob}", "stream", reply(body=big[:length]), byob=byob)
    long = (head(200, [("Content-Length", "9000000")]) + b"x" * 100_000, End.HANG)
    for how in ("cancel", "abort"):
        yield case(f"bodies/stop/{how}", "stream", long, stopAfter=50_000, how=how)
    for reason in ("none", "text", "error"):
        yield case(f"bodies/abort/before-{reason}", "abort", reply(), ms=0, reason=reason, phase="before", sees=("count",))
        yield case(f"bodies/abort/waiting-{reason}", "abort", (End.HANG,), ms=60, reason=reason)
        yield case(f"bodies/abort/body-{reason}", "abort", long, ms=60, reason=reason, phase="body")
    yield case("bodies/abort/timeout", "abort", (End.HANG,), ms=60, timeout=True)
    yield case("bodies/abort/timeout-body", "abort", long, ms=300, timeout=True)
    for at in ("sent", "state1", "state2", "state3", "state4", 60):
        slow = (head(200, [("Content-Length", "9")]) + b"abc", Pause(0.05), b"def", Pause(0.2), b"ghi")
        yield case(f"bodies/abort-xhr/{at}", "xhr", slow, abortAt=at)
        yield case(f"bodies/abort-xhr-waiting/{at}", "xhr", (Pause(0.15), *reply(body="x")), abortAt=at)
        yield case(f"bodies/abort-xhr-upload/{at}", "xhr", (Pause(0.15), *reply(body="x")), method="POST", body="text", upload=True, abortAt=at)
    response = (Pause(2.5), *reply(body="x"))  # long after the body has arrived
    for body in ("text", "big1m", "emptyblob"):
        given = {"method": "POST", "body": body, "upload": True}
        yield case(f"bodies/abort-xhr-sent/{body}", "xhr", response, **given, abortAt=1200)
        yield case(f"bodies/timeout-xhr-sent/{body}", "xhr", response, **given, timeout=1200)
    yield case("bodies/timeout-xhr/waiting", "xhr", (End.HANG,), timeout=100)
    yield case("bodies/timeout-xhr/body", "xhr", long, timeout=100)
    yield case("bodies/timeout-xhr/upload", "xhr", (End.HANG,), method="POST", body="text", upload=True, timeout=100)
    for name, value in RANGES.items():
        yield case(f"bodies/range/{name}", "fetch", (head(206, [("Content-Range", value), ("Content-Length", "3")]) + b"abc",),
                   headers=[["Range", "bytes=0-2"]], sees=("fields",))  # fmt: skip
    for method in ("GET", "POST"):
        for type in ("", "arraybuffer", "json"):
            yield case(f"bodies/sync/{method}-{type or 'none'}", "xhrSync", reply(body="{}"), method=method, type=type, sees=("lines",))


PIECES = (b"first ", b"second ", b"third")
SHAPES = {
    "plain": reply(body="whole"), "chunked": chunked(*PIECES), "closed": closed(b"until the end"), "empty": reply(body=""),
    "chunked-empty": chunked(), "closed-empty": closed(b""), "trailer": chunked(*PIECES, last=b"0\r\nX-Trailer: 1\r\n\r\n", fields=[("Trailer", "X-Trailer")]),
    "extension": (head(200, [("Transfer-Encoding", "chunked")]) + b"3;a=b\r\nabc\r\n0;c\r\n\r\n",),
    "upper-hex": (head(200, [("Transfer-Encoding", "chunked")]) + b"A\r\n0123456789\r\n0\r\n\r\n",),
    "zeros": (head(200, [("Transfer-Encoding", "chunked")]) + b"0003\r\nabc\r\n000\r\n\r\n",),
    "chunked-case": (head(200, [("transfer-encoding", "Chunked")]) + b"3\r\nabc\r\n0\r\n\r\n",),
    "short": (head(200, [("Content-Length", "100")]) + b"too short", End.CLOSE), "short-reset": (head(200, [("Content-Length", "100")]) + b"too short", Pause(0.05), End.RESET),
    "none": (head(200, [("Content-Length", "100")]), End.CLOSE), "none-reset": (head(200, [("Content-Length", "100")]), Pause(0.05), End.RESET),
    "long": (head(200, [("Content-Length", "4")]) + b"longer than said", End.CLOSE),
    "chunk-cut": (head(200, [("Transfer-Encoding", "chunked")]) + b"ff\r\nabc", End.CLOSE),
    "chunks-cut": (head(200, [("Transfer-Encoding", "chunked")]) + b"3\r\nabc\r\n", End.CLOSE),
    "chunks-reset": (head(200, [("Transfer-Encoding", "chunked")]) + b"3\r\nabc\r\n", Pause(0.05), End.RESET),
    "chunk-bad": (head(200, [("Transfer-Encoding", "chunked")]) + b"3\r\nabc\r\nxyz\r\n", End.CLOSE),
    "chunk-long": (head(200, [("Transfer-Encoding", "chunked")]) + b"3\r\nabcdef\r\n0\r\n\r\n", End.CLOSE),
    "both": (head(200, [("Content-Length", "2"), ("Transfer-Encoding", "chunked")]) + b"3\r\nabc\r\n0\r\n\r\n", End.CLOSE),
    "unknown-te": (head(200, [("Transfer-Encoding", "odd")]) + b"abc", End.CLOSE),
    "gzip-te": (head(200, [("Transfer-Encoding", "gzip, chunked")]) + b"3\r\nabc\r\n0\r\n\r\n", End.CLOSE),
    "slow": (head(200, [("Content-Length", "9")]) + b"abc", Pause(0.1), b"def", Pause(0.1), b"ghi"),
    "silent-close": (End.CLOSE,), "silent-reset": (End.RESET,), "head-cut": (b"HTTP/1.1 200 OK\r\nX-A: 1\r\n", End.CLOSE),
    "line-cut": (b"HTTP/1.1 20", End.CLOSE), "late": (Pause(0.3), *reply(body="late")),
}  # fmt: skip

GZ = gzip.compress(TEXT, mtime=0)
CODED = {
    "gzip": coded("gzip", GZ), "x-gzip": coded("x-gzip", GZ), "upper": coded("GZIP", GZ), "deflate": coded("deflate", zlib.compress(TEXT)),
    "deflate-raw": coded("deflate", zlib.compress(TEXT, wbits=-15)), "identity": coded("identity", TEXT), "empty-name": coded("", TEXT), "none": coded("none", TEXT),
    "unknown": coded("odd", TEXT), "bz2": coded("bzip2", bz2.compress(TEXT)), "compress": coded("compress", TEXT), "twice": coded("gzip, gzip", gzip.compress(GZ, mtime=0)),
    "two": coded("deflate, gzip", gzip.compress(zlib.compress(TEXT), mtime=0)), "gzip-identity": coded("gzip, identity", GZ), "utf-8": coded("utf-8", TEXT),
    "members": coded("gzip", gzip.compress(TEXT[:700], mtime=0) + gzip.compress(TEXT[700:], mtime=0)), "trailing": coded("gzip", GZ + b"trailing"),
    "trailing-zeros": coded("gzip", GZ + bytes(20)), "empty": coded("gzip", b""), "empty-member": coded("gzip", gzip.compress(b"", mtime=0)),
    "cut": coded("gzip", GZ[: len(GZ) // 2]), "cut-tail": coded("gzip", GZ[:-4]), "bad-sum": coded("gzip", GZ[:-8] + b"\0\0\0\0" + GZ[-4:]),
    "not-gzip": coded("gzip", TEXT), "bad-inside": coded("gzip", GZ[:15] + b"\xff\xff\xff" + GZ[18:]), "deflate-empty": coded("deflate", b""),
    "gzip-chunked": (head(200, [("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")]) + b"%x\r\n" % len(GZ) + GZ + b"\r\n0\r\n\r\n",),
    "gzip-206": (head(206, [("Content-Encoding", "gzip"), ("Content-Range", "bytes 0-9/99"), ("Content-Length", "10")]) + GZ[:10],),
    "gzip-404": reply(404, [("Content-Encoding", "gzip")], GZ), "gzip-html": reply(200, [("Content-Encoding", "gzip")], gzip.compress(b"<p>zipped", mtime=0), kind="text/html"),
    "big": coded("gzip", gzip.compress(bytes(2_000_000), mtime=0)), "two-fields": reply(200, [("Content-Encoding", "gzip"), ("Content-Encoding", "deflate")], zlib.compress(GZ)),
    "brotli-not": coded("br", b"not brotli"), "zstd-not": coded("zstd", b"not zstd"), "brotli": coded("br", bytes.fromhex("0b028068656c6c6f03")),
    "zstd": coded("zstd", bytes.fromhex("28b52ffd0405290000") + b"hello" + bytes.fromhex("a36d9f88")),
    "brotli-html": reply(200, [("Content-Encoding", "br")], bytes.fromhex("0b0280") + b"<p>hi" + b"\x03", kind="text/html"),
}  # fmt: skip

BOUND = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n"
TYPED = {
    "json": ("application/json", json.dumps({"a": [1, "ü", None]}).encode()), "bom-json": ("application/json", b"\xef\xbb\xbf{}"), "bad-json": ("application/json", b"{"),
    "empty": ("application/json", b""), "form": ("application/x-www-form-urlencoded", b"a=1&b=%C3%BC+x"), "multipart": ("multipart/form-data; boundary=b", BOUND),
    "bad-multipart": ("multipart/form-data; boundary=c", BOUND), "xml": ("application/xml", b"<a><b/></a>"), "bad-xml": ("application/xml", b"<a><b></a>"),
    "html": ("text/html", b"<title>t</title><p>x"), "svg": ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"><title>t</title></svg>'),
    "xhtml": ("application/xhtml+xml", b'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body/></html>'),
    "latin": ("text/plain", b"\xe9\xff"), "bom16": ("text/plain", b"\xff\xfea\0"), "nul": ("text/plain", b"a\0b"), "none": (None, b"sniffed <b>x</b>"),
    "css": ("text/css", b"p{}"), "js": ("text/javascript", b"1"), "png": ("image/png", bytes.fromhex("89504e470d0a1a0a")), "unknown": ("x/y", b"x"),
}  # fmt: skip

CHARSETS = {
    "utf-8": "äö€".encode(), "iso-8859-1": "äö".encode("latin-1"), "windows-1252": "ä€".encode("cp1252"), "utf-16le": "äö€".encode("utf-16-le"),
    "utf-16be": "äö€".encode("utf-16-be"), "shift_jis": "日本".encode("shift_jis"), "euc-jp": "日本".encode("euc-jp"), "gbk": "中文".encode("gbk"),
    "big5": "中文".encode("big5"), "euc-kr": "한국".encode("euc-kr"), "koi8-r": "русский".encode("koi8-r"), "windows-1251": "русский".encode("cp1251"),
    "iso-8859-15": "€".encode("iso-8859-15"), "bad-name": "ä".encode(), "utf-7": b"+AOQ-", "x-user-defined": b"\x80\xff", "macintosh": b"\x80",
}  # fmt: skip

RANGES = {"right": "bytes 0-2/9", "unknown-length": "bytes 0-2/*", "other": "bytes 3-5/9", "bad": "x", "whole": "bytes 0-2/3"}
