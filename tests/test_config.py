from pathlib import Path

import pytest

from bot import config
from bot.engine.dialects import COMPATIBLE, DASHSCOPE, OPENAI
from bot.engine.roles import RoleName, roles_of
from bot.errors import ConfigError
from sandbox.model.dialect import STAND_IN_SETTINGS


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in config.Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name.upper() + "_FILE", raising=False)


def faults(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        config.load()
    return caught.value.faults


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(monkeypatch) == ["DISCORD_TOKEN is missing", "OPENAI_API_KEY is missing"]


def test_all_faults_come_at_once_and_without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    found = faults(
        monkeypatch,
        DISCORD_TOKEN="  ",
        OPENAI_API_KEY_FILE="/nowhere/canary-path",
        CONSENT="canary-consent",
        HTTP_PORT="99999",
        BUDGET_SERVER_DAY="canary-money",
        DISCORD_API_BASE="canary-base",
    )
    assert [fault.split(":")[0] for fault in found] == [
        "DISCORD_TOKEN",
        "DISCORD_API_BASE",
        "OPENAI_API_KEY",
        "CONSENT",
        "BUDGET_SERVER_DAY",
        "HTTP_PORT",
    ]
    assert "canary" not in " ".join(found)
    assert "99999" not in " ".join(found)


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_secret_comes_from_a_file(where: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-from-file\n")
    monkeypatch.setenv("DISCORD_TOKEN", "token")
    if where == "environment":
        monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
    else:
        (tmp_path / ".env").write_text(f"OPENAI_API_KEY=\nOPENAI_API_KEY_FILE={tmp_path / 'key'}\n")
    settings = config.load(tmp_path / ".env")
    assert settings.openai_api_key.get_secret_value() == "sk-from-file"
    assert "sk-from-file" not in repr(settings)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "DATABASE_URL"])
def test_a_setting_beside_its_file_is_an_error_that_names_both(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "canary").write_text("sk-from-file")
    monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("VAD", "psychic")
    (tmp_path / ".env").write_text(f"DISCORD_TOKEN=token\n{name}_FILE={tmp_path / 'canary'}\n")
    with pytest.raises(ConfigError) as found:
        config.load(tmp_path / ".env")
    assert f"{name}: is set, and {name}_FILE as well: remove one of the two" in found.value.faults
    assert {fault.split(":")[0] for fault in found.value.faults} >= {name, "VAD"}
    assert "canary" not in str(found.value)
    assert config.load(tmp_path / ".env", needs=("discord_token",)).discord_token.get_secret_value() == "token"


def test_an_empty_setting_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"DISCORD_TOKEN": "t", "OPENAI_API_KEY": "k", "HTTP_PORT": "", "LANGUAGE": ""}.items():
        monkeypatch.setenv(name, value)
    settings = config.load()
    assert settings.http_port is None
    assert settings.language is None


