"""The pages of signing in speak each language, and nothing in them acts by itself."""

import re

import pytest

from services.desk.web.templating import HERE
from services.desk.web.words import LANGUAGES, words

PAGES = ("bare.html", "sign_in.html", "set_password.html", "choose_account.html")
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in (HERE / "auth").glob("*.py"))


def template(name: str) -> str:
    return (HERE / "templates" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_what_is_said_and_nothing_else(language: str) -> None:
    named = re.findall(r'"(sign_in\.(?!html)[a-z_]+)"', SOURCES + "".join(map(template, PAGES)))
    there = {key for key in words(language).texts if key.startswith("sign_in.")}

    assert there == set(named)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_script_or_style_of_its_own(name: str) -> None:
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|\|safe", template(name))
