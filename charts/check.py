"""Checks of the charts: what they render, and what they refuse; and that the guide makes the Secrets that they ask for.

Needs Helm on PATH, PyYAML and kubernetes-validate; bash and openssl for the guide.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import unittest

import kubernetes_validate
import yaml

CHARTS = os.path.dirname(os.path.abspath(__file__))
SUITE = os.path.join(CHARTS, "traffic-suite")
PRODUCTION = os.path.join(SUITE, "values-production.yaml")
GUIDE = os.path.join(CHARTS, "..", "deploy", "README.md")
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


def secrets_asked_for(manifests):
    """The Secrets that the pods name, each with the keys that must be in it."""
    asked = {}
    for name, workload in of_kind(manifests, "StatefulSet").items():
        pod = workload["spec"]["template"]["spec"]
        # Files that the service's configuration names, by their folder.
        files = re.findall(r'"?/etc/traffic/([a-z-]+)/([a-z.-]+)"?', of_kind(manifests, "ConfigMap")[name]["data"]["config.toml"])
        for volume in pod["volumes"]:
            if "secret" in volume:
                keys = {file for folder, file in files if folder == volume["name"]}
                asked.setdefault(volume["secret"]["secretName"], set()).update(keys)
        for source in pod["containers"][0].get("envFrom", []):
            asked[source["secretRef"]["name"]] = {"TRAFFIC_NATS__USER", "TRAFFIC_NATS__PASSWORD"}
        for pull in pod.get("imagePullSecrets", []):
            asked[pull["name"]] = set()
    return asked


def secrets_of_the_guide(folder):
    """Runs the guide's commands that make Secrets, with a kubectl that only notes what it is told. Answers {Secret: {key: value}}."""
    with open(GUIDE, encoding="utf-8") as file:
        blocks = re.findall(r"^ *```sh\n(.*?)^ *```", file.read(), flags=re.DOTALL | re.MULTILINE)
    passwords, secrets = [[block for block in blocks if mark in block] for mark in ("openssl rand -hex", "create secret")]
    assert len(passwords) == len(secrets) == 1
    tools = os.path.join(folder, "tools")
    os.mkdir(tools)
    kubectl = os.path.join(tools, "kubectl")
    with open(kubectl, "w", encoding="utf-8") as file:
        file.write('#!/bin/sh\nprintf "%s\\036" "$@" >> "$NOTES"; printf "\\035" >> "$NOTES"\n')
    os.chmod(kubectl, 0o755)
    # What the guide says must be in the folder.
    os.mkdir(os.path.join(folder, "tls"))
    for given in ["ca.crt", *(f"tls/{service}.{end}" for service in SERVICES for end in ("crt", "key"))]:
        open(os.path.join(folder, given), "w", encoding="utf-8").close()
    issuer = "openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out issuer.pem\n"
    notes = os.path.join(folder, "notes")
    script = "set -euo pipefail\n" + issuer + passwords[0] + secrets[0]
    subprocess.run(
        ["bash", "-c", script], cwd=folder, check=True, timeout=60, stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": tools + os.pathsep + os.environ["PATH"], "NOTES": notes},
    )
    made = {}
    with open(notes, encoding="utf-8") as file:
        calls = [call.split("\036")[:-1] for call in file.read().split("\035")[:-1]]
    for call in calls:
        if "secret" not in call:
            continue
        assert call[:4] == ["-n", "traffic", "create", "secret"], call
        kind, name, options = call[4], call[5], dict(option.removeprefix("--").split("=", 1) for option in call[6:] if "from" not in option)
        values = made.setdefault(name, {})
        for option in call[6:]:
            if option.startswith("--from-literal="):
                key, value = option.removeprefix("--from-literal=").split("=", 1)
                values[key] = value
            elif option.startswith("--from-file="):
                path = option.removeprefix("--from-file=")
                with open(os.path.join(folder, path), encoding="utf-8") as file:
                    values[os.path.basename(path)] = file.read()
        if kind == "tls":
            assert os.path.exists(os.path.join(folder, options["cert"])) and os.path.exists(os.path.join(folder, options["key"]))
            values.update({"tls.crt": "", "tls.key": ""})
    return made


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
        for name, manifests in everything_on().items():
            for workload in of_kind(manifests, "StatefulSet").values():
                pod = workload["spec"]["template"]["spec"]
                with self.subTest(name, pod=workload["metadata"]["name"]):
                    self.assertFalse(pod["automountServiceAccountToken"])
                    self.assertTrue(pod["securityContext"]["runAsNonRoot"])
                    self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                    for container in pod["containers"] + pod.get("initContainers", []):
                        context = container["securityContext"]
                        self.assertFalse(context["allowPrivilegeEscalation"])
                        self.assertTrue(context["readOnlyRootFilesystem"])
                        self.assertEqual(context["capabilities"], {"drop": ["ALL"]})
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
        with open(BUS_USERS, encoding="utf-8") as file:
            users = set(re.findall(r"user: ([a-z-]+)", file.read()))
        for service in SERVICES:
            self.assertEqual(made[f"{service}-environment"]["TRAFFIC_NATS__USER"], service)
            self.assertIn(service, users)

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
