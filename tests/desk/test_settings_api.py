"""Settings over HTTP: nobody overwrites unseen, nobody changes what is not theirs, all is noted."""

import re
from typing import Any

import pytest

from services.desk.rules.rows import Row
from services.desk.rules.settings import PAGES
from services.desk.web.templating import STATIC, UNSPOKEN
from services.desk.web.words import LANGUAGES, words
from shared.cli.account_plans import as_json
from shared.contracts.accounts import Address, Agent, TagSettings
from tests.desk.settings_desk import AGENTS, OF_ROLE, ROLES, Desk, a_desk, an_account
from tests.desk.test_settings_rules import CHANGED, MAY, a_ticket

PERIOD = {"autoclose": {"enabled": True, "period": "P9D"}}


async def put(client: Any, part: str, given: Any, tag: str | None = None) -> Any:
    if tag is None:
        tag = (await client.get(f"/api/v1/settings/{part}")).headers["ETag"]
    return await client.put(f"/api/v1/settings/{part}", json=given, headers={"If-Match": tag})


async def test_what_is_put_is_what_helpdesk_accounts_reads() -> None:
    desk = a_desk()
    async with desk.client("manager") as client:
        answer = await put(client, "auto-closing", PERIOD)

    assert answer.status_code == 200
    assert answer.json()["autoclose"]["period"] == "P9D"
    assert desk.settings.revision == 8
    assert as_json(desk.settings)["autoclose"]["period"] == "P9D"
    assert [(news.account_id, news.kind) for news in desk.telling.told] == [("acme", "settings")]


@pytest.mark.spec("ROL 1")
@pytest.mark.parametrize("role", ROLES)
async def test_each_role_puts_its_own_parts_and_no_other(role: str) -> None:
    desk = a_desk(an_account(tags=TagSettings(enabled=False)))
    changed = CHANGED | {"tags": {"tags": {"enabled": True}}}
    del changed["plan"]
    done = set()
    async with desk.client("owner") as owner, desk.client(role) as client:
        for part, given in changed.items():
            tag = (await owner.get(f"/api/v1/settings/{part}")).headers["ETag"]
            before = desk.settings.revision
            answer = await put(client, part, given, tag)
            if (answer.status_code, desk.settings.revision) == (200, (before or 0) + 1):
                done.add(part)
            else:
                assert answer.status_code == 403
                assert desk.settings.revision == before

    assert done == MAY[role] - {"plan"}


async def test_the_plan_is_the_owners() -> None:
    desk = a_desk(an_account(tags=TagSettings(enabled=False)))
    async with desk.client("admin") as admin, desk.client("owner") as owner:
        tag = (await owner.get("/api/v1/settings/plan")).headers["ETag"]
        refused = await put(admin, "plan", {"plan": "inbox"}, tag)
        taken = await put(owner, "plan", {"plan": "inbox"}, tag)

    assert (refused.status_code, taken.status_code) == (403, 200)


@pytest.mark.parametrize("part", ["", "/auto-closing"])
async def test_without_if_match_nothing_is_put(part: str) -> None:
    desk = a_desk()
    async with desk.client() as client:
        answer = await client.put(f"/api/v1/settings{part}", json=PERIOD)

    assert (answer.status_code, answer.json()["code"]) == (428, "if_match_needed")
    assert desk.settings.revision == 7


async def test_who_comes_second_is_told_what_the_first_changed() -> None:
    desk = a_desk()
    async with desk.client("manager") as second, desk.client("admin") as first:
        tag = (await second.get("/api/v1/settings/auto-closing")).headers["ETag"]
        theirs = await put(first, "auto-closing", {"autoclose": {"period": "P3D"}}, tag)
        answer = await put(second, "auto-closing", PERIOD, tag)

        assert answer.status_code == 412
        problem = answer.json()
        assert problem["by"] == "Adam Neri"
        assert problem["current"] == theirs.json()
        assert [(c["path"], c["before"], c["after"]) for c in problem["changes"]] == [
            ("autoclose.period", "P2D", "P3D")
        ]
        again = await put(second, "auto-closing", PERIOD, answer.headers["ETag"])

    assert again.status_code == 200


