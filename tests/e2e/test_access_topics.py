"""access plan, apply and check against real brokers: before and after, who may publish and read, and what a check finds."""
import base64
import json
import shutil
import urllib.request

import pika
import pytest

from aws_emulator import Moto
from daemon import cli, wait_for
from proxy import free_port
from rabbitmq import RabbitMq
from secured_kafka import AclOperation, SecuredKafka, password


@pytest.fixture(scope="module")
def secured_kafka(tmp_path_factory):
    broker = SecuredKafka(tmp_path_factory.mktemp("secured-kafka"))
    try:
        yield broker.start()
    finally:
        broker.stop()


class Site:
    """A configuration and an administrator's file in a folder, and the commands upon them. Nothing that they print holds a password."""

    def __init__(self, folder, config, administrator):
        self.folder = folder
        self.config, self.administrator = folder / "user-events.toml", folder / "admin.toml"
        self.config.write_text(config)
        self.administrator.write_text(administrator)

    def run(self, command, *arguments, status):
        admin = [] if command == "plan" else ["--admin-config", self.administrator]
        done = cli("access", command, "--config", self.config, *admin, *arguments, cwd=self.folder)
        assert done.returncode == status, done.stdout + done.stderr
        assert "canary" not in done.stdout + done.stderr, "a password"
        return done

    def plan(self):
        return json.loads(self.run("plan", "--json", status=0).stdout)

    def findings(self, *arguments):
        """finding, principal, operations: sorted."""
        done = cli("access", "check", "--config", self.config, "--admin-config", self.administrator, "--json", *arguments, cwd=self.folder)
        found = json.loads(done.stdout)["findings"]
        assert done.returncode == (1 if found else 0), done.stderr
        return sorted((each["finding"], each["principal"], " ".join(right["operation"] for right in each["rights"])) for each in found)


def kafka_destination(topic, settings, more="", name="kafka"):
    return f'[[destination]]\nname = "{name}"\nkind = "kafka"\ntopic = "{topic}"\nretry = {{initial = "50ms", max = "500ms"}}\n{more}\n{settings}\n'


CREATED = {"userId": "u-1", "email": "ada@example.com", "status": "active"}


def test_kafka_from_nothing_to_as_planned(secured_kafka, new_daemon, tmp_path):
    broker, topic = secured_kafka, secured_kafka.create_topic()
    config = kafka_destination(topic, broker.settings("publisher"), 'consumers = ["crm group=crm-*"]')
    site = Site(tmp_path, config, broker.administrator("kafka"))
    daemon = new_daemon(config).start()
    daemon.publish("user.created", CREATED)

    # Before: nobody may do anything, the daemon included.
    wait_for(lambda: "grant" in daemon.destination_status("kafka").get("detail", ""), 30, "the daemon is refused")
    assert broker.publish_as("mallory", topic) == "TOPIC_AUTHORIZATION_FAILED"
    assert broker.read_as("crm", topic, "crm-1") in ("TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED")
    missing = [("missing", "User:crm", "Describe"), ("missing", "User:crm", "Read"), ("missing", "User:crm", "Read"),
               *(("missing", "User:publisher", each) for each in ("Describe", "DescribeConfigs", "Read", "Write"))]
    assert site.findings() == missing

    # Nothing is done unasked.
    refused = site.run("apply", status=2)
    assert f"add ACL: Allow User:crm Read on group crm-*" in refused.stdout and "--yes" in refused.stderr
    assert site.findings() == missing

    site.run("apply", "--yes", status=0)
    assert site.run("check", status=0).stdout == f"kafka {broker.bootstrap}: as planned\n"
    assert site.run("apply", "--yes", status=0).stdout == "nothing is missing\n"

    # After: the daemon publishes, the consumer reads in its groups, and nobody more.
    daemon.wait_delivered()
    assert daemon.destination_status("kafka")["notes"] == [], "no promise is reduced for want of a right"
    assert [json.loads(value)["data"] for value in broker.read_as("crm", topic, "crm-1")][0]["email"] == "ada@example.com"
    assert broker.read_as("crm", topic, "other") == "GROUP_AUTHORIZATION_FAILED"
    assert broker.publish_as("crm", topic) == "TOPIC_AUTHORIZATION_FAILED"
    assert broker.publish_as("mallory", topic) == "TOPIC_AUTHORIZATION_FAILED"
    assert broker.read_as("mallory", topic, "crm-1") in ("TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED")


