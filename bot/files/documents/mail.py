"""Mails and web archives (MHTML) -> their subject and words. Attachments are left out."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

from bot.errors import EmptyDocument
from bot.files.documents.document import Document
from bot.files.documents.html import read_html
from bot.files.documents.scripts import folded

_HEADERS = re.compile(rb"(?:[A-Za-z][\w-]*:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){3,}\r?\n")
_NEEDED_HEADERS = (b"\nfrom:", b"\nmime-version:")


def is_mail(data: bytes) -> bool:
    """Whether a file begins with the headers of a mail (RFC 5322 section 3.6) in MIME (RFC 2045)."""
    found = _HEADERS.match(data.lstrip()[:20_000])
    return found is not None and all(header in b"\n" + found.group().lower() for header in _NEEDED_HEADERS)


def read_mail(data: bytes, name: str) -> Document:
    mail = message_from_bytes(data.lstrip(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain", "html")) if not mail.get_content_type().startswith("multipart/related") else None
    part = body or next((item for item in mail.walk() if item.get_content_maintype() == "text"), None)
    if part is None:
        raise EmptyDocument
    content = part.get_payload(decode=True)
    if part.get_content_subtype() == "html" and isinstance(content, bytes):
        page = read_html(content, name)
        return Document(str(mail["subject"] or page.title).strip(), page.text, (), page.notes)
    assert isinstance(part, EmailMessage)
    return Document(str(mail["subject"] or "").strip(), folded(str(part.get_content())))
