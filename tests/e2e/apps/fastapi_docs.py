"""FastAPI's own example of self-hosted docs: a service with its Swagger page.

The example is `docs_src/custom_docs_ui/tutorial002.py` of FastAPI's source distribution. It reads
Swagger UI from `static/`, as its page in the documentation says, so that no content delivery
network is needed; the two files come from Swagger UI's own npm package.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run, source_of, unpack, virtual_env

FASTAPI = "0.165.0"
UVICORN = "0.54.0"
SWAGGER_UI = "5.35.0"
STATIC = ("swagger-ui-bundle.js", "swagger-ui.css")


def make(folder: Path) -> None:
    python = virtual_env(folder, f"fastapi=={FASTAPI}", f"uvicorn=={UVICORN}")
    source = source_of(folder, python, f"fastapi=={FASTAPI}")
    run("npm", "pack", f"swagger-ui-dist@{SWAGGER_UI}", cwd=folder)
    unpack(next(folder.glob("*.tgz")), folder / "swagger")
    (folder / "app" / "static").mkdir(parents=True)
    shutil.copy(source / "docs_src/custom_docs_ui/tutorial002.py", folder / "app" / "main.py")
    for name in STATIC:
        shutil.copy(folder / "swagger" / "package" / name, folder / "app" / "static" / name)


def command(folder: Path, port: int) -> list[str]:
    python = folder / "venv" / "bin" / "python"
    return [str(python), "-m", "uvicorn", "main:app", "--port", str(port)]


FASTAPI_DOCS = ForeignApp("swagger", f"{FASTAPI}-{SWAGGER_UI}", make, command, workdir="app")