def test_kafka_excess_drift_and_denials_are_found(secured_kafka, tmp_path):
    broker, topic = secured_kafka, secured_kafka.create_topic()
    site = Site(tmp_path, kafka_destination(topic, broker.settings("publisher"), 'consumers = ["crm"]', name="k2"), broker.administrator("k2"))
    ignored = ("--ignore", "User:publisher")    # its rights on the topics of other tests
    site.run("apply", "--yes", *ignored, status=0)
    assert site.findings(*ignored) == []

    broker.add_acl("User:mallory", AclOperation.WRITE, topic)
    broker.add_acl("User:*", AclOperation.READ, topic)
    broker.add_acl("User:bi", AclOperation.READ, topic[:10], prefixed=True)
    broker.add_acl("User:crm", AclOperation.ALTER, topic)
    assert broker.publish_as("mallory", topic) is None
    excess = [("anybody", "*", "Describe Read"), ("excess", "User:bi", "Describe Read"), ("excess", "User:crm", ""), ("excess", "User:mallory", "Describe Write")]
    assert site.findings(*ignored) == excess
    assert site.findings(*ignored, "--ignore", "User:bi") == [each for each in excess if each[1] != "User:bi"]

    # Nothing is removed unasked, and what is about other topics too is not removed at all.
    assert site.run("apply", "--yes", *ignored, status=0).stdout == "nothing is missing\n"
    assert site.findings(*ignored) == excess
    done = site.run("apply", "--remove-excess", "--yes", *ignored, status=0)
    assert f"remove ACL: Allow User:* Read on topic {topic}" in done.stdout and "left as it is: excess: Allow User:bi" in done.stderr
    assert site.findings(*ignored) == [("excess", "User:bi", "Describe Read")]
    assert broker.publish_as("mallory", topic) == "TOPIC_AUTHORIZATION_FAILED"
    broker.remove_acl("User:bi", AclOperation.READ, topic[:10], prefixed=True)

    broker.remove_acl("User:crm", AclOperation.READ, topic)
    broker.add_acl("User:publisher", AclOperation.WRITE, topic, deny=True)
    assert site.findings(*ignored) == [("denied", "User:publisher", "Write"), ("missing", "User:crm", "Read")]


def test_kafka_publisher_beyond_the_plan(secured_kafka, tmp_path):
    broker, topic, other = secured_kafka, secured_kafka.create_topic(), secured_kafka.create_topic()
    site = Site(tmp_path, kafka_destination(topic, broker.settings("mallory"), name="k3"), broker.administrator("k3"))
    site.run("apply", "--yes", status=0)
    broker.add_acl("User:mallory", AclOperation.WRITE, other)
    assert site.findings() == [("excess", "User:mallory", "")]
    broker.remove_acl("User:mallory", AclOperation.WRITE, other)
    assert site.findings() == []


def test_kafka_with_certificates_on_both_sides(secured_kafka, new_daemon, tmp_path):
    broker, topic = secured_kafka, secured_kafka.create_topic()
    certificate, key = broker.authority.sign("user-events", "/O=Example/OU=Platform, Core/CN=user-events")
    settings = "".join(f'kafka."{name}" = "{value}"\n' for name, value in {
        "bootstrap.servers": f"127.0.0.1:{broker.certificate_port}", "security.protocol": "SSL", "ssl.ca.location": broker.authority.certificate,
        "ssl.certificate.location": certificate, "ssl.key.location": key}.items())
    config = kafka_destination(topic, settings)
    site = Site(tmp_path, config, broker.administrator("kafka"))
    assert {each["principal"] for each in site.plan()["brokers"][0]["grants"]} == {"User:CN=user-events,OU=Platform\\, Core,O=Example"}
    daemon = new_daemon(config).start()
    daemon.publish("user.created", CREATED)
    wait_for(lambda: "grant" in daemon.destination_status("kafka").get("detail", ""), 30, "the daemon is refused")
    site.run("apply", "--yes", status=0)
    daemon.wait_delivered()
    assert site.findings() == []


