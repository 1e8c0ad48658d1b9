"""Takes a group's place over from a process that died: nobody else waits until the group believes it dead.

Kafka's own way (static membership, KIP-345) gives a member that comes back its old partitions and no others: topics that were made
meanwhile, or are made later, are then nobody's.
"""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.protocol.group import LeaveGroupRequest

from chancery_bus.errors import KafkaUnreachable


async def dismiss(bootstrap: str, group: str, client_id: str) -> int:
    """Has every member of this client id leave the group; how many. For a caller that knows that none of them lives.

    Raises KafkaUnreachable. Where the group cannot say (no coordinator yet), there is nobody to dismiss.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id=client_id)
    try:
        await admin.start()
        try:
            coordinator = await admin.find_coordinator(group)
            (described,) = await admin.describe_consumer_groups([group], group_coordinator_id=coordinator)
            (found,) = described.to_object()["groups"]
            dead = [one["member_id"] for one in found["members"] if one["client_id"] == client_id]
            for member in dead:
                await admin._send_request(LeaveGroupRequest(group, member), coordinator)  # it has no public way
        except KafkaError:
            return 0  # slower, and no less safe: the group finds out by itself
        return len(dead)
    except KafkaConnectionError as exc:
        raise KafkaUnreachable(bootstrap) from exc
    finally:
        await admin.close()
