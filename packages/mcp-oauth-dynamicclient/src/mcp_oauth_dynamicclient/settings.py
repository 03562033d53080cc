"""Settings from the environment and ``.env``. Says which variable is wrong; never shows the value of a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .keys import KeyMaterialError, SigningKeys, read_private_key
from .proxies import LOOPBACK_AND_PRIVATE, parse_networks
from .rates import Rate, parse_rate
from .redirects import LOOPBACK_HOSTS
from .resources import ProtectedResources, canonical
from .scopes import ScopeCatalogue, ScopePolicy, parse_scope_policy, well_formed
from .service.errors import ConfigurationError

_HINT = "correct it in the environment or in .env; `python -m mcp_oauth_dynamicclient validate-config` lists all faults"
_SHORTEST_HMAC_SECRET = 32
_LEVELS = {"DEBUG", "INFO", "WARNING", "ERROR"}

CommaList = Annotated[tuple[str, ...], NoDecode]
WordList = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Everything the authorization server can be told. Field names in capitals are the environment variables."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", hide_input_in_errors=True, frozen=True
    )

    github_client_id: str = Field(min_length=1)
    github_client_secret: SecretStr = Field(min_length=1)
    github_url: str = "https://github.com"
    github_api_url: str = "https://api.github.com"
    base_domain: str | None = None
    issuer_url: str = ""
    jwt_algorithm: Literal["RS256", "HS256"] = "RS256"
    jwt_private_key_b64: SecretStr | None = None
    jwt_previous_keys_b64: SecretStr | None = None
    jwt_secret: SecretStr | None = None
    redis_url: SecretStr | None = None
    redis_host: str | None = None
    redis_port: int = Field(default=6379, ge=1, le=65535)
    redis_password: SecretStr | None = None
    access_token_lifetime: int = Field(default=1800, ge=1)
    refresh_token_lifetime: int = Field(default=31_536_000, ge=1)
    refresh_family_lifetime: int = Field(default=31_536_000, ge=1)
    session_timeout: int = Field(default=300, ge=1)
    auth_code_lifetime: int = Field(default=60, ge=1, le=600)
    client_lifetime: int = Field(default=7_776_000, ge=0)
    allowed_github_users: CommaList
    protected_resources: CommaList = ()
    default_resource: str | None = None
    resource_owners: CommaList = ()
    scopes_supported: WordList = ("mcp:read", "mcp:write", "profile", "email")
    default_scope: WordList = ("mcp:read", "mcp:write")
    scope_policy: str | None = None
    enable_dcr: bool = True
    enable_cimd: bool = True
    enable_device_flow: bool = False
    cimd_allowed_hosts: CommaList = ()
    cimd_private_hosts: CommaList = ()
    trusted_proxies: str = LOOPBACK_AND_PRIVATE
    registration_rate: str = "20/hour"
    token_rate: str = "60/min"  # noqa: S105 - a rate
    forward_auth_token: bool = False
    mcp_protocol_version: str | None = None
    log_file: str | None = None
    log_level: str = "INFO"

    @field_validator("*", mode="before")
    @classmethod
    def _nothing_is_unset(cls, value: Any, info: Any) -> Any:
        """Treats an empty optional variable as unset, as ``.env`` files mean it."""
        if value == "" and info.field_name in _OPTIONAL:
            return cls.model_fields[info.field_name].get_default()
        return value

    @field_validator(
        "allowed_github_users",
        "protected_resources",
        "resource_owners",
        "cimd_allowed_hosts",
        "cimd_private_hosts",
        mode="before",
    )
    @classmethod
    def _comma_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
        return value

    @field_validator("scopes_supported", "default_scope", mode="before")
    @classmethod
    def _word_list(cls, value: Any) -> Any:
        return tuple(value.split()) if isinstance(value, str) else value

    @field_validator("scopes_supported", "default_scope")
    @classmethod
    def _scopes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not well_formed(value):
            raise ValueError("a scope has characters that RFC 6749 does not allow")
        return value

    @field_validator("github_url", "github_api_url")
    @classmethod
    def _upstream(cls, value: str) -> str:
        return _https_or_loopback(value)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        parse_networks(value)
        return value

    @field_validator("registration_rate", "token_rate")
    @classmethod
    def _rate(cls, value: str) -> str:
        parse_rate(value)
        return value

    @field_validator("scope_policy")
    @classmethod
    def _policy(cls, value: str | None) -> str | None:
        if value:
            parse_scope_policy(value)
        return value

    @field_validator("resource_owners")
    @classmethod
    def _owners(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            client, _, resource = entry.partition("=")
            if not client or canonical(resource) is None:
                raise ValueError("every entry is CLIENT_ID=RESOURCE-URI")
        return value

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.upper() not in _LEVELS:
            raise ValueError(f"one of {', '.join(sorted(_LEVELS))}")
        return value.upper()

    @model_validator(mode="before")
    @classmethod
    def _derived(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Fills issuer and protected resources in from ``BASE_DOMAIN``."""
        domain = values.get("base_domain")
        filled = dict(values)
        if not filled.get("issuer_url") and domain:
            filled["issuer_url"] = f"https://auth.{domain}"
        if not filled.get("protected_resources") and domain:
            filled["protected_resources"] = f"https://*.{domain}"
        return filled

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        """Checks what several variables say together; every fault names its variable."""
        faults = [fault for check in _CHECKS for fault in [check(self)] if fault]
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @property
    def issuer(self) -> str:
        """The issuer identifier, without a trailing slash."""
        return self.issuer_url

    @property
    def insecure_cookies(self) -> bool:
        """Whether cookies go without ``Secure`` and ``__Host-``: only an ``http`` issuer, which is loopback."""
        return self.issuer.startswith("http:")

    def redis_location(self) -> SecretStr | None:
        """The address of Redis with its password, or ``None`` for the embedded store."""
        if self.redis_url is not None:
            return self.redis_url
        if self.redis_host is None:
            return None
        host = f"[{self.redis_host}]" if ":" in self.redis_host else self.redis_host
        return SecretStr(f"redis://{quote(host, safe='[]:.-_')}:{self.redis_port}/0")

    def rate_of(self, name: Literal["registration", "token"]) -> Rate:
        """A limit as a number of requests in a number of seconds."""
        return parse_rate(self.registration_rate if name == "registration" else self.token_rate)

    def signing_keys(self) -> SigningKeys:
        """The keys tokens are signed and checked with."""
        return _signing_keys(self)

    def resources(self) -> ProtectedResources:
        """The resources tokens may be issued for."""
        return ProtectedResources(self.protected_resources, self.issuer)

    def catalogue(self) -> ScopeCatalogue:
        """The scopes clients may ask for."""
        return ScopeCatalogue(self.scopes_supported, self.default_scope)

    def policy(self) -> ScopePolicy:
        """The scopes operations need."""
        return ScopePolicy(parse_scope_policy(self.scope_policy or "[]"), self.default_scope)

    def allows_user(self, login: str) -> bool:
        """Whether this GitHub user may sign in. An empty list allows nobody."""
        allowed = {name.lower() for name in self.allowed_github_users}
        return "*" in allowed or login.lower() in allowed