@pytest.mark.parametrize("is_refused_before", [False, True])
def test_kafka_takes_up_a_certificate_that_was_renewed_without_a_restart(secured_kafka, new_daemon, tmp_path, is_refused_before):
    """Told apart by whom the broker lets write: the former name may no longer, the new one may."""
    broker, topic = secured_kafka, secured_kafka.create_topic()
    names = {which: f"CN=user-events-{which}-{tmp_path.name}" for which in ("former", "new")}
    signed = {which: broker.authority.sign(f"{which}-{tmp_path.name}", f"/{name}") for which, name in names.items()}
    files = [tmp_path / "client.crt", tmp_path / "client.key"]
    renew = lambda which: [shutil.copy(source, target) for source, target in zip(signed[which], files)]
    allow = lambda which, change: [change(f"User:{names[which]}", operation, topic) for operation in (AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS)]
    renew("former")
    if not is_refused_before:
        allow("former", broker.add_acl)
    allow("new", broker.add_acl)
    daemon = new_daemon(kafka_destination(topic, "".join(f'kafka."{name}" = "{value}"\n' for name, value in {
        "bootstrap.servers": f"127.0.0.1:{broker.certificate_port}", "security.protocol": "SSL", "ssl.ca.location": broker.authority.certificate,
        "ssl.certificate.location": files[0], "ssl.key.location": files[1]}.items()))).start()
    daemon.publish("user.created", CREATED)
    if is_refused_before:
        wait_for(lambda: "grant" in daemon.destination_status("kafka").get("detail", ""), 30, "the daemon is refused")
        renew("new")
    else:
        daemon.wait_delivered()
        renew("new")
        wait_for(lambda: "written anew" in daemon.log.read_text(), 30, "the new certificate is noticed")
        daemon.publish("user.created", CREATED)
        daemon.wait_delivered()
        allow("former", broker.remove_acl)
    daemon.publish("user.created", CREATED)
    daemon.wait_delivered()
    assert daemon.destination_status("kafka")["deadLetters"] == 0


def test_kafka_scram_works_or_is_said_not_to(secured_kafka, new_daemon, tmp_path):
    broker, topic = secured_kafka, secured_kafka.create_topic()
    broker.add_scram_user("scrammer")
    config = kafka_destination(topic, broker.settings("scrammer", "SCRAM-SHA-256"))
    site = Site(tmp_path, config, broker.administrator("kafka").replace('"PLAIN"', '"SCRAM-SHA-256"').replace("admin", "scrammer"))
    plan = site.plan()["brokers"][0]
    assert {each["principal"] for each in plan["grants"]} == {"User:scrammer"}
    is_old = any("cannot log in by SCRAM to Kafka 4" in note for note in plan["notes"])
    assert ("cannot log in by SCRAM" in site.run("plan", status=0).stdout) == is_old
    if is_old:      # librdkafka before 2.6.1: right credentials are refused, and why is said
        assert "cannot log in by SCRAM to Kafka 4" in site.run("check", status=1).stderr
        daemon = new_daemon(config).start()
        wait_for(lambda: "cannot log in by SCRAM to Kafka 4" in daemon.destination_status("kafka").get("detail", ""), 30, "status says it too")
        return
    site = Site(tmp_path, config, broker.administrator("kafka"))
    site.run("apply", "--yes", status=0)
    daemon = new_daemon(config).start()
    daemon.publish("user.created", CREATED)
    daemon.wait_delivered()


