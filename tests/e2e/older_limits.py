"""What `--older-browser` leaves out, and why: there the browser itself keeps it from working.

Keys are the ends of tests' names; one without a parameter stands for all of its own.
"""

from __future__ import annotations

STEPS = "no event for a step by script: the entry is the frame's own, until a reload"
OUTSIDE = "no event for a step by script: the browser blocks it, and a page leads on"
FRAMED = "no event for a step of the top: the tab is loaded anew, thrice, and a page shows why"
SAVED = "no event for a form that is sent: the browser sends it, and knows best when to ask"
ENGINE = "it is Chromium, and here it is taken for another engine by what it lacks"

LIMITS = {
    "test_history.py::test_back_to_a_form_brings_back_what_was_typed": STEPS,
    "test_history.py::test_back_after_a_reload_leads_to_the_page_before": STEPS,
    "test_history.py::test_back_over_a_fragment_fires_events_in_the_order_of_browsers": STEPS,
    "test_history.py::test_staying_on_a_page_with_unsaved_work_stays_in_the_address_bar": STEPS,
    "test_isolation.py::test_only_the_pages_that_ask_for_it_are_isolated": STEPS,
    "test_own_urls.py::test_a_script_that_goes_to_the_apps_own_name_stays_in_the_app": OUTSIDE,
    "test_resent_forms.py::test_a_reload_by_the_page_itself_asks_too": SAVED,
    "test_resent_forms.py::test_back_to_the_response_of_a_form_asks_and_going_on_does_not": SAVED,
    "test_resent_forms.py::test_a_form_of_another_site_arrives_and_can_be_sent_again"
    "[chromium-_self]": SAVED,
    "test_sockets.py::test_a_socket_lives_as_the_browsers_own"
    "[chromium-a subprotocol that the app does not know]": ENGINE,
    "test_top.py::test_an_app_that_would_not_be_framed_is_shown": FRAMED,
    "test_top.py::test_an_app_that_hides_itself_in_frames_is_seen": FRAMED,
    "test_worker_sockets.py::test_a_worker_out_of_a_blob_has_a_websocket"
    "[chromium-kept-module]": ENGINE,
    "test_worker_sockets.py::test_a_worker_out_of_a_blob_has_a_websocket"
    "[chromium-revoked-at-once-module]": ENGINE,
}


def limit_of(node: str) -> str | None:
    """Why the test of that name is left out; None: it is not."""
    name = node.removeprefix("tests/e2e/")
    return LIMITS.get(name) or LIMITS.get(name.partition("[")[0])
