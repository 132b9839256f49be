"""A guess at the language of a text, by its commonest short words."""

import re
from typing import Final

LANGUAGES: Final = ("en", "es", "it", "fr", "de", "pt")

_COMMON: Final = {
    "en": "the and you for my is it to of have not with this what can i do your are was",
    "es": "el la los que de por para con mi un una no es pero cuando donde hola gracias quiero",
    "it": "il di che non per con mio una sono ho e ma quando dove ciao grazie vorrei della gli lo",
    "fr": "le la les de je vous pas pour avec mon une est que mais quand bonjour merci et du des",
    "de": "der die das und ich nicht mit mein ist ein eine wann wo hallo danke bitte fur auf sie",
    "pt": "o os que de para com meu minha um uma nao e mas quando onde ola obrigado por voces do",
}
_WORDS = re.compile(r"[^\W\d_]+")
_ENOUGH = 2
_LOOKED_AT = 60
_LONGEST = 600
_SETS: Final = {language: frozenset(words.split()) for language, words in _COMMON.items()}


def language_of(folded: str) -> str:
    """The language of a folded text: one of `LANGUAGES`, or `other` where too little says which."""
    words = _WORDS.findall(folded[:_LONGEST])[:_LOOKED_AT]
    counts = {language: sum(word in common for word in words) for language, common in _SETS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= _ENOUGH else "other"