def test_the_address_is_used_as_given(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"DISCORD_TOKEN": "t", "OPENAI_API_KEY": "k", "DISCORD_API_BASE": "http://127.0.0.1:9/x/api/v10/"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert config.load().discord_api_base == "http://127.0.0.1:9/x/api/v10"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DISCORD_TOKEN=\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(tmp_path / ".env")


def test_a_folder_in_the_file_s_place_is_no_file(tmp_path: Path) -> None:
    """What some container engines make of a file that is not there."""
    (tmp_path / ".env").mkdir()
    with pytest.raises(ConfigError, match="DISCORD_TOKEN is missing"):
        config.load(tmp_path / ".env")


REAL_FORM = "MTE1NzQxNzI0NzQzNTI4NjE3NA.GhXyZa.abcdefghijklmnopqrstuvwxyz0123456789AB"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DISCORD_TOKEN", f'"{REAL_FORM}"', "in quotes"),
        ("DISCORD_TOKEN", f"“{REAL_FORM}”", "in quotes"),
        ("DISCORD_TOKEN", f"Bot {REAL_FORM}", "begins with “Bot”"),
        ("DISCORD_TOKEN", f"{REAL_FORM[:30]} {REAL_FORM[30:]}", "space"),
        ("DISCORD_TOKEN", f"{REAL_FORM[:30]}\n{REAL_FORM[30:]}", "no token"),
        ("DISCORD_TOKEN", REAL_FORM.replace("X", "\u0425"), "no token"),
        ("DISCORD_TOKEN", "Zq3-canary_kAbcdefghijklmnopqrst", "client secret"),
        ("DISCORD_TOKEN", "115741724743528617", "is an ID"),
        ("DISCORD_TOKEN", "0af1" * 16, "public key"),
        ("DISCORD_TOKEN", "sk-proj-abcdefghijklmnopqrstuvwxyz", "an API key"),
        ("OPENAI_API_KEY", "'sk-proj-abcdefghijklmnop'", "in quotes"),
        ("OPENAI_API_KEY", "Bearer sk-proj-abcdefghijklmnop", "begins with “Bearer”"),
        ("OPENAI_API_KEY", "sk-proj-abc defghijklmnop", "space"),
        ("OPENAI_API_KEY", REAL_FORM, "Discord bot's token"),
        ("DISCORD_TOKEN", f"DISCORD_TOKEN={REAL_FORM}", "setting's name"),
        ("DISCORD_TOKEN", f"export DISCORD_TOKEN={REAL_FORM}", "setting's name"),
        ("DISCORD_TOKEN", f"「{REAL_FORM}」", "in quotes"),
        ("DISCORD_TOKEN", f"<{REAL_FORM}>", "in brackets"),
        ("DISCORD_TOKEN", f"{REAL_FORM};", "semicolon"),
        ("DISCORD_TOKEN", f"Bot{REAL_FORM}", "begins with “Bot”"),
        ("DISCORD_TOKEN", REAL_FORM.rpartition(".")[0], "cut short"),
        ("DISCORD_TOKEN", REAL_FORM[:50], "cut short"),
        ("DISCORD_TOKEN", REAL_FORM * 2, "three parts"),
        ("DISCORD_TOKEN", "mfa.abcdefghijklmnopqrstuvwxyz0123456789", "person's token"),
        ("DISCORD_TOKEN", "https://discord.com/api/webhooks/115741724743528617/x", "web address"),
        ("DISCORD_TOKEN", "/run/secrets/discord_token", "_FILE"),
        ("DISCORD_TOKEN", "your-bot-token-here", "placeholder"),
        ("DISCORD_TOKEN", "".join(chr(ord(letter) + 0xFEE0) for letter in REAL_FORM), "no token"),
        ("OPENAI_API_KEY", "sk-proj-************************abcd", "cut short"),
        ("OPENAI_API_KEY", "OPENAI_API_KEY=sk-proj-abcdefghijklmnop", "setting's name"),
        ("TRANSCRIBE_API_KEY", "Bearer sk-proj-abcdefghijklmnop", "begins with “Bearer”"),
        ("TRANSCRIBE_API_KEY", REAL_FORM, "Discord bot's token"),
        ("OPENAI_API_KEY", "org-AbCdEfGhIjKlMnOpQrStUvWx", "organization's ID"),
        ("OPENAI_API_KEY", "proj_AbCdEfGhIjKlMnOpQrStUvWx", "project's ID"),
        ("OPENAI_API_KEY", "Zq3-canary_kAbcdefghijklmnopqrst", "client secret"),
        ("OPENAI_API_KEY", "ek_68af296e8e408191a1120ab6383263c2", "short-lived client secret"),
        ("OPENAI_API_KEY", "115741724743528617", "a Discord ID"),
        ("OPENAI_API_KEY", "0af1" * 16, "public key"),
        ("OPENAI_API_KEY", "sk-admin-abcdefghijklmnopqrstuvwxyz", "admin key"),
        ("OPENAI_API_KEY", "sk-or-v1-abcdefghijklmnopqrstuvwxyz", "_BASE_URL"),
        ("OPENAI_API_KEY", "your-api-key-here", "placeholder"),
        ("TEXT_API_KEY", "org-AbCdEfGhIjKlMnOpQrStUvWx", "organization's ID"),
        ("SPEECH_API_KEY", "gsk_abcdefghijklmnopqrstuvwxyz", "_BASE_URL"),
    ],
)
def test_a_secret_that_was_typed_wrong_is_recognised(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = {"DISCORD_TOKEN": REAL_FORM, "OPENAI_API_KEY": "sk-right", "VAD": "psychic"}
    found = faults(monkeypatch, **right | {name: value})
    assert [fault.split(":")[0] for fault in found] == [name, "VAD"], "with all other faults"
    assert said in found[0]
    assert value not in str(found)
    assert value[-12:] not in str(found)


OTHERS_KEYS = [
    "none",
    "EMPTY",
    "/9j+AbCdEfGhIjKlMnOp/QrStUvWx==",
    "A1_B2C3D4E5F6==",
    "sk-or-v1-0123456789",
    "0af1" * 16,
]
OTHERS_KEYS += ["gsk_abcdefghijkl", "115741724743528617", "Zq3canary9kAbcdefghijklmnopqrst12", "0af1" * 8, "org-chart"]


@pytest.mark.parametrize("key", OTHERS_KEYS)
def test_a_server_of_ones_own_takes_keys_of_any_form(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"DISCORD_TOKEN": REAL_FORM, "OPENAI_API_KEY": key, "OPENAI_BASE_URL": "https://models.example/v1"}
    environment |= {"TEXT_API_KEY": key, "SPEECH_API_KEY": key, "SPEECH_BASE_URL": "https://voices.example/v1"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert config.load().openai_api_key.get_secret_value() == key


@pytest.mark.parametrize("key", ["k", "none", "/9j+AbCdEfGhIjKlMnOp/QrStUvWx==", "A1_B2C3D4E5F6==", "0af1" * 8])
def test_what_no_form_tells_is_left_to_openai(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"DISCORD_TOKEN": REAL_FORM, "OPENAI_API_KEY": key, "TRANSCRIBE_API_KEY": key}.items():
        monkeypatch.setenv(name, value)
    assert config.load().openai_api_key.get_secret_value() == key


@pytest.mark.parametrize("token", ["t", "kikite", "0af1" * 8, "115741724743528617"])
def test_a_stand_in_gives_tokens_of_any_form(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DISCORD_TOKEN": token,
        "OPENAI_API_KEY": "k",
        "DISCORD_API_BASE": "http://[::1]:9/v10",
    }.items():
        monkeypatch.setenv(name, value)
    assert config.load().discord_token.get_secret_value() == token


def test_space_around_a_secret_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", f"\ufeff  {REAL_FORM}\u200b\u3000\r\n")
    monkeypatch.setenv("OPENAI_API_KEY", " sk-right ")
    assert config.load().discord_token.get_secret_value() == REAL_FORM


def test_what_a_command_does_not_need_may_be_missing_or_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"VAD": "psychic", "HTTP_PORT": "x", "DATABASE_URL": "sqlite+aiosqlite:///a.db"}.items():
        monkeypatch.setenv(name, value)
    settings = config.load(needs=("database_url", "store_key"))
    assert (settings.database_url, settings.vad, settings.http_port) == ("sqlite+aiosqlite:///a.db", "silero", None)
    assert settings.discord_token.get_secret_value() == config.NOT_NEEDED
    with pytest.raises(ConfigError) as caught:
        config.load(needs=("discord_token", "vad"))
    assert sorted(fault.split()[0].strip(":") for fault in caught.value.faults) == ["DISCORD_TOKEN", "VAD"]
    assert "developers/applications" in caught.value.hint


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"OPENAI_BASE_URL": "http://127.0.0.1:8000/v1", "TRANSCRIBE_BASE_URL": "http://whisper:9000/v1"}, False),
        ({"OPENAI_BASE_URL": "http://192.168.1.5:8000/v1"}, False),
        ({"OPENAI_BASE_URL": "http://[::1]:8000/v1"}, False),
        ({"OPENAI_BASE_URL": "http://gpu.home.arpa/v1"}, False),
        ({"OPENAI_BASE_URL": "http://8.8.8.8/v1"}, True),
        ({"OPENAI_BASE_URL": "https://models.example.com/v1"}, True),
        ({"OPENAI_BASE_URL": "http://localhost:8000/v1", "TRANSCRIBE_BASE_URL": "https://models.example.com/v1"}, True),
        (
            {
                "OPENAI_BASE_URL": "http://localhost:8000/v1",
                "TRANSCRIBE_BASE_URL": "https://models.example.com/v1",
                "TRANSCRIBE_API_KEY": "sk-other",
            },
            False,
        ),
        ({"TRANSCRIBE_BASE_URL": "http://localhost:8000/v1"}, True),
    ],
)
def test_a_private_server_asks_for_no_key(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], missing: bool
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "token")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    if missing:
        assert faults(monkeypatch) == ["OPENAI_API_KEY is missing"]
    else:
        assert config.load().openai_api_key.get_secret_value() == config.NOT_NEEDED


