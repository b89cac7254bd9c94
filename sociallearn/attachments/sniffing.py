"""What a file is, by its content: what a browser says of it, and what it is called, are only claims. Pure."""

import io
import zipfile

import filetype

from sociallearn.attachments.kinds import KINDS

_CONTROLS = bytes(range(9)) + bytes(range(14, 32)) + b"\x0b\x7f"  # never in a text; tab, line ends and form feed are
_MOST_PARTS = 5000  # of a document
_OPEN_XML = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/presentation.xml": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


def sniff(content: bytes) -> str | None:
    """Its media type, one of ``KINDS``; nothing for every other kind of file."""
    if content.startswith(b"PK\x03\x04"):
        return _document(content)
    found = filetype.guess(content)
    if found is not None and found.mime in KINDS:
        return str(found.mime)
    return "text/plain" if _is_text(content) else None


def _is_text(content: bytes) -> bool:
    """No control characters. Which of the old encodings it is in does not matter: it is kept as it came."""
    return len(content.translate(None, _CONTROLS)) == len(content)


def _document(content: bytes) -> str | None:
    """Word, Excel, PowerPoint and OpenDocument are archives; any other archive is not taken, nor one with macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if len(names) > _MOST_PARTS or _has_macros(names):
                return None
            if "[Content_Types].xml" in names:
                return next((media_type for part, media_type in _OPEN_XML.items() if part in names), None)
            return _open_document(archive) if "content.xml" in names else None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
        return None


def _has_macros(names: set[str]) -> bool:
    return any(name.lower().endswith("vbaproject.bin") or name.startswith("Basic/") for name in names)


def _open_document(archive: zipfile.ZipFile) -> str | None:
    first = archive.infolist()[0]
    if first.filename != "mimetype" or first.file_size > 100:
        return None
    media_type = archive.read(first).decode("ascii", "replace")
    return media_type if media_type in KINDS else None
