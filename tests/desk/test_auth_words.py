"""The pages of signing in speak three languages, and nothing in them acts by itself."""

import re
import string

import pytest

from tests.desk.signing import WEB, words

LANGUAGES = ("en", "es", "it")
PAGES = ("bare.html", "sign_in.html", "set_password.html", "choose_account.html")
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in (WEB / "auth").glob("*.py"))


def template(name: str) -> str:
    return (WEB / "templates" / name).read_text(encoding="utf-8")


def ours(language: str) -> dict[str, set[str]]:
    """The keys of signing in, each with its placeholders."""
    return {
        key: {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for key, text in words(language).items()
        if key.startswith("sign_in.")
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_what_is_said(language: str) -> None:
    said = set(re.findall(r'"(sign_in\.(?!html)[a-z_]+)"', SOURCES + "".join(map(template, PAGES))))

    assert ours(language) == ours("en")
    assert set(ours(language)) == said


@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_script_or_style_of_its_own(name: str) -> None:
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|\|safe", template(name))
