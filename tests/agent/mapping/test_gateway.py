"""Which of the devices that reply on a local network are believed to be its router."""

from __future__ import annotations

import pytest

from p2claw.agent.mapping.gateway import leads_to


@pytest.mark.parametrize(
    ("url", "is_believed"),
    [
        ("http://192.168.1.1:5000/rootDesc.xml", True),
        ("http://192.168.1.1/", True),
        ("http://192.168.1.2:5000/rootDesc.xml", False),
        ("http://203.0.113.7/rootDesc.xml", False),
        ("https://192.168.1.1/rootDesc.xml", False),
        ("ftp://192.168.1.1/rootDesc.xml", False),
        ("http://192.168.1.1@203.0.113.7/", False),
        ("http://router.local/rootDesc.xml", False),
        ("http://[fe80::1]/rootDesc.xml", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_a_reply_may_name_its_sender_alone(url: str, is_believed: bool) -> None:
    assert leads_to(url, "192.168.1.1") is is_believed


@pytest.mark.parametrize("sender", ["203.0.113.7", "127.0.0.1", "0.0.0.0", ""])
def test_who_is_not_of_the_local_network_is_no_router(sender: str) -> None:
    assert not leads_to(f"http://{sender}:5000/rootDesc.xml", sender)
