"""The facts of `p2claw top` as lines for people, cut to the size of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from p2claw.cli.output import bytes_text, duration_text, table_lines

Facts = dict[str, Any]
Row = tuple[object, ...]

_APPS: Row = (
    *("APP", "VISITORS", "IN", "OUT", "THIS MONTH", "VISITS", "DIRECT", "RELAYED", "LIMIT"),
)
_VISITORS: Row = (
    *("VISITOR", "APP", "PATH", "FOR", "RTT", "LOSS", "IN", "OUT"),
    *("RECEIVED", "SENT", "RELAYED", "BY"),
)
# What is left out of a table that is wider than the terminal, the first of these first.
_SPARE_APPS = ("DIRECT", "VISITS", "IN")
_SPARE_VISITORS = ("BY", "RELAYED", "RECEIVED", "LOSS", "IN")
_MONTHS: Row = ("MONTH", "APP", "VISITS", "ALL", "DIRECT IN", "OUT", "RELAYED IN", "OUT")


def top_lines(facts: Facts, *, height: int | None = None, width: int | None = None) -> list[str]:
    """Apps, then visitors; of these so many as fit. height, width: of the terminal; None: all."""
    lines = [_head(facts), ""]
    lines += _fitting([_APPS, *map(_app_row, facts["apps"])], width, _SPARE_APPS)
    shown = facts["visitors"]
    if not shown:
        return [*_cut(lines, height, 2), "", "nobody is visiting"]
    if height is not None:
        lines = _cut(lines, height, len(shown) + 3)
        shown = shown[: max(height - len(lines) - 3, 1)]
    lines += ["", *_fitting([_VISITORS, *map(_visitor_row, shown)], width, _SPARE_VISITORS)]
    if left := len(facts["visitors"]) - len(shown):
        lines.append(f"and {left} more")
    return lines


def month_lines(facts: Facts) -> list[str]:
    """Every month that is kept, the newest first."""
    return [*table_lines([_MONTHS, *_month_rows(facts["usage"])])]


def _fitting(rows: Sequence[Row], width: int | None, spare: Sequence[str]) -> list[str]:
    """The lines of a table, without the spare columns for which there is no room."""
    lines = [*table_lines(rows)]
    for head in spare:
        if width is None or max(map(len, lines)) <= width:
            break
        out = rows[0].index(head)
        rows = [(*row[:out], *row[out + 1 :]) for row in rows]
        lines = [*table_lines(rows)]
    return lines


def _cut(lines: list[str], height: int | None, visitor_lines: int) -> list[str]:
    """Apps take half of a terminal, and what its visitors leave of the other half."""
    most = len(lines) if height is None else max(height // 2, height - visitor_lines, 4)
    left = len(lines) - most + 1
    return lines if left <= 1 else [*lines[: most - 1], f"and {left} more"]


def _head(facts: Facts) -> str:
    visitors = len(facts["visitors"])
    sent = sum(one["out_per_s"] for one in facts["visitors"])
    received = sum(one["in_per_s"] for one in facts["visitors"])
    who = "1 visitor" if visitors == 1 else f"{visitors} visitors"
    return (
        f"{facts['alias'] or 'not registered yet'}  {facts['coordinator']}  {who}  "
        f"in {_rate(received)}  out {_rate(sent)}  "
        f"{facts['month']} ends in {duration_text(facts['ends_s'])}"
    )


def _app_row(app: Facts) -> Row:
    month = app["month"]
    return (
        app["app"],
        app["visitors"],
        _rate(app["in_per_s"]),
        _rate(app["out_per_s"]),
        bytes_text(month["bytes"]),
        month["visits"],
        bytes_text(sum(month["direct"].values())),
        bytes_text(sum(month["relayed"].values())),
        _limit(app),
    )


def _limit(app: Facts) -> str | None:
    most = app["monthly_bytes"]
    if most is None:
        return None
    if app["used_up"]:
        return f"{bytes_text(most)}, used up"
    return f"{bytes_text(most)}, {app['month']['bytes'] / most:.0%}"


def _visitor_row(one: Facts) -> Row:
    return (
        one["id"],
        one["app"],
        one["path"],
        duration_text(one["age_s"]),
        None if one["rtt_ms"] is None else f"{one['rtt_ms']:.0f} ms",
        None if one["loss"] is None else f"{one['loss']:.1%}",
        _rate(one["in_per_s"]),
        _rate(one["out_per_s"]),
        bytes_text(one["bytes_in"]),
        bytes_text(one["bytes_out"]),
        bytes_text(one["relayed_bytes"]),
        one["software"],
    )


def _month_rows(usage: Sequence[Facts]) -> Iterator[Row]:
    for one in usage:
        moved = [one[path][way] for path in ("direct", "relayed") for way in ("in", "out")]
        texts = map(bytes_text, (one["bytes"], *moved))
        yield (one["month"], one["app"], one["visits"], *texts)


def _rate(count: int) -> str:
    return f"{bytes_text(count)}/s"
