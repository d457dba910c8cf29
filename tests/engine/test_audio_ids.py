import pytest

from bot.engine.audio_ids import MAX_REMEMBERED_IDS, AudioIds


@pytest.mark.parametrize(
    ("wanted", "trusted", "events", "usable"),
    [
        (True, False, "", True),
        (False, False, "", False),
        (True, False, "gr", True),
        (True, False, "grgr", False),
        (True, False, "grgar", True),
        (True, False, "rrr", True),
        (True, True, "grgrgr", True),
    ],
)
def test_usable_until_the_server_refuses_what_it_gave(wanted: bool, trusted: bool, events: str, usable: bool):
    """g: an id is given, r: refused (the last one given, else a strange one), a: a request with ids worked."""
    ids = AudioIds(wanted=wanted, trusted=trusted)
    for at, event in enumerate(events):
        match event:
            case "g":
                ids.given(f"audio_{at}")
            case "r":
                ids.refused([f"audio_{at - 1}"])
                assert f"audio_{at - 1}" in ids
            case _:
                ids.accepted()
    assert ids.usable is usable


def test_memory_is_bounded():
    ids = AudioIds(wanted=True)
    ids.refused(f"audio_{number}" for number in range(MAX_REMEMBERED_IDS + 1))
    assert "audio_0" not in ids
    assert f"audio_{MAX_REMEMBERED_IDS}" in ids
