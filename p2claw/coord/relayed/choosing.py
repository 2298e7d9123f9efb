"""Opens what is known of relayed bytes: where it is learnt from, and the ledger that keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from p2claw.config import ServerConfig
from p2claw.config.addresses import parse_listen
from p2claw.coord.relayed.ledger import Ledger
from p2claw.coord.relayed.relay_file import FILE_NAME, FileLedger, RelayFile
from p2claw.coord.relayed.relay_log import RelayLog
from p2claw.coord.store.base import Store
from p2claw.coord.store.remembering import RememberingStore

if TYPE_CHECKING:
    from p2claw.coord.relayed.relay_statistics import RelayStatistics


def relay_accounts(
    config: ServerConfig, store: Store
) -> tuple[RelayLog | RelayStatistics | None, Ledger | None]:
    """Nothing if nothing is counted. store: of several nodes, it has their ledger, too.

    Raises UsageError `relayed-unusable`.
    """
    if config.turn_log is None and not config.turn_redis.kind:
        return None, None
    ledger = _ledger(config, store)
    if config.turn_log is not None:
        return RelayLog(config.turn_log, ledger), ledger
    # Only here: what needs no Redis loads nothing of it.
    from p2claw.coord.relayed.relay_statistics import RelayStatistics

    return RelayStatistics(config.turn_redis, ledger), ledger


def relay_clis(config: ServerConfig) -> tuple[tuple[str, int, str], ...]:
    """Host, port and password of each command line."""
    password = config.turn_cli_password
    return tuple((*parse_listen(one.cli), password) for one in config.relays if one.cli)


def _ledger(config: ServerConfig, store: Store) -> Ledger:
    behind = store.behind if isinstance(store, RememberingStore) else store
    if not config.store.postgresql:
        return FileLedger(RelayFile(config.data_dir / FILE_NAME))
    from p2claw.coord.relayed.postgresql_ledger import PostgresqlLedger
    from p2claw.coord.store.postgresql.store import PostgresqlStore

    assert isinstance(behind, PostgresqlStore), "--store names PostgreSQL"
    return PostgresqlLedger(behind)
