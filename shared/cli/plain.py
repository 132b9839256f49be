"""Strangers' text on an operator's terminal."""

from rich.text import Text


def tame(text: object, longest: int | None = None) -> Text:
    """The text without what a terminal would obey; of a longer one its beginning."""
    said = str(text)
    if longest is not None and len(said) > longest:
        said = f"{said[:longest]} …"
    return Text("".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in said))
