"""Checks of the charts: what they render, and what they refuse; and that the guide makes the Secrets that they ask for.

Needs Helm on PATH, PyYAML and kubernetes-validate; bash, sed and openssl for the guide.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import tomllib
import unittest

import kubernetes_validate
import yaml

CHARTS = os.path.dirname(os.path.abspath(__file__))
SUITE = os.path.join(CHARTS, "traffic-suite")
PRODUCTION = os.path.join(SUITE, "values-production.yaml")
GUIDE = os.path.join(CHARTS, "..", "deploy", "README.md")
TRAFFICCTL = os.path.join(CHARTS, "..", "deploy", "trafficctl.yaml")
SERVICES_SOURCE = os.path.join(CHARTS, "..", "services")
BUS_USERS = os.path.join(CHARTS, "..", "deploy", "nats", "traffic.conf")
KUBERNETES = ("1.30", "1.34", "1.37")
# In the order in which Helm renders them.
SERVICES = ("enforcement", "parking", "permits", "registration")
# Not Kubernetes' own: its schema comes with the Prometheus operator.
FOREIGN = {"ServiceMonitor"}


def helm(*arguments):
    return subprocess.run(["helm", *arguments], capture_output=True, text=True, timeout=60)


def template(values=None, *arguments):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values or {}, file)
        file.flush()
        return helm("template", "city", SUITE, "--namespace", "traffic", "--values", file.name, *arguments)


def render(values=None, *arguments):
    result = template(values, *arguments)
    if result.returncode != 0:
        raise AssertionError(result.stderr)
    return [manifest for manifest in yaml.safe_load_all(result.stdout) if manifest]


def of_kind(manifests, kind):
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] == kind}


def configuration(manifests, service):
    return tomllib.loads(of_kind(manifests, "ConfigMap")[f"city-{service}"]["data"]["config.toml"])


def everything_on():
    """Each rendering with which the rules below must hold, by name."""
    return {"defaults": render(), "production": render(None, "--values", PRODUCTION)}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def trafficctl():
    """The pod of the guide."""
    return yaml.safe_load(read(TRAFFICCTL))


def everything_that_runs():
    """Pods by where they come from and their name."""
    pods = {(name, w["metadata"]["name"]): w["spec"]["template"]["spec"] for name, m in everything_on().items() for w in of_kind(m, "StatefulSet").values()}
    return {**pods, ("guide", "trafficctl"): trafficctl()["spec"]}


def secrets_asked_for(manifests):
    """The Secrets that the pods name, each with the keys that must be in it."""
    asked = {}
    named = [(w["spec"]["template"]["spec"], of_kind(manifests, "ConfigMap")[n]["data"]["config.toml"]) for n, w in of_kind(manifests, "StatefulSet").items()]
    for pod, files in [*named, (trafficctl()["spec"], read(TRAFFICCTL))]:
        # Files that the configuration names, by their folder.
        files = re.findall(r'"?/etc/traffic/([a-z-]+)/([a-z.-]+)"?', files)
        for volume in pod["volumes"]:
            if "secret" in volume:
                keys = {file for folder, file in files if folder == volume["name"]}
                asked.setdefault(volume["secret"]["secretName"], set()).update(keys)
        for source in pod["containers"][0].get("envFrom", []):
            asked[source["secretRef"]["name"]] = {"TRAFFIC_NATS__USER", "TRAFFIC_NATS__PASSWORD"}
        for variable in pod["containers"][0]["env"]:
            one = variable.get("valueFrom", {}).get("secretKeyRef")
            if one:
                asked.setdefault(one["name"], set()).add(one["key"])
        for pull in pod.get("imagePullSecrets", []):
            asked[pull["name"]] = set()
    return asked


def blocks_of_the_guide(language, *marks):
    """The guide's blocks in which a mark stands: one for each mark, in this order."""
    blocks = re.findall(rf"^ *```{language}\n(.*?)^ *```", read(GUIDE), flags=re.DOTALL | re.MULTILINE)
    found = [[block for block in blocks if mark in block] for mark in marks]
    assert all(len(of_mark) == 1 for of_mark in found), marks
    return [block for [block] in found]


