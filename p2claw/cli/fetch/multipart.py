"""The body of a form with files (`-F`), streamed: RFC 7578, names as HTML writes them."""

from __future__ import annotations

import asyncio
import mimetypes
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from p2claw.cli.fetch.upload import PIECE_BYTES, FileBody
from p2claw.errors import UsageError


@dataclass(frozen=True, slots=True)
class FormField:
    """One `-F`: a value, or a file under a name and of a type."""

    name: str
    value: bytes | Path
    filename: str = ""
    kind: str = ""


def read_form_field(text: str) -> FormField:
    """`name=value`, `name=@file`, `name=<file`; a file with `;type=` and `;filename=`.

    Raises UsageError `form-invalid`, `file-unreadable`.
    """
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError(
            f"{text!r} is no field of a form",
            code="form-invalid",
            hint="Write name=value, name=@file for an upload, name=<file for its text",
        )
    if not value.startswith(("@", "<")):
        return FormField(name, value.encode())
    place, *more = value[1:].split(";")
    given = dict(item.strip().partition("=")[::2] for item in more)
    if given.keys() - {"type", "filename"}:
        raise UsageError(f"{text!r} has more than type and filename", code="form-invalid")
    path = Path(place)
    if value.startswith("<"):
        body = FileBody(path)
        try:
            return FormField(name, body.read_all(), kind=given.get("type", ""))
        finally:
            body.close()
    usual = mimetypes.guess_type(place)[0] or "application/octet-stream"
    return FormField(name, path, given.get("filename") or path.name, given.get("type") or usual)


class FormBody(FileBody):
    """A form with files, as pieces. Each file is open from the beginning: it is there, or not."""

    def __init__(self, fields: tuple[FormField, ...]) -> None:
        self.boundary = f"p2claw-{secrets.token_hex(16)}"
        self._parts = [
            (self._head(one), FileBody(one.value) if isinstance(one.value, Path) else one.value)
            for one in fields
        ]
        self.on_sent = lambda count: None

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def length(self) -> int | None:
        total = len(self._end)
        for head, content in self._parts:
            size = len(content) if isinstance(content, bytes) else content.length
            if size is None:
                return None
            total += len(head) + size + 2
        return total

    def rewind(self) -> bool:
        files = [content for _, content in self._parts if isinstance(content, FileBody)]
        return all(one.rewind() for one in files)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for head, content in self._parts:
            yield head
            if isinstance(content, bytes):
                for at in range(0, len(content), PIECE_BYTES):
                    yield content[at : at + PIECE_BYTES]
                    await asyncio.sleep(0)
            else:
                async for piece in content:
                    yield piece
                    self.on_sent(len(piece))
            yield b"\r\n"
        yield self._end

    def close(self) -> None:
        for _, content in self._parts:
            if isinstance(content, FileBody):
                content.close()

    @property
    def _end(self) -> bytes:
        return f"--{self.boundary}--\r\n".encode()

    def _head(self, one: FormField) -> bytes:
        lines = [
            f"--{self.boundary}",
            f'content-disposition: form-data; name="{_quoted(one.name)}"'
            + (f'; filename="{_quoted(one.filename)}"' if one.filename else ""),
        ]
        if one.kind:
            lines.append(f"content-type: {_quoted(one.kind)}")
        return "\r\n".join([*lines, "", ""]).encode()


def _quoted(text: str) -> str:
    """HTML, multipart/form-data encoding algorithm."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
