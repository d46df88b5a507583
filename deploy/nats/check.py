"""Checks of the bus's configuration: a real server takes it, and who may do what holds.

Needs nats-server on PATH and nats-py; bash, sed and openssl. Every server runs on ports and folders of its own.
"""

import asyncio
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

import nats
from nats.errors import NoRespondersError, TimeoutError as NoAnswer
from nats.js.api import ConsumerConfig, ExternalStream, StreamConfig, StreamSource
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

HERE = os.path.dirname(os.path.abspath(__file__))
GUIDE = os.path.join(HERE, "..", "README.md")
USERS = {
    "system": "NATS_SYSTEM_PASSWORD",
    "operator": "NATS_OPERATOR_PASSWORD",
    "permits": "NATS_PERMITS_PASSWORD",
    "parking": "NATS_PARKING_PASSWORD",
    "registration": "NATS_REGISTRATION_PASSWORD",
    "enforcement": "NATS_ENFORCEMENT_PASSWORD",
    "agencies-operator": "NATS_AGENCIES_OPERATOR_PASSWORD",
    "transport": "NATS_AGENCY_TRANSPORT_PASSWORD",
    # The agency that the guide adds.
    "courts": "NATS_AGENCY_COURTS_PASSWORD",
}


def environment(name="nats-0"):
    # Only in this check in the clear.
    return {**os.environ, "NATS_NAME": name, **{variable: f"sample-{user}" for user, variable in USERS.items()}}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificate(folder):
    """A certificate for this machine that vouches for itself, where the files name theirs."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "1", "-subj", "/CN=sample",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", os.path.join(folder, "tls.key"), "-out", os.path.join(folder, "tls.crt")],
        check=True, capture_output=True, timeout=30,
    )
    shutil.copy(os.path.join(folder, "tls.crt"), os.path.join(folder, "ca.crt"))


def add_agency(folder):
    """Runs the guide's commands that make the account of `courts`."""
    with open(GUIDE, encoding="utf-8") as file:
        blocks = re.findall(r"^ *```sh\n(.*?)^ *```", file.read(), flags=re.DOTALL | re.MULTILINE)
    [commands] = [block for block in blocks if "agency-transport.conf" in block]
    os.mkdir(os.path.join(folder, "passwords"))
    subprocess.run(["bash", "-euc", commands], cwd=folder, check=True, timeout=30)


def local_copy(folder, port, cluster_port, routes):
    """The files as they are, but for what only a real machine has: places of certificates and store, sizes, addresses. And a second agency."""
    for file in os.listdir(HERE):
        if file.endswith(".conf"):
            shutil.copy(os.path.join(HERE, file), folder)
    store = [(r"/var/lib/nats", os.path.join(folder, "store")), (r"\b([1-9][0-9]*)0GB", r"\g<1>00MB")]
    here = [(r"/etc/nats/tls/", folder + "/")]
    addresses = ", ".join(f'"nats-route://127.0.0.1:{route}"' for route in routes)
    add_agency(folder)
    edits = {
        "tls.conf": here,
        "common.conf": [(r"port: 4222", f"listen: 127.0.0.1:{port}"), (r"http_port: 8222", "")],
        "one-node.conf": store,
        "three-nodes.conf": [
            *store, *here, (r"port: 6222", f"listen: 127.0.0.1:{cluster_port}"), (r"(?s)routes: \[.*?\]", f"routes: [{addresses}]"),
        ],
    }
    for file, changes in edits.items():
        path = os.path.join(folder, file)
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        for pattern, replacement in changes:
            text, count = re.subn(pattern, replacement, text)
            assert count > 0, f"{file}: nothing matches {pattern}"
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)


def mirror_of_events(replicas):
    external = ExternalStream(api="JS.traffic.API", deliver="mirror.agencies")
    return StreamConfig(name="EVENTS", mirror=StreamSource(name="EVENTS", external=external), num_replicas=replicas)


def consumer_of(agency, replicas):
    return ConsumerConfig(
        durable_name=agency, ack_policy="explicit", num_replicas=replicas,
        filter_subjects=["events.permits.road_occupation_approved.>", "events.permits.road_reopened.>"],
    )


def what_an_agency_may_publish():
    with open(os.path.join(HERE, "agency-transport.conf"), encoding="utf-8") as file:
        [allowed] = re.findall(r"publish \{\s*allow: \[(.*?)\]", file.read(), flags=re.DOTALL)
    return re.findall(r'"(\S+)"', allowed)


async def connect(folder, port, user, error_cb):
    return await nats.connect(
        f"tls://127.0.0.1:{port}", tls=ssl.create_default_context(cafile=os.path.join(folder, "ca.crt")),
        user=user, password=user and f"sample-{user}", error_cb=error_cb,
        connect_timeout=10, max_reconnect_attempts=50, reconnect_time_wait=0.1, allow_reconnect=user is not None,
    )


