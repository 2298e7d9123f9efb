"""Django's admin, as startproject makes it: DEBUG, default ALLOWED_HOSTS, CSRF on every form."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run, virtual_env
from tests.e2e.table.entry import Entry, click
from tests.support.browser import Tab

DJANGO = "5.2.19"
OWNER = ("crab", "crab@example.com", "claws-and-all")
MAKE_OWNER = (
    "from django.contrib.auth import get_user_model as m; m().objects.create_superuser{}".format
)


def make(folder: Path) -> None:
    python = str(virtual_env(folder, f"django=={DJANGO}"))
    run(python, "-m", "django", "startproject", "shop", cwd=folder)
    run(python, "manage.py", "migrate", cwd=folder / "shop")
    run(python, "manage.py", "shell", "-c", MAKE_OWNER(OWNER), cwd=folder / "shop")


def command(folder: Path, port: int) -> list[str]:
    python = folder / "venv" / "bin" / "python"
    return [str(python), "manage.py", "runserver", "--noreload", str(port)]


async def use(tab: Tab, app: ForeignApp) -> str:
    """Sign in, add a group, find it in the list, sign out."""
    await tab.wait_for_text("Django administration")
    await tab.type("#id_username", OWNER[0])
    await tab.type("#id_password", OWNER[2], enter=True)
    await tab.wait_for_text("Site administration")
    await click(tab, "a[href='/admin/auth/group/add/']")
    await tab.wait_for("() => document.querySelector('#id_name') !== null")
    name = f"Lobsters {tab.browser.kind} {secrets.token_hex(3)}"  # the database stays
    await tab.type("#id_name", name)
    await click(tab, "input[name=_save]")
    await tab.wait_for_text("was added successfully")
    await tab.wait_for_text("Select group to change")
    assert name in await tab.text()
    await click(tab, "#logout-form button")
    await tab.wait_for_text("Logged out")
    return "signed in, added a group, signed out"


ENTRY = Entry(ForeignApp("django", DJANGO, make, command, workdir="shop"), use, "/admin/")