def kubectl_calls(folder, commands, answers=""):
    """Runs commands of the guide with a kubectl that notes what it is told, and `answers` to whoever asks. Answers the arguments of each call."""
    tools, notes = os.path.join(folder, "tools"), os.path.join(folder, "notes")
    os.makedirs(tools, exist_ok=True)
    kubectl = os.path.join(tools, "kubectl")
    with open(kubectl, "w", encoding="utf-8") as file:
        file.write('#!/bin/sh\nprintf "%s\\036" "$@" >> "$NOTES"\n'
                   'case "$*" in (*"-f -"*) cat >> "$NOTES"; printf "\\036" >> "$NOTES";; (*" get "*) printf %s "$ANSWERS";; esac\n'
                   'printf "\\035" >> "$NOTES"\n')
    os.chmod(kubectl, 0o755)
    open(notes, "w", encoding="utf-8").close()
    subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + commands], cwd=folder, check=True, timeout=60, stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": tools + os.pathsep + os.environ["PATH"], "NOTES": notes, "ANSWERS": answers},
    )
    return [call.split("\036")[:-1] for call in read(notes).split("\035")[:-1]]


def secrets_made(folder, calls):
    """What is in the Secrets that the calls make: {Secret: {key: value}}."""
    made = {}
    for call in calls:
        if call[2:4] != ["create", "secret"]:
            continue
        assert call[:2] == ["-n", "traffic"], call
        kind, name, options = call[4], call[5], dict(option.removeprefix("--").split("=", 1) for option in call[6:] if "from" not in option)
        values = made.setdefault(name, {})
        for option in call[6:]:
            if option.startswith("--from-literal="):
                key, value = option.removeprefix("--from-literal=").split("=", 1)
                values[key] = value
            elif option.startswith("--from-file="):
                *key, path = option.removeprefix("--from-file=").split("=", 1)
                values[key[0] if key else os.path.basename(path)] = read(os.path.join(folder, path))
        if kind == "tls":
            assert os.path.exists(os.path.join(folder, options["cert"])) and os.path.exists(os.path.join(folder, options["key"]))
            values.update({"tls.crt": "", "tls.key": ""})
    return made


def secrets_of_the_guide(folder):
    """Runs the guide's commands that make Secrets. Answers {Secret: {key: value}}."""
    # What the guide says must be in the folder.
    os.mkdir(os.path.join(folder, "tls"))
    given = ["ca.crt", "services-ca.crt", "token", *(f"tls/{service}.{end}" for service in SERVICES for end in ("crt", "key"))]
    for file in given:
        open(os.path.join(folder, file), "w", encoding="utf-8").close()
    issuer = "openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out issuer.pem\n"
    commands = blocks_of_the_guide("sh", "passwords/$user\"\n", "create namespace", "secret generic trafficctl")
    return secrets_made(folder, kubectl_calls(folder, issuer + "".join(commands)))


def admits(policy, pod, namespace, port):
    """Whether a NetworkPolicy lets a pod with these labels, in a namespace with those, call this port (by its name)."""
    def fits(selector, labels):
        assert selector.keys() <= {"matchLabels"}, selector
        return selector.get("matchLabels", {}).items() <= labels.items()

    def is_meant(peer):
        assert peer.keys() <= {"podSelector", "namespaceSelector"}, peer
        own = namespace["kubernetes.io/metadata.name"] == policy["metadata"]["namespace"]
        where = fits(peer["namespaceSelector"], namespace) if "namespaceSelector" in peer else own
        return where and fits(peer.get("podSelector", {}), pod)

    return any(
        {"port": port} in rule["ports"] and any(is_meant(peer) for peer in rule["from"])
        for rule in policy["spec"]["ingress"]
    )


