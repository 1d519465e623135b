"""A real Kafka that asks who one is (SASL/PLAIN and SCRAM over TLS, certificates) and what one may do (StandardAuthorizer)."""
import functools
import time
import uuid

from confluent_kafka import Consumer, KafkaError, Producer
from confluent_kafka.admin import AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient, NewTopic, ResourcePatternType, ResourceType
from confluent_kafka.admin import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from certificates import Authority
from broker import Broker
from proxy import free_port

USERS = ("admin", "publisher", "crm", "mallory")
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"


def password(user):
    return f"canary-{user}-password"


class SecuredKafka(Broker):
    KIND = "kafka"

    def __init__(self, folder):
        super().__init__(folder)
        self.authority = Authority(self.folder)
        self.certificate_port = free_port()
        certificate, key = self.authority.sign("server", "/CN=broker", "IP:127.0.0.1")
        keystore = self.folder / "server.pem"
        keystore.write_text(key.read_text() + certificate.read_text())
        users = " ".join(f'user_{user}="{password(user)}"' for user in USERS)
        (self.folder / "extra.properties").write_text(
            f"listeners=SASL_SSL://127.0.0.1:@PORT@,CERTIFICATE://127.0.0.1:{self.certificate_port},CONTROLLER://127.0.0.1:@CONTROLLER_PORT@\n"
            "listener.security.protocol.map=SASL_SSL:SASL_SSL,CERTIFICATE:SSL,CONTROLLER:PLAINTEXT\n"
            "inter.broker.listener.name=SASL_SSL\nsasl.mechanism.inter.broker.protocol=PLAIN\nsasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256\n"
            f'listener.name.sasl_ssl.plain.sasl.jaas.config={PLAIN} username="admin" password="{password("admin")}" {users};\n'
            "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;\n"
            f"ssl.keystore.type=PEM\nssl.keystore.location={keystore}\nssl.truststore.type=PEM\nssl.truststore.location={self.authority.certificate}\n"
            "listener.name.certificate.ssl.client.auth=required\n"
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
            "super.users=User:admin;User:ANONYMOUS\n")      # ANONYMOUS: the controller's own listener

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    def properties(self, user, mechanism="PLAIN"):
        return {"bootstrap.servers": self.bootstrap, "security.protocol": "SASL_SSL", "ssl.ca.location": str(self.authority.certificate),
                "sasl.mechanism": mechanism, "sasl.username": user, "sasl.password": password(user)}

    def settings(self, user, mechanism="PLAIN"):
        """Of a [[destination]] table."""
        return "".join(f'kafka."{name}" = "{value}"\n' for name, value in self.properties(user, mechanism).items())

    def administrator(self, *names):
        """The text of an administrator's file for these destinations."""
        return "".join(f'[[destination]]\nname = "{name}"\n{self.settings("admin")}\n' for name in names)

    @functools.cached_property
    def admin(self):
        return AdminClient(self.properties("admin"))

    def create_topic(self, name=None, partitions=1):
        name = name or f"events-{uuid.uuid4().hex[:12]}"
        self.admin.create_topics([NewTopic(name, partitions, 1)])[name].result(30)
        return name

    def acl(self, principal, operation, name, prefixed=False, deny=False):
        return AclBinding(ResourceType.TOPIC, name, ResourcePatternType.PREFIXED if prefixed else ResourcePatternType.LITERAL, principal, "*", operation,
                          AclPermissionType.DENY if deny else AclPermissionType.ALLOW)

    def add_acl(self, *arguments, **more):
        for done in self.admin.create_acls([self.acl(*arguments, **more)]).values():
            done.result(30)

    def remove_acl(self, *arguments, **more):
        acl = self.acl(*arguments, **more)
        pattern = AclBindingFilter(acl.restype, acl.name, acl.resource_pattern_type, acl.principal, acl.host, acl.operation, acl.permission_type)
        for done in self.admin.delete_acls([pattern]).values():
            done.result(30)

    def add_scram_user(self, user):
        change = UserScramCredentialUpsertion(user, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), password(user).encode())
        self.admin.alter_user_scram_credentials([change])[user].result(30)

    def publish_as(self, user, topic):
        """None, or the name of the broker's refusal."""
        outcome = []
        producer = Producer({**self.properties(user), "enable.idempotence": False, "message.timeout.ms": 15_000})
        producer.produce(topic, b"{}", on_delivery=lambda error, _: outcome.append(error))
        producer.flush(20)
        assert outcome, "the broker did not answer"
        return outcome[0].name() if outcome[0] else None

    def read_as(self, user, topic, group):
        """The values in the topic, or the name of the broker's refusal."""
        consumer = Consumer({**self.properties(user), "group.id": group, "enable.auto.commit": False, "auto.offset.reset": "earliest", "enable.partition.eof": True})
        values, deadline = [], time.monotonic() + 60
        try:
            consumer.subscribe([topic])
            while time.monotonic() < deadline:
                message = consumer.poll(1)
                if message is None:
                    continue
                if not message.error():
                    values.append(message.value())
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    return values
                elif message.error().name().endswith("AUTHORIZATION_FAILED"):
                    return message.error().name()
            raise AssertionError(f"neither the end of {topic} nor a refusal")
        finally:
            consumer.close()


__all__ = ["SecuredKafka", "AclOperation", "password"]