_OPTIONAL = frozenset(
    name for name, field in Settings.model_fields.items() if not field.is_required() and name != "protected_resources"
)


def _https_or_loopback(value: str) -> str:
    parts = urlsplit(value)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    if not secure or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("an https URL is needed; http only for loopback hosts")
    return value.rstrip("/")


def _issuer_fault(settings: Settings) -> str | None:
    if not settings.issuer_url:
        return "BASE_DOMAIN: required unless ISSUER_URL is set"
    try:
        clean = _https_or_loopback(settings.issuer_url)
    except ValueError as error:
        return f"ISSUER_URL: {error}"
    if clean != settings.issuer_url or urlsplit(clean).path:
        return "ISSUER_URL: an origin without a path is needed"
    return None


def _resources_fault(settings: Settings) -> str | None:
    if not settings.protected_resources:
        return "PROTECTED_RESOURCES: required unless BASE_DOMAIN is set"
    try:
        resources = ProtectedResources(settings.protected_resources, settings.issuer_url)
    except ValueError as error:
        return f"PROTECTED_RESOURCES: {error}"
    if settings.default_resource and resources.allowed(settings.default_resource) is None:
        return "DEFAULT_RESOURCE: not one of PROTECTED_RESOURCES"
    return None


def _scope_fault(settings: Settings) -> str | None:
    unknown = set(settings.default_scope) - set(settings.scopes_supported)
    return f"DEFAULT_SCOPE: not in SCOPES_SUPPORTED: {' '.join(sorted(unknown))}" if unknown else None


