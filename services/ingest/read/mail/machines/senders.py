"""Names, addresses and programs that send as machines or as people do.

How they are written down: see `ways_to_say`.
"""

import re
from typing import Final

from services.ingest.read.mail.ways_to_say import pattern, ways

DAEMON: Final = re.compile(r"(?:mailer-daemon|mail-daemon|mailerdaemon)(?:[+@]|\Z)", re.IGNORECASE)
"""The address of a program that gives mail back, and that no person has."""

NAMELESS_DAEMON: Final = pattern(
    r"""
    mailer[ -]?daemon
    mail delivery (?:sub)?system
    postmaster
    courier mail server
    mail system
    """
)
"""What such a program is called where its From has a name and no address."""

SYSTEMS_NAME: Final = pattern(
    r"""
    mail(?:er)?[ -]?(?:delivery|daemon|deliver|server|system|administrator|admin|gateway|router)
    (?:mail|message) delivery
    postmaster
    system administrator
    administrator poczty
    (?:servicio|administrador) de(?:l)? correo
    amministratore di posta
    spam firewall
    anti-?spam
    """
)
"""Names that mail systems give themselves; the owner of a small shop may have one too."""

_SYSTEMS = ways(
    r"""
    postmaster
    posta-certificata
    mail-?system
    mailer
    smtp
    bounces?
    mta
    mdaemon
    barracuda
    mail-?gateway
    """
)
SYSTEMS_ADDRESS: Final = re.compile(
    rf"(?:(?:{_SYSTEMS})(?:[.+_\d-][\w.+-]{{0,60}})?|microsoftexchange\w{{0,60}})@", re.IGNORECASE
)

_LISTS = ways(
    r"""
    owner-[\w.-]{1,60}
    [\w.-]{1,60}-(?:owner|request|bounces|admin)(?:\+[\w=.-]{1,80})?
    (?:listserv|majordomo|mailman|sympa|ezmlm|fml)(?:[.+_-][\w.+-]{0,60})?
    lists?
    groups?
    """
)
LISTS_ADDRESS: Final = re.compile(rf"(?:{_LISTS}|no-?reply[\w.+-]{{0,60}})@", re.IGNORECASE)
"""Whom the programs of mailing lists write as."""

_PROGRAMS = ways(
    r"""
    no-?_?reply
    do-?_?not-?_?reply
    ne-?pas-?repondre
    nicht-?antworten
    auto(?:responder|reply|mail|mated)?
    notifications?
    alerts?
    system
    robot
    admin(?:istrator)?
    root
    sysadmin
    """
)
PROGRAMS_ADDRESS: Final = re.compile(
    rf"(?:(?:{_PROGRAMS})(?:[.+_-][\w.+-]{{0,60}})?|{_LISTS}|[\w.-]{{1,60}}-confirm)@",
    re.IGNORECASE,
)
"""Addresses that programs write from, and some people: a weak sign."""

LISTS_SUBJECT: Final = pattern(
    r"""
    bounce\x20
    your (?:message|post|mail)[^.]{0,20} to\x20
    \bfml\b
    majordomo
    listserv
    sympa
    mailman
    (?:message|post|mail)[^.]{0,40}(?:rejected|refused|not (?:posted|distributed))
    abgelehnt
    rejet
    """
)

PEOPLES_PROGRAMS: Final = pattern(
    r"""
    thunderbird
    apple mail
    (?:iphone|ipad) mail
    outlook
    mutt
    k-9
    kmail
    evolution
    the bat
    claws
    roundcube
    squirrelmail
    yahoomail
    em client
    postbox
    alpine
    android
    """
)
"""What people write their mail with (`X-Mailer`, `User-Agent`)."""

HELPDESKS: Final = pattern(
    r"""
    freshdesk
    kayako
    zendesk
    otrs
    osticket
    help ?scout
    request tracker
    \brt \d
    servicenow
    zammad
    jira
    gorgias
    """
)
"""Programs that acknowledge what they get."""

HELPDESK_HEADERS: Final = (
    "rt-ticket",
    "x-rt-loop-prevention",
    "x-otrs-loop",
    "x-zendesk-from-account-id",
)
AUTO_HEADER: Final = re.compile(
    r"x-(?:[\w-]{1,30}-)?auto-?(?:reply|respond|responder|generated|replied)"
)