def test_each_role_has_its_key_in_a_file_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-whisper\n")
    monkeypatch.setenv("DISCORD_TOKEN", "token")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-main")
    monkeypatch.setenv("TRANSCRIBE_API_KEY_FILE", str(file))
    monkeypatch.setenv("TRANSCRIBE_BASE_URL", "http://whisper:9000/v1/")
    monkeypatch.setenv("TEXT_MODEL", "writer")
    roles = roles_of(config.load())
    transcriber, text = roles[RoleName.TRANSCRIBE], roles[RoleName.TEXT]
    assert (transcriber.base_url, transcriber.key.get_secret_value()) == ("http://whisper:9000/v1", "sk-whisper")
    assert (text.base_url, text.key.get_secret_value()) == ("https://api.openai.com/v1", "sk-main")
    assert text.dialect is OPENAI and transcriber.dialect is COMPATIBLE


def test_the_demo_asks_its_stand_in_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ENGINE": "cascade", "DIALECT": "dashscope", "TRANSCRIBE_BASE_URL": "http://w/v1"}.items():
        monkeypatch.setenv(name, value)
    own = {"discord_token": "t", "openai_api_key": "k", "openai_base_url": "http://127.0.0.1:9/v1"}
    roles = roles_of(config.load(overrides={**STAND_IN_SETTINGS, **own})).values()
    assert {role.base_url for role in roles} == {"http://127.0.0.1:9/v1"} and {role.dialect for role in roles} == {
        COMPATIBLE
    }


