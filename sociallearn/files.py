"""Files that must never be seen half written."""

import os
from pathlib import Path


def create_once(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Make the file unless it is there already. A reader never sees part of it, and nobody's file is replaced."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    try:
        os.link(aside, path)
    except FileExistsError:
        return
    finally:
        aside.unlink()
