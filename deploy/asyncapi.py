"""Writes deploy/asyncapi.yaml, the description of stream EVENTS, from the published messages' contracts.

    PYTHONPATH=.tools/python python3 deploy/asyncapi.py          writes it
    PYTHONPATH=.tools/python python3 deploy/asyncapi.py --check  fails if it is not what the contracts say

An event is what a message's comment in proto/traffic/<service>/v1/published.proto names: "Event `permit_submitted`: ...",
"Events `a`, `b` and `c`". Needs PyYAML, and buf in .tools/node.
"""

import json
import os
import re
import subprocess
import sys
import tomllib

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUF = os.path.join(ROOT, ".tools/node/node_modules/.bin/buf")
OUTPUT = os.path.join(ROOT, "deploy/asyncapi.yaml")
PUBLISHED = re.compile(r"^traffic/([a-z]+)/v1/published\.proto$")
# Field numbers within descriptor.proto, as paths of comments use them.
MESSAGE, NESTED, FIELD, ENUM, VALUE = 4, 3, 2, 5, 2

SCALARS = {
    "TYPE_STRING": {"type": "string"},
    "TYPE_BOOL": {"type": "boolean"},
    "TYPE_DOUBLE": {"type": "number"},
    "TYPE_FLOAT": {"type": "number"},
    "TYPE_INT32": {"type": "integer", "format": "int32"},
    "TYPE_SINT32": {"type": "integer", "format": "int32"},
    "TYPE_UINT32": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    # proto3 JSON writes 64-bit integers as text.
    "TYPE_INT64": {"type": "string", "pattern": "^-?[0-9]+$"},
    "TYPE_SINT64": {"type": "string", "pattern": "^-?[0-9]+$"},
    "TYPE_UINT64": {"type": "string", "pattern": "^[0-9]+$"},
    "TYPE_BYTES": {"type": "string", "contentEncoding": "base64"},
}
WELL_KNOWN = {
    ".google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    ".google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?s$"},
    ".google.type.Date": {"type": "object"},
}
# Fields that point to a person for whoever can look them up, and what by.
IDENTIFYING = {
    "plate": "plate",
    "plates": "plate",
    "previous_plate": "plate",
    "TemporaryPlateIssued.number": "plate",
    "vehicle": "VIN",
    "ebike": "frame number",
    "person_ref": "person reference",
    "drivers": "person reference",
}


def workspace_version():
    with open(os.path.join(ROOT, "Cargo.toml"), "rb") as file:
        return tomllib.load(file)["workspace"]["package"]["version"]


def descriptors():
    """Every message and enum of the contracts by full name, and the messages of each published.proto."""
    image = subprocess.run(
        [BUF, "build", "--as-file-descriptor-set", "-o", "-#format=json"],
        cwd=os.path.join(ROOT, "proto"), check=True, capture_output=True, timeout=60,
    )
    types, published = {}, []
    for file in json.loads(image.stdout)["file"]:
        comments = {
            tuple(at.get("path", [])): " ".join(at.get("leadingComments", "").split())
            for at in file.get("sourceCodeInfo", {}).get("location", [])
        }
        match = PUBLISHED.match(file["name"])

        def collect(scope, container, path, message_tag):
            for index, message in enumerate(container.get("messageType", container.get("nestedType", []))):
                at = (*path, message_tag, index)
                name = f"{scope}.{message['name']}"
                types[name] = ("message", message, at, comments)
                if match and not path:
                    published.append((match[1], name))
                collect(name, message, at, NESTED)
            for index, enum in enumerate(container.get("enumType", [])):
                types[f"{scope}.{enum['name']}"] = ("enum", enum, path, comments)

        collect("." + file.get("package", ""), file, (), MESSAGE)
    return types, published


def schema_of(field, reference):
    if field["type"] in SCALARS:
        schema = dict(SCALARS[field["type"]])
    elif field["typeName"] in WELL_KNOWN:
        schema = dict(WELL_KNOWN[field["typeName"]])
    else:
        schema = reference(field["typeName"])
    if field.get("label") == "LABEL_REPEATED":
        return {"type": "array", "items": schema}
    return schema