def test_kafka_wrong_administrators(secured_kafka, tmp_path):
    broker, topic = secured_kafka, secured_kafka.create_topic()
    config = kafka_destination(topic, broker.settings("publisher"))
    site = Site(tmp_path, config, broker.administrator("kafka").replace(password("admin"), "canary-wrong"))
    assert "Authentication failed" in site.run("check", status=1).stderr
    site.administrator.write_text(broker.administrator("kafka").replace(password("admin"), password("mallory")).replace('"admin"', '"mallory"'))
    assert "Describe and Alter on the cluster" in site.run("check", status=1).stderr
    site.administrator.write_text('[[destination]]\nname = "kafka"\ntopic = "x"\n')
    assert "admin.toml:3: topic is not a known key" in site.run("check", status=2).stderr
    site.administrator.write_text('[[destination]]\nname = "other"\n')
    assert "admin.toml:1: destination has no name of a destination that is configured" in site.run("check", status=2).stderr
    site.administrator.write_text("")
    assert "has nothing for destination kafka" in site.run("check", status=2).stderr
    assert "--admin-config" in cli("access", "check", "--config", site.config).stderr


def test_kafka_without_an_authorizer_is_open_to_anybody(kafka, tmp_path):
    settings = f'kafka."bootstrap.servers" = "{kafka.bootstrap}"\n'
    site = Site(tmp_path, kafka_destination("t", settings), f'[[destination]]\nname = "kafka"\n{settings}')
    assert "principal cannot be told" in site.run("plan", status=2).stderr
    site.config.write_text(kafka_destination("t", settings, 'principal = "user-events"'))
    assert ("anybody", "*", "Write Describe Read DescribeConfigs") in site.findings()
    assert "authorizer.class.name" in site.run("apply", "--yes", status=1).stderr


class ManagedRabbitMq(RabbitMq):
    """With the management plugin, and users of its own."""

    def start(self):
        super().start()
        for user, tags in (("publisher", ""), ("crm", ""), ("mallory", ""), ("admin", "administrator")):
            self.manage("PUT", f"/api/users/{user}", password=password(user), tags=tags)
        return self

    def manage(self, method, path, **body):
        login = base64.b64encode(b"guest:guest").decode()
        request = urllib.request.Request(self.management_url + path, json.dumps(body).encode() if body else None,
                                         {"Authorization": f"Basic {login}", "Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def permit(self, user, configure, write, read):
        self.manage("PUT", f"/api/permissions/%2F/{user}", configure=configure, write=write, read=read)

    def permissions(self, user):
        return next(each for each in self.manage("GET", "/api/vhosts/%2F/permissions") if each["user"] == user)

    @property
    def management_url(self):
        return f"http://127.0.0.1:{(self.folder / 'management-port').read_text().strip()}"

    def connect_as(self, user):
        return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port, credentials=pika.PlainCredentials(user, password(user)), socket_timeout=30))

    def attempt(self, user, action):
        """What `action` gives, or the number of the broker's refusal."""
        try:
            with self.connect_as(user) as connection:
                return action(connection.channel())
        except pika.exceptions.ProbableAccessDeniedError:
            return NO_VHOST
        except (pika.exceptions.ChannelClosedByBroker, pika.exceptions.ConnectionClosedByBroker) as error:
            return error.reply_code

    def publish_as(self, user, exchange):
        def publish(channel):
            channel.confirm_delivery()
            channel.basic_publish(exchange, "x", b"{}")
        return self.attempt(user, publish)

    def read_as(self, user, queue):
        return self.attempt(user, lambda channel: channel.basic_get(queue, auto_ack=True)[2])


REFUSED, NO_VHOST = 403, 530


@pytest.fixture(scope="module")
def managed_rabbitmq(tmp_path_factory):
    folder = tmp_path_factory.mktemp("managed-rabbitmq")
    (folder / "plugins").write_text("rabbitmq_management")
    broker = ManagedRabbitMq(folder)
    try:
        yield broker.start()
    finally:
        broker.stop()