async def test_a_race_that_begins_after_the_reading_is_lost_too() -> None:
    desk = a_desk()
    desk.log.before = lambda: desk.log.by_another(
        desk.settings.model_copy(update={"name": "Theirs"})
    )
    async with desk.client() as client:
        answer = await put(client, "account", {"name": "Mine"})

    assert (answer.status_code, answer.json()["by"]) == (412, "operator")
    assert desk.settings.name == "Theirs"


async def test_a_change_of_another_part_is_no_conflict_even_in_a_race() -> None:
    desk = a_desk()
    desk.log.before = lambda: desk.log.by_another(
        desk.settings.model_copy(update={"name": "Theirs"})
    )
    async with desk.client() as client:
        answer = await put(client, "auto-closing", PERIOD)

    assert answer.status_code == 200
    assert (desk.settings.name, desk.settings.autoclose.enabled) == ("Theirs", True)


async def test_the_same_again_does_no_harm() -> None:
    desk = a_desk()
    async with desk.client() as client:
        tag = (await client.get("/api/v1/settings/auto-closing")).headers["ETag"]
        one = await put(client, "auto-closing", PERIOD, tag)
        other = await put(client, "auto-closing", PERIOD, tag)

    assert (one.status_code, other.status_code) == (200, 200)
    assert one.headers["ETag"] == other.headers["ETag"]
    assert desk.settings.revision == 8


async def test_the_whole_is_put_by_its_revision() -> None:
    desk = a_desk()
    async with desk.client() as client:
        seen = await client.get("/api/v1/settings")
        whole = seen.json() | {"name": "Another"}
        stale = await client.put("/api/v1/settings", json=whole, headers={"If-Match": '"6"'})
        answer = await client.put(
            "/api/v1/settings", json=whole, headers={"If-Match": seen.headers["ETag"]}
        )
        strange = await client.put(
            "/api/v1/settings", json=whole | {"account_id": "b"}, headers={"If-Match": '"8"'}
        )

    assert (seen.headers["ETag"], stale.status_code) == ('"7"', 412)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"8"')
    assert (strange.status_code, strange.json()["field"]) == (422, "account_id")


async def test_wrong_values_are_told_at_their_fields_in_the_agents_language() -> None:
    desk = a_desk()
    desk.own.chosen["acme:olga"] = {"language": "it"}
    async with desk.client() as client:
        answer = await put(client, "auto-closing", {"autoclose": {"period": "P91D"}})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "autoclose.period", "code": "at_most", "detail": "Al massimo 90 giorni."}
    ]


@pytest.mark.parametrize(
    "given", [[1], "x", None, {"autoclose": "x"}, {"autoclose": {"period": {}}}]
)
async def test_nonsense_is_refused_and_breaks_nothing(given: Any) -> None:
    desk = a_desk()
    async with desk.client() as client:
        answer = await put(client, "auto-closing", given)

    assert answer.status_code == 422
    assert desk.settings.revision == 7


async def test_the_last_owner_stays_and_admins_make_none() -> None:
    desk = a_desk()
    agents = [a.model_dump() for a in AGENTS]
    none = [a | {"role": "admin"} for a in agents]
    more = [a | {"role": "owner"} for a in agents]
    async with desk.client("owner") as owner, desk.client("admin") as admin:
        unmade = await put(owner, "people", {"agents": none})
        by_admin = await put(admin, "people", {"agents": more})
        by_owner = await put(owner, "people", {"agents": more})

    assert (unmade.status_code, unmade.json()["errors"][0]["code"]) == (422, "last_owner")
    assert (by_admin.status_code, by_admin.json()["code"]) == (403, "owners")
    assert by_owner.status_code == 200


