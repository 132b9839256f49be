"""The topics as an AsyncAPI 3.0 document: what integrators build their clients from.

It is made of the registry and of the contracts alone, so that it cannot say anything else.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from shared.bus.delivery import DEAD_HEADER_PREFIX
from shared.bus.kafka import topic_configuration
from shared.topic import FOR_EVER, Topic
from shared.topics import DEAD, INBOUND, TOPICS

Json: TypeAlias = dict[str, Any]
Examples: TypeAlias = Mapping[str, Mapping[str, Any]]
"""By the topic's name, by `<type>` or `<type>.<what is special>`: one message each."""

_BINDING = "0.5.0"  # the version of AsyncAPI's words about Kafka
_ABOUT = "Integrators write and read here as operations say; the rest is between our services."
_INBOUND_HEADERS = {
    "x-provider": "Whose format the value is.",
    "x-received-at": "When the webhook was received, RFC 3339; without it the record's time.",
    "content-type": "Of the value, where it is not plain.",
    "account": "Whose it is; needed by what names no address.",
}
_DEAD_HEADERS = {
    "service": "The service that could not take the record.",
    "topic": "Where the record was.",
    "partition": "Where the record was.",
    "offset": "Where the record was.",
    "reason": "Of a closed set.",
    "error": "The error's class.",
    "text": "What happened, for people.",
    "tries": "How often it was tried.",
    "record-at": "The record's own time, ISO 8601, UTC.",
    "at": "When it was given up, ISO 8601, UTC.",
}


def read_examples(folder: Path) -> dict[str, dict[str, Any]]:
    """The examples in a folder with files `<topic>/<type>[.<what is special>].json`."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*/*.json")):
        found.setdefault(file.parent.name, {})[file.stem] = json.loads(file.read_text())
    return found


def document(version: str, examples: Examples) -> Json:
    """Every topic as a channel and every contract as a message, seen by an integrator.

    `send` is what integrators may publish, `receive` what they may consume; a channel with neither
    is between our services. Raises ValueError if one name stands for two schemas.
    """
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Helpdesk pipeline",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {t.name: _channel(t, examples.get(t.name, {})) for t in TOPICS},
        "operations": {
            f"{action}.{topic.name}": _operation(action, topic, others)
            for topic in TOPICS
            for action, others in (
                ("send", topic.outside_producers),
                ("receive", topic.outside_consumers),
            )
            if others
        },
        "components": {"schemas": _schemas()},
    }


def _operation(action: str, topic: Topic[Any], others: str) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": f"For {others}: {topic.about}.",
    }


def _channel(topic: Topic[Any], examples: Mapping[str, Any]) -> Json:
    configuration = topic_configuration(topic, replication=1)
    return {
        "address": topic.name,
        "description": _in_words(topic),
        "messages": _messages(topic, examples),
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [configuration["cleanup.policy"]],
                    "retention.ms": int(configuration["retention.ms"]),
                    "max.message.bytes": int(configuration["max.message.bytes"]),
                },
                "bindingVersion": _BINDING,
            }
        },
    }


def _in_words(topic: Topic[Any]) -> str:
    writers = [*sorted(topic.producers), *filter(None, [topic.outside_producers])]
    readers = [*sorted(topic.consumers), *filter(None, [topic.outside_consumers])]
    kept = "for ever" if topic.retention == FOR_EVER else f"{topic.retention.days} days"
    lines = [
        f"{topic.about[0].upper()}{topic.about[1:]}.",
        f"Key: {topic.key_form}.",
        f"From: {', '.join(writers)}. To: {', '.join(readers)}.",
        f"Kept: {'the newest record of each key, ' if topic.compacted else ''}{kept}.",
        f"A record has {topic.max_bytes} bytes at most.",
    ]
    if topic.open_ended:
        lines.append("Types of a newer version may travel here: ignore those that you do not know.")
    if topic.contract is not None:
        lines.append("Ignore the fields that you do not know.")
    return " ".join(lines)


def _messages(topic: Topic[Any], examples: Mapping[str, Any]) -> Json:
    form = {"type": "string", "description": topic.key_form}
    key: Json = {"kafka": {"key": form, "bindingVersion": _BINDING}}
    if topic.contract is None:
        return {"Bytes": _bytes(topic) | {"bindings": key}}
    messages: Json = {}
    for name, schema in _types(topic).items():
        message = {
            "name": name,
            "summary": schema.get("description", topic.about).partition("\n")[0],
            "payload": {"$ref": f"#/components/schemas/{name}"},
            "bindings": key,
        }
        if "correlation_id" in schema["properties"]:
            message["headers"] = _headers({"correlation-id": "As in the value."})
            message["correlationId"] = {"location": "$message.payload#/correlation_id"}
        shown = [
            {"name": label, "payload": payload}
            for label, payload in sorted(examples.items())
            if label.partition(".")[0] == name
        ]
        messages[name] = message | ({"examples": shown} if shown else {})
    if topic.compacted:
        messages["Tombstone"] = {
            "name": "Tombstone",
            "summary": "A record without a value: what the key names is no more.",
            "payload": {"type": "null"},
            "bindings": key,
        }
    return messages


def _bytes(topic: Topic[Any]) -> Json:
    if topic in INBOUND.values():
        about = "The provider's own bytes, a wrapper around them, or a CloudEvent."
        headers = _headers(_INBOUND_HEADERS)
    else:
        about = "The bytes, the key and the headers of the record that could not be taken."
        headers = _headers(
            {DEAD_HEADER_PREFIX + name: text for name, text in _DEAD_HEADERS.items()},
            required=topic in DEAD.values(),
        )
    return {
        "name": "Bytes",
        "summary": about,
        "contentType": "application/octet-stream",
        "headers": headers,
        "payload": {"description": "Any bytes."},
    }


def _headers(texts: Mapping[str, str], *, required: bool = False) -> Json:
    said = {name: {"type": "string", "description": text} for name, text in texts.items()}
    return {"type": "object", "properties": said} | ({"required": [*said]} if required else {})


def _types(topic: Topic[Any]) -> dict[str, Json]:
    """The schemas of what may travel there, by the types' names."""
    whole = _whole(topic)
    names = whole["discriminator"]["mapping"] if "oneOf" in whole else {whole["title"]: ""}
    parts = _parts(whole)
    return {name: parts[name] for name in names}


def _whole(topic: Topic[Any]) -> Json:
    if topic.contract is None:
        return {"$defs": {}}
    return topic.contract.json_schema(ref_template="#/components/schemas/{model}")


def _parts(whole: Json) -> dict[str, Json]:
    """The schemas of all the models that a contract is made of, by name."""
    parts: dict[str, Json] = dict(whole.get("$defs", {}))
    if "title" in whole:
        parts[whole["title"]] = {name: said for name, said in whole.items() if name != "$defs"}
    return parts


def _schemas() -> Json:
    schemas: Json = {}
    for topic in TOPICS:
        for name, schema in _parts(_whole(topic)).items():
            if schemas.setdefault(name, schema) != schema:
                raise ValueError(f"{name} is two schemas, the second one on {topic.name}")
    return dict(sorted(schemas.items()))
