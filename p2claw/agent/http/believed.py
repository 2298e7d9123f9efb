"""Which fields apps believe because proxies set them: from a visitor they would be forged.

Rules, not a list of names: gateways spell them in many ways, and those like CGI make one variable
of `x-real-ip`, `X_Real_IP` and, some of them, `x.real.ip`.
"""

from __future__ import annotations

import re

# Without their separators. `proxy` becomes HTTP_PROXY, by which CGI programs send their own
# requests to whom the visitor names (CVE-2016-5385).
_RULE = re.compile(
    r"xforwarded.*|forwarded(?:|by|for|host|port|proto|scheme|server|ssl|user|email)"
    r"|proxy.*|http2.*|xp2claw.*"
    # Where a visitor comes from, whatever stands before it: X-, True-, CF-, Fastly-, X-Cluster-.
    r"|.*(?:client|real|connecting|originating|remote)ip(?:v6|addr|address)?|.*remoteaddr(?:ess)?"
    # What was asked for before a proxy changed it.
    r"|x?(?:original|rewrite)(?:url|uri|host|path|method)"
    # Who a visitor is, as a proxy has found out.
    r"|x?(?:remote|webauth|authrequest)(?:user|name|email|groups?).*|x?sslclient.*|x?clientcert.*"
)
_SEPARATORS = re.compile(r"[-_.]")


def is_set_by_proxies(name: str) -> bool:
    """Whether a visitor may not send a field of this name, in any case and with any separators."""
    return _RULE.fullmatch(_SEPARATORS.sub("", name.lower())) is not None
