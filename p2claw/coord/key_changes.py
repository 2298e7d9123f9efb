"""A box that registers with another key than before, and with what proves that it may."""

from __future__ import annotations

from p2claw.coord.join_policy import JoinPolicy
from p2claw.coord.store.base import BoxRecord, KeyChange, Store
from p2claw.coord.store.key_refusals import key_replaced
from p2claw.log import get_log
from p2claw.wire.signalling import Register
from p2claw.wire.signalling.succession import backup_of, steps_to

log = get_log("coordinator")


class KeyChanges:
    """Makes the changes that a registration brings, once it has proved its own key."""

    def __init__(self, store: Store, join_policy: JoinPolicy) -> None:
        self._store = store
        self._join_policy = join_policy

    async def box_of(self, register: Register, now_s: int) -> BoxRecord | None:
        """The box whose key this is, from now on if it was not; None: it is a new one.

        Raises RefusedError: those of `Store.change_key`, and of the join policy.
        """
        record = await self._store.box_of_key(register.public_key)
        if record is None and register.statements:
            record = await self._followed(register, now_s)
        if record is not None and record.public_key != register.public_key:
            raise key_replaced(record.public_key)
        return record

    async def with_backup(self, register: Register, record: BoxRecord, now_s: int) -> BoxRecord:
        """The box with the backup key that its present key has named last.

        Raises RefusedError: those of `Store.set_backup`.
        """
        if not register.statements or record.backup in register.statements:
            return record
        named = backup_of(record.public_key, register.statements)
        before = backup_of(record.public_key, (record.backup,))
        if named is None or (before is not None and before.issued_s > named.issued_s):
            return record
        subject = None if named.subject == named.signer else named.subject
        if subject is None and not record.backup:
            return record
        log.info("backup key named", alias=record.alias, withdrawn=subject is None)
        return await self._store.set_backup(record.public_key, subject, named.pack(), now_s)

    async def _followed(self, register: Register, now_s: int) -> BoxRecord | None:
        changes: list[KeyChange] = []
        for step in steps_to(register.public_key, register.statements):
            changes.insert(0, KeyChange(step.after, tuple(one.pack() for one in step.by)))
            known = await self._store.box_of_key(step.before)
            if known is None:
                continue
            await self._join_policy.check(step.before, known)
            if known.public_key != step.before:
                raise key_replaced(known.public_key)
            record = await self._store.change_key(step.before, changes, now_s)
            log.info("key changed", alias=record.alias, changes=len(record.key_changes))
            return record
        return None