def _key_fault(settings: Settings) -> str | None:
    if settings.jwt_algorithm == "HS256":
        secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else ""
        if len(secret.encode()) < _SHORTEST_HMAC_SECRET:
            return "JWT_SECRET: HS256 needs at least 32 bytes; make one with `generate-secret`"
        return None
    if settings.jwt_private_key_b64 is None:
        return "JWT_PRIVATE_KEY_B64: required for RS256; make one with `create-keys`"
    try:
        _signing_keys(settings)
    except KeyMaterialError as error:
        return f"{error.variable}: {error}"
    return None


def _redis_fault(settings: Settings) -> str | None:
    if settings.redis_url is None:
        return None
    scheme = urlsplit(settings.redis_url.get_secret_value()).scheme
    return None if scheme in {"redis", "rediss", "unix"} else "REDIS_URL: redis://, rediss:// or unix:// is needed"


_CHECKS = (_issuer_fault, _resources_fault, _scope_fault, _key_fault, _redis_fault)


def _signing_keys(settings: Settings) -> SigningKeys:
    if settings.jwt_algorithm == "HS256":
        secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else ""
        return SigningKeys.symmetric(secret)
    current = settings.jwt_private_key_b64.get_secret_value() if settings.jwt_private_key_b64 else ""
    older = settings.jwt_previous_keys_b64.get_secret_value() if settings.jwt_previous_keys_b64 else ""
    return SigningKeys.asymmetric(
        read_private_key(current, "JWT_PRIVATE_KEY_B64"),
        [read_private_key(part.strip(), "JWT_PREVIOUS_KEYS_B64") for part in older.split(",") if part.strip()],
    )


def faults_of(error: ValidationError) -> list[str]:
    """One line per fault: the variable and what is wrong with it. Values are left out: some are secrets."""
    lines: list[str] = []
    for entry in error.errors(include_url=False, include_context=False, include_input=False):
        message = entry["msg"].removeprefix("Value error, ")
        if entry["loc"]:
            message = "required" if entry["type"] == "missing" else message
            lines.append(f"{str(entry['loc'][0]).upper()}: {message}")
        else:
            lines.extend(message.splitlines())
    return lines


def settings_faults(env_file: str | Path | None = ".env", **overrides: Any) -> list[str]:
    """Every fault of the settings, one line each; nothing if they are complete."""
    try:
        Settings(_env_file=env_file, **overrides)
    except ValidationError as error:
        faults = faults_of(error)
        wrong = {str(entry["loc"][0]) for entry in error.errors() if entry["loc"]} - set(overrides)
        if not wrong:
            return faults
        # What several variables say together is only looked at once each is right by itself.
        stand_ins = {name: _stand_in(name) for name in sorted(wrong)}
        return faults + settings_faults(env_file, **{**overrides, **stand_ins})
    return []


def _stand_in(name: str) -> Any:
    field = Settings.model_fields[name]
    return "stand-in" if field.is_required() else field.get_default()


def load_settings(env_file: str | Path | None = ".env", **overrides: Any) -> Settings:
    """Reads the settings.

    Raises:
        ConfigurationError: some do not make sense; the message is about the first of them.
    """
    try:
        return Settings(_env_file=env_file, **overrides)
    except ValidationError as error:
        faults = faults_of(error)
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise ConfigurationError(f"{faults[0]}{more}", hint=_HINT) from None
