"""Ticketing's settings."""

from typing import Annotated, Self

from pydantic import (
    Field,
    FilePath,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from shared.running.secret_files import read_secret, wrong
from shared.running.settings import ServiceSettings
from shared.values.mail_tokens import MailTokens

KeyId = Annotated[str, StringConstraints(pattern=r"^[0-9]$")]
Secret = Annotated[SecretStr, Field(min_length=16)]
_KEYS: TypeAdapter[dict[str, SecretStr]] = TypeAdapter(dict[KeyId, Secret])


class Settings(ServiceSettings):
    """Every service's settings, and the keys of the tokens that lead answers to mails back."""

    mail_token_keys: dict[KeyId, Secret] = Field(
        default_factory=dict,
        description=(
            "secrets of the tokens in mails that go out, by their ids, a digit each:"
            ' `{"1": "…"}`. The last one signs, all are recognised; without any, answers are led'
            " back by mail ids alone"
        ),
    )

    mail_token_keys_file: FilePath | None = Field(
        default=None, description="a file with those secrets, as the same JSON; read at the start"
    )

    snapshots_at_once: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="tickets that a replica publishes of each request for snapshots, each sweep",
    )

    @model_validator(mode="after")
    def _the_file_has_keys(self) -> Self:
        self._keys()
        return self

    def _keys(self) -> dict[str, SecretStr]:
        if self.mail_token_keys_file is None:
            return self.mail_token_keys
        try:
            return _KEYS.validate_json(read_secret(self.mail_token_keys_file))
        except (OSError, ValidationError):
            text = "it is no JSON object of secrets by their ids, a digit each"
            raise wrong("mail_token_keys_file", text) from None

    @property
    def tokens(self) -> MailTokens:
        """What makes and recognises the tokens."""
        return MailTokens(
            {name: key.get_secret_value().encode() for name, key in self._keys().items()}
        )