async def test_an_address_of_another_account_is_not_free() -> None:
    address = Address(channel="email", value="help@other.example")
    other = an_account(account_id="other", agents=(), teams=(), addresses=(address,))
    desk = a_desk(an_account(), other)
    async with desk.client() as client:
        given = {"addresses": [{"channel": "email", "value": "Help@other.example"}]}
        answer = await put(client, "channels", given)

    assert (answer.status_code, answer.json()["field"]) == (422, "addresses.0.value")
    assert "other" not in answer.json()["detail"]


@pytest.mark.spec("ROL 2")
async def test_the_inbox_plan_has_no_automation_over_the_api_either() -> None:
    desk = a_desk(an_account(plan="inbox"))
    async with desk.client() as client:
        answer = await put(client, "auto-closing", PERIOD)
        page = await client.get("/desk/settings/auto-closing")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not_in_plan")
    assert words("en")("settings.not_in_plan") in page.text


async def test_integrations_go_by_their_scopes() -> None:
    desk = a_desk()
    async with desk.asking(desk.with_token("settings:read")) as reader:
        read = await reader.get("/api/v1/settings/auto-closing")
        refused = await put(reader, "auto-closing", PERIOD)
        tickets = await reader.post("/api/v1/settings/routing/preview", json={})
    async with desk.asking(desk.with_token("settings:read", "settings:write")) as writer:
        written = await put(writer, "auto-closing", PERIOD)
        plan = await put(writer, "plan", {"plan": "inbox"})
        changes = (await writer.get("/api/v1/settings/changes")).json()["items"]
        link = await writer.post("/api/v1/agents/sam/invitation")

    statuses = [each.status_code for each in (read, refused, tickets, written, plan, link)]
    assert statuses == [200, 403, 403, 200, 403, 403]
    assert (changes[0]["kind"], changes[0]["name"]) == ("integration", "Shop")


@pytest.mark.spec("ROL 1")
async def test_every_change_is_noted_with_who_when_and_what_it_was() -> None:
    desk = a_desk()
    async with desk.client("manager") as client:
        await put(client, "auto-closing", PERIOD)
        desk.log.by_another(desk.settings.model_copy(update={"name": "Lumen"}), "root")
        items = (await client.get("/api/v1/settings/changes")).json()["items"]
        page = await client.get("/desk/settings/changes")

    assert [(each["kind"], each["name"], each["revision"]) for each in items] == [
        ("operator", "root", 9),
        ("agent", "Mara Vega", 8),
    ]
    assert {(c["path"], c["before"], c["after"]) for c in items[1]["changes"]} == {
        ("autoclose.enabled", False, True),
        ("autoclose.period", "P2D", "P9D"),
    }
    assert all(said in page.text for said in ("Mara Vega", "2 days", "9 days", "Lumen"))


async def test_while_the_brokers_are_away_settings_can_be_read_and_not_changed() -> None:
    desk = a_desk()
    async with desk.client() as client:
        tag = (await client.get("/api/v1/settings/auto-closing")).headers["ETag"]
        desk.log.away = True
        read = await client.get("/api/v1/settings")
        answer = await put(client, "auto-closing", PERIOD, tag)
        changes = await client.get("/api/v1/settings/changes")

    assert (read.status_code, answer.status_code, changes.status_code) == (200, 503, 200)
    assert "Retry-After" in answer.headers


def with_tickets(desk: Desk) -> None:
    for number in (3, 2, 1):
        ticket = a_ticket(number, "returns" if number == 2 else None, tags=("Returns",))
        desk.model.rows.append(Row("acme", f"t{number}", summary=ticket))
    desk.model.rows.append(Row("other", "t9", summary=a_ticket(9, None)))


async def test_the_preview_tells_of_the_last_tickets_and_changes_nothing() -> None:
    desk = a_desk()
    with_tickets(desk)
    async with desk.client("manager") as client:
        answer = await client.post("/api/v1/settings/routing/preview", json=CHANGED["routing"])
        wrong = await client.post(
            "/api/v1/settings/routing/preview", json={"assignment": {"default_team": "x"}}
        )

    told = answer.json()
    assert [(i["ticket_id"], i["has"], i["would"]["id"]) for i in told["items"]] == [
        ("t3", None, "returns"),
        ("t2", {"id": "returns", "name": "Returns"}, "returns"),
        ("t1", None, "returns"),
    ]
    assert told["differ"] == 2
    assert wrong.json()["field"] == "assignment.default_team"
    assert desk.settings.revision == 7