def test_the_dialect_is_that_of_the_main_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "token")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8000/v1")
    monkeypatch.setenv("TRANSCRIBE_BASE_URL", "http://whisper:9000/v1")
    monkeypatch.setenv("DIALECT", "dashscope")
    roles = roles_of(config.load())
    assert roles[RoleName.CHAT].dialect is DASHSCOPE
    assert roles[RoleName.TRANSCRIBE].dialect is COMPATIBLE
    assert faults(monkeypatch, DIALECT="latin") != []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PRICES", "x", "is not JSON"),
        ("PRICES", '{"my-model": {"text_in": 2.5}', "is not JSON"),
        ("PRICES", "[" * 100_000, "PRICES: is n"),  # nested too deep, or no JSON, as the version of Python has it
        ("PRICES", "[1]", "dictionary"),
        ("PRICES", '{"a": {"text_in": 1e400}}', "PRICES"),
        ("BUDGET_SERVER_DAY", "1e400", "less than or equal"),
        ("BUDGET_PERSON_DAY", "NaN", "finite"),
        ("DEV_GUILD_ID", "0", "greater than 0"),
        ("DEV_GUILD_ID", "9" * 30, "less than"),
        ("SHARD_COUNT", "9" * 30, "less than or equal"),
        ("OPENAI_BASE_URL", "https://", "names no server"),
        ("OPENAI_BASE_URL", "https:///v1", "names no server"),
        ("TEXT_BASE_URL", "http://[::1", "host or port"),
        ("SPEECH_BASE_URL", "http://host:99999/v1", "host or port"),
        ("TRANSCRIBE_BASE_URL", "http://a b/v1", "a space"),
        ("DISCORD_API_BASE", "ftp://host", "must start with"),
        ("DISCORD_API_BASE", "http://anna:canary@host/api/v10", "before an @"),
        ("LANGUAGE", "english", "code"),
        ("OPENAI_MODEL", '"gpt-audio-1.5"', "is in quotes"),
        ("TOOLS_FILE", "'/etc/tools.json'", "is in quotes"),
        ("CONSENT", "“notice”", "is in quotes"),
        ("DATABASE_URL_FILE", "/nowhere/canary", "cannot be read"),
        ("STORE_KEY_FILE", "/", "cannot be read"),
    ],
)
def test_any_setting_that_was_typed_wrong_is_named(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = {"DISCORD_TOKEN": REAL_FORM, "OPENAI_API_KEY": "sk-right", "VAD": "psychic"}
    found = faults(monkeypatch, **right | {name: value})
    setting = name if name.lower() in config.Settings.model_fields else name.removesuffix("_FILE")
    assert {fault.split(":")[0] for fault in found} == {setting, "VAD"}, "with all other faults"
    assert said in " ".join(found)
    assert "canary" not in " ".join(found)


def test_a_blank_setting_is_as_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    required = {"DISCORD_TOKEN": REAL_FORM, "OPENAI_API_KEY": "sk-right"}
    for name in config.Settings.model_fields:
        monkeypatch.setenv(name.upper(), required.get(name.upper(), " \t"))
    for name in config.secret_names():
        if name.upper() not in required:
            monkeypatch.delenv(name.upper())
    settings = config.load()
    for name, field in config.Settings.model_fields.items():
        if not field.is_required():
            assert getattr(settings, name) == field.get_default(), name
