"""Django that insists on https as in production: redirects, HSTS, cookies that are secure."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp
from tests.e2e.table import django_admin
from tests.e2e.table.entry import Entry
from tests.support.browser import Tab

# As Django's deployment checklist has it for a server behind a proxy that ends TLS.
SETTINGS = """
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 3600
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
"""


def make(folder: Path) -> None:
    django_admin.make(folder)
    with (folder / "shop" / "shop" / "settings.py").open("a") as settings:
        settings.write(SETTINGS)


async def use(tab: Tab, app: ForeignApp) -> str:
    outcome = await django_admin.use(tab, app)
    where = await tab.evaluate("() => location.pathname", within="top")
    assert where == "/admin/logout/", where
    return f"over https only: {outcome}"


APP = ForeignApp("djangohttps", django_admin.DJANGO, make, django_admin.command, workdir="shop")
ENTRY = Entry(APP, use, "/admin/")
