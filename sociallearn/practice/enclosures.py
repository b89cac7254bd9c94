"""Files people of the practice course send along, drawn when they are needed: a chart, two flip charts, a list."""

import io

from PIL import Image, ImageDraw, ImageFont

PAPER, INK, SOFT = "#fdfcf7", "#26302b", "#7d877f"
WALL, MARKER, ORANGE = "#c9d2cc", "#0b6b5e", "#d9822b"

ASKED = ("waar staat het sjabloon", "wie kent Praag", "mag dit?")
TOMORROW = ("eerst hier vragen", "antwoord delen", "naam erbij")
TOPICS = """topic;answered by
accessible pdf;Ghent
print run of a reprint;editors
returns after the summer;warehouse
who signs for a school district;legal
old logo on a brochure;design
exchange rate for Prague;finance
"""


def make(name: str) -> bytes:
    """The file of this name. Raises KeyError for one nobody has."""
    return {
        "mail-week.png": _mail,
        "flap-vragen.png": lambda: _flap("Wat vroeg je vorige week?", ASKED),
        "flap-morgen.png": lambda: _flap("Morgen doe ik anders:", TOMORROW),
        "opleidingsdag.pdf": _summary,
        "eleven-topics.csv": TOPICS.encode,
    }[name]()


def _png(image: Image.Image) -> bytes:
    made = io.BytesIO()
    image.save(made, "PNG")
    return made.getvalue()


def _mail() -> bytes:
    """Sam's week of mail as bars."""
    image = Image.new("RGB", (1200, 700), PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((60, 40), "One week of my mail", INK, ImageFont.load_default(44))
    rows = (("messages", 212, SOFT), ("real questions", 61, MARKER), ("answered before", 40, ORANGE))
    for place, (label, count, colour) in enumerate(rows):
        top = 170 + place * 165
        draw.text((60, top), label, INK, ImageFont.load_default(34))
        draw.rounded_rectangle((60, top + 50, 60 + count * 4.6, top + 115), 12, colour)
        draw.text((80 + count * 4.6, top + 58), str(count), INK, ImageFont.load_default(42))
    return _png(image)


def _flap(heading: str, lines: tuple[str, ...]) -> bytes:
    """A flip chart on a wall, somewhat crooked, as a telephone sees it."""
    paper = Image.new("RGB", (760, 960), PAPER)
    draw = ImageDraw.Draw(paper)
    draw.rectangle((0, 0, 760, 44), SOFT)
    draw.text((50, 110), heading, MARKER, ImageFont.load_default(54))
    draw.line((50, 190, 700, 184), ORANGE, 7)
    for place, line in enumerate(lines):
        top = 270 + place * 190
        draw.ellipse((56, top + 16, 82, top + 42), ORANGE)
        draw.text((110, top), line, INK, ImageFont.load_default(52))
        draw.line((110, top + 78, 110 + 24 * len(line), top + 74), SOFT, 3)
    wall = Image.new("RGB", (1200, 1100), WALL)
    turned = paper.rotate(2.2, expand=True, fillcolor=WALL, resample=Image.Resampling.BICUBIC)
    wall.paste(turned, (200, 50))
    return _png(wall)


def _summary() -> bytes:
    """One page about the training day."""
    page = Image.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(page)
    draw.text((120, 140), "Social media en L&D: wat op de flappen stond", INK, ImageFont.load_default(48))
    for place, line in enumerate(("Vraag eerst hier.", "Deel het antwoord.", "Zet er een naam bij.")):
        draw.text((120, 300 + place * 110), f"{place + 1}.  {line}", INK, ImageFont.load_default(40))
    made = io.BytesIO()
    page.save(made, "PDF", resolution=150)
    return made.getvalue()
