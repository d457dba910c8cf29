"""What those commands answer that do the same in a call and outside one."""

from typing import Any, TypeAlias

Use: TypeAlias = tuple[str, dict[str, Any], str]
"""A command, its options, and words of its answer."""

ALIKE: list[Use] = [
    ("settings show", {}, "Voice"),
    ("settings voice", {"name": "sage"}, "sage"),
    ("settings persona", {"text": "teacher"}, "teacher"),
    ("settings language", {"language": "ja"}, "日本語"),
    ("settings answering", {"mode": "name"}, "name"),
    ("settings silence", {"seconds": 0.8}, "0.8 s"),
    ("settings transcript", {"place": "chat"}, "chat"),
    ("settings budget", {"server": 5.0}, "$5.00"),
    ("settings retention", {"days": 7}, "7"),
    ("settings minutes", {"when": "ask"}, "ask"),
    ("settings reset", {}, "Restored"),
    ("privacy consent", {}, "I can hear you now"),
    ("privacy withdraw", {}, "no longer hear you"),
    ("privacy export", {}, "Everything I store about you"),
    ("voice mine", {"name": "off"}, "read"),
    ("tools", {}, "Tools"),
    ("privacy forget", {}, "can't be undone"),
]
