"""What comes in is what its content says, or it does not come in. Nothing of an image's file is kept but its pixels."""

import io
import re

import pytest
from flask import Flask
from PIL import Image

from sociallearn.attachments import naming, picturing, preparing, sniffing
from sociallearn.attachments.kinds import KINDS, LARGEST
from sociallearn.errors import Refusal
from sociallearn.icons import icon
from tests.attachments import making
from tests.attachments.making import (
    DOCX,
    EXE,
    HTML,
    M4A,
    MP3,
    MP4,
    ODT,
    OGG,
    PDF,
    PPTX,
    SVG,
    WAV,
    WEBM,
    XLSX,
    archive,
    image,
)

OOXML = "application/vnd.openxmlformats-officedocument."

TAKEN = [
    ("photo.jpg", image("JPEG"), "photo.webp", "image/webp"),
    ("photo.JPEG", image("JPEG"), "photo.webp", "image/webp"),
    ("shot.png", image("PNG"), "shot.webp", "image/webp"),
    ("shot.webp", image("WEBP"), "shot.webp", "image/webp"),
    ("moves.gif", image("GIF"), "moves.webp", "image/webp"),
    ("called-png.png", image("JPEG"), "called-png.webp", "image/webp"),
    ("image", image("PNG"), "image.webp", "image/webp"),
    ("plan.pdf", PDF, "plan.pdf", "application/pdf"),
    ("Plan.PDF", PDF, "Plan.PDF", "application/pdf"),
    ("a.docx", DOCX, "a.docx", OOXML + "wordprocessingml.document"),
    ("a.xlsx", XLSX, "a.xlsx", OOXML + "spreadsheetml.sheet"),
    ("a.pptx", PPTX, "a.pptx", OOXML + "presentationml.presentation"),
    ("a.odt", ODT, "a.odt", "application/vnd.oasis.opendocument.text"),
    ("a.txt", "Één zin.\r\n".encode(), "a.txt", "text/plain"),
    ("a.csv", "naam;één\n".encode("cp1252"), "a.csv", "text/plain"),
    ("a.md", b"# Title", "a.md", "text/plain"),
    ("BM.txt", b"BM is a company", "BM.txt", "text/plain"),
    ("page.txt", HTML, "page.txt", "text/plain"),
    ("notes", b"Just words", "notes.txt", "text/plain"),
    ("a.mp3", MP3, "a.mp3", "audio/mpeg"),
    ("a.ogg", OGG, "a.ogg", "audio/ogg"),
    ("a.wav", WAV, "a.wav", "audio/x-wav"),
    ("a.m4a", M4A, "a.m4a", "audio/mp4"),
    ("a.mp4", MP4, "a.mp4", "video/mp4"),
    ("a.webm", WEBM, "a.webm", "video/webm"),
]

REFUSED = [
    ("page.png", HTML, 415),
    ("drawing.png", SVG, 415),
    ("drawing.svg", SVG, 415),
    ("drawing.svgz", SVG, 415),
    ("page.html", HTML, 415),
    ("page.HTM", HTML, 415),
    ("page.xhtml", HTML, 415),
    ("x.js", b"alert(1)", 415),
    ("image.svg", image("PNG"), 415),
    ("page.pdf", HTML, 415),
    ("late.pdf", b"<script>alert(1)</script>" + PDF, 415),
    ("tool.exe", EXE, 415),
    ("tool.png", EXE, 415),
    ("tool.txt", EXE, 415),
    ("a.zip", archive("a.txt"), 415),
    ("a.docx", archive("a.txt"), 415),
    ("a.docx", XLSX, 415),
    ("a.docx", b"PK\x03\x04" + b"\0" * 100, 415),
    ("macro.docx", archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), 415),
    ("macro.docm", archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), 415),
    (
        "macro.odt",
        archive("mimetype", "content.xml", "Basic/x.xml", mimetype="application/vnd.oasis.opendocument.text"),
        415,
    ),
    ("odd.odt", archive("mimetype", "content.xml", mimetype="text/html"), 415),
    ("late.odt", archive("content.xml", "mimetype", mimetype="application/vnd.oasis.opendocument.text"), 415),
    ("app.jar", archive("META-INF/MANIFEST.MF", "A.class"), 415),
    ("many.docx", archive("[Content_Types].xml", "word/document.xml", *(f"{n}" for n in range(5001))), 415),
    ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, 415),
    ("photo.heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1", 415),
    ("shot.bmp", image("BMP"), 415),
    ("shot.tiff", image("TIFF"), 415),
    ("shot.ico", image("ICO"), 415),
    ("page.png.html", image("PNG"), 415),
    ("music.pdf", MP3, 415),
    ("photo.pdf", image("JPEG"), 415),
    ("photo.txt", image("PNG"), 415),
    ("half.jpg", image("JPEG", (900, 900))[:600], 415),
    ("head.png", b"\x89PNG\r\n\x1a\n", 415),
    ("head.gif", b"GIF89a", 415),
    ("tail.webp", b"RIFF\x10\x00\x00\x00WEBPVP8 ", 415),
    ("wide.png", making.bomb(60_000, 60_000), 413),
    ("long.png", making.bomb(2, 2**31 - 1), 413),
    ("square.png", making.bomb(7072, 7072), 413),
    ("short.png", making.bomb(5000, 5000), 415),
    ("empty.png", b"", 422),
    ("empty.txt", b"", 422),
    ("large.txt", b"x" * (LARGEST + 1), 413),
    ("zero.txt", b"a\x00b", 415),
]


