"""What stands for aioice's module for mDNS: the same names, and the real one when it is used."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import example, given
from hypothesis import strategies as some

from p2claw.link.ice.late_mdns import is_mdns_hostname

HOSTS = some.text(alphabet="ab9Z-._ é²\n", max_size=66).map(lambda label: f"{label}.local")


@given(HOSTS | some.text(max_size=20))
@example("a" * 63 + ".local")
@example("a" * 64 + ".local")
@example("192.0.2.1")
def test_the_same_names_are_of_mdns_as_for_aioice_itself(host: str) -> None:
    from aioice.mdns import create_mdns_hostname
    from aioice.mdns import is_mdns_hostname as of_aioice

    assert is_mdns_hostname(create_mdns_hostname())
    # Theirs also takes a name that a line ends: no candidate has one.
    assert is_mdns_hostname(host) == (of_aioice(host) and not host.endswith("\n"))


def test_the_real_module_is_loaded_when_a_name_is_to_be_resolved_and_not_before() -> None:
    script = (
        "import sys, p2claw.link.peer, aioice.ice\n"
        "assert not aioice.ice.mdns.is_mdns_hostname('192.0.2.1')\n"
        "assert 'dns' not in sys.modules\n"
        "made = aioice.ice.mdns.create_mdns_protocol\n"
        "assert made is sys.modules['aioice.mdns'].create_mdns_protocol\n"
        "assert made.__module__ == 'aioice.mdns' and 'dns' in sys.modules\n"
        "from aioice.mdns import MDnsProtocol\n"
        "assert MDnsProtocol is not object\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
