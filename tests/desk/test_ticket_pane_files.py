"""Files and further addressees go with a reply, are kept with its draft, and come back (VWS 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from services.desk.rules.shown import ShownFile
from services.desk.web.words import LANGUAGES
from shared.contracts.messages import Attachment
from tests.desk.fake_ticket import line, ticket
from tests.desk.panes import SAYS, Shown, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

FILES = "#composer-files .upload"
PDF: Any = {"name": "r.pdf", "mimeType": "application/pdf", "buffer": b"report"}
PNG: Any = {"name": "a.png", "mimeType": "image/png", "buffer": b"picture"}


def by_mail(**more: Any) -> Any:
    found = ticket(channel="email")
    for name, value in more.items():
        setattr(found, name, value)
    return found


def pick(it: Shown, *files: Any) -> None:
    it.page.set_input_files("#composer-pick", list(files))


def ready(it: Shown, count: int) -> None:
    it.becomes(lambda: it.page.locator(f'{FILES}[data-state="ready"]').count() == count)


DROP = """([names, type]) => {
  const carried = new DataTransfer();
  for (const name of names) carried.items.add(new File(["x"], name, { type: "text/plain" }));
  const where = type === "paste" ? "#composer-text" : ".ticket-main";
  const event = type === "paste"
    ? new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true });
  document.querySelector(where).dispatchEvent(event);
  return event.defaultPrevented;
}"""


def test_files_go_with_the_reply_in_their_order(page_browser: Browser) -> None:
    with shown(page_browser, by_mail(cc=("luca@example.com",))) as it:
        it.open()
        pick(it, PDF, PNG)
        ready(it, 2)
        it.write("Here they are")
        it.page.click('[data-cc="luca@example.com"]')
        it.page.click("#composer-send")
        it.becomes(lambda: len(it.desk.bodies("reply")) == 1)
        it.becomes(lambda: it.ticket.draft is None)

        (body,) = it.desk.bodies("reply")
        assert (body["uploads"], body["cc"]) == (["u1", "u2"], ["luca@example.com"])
        assert it.desk.uploads == {"u1": ("r.pdf", b"report"), "u2": ("a.png", b"picture")}
        assert it.page.locator(FILES).count() == 0
        assert it.page.input_value("#composer-cc") == ""


def test_a_reply_may_be_a_file_alone(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        pick(it, PDF)
        ready(it, 1)
        it.page.focus("#composer-text")
        it.page.keyboard.press("Control+Enter")

        it.becomes(lambda: len(it.desk.bodies("reply")) == 1)
        assert it.desk.bodies("reply")[0]["uploads"] == ["u1"]


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_files_may_be_dropped_and_pasted(page_browser: Browser, way: str) -> None:
    with shown(page_browser) as it:
        it.open()

        taken = it.page.evaluate(DROP, [["one.txt", "\ud83d\ude00 two.txt"], way])
        ready(it, 2)

        assert taken
        assert [name for name, _ in it.desk.uploads.values()] == ["one.txt", "😀 two.txt"]


def test_files_and_addressees_survive_a_reload(page_browser: Browser) -> None:
    with shown(page_browser, by_mail()) as it:
        it.open()
        pick(it, PDF)
        ready(it, 1)
        it.page.fill("#composer-cc", "luca@example.com")
        it.saved()
        it.becomes(lambda: bool(it.ticket.draft and it.ticket.draft.cc))

        it.page.reload()
        ready(it, 1)

        assert it.page.inner_text(f"{FILES} bdi") == "r.pdf"
        assert it.page.input_value("#composer-cc") == "luca@example.com"


def test_a_file_that_the_server_has_no_more_is_said_to_be_gone(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        pick(it, PDF)
        ready(it, 1)
        it.saved()
        assert it.ticket.draft is not None
        files = tuple(replace(file, gone=True) for file in it.ticket.draft.files)
        it.ticket.draft = replace(it.ticket.draft, files=files)

        it.page.reload()
        it.until("document.querySelector('#composer-files .gone')")
        it.write("Here it is")
        it.page.click("#composer-send")
        it.becomes(lambda: it.page.locator(SAYS).count() == 1)

        assert it.desk.bodies("reply") == []


def test_a_file_is_taken_off_by_keyboard_and_forgotten(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        pick(it, PDF, PNG)
        ready(it, 2)

        it.page.focus(f"{FILES} >> nth=0 >> button.off")
        assert it.page.evaluate("document.activeElement.ariaLabel") == "Remove r.pdf"
        it.page.keyboard.press("Enter")
        it.becomes(lambda: list(it.desk.uploads) == ["u2"])
        it.saved()

        assert it.page.locator(FILES).count() == 1
        assert it.page.evaluate("document.activeElement.ariaLabel") == "Remove a.png"
        assert it.ticket.draft is not None
        assert [file.id for file in it.ticket.draft.files] == ["u2"]


def test_while_a_file_is_on_its_way_the_reply_waits(page_browser: Browser) -> None:
    with shown(page_browser, slow_uploads=1.0) as it:
        it.open()
        pick(it, PDF)
        it.until("document.querySelector('#composer-files progress')")
        it.write("Here it is")
        it.page.click("#composer-send")

        assert "still being uploaded" in it.page.inner_text(SAYS)
        assert it.desk.bodies("reply") == []
        ready(it, 1)
        it.page.click("#composer-send")
        it.becomes(lambda: len(it.desk.bodies("reply")) == 1)


def test_a_file_that_arrives_once_another_ticket_is_open_is_in_its_draft(
    page_browser: Browser,
) -> None:
    with shown(page_browser, ticket(), ticket("t2", 17), slow_uploads=1.0) as it:
        it.open()
        pick(it, PDF)
        it.until("document.querySelector('#composer-files progress')")
        it.page.click("#row-t2 a")
        it.until("document.querySelector('#ticket').dataset.id === 't2'")
        it.becomes(lambda: bool(it.ticket.draft and it.ticket.draft.files))

        it.page.click("#row-t1 a")
        ready(it, 1)


def test_what_was_refused_is_told_and_tried_again_as_the_same_upload(
    page_browser: Browser,
) -> None:
    refusals = [(503, "away", "the database is away")]
    with shown(page_browser, refuse_uploads=refusals) as it:
        it.open()
        pick(it, PDF)
        it.until("document.querySelector('#composer-files [data-state=failed]')")
        assert "r.pdf" in it.page.inner_text(SAYS)

        it.page.click(f"{FILES} button:has-text('Try again')")
        ready(it, 1)

        keys = [key for key, path, _ in it.desk.asked if path == "/api/v1/files"]
        assert len(keys) == 2
        assert len(set(keys)) == 1


def test_a_file_that_is_too_large_is_not_even_sent(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        pick(it, {**PDF, "buffer": b"x" * 5_001})

        assert "larger than 5 kB" in it.page.inner_text(SAYS)
        assert it.desk.uploads == {}
        assert it.page.locator(FILES).count() == 0


def test_what_is_no_address_stays_where_it_is_written(page_browser: Browser) -> None:
    with shown(page_browser, by_mail()) as it:
        it.open()
        it.write("Hello")
        it.page.fill("#composer-cc", "luca@example.com, nobody")
        it.page.click("#composer-send")

        assert "nobody" in it.page.inner_text(SAYS)
        assert it.page.get_attribute("#composer-cc", "aria-invalid") == "true"
        assert it.page.evaluate("document.activeElement.id") == "composer-cc"
        assert it.desk.bodies("reply") == []


def test_only_mails_have_further_addressees(page_browser: Browser) -> None:
    with shown(page_browser, ticket(channel="sms")) as it:
        it.open()

        assert it.page.locator("#composer-cc").count() == 0


def test_a_refused_reply_brings_its_files_back(page_browser: Browser) -> None:
    refusal = {"code": "not_open", "detail": "the ticket is closed"}
    with shown(page_browser, by_mail(), refuse=[refusal]) as it:
        it.open()
        pick(it, PDF)
        ready(it, 1)
        it.write("Here it is")
        it.page.fill("#composer-cc", "luca@example.com")
        it.page.click("#composer-send")
        it.becomes(lambda: it.page.locator(SAYS).count() == 1)

        assert it.written == "Here it is"
        assert it.page.inner_text(f"{FILES} bdi") == "r.pdf"
        assert it.page.input_value("#composer-cc") == "luca@example.com"


def test_a_note_leaves_the_replys_files_where_they_are(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        pick(it, PDF)
        ready(it, 1)
        it.page.click("#tab-note")
        it.write("She called")
        it.page.click("#composer-add")
        it.becomes(lambda: len(it.desk.bodies("note")) == 1)

        assert "uploads" not in it.desk.bodies("note")[0]
        it.page.click("#tab-reply")
        assert it.page.locator(FILES).count() == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_fits_a_phone_in_every_language(page_browser: Browser, language: str) -> None:
    name = "a-very-long-name-without-any-space-in-it" * 4 + ".pdf"
    file = ShownFile(
        Attachment(filename=name, size=10, file_id="f", refused="kind"), None, "refused"
    )
    coming = ShownFile(Attachment(filename="b.pdf", size=10, file_id="g"), None, "coming")
    found = by_mail(cc=("a-very-long-address-without-an-end@a-very-long-domain.example.com",))
    found.lines.append(line(2, "See", files=(file, coming)))
    with shown(page_browser, found, width=360, height=740, language=language) as it:
        it.open()
        pick(it, {**PDF, "name": name}, PNG)
        ready(it, 2)

        assert it.page.evaluate("document.documentElement.scrollWidth") <= 360
        for part in ("#composer", "#thread"):
            script = f"(e => e.scrollWidth - e.clientWidth)(document.querySelector('{part}'))"
            assert it.page.evaluate(script) <= 0, part


def test_what_is_still_coming_is_looked_for_until_it_is_there(page_browser: Browser) -> None:
    file = Attachment(filename="b.pdf", size=10, file_id="g")
    found = ticket(lines=[line(1, "See", files=(ShownFile(file, None, "coming"),))])
    with shown(page_browser, found) as it:
        it.open()
        assert "still coming" in it.page.inner_text("#thread-lines .files")
        href = "/api/v1/tickets/t1/files/g"
        it.ticket.lines[0] = replace(it.ticket.lines[0], files=(ShownFile(file, href, "here"),))

        it.until(f"document.querySelector('.files a[href=\"{href}\"][download]')")