@pytest.mark.alike
@pytest.mark.parametrize(("name", "content", "kept_name", "media_type"), TAKEN, ids=[one[0] for one in TAKEN])
def test_what_is_taken(app: Flask, name: str, content: bytes, kept_name: str, media_type: str) -> None:
    with app.test_request_context():
        made = preparing.prepare(name, content)
    assert (made.name, made.media_type) == (kept_name, media_type)
    assert made.media_type == "image/webp" or made.content == content


@pytest.mark.alike
@pytest.mark.parametrize(("name", "content", "status"), REFUSED, ids=[f"{n}-{one[0]}" for n, one in enumerate(REFUSED)])
def test_what_is_refused_in_a_sentence(app: Flask, name: str, content: bytes, status: int) -> None:
    with app.test_request_context(), pytest.raises(Refusal) as refused:
        preparing.prepare(name, content)
    assert refused.value.status == status
    assert name in refused.value.sentence
    assert refused.value.advice


def test_nothing_of_a_photo_is_kept_but_what_it_shows() -> None:
    taken = making.photo()
    assert b"Noor Peeters" in taken
    made = picturing.make(taken)
    for content in (made.content, made.small):
        assert not re.search(rb"Noor|Aardvark|secret|EXIF|XMP|ICCP", content)
        with Image.open(io.BytesIO(content)) as opened:
            assert opened.format == "WEBP"
            assert not opened.getexif()
            assert set(opened.info) <= {"loop", "background", "timestamp", "duration"}
    assert (made.width, made.height) == (40, 80)  # it lay on its side


def test_a_script_behind_an_image_is_gone() -> None:
    assert b"alert" in making.SCRIPT_BEHIND_GIF
    assert b"alert" not in picturing.make(making.SCRIPT_BEHIND_GIF).content


def test_large_ones_become_smaller_and_small_ones_stay() -> None:
    large = picturing.make(image("JPEG", (4000, 1000)))
    assert (large.width, large.height) == (2048, 512)
    with Image.open(io.BytesIO(large.small)) as small:
        assert small.size == (640, 160)
    tiny = picturing.make(image("PNG", (3, 2)))
    assert (tiny.width, tiny.height) == (3, 2)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_way_of_writing_colours_is_read(mode: str) -> None:
    made = io.BytesIO()
    Image.new(mode, (8, 8)).save(made, "JPEG" if mode == "CMYK" else "PNG")
    assert picturing.make(made.getvalue()).width == 8


def test_what_is_transparent_stays_so() -> None:
    made = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(made, "PNG")
    with Image.open(io.BytesIO(picturing.make(made.getvalue()).content)) as opened:
        assert opened.convert("RGBA").getpixel((4, 4))[3] == 0  # type: ignore[index]


def test_a_broken_colour_profile_does_not_matter() -> None:
    assert picturing.make(image("PNG", icc_profile=b"nonsense")).width == 60


def test_an_animation_becomes_its_first_picture() -> None:
    made = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(picturing.make(made.getvalue()).content)) as opened:
        assert getattr(opened, "n_frames", 1) == 1
        red, _green, blue = opened.convert("RGB").getpixel((4, 4))  # type: ignore[misc]
    assert red > 200 > 60 > blue


NAMES = [
    ("plan.pdf", "plan.pdf"),
    ("../../etc/passwd", "passwd"),
    ("C:\\Users\\ben\\plan.pdf", "plan.pdf"),
    ("/abs/olute.txt", "olute.txt"),
    ("photo\u202egnp.exe", "photognp.exe"),
    ("a\u2066b\u2069.txt", "ab.txt"),
    ("line\r\nSet-Cookie: x=1.txt", "lineSet-Cookie x=1.txt"),
    ("tab\tnul\x00.txt", "tabnul.txt"),
    ('quo"te.txt', "quo te.txt"),
    ("<b>bold</b>.txt", "b.txt"),
    ("  spaces   within .txt", "spaces within.txt"),
    (".htaccess", "htaccess"),
    ("...", "file"),
    ("", "file"),
    (None, "file"),
    ("/", "file"),
    ("één à ç.pdf", "één à ç.pdf"),
    ("e\u0301e\u0301n.pdf", "één.pdf"),
    ("文件.pdf", "文件.pdf"),
    ("half\ud800.txt", "half.txt"),
]


@pytest.mark.parametrize(("given", "kept"), NAMES, ids=[str(number) for number in range(len(NAMES))])
def test_names_mislead_nobody(given: str | None, kept: str) -> None:
    assert naming.clean(given) == kept


def test_a_long_name_keeps_its_ending() -> None:
    kept = naming.clean("x" * 500 + ".pdf")
    assert kept.endswith("x.pdf")
    assert len(kept) <= naming.LONGEST


def test_every_kind_has_its_picture() -> None:
    assert all(icon(kind.icon) for kind in KINDS.values())


def test_noise_is_no_file() -> None:
    for number in range(256):
        assert sniffing.sniff(bytes([number]) * 3 + b"\x00\x01\x02") not in {"image/webp", "application/pdf"}