def test_rabbitmq_from_nothing_to_as_planned_and_back(managed_rabbitmq, new_daemon, tmp_path):
    broker, place = managed_rabbitmq, managed_rabbitmq.create_place()
    config = broker.destination(place, more=f'user = "publisher"\npassword = "{password("publisher")}"\nconsumers = ["crm queue={place}"]\n')
    site = Site(tmp_path, config, f'[[destination]]\nname = "rabbitmq"\nuser = "admin"\npassword = "{password("admin")}"\nmanagement_url = "{broker.management_url}"\n')
    ignored = ("--ignore", "guest")     # RabbitMQ's own administrator
    daemon = new_daemon(config).start()
    daemon.publish("user.created", CREATED)

    wait_for(lambda: daemon.destination_status("rabbitmq")["state"] == "down", 30, "the daemon is refused")
    assert broker.publish_as("mallory", place) == broker.read_as("crm", place) == broker.read_as("mallory", place) == NO_VHOST
    missing = [("missing", "crm", "read"), ("missing", "publisher", "write")]
    assert site.findings(*ignored) == missing
    assert [each[:2] for each in site.findings()][0] == ("excess", "guest"), "everybody knows that user"
    pattern = "^" + place.replace("-", "\\-") + "$"
    assert f"set permissions (configure, write, read) of crm to '' '' '{pattern}', from none" in site.run("apply", status=2).stdout
    assert site.findings(*ignored) == missing

    site.run("apply", "--yes", *ignored, status=0)
    assert site.run("check", *ignored, status=0).stdout == f"rabbitmq 127.0.0.1:{broker.port} vhost /: as planned\n"
    daemon.wait_delivered()
    assert json.loads(broker.read_as("crm", place))["data"]["email"] == "ada@example.com"
    assert broker.publish_as("crm", place) == broker.read_as("publisher", place) == REFUSED

    # Drift: what somebody else gives and takes.
    broker.permit("mallory", "", pattern, "^hers$")
    broker.permit("crm", ".*", "", "^other$")
    assert broker.publish_as("mallory", place) is None
    found = [("excess", "crm", ""), ("excess", "mallory", "write"), ("missing", "crm", "read")]
    assert site.findings(*ignored) == found
    done = site.run("apply", "--remove-excess", "--yes", *ignored, status=0)
    assert "left as it is: excess: user crm: configure '.*'" in done.stderr
    assert site.findings(*ignored) == [("excess", "crm", "")]
    assert broker.publish_as("mallory", place) == REFUSED
    assert broker.read_as("crm", place) == b"{}"
    assert broker.permissions("crm")["read"] == f"{pattern}|^other$", "what was there stays"
    assert broker.permissions("mallory")["read"] == "^hers$"

    broker.permit("publisher", ".*", ".*", ".*")
    assert [each[:2] for each in site.findings(*ignored, "--ignore", "crm")] == [("excess", "publisher")] * 3
    site.run("apply", "--remove-excess", "--yes", *ignored, status=0)
    assert site.findings(*ignored, "--ignore", "crm") == []


def test_rabbitmq_administrators_that_are_none(managed_rabbitmq, tmp_path):
    broker, place = managed_rabbitmq, managed_rabbitmq.create_place()
    config = broker.destination(place, more=f'user = "publisher"\npassword = "{password("publisher")}"\n')
    site = Site(tmp_path, config, f'[[destination]]\nname = "rabbitmq"\nuser = "mallory"\npassword = "{password("mallory")}"\nmanagement_url = "{broker.management_url}"\n')
    assert "tag administrator" in site.run("check", status=1).stderr
    site.administrator.write_text(f'[[destination]]\nname = "rabbitmq"\nmanagement_url = "http://127.0.0.1:{free_port()}"\n')
    assert "rabbitmq-plugins enable rabbitmq_management" in site.run("check", status=1).stderr
    site.administrator.write_text('[[destination]]\nname = "rabbitmq"\nmanagement_url = "http://broker.example:15672"\n')
    assert "management_url has no TLS" in site.run("check", status=2).stderr


def role(name):
    return f"arn:aws:iam::{Moto.ACCOUNT}:role/{name}"


