import pytest

from bot.voice.receive.roster import CLIENT_DISCONNECT, CLIENTS_CONNECT, MAX_MAPPED_USERS, SPEAKING, VIDEO, Roster


class Listener:
    def __init__(self) -> None:
        self.told: list[object] = []

    def map_ssrc(self, ssrc: int, user_id: int) -> None:
        self.told.append(("map", ssrc, user_id))

    def unmap_user(self, user_id: int) -> None:
        self.told.append(("unmap", user_id))

    def forget_ssrcs(self) -> None:
        self.told.append("forget")

    def set_members(self, user_ids: frozenset[int]) -> None:
        self.told.append(set(user_ids))


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def roster(listener: Listener) -> Roster:
    return Roster(listener)


def test_op_5_maps_and_op_13_unmaps(roster: Roster, listener: Listener) -> None:
    roster.message(SPEAKING, {"user_id": "7", "ssrc": 100, "speaking": 1})
    roster.message(SPEAKING, {"user_id": "7", "ssrc": 100, "speaking": 0})
    roster.message(CLIENT_DISCONNECT, {"user_id": "7"})
    roster.message(CLIENT_DISCONNECT, {"user_id": "7"})
    assert listener.told == [("map", 100, 7), ("map", 100, 7), ("unmap", 7)]


def test_video_announces_an_audio_ssrc_too(roster: Roster, listener: Listener) -> None:
    roster.message(VIDEO, {"user_id": "7", "audio_ssrc": 100, "video_ssrc": 101})
    roster.message(VIDEO, {"user_id": "7", "audio_ssrc": 0, "video_ssrc": 101})
    assert listener.told == [("map", 100, 7)]


def test_people_are_known_from_either_gateway_and_bots_from_none(roster: Roster, listener: Listener) -> None:
    roster.message(CLIENTS_CONNECT, {"user_ids": ["7", "8", "9"]})
    roster.set_people(frozenset({7}), bots=frozenset({9}))
    roster.set_people(frozenset({7}), bots=frozenset({9}))
    roster.set_people(frozenset({7, 8}), bots=frozenset({9}))
    roster.set_people(frozenset({7}), bots=frozenset({9}))
    assert listener.told == [{7, 8}, {7}]


def test_a_new_session_forgets_every_ssrc(roster: Roster, listener: Listener) -> None:
    roster.message(SPEAKING, {"user_id": "7", "ssrc": 100})
    roster.clear()
    roster.message(CLIENT_DISCONNECT, {"user_id": "7"})
    assert listener.told == [("map", 100, 7), "forget"]


def test_who_begins_to_speak_is_counted_unless_it_is_a_bot(roster: Roster) -> None:
    roster.set_people(frozenset({7}), bots=frozenset({9}))
    for user_id, speaking in [("7", 1), ("7", 0), ("9", 1), ("8", 5)]:
        roster.message(SPEAKING, {"user_id": user_id, "ssrc": 100, "speaking": speaking})
    assert roster.announced == 2


@pytest.mark.parametrize(
    ("op", "data"),
    [
        (SPEAKING, None),
        (SPEAKING, {}),
        (SPEAKING, {"user_id": "x", "ssrc": 1}),
        (SPEAKING, {"user_id": "1", "ssrc": None}),
        (SPEAKING, {"user_id": "1", "ssrc": 1 << 32}),
        (SPEAKING, {"user_id": "1", "ssrc": 0}),
        (SPEAKING, {"user_id": "-1", "ssrc": 5}),
        (SPEAKING, {"user_id": "1", "ssrc": float("inf")}),
        (SPEAKING, [1, 2]),
        (CLIENTS_CONNECT, {"user_ids": 3}),
        (CLIENTS_CONNECT, {"user_ids": [None]}),
        (CLIENT_DISCONNECT, {"user_id": {}}),
        (CLIENT_DISCONNECT, "7"),
    ],
)
def test_what_cannot_be_read_is_counted(roster: Roster, listener: Listener, op: int, data: object) -> None:
    roster.message(op, data)
    assert roster.malformed == 1
    assert listener.told == []


@pytest.mark.parametrize(("op", "data"), [(None, None), ("5", {}), (99, [1]), ([], {}), (15, None)])
def test_what_is_not_ours_is_left_alone(roster: Roster, op: object, data: object) -> None:
    roster.message(op, data)
    assert roster.malformed == 0


def test_the_map_is_bounded(roster: Roster, listener: Listener) -> None:
    for user_id in range(1, 2 * MAX_MAPPED_USERS):
        roster.message(SPEAKING, {"user_id": user_id, "ssrc": user_id})
        roster.message(CLIENTS_CONNECT, {"user_ids": [user_id]})
    assert len(listener.told) == MAX_MAPPED_USERS
    roster.set_people(frozenset())
    present = listener.told[-1]
    assert isinstance(present, set)
    assert len(present) == MAX_MAPPED_USERS
