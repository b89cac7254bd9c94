"""Stored HTML becomes the reader's own: links to the tool's pages get the seat they are read from."""

from html import escape

_UNFINISHED = '<a href="/-/'  # with its "<": in a text somebody wrote, that would be stored as "&lt;"


def complete(html: str, seat_path: str) -> str:
    """``html`` from rendering.render with every ``href="/-/…"`` led through ``seat_path`` (such as ``/s/abc``)."""
    return html.replace(_UNFINISHED, f'<a href="{escape(seat_path)}/')
