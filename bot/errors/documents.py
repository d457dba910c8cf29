"""Documents that cannot be read, by the cause that the person who sent them can mend."""

from bot.errors.jobs import JobError


class BadDocument(JobError):
    code = "bad_document"
    default_hint = (
        "I couldn't read that file. Send a text, Markdown, PDF, Word, OpenDocument, EPUB, HTML or subtitle file."
    )


class DocumentTooLong(BadDocument):
    code = "document_too_long"
    default_hint = "That text is too long (limit: 200,000 characters). Send it in parts."


class TextTooLongToAsk(DocumentTooLong):
    code = "text_too_long_to_ask"
    default_hint = "That text is too long for a question (limit: 100,000 characters). Send it in parts."


class EmptyDocument(BadDocument):
    code = "empty_document"
    default_hint = "There's nothing to read in that file."


class ScannedDocument(BadDocument):
    code = "scanned_document"
    default_hint = "That file contains only images of pages. Run text recognition (OCR) on it and resend it."


class LockedDocument(BadDocument):
    code = "locked_document"
    default_hint = "That file is password-protected. Save it without a password and resend it."


class DamagedDocument(BadDocument):
    code = "damaged_document"
    default_hint = "That file is damaged or incomplete. Save or download it again and resend it."


class NotDocument(BadDocument):
    code = "not_document"
    default_hint = (
        "That isn't a text file. Send a text, Markdown, PDF, Word, OpenDocument, EPUB, HTML or subtitle file."
    )


class NeitherTextNorSound(NotDocument):
    code = "neither_text_nor_sound"
    default_hint = (
        "There's no text or sound in that file. Send a recording such as ogg or mp3, or a text, PDF, Word, EPUB or "
        "subtitle file."
    )


class ArchivedDocument(BadDocument):
    code = "archived_document"
    default_hint = "That file is an archive. Unpack it and send the files inside."


class OldDocument(BadDocument):
    code = "old_document"
    default_hint = "That is an old Office format. Save it as docx, pptx or PDF and resend it."


class UnknownEncoding(BadDocument):
    code = "unknown_encoding"
    default_hint = "I can't tell which text encoding that file uses. Save it as UTF-8 and resend it."
