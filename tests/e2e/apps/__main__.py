"""Makes every foreign app that is not there yet, and prints where each one is."""

from tests.e2e.apps import ALL

for app in ALL:
    print(app.prepare())