class Charts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        built = helm("dependency", "update", SUITE)
        if built.returncode != 0:
            raise AssertionError(built.stderr)

    def test_strict_lint_passes(self):
        for values in ([], ["--values", PRODUCTION]):
            result = helm("lint", "--strict", SUITE, *values)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_every_manifest_fits_kubernetes_own_schema(self):
        for name, manifests in everything_on().items():
            for manifest in manifests:
                if manifest["kind"] in FOREIGN:
                    continue
                for version in KUBERNETES:
                    with self.subTest(name, kind=manifest["kind"], kubernetes=version):
                        kubernetes_validate.validate(manifest, version, strict=True)
        for version in KUBERNETES:
            with self.subTest("trafficctl", kubernetes=version):
                kubernetes_validate.validate(trafficctl(), version, strict=True)

    def test_a_service_more_is_one_line_of_values(self):
        before = render()
        after = render({"services": {"signals": {}}})
        added = {(m["kind"], m["metadata"]["name"]) for m in after} - {(m["kind"], m["metadata"]["name"]) for m in before}
        self.assertEqual(
            added,
            {
                ("ServiceAccount", "city-signals"),
                ("ConfigMap", "city-signals"),
                ("Service", "city-signals"),
                ("Service", "city-signals-replicas"),
                ("StatefulSet", "city-signals"),
                ("PodDisruptionBudget", "city-signals"),
                ("NetworkPolicy", "city-signals"),
            },
        )
        container = of_kind(after, "StatefulSet")["city-signals"]["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(container["command"], ["/usr/local/bin/signals"])

    def test_a_services_own_value_wins_over_the_default_even_if_it_is_false_or_empty(self):
        values = {
            "traffic-service": {"telemetry": {"otlpEndpoint": "http://c:4318"}, "serviceMonitor": {"enabled": True}, "replicas": 3},
            "services": {"permits": {"networkPolicy": {"enabled": False}, "serviceMonitor": {"enabled": False}, "telemetry": {"otlpEndpoint": ""}}},
        }
        manifests = render(values)
        others = [f"city-{name}" for name in SERVICES if name != "permits"]
        self.assertEqual(list(of_kind(manifests, "NetworkPolicy")), others)
        self.assertEqual(list(of_kind(manifests, "ServiceMonitor")), others)
        self.assertNotIn("otlp_endpoint", configuration(manifests, "permits")["telemetry"])
        self.assertEqual(configuration(manifests, "parking")["telemetry"]["otlp_endpoint"], "http://c:4318")
        self.assertEqual(of_kind(manifests, "StatefulSet")["city-permits"]["spec"]["replicas"], 3)

    def test_numbers_reach_the_service_as_they_were_written(self):
        given = {"limits": {"calls": 12345678, "share": 0.5, "steps": [1, 2.5], "nested": [{"a": 7}], "zero": 0, "on": False}}
        limits = configuration(render({"services": {"permits": {"config": given}}}), "permits")["limits"]
        self.assertEqual(limits, given["limits"])
        self.assertIsInstance(limits["calls"], int)
        self.assertIsInstance(limits["steps"][0], int)

    def test_a_wrong_value_is_refused_by_name(self):
        wrong = {
            "services.permits.replicas": {"services": {"permits": {"replicas": "many"}}},
            "Additional property replica ": {"services": {"permits": {"replica": 2}}},
            "Additional property servces ": {"servces": {}},
            "traffic-service": {"traffic-service": {"replicas": 0}},
            "services.permits.nats.urls.0": {"services": {"permits": {"nats": {"urls": ["nats://user:secret@nats"]}}}},
            "services.permits.secrets.auth": {"services": {"permits": {"secrets": {"auth": ""}}}},
            "services.permits.storage.size": {"services": {"permits": {"storage": {"size": "ten"}}}},
            "services.permits.shutdown.grace": {"services": {"permits": {"shutdown": {"grace": 30}}}},
            "services.permits.ports": {"services": {"permits": {"ports": {"http": 50051}}}},
            "Not_A_Name": {"services": {"Not_A_Name": {}}},
        }
        for named, values in wrong.items():
            with self.subTest(named):
                result = template(values)
                self.assertNotEqual(result.returncode, 0)
                self.assertIn(named, result.stderr)

    def test_every_pod_is_restricted(self):
        for where, pod in everything_that_runs().items():
            with self.subTest(where):
                self.assertFalse(pod["automountServiceAccountToken"])
                self.assertTrue(pod["securityContext"]["runAsNonRoot"])
                self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                for container in pod["containers"] + pod.get("initContainers", []):
                    context = container["securityContext"]
                    self.assertFalse(context["allowPrivilegeEscalation"])
                    self.assertTrue(context["readOnlyRootFilesystem"])
                    self.assertEqual(context["capabilities"], {"drop": ["ALL"]})
        for manifests in everything_on().values():
            for account in of_kind(manifests, "ServiceAccount").values():
                self.assertFalse(account["automountServiceAccountToken"])

    def test_every_container_has_resources_probes_and_time_to_stop(self):
        for name, manifests in everything_on().items():
            for workload in of_kind(manifests, "StatefulSet").values():
                pod = workload["spec"]["template"]["spec"]
                for container in pod["containers"]:
                    with self.subTest(name, container=container["name"]):
                        self.assertTrue({"cpu", "memory"} <= container["resources"]["requests"].keys())
                        self.assertIn("memory", container["resources"]["limits"])
                        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                            self.assertEqual(container[probe]["httpGet"]["port"], "http")
                        drain = container["lifecycle"]["preStop"]["sleep"]["seconds"]
                        self.assertGreater(pod["terminationGracePeriodSeconds"], drain + 25)

    def test_every_file_that_the_configuration_names_is_mounted(self):
        manifests = render(None, "--values", PRODUCTION)
        for name, workload in of_kind(manifests, "StatefulSet").items():
            pod = workload["spec"]["template"]["spec"]
            mounted = [mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]]
            named = []

            def walk(table):
                for key, value in table.items():
                    if isinstance(value, dict):
                        walk(value)
                    elif key.endswith("_file"):
                        named.append(value)

            walk(configuration(manifests, name.removeprefix("city-")))
            self.assertGreaterEqual(len(named), 5, named)
            for path in named:
                self.assertIn(os.path.dirname(path), mounted)
            volumes = {volume["name"] for volume in pod["volumes"]} | {"projection"}
            self.assertEqual({mount["name"] for mount in pod["containers"][0]["volumeMounts"]}, volumes)

    def test_secret_values_come_from_secrets_and_stand_in_no_manifest(self):
        manifests = render({"services": {"permits": {"secrets": {"environment": "permits-environment", "natsCa": "authority"}}}})
        container = of_kind(manifests, "StatefulSet")["city-permits"]["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(container["envFrom"], [{"secretRef": {"name": "permits-environment"}}])
        trusted = configuration(manifests, "permits")["nats"]["ca_file"]
        self.assertIn(os.path.dirname(trusted), [mount["mountPath"] for mount in container["volumeMounts"]])
        self.assertEqual(of_kind(manifests, "Secret"), {})

    def test_the_guide_makes_every_secret_that_the_production_example_names(self):
        asked = secrets_asked_for(render(None, "--values", PRODUCTION))
        self.assertGreaterEqual(len(asked), 13)
        with tempfile.TemporaryDirectory() as folder:
            made = secrets_of_the_guide(folder)
        self.assertEqual(made.keys(), asked.keys())
        for name, keys in asked.items():
            with self.subTest(name):
                self.assertLessEqual(keys, made[name].keys())
        # The key set is one that the services take: services/chassis/src/server/auth.rs.
        [key] = json.loads(made["traffic-auth"]["keys.json"])["keys"]
        self.assertEqual((key["kty"], key["crv"]), ("OKP", "Ed25519"))
        self.assertRegex(key["x"], r"^[A-Za-z0-9_-]{43}$")
        self.assertTrue(key["kid"])
        users = set(re.findall(r"user: ([a-z-]+)", read(BUS_USERS)))
        for service in SERVICES:
            self.assertEqual(made[f"{service}-environment"]["TRAFFIC_NATS__USER"], service)
            self.assertIn(service, users)

    def test_the_guides_trafficctl_may_call_every_service_of_the_production_example_and_nobody_else_by_its_label(self):
        pod, there = trafficctl(), {"kubernetes.io/metadata.name": "traffic"}
        self.assertEqual(pod["metadata"]["namespace"], "traffic")
        labels = pod["metadata"]["labels"]
        policies = of_kind(render(None, "--values", PRODUCTION), "NetworkPolicy")
        self.assertEqual(list(policies), [f"city-{service}" for service in SERVICES])
        for name, policy in policies.items():
            with self.subTest(name):
                self.assertTrue(admits(policy, labels, there, "grpc"))
                self.assertFalse(admits(policy, labels, there, "http"))
                self.assertFalse(admits(policy, {}, there, "grpc"))
                self.assertFalse(admits(policy, labels, {"kubernetes.io/metadata.name": "elsewhere"}, "grpc"))
                self.assertTrue(admits(policy, {}, {"kubernetes.io/metadata.name": "partners", "traffic-suite/clients": "true"}, "grpc"))

    def test_the_guides_trafficctl_names_every_service_and_only_variables_that_there_are(self):
        manifests, container = render(None, "--values", PRODUCTION), trafficctl()["spec"]["containers"][0]
        variables = {variable["name"]: variable.get("value") for variable in container["env"]}
        for service in SERVICES:
            port = of_kind(manifests, "Service")[f"city-{service}"]["spec"]["ports"][0]
            self.assertEqual((port["name"], variables[f"TRAFFIC_{service.upper()}"]), ("grpc", f"https://city-{service}:{port['port']}"))
        known = re.findall(r'env = "(TRAFFIC_[A-Z_]+)"', read(os.path.join(SERVICES_SOURCE, "trafficctl", "src", "connect.rs")))
        self.assertLessEqual(variables.keys(), set(known))
        mounted = [mount["mountPath"] for mount in container["volumeMounts"]]
        for value in variables.values():
            if value and value.startswith("/"):
                self.assertIn(os.path.dirname(value), mounted)

    def test_the_guides_function_runs_trafficctl_with_its_arguments(self):
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(os.path.dirname(TRAFFICCTL), os.path.join(folder, "deploy"))
            [function] = blocks_of_the_guide("sh", "trafficctl() {")
            calls = kubectl_calls(folder, function + "trafficctl projection verify permits\n")
        [manifest] = [call[-1] for call in calls if "create" in call]
        expected = trafficctl()
        expected["spec"]["containers"][0]["args"] = ["projection", "verify", "permits"]
        self.assertEqual(yaml.safe_load(manifest), expected)

    def test_the_guide_changes_the_master_key_so_that_no_pod_ever_has_a_key_under_another_ones_id(self):
        learn, change = blocks_of_the_guide("sh", "RETIRED_MASTER_KEYS__2", "MASTER_KEY_ID=2")
        [values] = blocks_of_the_guide("yaml", "traffic-sealing-2")
        old = base64.b64encode(b"the old key").decode()
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "passwords"))
            for service in SERVICES:
                open(os.path.join(folder, "passwords", service), "w", encoding="utf-8").close()
            learned = kubectl_calls(folder, learn)
            made = secrets_made(folder, kubectl_calls(folder, change, answers=base64.b64encode(old.encode()).decode()))
            values_file = os.path.join(folder, "values.yaml")
            with open(values_file, "w", encoding="utf-8") as file:
                file.write(textwrap.dedent(values))
            before, after = [render(None, "--values", PRODUCTION, *more) for more in ([], ["--values", values_file])]
        new = made["traffic-sealing-2"]["master-key"].strip()
        self.assertEqual(len(base64.b64decode(new)), 32)
        self.assertEqual(made["traffic-sealing-2"].keys(), {"master-key", "person-key"})
        # First all learn it, by nothing but one variable more.
        patches = {call[4]: json.loads(call[-1]) for call in learned if "patch" in call}
        retired = {"stringData": {"TRAFFIC_SEALING__RETIRED_MASTER_KEYS__2": new}}
        self.assertEqual(patches, {f"{service}-environment": retired for service in SERVICES})
        self.assertEqual([call[2:4] for call in learned if "patch" not in call], [["rollout", "restart"], ["rollout", "status"]])
        # Then key and id come with the pod's own description: a pod of the old one that starts late has the old of both.
        self.assertEqual(of_kind(after, "ConfigMap"), of_kind(before, "ConfigMap"))
        for name, workload in of_kind(after, "StatefulSet").items():
            pod = workload["spec"]["template"]["spec"]
            self.assertIn("traffic-sealing-2", [volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume])
            [environment] = [source["secretRef"]["name"] for source in pod["containers"][0]["envFrom"]]
            service = name.removeprefix("city-")
            self.assertEqual(environment, f"{service}-environment-2")
            self.assertEqual(made[environment], {
                "TRAFFIC_NATS__USER": service, "TRAFFIC_NATS__PASSWORD": "",
                "TRAFFIC_SEALING__MASTER_KEY_ID": "2", "TRAFFIC_SEALING__RETIRED_MASTER_KEYS__1": old,
            })
        # The variables are those of the services.
        [section] = re.findall(r"pub struct Sealing \{(.*?)\n\}", read(os.path.join(SERVICES_SOURCE, "chassis", "src", "config", "sections.rs")), re.DOTALL)
        for field in ("master_key_id", "retired_master_keys"):
            self.assertIn(f"pub {field}:", section)

    def test_what_the_chart_decides_wins_over_configuration_given_beside_it(self):
        given = {"grpc": {"listen": "127.0.0.1:1", "max_streams": 7}}
        grpc = configuration(render({"services": {"permits": {"config": given}}}), "permits")["grpc"]
        self.assertEqual(grpc, {"listen": "0.0.0.0:50051", "max_streams": 7})

    def test_a_changed_configuration_restarts_only_its_own_service(self):
        def checksums(values):
            return {
                name: workload["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
                for name, workload in of_kind(render(values), "StatefulSet").items()
            }

        before, after = checksums({}), checksums({"services": {"permits": {"config": {"limits": {"calls": 1}}}}})
        self.assertNotEqual(before["city-permits"], after["city-permits"])
        self.assertEqual(before["city-parking"], after["city-parking"])

    def test_selectors_find_the_pods_and_nothing_of_another_service(self):
        manifests = render()
        pods = {n: w["spec"]["template"]["metadata"]["labels"] for n, w in of_kind(manifests, "StatefulSet").items()}
        for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
            for name, manifest in of_kind(manifests, kind).items():
                spec = manifest["spec"]
                selector = spec.get("podSelector") or spec["selector"]
                selector = selector.get("matchLabels", selector)
                found = [pod for pod, labels in pods.items() if selector.items() <= labels.items()]
                self.assertEqual(found, [name.removesuffix("-replicas")], kind)

    def test_both_schemas_say_the_same_of_a_service(self):
        def schema(chart):
            with open(os.path.join(CHARTS, chart, "values.schema.json"), encoding="utf-8") as file:
                return json.load(file)

        library, suite = schema("traffic-service"), schema("traffic-suite")["$defs"]
        del library["properties"]["global"]
        self.assertEqual(library["properties"], suite["service"]["properties"])
        self.assertEqual(library["$defs"]["peer"], suite["peer"])
        with open(os.path.join(CHARTS, "traffic-service", "values.yaml"), encoding="utf-8") as file:
            self.assertEqual(yaml.safe_load(file).keys(), library["properties"].keys())


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    unittest.main(verbosity=2)
