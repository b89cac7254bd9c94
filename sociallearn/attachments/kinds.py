"""Which kinds of files come with texts. What is not on this list is refused."""

from dataclasses import dataclass

LARGEST = 10 * 1024 * 1024  # bytes of one file
MOST = 10  # files of one text

SHOWN_AS = "image/webp"  # every image is made anew in this format


@dataclass(frozen=True)
class Kind:
    """A kind of file: the endings its name may have (the first is given to a name without), its label and picture."""

    endings: tuple[str, ...]
    label: str
    icon: str


_PICTURE = ("jpg", "jpeg", "jfif", "png", "webp", "gif")  # made anew anyway, so one may call itself another
IMAGES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})

_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."

KINDS = {
    **{media_type: Kind(_PICTURE, "WebP", "image") for media_type in IMAGES},
    "application/pdf": Kind(("pdf",), "PDF", "file-text"),
    _OPEN_XML + "wordprocessingml.document": Kind(("docx",), "Word", "file-text"),
    _OPEN_XML + "spreadsheetml.sheet": Kind(("xlsx",), "Excel", "file-spreadsheet"),
    _OPEN_XML + "presentationml.presentation": Kind(("pptx",), "PowerPoint", "presentation"),
    _OPEN_DOCUMENT + "text": Kind(("odt",), "ODT", "file-text"),
    _OPEN_DOCUMENT + "spreadsheet": Kind(("ods",), "ODS", "file-spreadsheet"),
    _OPEN_DOCUMENT + "presentation": Kind(("odp",), "ODP", "presentation"),
    "text/plain": Kind(("txt", "md", "csv"), "TXT", "file-text"),
    "audio/mpeg": Kind(("mp3",), "MP3", "file-headphone"),
    "audio/mp4": Kind(("m4a", "mp4"), "M4A", "file-headphone"),
    "audio/ogg": Kind(("ogg", "oga", "opus"), "OGG", "file-headphone"),
    "audio/x-wav": Kind(("wav",), "WAV", "file-headphone"),
    "video/mp4": Kind(("mp4", "m4v", "m4a"), "MP4", "film"),
    "video/webm": Kind(("webm",), "WebM", "film"),
}

ENDINGS = tuple(dict.fromkeys(ending for kind in KINDS.values() for ending in kind.endings))
