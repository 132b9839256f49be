"""Schemas of Strimzi's KafkaTopic and KafkaUser, `kafka.strimzi.io/v1`, as strict as can be."""

from typing import Any

import jsonschema


def _closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def _one_of(*values: str) -> dict[str, Any]:
    return {"enum": list(values)}


TEXT = {"type": "string", "minLength": 1}
OPERATIONS = _one_of(
    "Read",
    "Write",
    "Create",
    "Delete",
    "Alter",
    "Describe",
    "ClusterAction",
    "AlterConfigs",
    "DescribeConfigs",
    "IdempotentWrite",
    "All",
)
TOPIC = _closed(
    ["partitions", "replicas"],
    topicName={"type": "string", "pattern": r"^[a-zA-Z0-9._-]{1,249}$"},
    partitions={"type": "integer", "minimum": 1},
    replicas={"type": "integer", "minimum": 1, "maximum": 32767},
    config={"type": "object", "additionalProperties": TEXT},
)
ACL = _closed(
    ["resource", "operations"],
    type=_one_of("allow", "deny"),
    resource=_closed(
        ["type"],
        type=_one_of("topic", "group", "cluster", "transactionalId"),
        name=TEXT,
        patternType=_one_of("literal", "prefix"),
    ),
    host=TEXT,
    operations={"type": "array", "minItems": 1, "items": OPERATIONS},
)
USER = _closed(
    ["authentication", "authorization"],
    authentication=_closed(["type"], type=_one_of("scram-sha-512", "tls", "tls-external")),
    authorization=_closed(
        ["type", "acls"], type=_one_of("simple"), acls={"type": "array", "items": ACL}
    ),
)
METADATA = _closed(
    ["name", "namespace", "labels"],
    name={"type": "string", "pattern": r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", "maxLength": 253},
    namespace=TEXT,
    labels={
        "type": "object",
        "required": ["strimzi.io/cluster"],
        "additionalProperties": {"type": "string", "pattern": r"^[A-Za-z0-9._-]{0,63}$"},
    },
    annotations={"type": "object", "additionalProperties": {"type": "string"}},
)
SPECS = {"KafkaTopic": TOPIC, "KafkaUser": USER}


def check(each: dict[str, Any]) -> None:
    """Raises AssertionError, with the reason, if Strimzi would not take the object."""
    schema = _closed(
        ["apiVersion", "kind", "metadata", "spec"],
        apiVersion=_one_of("kafka.strimzi.io/v1"),
        kind=_one_of(each["kind"]),
        metadata=METADATA,
        spec=SPECS[each["kind"]],
    )
    wrong = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(each)]
    assert not wrong, wrong
