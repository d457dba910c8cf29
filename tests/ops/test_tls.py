"""Whom the bot believes: those whom SSL_CERT_FILE vouches for, and whatever it names, the system's authorities."""

from pathlib import Path

import pytest

from bot.ops.tls import tls_context
from sandbox.tls import Authority


def trusted(extra: Path | None = None) -> set[bytes]:
    return set(tls_context(extra).get_ca_certs(binary_form=True))


@pytest.mark.parametrize("what", ["a file", "a folder", "no certificate", "nothing"])
def test_what_ssl_cert_file_names_comes_on_top(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker makes a folder where the file to be mounted is missing."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    system = trusted()
    authority = Authority()
    (tmp_path / "text").write_text("no certificate")
    named = {"a file": authority.ca_file, "a folder": tmp_path, "no certificate": tmp_path / "text"}
    found = trusted(named.get(what, tmp_path / "nothing"))
    authority.close()
    added = found - system
    assert found >= system
    assert len(added) == (what == "a file")
