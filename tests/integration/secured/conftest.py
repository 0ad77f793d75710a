"""A real Kafka that asks who is there: TLS, passwords and rights, with an authority and certificates of the run's own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    KafkaAdminClient,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from config.settings import BrokerSettings
from stream.broker import BrokerOptions, EmbeddedKafka
from stream.broker.probe import HOST, free_ports
from tests.integration.secured.authority import Authority
from tests.integration.secured.documented import documented_rights

Process = subprocess.Popen[str]
TIMEOUT_SECONDS = 60
PASSWORD = "the-secret-of-this-run"  # noqa: S105  # of users that live as long as a test
KEY_PASSWORD = "the-secret-of-the-key"  # noqa: S105  # as above
PLAIN_USER = "plain-user"
# Each listener is Kafka's name of a port with rules of its own.
LISTENERS = {
    "PASSWORDS": "SASL_SSL",
    "CERTIFICATES": "SSL",
    "UNENCRYPTED": "SASL_PLAINTEXT",
    "BRIEF": "SASL_PLAINTEXT",  # asks again every few seconds
    "EXPIRED": "SASL_SSL",
    "ELSEWHERE": "SASL_SSL",
}
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
PLAIN = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{PLAIN_USER}="{PASSWORD}";'


@dataclass(frozen=True)
class SecuredKafka:
    """The broker, and who may what.

    Attributes:
        open_servers: where nobody is asked, and everybody may everything: for the test itself.
        ports: of each listener.
        folder: of the certificates.
        log: the broker's.
    """

    open_servers: str
    ports: Mapping[str, int]
    folder: Path
    log: Path
    authority: Authority

    def add_user(self, name: str, password: str = PASSWORD) -> None:
        """Let the broker know a user by SCRAM; again for another password."""
        users = [UserScramCredentialUpsertion(name, mechanism, password) for mechanism in list(ScramMechanism)[1:]]
        with closing(KafkaAdminClient(bootstrap_servers=self.open_servers)) as admin:
            for user in users:  # two changes of one user in a request are refused
                assert admin.alter_user_scram_credentials([user]) == {name: None}

    def allow(self, user: str, kind: str, name: str, *operations: str) -> None:
        """Give a user rights on a resource; `kind` is `topic`, `group`, `cluster` or `transactional id`."""
        pattern = ResourcePattern(ResourceType[kind.upper().replace(" ", "_")], name)
        rights = [
            ACL(f"User:{user}", "*", ACLOperation[operation], ACLPermissionType.ALLOW, pattern)
            for operation in operations
        ]
        with closing(KafkaAdminClient(bootstrap_servers=self.open_servers)) as admin:
            assert not admin.create_acls(rights)["failed"]

    def refused_attempts(self) -> int:
        """Count the attempts to authenticate that the broker has refused."""
        return self.log.read_text(encoding="utf-8").count("Failed authentication")

    def by_password(
        self, user: str, *, mechanism: str = "SCRAM-SHA-512", listener: str = "PASSWORDS"
    ) -> dict[str, str]:
        """Give the settings of a user with a password."""
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{self.ports[listener]}",
            "KAFKA_SECURITY_PROTOCOL": LISTENERS[listener],
            "KAFKA_SASL_MECHANISM": mechanism,
            "KAFKA_SASL_USERNAME": user,
            "KAFKA_SASL_PASSWORD": PASSWORD,
        }
        return settings | ({"KAFKA_SSL_CAFILE": str(self.authority.file)} if "SSL" in LISTENERS[listener] else {})

    def by_certificate(self, user: str, authority: Authority | None = None) -> dict[str, str]:
        """Give the settings of a user with a certificate, whose key is encrypted."""
        certificate = (authority or self.authority).issue(user, password=KEY_PASSWORD)
        return {
            "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{self.ports['CERTIFICATES']}",
            "KAFKA_SECURITY_PROTOCOL": "SSL",
            "KAFKA_SSL_CAFILE": str(self.authority.file),
            "KAFKA_SSL_CERTFILE": str(certificate),
            "KAFKA_SSL_KEYFILE": str(certificate.with_suffix(".key")),
            "KAFKA_SSL_KEYFILE_PASSWORD": KEY_PASSWORD,
        }


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """Start one such broker for the run."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = Authority(folder, "authority")
    authority.issue("broker")
    authority.issue("expired", is_expired=True)
    authority.issue("elsewhere", host="kafka.example.org")
    ports = dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True))
    settings = BrokerSettings()
    options = BrokerOptions(
        data_dir=tmp_path_factory.mktemp("secured"),
        cache_dir=settings.cache_dir,
        maven_repository=settings.maven_repository,
        jars_dir=settings.jars_dir,
        port=free_ports(1)[0],
        properties=_properties(ports, folder, authority),
    )
    with EmbeddedKafka(options) as kafka:
        yield SecuredKafka(kafka.bootstrap_servers, ports, folder, kafka.log_file, authority)


