"""Strangers' text on an operator's terminal."""

from rich.text import Text


def tame(text: object, longest: int | None = None) -> Text:
    """The text with each character that a terminal might obey replaced; `longest` cuts it."""
    said = str(text)
    if longest is not None and len(said) > longest:
        said = f"{said[:longest]} …"
    return Text("".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in said))