def allowed(policy):
    """principal → actions, of the statements that allow something."""
    out = {}
    for statement in policy["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        out[json.dumps(statement["Principal"])] = sorted(actions)
    return out


def aws_destination(moto, kind, topic, more=""):
    return (f'[[destination]]\nname = "{kind}"\nkind = "{kind}"\ntopic = "{topic}"\nendpoint = "http://127.0.0.1:{moto.port}"\nregion = "eu-west-1"\n'
            f'access_key_id = "test"\nsecret_access_key = "canary-publisher-key"\nprincipal = "{role("user-events")}"\n{more}\n')


def aws_administrator(kind):
    return f'[[destination]]\nname = "{kind}"\naccess_key_id = "admin"\nsecret_access_key = "canary-admin-key"\n'


def test_sqs_policies(moto, tmp_path):
    url = moto.sqs("CreateQueue", QueueName="user-events")["QueueUrl"]
    site = Site(tmp_path, aws_destination(moto, "sqs", url, f'consumers = ["{role("crm")}"]'), aws_administrator("sqs"))
    reads = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    missing = sorted([("missing", role("crm"), action) for action in reads] + [("missing", role("user-events"), "sqs:SendMessage")])
    assert site.findings() == missing
    site.run("apply", "--yes", status=0)
    planned = {json.dumps({"AWS": role("crm")}): reads, json.dumps({"AWS": role("user-events")}): ["sqs:SendMessage"]}
    assert allowed(moto.queue_policy(url)) == planned
    assert site.findings() == []

    policy = moto.queue_policy(url)
    theirs = {"Sid": "theirs", "Effect": "Allow", "Principal": {"AWS": [role("mallory"), role("admin")]}, "Action": "sqs:SendMessage", "Resource": policy["Statement"][0]["Resource"]}
    open_to_all = {"Sid": "open", "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": policy["Statement"][0]["Resource"]}
    policy["Statement"] = [theirs, open_to_all, *policy["Statement"][:1]]
    moto.sqs("SetQueueAttributes", QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    found = site.findings("--ignore", role("admin"))
    assert [each[:2] for each in found if each[0] != "missing"] == [("anybody", "*"), ("excess", role("mallory"))]
    assert [each[0] for each in found].count("missing") in (1, len(reads)), "of the statement that is gone"
    site.run("apply", "--yes", "--ignore", role("admin"), "--remove-excess", status=0)
    assert allowed(moto.queue_policy(url)) == {json.dumps({"AWS": [role("admin")]}): ["sqs:SendMessage"], **planned}
    assert site.findings("--ignore", role("admin")) == []
    assert site.findings() == [("excess", role("admin"), "sqs:SendMessage")]


def test_sns_policies_of_a_topic_for_each_type(moto, tmp_path):
    arns = [f"arn:aws:sns:eu-west-1:{Moto.ACCOUNT}:events-user-mfa-{end}" for end in ("enabled", "disabled")]
    config = aws_destination(moto, "sns", f"arn:aws:sns:eu-west-1:{Moto.ACCOUNT}:events-{{type}}", f'types = ["user.mfa.*"]\nconsumers = ["{role("crm")}"]')
    site = Site(tmp_path, config, aws_administrator("sns"))
    assert "arn:aws:sns" in site.run("check", status=1).stderr, "there is no such topic"
    for arn in arns:
        moto.sns("CreateTopic", Name=arn.rpartition(":")[2])
    default = ("excess", "* (under a condition)")      # of every new topic: the account's own
    assert {each[:2] for each in site.findings()} == {default, ("missing", role("crm")), ("missing", role("user-events"))}
    site.run("apply", "--yes", status=0)
    assert {each[:2] for each in site.findings()} == {default}
    site.run("apply", "--yes", "--remove-excess", status=0)
    assert site.findings() == []
    for arn in arns:
        assert allowed(moto.topic_policy(arn)) == {json.dumps({"AWS": role("crm")}): ["sns:Subscribe"], json.dumps({"AWS": role("user-events")}): ["sns:Publish"]}


def test_what_nobody_administers_is_said(tmp_path):
    site = Site(tmp_path, f'[[destination]]\nname = "file"\nkind = "file"\npath = "{tmp_path}/events"\n', "")
    assert site.run("plan", status=0).stdout == ("file (destination file): no access control that user-events could administer; "
                                                 "owner and mode of the file and its folder decide\n")
    assert site.plan() == {"brokers": [], "others": [{"destination": "file", "kind": "file", "advice": "owner and mode of the file and its folder decide"}]}
    assert "there is no destination x" in site.run("plan", "--destination", "x", status=2).stderr
    site.config.write_text(site.config.read_text() + 'consumers = ["crm"]\n')
    assert "consumers is not for a file destination" in site.run("plan", status=2).stderr
