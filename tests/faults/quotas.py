"""A quota of a real Kafka: it answers who writes more than that later and later."""

import contextlib
from collections.abc import Iterator

from kafka.admin import KafkaAdminClient
from kafka.protocol.admin.client_quotas import AlterClientQuotasRequest

Entry = AlterClientQuotasRequest.EntryData


@contextlib.contextmanager
def write_quota(servers: str, *, client_id: str, bytes_per_second: float) -> Iterator[None]:
    """Hold up the clients of a name that write more than this together, as long as the `with` block lasts."""
    _alter(servers, client_id, bytes_per_second=bytes_per_second, remove=False)
    try:
        yield
    finally:
        _alter(servers, client_id, bytes_per_second=0.0, remove=True)


def _alter(servers: str, client_id: str, *, bytes_per_second: float, remove: bool) -> None:
    entry = Entry(
        entity=[Entry.EntityData(entity_type="client-id", entity_name=client_id)],
        ops=[Entry.OpData(key="producer_byte_rate", value=bytes_per_second, remove=remove)],
    )
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        request = AlterClientQuotasRequest(entries=[entry], validate_only=False)
        answer = admin._manager.run(admin._manager.send, request)  # kafka-python has no call for it
    finally:
        admin.close()
    assert [one.error_code for one in answer.entries] == [0], answer
