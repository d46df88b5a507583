"""Writes the table of reasons in proto/README.md: every `ErrorInfo.reason` that the services' sources give, its code and its words.

    python3 proto/reasons.py          writes it
    python3 proto/reasons.py --check  fails if the table is not what the sources say

Reads the sources as text, and stops rather than leave one out: at a ground whose words it cannot read, at any other text
in capitals that is not known, and at a reason of the runtime that the page does not explain.
"""

import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "proto/README.md")
BEGIN, END = "<!-- reasons: written by proto/reasons.py -->\n", "<!-- end of reasons -->\n"
SERVICES = ("permits", "parking", "registration", "enforcement")
# services/chassis/src/server/errors.rs: which code a kind of refusal has.
CODES = {
    "Forbidden": "FAILED_PRECONDITION",
    "NotEntitled": "PERMISSION_DENIED",
    "Unknown": "NOT_FOUND",
    "Taken": "ALREADY_EXISTS",
    "Field": "INVALID_ARGUMENT",
    "Stale": "ABORTED",
}
TOKEN = re.compile(r"//[^\n]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])'", re.DOTALL)
TEXT = r'"(?:\\.|[^"\\])*"'
FIELDS = r"(?: \{ \.\. \})?"


def sources(service):
    """(path, text) of each file but tests, without comments."""
    for path in sorted(glob.glob(f"services/{service}/src/**/*.rs", root_dir=ROOT, recursive=True)):
        if path.endswith("/tests.rs") or "/tests/" in path:
            continue
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            text = file.read()
        text = re.split(r"#\[cfg\(test\)\]\s*mod \w+ \{", text)[0]
        yield path, TOKEN.sub(lambda token: "" if token[0].startswith("//") else token[0], text)


def stop(path, why):
    sys.exit(f"{path}: {why}")


def unquoted(text):
    """A Rust text without its quotes; a backslash at the end of a line joins it to the next."""
    return re.sub(r"\\\n\s*", "", text[1:-1]).replace('\\"', '"')


def arguments(text, opening):
    """The arguments of the call whose parenthesis stands at `opening`, and where it ends."""
    depth, begin, found, at = 0, opening + 1, [], opening
    while True:
        token = TOKEN.match(text, at)
        if token:
            at = token.end()
            continue
        letter = text[at]
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        if depth == 0 or (depth == 1 and letter == ","):
            found.append(text[begin:at].strip())
            begin = at + 1
        at += 1
        if depth == 0:
            return [argument for argument in found if argument], at


def in_words(path, text):
    """Grounds of the form `says("REASON", ..., english, chinese)`, their kind among the arguments or set after it."""
    for call in re.finditer(r"(?<!fn )\bsays(_plainly)?(?=\()", text):
        given, end = arguments(text, call.end())
        if given[0] == "reason":
            # One of several, chosen just before: `let (reason, en, zh) = match kind { ... => ("REASON", english, chinese), ... };`
            chosen = text[text.rindex("let (reason, en, zh) = match", 0, call.start()) : call.start()]
            for reason, english in re.findall(rf'=> \(\s*("[A-Z][A-Z0-9_]*"),\s*({TEXT})', chosen):
                yield unquoted(reason), CODES["Forbidden"], unquoted(english)
            continue
        words = re.search(TEXT, given[-2])
        if not re.fullmatch(r'"[A-Z][A-Z0-9_]*"', given[0]) or not words:
            stop(path, f"cannot read the ground {given[0]}")
        kind = re.search(r"RefusalKind::(\w+)", " ".join(given)) or re.match(r"\s*\.(?:of_)?kind\(\s*RefusalKind::(\w+)", text[end:])
        # Where the kind is an argument, it must be one that can be read.
        if not kind and (call[1] or len(given) > 4):
            stop(path, f"cannot read of what kind {given[0]} is")
        yield unquoted(given[0]), CODES[kind[1] if kind else "Forbidden"], unquoted(words[0])


def by_variant(text):
    """Grounds of an enumeration whose variants have their words above them, and reason and kind in a match."""
    words = dict((name, text) for text, name in re.findall(rf"#\[error\(\s*({TEXT}),?\s*\)\]\s*(\w+)", text))
    kinds = {}
    for variants, kind in re.findall(rf"((?:Self::\w+{FIELDS}\s*\|?\s*)+)=> RefusalKind::(\w+)", text):
        kinds.update((variant, kind) for variant in re.findall(r"Self::(\w+)", variants))
    for variant, reason in re.findall(rf'Self::(\w+){FIELDS} => ("[A-Z][A-Z0-9_]*")', text):
        yield unquoted(reason), CODES[kinds[variant]], unquoted(words[variant])


def of_rows(text):
    """What is told of a row that was not taken."""
    for reason, words in re.findall(rf'problems\.add\(\s*row,\s*{TEXT},\s*({TEXT}),\s*({TEXT})', text):
        yield unquoted(reason), "in a row's answer", unquoted(words)
    if '"INVALID_FIELD"' in text:
        yield "INVALID_FIELD", "in a row's answer", "the field named is not as it must be"


def reasons(service):
    """{reason: (codes, words)}, each without repetitions."""
    found, seen = {}, {}
    for path, text in sources(service):
        for reason, code, words in [*in_words(path, text), *by_variant(text), *of_rows(text)]:
            codes, said = found.setdefault(reason, ([], []))
            codes += [code] if code not in codes else []
            said += [words] if words not in said else []
        for capitals in re.findall(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"', text):
            seen.setdefault(capitals, path)
    for capitals, path in seen.items():
        if capitals not in found:
            stop(path, f"{capitals} looks like a reason, but cannot be read as one")
    return found


def of_the_runtime():
    """Reasons that every service gives."""
    for path, text in sources("chassis"):
        for body in re.findall(r"fn reason\(&self\) -> &'static str \{(.*?)\n    \}", text, flags=re.DOTALL):
            yield from re.findall(r'"([A-Z][A-Z0-9_]+)"', body)


def table():
    lines = []
    for service in SERVICES:
        lines += [f"\n### {service}\n\n", "| reason | code | what it says |\n|---|---|---|\n"]
        for reason, (codes, words) in sorted(reasons(service).items()):
            said = "; or: ".join(words).replace("|", "\\|")
            lines.append(f"| `{reason}` | {', '.join(codes)} | {said} |\n")
    return "".join(lines) + "\n"


def main():
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    runtime = sorted(set(of_the_runtime()))
    if len(runtime) < 10:
        sys.exit("the runtime's reasons cannot be read")
    for reason in runtime:
        if f"`{reason}`" not in before:
            sys.exit(f"proto/README.md does not explain `{reason}`")
    text = before + BEGIN + table() + END + after
    if "--check" not in sys.argv[1:]:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(text)
        return
    if page != text:
        sys.exit("proto/README.md lists other reasons than the sources: run proto/reasons.py")
    print("proto/README.md lists the reasons that the sources give")


if __name__ == "__main__":
    main()
