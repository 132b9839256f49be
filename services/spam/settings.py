"""What screening reads from the environment."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, FilePath, SecretStr
from pydantic_settings import NoDecode

from shared.running.settings import ServiceSettings


def _listed(value: object) -> object:
    """`a, b` in the environment is a list of two; none is there twice."""
    if not isinstance(value, str):
        return value
    return tuple(dict.fromkeys(name for each in value.split(",") if (name := each.strip())))


Engines = Annotated[tuple[Literal["embeddings", "rspamd"], ...], NoDecode, BeforeValidator(_listed)]


class Settings(ServiceSettings):
    """Screening's own settings; thresholds are the accounts'."""

    spam_model: Literal["on", "shadow"] = Field(
        default="on",
        description="whether the model that learns counts, or is only tried beside the rules",
    )
    spam_engines: Engines = Field(
        default=(),
        description=(
            "optional engines, asked where the others leave a message open, with commas between:"
            " `embeddings`, `rspamd`. Each needs its extra to be installed"
        ),
    )
    rspamd_url: str = Field(
        default="http://127.0.0.1:11333",
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        description="rspamd's worker or controller; `/checkv2` is added. It names no user",
    )
    rspamd_password: SecretStr | None = Field(
        default=None, description="rspamd's password, where it wants one"
    )
    rspamd_password_file: FilePath | None = Field(
        default=None, description="a file with that password, instead of the password itself"
    )

    @property
    def rspamd_secret(self) -> str | None:
        """The password as it is now. Raises Transient if its file cannot be read any more."""
        return self.secret("rspamd_password")