async def test_a_link_lets_an_agent_in_and_an_owners_is_for_owners() -> None:
    desk = a_desk(an_account(agents=(*AGENTS, Agent(id="noel", name="Noel"))))
    async with desk.client("admin") as admin, desk.client("owner") as owner:
        made = await admin.post("/api/v1/agents/sam/invitation")
        of_owner = await admin.post("/api/v1/agents/olga/invitation")
        by_owner = await owner.post("/api/v1/agents/olga/invitation")
        nobody = await admin.post("/api/v1/agents/nobody/invitation")
        without = await admin.post("/api/v1/agents/noel/invitation")

    assert made.status_code == 201
    assert made.json()["link"].startswith("http://desk/set-password?token=")
    statuses = [each.status_code for each in (of_owner, by_owner, nobody, without)]
    assert statuses == [403, 201, 404, 409]
    assert [link[1] for link in desk.people.links] == ["sam", "olga"]


async def test_without_passwords_there_are_no_links() -> None:
    desk = a_desk(passwords=False)
    async with desk.client("admin") as admin:
        answer = await admin.post("/api/v1/agents/sam/invitation")
        page = await admin.get("/desk/settings/agents")

    assert (answer.status_code, answer.json()["code"]) == (409, "no_passwords")
    assert "data-invite" not in page.text


SEEN = {
    "support": {"sessions"},
    "manager": set(PAGES)
    - {"agents", "teams", "channels", "links", "handoff", "account", "plan", "tokens"},
    "admin": set(PAGES) - {"plan"},
    "owner": set(PAGES),
}


@pytest.mark.spec("ROL 1")
@pytest.mark.parametrize("role", ROLES)
async def test_each_role_sees_its_own_pages_and_is_led_to_no_other(role: str) -> None:
    desk = a_desk()
    async with desk.client(role, Accept="text/html") as client:
        pages = {name: await client.get(f"/desk/settings/{name}") for name in PAGES}
        first = await client.get("/desk/settings")
        shown = await client.get(first.headers["Location"])

    assert {name for name, page in pages.items() if page.status_code == 200} == SEEN[role]
    assert {page.status_code for page in pages.values()} <= {200, 403}
    linked = {name for name in PAGES if f'href="/desk/settings/{name}"' in shown.text}
    assert linked == SEEN[role]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_is_made_in_every_language(language: str) -> None:
    desk = a_desk()
    desk.own.chosen[f"acme:{OF_ROLE['owner']}"] = {"language": language}
    async with desk.client() as client:
        for name in PAGES:
            page = await client.get(f"/desk/settings/{name}")
            assert page.status_code == 200
            assert words(language)(f"settings.page.{name}") in page.text
            assert " style=" not in page.text
            assert " onclick=" not in page.text


def test_settings_have_the_same_words_in_all_languages_and_scripts_get_none() -> None:
    keys = [{k for k in words(each).texts if k.startswith("settings.")} for each in LANGUAGES]

    assert keys[0] == keys[1] == keys[2]
    assert "settings." in UNSPOKEN


def test_there_are_words_for_all_that_the_pages_scripts_say() -> None:
    texts = words("en").texts
    said = {
        key
        for path in (*STATIC.glob("settings*.js"), STATIC / "hours.js")
        for key in re.findall(r'says\("([a-z_]+)"', path.read_text())
    }

    assert len(said) > 20
    assert {key for key in said if f"settings.says.{key}" not in texts} == set()


async def test_nobody_sees_settings_who_is_not_signed_in() -> None:
    desk = a_desk()
    async with desk.asking({"Accept": "text/html"}) as client:
        page = await client.get("/desk/settings/macros")
    async with desk.asking({}) as client:
        api = await client.get("/api/v1/settings")

    assert (page.status_code, api.status_code) == (303, 401)
