import pytest

from bot.engine.dialects import COMPATIBLE, DASHSCOPE, OPENAI, OPENROUTER, Dialect, dialect_of, in_own_network

CASES = [
    ("https://api.openai.com/v1", OPENAI),
    ("https://eu.api.openai.com/v1/", OPENAI),
    ("https://openrouter.ai/api/v1", OPENROUTER),
    ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", DASHSCOPE),
    ("http://127.0.0.1:8000/v1", COMPATIBLE),
    ("https://notopenai.com/v1", COMPATIBLE),
]


@pytest.mark.parametrize(("url", "dialect"), CASES)
def test_hosts(url: str, dialect: Dialect):
    assert dialect_of(url) is dialect


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://speaches:8000/v1", True),
        ("http://127.0.0.1:8000/v1", False),
        ("http://localhost:8000/v1", False),
        ("http://[::1]:8000/v1", False),
        ("https://api.openai.com/v1", False),
        ("http://192.168.1.20:11434/v1", True),
        ("http://[fd00::7]:8000/v1", True),
        ("http://models.home.arpa/v1", True),
        ("http://speaches.default.svc:8000/v1", True),
        ("http://speaches.default.svc.cluster.local/v1", True),
        ("http://gpu.tail1234.ts.net/v1", False),
        ("http://[fd12:3456::1]:8000/v1", True),
        ("http://localhost.example.com/v1", False),
        ("http://8.8.8.8/v1", False),
    ],
)
def test_servers_of_the_own_network_are_near(url: str, own: bool):
    assert in_own_network(url) is own