class Syntax(unittest.TestCase):
    def test_the_server_takes_every_layout(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate(folder)
            local_copy(folder, free_port(), free_port(), [free_port()])
            for layout in ("one-node.conf", "three-nodes.conf"):
                with self.subTest(layout):
                    # Warnings count: an unknown key is one in some places.
                    result = subprocess.run(
                        ["nats-server", "-t", "-c", os.path.join(folder, layout)],
                        env=environment(), capture_output=True, text=True, timeout=30,
                    )
                    self.assertEqual(result.returncode, 0, result.stderr)
                    self.assertNotIn("warn", result.stderr.lower())


    def test_what_the_accounts_may_fill_fits_the_servers(self):
        for layout, servers in (("one-node.conf", 1), ("three-nodes.conf", 3)):
            with self.subTest(layout), open(os.path.join(HERE, layout), encoding="utf-8") as stream:
                text = stream.read()
                accounts = [int(limit) for limit in re.findall(r"max_file: (\d+)GB", text)]
                [store] = re.findall(r"max_file_store: (\d+)GB", text)
                self.assertEqual(len(accounts), 2)
                self.assertLessEqual(sum(accounts), servers * int(store))


class OneServer(unittest.IsolatedAsyncioTestCase):
    """A server for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.port = free_port()
        certificate(cls.folder)
        local_copy(cls.folder, cls.port, free_port(), [free_port()])
        cls.log = open(os.path.join(cls.folder, "log"), "w+", encoding="utf-8")
        cls.server = subprocess.Popen(
            ["nats-server", "-c", os.path.join(cls.folder, "one-node.conf")], env=environment(), stderr=cls.log
        )

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait(timeout=20)
        cls.log.close()
        shutil.rmtree(cls.folder)

    async def as_user(self, user):
        refusals = asyncio.Queue()

        async def note(error):
            await refusals.put(str(error))

        client = await connect(self.folder, self.port, user, note)
        self.addAsyncCleanup(client.close)
        # What was noted until here are attempts from before the server listened.
        while not refusals.empty():
            refusals.get_nowait()
        return client, refusals

    async def refused(self, user, subject):
        client, refusals = await self.as_user(user)
        await client.publish(subject, b"x")
        await client.flush()
        text = await asyncio.wait_for(refusals.get(), 5)
        self.assertIn("permissions violation", text.lower())
        self.assertIn(subject.lower(), text.lower())


class Services(OneServer):
    """What a service may ask for. That it comes further by a reply subject is in traffic.conf."""

    async def test_a_service_makes_its_stream_and_writes_and_reads_its_own_log_and_events(self):
        for service in ("permits", "parking", "registration", "enforcement"):
            client, refusals = await self.as_user(service)
            js = client.jetstream()
            await js.add_stream(name=service.upper(), subjects=[f"{service}.log.>"], allow_direct=True)
            await js.add_stream(name="EVENTS", subjects=["events.>"], allow_direct=True)
            await js.add_stream(name="KV_PERSON_KEYS", subjects=["$KV.PERSON_KEYS.>"], allow_direct=True)
            for stream, subject in ((service.upper(), f"{service}.log.thing.1"), ("EVENTS", f"events.{service}.thing_done.371702")):
                ack = await js.publish(subject, b"{}")
                self.assertEqual(ack.stream, stream)
                self.assertEqual((await js.get_msg(stream, ack.seq)).data, b"{}")
                self.assertEqual((await js.get_msg(stream, ack.seq, direct=True)).data, b"{}")
                consumer = await js.pull_subscribe(subject, stream=stream, durable=f"{service}-check")
                [message] = await consumer.fetch(1, timeout=5)
                await message.ack_sync(timeout=5)
            await js.publish("$KV.PERSON_KEYS.sample", b"key")
            self.assertTrue(refusals.empty())

    async def test_a_service_may_not_write_what_is_another_services(self):
        for subject in ("parking.log.bay.1", "events.parking.bay_suspended.371702", "$JS.API.STREAM.MSG.GET.PARKING"):
            await self.refused("permits", subject)

    async def test_a_service_may_not_change_empty_or_delete_a_stream(self):
        for verb in ("UPDATE", "DELETE", "PURGE", "MSG.DELETE", "RESTORE"):
            await self.refused("permits", f"$JS.API.STREAM.{verb}.PERMITS")

    async def test_without_a_password_nobody_comes_in(self):
        await self.as_user("permits")

        async def ignore(_):
            pass

        with self.assertRaises(Exception) as refusal:
            await connect(self.folder, self.port, None, ignore)
        self.assertIn("authorization", str(refusal.exception).lower())


class Agencies(OneServer):
    async def asyncSetUp(self):
        """One event that agencies are entitled to, after one that they are not; and what deploy/README.md has their operator make."""
        self.suite, _ = await self.as_user("operator")
        self.operator, _ = await self.as_user("agencies-operator")
        for client in (self.operator, self.suite):
            try:
                await client.jetstream().delete_stream("EVENTS")
            except NotFoundError:
                pass
        js = self.suite.jetstream()
        await js.add_stream(name="EVENTS", subjects=["events.>"], allow_direct=True)
        for event in ("toxic_transport_approved", "road_reopened"):
            await js.publish(f"events.permits.{event}.371702", b"{}", headers={"ce-id": event})
        agencies = self.operator.jetstream()
        await agencies.add_stream(mirror_of_events(replicas=1))
        for agency in ("transport", "courts"):
            await agencies.add_consumer("EVENTS", consumer_of(agency, replicas=1))

    async def as_agency(self, agency):
        client, refusals = await self.as_user(agency)
        return client, await client.jetstream().pull_subscribe_bind(agency, "EVENTS"), refusals

    async def test_an_agency_reads_the_mirror_through_its_own_consumer_and_nothing_else(self):
        agency, consumer, refusals = await self.as_agency("transport")
        # Only what it was granted: the one before it never reaches the agency.
        [message] = await consumer.fetch(1, timeout=10)
        self.assertEqual(message.subject, "events.permits.road_reopened.371702")
        await message.ack_sync(timeout=5)
        standing = await consumer.consumer_info()
        self.assertEqual((standing.num_pending, standing.num_ack_pending, standing.ack_floor.stream_seq), (0, 0, 2))
        # Some clients ask this first.
        self.assertEqual((await agency.jetstream().account_info()).streams, 1)
        self.assertTrue(refusals.empty())

        for subject in (
            "events.permits.permit_submitted.371702", "$JS.API.STREAM.INFO.PERMITS", "$JS.API.STREAM.DELETE.EVENTS",
            "$JS.API.CONSUMER.CREATE.EVENTS.other",
            # Nor can it widen its own filter.
            "$JS.API.CONSUMER.CREATE.EVENTS.transport", "$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.transport",
            # What is another agency's.
            "$JS.API.CONSUMER.INFO.EVENTS.courts", "$JS.API.CONSUMER.MSG.NEXT.EVENTS.courts", "$JS.ACK.EVENTS.courts.1.2.1.1.0",
        ):
            await self.refused("transport", subject)

    async def test_no_agency_hears_what_another_is_sent(self):
        listener, _ = await self.as_user("courts")
        heard = []

        async def note(message):
            heard.append(message.subject)

        await listener.subscribe("_INBOX.>", cb=note)
        await listener.flush()
        _, consumer, _ = await self.as_agency("transport")
        [message] = await consumer.fetch(1, timeout=10)
        await message.ack_sync(timeout=5)
        await consumer.consumer_info()
        # What was sent to it before this answer has come before it.
        await listener.flush()
        self.assertEqual(heard, [])

    async def test_an_agencys_reply_subject_reaches_nothing_beyond_its_account(self):
        async def standing():
            """Streams and consumers in both accounts; and in AGENCIES what was handed out, which only a read or an acknowledgement may change."""
            found = []
            for client in (self.suite, self.operator):
                js = client.jetstream()
                state = (await js.stream_info("EVENTS")).state
                found.append((client is self.suite, state.messages, state.first_seq, state.last_seq))
                if client is self.operator:
                    consumers = await js.consumers_info("EVENTS")
                    found += sorted((c.name, c.num_pending, c.num_ack_pending, c.ack_floor.stream_seq) for c in consumers)
            return found

        heard = []

        async def note(message):
            heard.append(message.subject)

        agency, consumer, _ = await self.as_agency("transport")
        [message] = await consumer.fetch(1, timeout=10)
        await message.ack_sync(timeout=5)
        _, other, _ = await self.as_agency("courts")
        [kept] = await other.fetch(1, timeout=10)
        forged = [
            kept.reply, "$JS.API.CONSUMER.MSG.NEXT.EVENTS.courts", "$JS.API.CONSUMER.DELETE.EVENTS.courts",
            "$JS.API.CONSUMER.DELETE.EVENTS.transport", "$JS.API.STREAM.PURGE.EVENTS", "$JS.API.STREAM.DELETE.EVENTS",
        ]
        for subject in forged:
            await self.operator.subscribe(subject, cb=note)
        await self.operator.flush()
        before = await standing()

        # The answer to this body is empty when there is no event, as the answer to an acknowledgement is: a request to delete or empty a stream.
        bodies = (b'{"batch": 1, "no_wait": true}', b"")
        subjects = [message.reply if allowed == "$JS.ACK.EVENTS.transport.>" else allowed for allowed in what_an_agency_may_publish()]
        self.assertEqual(len(subjects), 4)
        for subject in subjects:
            for reply in forged:
                with self.subTest(subject=subject, reply=reply):
                    for body in bodies:
                        await agency.publish(subject, body, reply=reply)
                    # Before this answer comes, theirs have gone out.
                    await agency.request(subject, bodies[0] if "MSG.NEXT" in subject else b"", timeout=5)
                    await self.operator.flush()
                    self.assertEqual(heard, [])
        self.assertEqual(await standing(), before)

    async def test_even_the_agencies_operator_reaches_no_stream_of_the_suite(self):
        service, _ = await self.as_user("permits")
        await service.jetstream().add_stream(name="PERMITS", subjects=["permits.log.>"], allow_direct=True)
        operator, _ = await self.as_user("agencies-operator")
        with self.assertRaises((APIError, NoAnswer)):
            await operator.jetstream().stream_info("PERMITS")
        before = (await service.jetstream().stream_info("PERMITS")).state.last_seq
        # A reply subject is no way in either: it stays within the account.
        await operator.publish("$JS.API.INFO", b"", reply="permits.log.forged.1")
        await operator.flush()
        self.assertEqual((await service.jetstream().stream_info("PERMITS")).state.last_seq, before)


class ThreeServers(unittest.IsolatedAsyncioTestCase):
    async def test_three_servers_form_a_cluster_that_outlives_one_of_them(self):
        ports, cluster_ports = [free_port() for _ in range(3)], [free_port() for _ in range(3)]
        with tempfile.TemporaryDirectory() as root:
            certificate(root)
            servers = []
            for number in range(3):
                folder = os.path.join(root, str(number))
                os.mkdir(folder)
                for file in ("tls.crt", "tls.key", "ca.crt"):
                    shutil.copy(os.path.join(root, file), folder)
                local_copy(folder, ports[number], cluster_ports[number], cluster_ports)
                server = subprocess.Popen(
                    ["nats-server", "-c", os.path.join(folder, "three-nodes.conf")],
                    env=environment(f"nats-{number}"), stderr=subprocess.DEVNULL,
                )
                servers.append(server)

            def stop_all():
                for server in servers:
                    server.kill()
                for server in servers:
                    server.wait(timeout=20)

            self.addCleanup(stop_all)

            async def ignore(_):
                pass

            async def until(action, seconds=30):
                """Elections take their time: asks again until it goes, for at most so long."""
                async with asyncio.timeout(seconds):
                    while True:
                        try:
                            return await action()
                        except (APIError, NoAnswer, NoStreamResponseError, NoRespondersError):
                            await asyncio.sleep(0.1)

            client = await connect(root, ports[0], "permits", ignore)
            js = client.jetstream(timeout=2)
            for stream, subject in (("PERMITS", "permits.log.>"), ("EVENTS", "events.>")):
                await until(lambda: js.add_stream(name=stream, subjects=[subject], num_replicas=3))
            first = await until(lambda: js.publish("permits.log.sample.1", b"{}"))
            await until(lambda: js.publish("events.permits.road_reopened.371702", b"{}"))

            # An account's limit counts every copy; servers tell each other about theirs from time to time.
            kept = sum([(await until(lambda: js.stream_info(stream))).state.bytes for stream in ("PERMITS", "EVENTS")])
            async with asyncio.timeout(30):
                while (await until(js.account_info)).storage != 3 * kept:
                    await asyncio.sleep(0.1)

            operator = await connect(root, ports[0], "agencies-operator", ignore)
            agencies = operator.jetstream(timeout=2)
            await until(lambda: agencies.add_stream(mirror_of_events(replicas=3)))
            await until(lambda: agencies.add_consumer("EVENTS", consumer_of("transport", replicas=3)))

            servers[2].kill()
            second = await until(lambda: js.publish("permits.log.sample.1", b"{}"))
            self.assertGreater(second.seq, first.seq)
            agency = await connect(root, ports[1], "transport", ignore)
            consumer = await agency.jetstream(timeout=2).pull_subscribe_bind("transport", "EVENTS")
            # A mirror looks every 10 s whether it still hears from its source, and gives an attempt to follow it anew 30 s.
            [message] = await until(lambda: consumer.fetch(1, timeout=5), seconds=75)
            self.assertEqual(message.subject, "events.permits.road_reopened.371702")
            await message.ack_sync(timeout=5)
            self.assertEqual((await until(consumer.consumer_info)).num_ack_pending, 0)
            for other in (agency, operator):
                await other.close()
            await client.close()
            # Before the folder goes.
            stop_all()


if __name__ == "__main__":
    unittest.main(verbosity=2)
