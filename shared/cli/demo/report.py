"""The demonstration's document as tables."""

from rich.console import Console
from rich.table import Table

from shared.cli.demo.observed import Json


def print_tables(document: Json, console: Console) -> None:
    """Show what became of every message, and every check."""
    tickets = Table(
        "no.", "channel", "status", "assignee", "team", "tags", "messages", title="Tickets"
    )
    for ticket in document["tickets"]:
        texts = [message["text"][:60] for message in ticket["messages"]]
        status = f"{ticket['status']}, spam" if ticket["spam"] else ticket["status"]
        tickets.add_row(
            str(ticket["number"]),
            ticket["channel"],
            status,
            ticket["assignee"] or "-",
            ticket["team"] or "-",
            ", ".join(ticket["tags"]) or "-",
            "\n".join(texts),
        )
    signals = Table("channel", "kind", "text", title="Signals")
    for signal in document["signals"]:
        signals.add_row(signal["channel"], signal["kind"], signal["text"] or "")
    credited = Table("message", "credited to", "because", title="Attributions")
    texts_by_id = {m["id"]: m["text"] for t in document["tickets"] for m in t["messages"]}
    for fact in document["attributions"]:
        credit = fact["credit"]
        to = f"{credit['source']} {credit['source_id']}" if credit else "nothing"
        credited.add_row(texts_by_id.get(fact["message_id"], "?"), to, fact["because"])
    dead = Table("service", "reason", "why", "value", title="Dead letters")
    for letter in document["dead_letters"]:
        dead.add_row(letter["service"], letter["reason"], letter["text"], letter["value"][:40])
    refused = Table("command", "refused", "why", title="Commands refused")
    for rejection in document["rejections"]:
        refused.add_row(rejection["command_type"], rejection["code"], rejection["reason"])
    at_desk = Table("", "answer", title="At the desk")
    for what, answer in (
        ("views", {view: len(rows) for view, rows in document["desk"]["views"].items()}),
        ("a reply sent twice", [one["event"] for one in document["desk"]["reply"]["answers"]]),
        ("a claim on a colleague's ticket", document["desk"]["claim"]["detail"]),
        ("a placeholder sent raw", document["desk"]["raw_placeholder"]["detail"]),
        ("many closed at once", document["desk"]["bulk"]["refused"]),
        ("seconds until a colleague sees a note", round(document["desk"]["note"]["seconds"], 3)),
    ):
        at_desk.add_row(what, str(answer))
    unattended = Table("", "what came", title="Where no agent is")
    for what, came in (
        ("a newcomer's SMS", document["unattended"]["sms"]["texts"][0]),
        ("a chat out of hours", document["unattended"]["chat"][0]),
        ("a mail after a chat", document["unattended"]["follow_up"]["subject"]),
        ("an agent's link", document["unattended"]["link"]["text"]),
        ("who followed it", document["unattended"]["link"]["counted"]),
        ("hand-offs", document["unattended"]["hand_offs"]["outcomes"]),
    ):
        unattended.add_row(what, str(came))
    checks = Table("", "check", title="Checks")
    for check in document["checks"]:
        checks.add_row("[green]ok[/]" if check["ok"] else "[bold red]NO[/]", check["name"])
    for table in (tickets, signals, credited, dead, refused, at_desk, unattended, checks):
        console.print(table)
