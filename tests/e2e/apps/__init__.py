"""Apps that others wrote, made from their registries as they are, served by their own servers."""

from tests.e2e.apps.fastapi_docs import FASTAPI_DOCS
from tests.e2e.apps.mkdocs_site import MKDOCS_SITE
from tests.e2e.apps.react_app import REACT_APP
from tests.e2e.apps.webdav import WEBDAV

ALL = (REACT_APP, MKDOCS_SITE, FASTAPI_DOCS, WEBDAV)

__all__ = ["ALL", "FASTAPI_DOCS", "MKDOCS_SITE", "REACT_APP", "WEBDAV"]
