"""Ids that make writing something twice harmless."""

from uuid import uuid4


def new_id() -> str:
    return uuid4().hex