def _properties(ports: Mapping[str, int], folder: Path, authority: Authority) -> dict[str, str]:
    addresses = ",".join(f"{name}://{HOST}:{port}" for name, port in ports.items())
    properties = {
        "listeners": addresses,
        "advertised.listeners": addresses,
        "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in LISTENERS.items()),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",  # who comes by the plain listener
        "ssl.principal.mapping.rules": "RULE:^CN=(.*?)(,.*)?$/$1/,DEFAULT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,SCRAM-SHA-256,PLAIN",
        "listener.name.certificates.ssl.client.auth": "required",
        "listener.name.brief.scram-sha-512.connections.max.reauth.ms": "4000",
    }
    for listener, protocol in LISTENERS.items():
        prefix = f"listener.name.{listener.lower()}"
        if "SSL" in protocol:
            name = listener.lower() if listener in {"EXPIRED", "ELSEWHERE"} else "broker"
            properties[f"{prefix}.ssl.keystore.type"] = "PEM"
            properties[f"{prefix}.ssl.keystore.location"] = str(folder / f"{name}.both")
            properties[f"{prefix}.ssl.truststore.type"] = "PEM"
            properties[f"{prefix}.ssl.truststore.location"] = str(authority.file)
        if "SASL" in protocol:
            properties[f"{prefix}.scram-sha-512.sasl.jaas.config"] = SCRAM
            properties[f"{prefix}.scram-sha-256.sasl.jaas.config"] = SCRAM
            properties[f"{prefix}.plain.sasl.jaas.config"] = PLAIN
    return properties


@pytest.fixture
def make_authority(tmp_path: Path) -> Callable[[str], Authority]:
    """Make an authority that the broker does not know."""
    return lambda name: Authority(tmp_path, name)


@pytest.fixture
def kafka_servers(secured: SecuredKafka) -> str:
    """What `cluster` makes its topics with, and the test reads and writes with."""
    return secured.open_servers


@pytest.fixture
def user(secured: SecuredKafka, topic_prefix: str) -> str:
    """A user of this test's own, who has no right yet."""
    name = f"{topic_prefix}user"
    secured.add_user(name)
    return name


@pytest.fixture
def allow(secured: SecuredKafka, user: str, topic_prefix: str) -> Callable[..., None]:
    """Give this test's user, or another one, what the page lists for a part, but for one operation of a resource or all of them."""

    def give(part: str, *, to: str = user, but: str = "", operation: str = "") -> None:
        rights = documented_rights(part)
        assert rights, f"the page lists nothing for {part}"
        assert not but or but in {name for _, name, _ in rights}
        for kind, name, operations in rights:
            given = [one for one in operations if name != but or (operation and one != operation)]
            own = topic_prefix + name
            if part == "exactly-once":
                own = name.replace("tickertape.", f"{topic_prefix}group.{topic_prefix}")
            elif kind == "group":
                own = name.replace("tickertape", f"{topic_prefix}group")
            if given:
                secured.allow(to, kind, own, *given)

    return give


@pytest.fixture
def start(cluster: Any, secured: SecuredKafka, user: str, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start `tickertape VERB ...` on this test's topics, as its user unless settings say who; ended at its end."""
    processes: list[Process] = []
    environment = os.environ | {
        "TOPICS_PREFIX": cluster.prefix,
        "STREAM_GROUP": f"{cluster.prefix}group",
        "TICKERTAPE_HOME": str(tmp_path),
    }

    def start_process(*words: str, settings: Mapping[str, str] | None = None, **more: str) -> Process:
        known = secured.by_password(user) if settings is None else settings
        process = subprocess.Popen(
            [sys.executable, "-m", "tickertape", *words],
            env=environment | known | more,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start_process
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def tickertape(start: Callable[..., Process]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `tickertape VERB ...` to its end; no output of any may hold a secret."""

    def run(*words: str, given: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
        process = start(*words, **options)
        output, errors = process.communicate(given, timeout=TIMEOUT_SECONDS)
        assert PASSWORD not in output + errors
        assert KEY_PASSWORD not in output + errors
        return subprocess.CompletedProcess(words, process.returncode, output, errors)

    return run
