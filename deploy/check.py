"""Checks of dashboards, alerts and the collector: they parse, and read only metrics and labels of deploy/metrics.yaml.

And of what the image builds.
"""

import glob
import json
import os
import re
import tomllib
import unittest

import promql_parser
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}
METRIC = r"\b((?:traffic|rpc_server|jetstream)_[a-z_]+)"
# From Prometheus itself.
FROM_THE_SCRAPE = {"service", "instance", "le"}


def read(path):
    with open(os.path.join(HERE, path), encoding="utf-8") as file:
        return json.load(file) if path.endswith(".json") else yaml.safe_load(file)


def known_series():
    return {
        name + suffix: set(metric["labels"]) | FROM_THE_SCRAPE
        for name, metric in read("metrics.yaml").items()
        for suffix in SUFFIXES[metric["type"]]
    }


def expressions():
    """(where, expression) of every panel and every alert."""
    for path in glob.glob("dashboards/*.json", root_dir=HERE):
        for panel in read(path)["panels"]:
            for target in panel.get("targets", []):
                yield f"{path}: {panel['title']}", target["expr"]
    for path in glob.glob("alerts/*.yaml", root_dir=HERE):
        for group in read(path)["groups"]:
            for rule in group["rules"]:
                yield f"{path}: {rule['alert']}", rule["expr"]


class Observability(unittest.TestCase):
    def test_dashboards_and_alerts_read_only_metrics_that_exist(self):
        known = known_series()
        seen = 0
        for where, expression in expressions():
            with self.subTest(where):
                for name in re.findall(METRIC, expression):
                    self.assertIn(name, known)
                    seen += 1
                for name, selector in re.findall(METRIC + r"\{([^}]*)\}", expression):
                    for label in re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", selector):
                        self.assertIn(label, known[name])
        self.assertGreater(seen, 30)

    def test_every_expression_is_promql(self):
        for where, expression in expressions():
            with self.subTest(where):
                # Grafana fills these in.
                promql_parser.parse(expression.replace("$__rate_interval", "1m").replace("$service", ".+"))

    def test_every_metric_is_shown_or_alerted_on(self):
        read_by_someone = " ".join(expression for _, expression in expressions())
        for name in read("metrics.yaml"):
            self.assertIn(name, read_by_someone)

    def test_every_alert_says_how_bad_it_is_and_what_to_do(self):
        for path in glob.glob("alerts/*.yaml", root_dir=HERE):
            for group in read(path)["groups"]:
                for rule in group["rules"]:
                    with self.subTest(rule["alert"]):
                        self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
                        self.assertTrue(rule["annotations"]["summary"] and rule["annotations"]["action"])
                        self.assertEqual(rule["expr"].count("("), rule["expr"].count(")"))

    def test_panels_neither_overlap_nor_share_an_id(self):
        for path in glob.glob("dashboards/*.json", root_dir=HERE):
            panels = read(path)["panels"]
            self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
            taken = set()
            for panel in panels:
                at = panel["gridPos"]
                cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
                self.assertFalse(cells & taken, panel["title"])
                self.assertLessEqual(at["x"] + at["w"], 24)
                taken |= cells

    def test_the_collectors_pipelines_use_what_it_defines_and_all_of_it(self):
        collector = read("collector/collector.yaml")
        service = collector["service"]
        for part in ("receivers", "processors", "exporters"):
            used = {name for pipeline in service["pipelines"].values() for name in pipeline[part]}
            self.assertEqual(used, set(collector[part]))
        self.assertEqual(set(service["extensions"]), set(collector["extensions"]))
        for pipeline in service["pipelines"].values():
            self.assertEqual(pipeline["processors"][0], "memory_limiter")


class Image(unittest.TestCase):
    def test_the_image_builds_the_services_programs_and_leaves_out_the_tests(self):
        def manifest(folder):
            with open(os.path.join(HERE, "..", folder, "Cargo.toml"), "rb") as file:
                return tomllib.load(file)

        members = manifest(".")["workspace"]["members"]
        tests = {manifest(member)["package"]["name"] for member in members if member.startswith("integration-tests")}
        with open(os.path.join(HERE, "Containerfile"), encoding="utf-8") as file:
            [build] = [line for line in file if "cargo build" in line]
        self.assertEqual(set(re.findall(r"--exclude (\S+)", build)), tests)


if __name__ == "__main__":
    unittest.main(verbosity=2)
