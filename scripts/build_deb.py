"""Builds a Debian package of the wheel in dist/: `python -m scripts.build_deb`, after `make docs`.

The program and all that it asks for lie in an environment of their own, /usr/lib/p2claw, which uses
Debian's own Python: the package is for the Debian whose Python has the minor version of the wheel.
It has no units: `p2claw service install` writes them (docs/decisions/0042).
Times and owners in it are fixed, so that it is the same bytes each time; no test compares two yet.
DEBFULLNAME and DEBEMAIL name who answers for it.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from email.utils import formatdate
from pathlib import Path

from p2claw import __version__

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "deb"
TREE = WORK / "tree"
HOME = Path("usr/lib/p2claw")
PYTHON = f"python3.{sys.version_info.minor}"
# Also for servers of several nodes, and coding agents: nothing can be added to it later.
EXTRAS = "cluster,mcp"
EPOCH_S = int(os.environ["SOURCE_DATE_EPOCH"])
BUILD_S = 1800
GLIBC = re.compile(rb"\x00GLIBC_2\.(\d+)\x00")
SCRIPT = f"""#!/{HOME}/bin/python3
import sys

from p2claw.cli.main import main

sys.exit(main())
"""
COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/p2claw",
    "zsh": "usr/share/zsh/vendor-completions/_p2claw",
    "fish": "usr/share/fish/vendor_completions.d/p2claw.fish",
}


def main() -> int:
    """Builds it into dist/; returns the exit code."""
    shutil.rmtree(WORK, ignore_errors=True)
    packages = _environment()
    for shell, path in COMPLETIONS.items():
        _write(path, _output(sys.executable, "-m", "p2claw.cli.main", "completion", shell))
    _packed("usr/share/man/man1/p2claw.1.gz", (ROOT / "build/docs/man/p2claw.1").read_text())
    maintainer = "{} <{}>".format(
        os.environ.get("DEBFULLNAME", "p2claw authors"),
        os.environ.get("DEBEMAIL", "p2claw@users.noreply.github.com"),
    )
    _documents(maintainer)
    architecture = _output("dpkg", "--print-architecture").strip()
    _control(maintainer, architecture, packages)
    for path in [TREE, *TREE.rglob("*")]:
        if not path.is_symlink():
            runs = path.is_dir() or path.parent in (TREE / HOME / "bin", TREE / "DEBIAN")
            path.chmod(0o755 if runs and path.name not in ("control", "md5sums") else 0o644)
    package = ROOT / "dist" / f"p2claw_{__version__}_{architecture}.deb"
    whole = WORK / package.name
    _output("dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(TREE), str(whole))
    whole.replace(package)
    print(f"{package.name}: {package.stat().st_size:,} bytes")
    return 0


def _environment() -> Path:
    """The program, its dependencies, and Debian's Python below them; returns where they are."""
    packages = TREE / HOME / "lib" / PYTHON / "site-packages"
    [wheel] = (ROOT / "dist").glob(
        f"p2claw-{__version__}-cp3{sys.version_info.minor}-*manylinux*.whl"
    )
    words = ("install", "--quiet", "--no-compile", "--only-binary=:all:", "--target", str(packages))
    _output(sys.executable, "-m", "pip", *words, f"p2claw[{EXTRAS}] @ {wheel.as_uri()}")
    # Scripts of others, and what names the folder of this build.
    shutil.rmtree(packages / "bin", ignore_errors=True)
    for record in packages.glob("*.dist-info/RECORD"):
        lines = record.read_text().splitlines(keepends=True)
        left_out = ("../../bin/", f"{record.parent.name}/direct_url.json")
        record.write_text("".join(line for line in lines if not line.startswith(left_out)))
        (record.parent / "direct_url.json").unlink(missing_ok=True)
    for library in _libraries(packages):
        _output("strip", "--strip-unneeded", "--remove-section=.comment", str(library))
    _write(HOME / "pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\n")
    _write(HOME / "bin/p2claw", SCRIPT)
    (TREE / HOME / "bin/python3").symlink_to(f"../../../bin/{PYTHON}")
    (TREE / "usr/bin").mkdir()
    (TREE / "usr/bin/p2claw").symlink_to(f"../{HOME.relative_to('usr')}/bin/p2claw")
    return packages


def _documents(maintainer: str) -> None:
    folder = "usr/share/doc/p2claw"
    dated = formatdate(EPOCH_S)
    entry = f"p2claw ({__version__}) stable; urgency=medium\n\n  * See CHANGELOG.md.\n"
    _packed(f"{folder}/changelog.gz", f"{entry}\n -- {maintainer}  {dated}\n")
    _packed(f"{folder}/CHANGELOG.md.gz", (ROOT / "CHANGELOG.md").read_text())
    _write(f"{folder}/README.md", (ROOT / "README.md").read_text())
    _write(f"{folder}/copyright", (ROOT / "contrib/debian/copyright").read_text())
    overrides = (ROOT / "contrib/debian/lintian-overrides").read_text()
    _write("usr/share/lintian/overrides/p2claw", overrides)


def _control(maintainer: str, architecture: str, packages: Path) -> None:
    size_kb = sum(file.lstat().st_size for file in TREE.rglob("*")) // 1024
    needs = {
        "MAINTAINER": maintainer,
        "VERSION": __version__,
        "ARCHITECTURE": architecture,
        "PYTHON": PYTHON,
        "GLIBC": f"2.{max(map(_glibc, _libraries(packages)))}",
        "SIZE": str(size_kb),
    }
    for name in ("control", "postinst", "prerm", "postrm"):
        text = (ROOT / "contrib/debian" / name).read_text()
        _write(f"DEBIAN/{name}", re.sub(r"@(\w+)@", lambda found: needs[found[1]], text))
    files = sorted(path for path in (TREE / "usr").rglob("*") if path.is_file())
    files = [path for path in files if not path.is_symlink()]
    sums = _output("md5sum", *(str(path.relative_to(TREE)) for path in files), cwd=TREE)
    _write("DEBIAN/md5sums", sums)


def _libraries(packages: Path) -> list[Path]:
    return [path for path in packages.rglob("*.so*") if path.read_bytes().startswith(b"\x7fELF")]


def _glibc(library: Path) -> int:
    """The minor version of the glibc 2 that this library asks for."""
    return max((int(found) for found in GLIBC.findall(library.read_bytes())), default=17)


def _packed(path: str, text: str) -> None:
    target = TREE / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _write(path: str | Path, text: str) -> None:
    target = TREE / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def _output(*words: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        words, cwd=cwd, capture_output=True, text=True, check=False, timeout=BUILD_S
    )
    if done.returncode:
        raise SystemExit(
            f"{' '.join(words)[:200]}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
