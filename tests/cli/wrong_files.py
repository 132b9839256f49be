"""Files of accounts' settings that are wrong, and what is told of them."""

WRONG: dict[str, tuple[str | bytes, list[str]]] = {
    "fields nobody knows": (
        "account_id: lumen\nagnets: []\nautoclose:\n  perod: P2D\n  colour: red\n",
        [
            "a.yaml:2:1: agnets: there is no such field: is 'agents' meant?",
            "a.yaml:4:3: autoclose.perod: there is no such field: is 'period' meant?",
            "a.yaml:5:3: autoclose.colour: there is no such field: take it away",
        ],
    ),
    "a field that is missing": (
        "# lumen\nname: Lumen\nagents:\n- id: ann\n",
        [
            "a.yaml:2:1: account_id: this field is missing: it has to be there",
            "a.yaml:4:3: agents[0].name: this field is missing: it has to be there",
        ],
    ),
    "a number for a text": (
        "account_id: lumen\naddresses: [{channel: sms, value: +390212345678}]\n",
        [
            (
                "a.yaml:2:35: addresses[0].value: this is read as a number or as true or false:"
                " put it in quotes"
            )
        ],
    ),
    "a sender's name": (
        "account_id: lumen\naddresses:\n- channel: sms\n  value: LUMEN\n",
        [
            (
                "a.yaml:4:10: addresses[0].value: 'LUMEN' is a sender's name: nobody can send an"
                " SMS to it"
            )
        ],
    ),
    "a stranger in a team": (
        (
            "account_id: lumen\nagents: [{id: ann, name: Ann}]\nteams:\n"
            "- {id: vip, name: V, members: [ann, zoe]}\n"
        ),
        [("a.yaml:4:37: teams[0].members[1]: team 'vip' has members who are no agents: ['zoe']")],
    ),
    "two tags of one name": (
        (
            "account_id: lumen\ntags:\n  own:\n  - {name: Gold, examples: [x]}\n"
            "  - {name: gold, examples: [x]}\n"
        ),
        [
            (
                "a.yaml:5:12: tags.own[1].name: there are two tags 'gold': an own tag needs a"
                " name of its own"
            )
        ],
    ),
    "a field that stands twice": (
        "account_id: lumen\nname: A\nname: B\n",
        ["a.yaml:3:1: name: this field stands twice, first in line 2: take one away"],
    ),
    "an anchor": (
        "account_id: lumen\nagents: &people []\nteams: *people\n",
        [
            (
                "a.yaml:2:9: agents: anchors and aliases (&, *) are not taken: write it out"
                " where it is meant"
            )
        ],
    ),
    "a tag": (
        "account_id: !!python/object:os.system lumen\n",
        [
            (
                "a.yaml:1:13: account_id: the tag tag:yaml.org,2002:python/object:os.system is"
                " not taken: leave it out"
            )
        ],
    ),
    "YAML 1.1": ("%YAML 1.1\n---\na: on\n", ["a.yaml:2:1: this is not YAML 1.2: leave %YAML out"]),
    "depth": ("[" * 100_000, ["a.yaml:1:32: [0][0][0]: this is nested more than 30 levels deep"]),
    "no number": (
        "account_id: lumen\nspam: {threshold: .nan}\n",
        ["a.yaml:2:19: spam.threshold: there is no such number"],
    ),
    "a number without end": ("a: " + "9" * 5000, ["a.yaml:1:4: a: there is no such number"]),
    "half a character": (
        'name: "\\ud800"',
        ["a.yaml:1:7: name: this is half of a character: no such text"],
    ),
    "a control character": (
        "name: a\n\x01",
        ["a.yaml:2:1: this is no YAML: special characters are not allowed"],
    ),
    "no UTF-8": (
        b"name: a\nname: \xe9t\xe9",
        ["a.yaml:2:7: this is no UTF-8 (byte 0xe9): save the file as UTF-8"],
    ),
    "ten megabytes": (
        b"#" * 10_000_000,
        ["a.yaml:1:1: it is larger than 1 MiB: give each account a file of its own"],
    ),
    "nothing": (
        "# nobody\n",
        ["a.yaml:1:1: there is no account in it: `account_id: …` begins one"],
    ),
    "a list": (
        "- lumen\n",
        ["a.yaml:1:1: an account is fields with values, such as `account_id: lumen`"],
    ),
    "an open bracket": (
        "a: [1\n",
        [
            (
                "a.yaml:2:1: this is no YAML: while parsing a flow sequence expected ',' or ']',"
                " but got '<stream end>'"
            )
        ],
    ),
}
