"""Where the folders beside or inside the package are: a checkout has them beside it, the wheel carries them inside."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
HOME = PACKAGE if (PACKAGE / "templates").is_dir() else PACKAGE.parent
TEMPLATES = HOME / "templates"
MIGRATIONS = HOME / "migrations"
STATIC = PACKAGE / "static"
TRANSLATIONS = PACKAGE / "translations"
