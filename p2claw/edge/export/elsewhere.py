"""The built bootstrap, changed so that its pages ask a coordinator at another origin.

The build knows one place where a visit is asked for, and one policy of its own. Both are replaced
in the text of the files. A file whose content changes gets another name, as the build would give
it: browsers keep the old one for a year.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

from p2claw.edge.bootstrap import OWN, STATIC, Bootstrap, load_bootstrap
from p2claw.errors import UsageError

_VISIT = b"`/__p2claw/v1/visit?"
_CONNECT = b"connect-src 'self' "
# In the Service Worker: it keeps the files of each version apart.
_VERSION = re.compile(rb'"p2claw-([^"`]*)-[0-9a-f]{12}"')
_HASHED = re.compile(r"(.+)-[0-9a-f]{6,12}(\.[a-z]+)")
_NAME_CHARS = 12


def bootstrap_for(coordinator: str, source: Path | None, target: Path) -> Bootstrap:
    """Write the bootstrap into a folder, for a coordinator at this origin, and load it from there.

    Raises UsageError `bootstrap-missing`, `bootstrap-damaged`.
    """
    source = source or STATIC
    load_bootstrap(source)  # what is wrong with it is said there
    manifest = json.loads((source / "manifest.json").read_bytes())
    own = [manifest[name] for name in OWN]
    built = {name: (source / name).read_bytes() for name in [*own, *manifest["assets"].values()]}
    shell, worker = manifest["shell"], manifest["sw"]
    if _VISIT not in built[shell] or _CONNECT not in built[worker]:
        raise UsageError(
            f"The bootstrap in {source} has no place for the address of a coordinator",
            code="bootstrap-damaged",
            hint="Run `make build`; a bootstrap of another version is exported by that version",
        )
    files, renamed = _led(built, shell, worker, coordinator.encode())
    target.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (target / name).write_bytes(content)
        if content == built.get(name) and (source / f"{name}.br").is_file():
            (target / f"{name}.br").write_bytes((source / f"{name}.br").read_bytes())
        (target / f"{name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    assets = {key: renamed.get(name, name) for key, name in manifest["assets"].items()}
    (target / "manifest.json").write_text(json.dumps({**manifest, "assets": assets}))
    return load_bootstrap(target)


def _led(
    built: dict[str, bytes], shell: str, worker: str, coordinator: bytes
) -> tuple[dict[str, bytes], dict[str, str]]:
    """The changed files by their new names, and which names are others now."""
    renamed: dict[str, str] = {}
    scripts = _script_of(built[shell])
    while True:
        changed = {name: _replaced(text, renamed, coordinator) for name, text in built.items()}
        # The policy that the Service Worker sends admits exactly the script of the shell.
        text = changed[worker].replace(_CONNECT, _CONNECT + coordinator + b" ")
        text = text.replace(_digest(scripts), _digest(_script_of(changed[shell])))
        mark = hashlib.sha256(text).hexdigest()[:_NAME_CHARS].encode()
        changed[worker] = _VERSION.sub(rb'"p2claw-\1-' + mark + b'"', text)
        names = {
            name: _named(name, content)
            for name, content in changed.items()
            if content != built[name] and _HASHED.fullmatch(name)
        }
        if names == renamed:
            return {names.get(name, name): content for name, content in changed.items()}, names
        renamed = names  # whoever names these is changed in the next round


def _replaced(text: bytes, renamed: dict[str, str], coordinator: bytes) -> bytes:
    text = text.replace(_VISIT, b"`" + coordinator + _VISIT[1:])
    for old, new in renamed.items():
        text = text.replace(old.encode(), new.encode())
    return text


def _named(name: str, content: bytes) -> str:
    match = _HASHED.fullmatch(name)
    assert match is not None, "only names with a hash are changed"
    return f"{match[1]}-{hashlib.sha256(content).hexdigest()[:_NAME_CHARS]}{match[2]}"


def _script_of(page: bytes) -> bytes:
    return page.partition(b"<script>")[2].partition(b"</script>")[0]


def _digest(text: bytes) -> bytes:
    return base64.b64encode(hashlib.sha256(text).digest())
