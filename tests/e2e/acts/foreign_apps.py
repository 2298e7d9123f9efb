"""Using each of the foreign apps for what it is for; each function leaves the tab on its result."""

from __future__ import annotations

from tests.support.browser import Tab

IMAGES = """() => {
  const images = [...document.images];
  return images.length && images.every((image) => image.complete && image.naturalWidth > 0)
    ? images.length : 0;
}"""


async def count_in_react(tab: Tab) -> tuple[int, str]:
    """Click the counter three times. Returns how many images are shown, and the counter's text."""
    images = await tab.wait_for(IMAGES)
    for _ in range(3):
        await tab.click("button")
    text = "() => document.querySelector('button').innerText"
    await tab.wait_for("() => document.querySelector('button').innerText.includes('3')")
    return images, await tab.evaluate(text)


async def search_in_docs(tab: Tab) -> list[str]:
    """Search for a word. Returns the titles of what was found."""
    await tab.wait_for("() => document.querySelector('input[name=q]') !== null")
    await tab.type("input[name=q]", "footnotes", enter=True)
    hits: list[str] = await tab.wait_for(
        """() => {
            const found = document.querySelectorAll("#mkdocs-search-results article h3");
            return found.length ? [...found].map((title) => title.innerText) : null;
        }"""
    )
    return hits


async def follow_first_hit(tab: Tab) -> str:
    """Click what was found first. Returns the heading of the page that it leads to."""
    await tab.click("#mkdocs-search-results article h3 a")
    heading = (
        "() => !location.pathname.includes('search') && document.querySelector('h1')?.innerText"
    )
    return str(await tab.wait_for(heading))


async def try_out_in_swagger(tab: Tab) -> tuple[int, str]:
    """Try out GET /users/{username}. Returns the status and the body that the page shows."""
    await _click_when_there(tab, ".opblock-summary-control")
    await _click_when_there(tab, ".try-out__btn")
    await _click_when_there(tab, "input[placeholder=username]:enabled")
    await tab.type("input[placeholder=username]", "crab")
    await tab.click("button.execute")
    row = ".live-responses-table tbody"
    text = "selector => document.querySelector(selector)?.innerText"
    status = await tab.wait_for(text, f"{row} .response-col_status")
    body = await tab.wait_for(text, f"{row} .response-col_description pre")
    await tab.evaluate("row => document.querySelector(row).scrollIntoView({ block: 'end' })", row)
    return int(status.split()[0]), body


async def _click_when_there(tab: Tab, selector: str) -> None:
    await tab.wait_for("selector => document.querySelector(selector) !== null", selector)
    await tab.click(selector)
