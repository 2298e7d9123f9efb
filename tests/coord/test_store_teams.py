"""What every store does with delegations: who may respond for whose names."""

from __future__ import annotations

from p2claw.coord.store.base import Delegation, Store

FOUNDER, MEMBER, OTHER = (bytes([number]) * 32 for number in range(3))
WORDS = bytes(138)
NEWER = b"\1" * 138


async def boxes(store: Store) -> None:
    await store.add_box(FOUNDER, "one", iter(["purplecrab"]), 1)
    await store.add_box(MEMBER, "two", iter(["redfox"]), 1)
    await store.save_apps(MEMBER, ("cat", "dog"), 2)


async def test_a_delegation_is_found_from_both_sides(store: Store) -> None:
    await boxes(store)
    await store.set_team(FOUNDER, {MEMBER: WORDS})
    expected = Delegation(
        *(FOUNDER, MEMBER, WORDS),
        joined=False,
        founder_alias="purplecrab",
        member_alias="two",
        member_apps=frozenset({"cat", "dog"}),
        banned=False,
    )
    assert await store.team_of(FOUNDER) == [expected]
    assert await store.teams_with(MEMBER) == [expected]
    assert await store.team_of(MEMBER) == await store.teams_with(FOUNDER) == []


async def test_a_member_joins_and_leaves(store: Store) -> None:
    await boxes(store)
    await store.set_team(FOUNDER, {MEMBER: WORDS})
    assert await store.join_team(FOUNDER, MEMBER, joined=True)
    assert [one.joined for one in await store.team_of(FOUNDER)] == [True]
    assert await store.join_team(FOUNDER, MEMBER, joined=False)
    assert [one.joined for one in await store.team_of(FOUNDER)] == [False]


async def test_who_was_not_invited_does_not_join(store: Store) -> None:
    await boxes(store)
    assert not await store.join_team(FOUNDER, MEMBER, joined=True)
    assert await store.team_of(FOUNDER) == []


async def test_a_new_delegation_keeps_a_member_joined(store: Store) -> None:
    await boxes(store)
    await store.set_team(FOUNDER, {MEMBER: WORDS})
    await store.join_team(FOUNDER, MEMBER, joined=True)
    await store.set_team(FOUNDER, {MEMBER: NEWER, OTHER: WORDS})
    found = {one.member: (one.statement, one.joined) for one in await store.team_of(FOUNDER)}
    assert found == {MEMBER: (NEWER, True), OTHER: (WORDS, False)}


async def test_who_is_left_out_is_removed_and_has_to_join_again(store: Store) -> None:
    await boxes(store)
    await store.set_team(FOUNDER, {MEMBER: WORDS, OTHER: WORDS})
    await store.join_team(FOUNDER, MEMBER, joined=True)
    await store.set_team(FOUNDER, {OTHER: WORDS})
    await store.set_team(FOUNDER, {MEMBER: WORDS})
    assert [(one.member, one.joined) for one in await store.team_of(FOUNDER)] == [(MEMBER, False)]
    await store.set_team(FOUNDER, {})
    assert await store.team_of(FOUNDER) == []


async def test_the_team_of_a_chosen_alias_names_that_alias(store: Store) -> None:
    await boxes(store)
    await store.claim(FOUNDER, "lobster", 3)
    await store.set_team(FOUNDER, {MEMBER: WORDS})
    assert [one.founder_alias for one in await store.teams_with(MEMBER)] == ["lobster"]


async def test_a_member_that_is_banned_is_marked(store: Store) -> None:
    await boxes(store)
    await store.set_team(FOUNDER, {MEMBER: WORDS})
    await store.ban(MEMBER, "spam", 3)
    assert [one.banned for one in await store.team_of(FOUNDER)] == [True]


async def test_whether_a_box_has_a_team_is_known_by_every_name_of_it(store: Store) -> None:
    await boxes(store)
    found = await store.box_of_key(FOUNDER)
    assert found is not None
    aliases = {found.alias, found.key_alias, (await store.claim(FOUNDER, "lobster", 2)).alias}
    assert {await store.has_team(alias) for alias in aliases} == {False}
    await store.set_team(FOUNDER, {MEMBER: WORDS})
    assert len(aliases) == 3
    assert {await store.has_team(alias) for alias in aliases} == {True}
    assert not await store.has_team("nobody")
