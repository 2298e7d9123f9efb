"""The page of the bare parent: what this is, who runs it, and where to report abuse.

It loads nothing: one style of its own, no script, no picture of another place.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

from p2claw.edge.headers import NEVER

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6575; --paper: #fbfaf8;
  --card: #fff; --line: #e3e0da; --link: #6d28d9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e3; --soft: #a3a8b4; --paper: #14161b;
  --card: #1d2027; --line: #31353f; --link: #c4a7ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.6;
  font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 40rem; margin: 0 auto; padding: clamp(2rem, 8vw, 5rem) 1.25rem; }
h1 { font-size: clamp(1.6rem, 6vw, 2.2rem); line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.05rem; margin: 0 0 .35rem; }
p { margin: 0 0 .75rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  padding: 1.1rem 1.25rem; margin-top: 1rem; }
section p:last-child { margin-bottom: 0; }
code, pre { font: .92em ui-monospace, monospace; }
pre { margin: 0; padding: .8rem 1rem; background: var(--paper); border: 1px solid var(--line);
  border-radius: .5rem; white-space: pre-wrap; }
pre b { display: inline-block; width: 100%; padding-left: 2ch; text-indent: -2ch;
  font-weight: inherit; }
pre span { white-space: nowrap; }
a { color: var(--link); }
.soft { color: var(--soft); margin-top: 1.5rem; }
"""

_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

FIELDS = {
    "Cache-Control": NEVER,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'"
    "; form-action 'none'; frame-ancestors 'none'",
}

_JOINING = {
    "open": "Any box may join:",
    "invite": "New boxes join by invitation. Ask who runs this server for a code, then:",
    "listed": "Only boxes that are listed join. Ask who runs this server; then:",
}


def landing_page(parent: str, example: str, joining: str, operator: str, contact: str) -> str:
    """The page. example: how the address of an app looks. operator, contact: "" if not set.

    contact: an address of mail, or a URL.
    """
    here = example.replace("<app>-<alias>.", "").rstrip("/")
    # A line that has to break on a phone breaks before the option, and not within it.
    code = " <wbr><span>--invite CODE</span>" if joining == "invite" else ""
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(parent)}</title>
<style>{_STYLE}</style>
<main>
<h1>{escape(parent)}</h1>
<p>Addresses like <code>{escape(example)}</code> are web apps on people’s own machines.
This server introduces a visitor’s browser to such a machine. What the two send each other is
encrypted from one to the other, and goes straight between them wherever their networks allow it:
nobody here can read it or change it.</p>
<section>
<h2>Who runs this server</h2>
{_who(operator, contact)}
</section>
<section>
<h2>An app here does harm</h2>
{_abuse(contact)}
</section>
<section>
<h2>An app of your own</h2>
<p>{_JOINING[joining]}</p>
<pre><b>p2claw join {escape(here)}{code}</b>
<b>p2claw share 3000</b></pre>
</section>
<p class="soft">Made with p2claw, which anybody can run.</p>
</main>
</html>
"""


def _who(operator: str, contact: str) -> str:
    name = escape(operator) or "Its owner has not named anybody."
    reach = f" Write to {_link(contact)}." if contact else ""
    return f"<p>{name}{'.' if operator and not operator.endswith('.') else ''}{reach}</p>"


def _abuse(contact: str) -> str:
    if not contact:
        return (
            "<p>Its owner has named nobody to write to. The operator of the network that this "
            "address belongs to can be found by <code>whois</code>.</p>"
        )
    return (
        f"<p>Write to {_link(contact)}, with the whole address of the app. A box that does harm "
        "can be shut out of this server at once; what is on it, its owner alone can remove.</p>"
    )


def _link(contact: str) -> str:
    href = contact if contact.startswith(("https://", "http://")) else f"mailto:{contact}"
    return f'<a href="{escape(href)}">{escape(contact)}</a>'
