"""The registry of topics: each has a sender and a reader, and the README shows them."""

import re
from typing import Any

import pytest

from shared.cli.topics_command import markdown_table
from shared.topic import SERVICES, Service, Topic
from shared.topics import ACCOUNTS, DEAD, TOPICS
from tests.architecture.tree import ROOT

TABLE = re.compile(r"<!-- topics -->\n(.*?)\n<!-- /topics -->", re.DOTALL)


def test_the_readme_shows_the_topics_as_they_are() -> None:
    shown = TABLE.findall((ROOT / "README.md").read_text())

    assert [table.strip() for table in shown] == [markdown_table()]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_has_a_sender_and_a_reader(topic: Topic[Any]) -> None:
    assert topic.producers or topic.outside_producers
    assert topic.consumers or topic.outside_consumers


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_s_name_cannot_be_taken_for_another_s(topic: Topic[Any]) -> None:
    # Kafka's metrics show dots as underscores: a name with an underscore could be two.
    assert re.fullmatch(r"helpdesk(\.[a-z]+)+", topic.name)


def test_no_two_topics_share_a_name() -> None:
    names = [topic.name for topic in TOPICS]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_a_place_for_what_it_cannot_take(service: Service) -> None:
    assert DEAD[service].producers == {service}
    assert service in ACCOUNTS.consumers
