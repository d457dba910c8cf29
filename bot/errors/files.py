"""Files that the box gave up on, whatever they hold."""

from bot.errors.base import BotError


class FileError(BotError):
    code = "file"
    default_hint = "I could not open that file. Save it again, then send it."


class FileTooSlow(FileError):
    code = "file_too_slow"
    default_hint = "That file takes too long to read. Save it in another format, or send it in parts."


class FileTooHungry(FileError):
    code = "file_too_hungry"
    default_hint = "That file needs more memory than I may use for one. Save it in another format, or send it in parts."


class ReaderDied(FileError):
    code = "reader_died"
    default_hint = "That file made its reader stop. Save it in another format, then send it again."


class FilesFull(FileError):
    code = "files_full"
    default_hint = "Too many files wait to be read. Send it again in a minute."