def build():
    types, published = descriptors()
    schemas = {}

    def reference(name):
        short = name.removeprefix(".traffic.").replace(".v1.", ".").replace(".", "_")
        if short not in schemas:
            # Noted before it is filled: a message may hold itself.
            schemas[short] = {}
            kind, descriptor, at, comments = types[name]
            if kind == "enum":
                # Open: values are added in later versions.
                schemas[short] = {"type": "string", "x-extensible-enum": [value["name"] for value in descriptor["value"]]}
            else:
                properties = {}
                for index, field in enumerate(descriptor.get("field", [])):
                    said = comments.get((*at, FIELD, index), "")
                    schema = schema_of(field, reference)
                    # Beside a $ref nothing else counts.
                    if said and "$ref" not in schema:
                        schema["description"] = said
                    properties[field["jsonName"]] = schema
                # Open: fields are added in later versions, and proto3 JSON leaves out defaults.
                schemas[short] = {"type": "object", "properties": properties}
                if comments.get(at):
                    schemas[short]["description"] = comments[at]
        return {"$ref": f"#/components/schemas/{short}"}

    def identifying(name):
        """What in a message, or in those it holds, points to a person."""
        found = set()
        for field in types[name][1].get("field", []):
            for key in (field["name"], f"{types[name][1]['name']}.{field['name']}"):
                found |= {IDENTIFYING[key]} if key in IDENTIFYING else set()
            if field.get("typeName") in types and field["type"] == "TYPE_MESSAGE":
                found |= identifying(field["typeName"])
        return found

    header = lambda description, **more: {"type": "string", "description": description, **more}
    messages, channels, operations = {}, {}, {}
    for service, name in published:
        _, descriptor, at, comments = types[name]
        said = comments.get(at, "")
        head = re.match(r"Events?\s+((?:`[a-z_]+`(?:, | and )?)+)", said)
        for event in re.findall(r"`([a-z_]+)`", head[1]) if head else []:
            message = f"{service}.{event}"
            if message in messages:
                sys.exit(f"two messages claim event {message}")
            messages[message] = {
                "name": message,
                "summary": said,
                "contentType": "application/json",
                "headers": {
                    "type": "object",
                    "properties": {
                        "ce-source": header("The service that says so.", const=f"/traffic/{service}"),
                        "ce-type": header("Full name of the event's type.", const=name.removeprefix(".")),
                    },
                },
                "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
                "payload": reference(name),
            }
            if pointers := sorted(identifying(name)):
                messages[message]["x-identifies"] = pointers
            channel = channels.setdefault(service, {
                "address": f"events.{service}.{{event}}.{{district}}",
                "description": f"Published events of service {service}.",
                "parameters": {
                    # No closed list: later versions add events.
                    "event": {"description": "Name of the event.", "examples": []},
                    "district": {"description": "Six digits of the county-level district (GB/T 2260).", "examples": ["371702"]},
                },
                "messages": {},
            })
            channel["parameters"]["event"]["examples"].append(event)
            channel["messages"][event] = {"$ref": f"#/components/messages/{message}"}
            operations[f"publish_{service}"] = {"action": "send", "channel": {"$ref": f"#/channels/{service}"}}

    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Traffic suite: published events",
            "version": workspace_version(),
            "license": {"name": "Apache-2.0"},
            "description": "Stream `EVENTS` on NATS JetStream. CloudEvents 1.0, NATS protocol binding, binary mode: attributes are "
                           "headers (values percent-encoded), data is proto3 JSON. Only ever added to: ignore fields and events that "
                           "you do not know, and take any value for a field with `x-extensible-enum`; what is left out has its default. "
                           "In order and without gaps by stream sequence; delivered at least once, so keep `ce-id`. Names, identity "
                           "numbers, phones and addresses are in none; `x-identifies` says what else in an event points to a person.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "messageTraits": {
                "cloudEvent": {
                    "headers": {
                        "type": "object",
                        # All that services/chassis/src/published.rs sends always.
                        "required": [
                            "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-subject", "ce-time",
                            "ce-datacontenttype", "ce-sequence",
                        ],
                        "properties": {
                            "ce-specversion": header("Version of CloudEvents.", const="1.0"),
                            "ce-id": header("Unique among all events; the same event always has the same."),
                            "ce-subject": header("Resource name of what the event is about."),
                            "ce-time": header("When it happened.", format="date-time"),
                            "ce-datacontenttype": header("Of the data.", const="application/json"),
                            "ce-sequence": header("Sorts as text in the order in which the service published.", pattern="^[0-9]{16}-[0-9]{3}$"),
                            "ce-commitid": header("The commit that it comes from: another id under a known `ce-id` tells of a journal that was restored from a backup.", pattern="^[0-9a-f]{32}$"),
                            "ce-traceparent": header("W3C trace context of the command that caused it, if that was traced."),
                        },
                    }
                }
            },
            "schemas": dict(sorted(schemas.items())),
        },
    }


class Plain(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def main():
    text = "# Written by deploy/asyncapi.py from the contracts; do not edit.\n" + yaml.dump(
        build(), Dumper=Plain, sort_keys=False, allow_unicode=True, width=120
    )
    if "--check" not in sys.argv[1:]:
        with open(OUTPUT, "w", encoding="utf-8") as file:
            file.write(text)
        return
    with open(OUTPUT, encoding="utf-8") as file:
        if file.read() != text:
            sys.exit("deploy/asyncapi.yaml is not what the contracts say: run deploy/asyncapi.py")
    print("deploy/asyncapi.yaml is what the contracts say")


if __name__ == "__main__":
    main()
