"""Which language a page speaks where nobody has chosen one: what the browser asks for."""

from services.desk.web.words import LANGUAGES


def language_of(accepted: str) -> str:
    """The best of our languages by an `Accept-Language` header; English for none of them."""
    best, weight = LANGUAGES[0], 0.0
    for each in accepted[:500].split(","):
        name, _, parameter = each.strip().partition(";")
        language = name.strip().lower().partition("-")[0]
        try:
            given = float(parameter.partition("q=")[2] or 1)
        except ValueError:
            continue
        if language in LANGUAGES and given > weight:
            best, weight = language, given
    return best
