"""moto through tests/brokers/moto, and what a test asks of it beside the daemon."""
import json
import urllib.parse
import urllib.request
import xml.etree.ElementTree

from broker import Broker


class Moto(Broker):
    """SQS and SNS that keep policies, and KMS; signatures are not looked at."""
    KIND = "moto"
    ACCOUNT = "123456789012"

    def ask(self, service, body, **headers):
        credential = f"AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", body.encode(), {"Authorization": credential, **headers})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def sqs(self, action, **body):
        answer = self.ask("sqs", json.dumps(body), **{"X-Amz-Target": f"AmazonSQS.{action}", "Content-Type": "application/x-amz-json-1.0"})
        return json.loads(answer) if answer else {}

    def sns(self, action, **fields):
        return self.ask("sns", urllib.parse.urlencode({"Action": action, "Version": "2010-03-31", **fields}))

    def queue_policy(self, url):
        return json.loads(self.sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"])

    def topic_policy(self, arn):
        entries = xml.etree.ElementTree.fromstring(self.sns("GetTopicAttributes", TopicArn=arn)).iter("{http://sns.amazonaws.com/doc/2010-03-31/}entry")
        return json.loads({entry[0].text: entry[1].text for entry in entries}["Policy"])

    def make_kms_key(self):
        """Its ARN."""
        answer = self.ask("kms", "{}", **{"X-Amz-Target": "TrentService.CreateKey", "Content-Type": "application/x-amz-json-1.1"})
        return json.loads(answer)["KeyMetadata"]["Arn"]
